"""At a million deliveries a claim still reads only what its partial indexes name, on both databases: EXPLAIN says so.

The statements are not written here: they are those that a claim really sent. PostgreSQL is asked twice, with a plan made
for the values and with one made for any (what psycopg's prepared statements come to, and what `outbox/engines.py` asks
for): there a state that is bound, or a range that seems wide, would lose the index.
"""

from __future__ import annotations

import re
from datetime import UTC
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import sql

from clarion.outbox import schema
from clarion.outbox.claiming import claims, looking, recalling
from clarion.outbox.claiming.tending import tend
from clarion.outbox.limits import caps
from clarion.outbox.limits.caps import Caps
from tests.bench import filling
from tests.desk import Desk

QUEUED = 1_000_000
INDEXES = {"ix_delivery_due", "ix_delivery_lapses", "ix_delivery_look", "ix_delivery_recall"}
#: Both hold what is being sent, one row an account: either will do.
SENDING = {"ix_delivery_lease", "uq_delivery_sending"}
Sent = tuple[str, Any]


def the_caps(desk: Desk) -> list[Sent]:
    """What is asked for the cap of a day, when a post is queued and when a free slot is looked for."""
    sent: dict[str, Any] = {}

    def note(_c: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        sent.setdefault(statement, values)

    most = Caps(zone=UTC, most={"mastodon": 4})
    with desk.outbox.read() as tx:
        sa.event.listen(desk.outbox.engine, "before_cursor_execute", note)
        assert len(caps.standing(tx, 1, "en", 740_010)) == 1
        caps.full(tx, most, ["account0"], ["en"], 740_010)
        caps.overfull(tx, most, 1)
    sa.event.remove(desk.outbox.engine, "before_cursor_execute", note)
    return list(sent.items())


def a_claim(desk: Desk) -> list[Sent]:
    """What the database is asked in a claim that has everything to do: each statement once."""
    sent: dict[str, Any] = {}

    def note(_c: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        sent.setdefault(statement, values)

    _put_one(desk, state="sending", lease_until=1, lease_owner="gone", fence=1)
    _put_one(desk, state="in_doubt", look_at=1, due_at=None)
    _put_one(desk, state="recalling", look_at=1, due_at=None)
    _put_one(desk, state="scheduled", lapses_at=1)
    sa.event.listen(desk.outbox.engine, "before_cursor_execute", note)
    with desk.outbox.write() as tx:
        assert tend(tx, lambda _account, _after: None).lapsed
        assert recalling.claim(tx, desk.terms(), 10, filling.DAY)
        assert looking.claim(tx, desk.terms(), 10, filling.DAY)
        assert claims.claim(tx, desk.terms(), 10)
    sa.event.remove(desk.outbox.engine, "before_cursor_execute", note)
    return [(statement, values) for statement, values in sent.items() if "delivery" in statement]


def _put_one(desk: Desk, **values: Any) -> None:
    """Put one due delivery into another state."""
    delivery, attempt = schema.delivery, schema.attempt
    with desk.outbox.write() as tx:
        due = sa.and_(delivery.c.state == "scheduled", delivery.c.due_at <= tx.now)
        row = tx.execute(sa.select(delivery.c.id).where(due).limit(1)).scalar_one()
        tx.execute(sa.update(delivery).where(delivery.c.id == row).values(**values))
        if values["state"] == "sending":
            tx.execute(
                sa.insert(attempt).values(delivery=row, fence=1, generation=0, worker="gone", started_at=1)
            )


def plans(desk: Desk, sent: list[Sent]) -> list[str]:
    if desk.outbox.engine.dialect.name == "sqlite":
        with desk.outbox.engine.connect() as connection:
            return [
                "\n".join(
                    row.detail
                    for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
                )
                for statement, values in sent
            ]
    address = desk.outbox.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        return [
            _explain(connection, mode, statement, values)
            for mode in ("force_custom_plan", "force_generic_plan")
            for statement, values in sent
        ]


def _explain(connection: psycopg.Connection, mode: str, statement: str, values: Any) -> str:
    values = values[0] if isinstance(values, list) else values  # of many alike
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", statement)))
    for number, name in enumerate(names, start=1):
        statement = statement.replace(f"%({name})s", f"${number}")
    given = ", ".join(sql.Literal(values[name]).as_string(connection) for name in names)
    connection.execute(f"SET plan_cache_mode = {mode}".encode())
    connection.execute(f"PREPARE asked AS {statement}".encode())
    rows = connection.execute(f"EXPLAIN EXECUTE asked{f'({given})' if given else ''}".encode()).fetchall()
    connection.execute("DEALLOCATE asked")
    return "\n".join(str(line) for (line,) in rows)


def test_a_claim_at_a_million_reads_only_what_its_indexes_name(desk: Desk) -> None:
    filling.fill(desk, now=desk.now, accounts=10, due=1_000, future=QUEUED)
    sent = a_claim(desk)
    found = plans(desk, sent)
    for (statement, _), plan in zip(sent * 2, found, strict=False):
        whole = re.search(
            r"Seq Scan on delivery|SCAN (delivery|busy|before|another|later)(?! USING (COVERING )?INDEX)",
            plan,
        )
        assert not whole, f"{statement}\n{plan}"
    for half in (found[: len(sent)], found[len(sent) :] or found):
        named = set(re.findall(r"(?:ix|uq)_delivery_\w+", "\n".join(half)))
        assert named >= INDEXES, named
        assert named & SENDING, named
    assert len(sent) >= 8, "a claim that had everything to do asked too little"


def test_the_cap_of_a_day_is_one_look_into_an_index_however_many_posts_there_are(desk: Desk) -> None:
    filling.fill(desk, now=desk.now, accounts=10, due=QUEUED // 5, future=10)
    for plan in plans(desk, the_caps(desk)):
        assert not re.search(r"Seq Scan on (post|delivery)|SCAN (post|delivery)(?! USING)", plan), plan
    assert sum("ix_post_day" in plan for plan in plans(desk, the_caps(desk))) >= 2
