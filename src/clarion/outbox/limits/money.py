"""Money: what accounts spend where their network charges, and the most a month that somebody allows.

In: what a delivery or a look costs, in millionths of a US dollar, and the account's cap. Out: a bill that is paid in the
claim's own statement, or why the account stops. What a thread that has begun still owes is kept for it. A month is a calendar month in UTC. What was asked and never answered
counts as spent; what was certainly not created does not, but for the images that were uploaded for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from clarion.clock import micros
from clarion.digest import restore
from clarion.model import Account, Part, Payload, State
from clarion.outbox import schema
from clarion.outbox.limits import spending
from clarion.outbox.limits.spending import Bill
from clarion.outbox.schema import delivery, post, spend
from clarion.outbox.states import PENDING, SCHEDULED
from clarion.outbox.store import Tx

#: More than anybody spends: where there is no cap what is spent is counted all the same, for the day one is set.
_NO_CAP = 1 << 62
_MONTH = timedelta(days=32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What an account's network charges, and the most a month. All in millionths of a US dollar."""

    part: Callable[[Part], int]  # publishing one part
    uploads: Callable[[Part], int]  # what of it is spent before the create
    read: int  # one look
    cap: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """What a claim paid, to be given back when nothing was created. `kept`: what is spent even then."""

    bucket: str
    at: int
    cost: int
    kept: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """What the threads that an account has begun still cost, and when (microseconds) the first of it is due, if that is known."""

    cost: int = 0
    due: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Short:
    """An account whose month does not hold the next post."""

    spent: int
    needed: int
    cap: int
    until: datetime

    @property
    def reason(self) -> str:
        return (
            f"{dollars(self.spent)} of the {dollars(self.cap)} a month that monthly_cap_usd allows are spent,"
            f" and the next post costs {dollars(self.needed)}"
        )


def owed(tx: Tx, account: int, budget: Budget | None, part: int) -> Owed:
    """What must be left for begun threads before a post begins: asked only where there is a cap. `account` is an id."""
    if part > 1 or budget is None or budget.cap is None:
        return Owed()
    rest = tx.execute(_REST, {"account": account}).all()
    return Owed(
        cost=sum(budget.part(restore(bytes(row.payload)).parts[row.part - 1]) for row in rest),
        due=min((row.due_at for row in rest if row.due_at is not None), default=None),
    )


def nobody_claims(tx: Tx, account: str) -> int | None:
    """An account's id, with nobody claiming for it from here on until this transaction ends; None where somebody does, who
    must not be waited for: he may wait for what this transaction holds. SQLite has one writer anyway.
    """
    found = tx.execute(_ALONE, {"name": account}).scalar()
    return None if found is None else int(found)


def overdrawn(tx: Tx, account: Account, of: int, budget: Budget, at: datetime) -> Short | None:
    """Why the month of a moment does not hold what begun threads still owe; None where it does. `of` is the account's id."""
    if budget.cap is None:
        return None
    begins, ends = month(max(at.astimezone(UTC), tx.at))
    there = spent_this_month(tx, account.network, account.name) if begins <= tx.at else 0
    rest = owed(tx, of, budget, 1).cost
    if there + rest <= budget.cap:
        return None
    return Short(spent=there, needed=rest, cap=budget.cap, until=ends)


def bill(
    network: str,
    account: str,
    budget: Budget,
    payload: Payload,
    part: int,
    at: datetime,
    owed: int = 0,
) -> Bill:
    """What a part costs of its month. A thread begins only when the month holds all of it and what others still owe, and
    then goes to its end.
    """
    cost = budget.part(payload.parts[part - 1])
    first = part == 1 and budget.cap is not None
    whole = sum(map(budget.part, payload.parts)) if first else 0
    limit = (budget.cap or 0) - owed - whole + cost if first else _NO_CAP
    begins, ends = month(at)
    return Bill(
        bucket=_bucket(network, account),
        cost=cost,
        limit=limit,
        length=micros(at) - micros(begins) + 1,
        shared=False,
        refilled_at=micros(ends),
    )


def objection(budget: Budget | None, payload: Payload) -> str | None:
    """Why a post can never go out: no month holds what it costs. None where one does."""
    if budget is None or budget.cap is None:
        return None
    whole = sum(map(budget.part, payload.parts))
    if whole <= budget.cap:
        return None
    return f"it costs {dollars(whole)}, and monthly_cap_usd allows {dollars(budget.cap)} a month: it would never go out"


def paid(bill: Bill, budget: Budget, part: Part, now: int) -> Paid:
    """What a claim that was admitted has paid."""
    return Paid(bucket=bill.bucket, at=now, cost=bill.cost, kept=budget.uploads(part))


def give_back(tx: Tx, what: Paid, *, staged: bool) -> None:
    """Nothing was created: it costs nothing but its uploads, where they took place."""
    _give_back(tx, what.bucket, what.at, what.cost - what.kept if staged else what.cost)


def rescue(tx: Tx, network: str, account: str, *, at: int, unspent: int) -> None:
    """The worker that claimed at that moment died before its intent: nothing was created, and its uploads may have been."""
    _give_back(tx, _bucket(network, account), at, unspent)


def note_look(tx: Tx, network: str, account: str, budget: Budget | None) -> None:
    """A look is paid for and never refused: to know what is up must not wait for a month to end."""
    if budget is not None:
        tx.execute(sa.insert(spend).values(bucket=_bucket(network, account), at=tx.now, cost=budget.read))


def shortage(tx: Tx, bills: Sequence[Bill], budget: Budget | None, payload: Payload) -> Short | None:
    """Why an account's month does not hold a post; None where it does, and something else has no room."""
    asked = next((each for each in bills if each.refilled_at is not None), None)
    if asked is None or budget is None or budget.cap is None:
        return None
    there = spending.spent(tx, asked)
    if there + asked.cost <= asked.limit:
        return None
    _, ends = month(tx.at)
    return Short(spent=there, needed=sum(map(budget.part, payload.parts)), cap=budget.cap, until=ends)


def spent_this_month(tx: Tx, network: str, account: str) -> int:
    """What an account has spent in the calendar month that runs."""
    begins, _ = month(tx.at)
    total = sa.select(sa.func.coalesce(sa.func.sum(spend.c.cost), 0)).where(
        spend.c.bucket == _bucket(network, account), spend.c.at >= micros(begins)
    )
    return int(tx.execute(total).scalar_one())


def queued(tx: Tx, account: str, budget: Budget, begins: datetime, ends: datetime) -> int:
    """What the posts of an account cost that wait for people or their time, and are due in this time."""
    rows = tx.execute(_QUEUED, {"name": account, "begins": micros(begins), "ends": micros(ends)})
    return sum(budget.part(restore(bytes(row.payload)).parts[row.part - 1]) for row in rows)


def month(at: datetime) -> tuple[datetime, datetime]:
    """When the calendar month of a moment (UTC) begins, and when it is over."""
    begins = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return begins, (begins + _MONTH).replace(day=1)


def dollars(micros: int) -> str:
    """As people write it: $0.20, $0.015."""
    written = f"{micros / 1_000_000:.3f}"
    return f"${written.removesuffix('0')}"


def _give_back(tx: Tx, bucket: str, at: int, amount: int) -> None:
    one = (
        sa.select(sa.func.max(spend.c.id))
        .where(spend.c.bucket == bucket, spend.c.at == at, spend.c.cost >= amount)
        .scalar_subquery()
    )
    tx.execute(sa.update(spend).where(spend.c.id == one).values(cost=spend.c.cost - amount))


def _bucket(network: str, account: str) -> str:
    return f"{network}/{account}{spending.MONEY}"


# ── the statements ────────────────────────────────────────────────────────────────────────────────────────────


_first = delivery.alias("first")
#: Its first part is not up and was not asked for.
_NOT_BEGUN = [
    each.value for each in (State.PENDING, State.SCHEDULED, State.FAILED, State.EXPIRED, State.CANCELLED)
]
_begun = (
    sa.select(_first.c.state)
    .where(_first.c.post == delivery.c.post, _first.c.part == sa.literal_column("1"))
    .scalar_subquery()
    .not_in(_NOT_BEGUN)
)
_REST = (
    sa.select(delivery.c.part, delivery.c.due_at, post.c.payload)
    .join(post, post.c.id == delivery.c.post)
    .where(
        delivery.c.account == sa.bindparam("account"),
        # Literals, so that what was sent long ago is not read: the partial indexes have only what waits.
        delivery.c.state.in_([PENDING, SCHEDULED]),
        delivery.c.part > sa.literal_column("1"),
        ~delivery.c.recall_wanted,
        ~delivery.c.cancel_wanted,
        _begun,
    )
)
_ALONE = (
    sa.select(schema.account.c.id)
    .where(schema.account.c.name == sa.bindparam("name"))
    .with_for_update(skip_locked=True, key_share=True)
)
_QUEUED = (
    sa.select(delivery.c.part, post.c.payload)
    .join(post, post.c.id == delivery.c.post)
    .join(schema.account, schema.account.c.id == delivery.c.account)
    .where(
        schema.account.c.name == sa.bindparam("name"),
        delivery.c.state.in_([PENDING, SCHEDULED]),
        post.c.due >= sa.bindparam("begins"),
        post.c.due < sa.bindparam("ends"),
        ~delivery.c.recall_wanted,
        ~delivery.c.cancel_wanted,
    )
)
