"""What a claim read may be old by the time it marks: it takes only what is still so, and gives back without a trace."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from clarion.clock import micros
from clarion.digest import restore
from clarion.outbox import schema
from clarion.outbox.claiming import candidates, claims, taking
from clarion.outbox.claiming.taking import Ready
from clarion.outbox.limits.spending import Window, admit, bills
from tests.desk import NOON, Desk


def ready(desk: Desk) -> Ready:
    """The oldest of the one account, as it is now."""
    with desk.outbox.write() as tx:
        [candidate] = candidates.oldest(tx, desk.names, 1)
    return Ready(candidate, restore(bytes(candidate.row.payload)), 0, ())


def take(desk: Desk, each: Ready) -> list[Ready]:
    with desk.outbox.write() as tx:
        return taking.take(tx, "two", tx.now + 1, [each]).held


def rows(desk: Desk, table: sa.Table) -> list[dict[str, Any]]:
    with desk.outbox.read() as tx:
        return [dict(row._mapping) for row in tx.execute(sa.select(table).order_by(*table.primary_key))]


@pytest.fixture
def two(desk: Desk) -> list[int]:
    account = desk.account("voice")
    numbers = [desk.queue(account, text, due=NOON - timedelta(minutes=1)) for text in ("first", "second")]
    for number in numbers:
        desk.approve(number)
    return numbers


def test_what_another_took_meanwhile_is_not_taken_again(desk: Desk, two: list[int]) -> None:
    old = ready(desk)
    with desk.outbox.write() as tx:
        [claim] = claims.claim(tx, desk.terms(), 1)
    assert claim.delivery.id == old.candidate.row.id
    assert take(desk, old) == []
    assert len(rows(desk, schema.attempt)) == 1


def test_nothing_is_taken_of_an_account_that_is_sending_by_now(desk: Desk, two: list[int]) -> None:
    desk.outbox.simulate(NOON + timedelta(minutes=1))
    old = ready(desk)
    delivery = schema.delivery
    with desk.outbox.write() as tx:  # another worker found the account's other delivery first
        others = sa.update(delivery).where(delivery.c.id != old.candidate.row.id)
        tx.execute(others.values(state="sending", lease_until=tx.now + 10**9))
    assert take(desk, old) == []
    assert rows(desk, schema.attempt) == []


def test_no_part_is_taken_after_one_that_turns_out_not_to_be_there(desk: Desk) -> None:
    number = desk.queue(desk.account("voice"), "one", "two", due=NOON - timedelta(minutes=1))
    desk.approve(number)
    delivery = schema.delivery
    with desk.outbox.write() as tx:
        tx.execute(sa.update(delivery).where(delivery.c.part == 1).values(state="sent", sent_at=tx.now))
        tx.execute(sa.update(delivery).where(delivery.c.part == 2).values(due_at=tx.now))
    old = ready(desk)
    assert old.candidate.row.part == 2
    with desk.outbox.write() as tx:  # its read-back found nothing
        tx.execute(sa.update(delivery).where(delivery.c.part == 1).values(state="in_doubt"))
    assert take(desk, old) == []


def test_what_there_is_no_room_for_is_as_if_it_had_not_been_taken(desk: Desk, two: list[int]) -> None:
    hour = timedelta(hours=1)
    narrow = Window(family="posts", limit=1, length=hour)
    wide = Window(family="requests", limit=9, length=hour)
    one = bills("mastodon", "voice", [wide, narrow], 0)
    with desk.outbox.write() as tx:
        assert admit(tx, one) is None
    before = [rows(desk, each) for each in (schema.delivery, schema.attempt, schema.spend)]
    each = replace(ready(desk), bills=one)
    with desk.outbox.write() as tx:
        taken = taking.take(tx, "two", tx.now + 1, [each])
    assert (taken.held, taken.full) == ([], [(each, micros(NOON + hour))])
    assert [rows(desk, each) for each in (schema.delivery, schema.attempt, schema.spend)] == before
