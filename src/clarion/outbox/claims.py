"""The claim: how a worker takes deliveries so that no other worker has them.

One delivery per account and transaction. Accounts are locked, then their oldest due delivery is checked (approval,
digest, predecessor), marked `sending` with a new fence and a lease, and the attempt is written; all of it is one
commit. `intend` is the second commit, just before the one unsafe request: from it on, a worker that dies leaves a
delivery in doubt; before it, the delivery was certainly not created.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta

import msgspec
import sqlalchemy as sa

from clarion import approval
from clarion.clock import moment
from clarion.digest import digest_of, restore
from clarion.model import ApprovalPolicy, Delivery, Receipt, Staged, State
from clarion.outbox import schema
from clarion.outbox.accounts import restored as restored_account
from clarion.outbox.posts import restored_approval, restored_receipt
from clarion.outbox.store import Tx

_MICROSECOND = timedelta(microseconds=1)
#: How many deliveries of one account a claim looks at before it leaves the rest to the next.
_DEPTH = 50
#: Bound as literals, not parameters: PostgreSQL's generic plan would lose the partial indexes.
_PENDING: sa.ColumnElement[str] = sa.literal_column("'pending'")
_SCHEDULED: sa.ColumnElement[str] = sa.literal_column("'scheduled'")
_SENDING: sa.ColumnElement[str] = sa.literal_column("'sending'")
_IN_DOUBT: sa.ColumnElement[str] = sa.literal_column("'in_doubt'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A delivery that this worker alone may send until its lease ends."""

    delivery: Delivery
    fence: int
    intended: bool = False
    backoffs: int = 0
    looks: int = 0
    doubtful: bool = False  # claimed to look for it, not to send it


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a claim is made under: plain values, so that the outbox knows neither campaign nor network."""

    outbox_id: str
    worker: str
    lease: timedelta
    policy: ApprovalPolicy
    accounts: Collection[str]


class Withheld(Exception):
    """Between claim and intent something changed: this delivery must not go out now."""


def claim(tx: Tx, terms: Terms, limit: int) -> list[Claim]:
    """Take the oldest claimable delivery of up to `limit` accounts."""
    taken = []
    for account in tx.execute(
        _ACCOUNTS, {"now": tx.now, "names": list(terms.accounts), "limit": limit}
    ).all():
        found = _first_claimable(tx, terms, account)
        if found is not None:
            taken.append(found)
    return taken


def intend(tx: Tx, claimed: Claim, staged: Staged, lease: timedelta) -> Claim:
    """Write the intent and renew the lease. Raises Withheld when the claim is lost, paused or recalled."""
    delivery = schema.delivery
    row = tx.execute(
        sa.select(delivery).where(
            delivery.c.id == claimed.delivery.id,
            delivery.c.fence == claimed.fence,
            delivery.c.state == _SENDING,
        ),
    ).first()
    if row is None:
        raise Withheld("another worker has it")
    if row.recall_wanted:
        raise Withheld("it is to be recalled")
    if tx.execute(_PAUSED, {"scope": claimed.delivery.account.name, "now": tx.now}).first():
        raise Withheld("publishing is paused")
    tx.execute(
        sa.update(delivery)
        .where(delivery.c.id == row.id)
        .values(
            first_intent_at=sa.func.coalesce(delivery.c.first_intent_at, tx.now),
            lapses_at=None,
            lease_until=tx.now + lease // _MICROSECOND,
            staged=msgspec.json.encode({"handles": staged.handles, "thumb": staged.thumb}).decode(),
        ),
    )
    _mark_intent(tx, row.id, claimed.fence)
    intended = replace(claimed.delivery, first_intent_at=moment(row.first_intent_at or tx.now))
    return replace(claimed, delivery=intended, intended=True)


def claim_looks(tx: Tx, terms: Terms, limit: int, patience: timedelta) -> list[Claim]:
    """Take deliveries in doubt whose time to look has come; nobody else looks for `patience`."""
    delivery = schema.delivery
    due = (
        sa.select(delivery)
        .where(delivery.c.state == _IN_DOUBT, delivery.c.look_at <= tx.now)
        .order_by(delivery.c.look_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = []
    for row in tx.execute(due).all():
        account = tx.execute(sa.select(schema.account).where(schema.account.c.id == row.account)).one()
        if account.name not in terms.accounts:
            continue
        tx.execute(
            sa.update(delivery)
            .where(delivery.c.id == row.id)
            .values(fence=row.fence + 1, looks=row.looks + 1, look_at=tx.now + patience // _MICROSECOND),
        )
        taken.append(
            Claim(
                delivery=_delivery(tx, terms, row, account),
                fence=row.fence + 1,
                looks=row.looks,
                doubtful=True,
            ),
        )
    return taken


def tend(tx: Tx) -> int:
    """Expire what is too late and free what dead workers held; how many rows changed."""
    return _expire(tx) + _rescue(tx)


def next_look(tx: Tx, deliveries: Collection[str]) -> int | None:
    """The next moment (microseconds) at which one of these, in doubt, is to be looked for."""
    delivery = schema.delivery
    soonest = sa.select(sa.func.min(delivery.c.look_at)).where(
        delivery.c.state == _IN_DOUBT, delivery.c.id.in_(list(deliveries))
    )
    return tx.execute(soonest).scalar()


# ── the statements ────────────────────────────────────────────────────────────────────────────────────────────


def _accounts_statement() -> sa.Select[tuple[object, ...]]:
    """Accounts that may send now and have something due, the longest waiting first, locked."""
    account, delivery, pause = schema.account, schema.delivery, schema.pause
    now = sa.bindparam("now", type_=sa.BigInteger)
    oldest = (
        sa.select(sa.func.min(delivery.c.due_at))
        .where(delivery.c.account == account.c.id, delivery.c.state == _SCHEDULED, delivery.c.due_at <= now)
        .scalar_subquery()
    )
    paused = sa.exists().where(
        pause.c.scope.in_(["*", account.c.name]), sa.or_(pause.c.until.is_(None), pause.c.until > now)
    )
    busy = sa.exists().where(delivery.c.account == account.c.id, delivery.c.state == _SENDING)
    return (
        sa.select(account)
        .where(
            account.c.name.in_(sa.bindparam("names", expanding=True)),
            sa.or_(account.c.blocked_until.is_(None), account.c.blocked_until <= now),
            ~paused,
            ~busy,
            oldest.is_not(None),
        )
        .order_by(oldest, account.c.id)
        .limit(sa.bindparam("limit"))
        .with_for_update(skip_locked=True, of=account)
    )


_ACCOUNTS = _accounts_statement()
_CANDIDATES = (
    sa.select(schema.delivery)
    .where(
        schema.delivery.c.account == sa.bindparam("account"),
        schema.delivery.c.state == _SCHEDULED,
        schema.delivery.c.due_at <= sa.bindparam("now"),
    )
    .order_by(schema.delivery.c.due_at, schema.delivery.c.id)
    .limit(_DEPTH)
)
_PAUSED = sa.select(schema.pause.c.scope).where(
    schema.pause.c.scope.in_(["*", sa.bindparam("scope")]),
    sa.or_(schema.pause.c.until.is_(None), schema.pause.c.until > sa.bindparam("now")),
)
_POST = (
    sa.select(schema.post, schema.entry.c.author)
    .join(schema.entry, schema.entry.c.number == schema.post.c.entry)
    .where(schema.post.c.id == sa.bindparam("post"))
)


# ── the steps ─────────────────────────────────────────────────────────────────────────────────────────────────


def _first_claimable(tx: Tx, terms: Terms, account: sa.Row[tuple[object, ...]]) -> Claim | None:
    for row in tx.execute(_CANDIDATES, {"account": account.id, "now": tx.now}):
        post = tx.execute(_POST, {"post": row.post}).one()
        why_not = _objection(tx, terms, row, post)
        if why_not is None:
            return _take(tx, terms, row, account)
        _hold(tx, row.post, why_not)
    return None


def _objection(
    tx: Tx, terms: Terms, row: sa.Row[tuple[object, ...]], post: sa.Row[tuple[object, ...]]
) -> str | None:
    """Why this delivery must wait for people, or None. An approval binds part 1's first intent, then covers the rest."""
    if digest_of(bytes(post.payload)) != post.digest:
        return "what is stored is not what was approved"
    if row.part > 1 or row.first_intent_at is not None:
        at = min(max(tx.now, post.not_before), post.not_after)
    else:
        at = tx.now
    given = tx.execute(sa.select(schema.approval).where(schema.approval.c.post == post.id))
    covered = approval.covers(
        outbox_id=terms.outbox_id,
        post_id=post.id,
        digest=post.digest,
        approvals=[restored_approval(each) for each in given],
        policy=terms.policy,
        author=post.author,
        sensitive=post.sensitive,
        at=moment(at),
    )
    return None if covered else "no approval covers it at this time"


def _take(
    tx: Tx, terms: Terms, row: sa.Row[tuple[object, ...]], account: sa.Row[tuple[object, ...]]
) -> Claim:
    fence = row.fence + 1
    tx.execute(
        sa.update(schema.delivery)
        .where(schema.delivery.c.id == row.id)
        .values(
            state=State.SENDING.value,
            reason=None,
            fence=fence,
            lease_owner=terms.worker,
            lease_until=tx.now + terms.lease // _MICROSECOND,
        ),
    )
    tx.execute(
        sa.insert(schema.attempt).values(
            delivery=row.id, fence=fence, generation=row.generation, worker=terms.worker, started_at=tx.now
        ),
    )
    return Claim(delivery=_delivery(tx, terms, row, account), fence=fence, backoffs=row.backoffs)


def _hold(tx: Tx, post: str, reason: str) -> None:
    """Put a whole post back before people; its earlier parts may be up already."""
    tx.execute(
        sa.update(schema.delivery)
        .where(schema.delivery.c.post == post, schema.delivery.c.state == _SCHEDULED)
        .values(state=State.PENDING.value, reason=reason),
    )


def _delivery(
    tx: Tx, terms: Terms, row: sa.Row[tuple[object, ...]], account: sa.Row[tuple[object, ...]]
) -> Delivery:
    payload = tx.execute(sa.select(schema.post.c.payload).where(schema.post.c.id == row.post)).scalar_one()
    root, parent = _receipts(tx, row.post, row.part)
    return Delivery(
        id=row.id,
        outbox_id=terms.outbox_id,
        post_id=row.post,
        part=row.part,
        account=restored_account(account),
        payload=restore(bytes(payload)),
        generation=row.generation,
        first_intent_at=row.first_intent_at and moment(row.first_intent_at),
        root=root,
        parent=parent,
        tried=row.first_intent_at is not None,
    )


def _receipts(tx: Tx, post: str, part: int) -> tuple[Receipt | None, Receipt | None]:
    """What part 1 and part k-1 are called on the network."""
    if part == 1:
        return None, None
    rows = tx.execute(
        sa.select(schema.delivery.c.part, schema.delivery.c.receipt).where(
            schema.delivery.c.post == post, schema.delivery.c.part.in_([1, part - 1])
        ),
    )
    receipts = {row.part: restored_receipt(row.receipt) for row in rows}
    return receipts[1], receipts[part - 1]


def _mark_intent(tx: Tx, delivery: str, fence: int) -> None:
    attempt = schema.attempt
    tx.execute(
        sa.update(attempt)
        .where(attempt.c.delivery == delivery, attempt.c.fence == fence)
        .values(intent_at=tx.now),
    )


def _expire(tx: Tx) -> int:
    delivery = schema.delivery
    late = sa.select(delivery.c.post).where(
        delivery.c.state.in_([_PENDING, _SCHEDULED]), delivery.c.lapses_at <= tx.now
    )
    posts = list(tx.execute(late).scalars())
    if posts:
        tx.execute(
            sa.update(delivery)
            .where(
                delivery.c.post.in_(posts), delivery.c.state.in_([State.PENDING.value, State.SCHEDULED.value])
            )
            .values(state=State.EXPIRED.value, reason="its time passed before it could go out"),
        )
    return len(posts)


def _rescue(tx: Tx) -> int:
    """Deliveries whose worker died: in doubt after an intent, free again before one."""
    delivery, attempt = schema.delivery, schema.attempt
    lapsed = tx.execute(
        sa.select(delivery.c.id, delivery.c.fence, attempt.c.intent_at)
        .join(attempt, sa.and_(attempt.c.delivery == delivery.c.id, attempt.c.fence == delivery.c.fence))
        .where(delivery.c.state == _SENDING, delivery.c.lease_until <= tx.now),
    ).all()
    for row in lapsed:
        unknown = row.intent_at is not None
        tx.execute(
            sa.update(delivery)
            .where(delivery.c.id == row.id)
            .values(
                state=(State.IN_DOUBT if unknown else State.SCHEDULED).value,
                reason="its worker stopped after the request may have gone out" if unknown else None,
                look_at=tx.now if unknown else None,
                looks=0,
                lease_owner=None,
                lease_until=None,
            ),
        )
        tx.execute(
            sa.update(attempt)
            .where(attempt.c.delivery == row.id, attempt.c.fence == row.fence)
            .values(ended_at=tx.now, outcome="unknown" if unknown else "released", detail="lease lapsed"),
        )
    return len(lapsed)
