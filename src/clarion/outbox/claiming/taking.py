"""The writes of a claim: mark what may go as this worker's, with a new fence and a lease, and note the attempts.

In: candidates that nothing speaks against, and what each costs of its account's windows. Out: those that were still as they
had been read, paid for; and those for which there is no room. Where nothing must be uploaded first, the mark is the intent
as well.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from clarion.model import Payload, State
from clarion.outbox import schema
from clarion.outbox.claiming import candidates
from clarion.outbox.claiming.candidates import Candidate
from clarion.outbox.limits import spending
from clarion.outbox.limits.spending import Bill
from clarion.outbox.states import SENDING
from clarion.outbox.store import Tx


@dataclass(frozen=True, slots=True)
class Ready:
    """A candidate that nothing speaks against."""

    candidate: Candidate
    payload: Payload
    uploads: int  # images to upload before it can be sent
    bills: tuple[Bill, ...]
    unspent: int | None = None  # what its month gets back if its worker dies before the intent

    @property
    def intended(self) -> bool:
        """Nothing must be uploaded first."""
        return not self.uploads


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of it. `full`: candidates with the moment at which there will be room, in microseconds."""

    held: list[Ready]
    full: list[tuple[Ready, int]]


def take(tx: Tx, worker: str, until: int, ready: Sequence[Ready]) -> Taken:
    """Mark them as the worker's until its lease ends (microseconds), and spend what they cost."""
    spending.hold_shared(tx, (bill for each in ready for bill in each.bills))
    if tx.connection.dialect.name == "postgresql":
        return _all_at_once(tx, worker, until, ready)
    return _step_by_step(tx, worker, until, ready)


# ── below ─────────────────────────────────────────────────────────────────────────────────────────────────────


_busy = schema.delivery.alias("busy")
_TAKE = (
    sa.update(schema.delivery)
    .where(
        schema.delivery.c.id == sa.bindparam("the"),
        schema.delivery.c.fence == sa.bindparam("expected"),
        # Asked again, because the candidate may have been read before its account was locked.
        *candidates.may_go(schema.delivery),
        ~sa.exists().where(_busy.c.account == sa.bindparam("of_account"), _busy.c.state == SENDING),
    )
    .values(
        state=SENDING,
        reason=sa.null(),
        fence=schema.delivery.c.fence + 1,
        lease_owner=sa.bindparam("worker"),
        lease_until=sa.bindparam("until"),
    )
)
_TAKE_AND_INTEND = _TAKE.values(first_intent_at=sa.bindparam("intent"), lapses_at=sa.null())
_ATTEMPT = sa.insert(schema.attempt)


def _step_by_step(tx: Tx, worker: str, until: int, ready: Sequence[Ready]) -> Taken:
    """On SQLite, whose WITH takes no writes and where a statement is no trip."""
    taken = Taken([], [])
    for each in ready:
        if tx.execute(_statement(each), _mark(tx, each, worker, until)).rowcount != 1:
            continue
        room_at = spending.admit(tx, each.bills)
        if room_at is None:
            tx.execute(_ATTEMPT, _attempt(tx, each, worker))
            taken.held.append(each)
        else:
            _give_back(tx, each)
            taken.full.append((each, room_at))
    return taken


def _give_back(tx: Tx, taken: Ready) -> None:
    """As if it had not been taken."""
    row, delivery = taken.candidate.row, schema.delivery
    tx.execute(
        sa.update(delivery)
        .where(delivery.c.id == row.id, delivery.c.fence == row.fence + 1, delivery.c.state == SENDING)
        .values(
            state=State.SCHEDULED.value,
            reason=row.reason,
            fence=row.fence,
            first_intent_at=row.first_intent_at,
            lapses_at=row.lapses_at,
            lease_owner=None,
            lease_until=None,
        )
    )


def _all_at_once(tx: Tx, worker: str, until: int, ready: Sequence[Ready]) -> Taken:
    """On PostgreSQL, where each statement is a trip to another machine: those of a kind go in one."""
    kinds: dict[tuple[bool, int], list[Ready]] = {}
    for each in ready:
        kinds.setdefault((each.intended, len(each.bills)), []).append(each)
    held: set[str] = set()
    for (_, buckets), alike in kinds.items():
        values = [
            _mark(tx, each, worker, until)
            | {_ITS + name: value for name, value in _attempt(tx, each, worker).items()}
            | spending.values(each.bills, tx.now)
            for each in alike
        ]
        done = tx.execute(
            _mark_pay_and_note(_statement(alike[0]), buckets), values if len(values) > 1 else values[0]
        ).rowcount
        ids = {each.candidate.row.id for each in alike}
        held |= ids if done == len(ids) else _mine(tx, worker, ids)
    left = [each for each in ready if each.candidate.row.id not in held]
    asked = [(each, spending.room_at(tx, each.bills)) for each in left]
    return Taken(
        held=[each for each in ready if each.candidate.row.id in held],
        full=[(each, room_at) for each, room_at in asked if room_at is not None],
    )


def _statement(ready: Ready) -> sa.Update:
    return _TAKE_AND_INTEND if ready.intended else _TAKE


def _mark(tx: Tx, ready: Ready, worker: str, until: int) -> dict[str, Any]:
    row = ready.candidate.row
    values = {
        "the": row.id,
        "expected": row.fence,
        "of_account": row.account,
        "now": tx.now,
        "worker": worker,
        "until": until,
    }
    return values | ({"intent": row.first_intent_at or tx.now} if ready.intended else {})


def _attempt(tx: Tx, ready: Ready, worker: str) -> dict[str, Any]:
    row = ready.candidate.row
    return {
        "delivery": row.id,
        "fence": row.fence + 1,
        "generation": row.generation,
        "worker": worker,
        "started_at": tx.now,
        "intent_at": tx.now if ready.intended else None,
        "unspent": ready.unspent,
    }


def _mine(tx: Tx, worker: str, ids: Collection[str]) -> set[str]:
    mine = sa.select(schema.delivery.c.id).where(
        schema.delivery.c.id.in_(list(ids)),
        schema.delivery.c.lease_owner == worker,
        schema.delivery.c.state == SENDING,
    )
    return set(tx.execute(mine).scalars())


#: Before the attempt's values: the update would take "generation" for its own column.
_ITS = "its_"


@cache
def _mark_pay_and_note(mark: sa.Update, buckets: int) -> sa.Insert:
    """Mark a delivery where there is room for it; where that was done, spend what it costs, and write its attempt."""
    taken = (
        (mark.where(spending.room(buckets)) if buckets else mark).returning(schema.delivery.c.id).cte("taken")
    )
    is_taken = sa.exists(sa.select(taken.c.id))
    columns = [column for column in schema.attempt.c if column.name not in ("ended_at", "outcome", "detail")]
    row = sa.select(*(sa.bindparam(_ITS + column.name, type_=column.type) for column in columns))
    note = sa.insert(schema.attempt).from_select([column.name for column in columns], row.where(is_taken))
    if buckets:
        bill = spending.rows(buckets)
        paid = sa.select(bill.c.bucket, bill.c.at, bill.c.cost).where(is_taken)
        spent = sa.insert(schema.spend).from_select(["bucket", "at", "cost"], paid)
        note = note.add_cte(spent.returning(schema.spend.c.id).cte("spent"))
    return note.execution_options(preserve_rowcount=True)
