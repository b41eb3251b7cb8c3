"""An outbox filled in bulk, as copies of posts that were queued and approved in the ordinary way."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from clarion.clock import micros
from tests.desk import Desk

DAY = timedelta(days=1)
_SPARE = 1_000

_SERIES = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)",
    "postgresql": "WITH n(i) AS (SELECT generate_series(1, :count))",
}
_ID = {"sqlite": "printf('%032x', :base + i)", "postgresql": "lpad(to_hex(:base + i), 32, '0')"}


def fill(desk: Desk, *, now: datetime, accounts: int, due: int, future: int) -> list[str]:
    """Queue `due` approved deliveries that may go at `now` and `future` that may not yet; ids of rows nobody will claim.

    Those of the future are parts of one post, which a claim never meets: what counts is that they stand in the indexes.
    """
    numbers = []
    for each in range(accounts):
        numbers.append(
            desk.queue(desk.account(f"account{each}"), f"hello {each}", due=now, late=timedelta(days=2))
        )
        desk.approve(numbers[-1])
    with desk.outbox.write() as tx:
        kind = tx.connection.dialect.name
        for statement in (_POSTS, _APPROVALS, _DUE):
            text = statement.format(series=_SERIES[kind], id=_ID[kind])
            tx.execute(sa.text(text), {"count": due, "base": 1 << 40, "accounts": accounts})
        for count, state, base in ((future, "scheduled", 2 << 40), (_SPARE, "cancelled", 3 << 40)):
            text = _FUTURE.format(series=_SERIES[kind], id=_ID[kind])
            values = {"count": count, "base": base, "accounts": accounts, "state": state}
            tx.execute(sa.text(text), values | {"due": micros(now + timedelta(days=3))})
        spare = list(
            tx.execute(sa.text("SELECT id FROM delivery WHERE state = 'cancelled' ORDER BY id")).scalars()
        )
    with desk.outbox.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    return spare


# The post that was queued in the ordinary way for account 1 + i: its id is random, those of its copies are not.
_FIRST = """
    JOIN account ON account.id = 1 + i % :accounts
    JOIN delivery AS d ON d.account = account.id AND d.part = 1 AND d.id NOT LIKE '00000000000000000000%'
    JOIN post AS p ON p.id = d.post
"""
_POSTS = (
    """
    {series}
    INSERT INTO post (id, entry, account, language, payload, digest, sensitive, evergreen, due, late, not_before, not_after,
                      day, created_at)
    SELECT {id}, p.entry, p.account, p.language, p.payload, p.digest, p.sensitive, p.evergreen, p.due, p.late,
           p.not_before, p.not_after, 740000 + i, p.created_at
      FROM n """
    + _FIRST
)
_APPROVALS = (
    """
    {series}
    INSERT INTO approval (outbox_id, post, digest, not_before, not_after, who, at)
    SELECT a.outbox_id, {id}, a.digest, a.not_before, a.not_after, a.who, a.at
      FROM n """
    + _FIRST
    + " JOIN approval AS a ON a.post = p.id"
)
_DUE = (
    """
    {series}
    INSERT INTO delivery (id, post, account, part, state, due_at, lapses_at)
    SELECT {id}, {id}, d.account, 1, 'scheduled', d.due_at + i, d.lapses_at
      FROM n """
    + _FIRST
)
_FUTURE = """
    {series}
    INSERT INTO delivery (id, post, account, part, state, due_at, lapses_at)
    SELECT {id}, (SELECT min(id) FROM post), 1 + i % :accounts, (1 + :base / 1099511627776) * 10000000 + i, :state,
           CAST(:due AS BIGINT) + i * CAST(60000000 AS BIGINT), CAST(:due AS BIGINT) + (i + 120) * CAST(60000000 AS BIGINT)
      FROM n
"""
