"""The two databases: how each connects, begins a transaction, tells the time, and what its errors mean.

In: a file's path, or the address of a PostgreSQL database. Out: a SQLAlchemy engine set up so that a commit is durable,
and storage errors in words a person can act on. What differs between the databases stands here and nowhere else.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from clarion.errors import OutboxBusy, OutboxError
from clarion.redaction import remember

#: How long a transaction waits for another process, in seconds.
BUSY_SECONDS = 30
#: One connection a thread: the worker's threads, and a few for whoever reads meanwhile.
CONNECTIONS = 64
#: A connection to PostgreSQL that was used so lately is not asked whether it still lives.
_FRESH_SECONDS = 1.0
#: From this SQLite on, WAL is free of the reset bug that could corrupt a file (docs/decisions/0003-journal-modes.md).
_SAFE_WAL = (3, 51, 3)

#: What a trigger of an outbox that is out of use says (opening.retire).
RETIRED = "this outbox is out of use"
#: What SQLite and PostgreSQL say of a full disk.
_FULL = ("disk is full", "disk I/O", "No space left on device", "could not extend file")
#: What the driver and the server say of a database that is away, is full of others, or comes back in a while.
_UNREACHABLE = (
    "connection failed",
    "connection is bad",  # a socket that is not there
    "connection timeout",
    "could not connect",
    "failed to resolve host",
    "could not translate host name",
    "terminating connection",
    "server closed the connection",
    "SSL SYSCALL error",
    "SSL connection has been closed",
    "could not receive data from server",
    "could not send data to server",
    "too many clients",
    "too many connections",
    "remaining connection slots",
    "the database system is",  # starting up, shutting down, in recovery mode
    "statement timeout",
)

# julianday has 40 µs to spare below the millisecond that SQLite's clock has
_SQLITE_NOW = sa.text("SELECT CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000")
# not now(), which is when the transaction began, perhaps before it waited for a lock
_POSTGRES_NOW = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"


def sqlite(path: Path) -> Engine:
    """An engine on a file. Only one process writes at a time; the others wait."""
    engine = sa.create_engine(
        sa.URL.create("sqlite+pysqlite", database=str(path)),
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        pool_size=CONNECTIONS,
    )
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def postgres(url: str) -> Engine:
    """An engine on a PostgreSQL database, which any number of hosts may share.

    Raises OutboxError when the extra is not installed or the address is none.
    """
    try:
        engine = sa.create_engine(
            _parsed(url).set(drivername="postgresql+psycopg"),
            connect_args={"connect_timeout": BUSY_SECONDS, "application_name": "clarion"},
            pool_size=5,
            max_overflow=CONNECTIONS - 5,
        )
        event.listen(engine, "connect", _plan_once)
        event.listen(engine, "checkin", _note_use)
        event.listen(engine, "checkout", _ask_whether_alive)
        return engine
    except ImportError as error:
        raise OutboxError(
            "this outbox is a PostgreSQL database, and its driver is not installed",
            "pip install 'clarion[postgres]'",
        ) from error


def now(connection: Connection) -> int:
    """The database's own clock, in microseconds: hosts disagree, it does not. The first thing a transaction asks."""
    if connection.dialect.name == "sqlite":
        return int(connection.execute(_SQLITE_NOW).scalar_one())
    began = _begin_and_tell(connection.connection.driver_connection)
    return began or int(connection.exec_driver_sql(_POSTGRES_NOW).scalar_one())


def _begin_and_tell(driver: Any) -> int | None:
    """PostgreSQL begins and tells the time in one trip, where the driver would make two of every transaction's first.

    None when it has begun before, or when it fails: then the ordinary way finds the words for it.
    """
    from psycopg.pq import ExecStatus, TransactionStatus

    if driver.pgconn.transaction_status != TransactionStatus.IDLE:
        return None
    told = driver.pgconn.exec_(f"BEGIN; {_POSTGRES_NOW}".encode())
    return int(told.get_value(0, 0)) if told.status == ExecStatus.TUPLES_OK else None


def place(engine: Engine) -> str:
    """Where an outbox lives, in words, without its password."""
    return engine.url.database or "?" if engine.dialect.name == "sqlite" else address(engine.url)


def address(url: str | sa.URL) -> str:
    """An address without any password, as it may be shown and written into config.toml."""
    parsed = _parsed(url)
    query = {key: value for key, value in parsed.query.items() if "password" not in key.lower()}
    bare = sa.URL.create(
        parsed.drivername, parsed.username, None, parsed.host, parsed.port, parsed.database, query
    )
    return bare.render_as_string(hide_password=False)


def _parsed(url: str | sa.URL) -> sa.URL:
    """Raises OutboxError, which does not show the address: it may hold a password."""
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        parsed = None
    if parsed is None or parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise OutboxError(
            "the outbox's address is not one of a PostgreSQL database",
            'below [outbox] in config.toml: url = "postgresql+psycopg://user@host/database"',
        )
    said = [str(value) for key, value in parsed.query.items() if "password" in key.lower()]
    remember(parsed.password, *said)
    if isinstance(url, str):
        _refuse_torn(url)
    return parsed


def _refuse_torn(url: str) -> None:
    """A password ends at the first @: what stands behind it would be shown as the host. Raises OutboxError."""
    _, _, behind_name = url.partition("://")[2].partition(":")
    password, at, _ = behind_name.rpartition("@")
    if at and "@" in password:
        remember(password)
        raise OutboxError(
            "the outbox's address has an @ too many: nobody can tell where its password ends",
            "write an @ in a password as %40",
        )


@contextmanager
def translated(engine: Engine) -> Iterator[None]:
    """Turn storage errors into OutboxErrors."""
    try:
        yield
    except UnicodeEncodeError as error:
        raise OutboxError("this is not UTF-8 text, and nothing of it was kept", "type it again") from error
    except sa.exc.DatabaseError as error:
        translate = _of_sqlite if engine.dialect.name == "sqlite" else _of_postgres
        said = str(error.orig or error)
        meant = _of_a_full_disk(said) or translate(said, place(engine), lost=error.connection_invalidated)
        if meant is None:
            raise
        raise meant from error


def _of_a_full_disk(said: str) -> OutboxError | None:
    if not any(words in said for words in _FULL):
        return None
    return OutboxError(
        f"the disk took no more of the outbox ({_first_line(said)})", "make room, then run again"
    )


def _of_sqlite(said: str, where: str, *, lost: bool) -> OutboxError | None:
    if RETIRED in said:
        return OutboxError(
            "the outbox was moved or restored while Clarion ran; nothing more goes out from here",
            "clarion db check",
        )
    if "locked" in said or "busy" in said:
        return OutboxBusy("another Clarion is using the outbox; try again in a moment")
    if "readonly" in said or "unable to open" in said:
        return OutboxError(f"the outbox cannot be written: {where}", f"chmod u+rw {where}")
    if "malformed" in said or "not a database" in said:
        return OutboxError(
            f"the outbox is damaged: {where}", "clarion db restore BACKUP; do not publish before"
        )
    return None


def _of_postgres(said: str, where: str, *, lost: bool) -> OutboxError | None:
    first = _first_line(said)
    if "deadlock detected" in said or "lock timeout" in said or "could not serialize" in said:
        return OutboxBusy("another Clarion is using the outbox; try again in a moment")
    if any(words in said for words in ("authentication failed", "no password supplied")) or (
        "role" in said and "does not exist" in said
    ):
        return OutboxError(
            f"the database does not let this host in: {where} ({first})", "check user and password"
        )
    if any(words in said for words in ("value too long", "NUL (0x00)", "index row")):
        return OutboxError("a text is longer than the outbox keeps, or holds a zero byte", "make it shorter")
    if "read-only transaction" in said or "during recovery" in said:
        return OutboxBusy(
            f"the database can only be read just now: {where} ({first})",
            "name the primary server in config.toml, where this is a copy of it",
        )
    if lost or any(words in said for words in _UNREACHABLE):
        return OutboxBusy(
            f"the database does not answer: {where} ({first})", "is it running? clarion db check"
        )
    return None


def _first_line(said: str) -> str:
    return said.strip().splitlines()[0] if said.strip() else "no answer"


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


def _plan_once(connection: DBAPIConnection, _record: object) -> None:
    """Plan a statement once for any values: half of a claim's time went into plans that came out the same.

    No value of ours needs a plan of its own, and states, which do, stand in the claim's statements as they are.
    """
    cursor = connection.cursor()
    cursor.execute("SET plan_cache_mode = force_generic_plan")
    cursor.execute(f"SET lock_timeout = '{BUSY_SECONDS}s'")
    cursor.close()
    connection.commit()


def _note_use(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info["used"] = time.monotonic()


def _ask_whether_alive(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
    """A server that was restarted is noticed before a claim, not in it; but not asked for again between two claims.

    Raises DisconnectionError, which makes the pool connect anew.
    """
    if time.monotonic() - record.info.get("used", time.monotonic()) < _FRESH_SECONDS:
        return
    try:
        connection.rollback()
        cursor = connection.cursor()
        cursor.execute("SELECT 1")
        cursor.close()
        connection.rollback()
    except Exception as error:
        raise sa.exc.DisconnectionError(str(error)) from error


def _begin(connection: Connection) -> None:
    write = connection.get_execution_options().get("clarion_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN DEFERRED")
