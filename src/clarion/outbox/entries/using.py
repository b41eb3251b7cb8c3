"""Which posts that are to go out use something of the ledgers.

In: a transaction. Out: entries with what they used, as `living.py` reads it.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from clarion.outbox import schema
from clarion.outbox.states import SCHEDULED
from clarion.outbox.store import Tx

_post, _delivery = schema.post, schema.delivery
_MOST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Using:
    """What the posts of an entry in one language used."""

    entry: int
    language: str
    used: str


def scheduled(tx: Tx) -> list[Using]:
    """Of what is scheduled, the soonest first; a thousand at most."""
    rows = tx.execute(
        sa.select(_post.c.entry, _post.c.language, _post.c.used)
        .join(_delivery, _delivery.c.post == _post.c.id)
        .where(_delivery.c.state == SCHEDULED, _delivery.c.part == 1, _post.c.used != "[]")
        .order_by(_delivery.c.due_at)
        .limit(_MOST)
    )
    return [Using(entry=row.entry, language=row.language, used=row.used) for row in rows]
