"""The worker takes down what was recalled: at once, in order, again and again, and nothing of it is sent after."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from clarion import networks as registry
from clarion import points
from clarion.errors import AccountBlocked, OutboxBusy, OutcomeUnknown, RateLimited, Refused, Unavailable
from clarion.model import Receipt
from clarion.networks.base import Absent, Found, Unsure
from clarion.outbox import accounts, probe, store
from clarion.outbox.limits.spending import Window
from clarion.publishing.limits import windows
from clarion.publishing.recall import want
from tests.desk import Desk
from tests.publishing.conftest import Stage


@pytest.fixture
def up(stage: Stage) -> int:
    """A thread of two that is up."""
    number = queued(stage, "one", "two")
    stage.worker().drain()
    stage.events.clear()
    assert stage.desk.states(number) == ["sent", "sent"]
    return number


def queued(stage: Stage, *texts: str) -> int:
    number = stage.desk.queue(stage.desk.account("voice"), *texts)
    stage.desk.approve(number)
    return number


def recall(stage: Stage, number: int) -> None:
    want(stage.desk.outbox, [number], who="mira", because=None)


def verify(stage: Stage) -> None:
    account = stage.desk.account("voice")
    with stage.desk.outbox.write() as tx:
        accounts.pin(tx, account, verified=True)


def test_what_is_up_is_taken_down_last_part_first(stage: Stage, up: int) -> None:
    recall(stage, up)
    tally = stage.worker().drain()
    assert stage.kinds == ["recalled", "recalled"]
    assert [event.delivery.part for event in stage.events] == [2, 1]
    assert stage.network.recalled == [f"r-{event.delivery.id}" for event in stage.events]
    assert len(tally.recalled) == 2
    stage.worker().drain()
    assert len(stage.network.recalled) == 2


@pytest.mark.parametrize("error", [Unavailable("away"), OutcomeUnknown("the answer was lost")])
def test_a_network_that_is_away_is_asked_again_without_an_end(
    stage: Stage, up: int, error: Exception
) -> None:
    recall(stage, up)
    stage.network.recalls = [error] * 12
    for _ in range(12):
        assert stage.worker().drain().recall_waits
        assert stage.desk.states(up) == ["recalling", "recalling"]
        stage.desk.later(minutes=31)
    tally = stage.worker().drain()
    assert len(tally.recalled) == 2
    assert stage.desk.states(up) == ["recalled", "recalled"]


def test_a_rate_limit_is_waited_for_and_so_is_a_verification(stage: Stage, up: int) -> None:
    recall(stage, up)
    stage.network.recalls = [RateLimited("429", wait=600), AccountBlocked("401")]
    stage.worker().drain()
    stage.desk.later(minutes=9)
    assert not stage.worker().drain().recalled
    stage.desk.later(minutes=2)
    stage.worker().drain()
    stage.desk.later(days=1)
    assert not stage.worker().drain().recalled
    verify(stage)
    assert len(stage.worker().drain().recalled) == 2


def test_a_refusal_is_told_once_and_tried_again_when_somebody_asks(stage: Stage, up: int) -> None:
    recall(stage, up)
    stage.network.recalls = [Refused("forbidden")]
    tally = stage.worker().drain()
    assert (len(tally.still_up), len(tally.recalled)) == (1, 1)
    assert stage.desk.states(up) == ["recalled", "recalling"]
    stage.desk.later(days=1)
    assert not stage.worker().drain().still_up
    recall(stage, up)
    assert len(stage.worker().drain().recalled) == 1


def test_an_account_that_cannot_be_opened_keeps_it_for_later(stage: Stage, up: int) -> None:
    recall(stage, up)
    stage.network.cannot_open["voice"] = Unavailable("its server is away")
    assert stage.worker().drain().recall_waits
    stage.network.cannot_open.clear()
    stage.desk.later(minutes=31)
    assert len(stage.worker().drain().recalled) == 2


def test_what_nobody_knows_is_raised_after_it_was_written_down(stage: Stage, up: int) -> None:
    recall(stage, up)
    stage.network.recalls = [ZeroDivisionError()]
    with pytest.raises(ZeroDivisionError):
        stage.worker().drain()
    stage.desk.later(minutes=31)
    assert len(stage.worker().drain().recalled) == 2


def test_a_recall_while_the_request_is_in_flight_takes_it_down_in_the_same_run(stage: Stage) -> None:
    number = queued(stage, "one", "two")
    stage.network.before_send = lambda: recall(stage, number)
    stage.worker().drain()
    assert stage.kinds == ["sent", "recalled"]
    assert stage.desk.states(number) == ["recalled", "cancelled"]
    assert len(stage.network.taken) == 1


def test_a_recall_before_the_last_look_sends_nothing(stage: Stage) -> None:
    number = queued(stage, "one")

    def hook(name: str) -> None:
        if name == "claimed" and stage.desk.states(number) == ["sending"]:
            recall(stage, number)

    points.hook = hook
    try:
        stage.worker().drain()
    finally:
        points.hook = None
    assert stage.network.taken == []
    assert stage.desk.states(number) == ["cancelled"]


def test_a_lost_answer_of_something_recalled_is_found_and_taken_down(stage: Stage) -> None:
    number = queued(stage, "one")
    stage.network.script = ["lose"]
    stage.network.before_send = lambda: recall(stage, number)
    stage.worker().drain()
    assert stage.desk.states(number) == ["recalled"]
    assert len(stage.network.recalled) == 1


def test_what_is_recalled_and_not_found_is_never_sent_and_never_said_to_be_gone(stage: Stage) -> None:
    number = queued(stage, "one")
    stage.network.script = ["lose"]
    stage.network.looks = [Absent(), Absent(), Absent()]
    stage.network.before_send = lambda: recall(stage, number)
    stage.worker().drain()
    assert stage.desk.states(number) == ["in_doubt"]
    for _ in range(3):
        stage.desk.later(minutes=11)
        stage.worker().drain()
    assert stage.desk.states(number) == ["recalled"], "the looks were stale"
    assert len(stage.network.taken) == 1


def test_a_person_is_asked_when_no_look_finds_it(stage: Stage) -> None:
    number = queued(stage, "one")
    stage.network.script = ["lose"]
    stage.network.looks = [Absent()] * 9
    stage.network.before_send = lambda: recall(stage, number)
    for _ in range(9):
        stage.worker().drain()
        stage.desk.later(minutes=41)
    assert stage.desk.states(number) == ["in_doubt"]
    assert len(stage.network.looks) == 4
    assert len(stage.network.taken) == 1


def test_found_by_a_look_that_was_under_way_it_is_taken_down(stage: Stage) -> None:
    number = queued(stage, "one")
    stage.network.script = ["lose"]

    def recalled_meanwhile() -> None:
        stage.network.before_look = lambda: None
        recall(stage, number)

    stage.network.before_look = recalled_meanwhile
    stage.worker().drain()
    stage.desk.later(minutes=1)
    stage.worker().drain()
    assert stage.desk.states(number) == ["recalled"]


def test_what_was_taken_and_not_shown_is_deleted_by_its_receipt(stage: Stage) -> None:
    number = queued(stage, "one")
    stage.network.shows = False
    stage.worker().drain()
    assert stage.desk.states(number) == ["in_doubt"]
    stage.network.looks = [Unsure(look_again_in=None)]
    recall(stage, number)
    stage.worker().drain()
    [receipt] = [f"r-{each.id}" for each in stage.network.taken]
    assert (stage.desk.states(number), stage.network.recalled) == (["recalled"], [receipt])
    for _ in range(6):  # it may be shown later
        stage.desk.later(minutes=41)
        stage.worker().drain()
    assert stage.network.recalled == [receipt] * 5


def test_a_worker_that_only_takes_down_sends_nothing(stage: Stage, up: int) -> None:
    other = queued(stage, "three")
    recall(stage, up)
    worker = stage.worker()
    worker.sends = False
    worker.drain()
    assert stage.desk.states(up) == ["recalled", "recalled"]
    assert stage.desk.states(other) == ["scheduled"]


def idle(stage: Stage) -> bool:
    """Whether cron's probe finds nothing to do."""
    outbox = stage.desk.outbox
    if outbox.engine.dialect.name == "sqlite":
        return probe.idle(outbox.place, host="here", config="1:1")
    url = outbox.engine.url.render_as_string(hide_password=False)
    return probe.idle_postgres(url, key=store.CONFIG, config="1:1")


def test_an_idle_run_wakes_for_a_recall_that_is_due_and_for_no_other(stage: Stage, up: int) -> None:
    assert idle(stage)
    recall(stage, up)
    assert not idle(stage)
    stage.network.recalls = [Unavailable("away")]
    stage.worker().drain()
    assert idle(stage)
    stage.desk.later(minutes=31)
    assert not idle(stage)
    stage.network.recalls = [AccountBlocked("401")]
    stage.worker().drain()
    assert idle(stage)
    verify(stage)
    assert not idle(stage)
    stage.network.recalls = [Refused("no"), Refused("no")]
    stage.worker().drain()
    assert idle(stage)


def drain_where_one_post_an_hour_is_the_most(stage: Stage) -> None:
    worker = stage.worker()
    window = Window(family="posts", limit=1, length=timedelta(hours=1))
    worker.terms = replace(worker.terms, windows={"mastodon": (window,)})
    worker.drain()


def test_a_spent_window_of_posts_keeps_no_recall_waiting(stage: Stage) -> None:
    dangerous = queued(stage, "one")
    drain_where_one_post_an_hour_is_the_most(stage)
    waiting = queued(stage, "two")
    drain_where_one_post_an_hour_is_the_most(stage)
    assert stage.desk.states(waiting) == ["scheduled"]
    assert idle(stage), "what waits for room wakes nobody"
    recall(stage, dangerous)
    assert not idle(stage)
    drain_where_one_post_an_hour_is_the_most(stage)
    assert (stage.desk.states(dangerous), stage.desk.states(waiting)) == (["recalled"], ["scheduled"])
    assert idle(stage)
    stage.desk.later(hours=1)
    assert not idle(stage)
    drain_where_one_post_an_hour_is_the_most(stage)
    assert stage.desk.states(waiting) == ["sent"]


def test_what_is_in_doubt_and_recalled_is_looked_for_unless_its_network_said_wait(stage: Stage) -> None:
    dangerous = queued(stage, "one")
    stage.network.script = ["lose"]
    stage.network.looks = [Unsure(look_again_in=1800), RateLimited("429", wait=600)]
    drain_where_one_post_an_hour_is_the_most(stage)
    queued(stage, "two")
    drain_where_one_post_an_hour_is_the_most(stage)
    assert idle(stage)
    recall(stage, dangerous)
    assert not idle(stage)
    drain_where_one_post_an_hour_is_the_most(stage)
    assert stage.network.looks == [], "it was looked for, though no post may go"
    recall(stage, dangerous)
    assert idle(stage)
    drain_where_one_post_an_hour_is_the_most(stage)
    assert stage.desk.states(dangerous) == ["in_doubt"]
    stage.desk.later(minutes=10)
    assert not idle(stage)
    drain_where_one_post_an_hour_is_the_most(stage)
    assert stage.desk.states(dangerous) == ["recalled"]


def test_what_a_network_said_to_a_post_holds_a_recall_too(stage: Stage, up: int) -> None:
    queued(stage, "three")
    stage.network.script = [RateLimited("429", wait=600)]
    stage.worker().drain()
    recall(stage, up)
    assert idle(stage)
    assert not stage.worker().drain().recalled
    stage.desk.later(minutes=10)
    assert not idle(stage)
    assert len(stage.worker().drain().recalled) == 2


def test_a_receipt_found_for_another_post_is_not_taken_down(stage: Stage, up: int) -> None:
    """One address proves one delivery: what a look takes for this one, and is another's, stays up."""
    number = queued(stage, "three")
    stage.network.script = ["lose"]
    taken = Receipt(
        remote_id=f"r-{stage.network.taken[0].id}", url="https://one.example/x", at=stage.desk.now
    )
    stage.network.looks = [Found(receipt=taken)]
    stage.network.before_send = lambda: recall(stage, number)
    stage.worker().drain()
    assert stage.network.recalled == []
    assert stage.desk.states(up) == ["sent", "sent"]


def test_what_may_still_arrive_is_deleted_again_without_a_word(stage: Stage) -> None:
    number = queued(stage, "one")
    stage.network.script, stage.network.looks = ["lose"], [Absent()]
    stage.worker().drain()
    assert stage.desk.states(number) == ["sent"]
    recall(stage, number)
    stage.worker().drain()
    [name] = stage.network.recalled
    stage.events.clear()
    stage.desk.later(minutes=1)
    stage.network.recalls = [Unavailable("away")]
    for _ in range(2):
        stage.worker().drain()
        stage.desk.later(minutes=1)
    assert stage.network.recalled == [name, name]
    assert (stage.desk.states(number), stage.kinds) == (["recalled"], [])


def test_what_the_network_counts_is_counted_and_waited_for(stage: Stage) -> None:
    numbers = [queued(stage, f"post {nth}") for nth in range(4)]
    stage.worker().drain()
    want(stage.desk.outbox, numbers, who="mira", because=None)
    window = Window(family="deletes", limit=3, length=timedelta(minutes=10), recall=1)

    def drain() -> int:
        worker = stage.worker()
        worker.terms = replace(worker.terms, windows={"mastodon": (window,)})
        return len(worker.drain().recalled)

    assert drain() == 3
    stage.desk.later(minutes=9)
    assert drain() == 0
    stage.desk.later(minutes=2)
    assert drain() == 1


def test_posts_leave_something_of_a_window_that_recalls_spend_from_too(stage: Stage) -> None:
    window = Window(family="points", limit=10, length=timedelta(days=1), post=2, recall=1)

    def drain() -> int:
        worker = stage.worker()
        worker.terms = replace(worker.terms, windows={"mastodon": (window,)})
        return len(worker.drain().recalled)

    numbers = [queued(stage, f"post {nth}") for nth in range(4)]
    drain()
    waiting = queued(stage, "post 4")
    drain()
    assert [stage.desk.states(each) for each in (*numbers, waiting)] == [["sent"]] * 4 + [["scheduled"]]
    recall(stage, numbers[0])
    assert drain() == 1


@pytest.mark.parametrize("network", registry.NAMES)
def test_what_is_left_to_recalls_keeps_no_post_out(network: str) -> None:
    options = registry.options(network)
    for window in windows({network: options.WINDOWS})[network]:
        assert window.cost(options.LIMITS.images) <= window.for_posts <= window.limit - window.recall


@pytest.mark.parametrize("tries", [2, None], ids=["for a while", "for good"])
def test_it_is_written_again_while_others_use_the_outbox(sqlite_desk: Desk, tries: int | None) -> None:
    number = sqlite_desk.queue(sqlite_desk.account("voice"), "hello")
    waits: list[float] = []
    outbox = sqlite_desk.outbox
    impatient = sa.event.listens_for(outbox.engine, "checkout")
    impatient(lambda connection, *_: connection.execute("PRAGMA busy_timeout = 0"))
    with closing(sqlite3.connect(outbox.place, isolation_level=None)) as other:

        def wait(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == tries:
                other.execute("ROLLBACK")

        other.execute("BEGIN IMMEDIATE")
        if tries:
            want(outbox, [number], who="mira", because=None, sleep=wait)
        else:
            with pytest.raises(OutboxBusy):
                want(outbox, [number], who="mira", because=None, sleep=wait)
    assert len(waits) == (tries or 3)
    assert sqlite_desk.states(number) == ["cancelled" if tries else "pending"]
