"""The deliveries that people ask about: in doubt, failed, expired, being taken down.

In: a transaction and a state of which there are few. Out: where each belongs and why it is there, without its text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from clarion.clock import micros, moment
from clarion.model import State
from clarion.outbox import schema
from clarion.outbox.states import PENDING
from clarion.outbox.store import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A delivery in a state that people ask about, without its post's text."""

    entry: int
    account: str
    language: str
    part: int
    reason: str | None
    look_at: datetime | None


def troubled(tx: Tx, state: State) -> list[Trouble]:
    """The deliveries in a state of which there are few, newest entry first."""
    delivery, post, account = schema.delivery, schema.post, schema.account
    rows = tx.execute(
        sa.select(
            post.c.entry,
            post.c.language,
            account.c.name,
            delivery.c.part,
            delivery.c.reason,
            delivery.c.look_at,
        )
        .join(post, post.c.id == delivery.c.post)
        .join(account, account.c.id == delivery.c.account)
        .where(delivery.c.state == state.value)
        .order_by(post.c.entry.desc(), account.c.name, post.c.language, delivery.c.part)
        .limit(1000)
    )
    return [
        Trouble(
            entry=row.entry,
            account=row.name,
            language=row.language,
            part=row.part,
            reason=row.reason,
            look_at=row.look_at and moment(row.look_at),
        )
        for row in rows
    ]


def pending(tx: Tx) -> set[int]:
    """The numbers of the entries of which something waits for people."""
    delivery, post = schema.delivery, schema.post
    rows = tx.execute(
        sa.select(post.c.entry)
        .join(delivery, delivery.c.post == post.c.id)
        .where(delivery.c.state == PENDING)
        .distinct()
    )
    return set(rows.scalars())


def expired(tx: Tx, within: timedelta) -> list[int]:
    """The entries of which something came too late, and was due in this time before now; oldest first."""
    delivery, post = schema.delivery, schema.post
    rows = tx.execute(
        sa.select(post.c.entry)
        .join(delivery, delivery.c.post == post.c.id)
        .where(delivery.c.state == State.EXPIRED.value, post.c.due >= micros(tx.at - within))
        .distinct()
        .order_by(post.c.entry)
        .limit(1000)
    )
    return list(rows.scalars())
