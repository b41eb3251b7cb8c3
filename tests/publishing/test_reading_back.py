"""A receipt that nobody read back is read back by a later run: its worker died, or the network could not be read."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from clarion import points
from clarion.clock import micros
from clarion.errors import Unavailable
from clarion.model import Delivery, Receipt
from clarion.outbox import probe, schema
from clarion.outbox.claiming import looking
from tests.desk import NOON, Desk

from .conftest import Stage


class Died(BaseException):
    """What a kill is to a worker in this process."""


def queued(stage: Stage, *texts: str) -> int:
    number = stage.desk.queue(stage.desk.account("voice"), *(texts or ("hello",)))
    stage.desk.approve(number)
    return number


def die_after_the_receipt(stage: Stage) -> None:
    def die(name: str) -> None:
        if name == "after_settle":
            raise Died

    points.hook = die
    try:
        with pytest.raises(Died):
            stage.worker().drain()
    finally:
        points.hook = None


def unread(desk: Desk) -> int:
    """How many receipts still wait for their read-back."""
    row = schema.delivery.c
    with desk.outbox.read() as tx:
        waits = sa.select(sa.func.count()).where(row.state == "sent", row.look_at.is_not(None))
        return int(tx.execute(waits).scalar_one())


def test_a_later_run_reads_back_what_a_dead_worker_sent(stage: Stage) -> None:
    number = queued(stage)
    die_after_the_receipt(stage)
    stage.worker().drain()
    assert (stage.desk.states(number), unread(stage.desk)) == (["sent"], 1), "its worker may still do it"
    stage.desk.later(minutes=1)
    stage.worker().drain()
    assert (stage.desk.states(number), unread(stage.desk)) == (["sent"], 0)
    assert len(stage.network.taken) == 1


def test_a_silent_drop_is_noticed_by_a_later_run(stage: Stage) -> None:
    number = queued(stage, "one", "two")
    die_after_the_receipt(stage)
    stage.network.shows = False
    stage.desk.later(minutes=1)
    stage.worker().drain()
    assert stage.desk.states(number) == ["in_doubt", "scheduled"]
    assert stage.kinds[-1] == "in_doubt"
    stage.desk.later(hours=1)
    stage.worker().drain()
    assert len(stage.network.taken) == 1


def test_what_cannot_be_read_is_asked_for_a_few_times_and_then_stands(stage: Stage) -> None:
    asked: list[float] = []

    def read_back(_delivery: Delivery, _receipt: Receipt) -> bool:
        asked.append((stage.desk.now - NOON) / timedelta(minutes=1))
        raise Unavailable("no route")

    stage.network.read_back = read_back
    number = queued(stage)
    for _ in range(500):
        stage.worker().drain()
        stage.desk.later(minutes=1)
    assert asked == [0, 1, 2, 12, 72, 432]
    assert (stage.desk.states(number), unread(stage.desk)) == (["sent"], 0)


def test_a_late_read_back_does_not_call_back_a_part_that_waits(stage: Stage) -> None:
    queued(stage, "one", "two")
    die_after_the_receipt(stage)
    later = stage.desk.now + timedelta(hours=3)
    row = schema.delivery
    with stage.desk.outbox.write() as tx:  # part 2 was put off meanwhile
        tx.execute(sa.update(row).where(row.c.part == 2).values(due_at=micros(later)))
    stage.desk.later(minutes=2)
    stage.worker().drain()
    assert (unread(stage.desk), len(stage.network.taken)) == (0, 1)


def test_one_account_is_looked_at_once_at_a_time(stage: Stage) -> None:
    for name in ("voice", "other"):
        account = stage.desk.account(name)
        for each in range(3):
            stage.desk.approve(stage.desk.queue(account, f"{name} {each}"))
    stage.network.script = ["lose"] * 6
    stage.network.looks = [Unavailable("no route")] * 6
    stage.worker().drain()
    stage.desk.later(minutes=5)
    with stage.desk.outbox.write() as tx:
        looks = looking.claim(tx, stage.desk.terms(), 9, timedelta(minutes=2))
    assert sorted(each.delivery.account.name for each in looks) == ["other", "voice"]


def test_the_idle_run_wakes_for_a_receipt_to_read_back(sqlite_desk: Desk) -> None:
    stage = Stage(sqlite_desk)
    queued(stage)
    die_after_the_receipt(stage)

    def idle() -> bool:
        return probe.idle(sqlite_desk.outbox.place, host="here", config="1:1")

    assert idle()
    sqlite_desk.later(minutes=1)
    assert not idle()
    stage.worker().drain()
    assert idle()
