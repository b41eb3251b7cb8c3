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
from clarion.outbox import candidates, schema
from clarion.outbox.accounts import restored as restored_account
from clarion.outbox.candidates import Candidate
from clarion.outbox.posts import restored_receipt
from clarion.outbox.spending import Window, admit
from clarion.outbox.store import Tx

_MICROSECOND = timedelta(microseconds=1)
#: How many deliveries of one account a claim puts aside before it leaves the rest to the next.
_DEPTH = 50
#: Bound as literals, not parameters: PostgreSQL's generic plan would lose the partial indexes.
_SCHEDULED: sa.ColumnElement[str] = sa.literal_column("'scheduled'")
_SENDING: sa.ColumnElement[str] = sa.literal_column("'sending'")

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
    unread: Receipt | None = None  # claimed to read back what this says is up
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
    accounts = candidates.accounts(tx, terms.accounts, limit) if limit > 0 else []
    found = candidates.of(tx, accounts)
    ready = [
        _first_ready(tx, terms, account, found.get(account.id) or candidates.next_of(tx, account.id))
        for account in accounts
    ]
    return _take(tx, terms, [each for each in ready if each is not None])


def intend(tx: Tx, terms: Terms, claimed: Claim, staged: Staged) -> Claim:
    """Write the intent and renew the lease. Raises Withheld when the claim is lost, paused, recalled or voided."""
    delivery = schema.delivery
    candidate = candidates.claimed(tx, claimed.delivery.id, claimed.fence)
    if candidate is None:
        raise Withheld("another worker has it")
    row = candidate.row
    if row.recall_wanted:
        raise Withheld("it is to be recalled")
    if tx.execute(_PAUSED, {"scope": claimed.delivery.account.name, "now": tx.now}).first():
        raise Withheld("publishing is paused")
    why_not = _objection(tx, terms, candidate)
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


# ── the statements ────────────────────────────────────────────────────────────────────────────────────────────


_PAUSED = sa.select(schema.pause.c.scope).where(
    schema.pause.c.scope.in_(["*", sa.bindparam("scope")]),
    sa.or_(schema.pause.c.until.is_(None), schema.pause.c.until > sa.bindparam("now")),
)
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


@dataclass(frozen=True, slots=True)
class _Ready:
    """A delivery that nothing speaks against, admitted and paid for."""

    row: _Row
    account: _Row
    payload: Payload
    intended: bool  # nothing must be uploaded first


def _first_ready(tx: Tx, terms: Terms, account: _Row, candidate: Candidate | None) -> _Ready | None:
    for _ in range(_DEPTH):
        if candidate is None:
            return None
        why_not = _objection(tx, terms, candidate)
        if why_not is None:
            return _admitted(tx, terms, candidate.row, account)
        _hold(tx, candidate.row.post, why_not)
        candidate = candidates.next_of(tx, account.id)
    return None


def _objection(tx: Tx, terms: Terms, candidate: Candidate) -> str | None:
    """Why this delivery must wait for people, or None. An approval binds part 1's first intent, then covers the rest."""
    row = candidate.row
    if digest_of(bytes(row.payload)) != row.digest:
        return "what is stored is not what was approved"
    begun = row.part > 1 or row.first_intent_at is not None
    covered = approval.covers(
        outbox_id=terms.outbox_id,
        post_id=row.post,
        digest=row.digest,
        approvals=candidate.approvals,
        policy=terms.policy,
        author=row.author,
        sensitive=row.sensitive,
        at=moment(min(max(tx.now, row.not_before), row.not_after) if begun else tx.now),
    )
    return None if covered else "no approval covers it at this time"


def _admitted(tx: Tx, terms: Terms, row: _Row, account: _Row) -> _Ready | None:
    payload = restore(bytes(row.payload))
    uploads = _uploads(payload.parts[row.part - 1])
    room_at = admit(tx, account.network, account.name, terms.windows.get(account.network, ()), uploads)
    if room_at is not None:
        _wait(tx, account.id, room_at)
        return None
    return _Ready(row, account, payload, intended=not uploads)


def _take(tx: Tx, terms: Terms, ready: Sequence[_Ready]) -> list[Claim]:
    """Mark them all as this worker's, and write their attempts."""
    held = _marked(tx, terms, [each for each in ready if each.intended], _TAKE_AND_INTEND)
    held |= _marked(tx, terms, [each for each in ready if not each.intended], _TAKE)
    taken = [each for each in ready if each.row.id in held]
    attempts = [
        {
            "delivery": each.row.id,
            "fence": each.row.fence + 1,
            "generation": each.row.generation,
            "worker": terms.worker,
            "started_at": tx.now,
            "intent_at": tx.now if each.intended else None,
        }
        for each in taken
    ]
    if attempts:
        tx.execute(_ATTEMPT, _one_or_all(attempts))
    return [_claimed(tx, terms, each) for each in taken]


def _marked(tx: Tx, terms: Terms, ready: Sequence[_Ready], statement: sa.Update) -> set[str]:
    """Take those that are still as they were read; their ids."""
    if not ready:
        return set()
    until = tx.now + terms.lease // _MICROSECOND
    values = [
        {"the": each.row.id, "expected": each.row.fence, "worker": terms.worker, "until": until}
        | ({"intent": each.row.first_intent_at or tx.now} if each.intended else {})
        for each in ready
    ]
    ids = {each.row.id for each in ready}
    if tx.execute(statement, _one_or_all(values)).rowcount == len(ready):
        return ids
    mine = sa.select(schema.delivery.c.id).where(
        schema.delivery.c.id.in_(list(ids)),
        schema.delivery.c.lease_owner == terms.worker,
        schema.delivery.c.state == _SENDING,
    )
    return set(tx.execute(mine).scalars())


def _one_or_all(values: list[dict[str, object]]) -> list[dict[str, object]] | dict[str, object]:
    return values if len(values) > 1 else values[0]


def _claimed(tx: Tx, terms: Terms, ready: _Ready) -> Claim:
    row = ready.row
    taken = delivery_of(tx, terms, row, ready.account, ready.payload, entry=row.entry)
    if ready.intended and taken.first_intent_at is None:
        taken = replace(taken, first_intent_at=tx.at)
    return Claim(
        delivery=taken,
        fence=row.fence + 1,
        intended=ready.intended,
        backoffs=row.backoffs,
        failures=ready.account.failures,
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


def delivery_of(
    tx: Tx,
    terms: Terms,
    row: _Row,
    account: _Row,
    payload: Payload,
    *,
    entry: int,
    others: frozenset[str] = frozenset(),
) -> Delivery:
    """A delivery with all that its publisher must know, from its row, its account's and its post's payload."""
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
