"""Write a row that two may want to write at once: one of them does, and the other is told that it is there.

In: a table and a row's values, in the caller's transaction. Out: whether the row is new. On PostgreSQL a look before an
INSERT proves nothing: somebody may commit the same row between the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import sqlalchemy as sa

from clarion.outbox.store import Tx


def insert(tx: Tx, table: sa.Table, values: Mapping[str, Any]) -> bool:
    """Insert a row; False when one that it would collide with is there already, perhaps since a moment ago."""
    dialect: Any = import_module(f"sqlalchemy.dialects.{tx.connection.dialect.name}")
    statement = dialect.insert(table).values(**values).on_conflict_do_nothing()
    # an INSERT's count is dropped otherwise
    return tx.execute(statement.execution_options(preserve_rowcount=True)).rowcount == 1
