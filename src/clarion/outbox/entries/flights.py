"""What a run has taken and not brought back yet: whoever asks in between learns what its account waits for.

In: a transaction. Out: an account's flight, and until when the run that took it may still be at work. Nobody can tell from
here whether that run is alive; when its lease ends, the next run settles what it left, by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from clarion.clock import moment
from clarion.outbox import schema
from clarion.outbox.states import SENDING
from clarion.outbox.store import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """A delivery that a run is sending, or was sending when it died. An account has one at most."""

    entry: int
    account: str
    since: datetime
    until: datetime


def flying(tx: Tx) -> list[Flight]:
    """The flights whose run may still be at work, by account."""
    account, attempt, delivery, post = schema.account, schema.attempt, schema.delivery, schema.post
    rows = tx.execute(
        sa.select(post.c.entry, account.c.name, attempt.c.started_at, delivery.c.lease_until)
        .select_from(delivery)
        .join(post, post.c.id == delivery.c.post)
        .join(account, account.c.id == delivery.c.account)
        .join(attempt, sa.and_(attempt.c.delivery == delivery.c.id, attempt.c.fence == delivery.c.fence))
        .where(delivery.c.state == SENDING, delivery.c.lease_until > tx.now)
        .order_by(account.c.name)
    )
    return [
        Flight(
            entry=row.entry,
            account=row.name,
            since=moment(row.started_at),
            until=moment(row.lease_until),
        )
        for row in rows
    ]
