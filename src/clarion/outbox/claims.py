"""The claim: how a worker takes deliveries so that no other worker has them.

One delivery per account and transaction. Accounts are locked, then their oldest due delivery is checked (approval,
digest, predecessor), admitted by the rate limits and marked `sending` with a new fence and a lease, and the attempt is
written; all of it is one commit. The intent is the last commit before the one unsafe request: from it on, a worker that
dies leaves a delivery in doubt; before it, the delivery was certainly not created. Where nothing must be uploaded
first, claim and intent are one commit.

Every UPDATE here names the state and the fence it expects, because on PostgreSQL others write between a SELECT and it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import msgspec
import sqlalchemy as sa

from clarion import approval
from clarion.clock import micros, moment
from clarion.digest import digest_of, restore
from clarion.model import ApprovalPolicy, Delivery, Part, Payload, Receipt, Staged, State
from clarion.outbox import schema
from clarion.outbox.accounts import restored as restored_account
from clarion.outbox.posts import restored_approval, restored_receipt
from clarion.outbox.spending import Window, admit
from clarion.outbox.store import Tx

_MICROSECOND = timedelta(microseconds=1)
#: How many deliveries of one account a claim puts aside before it leaves the rest to the next.
_DEPTH = 50
#: How far before its first intent a delivery's namesakes on the network may be another delivery's.
_NAMESAKES = timedelta(days=1)
#: Bound as literals, not parameters: PostgreSQL's generic plan would lose the partial indexes.
_SCHEDULED: sa.ColumnElement[str] = sa.literal_column("'scheduled'")
_SENDING: sa.ColumnElement[str] = sa.literal_column("'sending'")
_IN_DOUBT: sa.ColumnElement[str] = sa.literal_column("'in_doubt'")

_Row = sa.Row[tuple[object, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A delivery that this worker alone may send, or look for, until its lease ends."""

    delivery: Delivery
    fence: int
    intended: bool = False
    backoffs: int = 0
    looks: int = 0
    doubtful: bool = False  # claimed to look for it, not to send it
    failures: int = 0  # of its account, in a row, when it was claimed


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a claim is made under: plain values, so that the outbox knows neither campaign nor network."""

    outbox_id: str
    worker: str
    lease: timedelta
    policy: ApprovalPolicy
    accounts: Collection[str]
    windows: Mapping[str, Sequence[Window]] = field(default_factory=dict)  # network → its limits


class Withheld(Exception):
    """Between claim and intent something changed: this delivery must not go out now."""


def claim(tx: Tx, terms: Terms, limit: int) -> list[Claim]:
    """Take the oldest claimable delivery of up to `limit` accounts."""
    if limit <= 0:
        return []
    taken = []
    for account in tx.execute(
        _ACCOUNTS, {"now": tx.now, "names": list(terms.accounts), "limit": limit}
    ).all():
        found = _first_claimable(tx, terms, account)
        if found is not None:
            taken.append(found)
    return taken


def intend(tx: Tx, terms: Terms, claimed: Claim, staged: Staged) -> Claim:
    """Write the intent and renew the lease. Raises Withheld when the claim is lost, paused, recalled or voided."""
    delivery = schema.delivery
    row = tx.execute(_CLAIMED, {"id": claimed.delivery.id, "fence": claimed.fence}).first()
    if row is None:
        raise Withheld("another worker has it")
    if row.recall_wanted:
        raise Withheld("it is to be recalled")
    if tx.execute(_PAUSED, {"scope": claimed.delivery.account.name, "now": tx.now}).first():
        raise Withheld("publishing is paused")
    why_not = _objection(tx, terms, row)
    if why_not is not None:
        raise Withheld(why_not)
    written = tx.execute(
        sa.update(delivery)
        .where(delivery.c.id == row.id, delivery.c.fence == claimed.fence, delivery.c.state == _SENDING)
        .values(
            first_intent_at=sa.func.coalesce(delivery.c.first_intent_at, tx.now),
            lapses_at=None,
            lease_until=tx.now + terms.lease // _MICROSECOND,
            staged=msgspec.json.encode({"handles": staged.handles, "thumb": staged.thumb}).decode(),
            staged_until=None if staged.expires_at is None else micros(staged.expires_at),
        ),
    )
    if written.rowcount != 1:
        raise Withheld("another worker has it")
    attempt = schema.attempt
    tx.execute(
        sa.update(attempt)
        .where(attempt.c.delivery == row.id, attempt.c.fence == claimed.fence)
        .values(intent_at=tx.now),
    )
    intended = replace(claimed.delivery, first_intent_at=moment(row.first_intent_at or tx.now))
    return replace(claimed, delivery=intended, intended=True)


def claim_looks(tx: Tx, terms: Terms, limit: int, patience: timedelta) -> list[Claim]:
    """Take deliveries in doubt whose time to look has come; nobody else looks for `patience`."""
    soonest = tx.execute(_SOONEST_LOOK).scalar() if limit > 0 else None
    if soonest is None or soonest > tx.now:
        return []
    delivery = schema.delivery
    taken = []
    for row in tx.execute(_LOOKS, {"now": tx.now, "names": list(terms.accounts), "limit": limit}).all():
        held = tx.execute(
            sa.update(delivery)
            .where(delivery.c.id == row.id, delivery.c.fence == row.fence, delivery.c.state == _IN_DOUBT)
            .values(fence=row.fence + 1, looks=row.looks + 1, look_at=tx.now + patience // _MICROSECOND),
        )
        if held.rowcount != 1:
            continue
        account = tx.execute(sa.select(schema.account).where(schema.account.c.id == row.account)).one()
        post = tx.execute(
            sa.select(schema.post.c.payload, schema.post.c.created_at, schema.post.c.entry).where(
                schema.post.c.id == row.post
            )
        ).one()
        looked_for = _delivery(
            tx,
            terms,
            row,
            account,
            restore(bytes(post.payload)),
            entry=post.entry,
            others=_others(tx, row, post.created_at),
        )
        if row.intent_lost and row.first_intent_at is None:
            looked_for = replace(looked_for, first_intent_at=moment(post.created_at))
        taken.append(
            Claim(
                delivery=looked_for,
                fence=row.fence + 1,
                looks=row.looks,
                doubtful=True,
                failures=account.failures,
            )
        )
    return taken


def next_look(tx: Tx, deliveries: Collection[str]) -> int | None:
    """The next moment (microseconds) at which one of these, in doubt, may be looked for: not while its account is closed."""
    delivery, account = schema.delivery, schema.account
    may_look = sa.case(
        (account.c.blocked_until > delivery.c.look_at, account.c.blocked_until), else_=delivery.c.look_at
    )
    soonest = (
        sa.select(sa.func.min(may_look))
        .join(account, account.c.id == delivery.c.account)
        .where(
            delivery.c.state == _IN_DOUBT,
            delivery.c.look_at.is_not(None),
            delivery.c.id.in_(list(deliveries)),
        )
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
# The account's lock is held by now, so that this sees what others committed while it was waited for.
_CANDIDATE = (
    sa.select(
        schema.delivery,
        schema.post.c.entry,
        schema.post.c.payload,
        schema.post.c.digest,
        schema.post.c.sensitive,
        schema.post.c.not_before,
        schema.post.c.not_after,
        schema.entry.c.author,
    )
    .join(schema.post, schema.post.c.id == schema.delivery.c.post)
    .join(schema.entry, schema.entry.c.number == schema.post.c.entry)
)
_busy = schema.delivery.alias("busy")
_before = schema.delivery.alias("before")
_FIRST = (
    _CANDIDATE.where(
        schema.delivery.c.account == sa.bindparam("account"),
        schema.delivery.c.state == _SCHEDULED,
        schema.delivery.c.due_at <= sa.bindparam("now"),
        ~schema.delivery.c.recall_wanted,
        ~sa.exists().where(_busy.c.account == sa.bindparam("account"), _busy.c.state == _SENDING),
        sa.or_(
            schema.delivery.c.part == 1,
            # Not an EXISTS, which PostgreSQL may answer by hashing every delivery that was ever sent.
            sa.select(_before.c.state)
            .where(_before.c.post == schema.delivery.c.post, _before.c.part == schema.delivery.c.part - 1)
            .scalar_subquery()
            == State.SENT.value,
        ),
    )
    .order_by(schema.delivery.c.due_at, schema.delivery.c.id)
    .limit(sa.literal_column("1"))
)
_CLAIMED = _CANDIDATE.where(
    schema.delivery.c.id == sa.bindparam("id"),
    schema.delivery.c.fence == sa.bindparam("fence"),
    schema.delivery.c.state == _SENDING,
)
_SOONEST_LOOK = sa.select(sa.func.min(schema.delivery.c.look_at)).where(schema.delivery.c.state == _IN_DOUBT)
_LOOKS = (
    sa.select(schema.delivery)
    .join(schema.account, schema.account.c.id == schema.delivery.c.account)
    .where(
        schema.delivery.c.state == _IN_DOUBT,
        schema.delivery.c.look_at <= sa.bindparam("now"),
        schema.account.c.name.in_(sa.bindparam("names", expanding=True)),
        sa.or_(
            schema.account.c.blocked_until.is_(None), schema.account.c.blocked_until <= sa.bindparam("now")
        ),
    )
    .order_by(schema.delivery.c.look_at)
    .limit(sa.bindparam("limit"))
    .with_for_update(skip_locked=True, of=schema.delivery)
)
_PAUSED = sa.select(schema.pause.c.scope).where(
    schema.pause.c.scope.in_(["*", sa.bindparam("scope")]),
    sa.or_(schema.pause.c.until.is_(None), schema.pause.c.until > sa.bindparam("now")),
)
_APPROVALS = sa.select(schema.approval).where(schema.approval.c.post == sa.bindparam("post"))

_TAKE = (
    sa.update(schema.delivery)
    .where(
        schema.delivery.c.id == sa.bindparam("the"),
        schema.delivery.c.fence == sa.bindparam("expected"),
        schema.delivery.c.state == _SCHEDULED,
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


# ── the steps ─────────────────────────────────────────────────────────────────────────────────────────────────


def _first_claimable(tx: Tx, terms: Terms, account: _Row) -> Claim | None:
    for _ in range(_DEPTH):
        row = tx.execute(_FIRST, {"account": account.id, "now": tx.now}).first()
        if row is None:
            return None
        why_not = _objection(tx, terms, row)
        if why_not is None:
            return _take(tx, terms, row, account)
        _hold(tx, row.post, why_not)
    return None


def _objection(tx: Tx, terms: Terms, row: _Row) -> str | None:
    """Why this delivery must wait for people, or None. An approval binds part 1's first intent, then covers the rest."""
    if digest_of(bytes(row.payload)) != row.digest:
        return "what is stored is not what was approved"
    begun = row.part > 1 or row.first_intent_at is not None
    given = tx.execute(_APPROVALS, {"post": row.post}).all()
    covered = approval.covers(
        outbox_id=terms.outbox_id,
        post_id=row.post,
        digest=row.digest,
        approvals=[restored_approval(each) for each in given],
        policy=terms.policy,
        author=row.author,
        sensitive=row.sensitive,
        at=moment(min(max(tx.now, row.not_before), row.not_after) if begun else tx.now),
    )
    return None if covered else "no approval covers it at this time"


def _take(tx: Tx, terms: Terms, row: _Row, account: _Row) -> Claim | None:
    payload = restore(bytes(row.payload))
    part = payload.parts[row.part - 1]
    room_at = admit(tx, account.network, account.name, terms.windows.get(account.network, ()), _uploads(part))
    if room_at is not None:
        _wait(tx, account.id, room_at)
        return None
    intended = not _uploads(part)
    held = tx.execute(
        _TAKE_AND_INTEND if intended else _TAKE,
        {
            "the": row.id,
            "expected": row.fence,
            "worker": terms.worker,
            "until": tx.now + terms.lease // _MICROSECOND,
            **({"intent": row.first_intent_at or tx.now} if intended else {}),
        },
    )
    if held.rowcount != 1:
        return None
    tx.execute(
        _ATTEMPT,
        {
            "delivery": row.id,
            "fence": row.fence + 1,
            "generation": row.generation,
            "worker": terms.worker,
            "started_at": tx.now,
            "intent_at": tx.now if intended else None,
        },
    )
    taken = _delivery(tx, terms, row, account, payload, entry=row.entry)
    if intended and taken.first_intent_at is None:
        taken = replace(taken, first_intent_at=tx.at)
    return Claim(
        delivery=taken,
        fence=row.fence + 1,
        intended=intended,
        backoffs=row.backoffs,
        failures=account.failures,
    )


def _uploads(part: Part) -> int:
    """How many images must be uploaded before the part can be sent; a link card's counts."""
    return len(part.media) + bool(part.card and part.card.thumb)


def _wait(tx: Tx, account: int, until: int) -> None:
    """Close an account that has spent what its network allows, so that it wakes nobody before there is room."""
    tx.execute(
        sa.update(schema.account)
        .where(schema.account.c.id == account)
        .values(blocked_until=until, blocked_reason="as many as its network allows in that time"),
    )


def _hold(tx: Tx, post: str, reason: str) -> None:
    """Put a whole post back before people; its earlier parts may be up already."""
    tx.execute(
        sa.update(schema.delivery)
        .where(schema.delivery.c.post == post, schema.delivery.c.state == _SCHEDULED)
        .values(state=State.PENDING.value, reason=reason),
    )


def _delivery(
    tx: Tx,
    terms: Terms,
    row: _Row,
    account: _Row,
    payload: Payload,
    *,
    entry: int,
    others: frozenset[str] = frozenset(),
) -> Delivery:
    root, parent = _receipts(tx, row.post, row.part)
    return Delivery(
        id=row.id,
        outbox_id=terms.outbox_id,
        post_id=row.post,
        entry=entry,
        part=row.part,
        account=restored_account(account),
        payload=payload,
        generation=row.generation,
        first_intent_at=row.first_intent_at and moment(row.first_intent_at),
        root=root,
        parent=parent,
        tried=row.first_intent_at is not None,
        intent_lost=row.intent_lost,
        others=others,
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


def _others(tx: Tx, row: _Row, queued_at: int) -> frozenset[str]:
    """What the network calls other deliveries of this account: a look must not take one of them for this one."""
    since = (row.first_intent_at or queued_at) - _NAMESAKES // _MICROSECOND
    stored = tx.execute(
        sa.select(schema.delivery.c.remote_id).where(
            schema.delivery.c.account == row.account,
            schema.delivery.c.id != row.id,
            schema.delivery.c.remote_id.is_not(None),
            schema.delivery.c.sent_at >= since,
        ),
    ).scalars()
    return frozenset(str(each) for each in stored)
