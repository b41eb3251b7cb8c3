"""Finding, making and migrating an outbox.

In: a path or an address, and which host asks. Out: an open `Outbox`; or an OutboxError that says whose it is, what is
wrong with it, and what to type. A SQLite outbox belongs to one host and migrates itself after a backup; a PostgreSQL
outbox is shared, and is migrated only by `clarion db upgrade`, when nobody publishes.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from clarion.clock import micros
from clarion.errors import OutboxError
from clarion.outbox import engines, schema
from clarion.outbox.store import (
    HOST,
    OUTBOX_ID,
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
_UPGRADE_LOCK = 0x436C6172696F6E
_SIDE_FILES = ("-journal", "-wal", "-shm")


def create(path: Path, *, host: str, simulated: datetime | None = None) -> Outbox:
    """A new SQLite outbox at `path`, or the one that is there. Readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        _make(path, host=host, simulated=simulated)
    return open_sqlite(path, host=host)


def open_sqlite(path: Path, *, host: str | None) -> Outbox:
    """The outbox at `path`. `host` None opens another host's too: for those who adopt or restore it."""
    if not path.is_file():
        raise OutboxError(f"there is no outbox at {path}", "clarion init")
    engine = engines.sqlite(path)
    try:
        with engines.translated(engine):
            with engine.connect() as connection, connection.begin():
                version = _refuse_strangers(connection, str(path), host)
            if version != schema.HEAD:
                back_up(path, path.with_name(f"{path.stem}.before-{version}-to-{schema.HEAD}{path.suffix}"))
                upgrade(engine)
            return _opened(engine)
    except BaseException:
        engine.dispose()
        raise


def open_postgres(url: str) -> Outbox:
    """The outbox in a PostgreSQL database. Raises OutboxError when it must be made or upgraded first."""
    engine = engines.postgres(url)
    try:
        with engines.translated(engine):
            with engine.connect() as connection, connection.begin():
                version = _refuse_strangers(connection, engines.place(engine), None)
            if version != schema.HEAD:
                raise OutboxError(
                    f"the outbox's schema is {version or 'missing'}, this Clarion needs {schema.HEAD}",
                    "stop publishing on every host, then: clarion db upgrade",
                )
            return _opened(engine)
    except BaseException:
        engine.dispose()
        raise


def upgrade(engine: Engine, *, outbox_id: str | None = None) -> None:
    """Bring the schema to this version, in one transaction; the tables and the outbox's id are made when missing."""
    with engine.connect().execution_options(clarion_write=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_UPGRADE_LOCK)))
        _migrate(connection)
        if get_meta(connection, OUTBOX_ID) is None:
            set_meta(connection, OUTBOX_ID, outbox_id or new_id())


def back_up(path: Path, copy: Path) -> None:
    """A consistent copy of a SQLite outbox, also while it is in use; an existing copy is kept. For its owner alone."""
    if copy.exists():
        return
    draft = copy.with_name(f".{copy.name}.{secrets.token_hex(4)}")
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(draft)) as target:
        source.backup(target)
    draft.replace(copy)


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
        for suffix in ("", *_SIDE_FILES):
            Path(f"{building}{suffix}").unlink(missing_ok=True)


def _opened(engine: Engine) -> Outbox:
    with engine.connect() as connection, connection.begin():
        outbox_id = get_meta(connection, OUTBOX_ID)
        simulated = get_meta(connection, SIMULATED)
    time: TimeSource = SimulatedTime() if simulated else DatabaseTime()
    return Outbox(id=str(outbox_id), engine=engine, time=time)


def _refuse_strangers(connection: Connection, where: str, host: str | None) -> str:
    """The schema's version, "" where there is none yet. Raises OutboxError for what is not ours to use."""
    names = sa.inspect(connection).get_table_names()
    if "meta" not in names or "alembic_version" not in names:
        if connection.dialect.name == "postgresql" and not names:
            return ""
        raise OutboxError(f"{where} is not an outbox of Clarion", "move it away, or restore a backup")
    version = str(connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() or "")
    if version > schema.HEAD:
        raise OutboxError(
            f"the outbox was written by a newer Clarion (its schema is {version}, this one knows {schema.HEAD})",
            "update Clarion on this machine",
        )
    if host is not None and get_meta(connection, HOST) != host:
        raise OutboxError(
            "this outbox belongs to another host; publishing from a copy would post everything twice",
            "clarion db adopt, if the other host has stopped for good",
        )
    return version


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "clarion.outbox:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
