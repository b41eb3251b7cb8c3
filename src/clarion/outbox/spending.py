"""Rate limits that survive the process and are shared by hosts: a sliding window over what was spent.

In: what a delivery, or a look for one, will cost in each of its account's windows. Out: it is admitted, and spent in the
caller's transaction; or the moment from which it may be. Never more than the limit is admitted in any window, because
whoever spends holds the account's lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from clarion.outbox import schema
from clarion.outbox.schema import spend
from clarion.outbox.store import Tx

_MICROSECOND = timedelta(microseconds=1)
#: What left the longest window before so long is of no use to anybody.
_KEPT = timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """At most `limit` in any `length`. One post costs `post`, each of its images `image` more, a look for it `look`."""

    family: str  # "posts", "requests", "media": with the account's or the app's name it makes a bucket
    limit: int
    length: timedelta
    post: int = 1
    image: int = 0
    look: int = 0
    shared: bool = False  # by all accounts of the network: a limit per app

    def cost(self, images: int) -> int:
        return self.post + self.image * images


def admit(tx: Tx, network: str, account: str, windows: Sequence[Window], images: int) -> int | None:
    """Spend what a post with so many images costs; or the moment (microseconds) at which there will be room.

    The caller holds the account's lock.
    """
    return _admit(tx, network, account, [(window, window.cost(images)) for window in windows])


def admit_look(tx: Tx, network: str, account: str, windows: Sequence[Window]) -> int | None:
    """The same for looking, which any worker may do while another sends for the account; not while it is closed."""
    closed_until = tx.execute(_HOLD, {"name": account}).scalar()
    if closed_until is not None and closed_until > tx.now:
        return int(closed_until)
    return _admit(tx, network, account, [(window, window.look) for window in windows])


def forget(tx: Tx) -> None:
    """Delete what no window counts any more: once a run, not in every claim."""
    tx.execute(sa.delete(spend).where(spend.c.at <= tx.now - _KEPT // _MICROSECOND))


def bucket(network: str, account: str, window: Window) -> str:
    """Each window counts on its own: two of one family differ in length."""
    who = "*" if window.shared else account
    return f"{network}/{who}/{window.family}/{window.length.total_seconds():g}"


@dataclass(frozen=True, slots=True)
class _Bill:
    """What is to be spent of one bucket."""

    bucket: str
    cost: int
    limit: int
    length: int


def _admit(tx: Tx, network: str, account: str, costs: Sequence[tuple[Window, int]]) -> int | None:
    bills = [
        _Bill(bucket(network, account, window), cost, window.limit, window.length // _MICROSECOND)
        for window, cost in costs
        if cost
    ]
    if not bills:
        return None
    _hold_shared(tx, sorted(bucket(network, "*", window) for window, cost in costs if cost and window.shared))
    values: dict[str, Any] = {"now": tx.now}
    for each, bill in enumerate(bills):
        values |= {
            f"bucket{each}": bill.bucket,
            f"cost{each}": bill.cost,
            f"since{each}": tx.now - bill.length,
            f"most{each}": bill.limit - bill.cost,
        }
    if tx.execute(_spend_statement(len(bills)), values).rowcount == len(bills):
        return None
    return max((at for bill in bills if (at := _room_at(tx, bill)) is not None), default=tx.now)


def _room_at(tx: Tx, bill: _Bill) -> int | None:
    """None when there is room now; else when enough of what was spent has left the window."""
    since = {"bucket": bill.bucket, "since": tx.now - bill.length}
    tx.execute(_FORGET, since)
    spent = tx.execute(_OLDEST, since).all()
    over = sum(row.cost for row in spent) + bill.cost - bill.limit
    if over <= 0:
        return None
    for row in spent:
        over -= row.cost
        if over <= 0:
            return int(row.at) + bill.length
    return tx.now + bill.length


def _hold_shared(tx: Tx, names: Sequence[str]) -> None:
    """What accounts share is locked after them and in one order. SQLite's writer holds everything already."""
    if tx.connection.dialect.name != "postgresql":
        return
    for name in names:
        tx.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(name, 0))))


# ── the statements ────────────────────────────────────────────────────────────────────────────────────────────


@cache
def _spend_statement(buckets: int) -> sa.Insert:
    """Spend of all buckets of a delivery where there is room in all of them, else of none: one statement."""

    def full(each: int) -> sa.Select[Any]:
        name = sa.bindparam(f"bucket{each}", type_=sa.Text)
        spent = (
            sa.select(sa.func.coalesce(sa.func.sum(spend.c.cost), 0))
            .where(spend.c.bucket == name, spend.c.at > sa.bindparam(f"since{each}", type_=sa.BigInteger))
            .scalar_subquery()
        )
        return sa.select(sa.literal_column("1")).where(spent > sa.bindparam(f"most{each}", type_=sa.Integer))

    def row(each: int) -> sa.Select[Any]:
        columns: list[sa.ColumnElement[Any]] = [
            sa.bindparam(f"bucket{each}", type_=sa.Text).label("bucket"),
            sa.bindparam("now", type_=sa.BigInteger).label("at"),
            sa.bindparam(f"cost{each}", type_=sa.Integer).label("cost"),
        ]
        return sa.select(*columns)

    rows = sa.union_all(*(row(each) for each in range(buckets))).subquery("bill")
    no_room = sa.union_all(*(full(each) for each in range(buckets))).subquery("no_room")
    room = sa.select(rows.c.bucket, rows.c.at, rows.c.cost).where(~sa.exists().select_from(no_room))
    counted = {"preserve_rowcount": True}  # an INSERT's is dropped otherwise
    return sa.insert(spend).from_select(["bucket", "at", "cost"], room).execution_options(**counted)


_HOLD = (
    sa.select(schema.account.c.blocked_until)
    .where(schema.account.c.name == sa.bindparam("name"))
    .with_for_update()
)
_FORGET = sa.delete(spend).where(
    spend.c.bucket == sa.bindparam("bucket"), spend.c.at <= sa.bindparam("since")
)
_OLDEST = (
    sa.select(spend.c.at, spend.c.cost)
    .where(spend.c.bucket == sa.bindparam("bucket"), spend.c.at > sa.bindparam("since"))
    .order_by(spend.c.at, spend.c.id)
)
