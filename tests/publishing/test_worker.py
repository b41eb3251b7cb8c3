"""The worker: what each answer of a network leads to, and that nothing goes out twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from clarion.errors import AccountBlocked, OutcomeUnknown, RateLimited, Refused, Unavailable
from clarion.networks.base import Absent, Unsure
from clarion.outbox import incidents, schema
from clarion.outbox.hosting import lost
from clarion.publishing.retry import back_off
from tests.desk import NOON

from .conftest import Stage


def queued(stage: Stage, *texts: str, account: str = "voice", picture: bool = False) -> int:
    number = stage.desk.queue(stage.desk.account(account), *(texts or ("hello",)), picture=picture)
    stage.desk.approve(number)
    return number


def test_it_sends_what_is_due_and_keeps_the_receipt(stage: Stage) -> None:
    number = queued(stage)
    tally = stage.worker().drain()
    assert stage.desk.states(number) == ["sent"]
    assert [event.url for event in stage.events] == [f"https://one.example/{next(iter(tally.sent))}"]


def test_a_second_run_sends_nothing(stage: Stage) -> None:
    queued(stage)
    stage.worker().drain()
    stage.worker().drain()
    assert len(stage.network.taken) == 1


def test_a_thread_goes_out_in_order_each_part_once(stage: Stage) -> None:
    number = queued(stage, "one", "two", "three")
    stage.worker().drain()
    assert [delivery.content.text for delivery in stage.network.taken] == ["one", "two", "three"]
    assert stage.desk.states(number) == ["sent"] * 3
    third = stage.network.taken[2]
    assert third.parent == stage.network.receipt(stage.network.taken[1])


def test_a_thread_that_has_begun_goes_on_before_another_post_begins(stage: Stage) -> None:
    account = stage.desk.account("voice")
    for texts in (("1/2", "2/2"), ("alone",), ("one/two", "two/two")):
        stage.desk.approve(stage.desk.queue(account, *texts))
    stage.worker().drain()
    order = [delivery.content.text for delivery in stage.network.taken]
    assert order.index("2/2") == order.index("1/2") + 1
    assert order.index("two/two") == order.index("one/two") + 1


def test_accounts_go_side_by_side(stage: Stage) -> None:
    for name in "abcdefgh":
        queued(stage, f"from {name}", account=name)
    tally = stage.worker().drain()
    assert len(tally.sent) == 8


def test_a_lost_answer_is_looked_for_and_not_sent_again(stage: Stage) -> None:
    number = queued(stage)
    stage.network.script = ["lose"]
    tally = stage.worker().drain()
    assert stage.kinds == ["in_doubt", "found"]
    assert len(stage.network.taken) == 1
    assert stage.desk.states(number) == ["sent"]
    assert not tally.in_doubt


def test_a_look_that_is_due_soon_is_waited_for(stage: Stage) -> None:
    number = queued(stage)
    stage.network.script = ["lose"]
    stage.network.looks = [Unsure(look_again_in=5)]
    stage.worker().drain()
    assert stage.slept == [pytest.approx(5)]
    assert stage.desk.states(number) == ["sent"]


def test_a_look_that_is_far_off_is_left_to_a_later_run(stage: Stage) -> None:
    number = queued(stage)
    stage.network.script = ["lose"]
    stage.network.looks = [Unsure(look_again_in=120)]
    tally = stage.worker().drain()
    assert stage.desk.states(number) == ["in_doubt"]
    assert tally.in_doubt
    stage.desk.later(minutes=2)
    stage.worker().drain()
    assert stage.desk.states(number) == ["sent"]


def test_only_a_sure_absence_is_sent_again(stage: Stage) -> None:
    number = queued(stage)
    stage.network.script = [OutcomeUnknown("hung")]
    stage.network.looks = [Absent()]
    stage.worker().drain()
    assert stage.kinds == ["in_doubt", "absent", "sent"]
    assert stage.desk.states(number) == ["sent"]
    assert stage.network.taken[0].first_intent_at == NOON


def test_what_nobody_can_find_waits_for_a_person(stage: Stage) -> None:
    number = queued(stage)
    stage.network.script = [OutcomeUnknown("hung")]
    stage.network.looks = [Unsure(look_again_in=None)]
    stage.worker().drain()
    stage.desk.later(days=1)
    stage.worker().drain()
    assert stage.desk.states(number) == ["in_doubt"]
    assert stage.network.taken == []


def test_a_look_that_could_not_be_made_does_not_count_as_one(stage: Stage) -> None:
    """X says that a post is not there only after so many looks: those that never reached it prove nothing."""
    number = queued(stage)
    stage.network.script = ["lose"]
    counted = []
    for sighting in (RateLimited("slow down", wait=60), Unavailable("down"), Unsure(look_again_in=60)):
        stage.network.looks = [sighting]
        stage.worker().drain()
        with stage.desk.outbox.read() as tx:
            counted.append(tx.execute(sa.select(schema.delivery.c.looks)).scalar_one())
        stage.desk.later(minutes=5)
    assert stage.desk.states(number) == ["in_doubt"]
    assert counted == [0, 0, 1]


def test_a_network_that_cannot_be_asked_is_asked_later(stage: Stage) -> None:
    number = queued(stage)
    stage.network.script = ["lose"]
    stage.network.looks = [Unavailable("down")]
    stage.worker().drain()
    assert stage.desk.states(number) == ["in_doubt"]
    stage.desk.later(minutes=1)
    stage.worker().drain()
    assert stage.desk.states(number) == ["sent"]


def test_a_refused_post_fails_with_its_reason(stage: Stage) -> None:
    number = queued(stage, "one", "two")
    stage.network.script = [Refused("too long")]
    tally = stage.worker().drain()
    assert stage.desk.states(number) == ["failed", "cancelled"]
    assert len(tally.failed) == 1


def test_an_unavailable_network_is_tried_again_later_up_to_eight_times(stage: Stage) -> None:
    number = stage.desk.queue(stage.desk.account("voice"), "hello", late=timedelta(days=1))
    stage.desk.approve(number)
    for _ in range(8):
        stage.network.script = [Unavailable("down")]
        stage.worker().drain()
        stage.desk.later(minutes=31)
    assert stage.desk.states(number) == ["failed"]
    assert stage.network.taken == []


def test_back_off_grows_and_ends() -> None:
    assert all(0 <= (back_off(spent) or 0) <= min(1800, 30 * 2**spent) for spent in range(7))
    assert back_off(7) is None


def test_a_rate_limit_waits_as_long_as_the_server_says(stage: Stage) -> None:
    number = queued(stage)
    stage.network.script = [RateLimited("429", wait=300)]
    stage.worker().drain()
    stage.desk.later(seconds=299)
    stage.worker().drain()
    assert stage.desk.states(number) == ["scheduled"]
    stage.desk.later(seconds=1)
    stage.worker().drain()
    assert stage.desk.states(number) == ["sent"]


def test_a_blocked_account_is_asked_once(stage: Stage) -> None:
    queued(stage)
    stage.network.script = [AccountBlocked("401"), AccountBlocked("401")]
    for _ in range(3):
        stage.worker().drain()
        stage.desk.later(minutes=1)
    assert len(stage.network.script) == 1


def test_nothing_that_goes_wrong_while_staging_is_in_doubt(stage: Stage) -> None:
    number = queued(stage, picture=True)
    stage.network.stage_script = [OutcomeUnknown("upload hung")]
    stage.worker().drain()
    assert stage.desk.states(number) == ["scheduled"]


def test_a_silent_drop_is_in_doubt_and_never_sent_again(stage: Stage) -> None:
    number = queued(stage)
    stage.network.shows = False
    stage.worker().drain()
    stage.desk.later(days=1)
    stage.worker().drain()
    assert stage.desk.states(number) == ["in_doubt"]
    assert len(stage.network.taken) == 1


def test_a_stop_between_claim_and_send_keeps_it_for_later(stage: Stage) -> None:
    number = queued(stage)
    worker = stage.worker()
    looks = iter([False, True, True, True])
    worker.halted = lambda: next(looks)
    worker.drain()
    assert stage.network.taken == []
    assert stage.desk.states(number) == ["scheduled"]


def test_an_unknown_error_leaves_it_in_doubt_and_is_raised(stage: Stage) -> None:
    number = queued(stage)
    stage.network.script = [ZeroDivisionError("a bug")]
    with pytest.raises(ZeroDivisionError):
        stage.worker().drain()
    assert stage.desk.states(number) == ["in_doubt"]


def test_a_worker_that_slept_past_its_lease_does_not_send(stage: Stage) -> None:
    number = queued(stage)
    worker = stage.worker()
    worker.terms = stage.desk.terms()
    object.__setattr__(worker.terms, "lease", timedelta(seconds=3))  # less than one request and its margin
    looks = iter([False, False, True])
    worker.halted = lambda: next(looks, True)
    worker.drain()
    assert stage.network.taken == []
    assert stage.desk.states(number) == ["scheduled"]


def test_a_repeat_that_is_no_longer_safe_is_left_to_a_person(stage: Stage) -> None:
    number = queued(stage)
    stage.network.script = [OutcomeUnknown("hung")]
    stage.network.looks = [Absent(), Unsure(look_again_in=None)]
    worker = stage.worker()
    worker.halted = lambda: (
        stage.desk.states(number) == ["scheduled"] and bool(stage.network.taken or stage.events)
    )
    worker.drain()
    assert stage.desk.states(number) == ["scheduled"]
    stage.desk.later(seconds=stage.network.repeat_seconds)
    stage.worker().drain()
    assert stage.network.taken == []
    assert stage.desk.states(number) == ["in_doubt"]


def test_an_account_that_cannot_be_opened_waits_and_holds_up_nobody(stage: Stage) -> None:
    closed, open_ = queued(stage, account="closed"), queued(stage, "elsewhere", account="open")
    stage.network.cannot_open = {"closed": AccountBlocked("no secret")}
    stage.worker().drain()
    assert stage.desk.states(closed) == ["scheduled"]
    assert stage.desk.states(open_) == ["sent"]
    with stage.desk.outbox.read() as tx:
        assert [each.subject for each in incidents.standing(tx)] == ["closed"]


def test_a_lease_too_short_for_a_request_is_not_claimed_over_and_over(stage: Stage) -> None:
    queued(stage)
    worker = stage.worker()
    object.__setattr__(worker.terms, "lease", timedelta(seconds=3))
    worker.drain()
    assert stage.kinds == ["waiting"]


def test_a_look_that_is_refused_closes_the_account(stage: Stage) -> None:
    queued(stage)
    stage.network.script = ["lose"]
    stage.network.looks = [AccountBlocked("401")]
    stage.worker().drain()
    with stage.desk.outbox.read() as tx:
        assert [each.kind for each in incidents.standing(tx)] == ["account_blocked"]
    stage.network.looks = [AccountBlocked("401")]
    stage.desk.later(minutes=5)
    stage.worker().drain()
    assert len(stage.network.looks) == 1, "a closed account is not asked again"


def test_what_a_lost_outbox_may_have_sent_is_never_absent(stage: Stage) -> None:
    number = queued(stage)
    with stage.desk.outbox.write() as tx:
        lost.doubt(tx, "restored")
    stage.network.looks = [Absent()]
    stage.worker().drain()
    assert stage.desk.states(number) == ["in_doubt"]
    assert stage.network.taken == []


def test_a_repeat_that_is_refused_is_left_to_a_person(stage: Stage) -> None:
    number = queued(stage)
    stage.network.script = ["lose", Refused("no")]
    stage.network.looks = [Absent()]
    stage.worker().drain()
    assert stage.desk.states(number) == ["in_doubt"]
    stage.desk.later(days=1)
    stage.worker().drain()
    assert stage.desk.states(number) == ["in_doubt"]
    assert len(stage.network.taken) == 1
