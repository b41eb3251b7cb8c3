"""What the outbox that is replaced knows and the older one in its place does not: what went out and what was spent since the
backup, and what people stopped since.

In: a transaction of each. Out: the older one knows it too. Only what stops is carried over: a pause that was ended since the
backup holds again, and an approval that was given since is to be given again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import sqlalchemy as sa

from clarion.model import State
from clarion.outbox import audit, blocks, schema
from clarion.outbox.claiming import recalling
from clarion.outbox.entries import posts, taking_back
from clarion.outbox.hosting import lost
from clarion.outbox.limits import stops
from clarion.outbox.store import Tx

#: States out of which a delivery may still go out, here.
_OPEN = frozenset({State.PENDING, State.SCHEDULED, State.SENDING, State.IN_DOUBT})
_WAITS = frozenset({State.PENDING.value, State.SCHEDULED.value})
_NOT_UP = frozenset({State.FAILED.value, State.EXPIRED.value, State.CANCELLED.value})
#: States in which it is certain there that it went out, by its receipt.
_WENT_OUT = frozenset({State.SENT, State.RECALLING, State.RECALLED, State.REPLACED})
#: SQLite binds only so many values in one statement.
_ROWS = 500
_BECAUSE = "before the restore"
_delivery, _post, _pause, _block = schema.delivery, schema.post, schema.pause, schema.block


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What the replaced outbox says of what is here."""

    asked: set[str] = field(default_factory=set)  # deliveries: a request may have gone out since
    newer: list[Any] = field(
        default_factory=list
    )  # deliveries that have another receipt by now, as they are there
    cancelled: dict[str, str] = field(default_factory=dict)  # deliveries that never went out, and their posts
    returned: dict[str, str] = field(default_factory=dict)  # parts that a retry brought back, and their posts
    stopped: set[str] = field(default_factory=set)  # posts of which people cancelled something
    held: set[str] = field(default_factory=set)  # posts that came before people again
    unknown: set[str] = field(default_factory=set)  # posts it has never heard of


def carry(here: Tx, there: Tx, *, reason: str, who: str | None) -> tuple[int, int]:
    """Write into the outbox `here` what the one that it replaces knows; how many deliveries are in doubt by it, for this
    `reason`, and how many entries wait for people again.
    """
    told = _compare(here, there)
    _cancel(here, told, who)
    lost_receipts = _renew(here, told.newer)
    doubted = lost.doubt(here, reason, told.asked | lost_receipts)
    _bring_back(here, told)
    for some in _batches(told.stopped):
        # What may be up stays if it is, and is never sent again.
        taking_back.stop(here, _post.c.id.in_(some), word="cancel_wanted", reason=f"cancelled {_BECAUSE}")
    held = _hold(here, there, told, who)
    _pause_again(here, there)
    _spend_again(here, there)
    recalling.want_again(here, recalling.wanted(there), who=who, because=f"recalled {_BECAUSE}")
    return doubted, len(held)


# ── what it says ──────────────────────────────────────────────────────────────────────────────────────────────


def _compare(here: Tx, there: Tx) -> _Told:
    told, refused = _Told(), set[str]()
    for rows in there.execute(_FATES).partitions(_ROWS):
        ids = [row.id for row in rows]
        known = {row.id: row for row in here.execute(_FATES.where(_delivery.c.id.in_(ids)))}
        for row in rows:
            if row.state == State.FAILED.value:
                refused.add(row.post)
            if row.id in known:
                _judge(told, known[row.id], row)
    # What was cancelled because a part was refused nobody stopped: `retry` brings it back.
    told.stopped.difference_update(refused)
    for id_ in [id_ for id_, post in told.cancelled.items() if post in refused]:
        del told.cancelled[id_]
    _compare_approvals(told, here, there)
    return told


def _judge(told: _Told, own: Any, row: Any) -> None:
    """`own` is the delivery here, `row` is what became of it."""
    if State(own.state) in _OPEN:
        _judge_open(told, own, row)
    elif _was_refused(own) and row.state in _WAITS:
        told.returned[row.id] = row.post
    elif row.fence != own.fence:  # somebody has taken it since
        _judge_over(told, own, row)


def _was_refused(own: Any) -> bool:
    """Cancelled because an earlier part was refused, and not by people."""
    return own.state == State.CANCELLED.value and (own.reason or "").endswith(" was refused")


def _judge_open(told: _Told, own: Any, row: Any) -> None:
    cancelled = row.state == State.CANCELLED.value
    if lost.may_be_up(row):
        told.asked.add(row.id)
    elif cancelled and own.first_intent_at is None:
        told.cancelled[row.id] = row.post
    if cancelled or row.cancel_wanted:
        told.stopped.add(row.post)
    if row.state == State.PENDING.value and own.state == State.SCHEDULED.value:
        told.held.add(row.post)


def _judge_over(told: _Told, own: Any, row: Any) -> None:
    """What had failed or expired was retried; what was up was not there after all, and perhaps sent anew."""
    if own.state in _NOT_UP:
        if lost.may_be_up(row):
            told.asked.add(row.id)
    elif own.state == State.SENT.value and row.fence > own.fence and _differs(own, row):
        if row.receipt is not None and State(row.state) in _WENT_OUT:
            told.newer.append(row)
        else:
            told.asked.add(row.id)


def _differs(own: Any, row: Any) -> bool:
    """Whether what is said to be up here was not there, or something else is up in its place by now."""
    return bool(
        row.generation != own.generation
        or row.state == State.IN_DOUBT.value
        or (row.remote_id is not None and row.remote_id != own.remote_id)
    )


def _compare_approvals(told: _Told, here: Tx, there: Tx) -> None:
    """Which posts it does not know, and of which somebody took an approval back."""
    waiting = sa.select(_delivery.c.post).where(_delivery.c.state.in_([each.value for each in _OPEN]))
    for some in _batches(here.execute(waiting.distinct()).scalars()):
        known = set(there.execute(sa.select(_post.c.id).where(_post.c.id.in_(some))).scalars())
        told.unknown.update(set(some) - known)
        told.held.update(
            post for post, *_ in _approvals(here, some) - _approvals(there, some) if post in known
        )


def _approvals(tx: Tx, of: Sequence[str]) -> set[tuple[str, str, str]]:
    given = schema.approval
    rows = tx.execute(sa.select(given.c.post, given.c.digest, given.c.who).where(given.c.post.in_(of)))
    return {(row.post, row.digest, row.who) for row in rows}


# ── what becomes of it here ───────────────────────────────────────────────────────────────────────────────────


def _cancel(here: Tx, told: _Told, who: str | None) -> None:
    """What certainly never went out is cancelled; what may have is seen to once it is in doubt."""
    numbers: set[int] = set()
    for some in _batches(told.stopped):
        numbers.update(here.execute(sa.select(_post.c.entry).where(_post.c.id.in_(some))).scalars())
    for some in _batches(told.cancelled):
        here.execute(
            sa.update(_delivery)
            .where(
                _delivery.c.id.in_(some),
                _delivery.c.state.in_([State.PENDING.value, State.SCHEDULED.value]),
            )
            .values(state=State.CANCELLED.value, reason=f"cancelled {_BECAUSE}")
        )
    for number in sorted(numbers):
        audit.record(here, "cancelled", f"#{number}", who=who, detail=f"cancelled {_BECAUSE}")


def _bring_back(here: Tx, told: _Told) -> None:
    """The rest of a thread that was refused, retried and has begun since: without it nobody could end that thread."""
    begun: set[str] = set()
    for some in _batches(told.asked):
        begun.update(here.execute(sa.select(_delivery.c.post).where(_delivery.c.id.in_(some))).scalars())
    for some in _batches(id_ for id_, post in told.returned.items() if post in begun):
        here.execute(
            sa.update(_delivery)
            .where(_delivery.c.id.in_(some))
            .values(
                state=State.PENDING.value, due_at=None, reason="its thread was tried again: read it again"
            )
        )


def _renew(here: Tx, newer: Iterable[Any]) -> set[str]:
    """Take over receipts; the deliveries whose receipt another delivery has here."""
    _another, taken = _delivery.alias("another"), set[str]()
    for row in newer:
        receipt = posts.restored_receipt(row.receipt)
        assert receipt is not None
        held = sa.exists().where(
            _another.c.account == _delivery.c.account,
            _another.c.remote_id == receipt.remote_id,
            _another.c.id != row.id,
        )
        renewed = here.execute(
            sa.update(_delivery)
            .where(_delivery.c.id == row.id, ~held)
            .values(
                receipt=row.receipt,
                remote_id=receipt.remote_id,
                sent_at=row.sent_at,
                confirmed_at=row.confirmed_at,
                generation=row.generation,
                first_intent_at=row.first_intent_at,
                fence=row.fence + 1,
                look_at=None,
                reason=None,
            )
        )
        if renewed.rowcount != 1:
            taken.add(row.id)
    return taken


def _hold(here: Tx, there: Tx, told: _Told, who: str | None) -> set[int]:
    """Block what was blocked, and put before people what was before them, or of which nothing is known."""
    held: set[int] = set()
    mine = {(row.kind, row.id) for row in here.execute(_BLOCKS)}
    for row in there.execute(_BLOCKS):
        if (row.kind, row.id) not in mine:
            held.update(blocks.block(here, row.kind, row.id, why=row.why, who=row.who))
    for ids, said in (
        (told.held, f"{_BECAUSE} somebody held it, or took back its approval"),
        (told.unknown, "the outbox that was replaced did not know it"),
    ):
        for some in _batches(ids):
            held.update(blocks.hold(here, some, who=who, reason=f"{said}: read it again"))
    return held


def _pause_again(here: Tx, there: Tx) -> None:
    """What people paused; the newer word where both have one. What Clarion stopped by itself it finds out anew."""
    insert: Any = import_module(f"sqlalchemy.dialects.{here.connection.dialect.name}").insert
    of_people = sa.or_(_pause.c.who.is_(None), _pause.c.who != stops.ITSELF)
    still = sa.or_(_pause.c.until.is_(None), _pause.c.until > here.now)
    for row in there.execute(_PAUSES.where(of_people, still)):
        new = {"since": row.since, "until": row.until, "reason": row.reason, "who": row.who}
        older = sa.or_(_pause.c.since < row.since, _pause.c.who == stops.ITSELF)
        statement = insert(_pause).values(scope=row.scope, **new)
        written = here.execute(
            statement.on_conflict_do_update(
                index_elements=["scope"], set_=new, where=older
            ).execution_options(preserve_rowcount=True)
        )
        if written.rowcount == 1:
            subject = audit.CAMPAIGN if row.scope == "*" else row.scope
            audit.record(here, "paused", subject, who=row.who, detail=f"paused {_BECAUSE}")


def _spend_again(here: Tx, there: Tx) -> None:
    """What was spent, of money and of each window: at every moment the greater of what the two say."""
    mine = {(row.bucket, row.at): int(row.cost) for row in here.execute(_SPENT)}
    missing = [
        {"bucket": row.bucket, "at": row.at, "cost": more}
        for row in there.execute(_SPENT)
        if (more := int(row.cost) - mine.get((row.bucket, row.at), 0)) > 0
    ]
    if missing:
        here.execute(sa.insert(schema.spend), missing)


# ── the statements ────────────────────────────────────────────────────────────────────────────────────────────

# Columns by name: the replaced outbox may be of an older schema.
_FATES = sa.select(
    *(
        _delivery.c[name]
        for name in (
            "id",
            "post",
            "state",
            "reason",
            "fence",
            "generation",
            "first_intent_at",
            "intent_lost",
            "cancel_wanted",
            "receipt",
            "remote_id",
            "sent_at",
            "confirmed_at",
        )
    )
)
_BLOCKS = sa.select(_block.c.kind, _block.c.id, _block.c.why, _block.c.who).order_by(
    _block.c.kind, _block.c.id
)
_PAUSES = sa.select(_pause.c.scope, _pause.c.since, _pause.c.until, _pause.c.reason, _pause.c.who)
_SPENT = sa.select(
    schema.spend.c.bucket, schema.spend.c.at, sa.func.sum(schema.spend.c.cost).label("cost")
).group_by(schema.spend.c.bucket, schema.spend.c.at)


def _batches(ids: Iterable[str]) -> list[list[str]]:
    in_order = sorted(ids)
    return [in_order[at : at + _ROWS] for at in range(0, len(in_order), _ROWS)]
