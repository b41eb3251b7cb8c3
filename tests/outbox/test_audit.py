"""The audit chain stays whole although each process remembers its last row instead of asking for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import sqlalchemy as sa

from clarion.outbox import audit, schema
from clarion.outbox.store import Outbox
from tests.desk import Desk


def another_process(desk: Desk) -> Outbox:
    return Outbox(id=desk.outbox.id, engine=desk.outbox.engine, time=desk.outbox.time)


def write(outbox: Outbox, subject: str) -> None:
    with outbox.write() as tx:
        audit.record(tx, "said", subject, chain="voice")


def chain(desk: Desk) -> list[str]:
    with desk.outbox.read() as tx:
        assert audit.broken(tx) == []
        rows = sa.select(schema.audit.c.subject).where(schema.audit.c.chain == "voice")
        return list(tx.execute(rows.order_by(schema.audit.c.seq)).scalars())


def test_two_processes_that_take_turns_leave_one_chain(desk: Desk) -> None:
    other = another_process(desk)
    for number in range(3):
        write(desk.outbox, f"one {number}")
        write(other, f"two {number}")
    assert chain(desk) == [f"{who} {number}" for number in range(3) for who in ("one", "two")]


def test_what_was_rolled_back_is_not_followed(desk: Desk) -> None:
    write(desk.outbox, "first")
    with suppress(ZeroDivisionError), desk.outbox.write() as tx:
        audit.record(tx, "said", "never", chain="voice")
        raise ZeroDivisionError
    write(desk.outbox, "second")
    assert chain(desk) == ["first", "second"]


def test_many_at_once_each_append_once(desk: Desk) -> None:
    def say_five(number: int) -> None:
        outbox = another_process(desk)
        for each in range(5):
            write(outbox, f"{number}.{each}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(say_five, range(8)))
    assert sorted(chain(desk)) == sorted(f"{number}.{each}" for number in range(8) for each in range(5))
