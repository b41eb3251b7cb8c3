"""From one host or database to another, with exactly one outbox that may publish at every moment.

`adopt` makes this host the one a SQLite outbox belongs to. `copy` moves a SQLite outbox into PostgreSQL. The source is the
judge: its commit, by which it goes out of use for good, is the moment of the move. The target is written before and marked
as incomplete; it becomes an outbox when its mark is found in a source that is out of use.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from clarion.errors import OutboxBusy, OutboxError
from clarion.outbox import audit, engines, schema
from clarion.outbox.hosting import lost, opening
from clarion.outbox.store import (
    BACKED_UP,
    CONFIG,
    COPY,
    HEARTBEAT,
    HOST,
    MOVED_TO,
    OUTBOX_ID,
    SEEN,
    Outbox,
    Tx,
    get_meta,
    set_meta,
)
from clarion.points import point

#: How long a copy waits for what is being sent.
PATIENCE_SECONDS = 60.0
#: A copy that dies leaves the source paused for no longer than this.
HUSH = timedelta(minutes=10)
_BECAUSE = "clarion db copy is moving the outbox"
_MICROSECOND = timedelta(microseconds=1)
_STAYS = (HOST, CONFIG, COPY, MOVED_TO, BACKED_UP)
_ROWS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """What an adoption did."""

    in_doubt: int  # deliveries: the other host may have sent them
    held: int  # entries that wait for a new look: people may have stopped them there


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A finished move. `address` is the line for config.toml: without a password."""

    outbox_id: str
    address: str
    rows: int


def adopt(outbox: Outbox, *, host: str | None, who: str | None) -> Adopted:
    """Make an outbox this host's. Nothing of it goes out on an old word: what people stopped meanwhile is not known here.

    `host` None: a database, after it was restored from its own backup.
    """
    with outbox.write() as tx:
        reason = "it may have gone out from another host" if host else "it may have gone out after the backup"
        doubted = lost.doubt(tx, reason)
        held = lost.hold(tx, who=who, since="it was copied" if host else "the backup")
        if host is not None:
            set_meta(tx.connection, HOST, host)
        for key in (HEARTBEAT, SEEN):
            set_meta(tx.connection, key, str(tx.now))
        tx.execute(sa.delete(schema.meta).where(schema.meta.c.key.in_([CONFIG, BACKED_UP])))
        audit.record(tx, "adopted", "outbox", who=who, detail=f"{doubted} in doubt, {held} entries held")
        if host is not None:
            opening.note_seen(
                Path(outbox.place), tx.now
            )  # before the commit: it must not say more than the outbox
    return Adopted(in_doubt=doubted, held=held)


def copy(
    source: Outbox,
    url: str,
    *,
    who: str | None,
    patience: float = PATIENCE_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
) -> Copied:
    """Move a SQLite outbox into an empty PostgreSQL database. Nothing can be published from the source afterwards.

    Raises OutboxBusy when something is still being sent, and OutboxError when the database is in use; then the source is as
    it was.
    """
    opening.upgrade_postgres(url)
    target = engines.postgres(url)
    mark = secrets.token_hex(8)
    try:
        with _hushed(source):
            _wait_for_flights(source, patience, sleep)
            with source.write() as tx:
                _refuse_flights(tx)
                tx.execute(_ours())
                audit.record(tx, "moved", "outbox", who=who, detail=engines.place(target))
                set_meta(tx.connection, COPY, mark)
                opening.retire(tx.connection, MOVED_TO, engines.address(url))
                rows = _fill(tx, target, mark, source.id)
                point("copy_written")
        point("copy_decided")
        with engines.translated(target):
            opening.complete(target, mark, Path(source.place))
        point("copy_complete")
    finally:
        target.dispose()
    return Copied(outbox_id=source.id, address=engines.address(url), rows=rows)


def examine(url: str, outbox_id: str) -> None:
    """Raise OutboxError where `copy` would refuse the database; changes nothing."""
    if not opening.upgrade_postgres(url, dry_run=True):
        return
    target = engines.postgres(url)
    try:
        with engines.translated(target), target.connect() as connection, connection.begin():
            _refuse_full(connection, outbox_id)
    finally:
        target.dispose()


def resume(path: Path, url: str) -> Copied | None:
    """What a copy of the moved outbox at `path` to `url` came to, completed where it was cut short; None: not moved.

    Raises OutboxError when it was moved elsewhere.
    """
    mark = opening.copy_of(path)
    if mark is None:
        return None
    source = engines.sqlite(path)
    try:
        with engines.translated(source), source.connect() as connection, connection.begin():
            moved, outbox_id = get_meta(connection, MOVED_TO), get_meta(connection, OUTBOX_ID)
    finally:
        source.dispose()
    if moved is None:
        return None
    opened = opening.open_postgres(url, copied_from=path)
    try:
        if opened.id != outbox_id:
            raise OutboxError("this outbox was moved to another database", f"clarion db copy --to '{moved}'")
        with opened.read() as tx:
            rows = sum(_count(tx.connection, table) for table in schema.metadata.sorted_tables)
    finally:
        opened.close()
    return Copied(outbox_id=opened.id, address=engines.address(url), rows=rows)


# ── the source ────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _hushed(source: Outbox) -> Iterator[None]:
    """Pause the whole campaign meanwhile, unless it is paused already."""
    pause = schema.pause
    with source.write() as tx:
        tx.execute(sa.delete(pause).where(pause.c.scope == "*", pause.c.until <= tx.now))
        if not tx.execute(sa.select(pause.c.scope).where(pause.c.scope == "*")).first():
            until = tx.now + HUSH // _MICROSECOND
            tx.execute(sa.insert(pause).values(scope="*", since=tx.now, until=until, reason=_BECAUSE))
    point("copy_hushed")
    try:
        yield
    except BaseException:
        with source.write() as tx:
            tx.execute(_ours())
        raise


def _ours() -> sa.Delete:
    return sa.delete(schema.pause).where(schema.pause.c.scope == "*", schema.pause.c.reason == _BECAUSE)


def _wait_for_flights(source: Outbox, patience: float, sleep: Callable[[float], None]) -> None:
    waited = 0.0
    while waited < patience:
        with source.read() as tx:
            if not _sending(tx):
                return
        sleep(0.5)
        waited += 0.5


def _refuse_flights(tx: Tx) -> None:
    if _sending(tx):
        raise OutboxBusy(
            "something is still being sent; try again in a moment",
            "if its publisher has died, five minutes later: clarion publish, then again",
        )


def _sending(tx: Tx) -> bool:
    delivery = schema.delivery
    return (
        tx.execute(sa.select(delivery.c.id).where(delivery.c.state == "sending").limit(1)).first() is not None
    )


# ── the target ────────────────────────────────────────────────────────────────────────────────────────────────


def _fill(source: Tx, target: Engine, mark: str, outbox_id: str) -> int:
    """Every row, in one transaction of the target, counted and its audit chains followed before it is committed."""
    with engines.translated(target), target.connect() as connection, connection.begin():
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(opening.UPGRADE_LOCK)))
        _clear(connection, outbox_id)
        rows = sum(_pour(source, connection, table) for table in schema.metadata.sorted_tables)
        set_meta(connection, COPY, mark)
        _verify(source, Tx(connection=connection, now=source.now))
    return rows


def _clear(connection: Connection, outbox_id: str) -> None:
    """Make room."""
    _refuse_full(connection, outbox_id)
    for table in reversed(schema.metadata.sorted_tables):
        connection.execute(sa.delete(table))


def _refuse_full(connection: Connection, outbox_id: str) -> None:
    """Only an empty outbox, or a copy of this very one that was cut short, may be overwritten."""
    unfinished = get_meta(connection, COPY) is not None and get_meta(connection, OUTBOX_ID) == outbox_id
    if not unfinished and any(_count(connection, table) for table in (schema.entry, schema.account)):
        raise OutboxError("the database holds an outbox already", "give the campaign a database of its own")


def _pour(source: Tx, connection: Connection, table: sa.Table) -> int:
    wanted = sa.select(table)
    if table is schema.meta:
        wanted = wanted.where(schema.meta.c.key.not_in(_STAYS))
    rows = 0
    for some in source.execute(wanted).partitions(_ROWS):
        _write(connection, table, [dict(row._mapping) for row in some])  # noqa: SLF001 - its public name
        rows += len(some)
        point("copy_pouring")
    _go_on_counting(source, connection, table)
    return rows


def _write(connection: Connection, table: sa.Table, rows: list[dict[str, object]]) -> None:
    """SQLite keeps what PostgreSQL does not: a text longer than its column, or with a zero byte in it."""
    try:
        connection.execute(sa.insert(table), rows)
    except sa.exc.DataError as error:
        said = str(error.orig).splitlines()[0]
        raise OutboxError(
            f"something in the table {table.name} does not fit into the database ({said}); nothing was moved",
            "clarion db check; the outbox goes on where it is",
        ) from error


def _go_on_counting(source: Tx, connection: Connection, table: sa.Table) -> None:
    """Numbers go on after the last one ever given: an entry's is never given twice."""
    column = table.autoincrement_column
    if column is None or column.foreign_keys:
        return
    last = int(source.execute(sa.select(sa.func.coalesce(sa.func.max(column), 0))).scalar_one())
    if table.dialect_options["sqlite"]["autoincrement"]:
        ever = sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        last = max(last, int(source.execute(ever, {"name": table.name}).scalar() or 0))
    if last:
        sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
        connection.execute(sa.select(sa.func.setval(sequence, last)))


def _verify(source: Tx, target: Tx) -> None:
    for table in schema.metadata.sorted_tables:
        if table is not schema.meta and _count(source.connection, table) != _count(target.connection, table):
            raise OutboxError(
                f"the copy of {table.name} is not complete; nothing was moved", "clarion db check"
            )
    if audit.broken(target) != audit.broken(source):
        raise OutboxError("the copy's audit trail is not the outbox's; nothing was moved", "clarion db check")


def _count(connection: Connection, table: sa.Table) -> int:
    return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())
