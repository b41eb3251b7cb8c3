"""What stops a worker between claim and request, and what it says of posts whose time passed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from clarion import points
from clarion.outbox import pauses, schema
from clarion.outbox.claiming.tending import Lapsed
from clarion.outbox.limits.caps import Caps
from tests.desk import LATE, NOON

from .conftest import Stage


def queued(stage: Stage, **more: object) -> int:
    number = stage.desk.queue(stage.desk.account("voice"), "hello", **more)  # type: ignore[arg-type]
    stage.desk.approve(number)
    return number


@contextmanager
def at(name: str, act: Callable[[], None]) -> Iterator[None]:
    """Do something when the worker passes a point for the first time."""
    passed: list[str] = []

    def hook(point: str) -> None:
        if point == name and name not in passed:
            passed.append(name)
            act()

    points.hook = hook
    try:
        yield
    finally:
        points.hook = None


@pytest.mark.parametrize("picture", [False, True])
def test_a_pause_between_claim_and_send_withholds_the_request(stage: Stage, picture: bool) -> None:
    number = queued(stage, picture=picture)

    def pause() -> None:
        with stage.desk.outbox.write() as tx:
            pauses.pause(tx, "voice", who="mira")

    with at("claimed", pause):
        stage.worker().drain()
    assert stage.network.taken == []
    assert stage.desk.states(number) == ["scheduled"]
    with stage.desk.outbox.write() as tx:
        pauses.resume(tx, "voice", who="mira")
    stage.worker().drain()
    assert len(stage.network.taken) == 1


@pytest.mark.parametrize(("most", "slowly"), [(1, "scheduled"), (2, "sent")])
def test_what_is_uploaded_over_midnight_counts_for_the_day_on_which_it_goes_out(
    stage: Stage, most: int, slowly: str
) -> None:
    caps = Caps(zone=UTC, most={"mastodon": most})
    stage.desk.later(hours=11, minutes=59, seconds=30)
    tomorrow = stage.desk.now + timedelta(minutes=30)
    slow = queued(stage, picture=True, day=caps.day(stage.desk.now))
    other = queued(stage, due=tomorrow, day=caps.day(tomorrow))
    worker = stage.worker()
    worker.terms = replace(worker.terms, caps=caps)
    with at("after_stage", lambda: stage.desk.later(seconds=90)):
        worker.drain()
    assert stage.desk.states(slow) == [slowly]
    with stage.desk.outbox.read() as tx:
        day = sa.select(schema.post.c.day).where(schema.post.c.entry == slow)
        assert tx.execute(day).scalar_one() == caps.day(tomorrow) - (slowly == "scheduled")
    stage.desk.later(minutes=30)
    worker.drain()
    assert (stage.desk.states(slow), stage.desk.states(other)) == ([slowly], ["sent"])


def test_a_breaking_hold_between_claim_and_send_asks_for_a_new_look(stage: Stage) -> None:
    number = queued(stage)

    def hold() -> None:
        with stage.desk.outbox.write() as tx:
            pauses.pause(tx, None, who="mira")
            pauses.hold(tx, None, who="mira")

    with at("claimed", hold):
        stage.worker().drain()
    with stage.desk.outbox.write() as tx:
        pauses.resume(tx, None, who="mira")
    stage.worker().drain()
    assert stage.network.taken == []
    assert stage.desk.states(number) == ["pending"]


def lapses(stage: Stage, slot: datetime | None = None) -> list[Lapsed]:
    told: list[Lapsed] = []
    worker = stage.worker()
    worker.tell_lapsed = told.append
    worker.next_slot = lambda account, after: slot
    worker.drain()
    return told


def test_what_passed_its_time_while_paused_is_expired_and_told_once(stage: Stage) -> None:
    number = queued(stage)
    with stage.desk.outbox.write() as tx:
        pauses.pause(tx, None, who="mira")
    stage.desk.later(seconds=LATE.total_seconds() + 1)
    assert [(each.entry, each.moved_to) for each in lapses(stage)] == [(number, None)]
    assert lapses(stage) == []
    assert stage.desk.states(number) == ["expired"]


def test_an_evergreen_post_moves_to_the_next_slot_and_says_so(stage: Stage) -> None:
    number = queued(stage, evergreen=True)
    slot = NOON + timedelta(days=1)
    with stage.desk.outbox.write() as tx:
        pauses.pause(tx, None, who="mira")
    stage.desk.later(seconds=LATE.total_seconds() + 1)
    assert [(each.entry, each.moved_to) for each in lapses(stage, slot)] == [(number, slot)]
    with stage.desk.outbox.write() as tx:
        pauses.resume(tx, None, who="mira")
    stage.worker().drain()
    assert stage.network.taken == []
    stage.desk.later(hours=22)  # a second after the slot
    stage.worker().drain()
    assert len(stage.network.taken) == 1
