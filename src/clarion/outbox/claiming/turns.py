"""Whose turn it is: of each account the one delivery that has waited longest for its `look_at`.

In: the states that are meant, and what else must hold. Out: a statement, and the deliveries it finds, which no other
worker has for a while.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from clarion.outbox import schema
from clarion.outbox.among import among, listed
from clarion.outbox.claiming.claims import Terms
from clarion.outbox.store import Tx

_MICROSECOND = timedelta(microseconds=1)
_delivery, _account = schema.delivery, schema.account
#: The delivery whose turn it may be, for conditions on it.
another = _delivery.alias("another")


def of_each_account(
    states: Sequence[sa.ColumnElement[str]], *also: sa.ColumnElement[bool], then: Sequence[Any] = ()
) -> sa.Select[Any]:
    """One of each account that is open, of those in these states the longest waiting; of those the first by `then`.

    An account that may not post for now, by a pause or a stop of ours, is open all the same: only its network closes it.

    The states are literals, as the partial index on them has it: bound, PostgreSQL's plan for any value would lose it.
    """
    first = (
        sa.select(another.c.id)
        .where(
            another.c.account == _account.c.id,
            another.c.state.in_(states),
            another.c.look_at.is_not(None),
            another.c.look_at <= sa.bindparam("now"),
            *also,
        )
        .order_by(another.c.look_at, *then, another.c.id)
        .limit(sa.literal_column("1"))
        .correlate(_account)
        .scalar_subquery()
    )
    return (
        sa.select(_delivery)
        .select_from(_account.join(_delivery, _delivery.c.id == first))
        .where(
            among(_account.c.name, sa.bindparam("names")),
            sa.or_(_account.c.blocked_until.is_(None), _account.c.blocked_until <= sa.bindparam("now")),
        )
        .order_by(_delivery.c.look_at)
        .limit(sa.bindparam("limit"))
        .with_for_update(skip_locked=True, of=_delivery)
    )


def take(
    tx: Tx, statement: sa.Select[Any], terms: Terms, limit: int, patience: timedelta, **values: Any
) -> list[sa.Row[Any]]:
    """Up to `limit` of those, as they were; each has a new fence and these values, and is nobody else's for `patience`."""
    if limit <= 0:
        return []
    asked = {"now": tx.now, "names": listed(tx.connection, terms.accounts), "limit": limit}
    rows = tx.execute(statement, asked).all()
    return [row for row in rows if _taken(tx, row, look_at=tx.now + patience // _MICROSECOND, **values)]


def _taken(tx: Tx, row: sa.Row[Any], **values: Any) -> bool:
    held = tx.execute(
        sa.update(_delivery)
        .where(_delivery.c.id == row.id, _delivery.c.fence == row.fence, _delivery.c.state == row.state)
        .values(fence=row.fence + 1, **values)
    )
    return held.rowcount == 1
