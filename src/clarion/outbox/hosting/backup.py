"""Backups of a SQLite outbox: making one, and putting one in the place of the present outbox so that nothing goes out twice.

In: the outbox's path (nothing, a damaged file or a whole one may be there) and a file made by `opening.back_up` or copied by
hand. Out: the restored outbox in its place, the present one kept beside it. What may have gone out since the backup is in
doubt, and what people stopped since stays stopped, as far as the present one can be read; where it cannot, everything that
waits comes before people again. A restore that is cut short leaves the present outbox out of use until it is repeated.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from clarion.clock import micros, moment
from clarion.errors import OutboxBusy, OutboxError
from clarion.outbox import audit, engines, schema
from clarion.outbox.hosting import lost, opening, witness
from clarion.outbox.store import (
    BACKED_UP,
    CONFIG,
    HEARTBEAT,
    HOST,
    MOVED_TO,
    OUTBOX_ID,
    RESTORING,
    SEEN,
    SIMULATED,
    Outbox,
    Tx,
    get_meta,
    set_meta,
)
from clarion.points import point


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore did, or would do."""

    outbox_id: str
    at: datetime
    backed_up_at: datetime | None  # None: a copy made by other means
    in_doubt: int
    held: int  # entries that wait for a new look
    witnessed: bool  # the present outbox could be asked what people stopped since the backup
    kept: Path | None  # the present outbox, put aside


def make(path: Path, copy: Path) -> None:
    """A whole copy of the outbox in a new file, for its owner alone, also while it is in use. Raises OutboxError."""
    if not path.is_file():
        raise OutboxError(f"there is no outbox at {path}", "clarion init")
    if MOVED_TO in _facts(path):
        raise OutboxError("this outbox was moved to a database", "the database's own backup: docs/hosts.md")
    taken = OutboxError(f"there is a file already: {copy}", "clarion db backup OTHER-FILE")
    if copy.exists():
        raise taken
    try:
        if not opening.back_up(path, copy):
            raise taken
    except sqlite3.Error as error:
        raise OutboxError(f"the outbox cannot be copied: {error}", "clarion db check") from error
    problem = damage(copy)
    if problem:
        copy.unlink()
        raise OutboxError(f"the outbox is damaged ({problem}); no backup was made", "clarion db check")


def restore(
    path: Path, backup: Path, *, host: str, expected: str | None, who: str | None, dry_run: bool = False
) -> Restored:
    """Put `backup` in the place of the outbox at `path`. `expected`: the id of the one outbox that may publish.

    Raises OutboxBusy while a delivery is being sent, and OutboxError for a backup that is damaged or another outbox's.
    """
    if path.exists() and backup.exists() and path.samefile(backup):
        raise OutboxError("this is the outbox itself, not a backup of it", f"ls '{path.parent}'")
    _examine(backup)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _draft(backup, path) as draft:
        present = _present(path)
        _refuse_another(draft.id, expected, present)
        if not dry_run:
            _stop(path, present, backup)
        # Only the same outbox knows anything of this one.
        with _opened(path if present == draft.id else None) as there:
            if there is not None:
                _go_on_in_time(draft, there)
            with draft.write() as tx:
                restored = _settle(tx, path, present, there, host=host, who=who, outbox_id=draft.id)
        file = Path(draft.place)
        draft.close()
        if not dry_run:
            opening.note_seen(path, micros(restored.at))
            _put(file, path, present, restored.kept)
            point("restored")
    return restored


def _examine(backup: Path) -> None:
    """Raise OutboxError for what is no whole outbox."""
    if not backup.is_file():
        raise OutboxError(f"there is no backup at {backup}", "clarion db restore FILE")
    problem = damage(backup)
    if problem:
        raise OutboxError(f"this backup is damaged ({problem}): {backup}", "take an older one")
    facts = _facts(backup)
    if OUTBOX_ID not in facts:
        raise OutboxError(f"{backup} is not an outbox of Clarion", "clarion db restore FILE")
    if MOVED_TO in facts:
        raise OutboxError(
            "this file was moved to a database, which has gone on since",
            "the database's own backup: docs/hosts.md",
        )


def damage(path: Path) -> str | None:
    """What is wrong with a SQLite file, in its own words; None when it is whole."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True)) as database:
            said = [str(row[0]) for row in database.execute("PRAGMA integrity_check(3)")]
    except sqlite3.Error as error:
        return str(error)
    return None if said == ["ok"] else said[0].splitlines()[-1]


def _facts(path: Path) -> dict[str, str]:
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True)) as database,
    ):
        return dict(database.execute("SELECT key, value FROM meta"))
    return {}


def _present(path: Path) -> str | None:
    """The id of the outbox that is there; "" for one that is damaged, None for none."""
    if not path.exists():
        return None
    return "" if damage(path) else _facts(path).get(OUTBOX_ID, "")


def _refuse_another(found: str, expected: str | None, present: str | None) -> None:
    wanted = expected or present or found
    if found != wanted:
        raise OutboxError(
            "this is the backup of another campaign's outbox, or of a rehearsal's",
            f"take one whose id is {wanted}",
        )


@contextmanager
def _draft(backup: Path, path: Path) -> Iterator[Outbox]:
    """The backup, poured into a file beside the outbox, brought to this version, and opened."""
    token = secrets.token_hex(4)
    file = path.with_name(f".{path.name}.{token}")
    try:
        stamp = _facts(backup).get(BACKED_UP)
        opening.pour(backup, file)
        with closing(sqlite3.connect(file, isolation_level=None)) as database:
            # The heartbeat would say that the clock was set back, where only the simulated time was.
            database.execute("DELETE FROM meta WHERE key IN (?, ?, ?)", (RESTORING, BACKED_UP, HEARTBEAT))
            for (name,) in database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            ).fetchall():
                database.execute(
                    f'DROP TRIGGER "{name}"'
                )  # put out of use while a restore over it was cut short
            if stamp:
                database.execute("INSERT INTO meta (key, value) VALUES (?, ?)", (BACKED_UP, stamp))
        draft = opening.open_sqlite(file, host=None)
        try:
            yield draft
        finally:
            draft.close()
    finally:
        for left in path.parent.glob(f".{path.name}*.{token}*"):
            left.unlink()


def _stop(path: Path, present: str | None, backup: Path) -> None:
    """Put the present outbox out of use, also for publishers that have it open. A damaged one cannot be."""
    if not present:
        return
    engine = engines.sqlite(path)
    try:
        with engines.translated(engine), engine.connect() as plain:
            connection = plain.execution_options(clarion_write=True)
            with connection.begin():
                if get_meta(connection, MOVED_TO) is not None:
                    raise OutboxError(
                        "this outbox was moved to a database", "the database's own backup: docs/hosts.md"
                    )
                if get_meta(connection, RESTORING) is None and _flying(connection):
                    raise OutboxBusy("something is being sent just now; try again in a moment")
                opening.retire(connection, RESTORING, str(backup.resolve()))
    finally:
        engine.dispose()
    point("restore_stopped")


def _flying(connection: sa.engine.Connection) -> bool:
    delivery = schema.delivery
    sending = sa.select(delivery.c.id).where(delivery.c.state == "sending").limit(1)
    return connection.execute(sending).first() is not None


@contextmanager
def _opened(path: Path | None) -> Iterator[Tx | None]:
    """The present outbox, to be read. It may be of an older schema."""
    if path is None:
        yield None
        return
    engine = engines.sqlite(path)
    try:
        with engines.translated(engine), engine.connect() as connection, connection.begin():
            yield Tx(connection=connection, now=0)
    finally:
        engine.dispose()


def _go_on_in_time(draft: Outbox, there: Tx) -> None:
    latest = get_meta(there.connection, SIMULATED)
    if latest:
        with draft.write() as tx:
            set_meta(tx.connection, SIMULATED, latest)


def _settle(
    tx: Tx, path: Path, present: str | None, there: Tx | None, *, host: str, who: str | None, outbox_id: str
) -> Restored:
    """Write into the draft what the restored outbox must know. `there`: the present outbox, where it can be read."""
    stamp = get_meta(tx.connection, BACKED_UP)
    of = f"{moment(int(stamp)):%Y-%m-%d %H:%M} UTC" if stamp else "an unknown time"
    reason = f"it may have gone out after the backup of {of}"
    if there is None:
        doubted, held = lost.doubt(tx, reason), lost.hold(tx, who=who, since=f"the backup of {of}")
    else:
        doubted, held = witness.carry(tx, there, reason=reason, who=who)
    tx.execute(sa.delete(schema.meta).where(schema.meta.c.key.in_([BACKED_UP, CONFIG])))
    for key, value in ((HOST, host), (HEARTBEAT, str(tx.now)), (SEEN, str(tx.now))):
        set_meta(tx.connection, key, value)
    audit.record(
        tx, "restored", "outbox", who=who, detail=f"backup of {of}; {doubted} in doubt, {held} entries held"
    )
    name = f"{path.stem}.replaced-{moment(tx.now):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}{path.suffix}"
    return Restored(
        outbox_id=outbox_id,
        at=tx.at,
        backed_up_at=moment(int(stamp)) if stamp else None,
        in_doubt=doubted,
        held=held,
        witnessed=there is not None,
        kept=None if present is None else path.with_name(name),
    )


def _put(draft: Path, path: Path, present: str | None, aside: Path | None) -> None:
    if present and aside:
        # Into the file itself, in one transaction: a rename under whoever has it open could mix the two.
        opening.back_up(path, aside)
        point("restore_kept")
        with (
            closing(sqlite3.connect(draft)) as source,
            closing(sqlite3.connect(path, timeout=engines.BUSY_SECONDS)) as target,
        ):
            target.execute("PRAGMA synchronous = EXTRA")
            source.backup(target)
        return
    if aside:
        # A damaged file cannot be written into. It stays in its place until the moment it is replaced.
        os.link(path, aside)
        for suffix in opening.SIDE_FILES:
            with suppress(FileNotFoundError):
                Path(f"{path}{suffix}").rename(f"{aside}{suffix}")
        point("restore_kept")
    draft.replace(path)
