"""What must no longer be said, for every host that uses this outbox: a host may read a folder that is days old.

In: the kind and the id of a fact, a call or a day, and why. Out: rows that every claim reads, and the posts that used it
before people again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any

import sqlalchemy as sa

from clarion.clock import moment
from clarion.model import State
from clarion.outbox import audit, schema
from clarion.outbox.entries import posts
from clarion.outbox.store import Tx

_block = schema.block
_OPEN = (State.PENDING.value, State.SCHEDULED.value, State.SENDING.value, State.IN_DOUBT.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What somebody blocked."""

    kind: str  # "fact" · "call" · "day"
    id: str
    why: str
    who: str | None
    since: datetime


def block(tx: Tx, kind: str, id_: str, *, why: str, who: str | None) -> list[int]:
    """Let nothing go out that used it, and put what is queued before people; the numbers of those entries.

    A newer word replaces an older. What is being sent this moment ends as it ends.
    """
    values = {"why": why, "who": who, "since": tx.now}
    insert: Any = import_module(f"sqlalchemy.dialects.{tx.connection.dialect.name}").insert
    row = insert(_block).values(kind=kind, id=id_, **values)
    tx.execute(row.on_conflict_do_update(index_elements=["kind", "id"], set_=values))
    waiting = sa.select(schema.delivery.c.post).where(schema.delivery.c.state.in_(_OPEN))
    # An id is made of small letters, digits and hyphens: nothing of it is a wildcard.
    used = sa.and_(schema.post.c.id.in_(waiting), schema.post.c.used.contains(f'["{kind}", "{id_}", "'))
    held = _hold(tx, used, who=who, reason=f'the {kind} "{id_}" is blocked: {why}')
    audit.record(tx, "blocked", f"{kind} {id_}", who=who, detail=why)
    return held


def unblock(tx: Tx, kind: str, id_: str, *, who: str | None, why: str | None = None) -> bool:
    """Take a block back; False when there was none. What it held stays before people."""
    gone = tx.execute(sa.delete(_block).where(_block.c.kind == kind, _block.c.id == id_))
    _give_another_reason(tx, kind, id_)
    if gone.rowcount:
        audit.record(tx, "unblocked", f"{kind} {id_}", who=who, detail=why)
    return bool(gone.rowcount)


def hold(tx: Tx, ids: Collection[str], *, who: str | None, reason: str) -> list[int]:
    """Put these posts before people and take back their approvals; the numbers of the entries that were scheduled."""
    return _hold(tx, schema.post.c.id.in_(ids), who=who, reason=reason)


def standing(tx: Tx) -> list[Block]:
    """What is blocked now."""
    rows = tx.execute(sa.select(_block).order_by(_block.c.kind, _block.c.id))
    return [
        Block(kind=row.kind, id=row.id, why=row.why, who=row.who, since=moment(row.since)) for row in rows
    ]


def blocked_in(used: sa.ColumnElement[str]) -> sa.ScalarSelect[str]:
    """Which of what a post used is blocked, and why, as a column; NULL mostly. For the statement that reads the post."""
    said = _block.c.kind + _text(' "') + _block.c.id + _text('" is blocked: ') + _block.c.why
    is_used = used.contains(_text('["') + _block.c.kind + _text('", "') + _block.c.id + _text('", "'))
    return sa.select(sa.func.min(said)).where(is_used).scalar_subquery()


# ── below ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _give_another_reason(tx: Tx, kind: str, id_: str) -> None:
    """Let what waits because of it say that it is not blocked any more; or what else is, that it used."""
    delivery, post = schema.delivery, schema.post
    waits = sa.and_(
        delivery.c.state == State.PENDING.value, delivery.c.reason.contains(f'{kind} "{id_}" is blocked: ')
    )
    other = (
        sa.select(_text("the ") + blocked_in(post.c.used))
        .where(post.c.id == delivery.c.post)
        .scalar_subquery()
    )
    again = f'the {kind} "{id_}" was blocked and may be said again: clarion approve, if it still holds'
    tx.execute(sa.update(delivery).where(waits).values(reason=sa.func.coalesce(other, again)))


def _text(said: str) -> sa.ColumnElement[str]:
    """Part of the statement, not a value of it: it never changes."""
    return sa.literal_column(f"'{said}'", sa.Text)


def _hold(tx: Tx, mine: sa.ColumnElement[bool], *, who: str | None, reason: str) -> list[int]:
    """Put these posts before people, as far as they are scheduled; the numbers of their entries."""
    delivery, post = schema.delivery, schema.post
    posts.lock(tx, mine)
    scheduled = delivery.c.state == State.SCHEDULED.value
    held = tx.execute(
        sa.select(post.c.entry).join(delivery, delivery.c.post == post.c.id).where(mine, scheduled).distinct()
    ).scalars()
    numbers = sorted(held)
    tx.execute(
        sa.update(delivery)
        .where(delivery.c.post.in_(sa.select(post.c.id).where(mine)), scheduled)
        .values(state=State.PENDING.value, reason=reason)
    )
    posts.void_approvals(tx, mine, who=who, reason=reason)
    return numbers
