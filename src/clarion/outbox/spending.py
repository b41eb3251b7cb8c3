"""Rate limits that survive the process and are shared by hosts: a sliding window over what was spent.

In: what a delivery will cost, in each of its account's windows. Out: it is admitted, and spent in the caller's
transaction; or the moment from which it may be. Never more than the limit is admitted in any window, because whoever
spends holds the account's lock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from clarion.outbox.schema import spend
from clarion.outbox.store import Tx

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """At most `limit` in any `length`. One post costs `post`, each of its images `image` more."""

    family: str  # "posts", "requests", "media": with the account's or the app's name it makes a bucket
    limit: int
    length: timedelta
    post: int = 1
    image: int = 0
    shared: bool = False  # by all accounts of the network: a limit per app

    def cost(self, images: int) -> int:
        return self.post + self.image * images


def admit(tx: Tx, network: str, account: str, windows: Sequence[Window], images: int) -> int | None:
    """Spend what a post with so many images costs; or the moment (microseconds) at which there will be room."""
    costs = {window: window.cost(images) for window in windows if window.cost(images)}
    _hold_shared(tx, network, costs)
    full = [
        at
        for window, cost in costs.items()
        if (at := _room_at(tx, network, account, window, cost)) is not None
    ]
    if full:
        return max(full)
    for window, cost in costs.items():
        tx.execute(_SPEND, {"bucket": bucket(network, account, window), "at": tx.now, "cost": cost})
    return None


def bucket(network: str, account: str, window: Window) -> str:
    """Each window counts on its own: two of one family differ in length."""
    who = "*" if window.shared else account
    return f"{network}/{who}/{window.family}/{window.length.total_seconds():g}"


def _room_at(tx: Tx, network: str, account: str, window: Window, cost: int) -> int | None:
    """None when there is room now; else when enough of what was spent has left the window."""
    name, since = bucket(network, account, window), tx.now - window.length // _MICROSECOND
    tx.execute(_FORGET, {"bucket": name, "since": since})
    spent = tx.execute(_SPENT, {"bucket": name}).scalar_one()
    over = spent + cost - window.limit
    if over <= 0:
        return None
    for row in tx.execute(_OLDEST, {"bucket": name}):
        over -= row.cost
        if over <= 0:
            return int(row.at) + window.length // _MICROSECOND
    return tx.now + window.length // _MICROSECOND


def _hold_shared(tx: Tx, network: str, costs: Mapping[Window, int]) -> None:
    """What accounts share is locked after them and in one order. SQLite's writer holds everything already."""
    if tx.connection.dialect.name != "postgresql":
        return
    for name in sorted(bucket(network, "*", window) for window in costs if window.shared):
        tx.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(name, 0))))


_SPEND = sa.insert(spend)
_FORGET = sa.delete(spend).where(
    spend.c.bucket == sa.bindparam("bucket"), spend.c.at <= sa.bindparam("since")
)
_SPENT = sa.select(sa.func.coalesce(sa.func.sum(spend.c.cost), 0)).where(
    spend.c.bucket == sa.bindparam("bucket")
)
_OLDEST = (
    sa.select(spend.c.at, spend.c.cost)
    .where(spend.c.bucket == sa.bindparam("bucket"))
    .order_by(spend.c.at, spend.c.id)
)
