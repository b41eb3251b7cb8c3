"""An account leaves: what of its posts still waits is held or cancelled; its row, its posts and their receipts stay.

In: an account's name, in the caller's transaction. Out: the entries it touches. Nothing leaves while a post of it is on its
way, in doubt or being recalled, or waits for another try after a request that may have been taken: without its secret nobody
could find out how that ended.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from clarion.errors import OutboxError
from clarion.model import State
from clarion.outbox import audit, incidents, pauses, schema
from clarion.outbox.entries import posts
from clarion.outbox.store import Tx

_UNDECIDED = (State.SENDING.value, State.IN_DOUBT.value, State.RECALLING.value)
_WAITING = (State.PENDING.value, State.SCHEDULED.value)
_delivery, _account = schema.delivery, schema.account


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Numbers of the entries of which an account still has something to do."""

    undecided: list[int]
    waiting: list[int]
    up: list[int]


def still_open(tx: Tx, account: str) -> Open:
    """What of an account is on its way, unread or in doubt, or may be up; what waits for people or its time; what is up."""
    waits = _delivery.c.state.in_(_WAITING)
    # An earlier look did not find it; that proves nothing once it is not sent again (docs/decisions/0015).
    again = sa.and_(waits, _delivery.c.first_intent_at.is_not(None))
    asked_for = _delivery.c.state.in_((State.SENT.value, State.RECALLED.value))
    unread = sa.and_(asked_for, _delivery.c.look_at.is_not(None))
    return Open(
        undecided=_entries(tx, account, sa.or_(_delivery.c.state.in_(_UNDECIDED), unread, again)),
        waiting=_entries(tx, account, waits),
        up=_entries(tx, account, _delivery.c.state == State.SENT.value),
    )


def leave(tx: Tx, account: str, *, cancel: bool, who: str | None) -> Open:
    """Hold, or cancel, what waits; nothing may be queued for the account until it is verified again.

    Raises OutboxError while something of it is undecided.
    """
    mine = schema.post.c.account.in_(sa.select(_account.c.id).where(_account.c.name == account))
    posts.lock(tx, mine)
    found = still_open(tx, account)
    if found.undecided:
        first = found.undecided[0]
        raise OutboxError(
            f"#{first} of “{account}” is on its way, or nobody knows whether it is up",
            f"clarion publish, or clarion queue cancel {first}; then clarion queue show {first}",
        )
    if cancel:
        of_it = sa.select(schema.post.c.id).where(mine)
        tx.execute(
            sa.update(_delivery)
            .where(_delivery.c.post.in_(of_it), _delivery.c.state.in_(_WAITING))
            .values(state=State.CANCELLED.value, reason="its account was removed")
        )
    else:
        pauses.hold(tx, account, who=who, reason="its account was removed")
    tx.execute(
        sa.update(_account)
        .where(_account.c.name == account)
        .values(verified_at=None, blocked_until=None, blocked_reason=None, failures=0)
    )
    incidents.close(tx, "account_blocked", account)
    audit.record(tx, "account_removed", account, who=who, detail=_told(found, cancel=cancel))
    return found


def _entries(tx: Tx, account: str, which: sa.ColumnElement[bool]) -> list[int]:
    rows = tx.execute(
        sa.select(schema.post.c.entry)
        .distinct()
        .join(_delivery, _delivery.c.post == schema.post.c.id)
        .join(_account, _account.c.id == schema.post.c.account)
        .where(_account.c.name == account, which)
        .order_by(schema.post.c.entry)
    )
    return list(rows.scalars())


def _told(found: Open, *, cancel: bool) -> str:
    done = "cancelled" if cancel else "held"
    return f"{done}: {', '.join(f'#{number}' for number in found.waiting) or 'nothing'}"
