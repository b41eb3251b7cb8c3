"""What people took back: it is never sent again, whatever the worker that holds it learns.

In: which posts, and by which word (`cancel_wanted`, `recall_wanted`). Out: what certainly never went out is cancelled. Where
an earlier request may have been taken it stays, or becomes, in doubt: that a look does not find it proves nothing then,
because nobody sends it again under the same key. It is looked for a few times, and then a person must look.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from clarion.model import State
from clarion.outbox import schema
from clarion.outbox.store import Tx

#: What was not found is looked for again after these, and then by a person.
AGAIN = (timedelta(minutes=1), timedelta(minutes=1), timedelta(minutes=10), timedelta(minutes=40))
_MICROSECOND = timedelta(microseconds=1)
_WAITING = (State.PENDING.value, State.SCHEDULED.value)
_FLYING = (State.SENDING.value, State.IN_DOUBT.value)
_delivery = schema.delivery
taken_back = sa.or_(_delivery.c.recall_wanted, _delivery.c.cancel_wanted)


def stop(tx: Tx, posts: sa.ColumnElement[bool], *, word: str, reason: str) -> None:
    """Let nothing of these posts (a condition on `schema.post`) go out any more. The caller holds their rows."""
    mine = _delivery.c.post.in_(sa.select(schema.post.c.id).where(posts))
    waits = sa.and_(mine, _delivery.c.state.in_(_WAITING))
    never = _delivery.c.first_intent_at.is_(None)
    _update(tx, waits, never, state=State.CANCELLED.value, reason=reason)
    _update(
        tx,
        waits,
        state=State.IN_DOUBT.value,
        reason=f"{reason}; an earlier request may have been taken",
        look_at=tx.now,
        looks=0,
    )
    _update(tx, mine, _delivery.c.state.in_(_FLYING), **{word: True})


def instead(tx: Tx, *, may_be_up: bool, looks: int = 0) -> dict[str, Any]:
    """What becomes of a delivery that was taken back, where another would wait for its next try."""
    if not may_be_up:
        return {"state": State.CANCELLED.value, "reason": "taken back before it was sent"}
    again = tx.now + AGAIN[looks] // _MICROSECOND if looks < len(AGAIN) else None
    return {"state": State.IN_DOUBT.value, "reason": "not found; it is not sent again", "look_at": again}


def _update(tx: Tx, *where: sa.ColumnElement[bool], **values: Any) -> None:
    tx.execute(sa.update(_delivery).where(*where).values(**values))
