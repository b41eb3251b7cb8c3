"""A worker whose machine stood still: it sends nothing that others took meanwhile, and what it is answered late is kept.

The outbox's clock runs on while the worker counts no second, as in a paused guest.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from clarion.model import Receipt
from clarion.networks.base import Absent, Sighting, Unsure
from clarion.outbox import audit, schema
from clarion.outbox.claiming import handling
from clarion.outbox.entries import posts
from clarion.publishing.recall import want
from tests.desk import NOON

from .conftest import Stage

AGAIN: list[Sighting | Exception] = [Absent()]
UNDECIDED: list[Sighting | Exception] = [Unsure(look_again_in=None)]


def queued(stage: Stage, *texts: str, picture: bool = False) -> int:
    number = stage.desk.queue(stage.desk.account("voice"), *(texts or ("hello",)), picture=picture)
    stage.desk.approve(number)
    return number


def once(act: Callable[[], None]) -> Callable[[], None]:
    """Do it the first time alone."""
    left = [act]

    def pause() -> None:
        if left:
            left.pop()()

    return pause


def another_works(stage: Stage, looks: list[Sighting | Exception], *, sends: bool = True) -> None:
    """Six minutes pass, and another worker does all there is to do."""
    stage.desk.later(minutes=6)
    stage.network.looks = list(looks)
    other = stage.worker("two")
    other.sends = sends
    other.drain()


def is_absent(stage: Stage, number: int) -> None:
    with stage.desk.outbox.write() as tx:
        for doubt in handling.doubts(tx, number):
            handling.is_absent(tx, doubt, outbox_id=stage.desk.outbox.id, who="mira")


def late_answers(stage: Stage) -> list[str]:
    with stage.desk.outbox.read() as tx:
        assert audit.broken(tx) == []
        late = schema.audit.c.action == "late_answer"
        return list(tx.execute(sa.select(schema.audit.c.detail).where(late)).scalars())


def up(name: str) -> Receipt:
    return Receipt(remote_id=name, url=f"https://one.example/{name}", at=NOON)


# ── before the request ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("looks", [AGAIN, UNDECIDED])
def test_what_others_took_while_a_machine_stood_still_is_not_sent_by_it(
    stage: Stage, looks: list[Sighting | Exception]
) -> None:
    number = queued(stage)

    def meanwhile() -> None:
        another_works(stage, looks)
        is_absent(stage, number)
        stage.worker("two").drain()
        stage.desk.later(hours=2)

    stage.network.before_opening = once(meanwhile)
    stage.worker("one").drain()
    assert len(stage.network.taken) == 1
    assert stage.desk.states(number) == ["sent"]


def test_a_lease_that_is_over_by_the_outboxs_clock_sends_nothing_although_nobody_took_it(
    stage: Stage,
) -> None:
    number = queued(stage)
    stage.network.before_opening = once(lambda: stage.desk.later(minutes=6))
    stage.worker().drain()
    assert (stage.network.taken, stage.kinds) == ([], ["waiting"])
    assert stage.desk.states(number) == ["scheduled"]
    stage.desk.later(minutes=1)
    stage.worker().drain()
    assert len(stage.network.taken) == 1


def test_nothing_is_uploaded_for_what_others_took(stage: Stage) -> None:
    number = queued(stage, picture=True)

    def meanwhile() -> None:
        another_works(stage, [])
        stage.network.stage_script = [AssertionError("uploaded for nothing")]

    stage.network.before_opening = once(meanwhile)
    stage.worker().drain()
    assert stage.desk.states(number) == ["sent"]


# ── after it ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_that_comes_after_a_look_found_the_same_is_no_news(stage: Stage) -> None:
    number = queued(stage)
    stage.network.before_send = once(lambda: another_works(stage, []))
    stage.worker().drain()
    assert stage.desk.states(number) == ["sent"]
    assert (stage.kinds, late_answers(stage)) == (["found"], [])


@pytest.mark.parametrize("looks", [AGAIN, UNDECIDED])
def test_what_is_up_by_an_answer_that_comes_late_is_sent_and_not_sent_again(
    stage: Stage, looks: list[Sighting | Exception]
) -> None:
    number = queued(stage, "one", "two")

    def meanwhile() -> None:
        another_works(stage, looks, sends=False)
        is_absent(stage, number)
        assert stage.desk.states(number) == ["scheduled"] * 2

    stage.network.before_send = once(meanwhile)
    stage.worker().drain()
    assert stage.kinds[-1] == "sent"
    assert stage.events[-1].url == f"https://one.example/{stage.network.taken[0].id}"
    stage.desk.later(minutes=1)
    stage.worker().drain()
    assert stage.desk.states(number) == ["sent"] * 2
    assert [delivery.content.text for delivery in stage.network.taken] == ["one", "two"]


def test_what_was_cancelled_and_is_up_by_an_answer_that_comes_late_is_known_to_be_up(stage: Stage) -> None:
    number = queued(stage)

    def meanwhile() -> None:
        another_works(stage, UNDECIDED)
        is_absent(stage, number)
        with stage.desk.outbox.write() as tx:
            posts.cancel(tx, number, who="mira")
        assert stage.desk.states(number) == ["cancelled"]

    stage.network.before_send = once(meanwhile)
    stage.worker().drain()
    assert stage.desk.states(number) == ["sent"]
    assert stage.kinds == ["in_doubt", "sent"]


def test_what_was_recalled_and_is_up_by_an_answer_that_comes_late_is_taken_down(stage: Stage) -> None:
    number = queued(stage)

    def meanwhile() -> None:
        another_works(stage, UNDECIDED)
        is_absent(stage, number)
        want(stage.desk.outbox, [number], who="mira", because=None)
        assert stage.desk.states(number) == ["cancelled"]

    stage.network.before_send = once(meanwhile)
    stage.worker().drain()
    assert stage.desk.states(number) == ["recalled"]
    assert stage.network.recalled == [f"r-{stage.network.taken[0].id}"]


def test_people_are_told_of_a_second_post_that_an_answer_names_late(stage: Stage) -> None:
    number = queued(stage)
    stage.network.names = [up("second"), up("first")]
    stage.network.before_send = once(lambda: another_works(stage, AGAIN))
    tally = stage.worker().drain()
    assert len(stage.network.taken) == 2
    assert stage.desk.states(number) == ["in_doubt"]
    assert tally.in_doubt
    [said] = late_answers(stage)
    assert said == "it is up twice: an answer that came late names https://one.example/first as well"
    assert stage.events[-1].detail == said
