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
#: What has left its window is deleted when it left it a sixteenth of its length ago, not in every claim.
_TIDY = 16


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
    """The same for looking, which any worker may do while another sends for the account."""
    tx.execute(_HOLD, {"name": account})
    return _admit(tx, network, account, [(window, window.look) for window in windows])


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
    full = [
        at for bill, spent in zip(bills, _spent(tx, bills), strict=True) if (at := _room_at(tx, bill, spent))
    ]
    if full:
        return max(full)
    values: dict[str, Any] = {"now": tx.now}
    for each, bill in enumerate(bills):
        values |= {f"bucket{each}": bill.bucket, f"cost{each}": bill.cost}
    tx.execute(_spend_statement(len(bills)), values)
    return None


def _spent(tx: Tx, bills: Sequence[_Bill]) -> list[int]:
    """What each bucket's window holds now."""
    values: dict[str, Any] = {}
    for each, bill in enumerate(bills):
        values |= {f"bucket{each}": bill.bucket, f"since{each}": tx.now - bill.length}
    rows = tx.execute(_spent_statement(len(bills)), values).all()
    spent = [0] * len(bills)
    for row in rows:
        bill = bills[row.which]
        spent[row.which] = row.cost or 0
        if row.oldest is not None and row.oldest <= tx.now - bill.length - bill.length // _TIDY:
            tx.execute(_FORGET, {"bucket": bill.bucket, "since": tx.now - bill.length})
    return spent


def _room_at(tx: Tx, bill: _Bill, spent: int) -> int | None:
    """None when there is room now; else when enough of what was spent has left the window."""
    over = spent + bill.cost - bill.limit
    if over <= 0:
        return None
    for row in tx.execute(_OLDEST, {"bucket": bill.bucket, "since": tx.now - bill.length}):
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


# ── the statements: one for all windows of a delivery ─────────────────────────────────────────────────────────


@cache
def _spent_statement(buckets: int) -> sa.CompoundSelect[Any]:
    def of(each: int) -> sa.Select[Any]:
        name = sa.bindparam(f"bucket{each}", type_=sa.Text)
        oldest = sa.select(sa.func.min(spend.c.at)).where(spend.c.bucket == name).scalar_subquery()
        return sa.select(
            sa.literal_column(str(each)).label("which"),
            oldest.label("oldest"),
            sa.func.sum(spend.c.cost).label("cost"),
        ).where(spend.c.bucket == name, spend.c.at > sa.bindparam(f"since{each}", type_=sa.BigInteger))

    return sa.union_all(*(of(each) for each in range(buckets)))


@cache
def _spend_statement(buckets: int) -> sa.Insert:
    rows = (
        sa.select(
            sa.bindparam(f"bucket{each}", type_=sa.Text),
            sa.bindparam("now", type_=sa.BigInteger),
            sa.bindparam(f"cost{each}", type_=sa.Integer),
        )
        for each in range(buckets)
    )
    return sa.insert(spend).from_select(["bucket", "at", "cost"], sa.union_all(*rows))


_HOLD = sa.select(schema.account.c.id).where(schema.account.c.name == sa.bindparam("name")).with_for_update()
_FORGET = sa.delete(spend).where(
    spend.c.bucket == sa.bindparam("bucket"), spend.c.at <= sa.bindparam("since")
)
_OLDEST = (
    sa.select(spend.c.at, spend.c.cost)
    .where(spend.c.bucket == sa.bindparam("bucket"), spend.c.at > sa.bindparam("since"))
    .order_by(spend.c.at, spend.c.id)
)
