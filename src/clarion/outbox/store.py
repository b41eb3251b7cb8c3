"""Opening an outbox, its transactions and its time.

In: where the outbox lives. Out: an `Outbox`, whose `read` and `write` give one transaction each, with the database's own
time read once and bound as a value. What the rows mean stands in `posts.py` (what people do), `claims.py` (what the
worker takes) and `settle.py` (how it ends).
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from clarion.clock import micros, moment
from clarion.errors import OutboxBusy, OutboxError
from clarion.outbox import schema

#: How long a transaction waits for another process, in seconds.
BUSY_SECONDS = 30
#: From this SQLite on, WAL is free of the reset bug that could corrupt a file (docs/decisions/0003-journal-modes.md).
_SAFE_WAL = (3, 51, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tx:
    """One transaction and the moment it happens at, in microseconds."""

    connection: Connection
    now: int

    def execute(self, statement: Any, values: Any = None) -> sa.CursorResult[Any]:
        return self.connection.execute(statement, values)

    @property
    def at(self) -> datetime:
        return moment(self.now)


class TimeSource(Protocol):
    """Where a transaction's `now` comes from, in microseconds."""

    def read(self, connection: Connection) -> int: ...


class DatabaseTime:
    """The database's clock: the only one in production, because hosts disagree."""

    def read(self, connection: Connection) -> int:
        return int(connection.execute(_NOW[connection.dialect.name]).scalar_one())


class SimulatedTime:
    """A moment stored in the outbox, that only grows: for the demo's pinned date and for tests. SQLite only."""

    def read(self, connection: Connection) -> int:
        found = connection.execute(_META, {"key": SIMULATED}).scalar()
        if found is None:
            raise OutboxError("this outbox has no simulated time")
        return int(found)


SIMULATED = "simulated_now"
#: The stamp of the config.toml that a publish run last read in full.
CONFIG = "config"
#: When publish last ran: by it `status` tells whether cron does.
HEARTBEAT = "heartbeat"
_NOW = {
    # julianday has 40 µs to spare below the millisecond that SQLite's clock has
    "sqlite": sa.text("SELECT CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000"),
    "postgresql": sa.text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"),
}
_META = sa.select(schema.meta.c.value).where(schema.meta.c.key == sa.bindparam("key"))


@dataclass(kw_only=True)
class Outbox:
    """An open outbox. Safe to share between threads; `close` it."""

    id: str
    path: Path
    engine: Engine
    time: TimeSource
    # One writer at a time inside this process: SQLite's own waiting polls, a lock does not.
    _writing: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _writer: int | None = field(default=None, repr=False)

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A short read that blocks nobody."""
        with _translated(self.path), self.engine.connect() as connection, connection.begin():
            yield Tx(connection=connection, now=self.time.read(connection))

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """A transaction that holds the writer's lock from its first statement: all of it is committed, or nothing."""
        if self._writer == threading.get_ident():
            raise RuntimeError("a write transaction inside a write transaction would wait for itself")
        with self._writing, _translated(self.path), self.engine.connect() as plain:
            self._writer = threading.get_ident()
            try:
                connection = plain.execution_options(clarion_write=True)
                with connection.begin():
                    yield Tx(connection=connection, now=self.time.read(connection))
            finally:
                self._writer = None

    def simulate(self, at: datetime) -> None:
        """Set the simulated time; it never goes back."""
        with self.write() as tx:
            if int(get_meta(tx.connection, SIMULATED) or 0) < micros(at):
                set_meta(tx.connection, SIMULATED, str(micros(at)))

    def close(self) -> None:
        self.engine.dispose()


def create(path: Path, *, host: str, simulated: datetime | None = None) -> Outbox:
    """A new outbox at `path`, or the one that is there. Readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        _make(path, host=host, simulated=simulated)
    return open_outbox(path, host=host)


def open_outbox(path: Path, *, host: str) -> Outbox:
    """The outbox at `path`; migrates an older one after a backup.

    Raises OutboxError when it is missing, damaged, newer than this Clarion, or another host's.
    """
    if not path.is_file():
        raise OutboxError(f"there is no outbox at {path}", "clarion init")
    engine = _engine(path)
    try:
        with _translated(path):
            _refuse_strangers(engine, path, host)
            with engine.connect() as connection, connection.begin():
                version = _version(connection)
                if version != schema.HEAD:
                    _migrate(engine, path, version)
                outbox_id = get_meta(connection, "outbox_id")
                simulated = get_meta(connection, SIMULATED)
    except BaseException:
        engine.dispose()
        raise
    time: TimeSource = SimulatedTime() if simulated else DatabaseTime()
    return Outbox(id=str(outbox_id), path=path, engine=engine, time=time)


def get_meta(connection: Connection, key: str) -> str | None:
    found = connection.execute(_META, {"key": key}).scalar()
    return None if found is None else str(found)


def set_meta(connection: Connection, key: str, value: str) -> None:
    updated = connection.execute(
        sa.update(schema.meta).where(schema.meta.c.key == key).values(value=value),
    )
    if updated.rowcount == 0:
        connection.execute(sa.insert(schema.meta).values(key=key, value=value))


def new_id() -> str:
    """A random 128-bit id: never a sequence, so that a restored backup hands none out again."""
    return secrets.token_hex(16)


# ── opening ───────────────────────────────────────────────────────────────────────────────────────────────────


def _make(path: Path, *, host: str, simulated: datetime | None) -> None:
    """Build beside and move into place: a crash leaves no half outbox."""
    building = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    os.close(os.open(building, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    engine = _engine(building)
    try:
        with engine.connect().execution_options(clarion_write=True) as connection, connection.begin():
            _upgrade(connection)
            for key, value in {"outbox_id": new_id(), "host": host}.items():
                set_meta(connection, key, value)
            if simulated:
                set_meta(connection, SIMULATED, str(micros(simulated)))
        engine.dispose()
        try:
            os.link(
                building, path
            )  # unlike a rename, never over an outbox that another process made meanwhile
        except FileExistsError:
            return
    finally:
        engine.dispose()
        for suffix in ("", "-journal", "-wal", "-shm"):
            Path(f"{building}{suffix}").unlink(missing_ok=True)


def _refuse_strangers(engine: Engine, path: Path, host: str) -> None:
    with engine.connect() as connection, connection.begin():
        names = sa.inspect(connection).get_table_names()
        if "meta" not in names or "alembic_version" not in names:
            raise OutboxError(f"{path} is not an outbox of Clarion", "move it away, or restore a backup")
        version = _version(connection)
        if version > schema.HEAD:
            raise OutboxError(
                f"the outbox was written by a newer Clarion (its schema is {version}, this one knows {schema.HEAD})",
                "update Clarion on this machine",
            )
        owner = get_meta(connection, "host")
        if owner != host:
            raise OutboxError(
                "this outbox belongs to another host; publishing from a copy would post everything twice",
                "clarion db adopt, if the other host has stopped for good",
            )


def _version(connection: Connection) -> str:
    return str(connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() or "")


def _migrate(engine: Engine, path: Path, version: str) -> None:
    """Bring an older SQLite outbox up to date, with a copy of it kept beside."""
    backup = path.with_name(f"{path.stem}.before-{version}-to-{schema.HEAD}{path.suffix}")
    if not backup.exists():
        with sqlite3.connect(path) as source, sqlite3.connect(backup) as target:
            source.backup(target)
        backup.chmod(0o600)
    with engine.connect().execution_options(clarion_write=True) as connection, connection.begin():
        _upgrade(connection)


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "clarion.outbox:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _engine(path: Path) -> Engine:
    engine = sa.create_engine(
        sa.URL.create("sqlite+pysqlite", database=str(path)),
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        pool_size=5,
        max_overflow=60,
    )
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def _set_pragmas(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy says BEGIN, not the driver
    if sqlite3.sqlite_version_info >= _SAFE_WAL:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    else:
        connection.execute("PRAGMA journal_mode = TRUNCATE")
        connection.execute("PRAGMA synchronous = EXTRA")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")


def _begin(connection: Connection) -> None:
    write = connection.get_execution_options().get("clarion_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN DEFERRED")


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Storage errors in words a person can act on."""
    try:
        yield
    except sa.exc.DatabaseError as error:
        original = str(error.orig or error)
        if "locked" in original or "busy" in original:
            raise OutboxBusy("another Clarion is using the outbox; try again in a moment") from error
        if "disk is full" in original or "disk I/O" in original:
            raise OutboxError(
                f"the disk took no more of the outbox ({original})", "make room, then run again"
            ) from error
        if "readonly" in original or "unable to open" in original:
            raise OutboxError(f"the outbox cannot be written: {path}", f"chmod u+rw {path}") from error
        if "malformed" in original or "not a database" in original:
            raise OutboxError(
                f"the outbox is damaged: {path}", "move it away and restore a backup; do not publish before"
            ) from error
        raise
