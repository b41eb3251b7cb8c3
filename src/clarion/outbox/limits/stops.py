"""Stops that Clarion makes by itself: an account that is quiet, that has posted as much as a window of its network holds,
or whose money for the month is spent.

In: an account, until when, why. Out: a pause like any other, so that nothing of the account is claimed, no idle run wakes for
it, and what is in doubt or to be taken down is looked after all the same. It ends by itself, or when config.toml changed,
for what it says may be another thing now.
"""

from __future__ import annotations

from datetime import datetime
from importlib import import_module
from typing import Any

import sqlalchemy as sa

from clarion.clock import micros
from clarion.outbox import once, schema
from clarion.outbox.store import Tx

#: Who made such a pause.
ITSELF = "Clarion"
_pause = schema.pause


def stop(tx: Tx, account: str, until: datetime, reason: str) -> None:
    """Let nothing of an account go out until that moment. A pause that holds already, a person's too, stays as it is."""
    insert: Any = import_module(f"sqlalchemy.dialects.{tx.connection.dialect.name}").insert
    new = {"since": tx.now, "until": micros(until), "reason": reason, "who": ITSELF}
    row = insert(_pause).values(scope=account, **new)
    over = sa.and_(_pause.c.until.is_not(None), _pause.c.until <= tx.now)
    tx.execute(row.on_conflict_do_update(index_elements=["scope"], set_=new, where=over))


def rename(tx: Tx, old: str, new: str) -> None:
    """Let a pause, a person's too, hold under the name that its account has from here on.

    Where that name is paused already, a person's word goes before Clarion's own, and then what holds longer.
    """
    both = _pause.c.scope.in_([old, new])
    found = tx.execute(sa.select(_pause).where(both)).all()
    if all(row.scope == new for row in found):
        return
    kept = max(found, key=lambda row: (row.who != ITSELF, row.until is None, row.until or 0))
    tx.execute(sa.delete(_pause).where(both))
    what = {"since": kept.since, "until": kept.until, "reason": kept.reason, "who": kept.who}
    once.insert(tx, _pause, {"scope": new, **what})


def lift(tx: Tx) -> None:
    """Take back what Clarion stopped: whoever claims next finds out anew."""
    tx.execute(sa.delete(_pause).where(_pause.c.who == ITSELF))
