"""Rate limits that survive the process and are shared by hosts: a sliding window over what was spent.

In: what a delivery, or a look for one, will cost in each of its account's windows. Out: it is admitted, and spent in the
caller's transaction; or the moment from which it may be. Never more than the limit is admitted in any window, because
whoever spends holds the account's lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from clarion.outbox import schema
from clarion.outbox.schema import spend
from clarion.outbox.store import Tx

_MICROSECOND = timedelta(microseconds=1)
#: What left the longest window before so long is of no use to anybody. Of money a whole month counts.
_KEPT, _MONEY_KEPT = timedelta(days=2), timedelta(days=62)
#: Posts leave one in so many of what a window holds that recalls spend from too: nothing dangerous stays up for lack of it.
_LEFT = 10
#: How the bucket of an account's money ends (see `money.py`).
MONEY = "/usd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """At most `limit` in any `length`. One post costs `post`, each of its images `image` more, a look for it `look`, taking it down `recall`."""

    family: str  # "posts", "requests", "media": with the account's or the app's name it makes a bucket
    limit: int
    length: timedelta
    post: int = 1
    image: int = 0
    look: int = 0
    recall: int = 0
    shared: bool = False  # by all accounts of the network: a limit per app

    def cost(self, images: int) -> int:
        return self.post + self.image * images

    @property
    def for_posts(self) -> int:
        """What posts may spend of it."""
        return self.limit - self.limit // _LEFT if self.recall else self.limit


@dataclass(frozen=True, slots=True)
class Bill:
    """What is to be spent of one bucket: times in microseconds."""

    bucket: str
    cost: int
    limit: int
    length: int
    shared: bool
    refilled_at: int | None = None  # money: when its month is over; None: as what was spent leaves the window


def bills(network: str, account: str, windows: Sequence[Window], images: int) -> tuple[Bill, ...]:
    """What a post with so many images costs its account."""
    return _bills(network, account, [(window, window.cost(images), window.for_posts) for window in windows])


def admit(tx: Tx, costs: Sequence[Bill]) -> int | None:
    """Spend it; or the moment (microseconds) at which there will be room. The caller holds the account's lock."""
    if not costs:
        return None
    hold_shared(tx, costs)
    if tx.execute(_spend_statement(len(costs)), values(costs, tx.now)).rowcount == len(costs):
        return None
    return room_at(tx, costs) or tx.now


def admit_look(tx: Tx, network: str, account: str, windows: Sequence[Window]) -> int | None:
    """The same for looking, which any worker may do while another sends for the account; not while it is closed."""
    return _admit_beside(tx, network, account, [(window, window.look, window.limit) for window in windows])


def admit_recall(tx: Tx, network: str, account: str, windows: Sequence[Window]) -> int | None:
    """The same for taking a post down."""
    return _admit_beside(tx, network, account, [(window, window.recall, window.limit) for window in windows])


def room_at(tx: Tx, costs: Sequence[Bill]) -> int | None:
    """The moment at which there will be room for all of it; None when there is now."""
    return max((at for bill in costs if (at := _room_at(tx, bill)) is not None), default=None)


def hold_shared(tx: Tx, costs: Iterable[Bill]) -> None:
    """What accounts share is locked after them and in one order. SQLite's writer holds everything already."""
    if tx.connection.dialect.name != "postgresql":
        return
    for name in sorted({bill.bucket for bill in costs if bill.shared}):
        tx.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(name, 0))))


def forget(tx: Tx) -> None:
    """Delete what no window counts any more: once a run, not in every claim."""
    old = sa.and_(spend.c.at <= tx.now - _KEPT // _MICROSECOND, ~spend.c.bucket.endswith(MONEY))
    tx.execute(sa.delete(spend).where(sa.or_(old, spend.c.at <= tx.now - _MONEY_KEPT // _MICROSECOND)))


def spent(tx: Tx, bill: Bill) -> int:
    """What is spent already of a bill's bucket."""
    return sum(row.cost for row in tx.execute(_OLDEST, _since(tx, bill)))


def rename(tx: Tx, network: str, old: str, new: str) -> None:
    """Let what an account has spent count for the name that it has from here on."""
    before, after = f"{network}/{old}/", f"{network}/{new}/"
    its = sa.func.substr(spend.c.bucket, 1, len(before)) == before
    rest = sa.func.substr(spend.c.bucket, len(before) + 1)
    tx.execute(sa.update(spend).where(its).values(bucket=sa.literal(after) + rest))


def bucket(network: str, account: str, window: Window) -> str:
    """Each window counts on its own: two of one family differ in length."""
    who = "*" if window.shared else account
    return f"{network}/{who}/{window.family}/{window.length.total_seconds():g}"


# ── below ─────────────────────────────────────────────────────────────────────────────────────────────────────

#: A window, what is to be spent of it, and the most that may be.
_Cost = tuple[Window, int, int]


def _admit_beside(tx: Tx, network: str, account: str, costs: Sequence[_Cost]) -> int | None:
    closed_until = tx.execute(_HOLD, {"name": account}).scalar()
    if closed_until is not None and closed_until > tx.now:
        return int(closed_until)
    return admit(tx, _bills(network, account, costs))


def _bills(network: str, account: str, costs: Sequence[_Cost]) -> tuple[Bill, ...]:
    return tuple(
        Bill(
            bucket(network, account, window),
            cost,
            limit,
            window.length // _MICROSECOND,
            window.shared,
        )
        for window, cost, limit in costs
        if cost
    )


def _room_at(tx: Tx, bill: Bill) -> int | None:
    """None when there is room now; else when enough of what was spent has left the window."""
    if bill.refilled_at is not None:
        return bill.refilled_at if spent(tx, bill) + bill.cost > bill.limit else None
    since = _since(tx, bill)
    tx.execute(_FORGET, since)
    there = tx.execute(_OLDEST, since).all()
    over = sum(row.cost for row in there) + bill.cost - bill.limit
    if over <= 0:
        return None
    for row in there:
        over -= row.cost
        if over <= 0:
            return int(row.at) + bill.length
    return tx.now + bill.length


def _since(tx: Tx, bill: Bill) -> dict[str, Any]:
    return {"bucket": bill.bucket, "since": tx.now - bill.length}


# ── the statements ────────────────────────────────────────────────────────────────────────────────────────────


def values(costs: Sequence[Bill], now: int) -> dict[str, Any]:
    """What `room` and `rows` name."""
    found: dict[str, Any] = {"now": now}
    for each, bill in enumerate(costs):
        found |= {
            f"bucket{each}": bill.bucket,
            f"cost{each}": bill.cost,
            f"since{each}": now - bill.length,
            f"most{each}": bill.limit - bill.cost,
        }
    return found


def room(buckets: int) -> sa.ColumnElement[bool]:
    """There is room in each of so many buckets."""
    return sa.and_(
        *(_spent(each) <= sa.bindparam(f"most{each}", type_=sa.BigInteger) for each in range(buckets))
    )


def rows(buckets: int) -> sa.Subquery:
    """What is spent of so many buckets: (bucket, at, cost)."""
    return sa.union_all(*(_row(each) for each in range(buckets))).subquery("bill")


def _spent(each: int) -> sa.ScalarSelect[int]:
    name = sa.bindparam(f"bucket{each}", type_=sa.Text)
    since = sa.bindparam(f"since{each}", type_=sa.BigInteger)
    return (
        sa.select(sa.func.coalesce(sa.func.sum(spend.c.cost), 0))
        .where(spend.c.bucket == name, spend.c.at > since)
        .scalar_subquery()
    )


def _row(each: int) -> sa.Select[Any]:
    columns: list[sa.ColumnElement[Any]] = [
        sa.bindparam(f"bucket{each}", type_=sa.Text).label("bucket"),
        sa.bindparam("now", type_=sa.BigInteger).label("at"),
        sa.bindparam(f"cost{each}", type_=sa.Integer).label("cost"),
    ]
    return sa.select(*columns)


@cache
def _spend_statement(buckets: int) -> sa.Insert:
    """Spend of all buckets of a delivery where there is room in all of them, else of none: one statement."""
    bill = rows(buckets)
    paid = sa.select(bill.c.bucket, bill.c.at, bill.c.cost).where(room(buckets))
    counted = {"preserve_rowcount": True}  # an INSERT's is dropped otherwise
    return sa.insert(spend).from_select(["bucket", "at", "cost"], paid).execution_options(**counted)


_HOLD = (
    sa.select(schema.account.c.blocked_until)
    .where(schema.account.c.name == sa.bindparam("name"))
    .with_for_update(key_share=True)
)
_FORGET = sa.delete(spend).where(
    spend.c.bucket == sa.bindparam("bucket"), spend.c.at <= sa.bindparam("since")
)
_OLDEST = (
    sa.select(spend.c.at, spend.c.cost)
    .where(spend.c.bucket == sa.bindparam("bucket"), spend.c.at > sa.bindparam("since"))
    .order_by(spend.c.at, spend.c.id)
)
