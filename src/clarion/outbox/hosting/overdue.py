"""What should have gone out by now and has not, though nothing holds it: by its age an outbox's health is judged.

In: a transaction. Out: when the oldest of it was due. What is paused, quiet, out of money, on an account that its network
closed, or behind a post that a run is sending is held by something that is told elsewhere, and does not count.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from clarion.clock import moment
from clarion.model import State
from clarion.outbox import schema
from clarion.outbox.pauses import EVERYTHING
from clarion.outbox.store import Tx

_delivery, _account, _pause = schema.delivery, schema.account, schema.pause
_flying = schema.delivery.alias("flying")


def oldest(tx: Tx) -> datetime | None:
    """When the oldest delivery was due that waits without a reason."""
    paused = sa.exists().where(
        _pause.c.scope.in_([EVERYTHING, _account.c.name]),
        sa.or_(_pause.c.until.is_(None), _pause.c.until > tx.now),
    )
    busy = sa.exists().where(
        _flying.c.account == _account.c.id,
        _flying.c.state == State.SENDING.value,
        _flying.c.lease_until > tx.now,
    )
    due = tx.execute(
        sa.select(sa.func.min(_delivery.c.due_at))
        .join(_account, _account.c.id == _delivery.c.account)
        .where(
            _delivery.c.state == State.SCHEDULED.value,
            _delivery.c.due_at <= tx.now,
            sa.or_(_account.c.blocked_until.is_(None), _account.c.blocked_until <= tx.now),
            ~paused,
            ~busy,
        )
    ).scalar()
    return None if due is None else moment(due)
