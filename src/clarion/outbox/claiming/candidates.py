"""What may be claimed next: which accounts, and of each the oldest delivery that is due, with all that its check needs.

In: a transaction. Out: candidates, with their accounts locked; nothing is written. However many accounts are claimed for,
it is one statement. It may have begun before the accounts were locked, so what it read is only likely: whoever takes a
candidate asks again (`taking.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from clarion.model import Account, Approval, State
from clarion.outbox import schema
from clarion.outbox.accounts import restored
from clarion.outbox.among import among, listed
from clarion.outbox.blocks import blocked_in
from clarion.outbox.entries.views import restored_approval
from clarion.outbox.states import SCHEDULED, SENDING
from clarion.outbox.store import Tx

_Row = sa.Row[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A delivery with its post (both in `row`), its account, and the approvals given for it."""

    row: _Row
    account: Account
    approvals: list[Approval]


def oldest(tx: Tx, names: Collection[str], limit: int) -> list[Candidate]:
    """Of up to `limit` accounts that may send now, the longest waiting first, the oldest delivery that may go."""
    if limit <= 0:
        return []
    return _grouped(
        tx.execute(_OLDEST, {"now": tx.now, "names": listed(tx.connection, names), "limit": limit}).all()
    )


def next_of(tx: Tx, account: int) -> Candidate | None:
    """The oldest of one account, which the caller has locked, as it is now."""
    return _first(tx, _NEXT, {"now": tx.now, "account": account})


def claimed(tx: Tx, delivery: str, fence: int) -> Candidate | None:
    """The same for a delivery that was claimed; None when the claim is lost."""
    return _first(tx, _CLAIMED, {"id": delivery, "fence": fence})


def _first(tx: Tx, statement: sa.Select[Any], values: dict[str, Any]) -> Candidate | None:
    return next(iter(_grouped(tx.execute(statement, values).all())), None)


def _grouped(rows: Sequence[_Row]) -> list[Candidate]:
    """One candidate per delivery, of rows that repeat it for each approval."""
    found: dict[str, Candidate] = {}
    for row in rows:
        candidate = found.get(row.id)
        if candidate is None:
            candidate = found[row.id] = Candidate(row, restored(_among(row, _ITS, _ACCOUNT)), [])
        if row.given_who is not None:
            candidate.approvals.append(restored_approval(_among(row, _GIVEN, _APPROVAL)))
    return list(found.values())


def _among(row: _Row, prefix: str, names: Sequence[str]) -> SimpleNamespace:
    """Those columns of a row that has more, by their own names."""
    return SimpleNamespace(**{name: getattr(row, prefix + name) for name in names})


# ── the statements ────────────────────────────────────────────────────────────────────────────────────────────


#: What an account is restored from, and how often in a row it was not to be had.
_ACCOUNT = ("name", "network", "origin", "remote_id", "handle", "limits", "failures")
#: What an approval is restored from.
_APPROVAL = ("outbox_id", "post", "digest", "not_before", "not_after", "who", "at")
#: Before an account's columns and an approval's, in a row that has more.
_ITS, _GIVEN = "account_", "given_"
_COLUMNS = (
    schema.delivery.c.id,
    schema.delivery.c.post,
    schema.delivery.c.account,
    schema.delivery.c.part,
    schema.delivery.c.generation,
    schema.delivery.c.first_intent_at,
    schema.delivery.c.fence,
    schema.delivery.c.backoffs,
    schema.delivery.c.intent_lost,
    schema.delivery.c.recall_wanted,
    schema.delivery.c.cancel_wanted,
    schema.delivery.c.lapses_at,
    schema.delivery.c.reason,
    schema.post.c.entry,
    schema.post.c.payload,
    schema.post.c.digest,
    schema.post.c.sensitive,
    schema.post.c.language,
    schema.post.c.used,
    blocked_in(schema.post.c.used).label("blocked"),
    schema.post.c.not_before,
    schema.post.c.not_after,
    schema.post.c.day,
    schema.post.c.answers,
    schema.post.c.replaces,
    schema.entry.c.author,
    schema.entry.c.because,
    *(schema.approval.c[name].label(_GIVEN + name) for name in _APPROVAL),
)
_before = schema.delivery.alias("before")
_busy = schema.delivery.alias("busy")
_NOW: sa.BindParameter[int] = sa.bindparam("now", type_=sa.BigInteger)


def may_go(delivery: sa.FromClause) -> tuple[sa.ColumnElement[bool], ...]:
    """It is due and not too late, nobody wants it back, and the part before it is up."""
    before = (
        sa.select(_before.c.state)
        .where(_before.c.post == delivery.c.post, _before.c.part == delivery.c.part - 1)
        .scalar_subquery()
    )
    return (
        delivery.c.state == SCHEDULED,
        delivery.c.due_at <= _NOW,
        sa.or_(delivery.c.lapses_at.is_(None), delivery.c.lapses_at > _NOW),
        ~delivery.c.recall_wanted,
        ~delivery.c.cancel_wanted,
        # Not an EXISTS, which PostgreSQL may answer by hashing every delivery that was ever sent.
        sa.or_(delivery.c.part == sa.literal_column("1"), before == State.SENT.value),
    )


def _oldest(account: sa.ColumnElement[int], column: str) -> sa.ScalarSelect[Any]:
    due = schema.delivery.alias("due")
    return (
        sa.select(due.c[column])
        .where(due.c.account == account, *may_go(due))
        .order_by(due.c.due_at, due.c.id)
        .limit(sa.literal_column("1"))
        .scalar_subquery()
    )


_account_columns = [schema.account.c[name].label(_ITS + name) for name in _ACCOUNT]


def _of(deliveries: sa.FromClause, account: Sequence[sa.ColumnElement[Any]]) -> sa.Select[Any]:
    """Deliveries, with all that a candidate has."""
    return sa.select(*_COLUMNS, *account).select_from(
        deliveries.join(schema.post, schema.post.c.id == schema.delivery.c.post)
        .join(schema.entry, schema.entry.c.number == schema.post.c.entry)
        .outerjoin(schema.approval, schema.approval.c.post == schema.post.c.id)
    )


def _oldest_statement() -> sa.Select[Any]:
    """Accounts that may send now and have something that may go, locked; and those deliveries.

    The lock stands in a subquery of its own, because a delivery comes once for each of its approvals.
    """
    account, delivery, pause = schema.account, schema.delivery, schema.pause
    paused = sa.exists().where(
        pause.c.scope.in_(["*", account.c.name]), sa.or_(pause.c.until.is_(None), pause.c.until > _NOW)
    )
    busy = sa.exists().where(_busy.c.account == account.c.id, _busy.c.state == SENDING)
    chosen = (
        # Not a join with the oldest, for which PostgreSQL may read all deliveries there are.
        sa.select(*_account_columns, _oldest(account.c.id, "id").label("oldest"))
        .where(
            among(account.c.name, sa.bindparam("names")),
            sa.or_(account.c.blocked_until.is_(None), account.c.blocked_until <= _NOW),
            ~paused,
            ~busy,
        )
        # Accounts that have none come last and are left out below: to ask that here would be to look for it again.
        .order_by(_oldest(account.c.id, "due_at").nulls_last(), account.c.id)
        .limit(sa.bindparam("limit"))
        # Its key stays: whoever takes a delivery of it back may go on, and is not waited for.
        .with_for_update(skip_locked=True, of=account, key_share=True)
        .cte("chosen")
    )
    theirs = chosen.join(delivery, delivery.c.id == chosen.c.oldest)
    which = [chosen.c[_ITS + name] for name in _ACCOUNT]
    return _of(theirs, which).order_by(delivery.c.due_at, delivery.c.account)


_with_its_account = schema.delivery.join(schema.account, schema.account.c.id == schema.delivery.c.account)
_OLDEST = _oldest_statement()
_NEXT = _of(_with_its_account, _account_columns).where(
    schema.delivery.c.id == _oldest(sa.bindparam("account", type_=sa.Integer), "id")
)
_CLAIMED = _of(_with_its_account, _account_columns).where(
    schema.delivery.c.id == sa.bindparam("id"),
    schema.delivery.c.fence == sa.bindparam("fence"),
    schema.delivery.c.state == SENDING,
)
