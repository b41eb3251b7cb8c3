"""Whether an outbox is sound: what `clarion db check` says, line by line. Changes nothing, and never gives up half-way.

In: where the outbox is, and whose it should be. Out: one `Reading` for each question, in words.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from clarion.clock import moment
from clarion.digest import digest_of
from clarion.errors import OutboxError
from clarion.outbox import audit, engines, schema
from clarion.outbox.hosting import backup, grounds, opening
from clarion.outbox.store import (
    COPY,
    HEARTBEAT,
    HOST,
    MOVED_TO,
    OUTBOX_ID,
    RESTORING,
    SEEN,
    SIMULATED,
    DatabaseTime,
    SimulatedTime,
    Tx,
    get_meta,
    set_meta,
)

_PRIVATE = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One question and its answer. `mend`: the command that mends it; there is one where `good` is False."""

    what: str
    good: bool
    says: str
    mend: str | None = None


def of_sqlite(path: Path, *, host: str, expected: str | None) -> list[Reading]:
    """How the outbox at `path` is. `expected`: the id of the one outbox that may publish."""
    if not path.is_file():
        return [_bad("file", f"there is none at {path}", "clarion db restore BACKUP, or clarion init")]
    found = [*_of_place(path)]
    problem = backup.damage(path)
    if problem:
        return [
            *found,
            _bad("file", f"damaged: {problem}", "clarion db restore BACKUP; do not publish before"),
        ]
    found.append(_good("file", "whole (integrity_check)"))
    engine = engines.sqlite(path)
    try:
        return [*found, *_inside(engine, path, host=host, expected=expected)]
    finally:
        engine.dispose()


def of_postgres(url: str, *, expected: str | None) -> list[Reading]:
    """How the outbox in a database is."""
    engine = engines.postgres(url)
    try:
        return [_good("place", engines.place(engine)), *_inside(engine, None, host=None, expected=expected)]
    finally:
        engine.dispose()


def accept_clock(path: Path, url: str | None, *, who: str | None) -> None:
    """Take the clock's word from now on: it was ahead before. Raises OutboxError as opening does."""
    engine = engines.postgres(url) if url else engines.sqlite(path)
    try:
        with engines.translated(engine), engine.connect() as plain:
            connection = plain.execution_options(clarion_write=True)
            with connection.begin():
                tx = Tx(connection=connection, now=DatabaseTime().read(connection))
                set_meta(connection, HEARTBEAT, str(tx.now))
                set_meta(connection, SEEN, str(tx.now))
                audit.record(tx, "clock_accepted", "outbox", who=who)
                if not url:
                    opening.note_seen(path, tx.now)  # before the commit: it must not say more than the outbox
    finally:
        engine.dispose()


# ── the file ──────────────────────────────────────────────────────────────────────────────────────────────────


def _of_place(path: Path) -> Iterator[Reading]:
    try:
        grounds.refuse_shared(path)
        yield _good("place", str(path))
    except OutboxError as error:
        yield _bad("place", error.message, str(error.hint))
    others = stat.S_IMODE(path.stat().st_mode) & ~_PRIVATE
    if others:
        yield _bad("file mode", "other users of this machine may read it", f"chmod 600 '{path}'")


# ── what stands in it ─────────────────────────────────────────────────────────────────────────────────────────


def _inside(
    engine: Engine, path: Path | None, *, host: str | None, expected: str | None
) -> Iterator[Reading]:
    try:
        with engines.translated(engine), engine.connect() as connection, connection.begin():
            version = opening.version(connection)
            yield _of_schema(version)
            if version != schema.HEAD:
                return
            simulated = get_meta(connection, SIMULATED)
            tx = Tx(
                connection=connection, now=(SimulatedTime() if simulated else DatabaseTime()).read(connection)
            )
            yield from _of_owner(tx, path, host=host, expected=expected)
            yield from _of_time(tx, path)
            yield from _of_journal(tx)
            yield _of_audit(tx)
            yield _of_payloads(tx)
            yield _of_images(tx)
    except OutboxError as error:
        yield _bad("database", error.message, error.hint or "clarion db check, in a moment")


def _of_schema(version: str) -> Reading:
    if version == schema.HEAD:
        return _good("schema", version)
    if version > schema.HEAD:
        return _bad(
            "schema", f"{version}; this Clarion knows {schema.HEAD}", "update Clarion on this machine"
        )
    return _bad("schema", f"{version or 'none'}; this Clarion needs {schema.HEAD}", "clarion db upgrade")


def _of_owner(tx: Tx, path: Path | None, *, host: str | None, expected: str | None) -> Iterator[Reading]:
    found = get_meta(tx.connection, OUTBOX_ID)
    moved, restoring = get_meta(tx.connection, MOVED_TO), get_meta(tx.connection, RESTORING)
    if moved:
        yield _bad(
            "in use", f"no: it was moved to {moved}", f'below [outbox] in config.toml: url = "{moved}"'
        )
    elif restoring:
        yield _bad("in use", "no: a restore was cut short", f"clarion db restore '{restoring}'")
    elif get_meta(tx.connection, COPY) and path is None:
        yield _bad("in use", "no: a copy that is not complete", "clarion db copy, again, on the first host")
    if expected and found != expected:
        yield _bad("identity", f"{found}; config.toml names {expected}", "clarion db adopt, or run it there")
    else:
        yield _good("identity", str(found))
    if host is not None:
        belongs = get_meta(tx.connection, HOST) == host
        yield _good("host", "this one") if belongs else _bad("host", "another one", "clarion db adopt")


def _of_time(tx: Tx, path: Path | None) -> Iterator[Reading]:
    latest = int(get_meta(tx.connection, HEARTBEAT) or 0)
    yield _good("last run", f"{moment(latest):%Y-%m-%d %H:%M} UTC" if latest else "clarion publish never ran")
    if latest and tx.at < moment(latest) - opening.CLOCK_SLACK:
        yield _bad(
            "clock",
            f"it says {tx.at:%Y-%m-%d %H:%M} UTC, before the last run",
            "set the clock; if it was ahead before: clarion db check --accept-clock",
        )
    else:
        yield _good("clock", f"{tx.at:%Y-%m-%d %H:%M:%S} UTC")
    if path is not None and int(get_meta(tx.connection, SEEN) or 0) < opening.seen(path):
        yield _bad("age", "older than the outbox that published here last", "clarion db adopt")


def _of_journal(tx: Tx) -> Iterator[Reading]:
    if tx.connection.dialect.name != "sqlite":
        return
    mode, synchronous = (
        tx.connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
        for name in ("journal_mode", "synchronous")
    )
    yield _good("journal", f"{mode}, synchronous {synchronous}")


def _of_audit(tx: Tx) -> Reading:
    broken = audit.broken(tx)
    if not broken:
        return _good("audit", "every chain follows")
    chain, seq = broken[0]
    return _bad(
        "audit",
        f"row {seq} of “{chain}” was changed or is missing",
        "ask who wrote to it; a backup shows what it said",
    )


def _of_payloads(tx: Tx) -> Reading:
    post = schema.post
    rows = tx.execute(sa.select(post.c.id, post.c.entry, post.c.payload, post.c.digest))
    changed = sorted({f"#{row.entry}" for row in rows if digest_of(bytes(row.payload)) != row.digest})
    if changed:
        return _bad("posts", f"not what was approved: {', '.join(changed)}", "clarion queue cancel NUMBER")
    return _good("posts", "each is what its digest says")


def _of_images(tx: Tx) -> Reading:
    media = schema.media
    rows = tx.execute(sa.select(media.c.sha256, media.c.bytes))
    changed = [row.sha256[:12] for row in rows if sha256(bytes(row.bytes)).hexdigest() != row.sha256]
    if changed:
        return _bad("images", f"damaged: {', '.join(changed)}", "clarion db restore BACKUP")
    return _good("images", "each is what its name says")


def _good(what: str, says: str) -> Reading:
    return Reading(what=what, good=True, says=says)


def _bad(what: str, says: str, mend: str) -> Reading:
    return Reading(what=what, good=False, says=says, mend=mend)
