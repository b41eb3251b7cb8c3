"""What time does to deliveries while nobody holds them: too late, they expire; left by a dead worker, they are freed.

In: a transaction, now and then before a claim. Out: the posts that expired, to be told once, and whether something is to be
looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from clarion.clock import micros, moment
from clarion.model import State
from clarion.outbox import schema
from clarion.outbox.entries import taking_back
from clarion.outbox.limits import caps, money
from clarion.outbox.limits.caps import Caps
from clarion.outbox.states import IN_DOUBT, PENDING, RECALLED, RECALLING, SCHEDULED, SENDING, SENT
from clarion.outbox.store import Tx

#: A slot right at midnight belongs to the day that begins.
_INSTANT = timedelta(microseconds=1)
#: Gives an account's next free slot after a moment; None when it has none.
NextSlot = Callable[[str, datetime], datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapsed:
    """A post whose time passed before it could go out."""

    entry: int
    account: str
    language: str
    due: datetime
    moved_to: datetime | None = None  # evergreen: the slot it goes out in instead


@dataclass(frozen=True, slots=True, kw_only=True)
class Tended:
    """What time did, and whether it is time to look at something, or to take it down: asked with the others."""

    lapsed: list[Lapsed]
    look: bool
    recall: bool = False


def tend(tx: Tx, next_slot: NextSlot, most: Caps | None = None) -> Tended:
    """Free what dead workers held, and expire what is too late; evergreen posts go to the next free slot instead, on a day
    on which there is room under the cap.
    """
    soonest = tx.execute(_SOONEST).one()
    left = soonest.lease is not None and soonest.lease <= tx.now
    if left:
        _rescue(tx)
    lapsed: list[Lapsed] = []
    more = left or (soonest.lapse is not None and soonest.lapse <= tx.now)
    while more:
        rows = tx.execute(_LATE, {"now": tx.now}).all()
        if any(_counted(row, most) for row in rows) and not caps.nobody_queues(tx):
            break  # somebody queues this moment: the next time will do
        lapsed += [_lapse(tx, row, next_slot, most) for row in rows]
        more = len(rows) == _AT_ONCE
    return Tended(
        lapsed=lapsed,
        look=left or (soonest.look is not None and soonest.look <= tx.now),
        recall=soonest.recall is not None and soonest.recall <= tx.now,
    )


# Mostly there is nothing: one statement finds that out. It and the limit name no time, or PostgreSQL, whose plan is for
# any time, would expect a third of all rows to be late and leave the index.
_SOONEST = sa.select(
    sa.select(sa.func.min(schema.delivery.c.lease_until))
    .where(schema.delivery.c.state == SENDING)
    .scalar_subquery()
    .label("lease"),
    sa.select(sa.func.min(schema.delivery.c.lapses_at))
    .where(schema.delivery.c.state.in_([PENDING, SCHEDULED]))
    .scalar_subquery()
    .label("lapse"),
    sa.select(sa.func.min(schema.delivery.c.look_at))
    .where(schema.delivery.c.state.in_([IN_DOUBT, SENT]), schema.delivery.c.look_at.is_not(None))
    .scalar_subquery()
    .label("look"),
    sa.select(sa.func.min(schema.delivery.c.look_at))
    .where(schema.delivery.c.state.in_([RECALLING, RECALLED]), schema.delivery.c.look_at.is_not(None))
    .scalar_subquery()
    .label("recall"),
)
_AT_ONCE = 200
_LATE = (
    sa.select(
        schema.delivery.c.post,
        schema.delivery.c.state,
        schema.post.c.entry,
        schema.post.c.language,
        schema.post.c.due,
        schema.post.c.late,
        schema.post.c.evergreen,
        schema.post.c.not_after,
        schema.post.c.account,
        schema.post.c.day,
        schema.account.c.name,
        schema.account.c.network,
    )
    .join(schema.post, schema.post.c.id == schema.delivery.c.post)
    .join(schema.account, schema.account.c.id == schema.delivery.c.account)
    .where(
        schema.delivery.c.state.in_([PENDING, SCHEDULED]),
        schema.delivery.c.lapses_at <= sa.bindparam("now"),
    )
    .order_by(schema.delivery.c.lapses_at)
    .limit(sa.literal_column(str(_AT_ONCE)))
    .with_for_update(skip_locked=True, of=schema.delivery)
)


def _counted(row: sa.Row[tuple[object, ...]], most: Caps | None) -> bool:
    """Whether it goes to a slot on whose day it counts against the cap."""
    return most is not None and _goes_on(row) and row.day is not None


def _goes_on(row: sa.Row[tuple[object, ...]]) -> bool:
    return bool(row.evergreen) and row.state == State.SCHEDULED.value


def _slot(tx: Tx, row: sa.Row[tuple[object, ...]], next_slot: NextSlot, most: Caps | None) -> datetime | None:
    """The account's next free slot on a day that is not full, while its approval holds; beyond, it would only come back
    to people.
    """
    slot = next_slot(row.name, tx.at) if _goes_on(row) else None
    while slot is not None and micros(slot) <= row.not_after:
        if most is None or not _counted(row, most) or _has_room(tx, row, most, slot):
            return slot
        over = most.ends(slot)
        slot = next_slot(row.name, over - _INSTANT)
        if slot is not None and slot < over:  # it knows no later one
            return None
    return None


def _has_room(tx: Tx, row: sa.Row[tuple[object, ...]], most: Caps, slot: datetime) -> bool:
    day = most.day(slot)
    there = len(caps.standing(tx, row.account, row.language, day)) - (row.day == day)
    return bool(there < most.most[row.network])


def _lapse(tx: Tx, row: sa.Row[tuple[object, ...]], next_slot: NextSlot, most: Caps | None = None) -> Lapsed:
    slot = _slot(tx, row, next_slot, most)
    if slot is not None:
        _move(tx, row, slot)
        if most is not None:
            caps.put(tx, most, row.post, slot)
    else:
        _expire(tx, row.post)
    return Lapsed(
        entry=row.entry, account=row.name, language=row.language, due=moment(row.due), moved_to=slot
    )


def _move(tx: Tx, row: sa.Row[tuple[object, ...]], slot: datetime) -> None:
    post, delivery = schema.post, schema.delivery
    tx.execute(sa.update(post).where(post.c.id == row.post).values(due=micros(slot)))
    tx.execute(
        sa.update(delivery)
        .where(delivery.c.post == row.post, delivery.c.part == 1, delivery.c.state == State.SCHEDULED.value)
        .values(due_at=micros(slot), lapses_at=micros(slot) + row.late),
    )


def _expire(tx: Tx, post: str) -> None:
    delivery = schema.delivery
    tx.execute(
        sa.update(delivery)
        .where(delivery.c.post == post, delivery.c.state.in_([State.PENDING.value, State.SCHEDULED.value]))
        .values(state=State.EXPIRED.value, reason="its time passed before it could go out"),
    )


def _rescue(tx: Tx) -> None:
    """Deliveries whose worker died: in doubt after an intent, free again before one."""
    delivery, attempt = schema.delivery, schema.attempt
    lapsed = tx.execute(
        sa.select(
            delivery.c.id,
            delivery.c.fence,
            delivery.c.first_intent_at,
            taking_back.taken_back.label("taken_back"),
            attempt.c.intent_at,
            attempt.c.started_at,
            attempt.c.unspent,
            schema.account.c.name,
            schema.account.c.network,
        )
        .join(attempt, sa.and_(attempt.c.delivery == delivery.c.id, attempt.c.fence == delivery.c.fence))
        .join(schema.account, schema.account.c.id == delivery.c.account)
        .where(delivery.c.state == SENDING, delivery.c.lease_until <= tx.now)
        .with_for_update(skip_locked=True, of=delivery),
    ).all()
    for row in lapsed:
        unknown = row.intent_at is not None
        freed = tx.execute(
            sa.update(delivery)
            .where(delivery.c.id == row.id, delivery.c.fence == row.fence, delivery.c.state == SENDING)
            .values(looks=0, lease_owner=None, lease_until=None, **_freed(tx, row, unknown=unknown)),
        )
        if freed.rowcount == 1:
            tx.execute(
                sa.update(attempt)
                .where(attempt.c.delivery == row.id, attempt.c.fence == row.fence)
                .values(
                    ended_at=tx.now, outcome="unknown" if unknown else "released", detail="its lease lapsed"
                ),
            )
            if row.unspent and not unknown:
                money.rescue(tx, row.network, row.name, at=row.started_at, unspent=row.unspent)


def _freed(tx: Tx, row: sa.Row[tuple[object, ...]], *, unknown: bool) -> dict[str, Any]:
    if unknown:
        reason = "its worker stopped after the request may have gone out"
        return {"state": State.IN_DOUBT.value, "reason": reason, "look_at": tx.now}
    if row.taken_back:
        return taking_back.instead(tx, may_be_up=row.first_intent_at is not None)
    return {"state": State.SCHEDULED.value, "reason": None, "look_at": None}
