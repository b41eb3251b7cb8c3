"""Fingerprints: what was said where, without the text, so that a text that is like it is found among any number.

In: a fingerprint (made by composing/honesty.py) on its way in with its post; or one to be compared, and when it is due.
Out: those few that may be like it, with their shingles. A fingerprint has bands, and two that are alike have two in
common but for one pair in 2,500; bands are looked up in an index, so that the cost does not grow with what was said.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from clarion.clock import micros, moment
from clarion.model import State
from clarion.outbox import schema
from clarion.outbox.store import Tx

#: So far apart two posts may be and still be compared.
REACH = timedelta(days=90)
#: Two that queue at once would not see each other's posts; on PostgreSQL they come one after the other. Any number.
LOCK = 0x46696E676572
#: So many bands in common make a candidate. With one, 50 of 10,000 different posts were read for nothing; with two, none.
IN_COMMON = 2

_fingerprint, _band = schema.fingerprint, schema.fingerprint_band
_account, _post, _delivery = schema.account, schema.post, schema.delivery
#: What is in one of these is not up and does not go up by itself.
_GONE = [
    each.value for each in (State.FAILED, State.EXPIRED, State.CANCELLED, State.RECALLED, State.REPLACED)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What is kept of a text. `shingles` and `bands` are hashes: 32 bits without sign, 64 bits with."""

    language: str
    shingles: frozenset[int]
    bands: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What stands in the outbox, or went out from it. `number` None: the draft was purged since."""

    number: int | None
    account: str
    due: datetime
    shingles: frozenset[int]


def one_at_a_time(tx: Tx) -> None:
    """From here on nobody else queues until this transaction ends. Before any other lock; SQLite has one writer anyway."""
    if tx.connection.dialect.name == "postgresql":
        tx.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))


def keep(tx: Tx, mark: Fingerprint, *, post: str, account: int, due: datetime) -> None:
    """Keep a post's fingerprint; `post` and `account` are ids. It outlives its post."""
    packed = struct.pack(f"<{len(mark.shingles)}I", *sorted(mark.shingles))
    row = {
        "post": post,
        "account": account,
        "language": mark.language,
        "due": micros(due),
        "shingles": packed,
    }
    kept = tx.execute(sa.insert(_fingerprint).values(row)).inserted_primary_key
    assert kept is not None
    number = kept[0]
    # in order: neighbours share a page, and two who write at once take rows in the same order
    bands = [{"value": value, "fingerprint": number} for value in sorted(set(mark.bands))]
    tx.execute(sa.insert(_band), bands)


def near(tx: Tx, mark: Fingerprint, due: datetime, *, besides: str | None = None) -> list[Said]:
    """What may be like it, due within REACH of `due`, and not cancelled, expired, refused or taken down.

    `besides`: the id of a post that does not count, because it is the one that is compared.
    """
    reach = REACH // timedelta(microseconds=1)
    values = {
        "bands": list(mark.bands),
        "since": micros(due) - reach,
        "until": micros(due) + reach,
        "besides": besides or "",
    }
    return [
        Said(
            number=row.entry,
            account=row.name,
            due=moment(row.due),
            shingles=frozenset(struct.unpack(f"<{len(row.shingles) // 4}I", row.shingles)),
        )
        for row in tx.execute(_NEAR, values)
    ]


_mine = _delivery.c.post == _fingerprint.c.post
#: A post may have been put off since: then its own time counts. A purged one has neither time nor deliveries any more.
_due = sa.func.coalesce(_post.c.due, _fingerprint.c.due)
_NEAR = (
    sa.select(_post.c.entry, _account.c.name, _due.label("due"), _fingerprint.c.shingles)
    .join(_account, _account.c.id == _fingerprint.c.account)
    .outerjoin(_post, _post.c.id == _fingerprint.c.post)
    .where(
        _fingerprint.c.id.in_(
            sa.select(_band.c.fingerprint)
            .where(_band.c.value.in_(sa.bindparam("bands", type_=sa.BigInteger, expanding=True)))
            .group_by(_band.c.fingerprint)
            .having(sa.func.count() >= IN_COMMON)
        ),
        _due.between(sa.bindparam("since"), sa.bindparam("until")),
        _fingerprint.c.post != sa.bindparam("besides"),
        sa.or_(
            _post.c.id.is_(None),
            sa.exists().where(_mine, _delivery.c.state.not_in(_GONE)),
        ),
    )
    .order_by(_fingerprint.c.id)
)
