"""The writes of a claim: mark what may go as this worker's, with a new fence and a lease, and note the attempts.

In: candidates that nothing speaks against. Out: those that were still as they had been read. Where nothing must be uploaded
first, the mark is the intent as well.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from clarion.model import Payload, State
from clarion.outbox import schema
from clarion.outbox.candidates import Candidate
from clarion.outbox.store import Tx

#: Literals, not parameters: PostgreSQL's plan for any value would lose the partial indexes.
_SCHEDULED: sa.ColumnElement[str] = sa.literal_column("'scheduled'")
_SENDING: sa.ColumnElement[str] = sa.literal_column("'sending'")


@dataclass(frozen=True, slots=True)
class Ready:
    """A candidate that nothing speaks against."""

    candidate: Candidate
    payload: Payload
    uploads: int  # images to upload before it can be sent

    @property
    def intended(self) -> bool:
        """Nothing must be uploaded first."""
        return not self.uploads


def take(tx: Tx, worker: str, until: int, ready: Sequence[Ready]) -> list[Ready]:
    """Mark them as the worker's until its lease ends (microseconds); those that it got."""
    held = _marked(tx, worker, until, [each for each in ready if each.intended], _TAKE_AND_INTEND)
    held |= _marked(tx, worker, until, [each for each in ready if not each.intended], _TAKE)
    return [each for each in ready if each.candidate.row.id in held]


def give_back(tx: Tx, taken: Ready) -> None:
    """As if it had not been taken, in the same transaction: there is no room for it."""
    row, delivery, attempt = taken.candidate.row, schema.delivery, schema.attempt
    tx.execute(
        sa.update(delivery)
        .where(delivery.c.id == row.id, delivery.c.fence == row.fence + 1, delivery.c.state == _SENDING)
        .values(
            state=State.SCHEDULED.value,
            fence=row.fence,
            first_intent_at=row.first_intent_at,
            lapses_at=row.lapses_at,
            lease_owner=None,
            lease_until=None,
        )
    )
    tx.execute(sa.delete(attempt).where(attempt.c.delivery == row.id, attempt.c.fence == row.fence + 1))


# ── below ─────────────────────────────────────────────────────────────────────────────────────────────────────


_busy = schema.delivery.alias("busy")
_TAKE = (
    sa.update(schema.delivery)
    .where(
        schema.delivery.c.id == sa.bindparam("the"),
        schema.delivery.c.fence == sa.bindparam("expected"),
        schema.delivery.c.state == _SCHEDULED,
        # Asked again, because the candidate may have been read before its account was locked.
        ~sa.exists().where(_busy.c.account == sa.bindparam("of_account"), _busy.c.state == _SENDING),
    )
    .values(
        state=_SENDING,
        reason=sa.null(),
        fence=schema.delivery.c.fence + 1,
        lease_owner=sa.bindparam("worker"),
        lease_until=sa.bindparam("until"),
    )
)
_TAKE_AND_INTEND = _TAKE.values(first_intent_at=sa.bindparam("intent"), lapses_at=sa.null())
_ATTEMPT = sa.insert(schema.attempt)


def _marked(tx: Tx, worker: str, until: int, ready: Sequence[Ready], mark: sa.Update) -> set[str]:
    """The ids of those that were marked."""
    if not ready:
        return set()
    ids = {each.candidate.row.id for each in ready}
    marks, attempts = (
        [_mark(tx, each, worker, until) for each in ready],
        [_attempt(tx, each, worker) for each in ready],
    )
    if tx.connection.dialect.name == "postgresql":  # one statement, one trip to another machine
        both = [
            {**each, **{_ITS + name: value for name, value in attempt.items()}}
            for each, attempt in zip(marks, attempts, strict=True)
        ]
        done = tx.execute(_mark_and_attempt(mark), _one_or_all(both)).rowcount
        return ids if done == len(ids) else _mine(tx, worker, ids)
    done = tx.execute(mark, _one_or_all(marks)).rowcount
    held = ids if done == len(ids) else _mine(tx, worker, ids)
    if held:
        tx.execute(_ATTEMPT, _one_or_all([each for each in attempts if each["delivery"] in held]))
    return held


def _mark(tx: Tx, ready: Ready, worker: str, until: int) -> dict[str, Any]:
    row = ready.candidate.row
    values = {
        "the": row.id,
        "expected": row.fence,
        "of_account": row.account,
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
    }


def _mine(tx: Tx, worker: str, ids: Collection[str]) -> set[str]:
    mine = sa.select(schema.delivery.c.id).where(
        schema.delivery.c.id.in_(list(ids)),
        schema.delivery.c.lease_owner == worker,
        schema.delivery.c.state == _SENDING,
    )
    return set(tx.execute(mine).scalars())


#: Before the attempt's values: the update would take "generation" for its own column.
_ITS = "its_"


@cache
def _mark_and_attempt(mark: sa.Update) -> sa.Insert:
    """Mark a delivery, and write its attempt where that was done. SQLite's WITH takes no writes."""
    taken = mark.returning(schema.delivery.c.id).cte("taken")
    columns = [column for column in schema.attempt.c if column.name not in ("ended_at", "outcome", "detail")]
    row = sa.select(*(sa.bindparam(_ITS + column.name, type_=column.type) for column in columns))
    attempt = sa.insert(schema.attempt).from_select(
        [column.name for column in columns], row.where(sa.exists(sa.select(taken.c.id)))
    )
    return attempt.execution_options(preserve_rowcount=True)


def _one_or_all(values: list[dict[str, Any]]) -> list[dict[str, Any]] | dict[str, Any]:
    return values if len(values) > 1 else values[0]
