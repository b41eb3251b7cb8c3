"""An open outbox: its transactions, its time, and the few facts it keeps about itself.

In: an engine. Out: an `Outbox`, whose `read` and `write` give one transaction each, with the database's own time read
once and bound as a value. How it is found and made stands in `opening.py`; what the rows mean in `posts.py` (what
people do), `claims.py` (what the worker takes) and `settle.py` (how it ends).
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from clarion.clock import micros, moment
from clarion.errors import OutboxError
from clarion.outbox import engines, schema

#: Keys of the table `meta`. The stamp of the config.toml that a publish run last read in full:
CONFIG = "config"
#: When publish last ran: by it `status` tells whether cron does.
HEARTBEAT = "heartbeat"
HOST = "host"
OUTBOX_ID = "outbox_id"
SIMULATED = "simulated_now"
#: When a publish run last opened it; a file beside it says the same, so that an older copy put in its place is noticed.
SEEN = "seen"
#: In a backup: the moment of which it is.
BACKED_UP = "backed_up_at"
#: Out of use for good: where it was moved. Out of use until the restore is repeated: from which file.
MOVED_TO = "moved_to"
RESTORING = "restoring"
#: The same random word in a moved outbox and in its copy, there only until the move is known to be complete.
COPY = "copy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tx:
    """One transaction and the moment it happens at, in microseconds."""

    connection: Connection
    now: int
    # The last row of each audit chain, as far as this process knows, shared by its transactions; and as this one left it.
    heads: dict[str, tuple[int, str]] = field(default_factory=dict)
    appended: dict[str, tuple[int, str]] = field(default_factory=dict)

    def execute(self, statement: Any, values: Any = None) -> sa.CursorResult[Any]:
        return self.connection.execute(statement, values)

    @property
    def at(self) -> datetime:
        return moment(self.now)


class TimeSource(Protocol):
    """Where a transaction's `now` comes from, in microseconds."""

    def read(self, connection: Connection) -> int: ...


class DatabaseTime:
    """The database's clock: the only one in production."""

    def read(self, connection: Connection) -> int:
        return engines.now(connection)


class SimulatedTime:
    """A moment stored in the outbox, that only grows: for the demo's pinned date and for tests."""

    def read(self, connection: Connection) -> int:
        found = get_meta(connection, SIMULATED)
        if found is None:
            raise OutboxError("this outbox has no simulated time")
        return int(found)


@dataclass(kw_only=True)
class Outbox:
    """An open outbox. Safe to share between threads; `close` it."""

    id: str
    engine: Engine
    time: TimeSource
    # SQLite has one writer: inside this process a lock, which does not poll, decides whose turn it is.
    _writing: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _writer: int | None = field(default=None, repr=False)
    _heads: dict[str, tuple[int, str]] = field(default_factory=dict, repr=False)

    @property
    def place(self) -> str:
        """Where it lives, for people."""
        return engines.place(self.engine)

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A short read that blocks nobody."""
        with engines.translated(self.engine), self.engine.connect() as connection, connection.begin():
            yield Tx(connection=connection, now=self.time.read(connection))

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """A transaction: all of it is committed, or nothing. On SQLite it is the only one from its first statement."""
        with engines.translated(self.engine), self._turn(), self.engine.connect() as plain:
            connection = plain.execution_options(clarion_write=True)
            with connection.begin():
                tx = Tx(connection=connection, now=self.time.read(connection), heads=self._heads)
                yield tx
            self._heads.update(tx.appended)

    def simulate(self, at: datetime) -> None:
        """Set the simulated time; it never goes back."""
        with self.write() as tx:
            if int(get_meta(tx.connection, SIMULATED) or 0) < micros(at):
                set_meta(tx.connection, SIMULATED, str(micros(at)))

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if self.engine.dialect.name != "sqlite":
            yield
            return
        if self._writer == threading.get_ident():
            raise RuntimeError("a write transaction inside a write transaction would wait for itself")
        with self._writing:
            self._writer = threading.get_ident()
            try:
                yield
            finally:
                self._writer = None


def get_meta(connection: Connection, key: str) -> str | None:
    found = connection.execute(_META, {"key": key}).scalar()
    return None if found is None else str(found)


def set_meta(connection: Connection, key: str, value: str) -> None:
    """One statement, because hosts may write the same key at once."""
    insert: Any = import_module(f"sqlalchemy.dialects.{connection.dialect.name}").insert
    row = insert(schema.meta).values(key=key, value=value)
    connection.execute(row.on_conflict_do_update(index_elements=["key"], set_={"value": value}))


def new_id() -> str:
    """A random 128-bit id: never a sequence, so that a restored backup hands none out again."""
    return secrets.token_hex(16)


_META = sa.select(schema.meta.c.value).where(schema.meta.c.key == sa.bindparam("key"))
