"""The cap: how many posts an account puts out in one language on one day of the campaign's zone. A thread is one post.

In: a transaction, and the campaign's caps as plain values. Out: which entries stand on a day, whether one more may. A post
counts for the day it is due; one that goes out on a later day, because nobody published in time, counts for that one from
then on. What failed, expired or was cancelled before any of it was up does not count. A post without a day never does:
a correction, because taking care must not wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

import sqlalchemy as sa

from clarion.clock import micros
from clarion.model import State
from clarion.outbox import schema
from clarion.outbox.limits.fingerprints import LOCK
from clarion.outbox.store import Tx

_account, _post, _delivery = schema.account, schema.post, schema.delivery
_DAY = timedelta(days=1)
#: What is in one of these is not up and does not go up by itself.
_GONE = [each.value for each in (State.FAILED, State.EXPIRED, State.CANCELLED)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """The most posts a day, by network, and in whose zone a day begins."""

    zone: tzinfo
    most: Mapping[str, int]

    def day(self, at: datetime) -> int:
        """The day of a moment, as the outbox keeps it: counted from 1 January of the year 1."""
        return at.astimezone(self.zone).toordinal()

    def begins(self, day: int) -> datetime:
        """When a day begins."""
        return datetime.combine(date.fromordinal(day), time.min, self.zone)

    def ends(self, at: datetime) -> datetime:
        """When the day of a moment is over."""
        return self.begins(self.day(at) + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Full:
    """A day on which an account may say no more in a language. `numbers`: the entries that stand there."""

    account: str
    language: str
    day: date
    numbers: tuple[int, ...]
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A post that was due on another day. `account` is an id, `name` what people call it."""

    post: str
    account: int
    name: str
    network: str
    language: str


def standing(tx: Tx, account: int, language: str, day: int) -> list[int]:
    """The entries whose posts count for that day; `account` is an id. One look into an index, however many posts there are."""
    return list(tx.execute(_STANDING, {"account": account, "language": language, "day": day}).scalars())


def overfull(tx: Tx, caps: Caps, entry: int) -> list[Full]:
    """The days on which there would be too many with this entry's posts, which are in the outbox already."""
    found = []
    for row in tx.execute(_DAYS, {"entry": entry}).all():
        numbers, most = standing(tx, row.account, row.language, row.day), caps.most[row.network]
        if len(numbers) > most:
            others = tuple(each for each in numbers if each != entry)
            found.append(_full(row.name, row.language, row.day, others, most))
    return found


def full(tx: Tx, caps: Caps, accounts: Iterable[str], languages: Iterable[str], day: int) -> Full | None:
    """The first of these accounts and languages that may say no more on that day."""
    of = {"names": list(accounts), "languages": list(languages), "day": day}
    numbers: dict[tuple[str, str, str], list[int]] = {}
    for row in tx.execute(_STANDING_OF, of):
        numbers.setdefault((row.name, row.network, row.language), []).append(row.entry)
    for (name, network, language), there in sorted(numbers.items()):
        if len(there) >= caps.most[network]:
            return _full(name, language, day, tuple(there), caps.most[network])
    return None


def put(tx: Tx, caps: Caps, post: str, at: datetime) -> None:
    """Let a post count for the day of `at` from here on, unless it never counts."""
    moved = sa.update(_post).where(_post.c.id == post, _post.c.day.is_not(None))
    tx.execute(moved.values(day=caps.day(at)))


def nobody_queues(tx: Tx) -> bool:
    """From here on nobody else queues until this transaction ends; False where somebody does, who must not be waited for:
    he may wait for what this transaction holds. SQLite has one writer anyway.
    """
    if tx.connection.dialect.name != "postgresql":
        return True
    return bool(tx.execute(sa.select(sa.func.pg_try_advisory_xact_lock(LOCK))).scalar_one())


def admit(tx: Tx, caps: Caps, row: Carried) -> Full | None:
    """Let a post count for today, which it was not due on; or why it may not, and nothing is changed.

    The caller knows that nobody queues.
    """
    today = caps.day(tx.at)
    numbers, most = standing(tx, row.account, row.language, today), caps.most[row.network]
    if len(numbers) >= most:
        return _full(row.name, row.language, today, tuple(numbers), most)
    put(tx, caps, row.post, tx.at)
    return None


def put_off(tx: Tx, delivery: str, fence: int, until: datetime, reason: str) -> None:
    """Let what is due wait. Its own time may pass meanwhile, and then it expires as ever."""
    tx.execute(
        sa.update(_delivery)
        .where(
            _delivery.c.id == delivery,
            _delivery.c.fence == fence,
            _delivery.c.state == State.SCHEDULED.value,
        )
        .values(due_at=micros(until), reason=reason)
    )


def _full(account: str, language: str, day: int, numbers: tuple[int, ...], most: int) -> Full:
    return Full(account=account, language=language, day=date.fromordinal(day), numbers=numbers, most=most)


# ── the statements ────────────────────────────────────────────────────────────────────────────────────────────


# Not an EXISTS, which PostgreSQL may answer by hashing every delivery there is.
_counts = (
    sa.select(_delivery.c.id)
    .where(_delivery.c.post == _post.c.id, _delivery.c.state.not_in(_GONE))
    .limit(sa.literal_column("1"))
    .scalar_subquery()
    .is_not(None)
)
_STANDING = (
    sa.select(_post.c.entry)
    .where(
        _post.c.account == sa.bindparam("account"),
        _post.c.language == sa.bindparam("language"),
        _post.c.day == sa.bindparam("day"),
        _counts,
    )
    .order_by(_post.c.entry)
)
_STANDING_OF = (
    sa.select(_account.c.name, _account.c.network, _post.c.language, _post.c.entry)
    .join(_account, _account.c.id == _post.c.account)
    .where(
        _account.c.name.in_(sa.bindparam("names", expanding=True)),
        _post.c.language.in_(sa.bindparam("languages", expanding=True)),
        _post.c.day == sa.bindparam("day"),
        _counts,
    )
    .order_by(_post.c.entry)
)
_DAYS = (
    sa.select(_post.c.account, _account.c.name, _account.c.network, _post.c.language, _post.c.day)
    .join(_account, _account.c.id == _post.c.account)
    .where(_post.c.entry == sa.bindparam("entry"), _post.c.day.is_not(None), _counts)
    .distinct()
    .order_by(_account.c.name, _post.c.language)
)
