"""The claim: how a worker takes deliveries so that no other worker has them.

One delivery per account and transaction. Accounts are locked, then their oldest due delivery is checked (approval,
digest, living facts, predecessor), admitted by the rate limits and marked `sending` with a new fence and a lease, and the attempt is
written; all of it is one commit. The intent is the last commit before the one unsafe request: from it on, a worker that
dies leaves a delivery in doubt; before it, the delivery was certainly not created. Where nothing must be uploaded
first, claim and intent are one commit.

Every UPDATE here names the state and the fence it expects, because on PostgreSQL others write between a SELECT and it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import msgspec
import sqlalchemy as sa

from clarion import approval
from clarion.clock import micros, moment
from clarion.digest import digest_of, restore
from clarion.model import Account, ApprovalPolicy, Delivery, Part, Payload, Receipt, Staged, State
from clarion.outbox import schema
from clarion.outbox.claiming import candidates, living, taking
from clarion.outbox.claiming.candidates import Candidate
from clarion.outbox.claiming.living import Standings
from clarion.outbox.claiming.taking import Ready
from clarion.outbox.entries import predecessors
from clarion.outbox.limits import caps, money, spending, stops
from clarion.outbox.limits.caps import Caps, Carried
from clarion.outbox.limits.money import Budget, Owed, Paid
from clarion.outbox.limits.spending import Window, bills
from clarion.outbox.states import SCHEDULED, SENDING
from clarion.outbox.store import Tx

_MICROSECOND = timedelta(microseconds=1)
#: Why an account stops at its quiet time.
QUIET = "it is its quiet time"
#: Why it stops when it has posted as much as a window holds.
FULL = "as many as its network allows in that time"
#: How many deliveries of one account a claim puts aside before it leaves the rest to the next.
_DEPTH = 50
#: How long a post waits behind a thread of which nobody knows when it goes on.
_MEANWHILE = timedelta(minutes=15)

_Row = sa.Row[tuple[object, ...]]
#: Tells until when it is quiet at a moment; None: it is not.
Quiet = Callable[[datetime], datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A delivery that this worker alone may send, or look for, until its lease ends."""

    delivery: Delivery
    fence: int
    intended: bool = False
    staged: bool = False  # what must be uploaded before is
    backoffs: int = 0
    looks: int = 0
    doubtful: bool = False  # claimed to look for it, not to send it
    unread: Receipt | None = None  # claimed to read back what this says is up
    down: Receipt | None = None  # claimed to take this down
    gone: bool = False  # it was taken down before: whether an earlier request put it there again
    taken_back: bool = False  # people do not want it sent any more
    failures: int = 0  # of its account, in a row, when it was claimed
    paid: Paid | None = None  # what it costs, where its network charges
    notice: str | None = None  # what people are told when it goes out all the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a claim is made under: plain values, so that the outbox knows neither campaign nor network."""

    outbox_id: str
    worker: str
    lease: timedelta
    policy: ApprovalPolicy
    accounts: Collection[str]
    windows: Mapping[str, Sequence[Window]] = field(default_factory=dict)  # network → its limits
    standings: Standings = field(default_factory=dict)  # how this host's ledgers stand
    caps: Caps | None = None  # how many posts a day
    quiet: Mapping[str, Quiet] = field(default_factory=dict)  # account → when nothing goes out
    budgets: Mapping[str, Budget] = field(default_factory=dict)  # account → what its network charges


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A post that a claim put back before people; or one that waits by itself, until that moment."""

    entry: int
    account: str
    language: str
    reason: str
    until: datetime | None = None


class Withheld(Exception):
    """Between claim and intent something changed: this delivery must not go out now."""


def claim(
    tx: Tx, terms: Terms, limit: int, hold: Callable[[Held], object] = lambda _held: None
) -> list[Claim]:
    """Take the oldest claimable delivery of up to `limit` accounts; `hold` hears of each post that must wait for people."""
    found = [_ready(tx, terms, each, hold) for each in candidates.oldest(tx, _awake(tx, terms), limit)]
    ready = [each for each in found if each is not None]
    if not ready:
        return []
    taken = taking.take(tx, terms.worker, tx.now + terms.lease // _MICROSECOND, ready)
    for each, room_at in taken.full:
        short = money.shortage(tx, each.bills, terms.budgets.get(each.candidate.account.name), each.payload)
        if short is None:
            # A stop of our own, not the network's word in the account's row: looks and recalls go on.
            stops.stop(tx, each.candidate.account.name, moment(room_at), FULL)
        else:
            stops.stop(tx, each.candidate.account.name, short.until, short.reason)
            hold(replace(_held(each.candidate, short.reason), until=short.until))
    return [_claimed(tx, terms, each) for each in taken.held]


def intend(tx: Tx, terms: Terms, claimed: Claim, staged: Staged) -> Claim:
    """Write the intent and renew the lease. Raises Withheld when the claim is lost, paused, recalled or voided, or
    when its day is over.
    """
    delivery = schema.delivery
    # In a statement of its own: whoever voids an approval or takes it back holds this row, and comes before or after.
    tx.execute(_HOLD_ROW, {"id": claimed.delivery.id})
    candidate = candidates.claimed(tx, claimed.delivery.id, claimed.fence)
    if candidate is None:
        raise Withheld("another worker has it")
    row = candidate.row
    if row.recall_wanted or row.cancel_wanted:
        raise Withheld("it was taken back")
    if tx.execute(_PAUSED, {"scope": claimed.delivery.account.name, "now": tx.now}).first():
        raise Withheld("publishing is paused")
    if _quiet_until(tx, terms, claimed.delivery.account.name):
        raise Withheld(QUIET)
    # The next claim counts it for the day that is: here it would hold this row and wait for others.
    if _carried_over(tx, terms, candidate):
        raise Withheld("the day that it counts for is over")
    why_not = _objection(tx, terms, candidate)
    if why_not is not None:
        raise Withheld(why_not)
    written = tx.execute(
        sa.update(delivery)
        .where(delivery.c.id == row.id, delivery.c.fence == claimed.fence, delivery.c.state == SENDING)
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


_HOLD_ROW = (
    sa.select(schema.delivery.c.id).where(schema.delivery.c.id == sa.bindparam("id")).with_for_update()
)
_PAUSED = sa.select(schema.pause.c.scope).where(
    schema.pause.c.scope.in_(["*", sa.bindparam("scope")]),
    sa.or_(schema.pause.c.until.is_(None), schema.pause.c.until > sa.bindparam("now")),
)


# ── the steps ─────────────────────────────────────────────────────────────────────────────────────────────────


def _ready(tx: Tx, terms: Terms, candidate: Candidate, hold: Callable[[Held], object]) -> Ready | None:
    """The account's first delivery that nothing speaks against; those before it go back to people."""
    account, fresh = candidate.row.account, False
    found: Candidate | None = candidate
    for _ in range(_DEPTH):
        if found is None:
            return None
        why_not = _objection(tx, terms, found) or _too_dear(terms, found)
        if why_not is None:
            put_off = None
            if _carried_over(tx, terms, found):
                if not caps.nobody_queues(tx):
                    return None  # the next claim finds it
                put_off = _put_off(tx, terms, found)
            ready = _payable(tx, terms, found) if put_off is None else None
            if ready is not None:
                return ready
            if put_off is not None:
                hold(put_off)
        elif fresh:  # read since the account is locked
            _hold(tx, found.row.post, why_not)
            hold(_held(found, why_not))
        found, fresh = candidates.next_of(tx, account), True
    return None


def _carried_over(tx: Tx, terms: Terms, candidate: Candidate) -> bool:
    """Whether a post begins, or begins again, on another day than the one it counts for: nobody published in time, it had
    to wait, or its answer was lost over midnight and it is not up.
    """
    row = candidate.row
    return (
        terms.caps is not None and row.day is not None and row.part == 1 and row.day != terms.caps.day(tx.at)
    )


def _put_off(tx: Tx, terms: Terms, candidate: Candidate) -> Held | None:
    """Let it count for today; or, where today is full, wait for tomorrow."""
    row, account = candidate.row, candidate.account
    assert terms.caps is not None
    full = caps.admit(
        tx,
        terms.caps,
        Carried(
            post=row.post,
            account=row.account,
            name=account.name,
            network=account.network,
            language=row.language,
        ),
    )
    if full is None:
        return None
    until = terms.caps.ends(tx.at)
    reason = f"{full.most} posts of that day are the most, and they stand already"
    caps.put_off(tx, row.id, row.fence, until, reason)
    return replace(_held(candidate, reason), until=until)


def _payable(tx: Tx, terms: Terms, candidate: Candidate) -> Ready | None:
    """With what it costs; None where the month has only what a begun thread still owes, which goes first then."""
    payload, account, part = restore(bytes(candidate.row.payload)), candidate.account, candidate.row.part
    uploads = _uploads(payload.parts[part - 1])
    due = bills(account.network, account.name, terms.windows.get(account.network, ()), uploads)
    budget = terms.budgets.get(account.name)
    if budget is None:
        return Ready(candidate, payload, uploads, due)
    owed = money.owed(tx, candidate.row.account, budget, part)
    price = money.bill(account.network, account.name, budget, payload, part, tx.at, owed.cost)
    if owed.cost and spending.spent(tx, price) + price.cost > price.limit:
        _put_behind(tx, candidate, owed)
        return None
    return Ready(
        candidate, payload, uploads, (*due, price), price.cost - budget.uploads(payload.parts[part - 1])
    )


def _put_behind(tx: Tx, candidate: Candidate, owed: Owed) -> None:
    """Let a post wait until a thread that has begun goes on; where that may go now, or nobody knows when, a while."""
    row, later = candidate.row, owed.due is not None and owed.due > tx.now
    until = moment(owed.due) + _MICROSECOND if later and owed.due else tx.at + _MEANWHILE
    reason = f"{money.dollars(owed.cost)} of its month are kept for the rest of a thread"
    caps.put_off(tx, row.id, row.fence, until, reason)


def _too_dear(terms: Terms, candidate: Candidate) -> str | None:
    """Why no month will ever hold a post: it goes back to people, so that what is behind it passes."""
    budget = terms.budgets.get(candidate.account.name)
    if candidate.row.part > 1 or budget is None or budget.cap is None:
        return None
    return money.objection(budget, restore(bytes(candidate.row.payload)))


def _awake(tx: Tx, terms: Terms) -> Collection[str]:
    """The accounts that are not quiet now; the others stop until they are no longer, so that they wake nobody."""
    if not terms.quiet:
        return terms.accounts
    awake = []
    for name in terms.accounts:
        until = _quiet_until(tx, terms, name)
        if until is None:
            awake.append(name)
        else:
            stops.stop(tx, name, until, QUIET)
    return awake


def _quiet_until(tx: Tx, terms: Terms, account: str) -> datetime | None:
    quiet = terms.quiet.get(account)
    return quiet(tx.at) if quiet else None


def _objection(tx: Tx, terms: Terms, candidate: Candidate) -> str | None:
    """Why this delivery must wait for people, or None. An approval binds part 1's first intent, then covers the rest."""
    row, now = candidate.row, tx.now
    if digest_of(bytes(row.payload)) != row.digest:
        return "what is stored is not what was approved"
    if row.blocked is not None:
        return f"the {row.blocked}"
    outdated = living.objection(row.used, row.language, terms.standings, now)
    if outdated is not None:
        return outdated
    missing = predecessors.objection(tx, row)
    if missing is not None:
        return missing
    begun = row.part > 1 or row.first_intent_at is not None
    covered = approval.covers(
        outbox_id=terms.outbox_id,
        post_id=row.post,
        digest=row.digest,
        approvals=candidate.approvals,
        policy=terms.policy,
        author=row.author,
        sensitive=row.sensitive,
        reasoned=row.because is not None,
        at=moment(min(max(now, row.not_before), row.not_after) if begun else now),
    )
    return None if covered else "no approval covers it at this time"


def _claimed(tx: Tx, terms: Terms, taken: Ready) -> Claim:
    row = taken.candidate.row
    delivery = delivery_of(tx, terms, row, taken.candidate.account, taken.payload, entry=row.entry)
    if taken.intended and delivery.first_intent_at is None:
        delivery = replace(delivery, first_intent_at=tx.at)
    budget = terms.budgets.get(delivery.account.name)
    return Claim(
        delivery=delivery,
        fence=row.fence + 1,
        intended=taken.intended,
        backoffs=row.backoffs,
        failures=row.account_failures,
        paid=money.paid(taken.bills[-1], budget, delivery.content, tx.now) if budget else None,
        notice=living.notice(row.used, row.language, terms.standings, tx.now) if row.part == 1 else None,
    )


def _uploads(part: Part) -> int:
    """How many images must be uploaded before the part can be sent; a link card's counts."""
    return len(part.media) + bool(part.card and part.card.thumb)


def _hold(tx: Tx, post: str, reason: str) -> None:
    """Put a whole post back before people; its earlier parts may be up already."""
    tx.execute(
        sa.update(schema.delivery)
        .where(schema.delivery.c.post == post, schema.delivery.c.state == SCHEDULED)
        .values(state=State.PENDING.value, reason=reason),
    )


def _held(candidate: Candidate, reason: str) -> Held:
    row = candidate.row
    return Held(entry=row.entry, account=candidate.account.name, language=row.language, reason=reason)


def delivery_of(
    tx: Tx,
    terms: Terms,
    row: _Row,
    account: Account,
    payload: Payload,
    *,
    entry: int,
    others: frozenset[str] = frozenset(),
) -> Delivery:
    """A delivery with all that its publisher must know, from its row, its account's and its post's payload."""
    before = predecessors.before(tx, payload, row.post, row.part)
    return Delivery(
        id=row.id,
        outbox_id=terms.outbox_id,
        post_id=row.post,
        entry=entry,
        part=row.part,
        account=account,
        payload=payload,
        generation=row.generation,
        first_intent_at=row.first_intent_at and moment(row.first_intent_at),
        root=before.root,
        parent=before.parent,
        orphaned=before.orphaned,
        edits=before.edits,
        tried=row.first_intent_at is not None,
        intent_lost=row.intent_lost,
        others=others,
    )
