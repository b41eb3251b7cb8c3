"""What may be claimed next: which accounts, and of each the oldest delivery that is due, with all that its check needs.

In: a transaction. Out: rows, read and (accounts) locked; nothing is written. However many accounts are claimed for, it is
one statement for the accounts and one for their deliveries.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from clarion.clock import moment
from clarion.model import Approval, State
from clarion.outbox import schema
from clarion.outbox.store import Tx

#: Literals, not parameters: PostgreSQL's plan for any value would lose the partial indexes.
_SCHEDULED: sa.ColumnElement[str] = sa.literal_column("'scheduled'")
_SENDING: sa.ColumnElement[str] = sa.literal_column("'sending'")

_Row = sa.Row[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A delivery with its post, and the approvals given for it."""

    row: _Row
    approvals: list[Approval]


def accounts(tx: Tx, names: Collection[str], limit: int) -> Sequence[_Row]:
    """Accounts that may send now and have something that may go, the longest waiting first, locked."""
    rows = tx.execute(_ACCOUNTS, {"now": tx.now, "names": list(names), "limit": limit}).all()
    return [row for row in rows if row.oldest is not None]


def of(tx: Tx, accounts: Sequence[_Row]) -> dict[int, Candidate]:
    """Account → its oldest claimable delivery, where that is still what it was when the account was chosen.

    The accounts' locks are held by now, and this is a statement of its own: it sees what others committed meanwhile.
    """
    return _by_id(tx, [account.oldest for account in accounts])


def next_of(tx: Tx, account: int) -> Candidate | None:
    """An account's oldest claimable delivery as it is now."""
    oldest = tx.execute(_AGAIN, {"now": tx.now, "account": account}).scalar()
    return _by_id(tx, [oldest]).get(account) if oldest else None


def _by_id(tx: Tx, deliveries: Sequence[str]) -> dict[int, Candidate]:
    if not deliveries:
        return {}
    rows = tx.execute(_CLAIMABLE, {"now": tx.now, "ids": list(deliveries)}).all()
    return {each.row.account: each for each in _grouped(rows)}


def claimed(tx: Tx, delivery: str, fence: int) -> Candidate | None:
    """The same for a delivery that was claimed; None when the claim is lost."""
    rows = tx.execute(_CLAIMED, {"id": delivery, "fence": fence}).all()
    return next(iter(_grouped(rows)), None)


def _grouped(rows: Sequence[_Row]) -> list[Candidate]:
    """One candidate per delivery, of rows that repeat it for each approval."""
    found: dict[str, Candidate] = {}
    for row in rows:
        candidate = found.setdefault(row.id, Candidate(row, []))
        if row.who is not None:
            candidate.approvals.append(
                Approval(
                    outbox_id=row.given_in,
                    post_id=row.post,
                    digest=row.given_for,
                    not_before=moment(row.given_from),
                    not_after=moment(row.given_until),
                    who=row.who,
                    at=moment(row.given_at),
                )
            )
    return list(found.values())


# ── the statements ────────────────────────────────────────────────────────────────────────────────────────────


_CANDIDATE = sa.select(
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
    schema.post.c.entry,
    schema.post.c.payload,
    schema.post.c.digest,
    schema.post.c.sensitive,
    schema.post.c.not_before,
    schema.post.c.not_after,
    schema.entry.c.author,
    schema.approval.c.outbox_id.label("given_in"),
    schema.approval.c.digest.label("given_for"),
    schema.approval.c.not_before.label("given_from"),
    schema.approval.c.not_after.label("given_until"),
    schema.approval.c.at.label("given_at"),
    schema.approval.c.who,
)
_with_its_post = (
    schema.delivery.join(schema.post, schema.post.c.id == schema.delivery.c.post)
    .join(schema.entry, schema.entry.c.number == schema.post.c.entry)
    .outerjoin(schema.approval, schema.approval.c.post == schema.post.c.id)
)
_before = schema.delivery.alias("before")
_busy = schema.delivery.alias("busy")
_NOW: sa.BindParameter[int] = sa.bindparam("now", type_=sa.BigInteger)


def _may_go(delivery: sa.FromClause) -> tuple[sa.ColumnElement[bool], ...]:
    """It is due, nobody wants it back, and the part before it is up."""
    before = (
        sa.select(_before.c.state)
        .where(_before.c.post == delivery.c.post, _before.c.part == delivery.c.part - 1)
        .scalar_subquery()
    )
    return (
        delivery.c.state == _SCHEDULED,
        delivery.c.due_at <= _NOW,
        ~delivery.c.recall_wanted,
        # Not an EXISTS, which PostgreSQL may answer by hashing every delivery that was ever sent.
        sa.or_(delivery.c.part == sa.literal_column("1"), before == State.SENT.value),
    )


def _oldest(account: sa.ColumnElement[int], column: str) -> sa.Select[Any]:
    due = schema.delivery.alias("due")
    return (
        sa.select(due.c[column])
        .where(due.c.account == account, *_may_go(due))
        .order_by(due.c.due_at, due.c.id)
        .limit(sa.literal_column("1"))
    )


_WHO = [
    schema.account.c[name]
    for name in ("id", "name", "network", "origin", "remote_id", "handle", "limits", "failures")
]


def _accounts_statement() -> sa.Select[Any]:
    """Accounts that may send now and have something that may go, the longest waiting first, locked."""
    account, delivery, pause = schema.account, schema.delivery, schema.pause
    since = _oldest(account.c.id, "due_at").scalar_subquery()
    paused = sa.exists().where(
        pause.c.scope.in_(["*", account.c.name]), sa.or_(pause.c.until.is_(None), pause.c.until > _NOW)
    )
    busy = sa.exists().where(delivery.c.account == account.c.id, delivery.c.state == _SENDING)
    return (
        sa.select(*_WHO, _oldest(account.c.id, "id").scalar_subquery().label("oldest"))
        .where(
            account.c.name.in_(sa.bindparam("names", expanding=True)),
            sa.or_(account.c.blocked_until.is_(None), account.c.blocked_until <= _NOW),
            ~paused,
            ~busy,
        )
        .order_by(
            since.nulls_last(), account.c.id
        )  # those without anything are left out later: asked twice costs more
        .limit(sa.bindparam("limit"))
        .with_for_update(skip_locked=True, of=account)
    )


_ACCOUNTS = _accounts_statement()
_AGAIN = _oldest(sa.bindparam("account", type_=sa.Integer), "id")
_CLAIMABLE = _CANDIDATE.select_from(_with_its_post).where(
    schema.delivery.c.id.in_(sa.bindparam("ids", expanding=True)),
    *_may_go(schema.delivery),
    ~sa.exists().where(_busy.c.account == schema.delivery.c.account, _busy.c.state == _SENDING),
)
_CLAIMED = _CANDIDATE.select_from(_with_its_post).where(
    schema.delivery.c.id == sa.bindparam("id"),
    schema.delivery.c.fence == sa.bindparam("fence"),
    schema.delivery.c.state == _SENDING,
)
