"""What an outbox cannot know after it was restored or taken over: whether what was due has gone out meanwhile.

Between a backup and its restore the real outbox went on publishing; so did the other host before this one adopted its
outbox. Everything that could have been sent there becomes in doubt, with `intent_lost`: it is looked for by its content,
and never sent again by itself. What is not due yet cannot have been sent; where nobody knows what people stopped since, it
waits for a new look.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from clarion.model import State
from clarion.outbox import pauses, schema
from clarion.outbox.store import Tx

_OPEN = (State.SCHEDULED.value, State.SENDING.value, State.IN_DOUBT.value)
_FLYING = (State.SENDING.value, State.IN_DOUBT.value)
_delivery = schema.delivery
_attempt = schema.attempt


def at_stake(tx: Tx, known: Collection[str] = ()) -> int:
    """How many deliveries `doubt` would put in doubt."""
    return len(_lost(tx, known))


def to_hold(tx: Tx) -> int:
    """How many entries `hold` would put before people, once `doubt` is done."""
    lost = set(_lost(tx, ()))
    waiting = (
        sa.select(_delivery.c.id, schema.post.c.entry)
        .join(schema.post, schema.post.c.id == _delivery.c.post)
        .where(_delivery.c.state == State.SCHEDULED.value)
    )
    return len({row.entry for row in tx.execute(waiting) if row.id not in lost})


def hold(tx: Tx, *, who: str | None, since: str) -> int:
    """Put before people whatever would go out on a word given before, because nobody knows what was stopped `since`; how
    many entries.
    """
    return len(pauses.hold(tx, None, who=who, reason=f"what people stopped since {since} is not known"))


def doubt(tx: Tx, reason: str, known: Collection[str] = ()) -> int:
    """Put in doubt whatever may have been sent without this outbox; how many deliveries.

    `known` are ids of deliveries of which a newer outbox says that a request may have gone out since: also those that are
    not due here, because they were approved or moved, and those that were over and were tried again.
    """
    ids = _lost(tx, known)
    for some in _batches(ids):
        tx.execute(
            sa.update(_attempt)
            .where(_attempt.c.delivery.in_(some), _attempt.c.ended_at.is_(None))
            .values(ended_at=tx.now, outcome="unknown", detail=reason)
        )
        tx.execute(
            sa.update(_delivery)
            .where(_delivery.c.id.in_(some))
            .values(
                state=State.IN_DOUBT.value,
                intent_lost=True,
                reason=reason,
                look_at=_look_at(tx),
                looks=0,
                fence=_delivery.c.fence + 1,
                lapses_at=None,
                lease_owner=None,
                lease_until=None,
                # A receipt stays, as evidence, but proves nothing any more.
                remote_id=None,
            )
        )
    _warn_who_approves(tx, reason)
    return len(ids)


def _look_at(tx: Tx) -> sa.ColumnElement[int | None]:
    """At once; but part k only when part k-1 was found, because a look needs to know what it answers."""
    before = _delivery.alias("before")
    answered = sa.exists().where(
        before.c.post == _delivery.c.post,
        before.c.part == _delivery.c.part - 1,
        before.c.receipt.is_not(None),  # also one that was taken down since
        before.c.state != State.IN_DOUBT.value,
    )
    return sa.case((sa.or_(_delivery.c.part == 1, answered), tx.now), else_=None)


def may_be_up(row: Any) -> bool:
    """Whether an outbox says of a delivery that a request went out and may have been taken. `row`: as it is there."""
    return (
        row.first_intent_at is not None
        or row.receipt is not None
        or bool(row.intent_lost)
        or row.state in _FLYING
    )


def _lost(tx: Tx, known: Collection[str]) -> list[str]:
    """What is due, in flight or in doubt, and every later part of its thread: part 2 is due once part 1 is found.

    Also what was due before the backup: a rate limit or a dead network may have kept it waiting then.
    """
    due = sa.and_(_delivery.c.state == State.SCHEDULED.value, _delivery.c.due_at <= tx.now)
    flying = _delivery.c.state.in_(_FLYING)
    threads = set(tx.execute(sa.select(_delivery.c.post).where(sa.or_(due, flying))).scalars())
    found: set[str] = set()
    for some in _batches(sorted(known)):
        here = _delivery.c.id.in_(some)
        found.update(tx.execute(sa.select(_delivery.c.id).where(here)).scalars())
        threads.update(
            tx.execute(sa.select(_delivery.c.post).where(here, _delivery.c.state.in_(_OPEN))).scalars()
        )
    for some in _batches(sorted(threads)):
        whole = sa.select(_delivery.c.id).where(_delivery.c.post.in_(some), _delivery.c.state.in_(_OPEN))
        found.update(tx.execute(whole).scalars())
    return sorted(found)


def _warn_who_approves(tx: Tx, reason: str) -> None:
    """What waited for approval may have got it, and gone out: whoever approves it again shall look first."""
    overdue = sa.select(schema.post.c.id).where(schema.post.c.due <= tx.now)
    tx.execute(
        sa.update(_delivery)
        .where(_delivery.c.state == State.PENDING.value, _delivery.c.post.in_(overdue))
        .values(reason=f"{reason}; look at the account before you approve it")
    )


def _batches(ids: Sequence[str]) -> list[Sequence[str]]:
    """SQLite binds only so many values in one statement."""
    return [ids[at : at + 500] for at in range(0, len(ids), 500)]
