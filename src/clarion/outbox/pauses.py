"""Stopping: what people pause, for every host that uses this outbox, and what they hold for a new look.

In: an account's name, or None for the whole campaign. Out: rows that every claim and every last look before a request
reads; the look itself, which asks at once whether the claim still stands. The `STOP` file, which stops one machine, is the
worker's own affair.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any

import sqlalchemy as sa

from clarion.clock import micros, moment
from clarion.model import State
from clarion.outbox import audit, schema
from clarion.outbox.entries import posts
from clarion.outbox.store import Tx

#: The scope of a pause that stops every account.
EVERYTHING = "*"
#: What the last look says of a claim that is over, or as good as over.
LOST = "another worker has it"
NO_TIME = "there was no time left to send it safely"
#: What a hold takes approvals from: nothing of it may be sent, or sent again, on an old word.
_OPEN = (State.PENDING.value, State.SCHEDULED.value, State.SENDING.value, State.IN_DOUBT.value)
_delivery = schema.delivery
_pause = schema.pause


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A pause that holds now. `account` None: the whole campaign."""

    account: str | None
    since: datetime
    until: datetime | None
    reason: str | None
    who: str | None


def pause(
    tx: Tx,
    account: str | None,
    *,
    who: str | None,
    reason: str | None = None,
    until: datetime | None = None,
    breaking: bool = False,
) -> list[int]:
    """Let nothing go out until somebody resumes, or until that moment. What a newer pause says replaces the older.

    `breaking` holds what is scheduled, too (see `hold`); the entries that are held.
    """
    values = {"until": None if until is None else micros(until), "reason": reason, "who": who}
    scope = account or EVERYTHING
    insert: Any = import_module(f"sqlalchemy.dialects.{tx.connection.dialect.name}").insert
    row = insert(_pause).values(scope=scope, since=tx.now, **values)
    tx.execute(row.on_conflict_do_update(index_elements=["scope"], set_={"since": tx.now, **values}))
    held = hold(tx, account, who=who, reason=reason) if breaking else []
    audit.record(tx, "paused", account or audit.CAMPAIGN, who=who, detail=reason)
    return held


def resume(tx: Tx, account: str | None, *, who: str | None) -> bool:
    """Take a pause back; False when there was none."""
    gone = tx.execute(sa.delete(_pause).where(_pause.c.scope == (account or EVERYTHING)))
    if gone.rowcount:
        audit.record(tx, "resumed", account or audit.CAMPAIGN, who=who)
    return bool(gone.rowcount)


def standing(tx: Tx) -> list[Pause]:
    """What is paused now; the whole campaign first."""
    rows = tx.execute(
        sa.select(_pause).where(_holds(tx)).order_by(_pause.c.scope != EVERYTHING, _pause.c.scope)
    )
    return [
        Pause(
            account=None if row.scope == EVERYTHING else row.scope,
            since=moment(row.since),
            until=row.until and moment(row.until),
            reason=row.reason,
            who=row.who,
        )
        for row in rows
    ]


def everything_paused(tx: Tx) -> bool:
    """Whether no account may send."""
    scopes = set(tx.execute(sa.select(_pause.c.scope).where(_holds(tx))).scalars())
    if EVERYTHING in scopes:
        return True
    names = set(tx.execute(sa.select(schema.account.c.name)).scalars())
    return bool(names) and names <= scopes


def objection(tx: Tx, delivery: str, account: str, *, fence: int, seconds: float) -> str | None:
    """Why this delivery must not be sent now, or None: the last look before the request, one short read.

    `fence` is the claim's, whose lease must last `seconds` more by the outbox's own clock. A worker's machine may have stood
    still without knowing (a paused guest, whose time since boot stood still too) while others took what it had claimed.
    """
    row = tx.execute(_LAST_LOOK, {"id": delivery, "account": account, "now": tx.now}).first()
    if row is None or row.state != State.SENDING.value or row.fence != fence:
        return LOST
    if row.recall_wanted:
        return "it is to be recalled"
    if row.cancel_wanted:
        return "it was cancelled"
    if row.paused:
        return "publishing is paused"
    # A look, or the read-back of the post before, may have been told to wait since this one was claimed.
    if (row.blocked_until or 0) > tx.now:
        return "its account was told to wait"
    return NO_TIME if row.lease_until < tx.now + int(seconds * 1_000_000) else None


def hold(tx: Tx, account: str | None, *, who: str | None, reason: str | None = None) -> list[int]:
    """Put what is scheduled before people again and void every approval given so far; the entries that are held.

    What is being sent this moment ends as it ends, but nothing of it is repeated without a new approval.
    """
    mine = sa.true() if account is None else schema.account.c.name == account
    posts_of = sa.select(_delivery.c.post).join(schema.account, schema.account.c.id == _delivery.c.account)
    open_posts = schema.post.c.id.in_(posts_of.where(mine, _delivery.c.state.in_(_OPEN)))
    posts.lock(tx, open_posts)
    scheduled = _delivery.c.state == State.SCHEDULED.value
    held = set(
        tx.execute(
            sa.select(schema.post.c.entry)
            .join(_delivery, _delivery.c.post == schema.post.c.id)
            .where(open_posts, scheduled)
        ).scalars()
    )
    said = f"held by {who or 'nobody named'}: read it again" + (f" ({reason})" if reason else "")
    tx.execute(
        sa.update(_delivery)
        .where(_delivery.c.post.in_(sa.select(schema.post.c.id).where(open_posts)), scheduled)
        .values(state=State.PENDING.value, reason=said)
    )
    posts.void_approvals(tx, open_posts, who=who, reason=said)
    audit.record(tx, "held", account or audit.CAMPAIGN, who=who, detail=f"{len(held)} entries; {said}")
    return sorted(held)


def _holds(tx: Tx) -> sa.ColumnElement[bool]:
    return sa.or_(_pause.c.until.is_(None), _pause.c.until > tx.now)


_LAST_LOOK = sa.select(
    _delivery.c.state,
    _delivery.c.fence,
    _delivery.c.lease_until,
    _delivery.c.recall_wanted,
    _delivery.c.cancel_wanted,
    sa.select(schema.account.c.blocked_until)
    .where(schema.account.c.id == _delivery.c.account)
    .scalar_subquery()
    .label("blocked_until"),
    sa.exists()
    .where(
        _pause.c.scope.in_([EVERYTHING, sa.bindparam("account")]),
        sa.or_(_pause.c.until.is_(None), _pause.c.until > sa.bindparam("now", type_=sa.BigInteger)),
    )
    .label("paused"),
).where(_delivery.c.id == sa.bindparam("id"))
