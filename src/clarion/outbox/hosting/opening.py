"""Finding, making and migrating an outbox.

In: a path or an address, and which host asks. Out: an open `Outbox`; or an OutboxError that says whose it is, what is
wrong with it, and what to type. A SQLite outbox belongs to one host and migrates itself after a backup; a PostgreSQL
outbox is shared, and is migrated only by `clarion db upgrade`, when nobody publishes.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from clarion.clock import micros, moment
from clarion.errors import OutboxError
from clarion.outbox import engines, schema
from clarion.outbox.limits import stops
from clarion.outbox.probe import config_key
from clarion.outbox.store import (
    BACKED_UP,
    CONFIG,
    COPY,
    HEARTBEAT,
    HOST,
    MOVED_TO,
    OUTBOX_ID,
    RESTORING,
    SEEN,
    SIMULATED,
    DatabaseTime,
    Outbox,
    SimulatedTime,
    TimeSource,
    get_meta,
    new_id,
    set_meta,
)

#: Two that upgrade one PostgreSQL database at once wait for each other: any number, the same for both.
UPGRADE_LOCK = 0x436C6172696F6E
SIDE_FILES = ("-journal", "-wal", "-shm")
#: So far the clock may be set back without a word; time servers do it by less.
CLOCK_SLACK = timedelta(minutes=5)
_MICROSECOND = timedelta(microseconds=1)


def create(path: Path, *, host: str, simulated: datetime | None = None) -> Outbox:
    """A new SQLite outbox at `path`, or the one that is there. Readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        _make(path, host=host, simulated=simulated)
    return open_sqlite(path, host=host)


def open_sqlite(path: Path, *, host: str | None) -> Outbox:
    """The outbox at `path`. `host` None opens another host's or an older copy too: for those who adopt or restore it."""
    if not path.is_file():
        raise OutboxError(f"there is no outbox at {path}", "clarion init")
    engine = engines.sqlite(path)
    try:
        with engines.translated(engine):
            with engine.connect() as connection, connection.begin():
                found = _refuse_strangers(connection, host)
            if found != schema.HEAD:
                back_up(path, path.with_name(f"{path.stem}.before-{found}-to-{schema.HEAD}{path.suffix}"))
                upgrade(engine)
            return _opened(engine, since=seen(path) if host is not None else 0)
    except BaseException:
        engine.dispose()
        raise


def open_postgres(url: str, *, copied_from: Path | None = None) -> Outbox:
    """The outbox in a PostgreSQL database. Raises OutboxError when it must be made or upgraded first.

    `copied_from`: the file from which it may have been copied; if that says so, a copy that was cut short is complete.
    """
    engine = engines.postgres(url)
    try:
        with engines.translated(engine):
            with engine.connect() as connection, connection.begin():
                found = _refuse_strangers(connection, None)
                copy = get_meta(connection, COPY) if found else None
            if found != schema.HEAD:
                raise OutboxError(
                    f"the outbox's schema is {found or 'missing'}, this Clarion needs {schema.HEAD}",
                    "stop publishing on every host, then: clarion db upgrade",
                )
            if copy is not None:
                complete(engine, copy, copied_from)
            return _opened(engine)
    except BaseException:
        engine.dispose()
        raise


def upgrade_postgres(url: str, *, dry_run: bool = False) -> str:
    """Make or migrate the outbox of a database; the schema's version before, "" where there was none.

    Two at once wait for each other. Raises OutboxError for a database that holds something else.
    """
    engine = engines.postgres(url)
    try:
        with engines.translated(engine):
            with engine.connect() as connection, connection.begin():
                before = _refuse_strangers(connection, None)
            if not dry_run:
                upgrade(engine)
    finally:
        engine.dispose()
    return before


def check_in(outbox: Outbox, *, host: str, config: str | None) -> None:
    """Note that a publish run opened the outbox here, and the stamp of the config.toml that it read in full."""
    shared = outbox.engine.dialect.name == "postgresql"
    with outbox.write() as tx:
        _refuse_the_past(tx.connection, tx.now)
        set_meta(tx.connection, HEARTBEAT, str(tx.now))
        at = max(tx.now, int(get_meta(tx.connection, SEEN) or 0))  # a clock may go back by a little
        set_meta(tx.connection, SEEN, str(at))
        key = config_key(host) if shared else CONFIG
        if config is not None and get_meta(tx.connection, key) != config:
            stops.lift(tx)
            set_meta(tx.connection, key, config)
    if not shared:
        note_seen(Path(outbox.place), at)


def seen(path: Path) -> int:
    """When this machine last saw a publish run open the outbox, by the file beside it; 0 when it never did."""
    try:
        return int(path.with_name(f"{path.name}.seen").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0


def note_seen(path: Path, at: int) -> None:
    """Write it down beside the outbox. What cannot be written is no reason not to publish."""
    draft = path.with_name(f".{path.name}.seen.{secrets.token_hex(4)}")
    with suppress(OSError):
        try:
            draft.write_text(str(at), encoding="ascii")
            draft.replace(path.with_name(f"{path.name}.seen"))
        finally:
            draft.unlink(missing_ok=True)


def retire(connection: Connection, key: str, value: str) -> None:
    """Put a SQLite outbox out of use, also for whoever has it open: from the commit on, nothing in it can be changed."""
    set_meta(connection, key, value)
    for table in sorted({table.name for table in schema.metadata.sorted_tables} - {schema.meta.name}):
        if not sa.inspect(connection).has_table(table):
            continue  # an older schema
        for change in ("INSERT", "UPDATE", "DELETE"):
            connection.exec_driver_sql(
                f"CREATE TRIGGER IF NOT EXISTS retired_{table}_{change.lower()} BEFORE {change}"
                f" ON {table} BEGIN SELECT RAISE(ABORT, '{engines.RETIRED}'); END"
            )


def complete(engine: Engine, copy: str, source: Path | None) -> None:
    """End a copy that was cut short after its source went out of use. Raises OutboxError where the source lives on."""
    if source is None or copy_of(source) != copy:
        raise OutboxError(
            "this database holds a copy of an outbox that is not complete",
            f"on the host that publishes now: clarion db copy --to '{engines.place(engine)}'",
        )
    with engine.connect() as connection, connection.begin():
        connection.execute(sa.delete(schema.meta).where(schema.meta.c.key == COPY))


def copy_of(path: Path) -> str | None:
    """The word that a moved SQLite outbox shares with its copy; None where it was not moved."""
    if not path.is_file():
        return None
    with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as database:
        row = database.execute("SELECT value FROM meta WHERE key = ?", (COPY,)).fetchone()
        return None if row is None else str(row[0])
    return None


def upgrade(engine: Engine, *, outbox_id: str | None = None) -> None:
    """Bring the schema to this version, in one transaction; the tables and the outbox's id are made when missing."""
    with engine.connect().execution_options(clarion_write=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(UPGRADE_LOCK)))
        _migrate(connection)
        if get_meta(connection, OUTBOX_ID) is None:
            set_meta(connection, OUTBOX_ID, outbox_id or new_id())


def back_up(path: Path, copy: Path) -> bool:
    """A consistent copy of a SQLite outbox, also while it is in use, for its owner alone; False: one is there, and kept."""
    draft = copy.with_name(f".{copy.name}.{secrets.token_hex(4)}")
    try:
        pour(path, draft)
        os.link(draft, copy)  # unlike a rename, never over a backup
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    return True


def pour(path: Path, copy: Path) -> None:
    """Copy an outbox into a new file that says of which moment it is."""
    os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    with (
        closing(sqlite3.connect(path, timeout=engines.BUSY_SECONDS)) as source,
        closing(sqlite3.connect(copy, isolation_level=None)) as target,
    ):
        # Read before: what happens while the pages are copied counts as after the backup.
        [now] = source.execute(_NOW).fetchone()
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")  # one file, readable where nothing may be written
        target.execute("PRAGMA synchronous = EXTRA")
        target.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (BACKED_UP, str(now)))


def _make(path: Path, *, host: str, simulated: datetime | None) -> None:
    """Build beside and move into place: a crash leaves no half outbox."""
    building = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    os.close(os.open(building, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    engine = engines.sqlite(building)
    try:
        upgrade(engine)
        with engine.connect().execution_options(clarion_write=True) as connection, connection.begin():
            set_meta(connection, HOST, host)
            if simulated:
                set_meta(connection, SIMULATED, str(micros(simulated)))
        engine.dispose()
        try:
            # Unlike a rename, never over an outbox that another process made meanwhile.
            os.link(building, path)
        except FileExistsError:
            return
    finally:
        engine.dispose()
        for suffix in ("", *SIDE_FILES):
            Path(f"{building}{suffix}").unlink(missing_ok=True)


def _opened(engine: Engine, *, since: int = 0) -> Outbox:
    with engine.connect() as connection, connection.begin():
        outbox_id = get_meta(connection, OUTBOX_ID)
        simulated = get_meta(connection, SIMULATED)
        time: TimeSource = SimulatedTime() if simulated else DatabaseTime()
        _refuse_the_past(connection, time.read(connection))
        if int(get_meta(connection, SEEN) or 0) < since:
            raise OutboxError(
                "this outbox is older than the one that published here"
                f" {moment(since):%Y-%m-%d %H:%M} UTC; it would post again what went out since",
                "clarion db adopt, which puts in doubt what may have gone out",
            )
    return Outbox(id=str(outbox_id), engine=engine, time=time)


def _refuse_the_past(connection: Connection, now: int) -> None:
    """Raise OutboxError when the clock stands before a time that the outbox has seen."""
    latest = int(get_meta(connection, HEARTBEAT) or 0)
    if now < latest - CLOCK_SLACK // _MICROSECOND:
        raise OutboxError(
            f"the clock says {moment(now):%Y-%m-%d %H:%M} UTC, and the outbox has seen"
            f" {moment(latest):%Y-%m-%d %H:%M} UTC",
            "set the clock; if it was ahead before and is right now: clarion db check --accept-clock",
        )


def version(connection: Connection) -> str:
    """The schema's version, "" for an empty PostgreSQL database. Raises OutboxError for what is no outbox."""
    names = sa.inspect(connection).get_table_names()
    if "meta" in names and "alembic_version" in names:
        return str(connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() or "")
    if connection.dialect.name == "postgresql" and not names:
        return ""
    where = engines.place(connection.engine)
    raise OutboxError(f"{where} is not an outbox of Clarion", "move it away, or restore a backup")


def _refuse_strangers(connection: Connection, host: str | None) -> str:
    """The schema's version. Raises OutboxError for what is not ours to use."""
    found = version(connection)
    if not found:
        return found
    _refuse_retired(connection)
    if found > schema.HEAD:
        raise OutboxError(
            f"the outbox was written by a newer Clarion (its schema is {found}, this one knows {schema.HEAD})",
            "update Clarion on this machine",
        )
    if host is not None and get_meta(connection, HOST) != host:
        raise OutboxError(
            "this outbox belongs to another host; publishing from a copy would post everything twice",
            "clarion db adopt, if the other host has stopped for good",
        )
    return found


def _refuse_retired(connection: Connection) -> None:
    moved, restoring = get_meta(connection, MOVED_TO), get_meta(connection, RESTORING)
    if moved is not None:
        raise OutboxError(
            "this outbox was moved to a database; nothing goes out from here any more",
            f'in config.toml, below [outbox]: url = "{moved}"',
        )
    if restoring is not None:
        raise OutboxError("a restore of this outbox was cut short", f"clarion db restore '{restoring}'")


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "clarion.outbox:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


#: As engines.NOW, for plain sqlite3; in rehearsal and tests the simulated time.
_NOW = f"""
    SELECT coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = '{SIMULATED}'),
                    CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER))
"""  # noqa: S608 - a constant
