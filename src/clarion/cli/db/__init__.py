"""`clarion db`: where the outbox is kept, whether it is sound, and how it gets from one place to another.

In: the campaign's outbox, a SQLite file or a PostgreSQL database. Out: the same outbox, elsewhere or earlier, and never two
that publish. What changes anything asks first, or takes --yes; --dry-run says what it would do.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clarion.cli.db import moving
from clarion.cli.terminal import options, shell
from clarion.cli.terminal.tables import table
from clarion.errors import OutboxError

if TYPE_CHECKING:
    from clarion.app import App
    from clarion.outbox.hosting.backup import Restored


@click.group(epilog=shell.example("clarion db check", "clarion db backup", "clarion db restore FILE"))
def db() -> None:
    """The outbox's storage: check, back up, restore, move and upgrade it."""


# ── check, upgrade ────────────────────────────────────────────────────────────────────────────────────────────


@db.command(epilog=shell.example("clarion db check", "clarion db check --json"))
@click.option(
    "--accept-clock", is_flag=True, help="The clock was ahead and is right now: take its word from now on."
)
@options.yes
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def check(app: App, *, accept_clock: bool, yes: bool, as_json: bool) -> None:
    """Say whether the outbox is sound: file, schema, owner, clock, audit trail. Changes nothing."""
    from clarion.app.live import never_went_live
    from clarion.outbox.hosting import health
    from clarion.outbox.hosting.host import host_id

    if app.rehearsing:
        shell.banner_of_rehearsal()
    if accept_clock:
        _accept_clock(app, yes=yes)
    expected = app.config.campaign.outbox if app.config.live else None
    if app.config.live and expected is None:
        raise never_went_live()
    if app.outbox_url:
        readings = health.of_postgres(app.outbox_url, expected=expected)
    else:
        readings = health.of_sqlite(app.outbox_path, host=host_id(), expected=expected)
    if as_json:
        shell.show_json(readings)
    else:
        rows = [(each.what, "ok" if each.good else "WRONG", each.says) for each in readings]
        table(rows, ("what", "state", "says"))
        for each in readings:
            if not each.good:
                shell.say_so(f"{each.what}: {each.mend}")
    if not all(each.good for each in readings):
        shell.finish(shell.Code.USAGE)


def _accept_clock(app: App, *, yes: bool) -> None:
    from clarion.accounts.me import who
    from clarion.outbox.hosting.health import accept_clock

    question = (
        f"It is {app.clock.now():%Y-%m-%d %H:%M} UTC by this machine. Is that right, and was it ahead before?"
    )
    if shell.confirm(question, yes=yes):
        accept_clock(app.outbox_path, app.outbox_url, who=who())
    else:
        shell.say_so("Nothing was changed. Without being asked: clarion db check --accept-clock --yes")


@db.command(epilog=shell.example("clarion db upgrade", "clarion db upgrade --dry-run"))
@options.yes
@options.dry_run
@click.pass_obj
def upgrade(app: App, *, yes: bool, dry_run: bool) -> None:
    """Make the tables of a PostgreSQL outbox, or bring them to this version.

    Stop publishing on every host before. A SQLite outbox upgrades itself, after a backup.
    """
    from clarion.outbox import schema
    from clarion.outbox.hosting import opening

    url = app.config.outbox.url
    if not url:
        found = app.outbox
        shell.say_so(f"The outbox is a file and upgrades itself: {found.place} is at {schema.HEAD}.")
        return
    before = opening.upgrade_postgres(url, dry_run=True)
    if before == schema.HEAD:
        shell.say_so(f"The outbox is at {schema.HEAD} already; nothing was changed.")
        return
    what = f"from {before} to {schema.HEAD}" if before else f"made, at {schema.HEAD}"
    if dry_run:
        shell.say_so(f"The outbox would be {'brought ' if before else ''}{what}. Nothing was changed.")
        return
    # An empty database has nothing to lose.
    if before:
        shell.require_asked(yes=yes, nothing="nothing was changed", command="clarion db upgrade --yes")
    if before and not shell.confirm(f"Bring the outbox {what}? Nobody may publish meanwhile.", yes=yes):
        shell.say_so("Nothing was changed.")
        return
    opening.upgrade_postgres(url)
    shell.show(f"The outbox was {'brought ' if before else ''}{what}.")


# ── backup, restore ───────────────────────────────────────────────────────────────────────────────────────────


@db.command(epilog=shell.example("clarion db backup", "clarion db backup /media/stick/outbox.sqlite3"))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.pass_obj
def backup(app: App, file: Path | None) -> None:
    """Copy the outbox to a new file, also while it is in use."""
    from clarion.outbox.hosting.backup import make

    if app.rehearsing:
        shell.banner_of_rehearsal()
    if app.outbox_url:
        raise OutboxError(
            "this outbox is a PostgreSQL database, whose own tool makes the backup",
            f"pg_dump --format=custom --file={shlex.quote(str(file or 'outbox.dump'))}"
            f" --dbname={shlex.quote(_libpq(app.outbox_url))}",
        )
    copy = file or _usual_name(app)
    try:
        make(app.outbox_path, copy)
    except OSError as error:  # of a draft beside it, whose name would tell nobody anything
        raise OutboxError(
            f"no backup can be made at {copy}: {error.strerror or error}",
            f"mkdir -p {shlex.quote(str(copy.parent))}"
            if isinstance(error, FileNotFoundError)
            else "clarion db backup OTHER-FILE",
        ) from error
    shell.show(str(copy))
    shell.say_so("Keep it on another disk, where only you can read it.")


def _usual_name(app: App) -> Path:
    folder = app.state / "backups"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f"{app.mode}-{app.clock.now():%Y%m%dT%H%M%SZ}.sqlite3"


@db.command(epilog=shell.example("clarion db restore FILE --dry-run", "clarion db restore FILE"))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@options.yes
@options.dry_run
@click.pass_obj
def restore(app: App, file: Path, *, yes: bool, dry_run: bool) -> None:
    """Put a backup in the place of the outbox, which is kept beside it.

    Whatever may have gone out since the backup is in doubt: it is looked for and never sent again by itself. What people
    stopped since stays stopped; where the outbox that is there cannot be read, everything waits for a new look.
    """
    if app.rehearsing:
        shell.banner_of_rehearsal()
    if app.outbox_url:
        raise OutboxError(
            "this outbox is a PostgreSQL database, whose own tool restores it",
            "stop every host; pg_restore --clean --if-exists"
            f" --dbname={shlex.quote(_libpq(app.outbox_url))} FILE; then: clarion db adopt",
        )
    shell.say_so(_in_words(_restore(app, file, dry_run=True)))
    if dry_run:
        shell.say_so("Nothing was changed.")
        return
    again = f"clarion db restore {shlex.quote(str(file))} --yes"
    shell.require_asked(yes=yes, nothing="nothing was changed", command=again)
    if not shell.confirm("Put this backup in the place of the outbox?", yes=yes):
        shell.say_so("Nothing was changed.")
        return
    done = _restore(app, file, dry_run=False)
    shell.show(f"Restored. {done.in_doubt} deliveries are in doubt.")
    if done.kept:
        shell.say_so(f"The outbox that was there: {done.kept}")
    moving.say_what_is_in_doubt(done.in_doubt)
    moving.say_what_is_held(done.held)


def _restore(app: App, file: Path, *, dry_run: bool) -> Restored:
    from clarion.accounts.me import who
    from clarion.outbox.hosting import backup, grounds
    from clarion.outbox.hosting.host import host_id

    if not app.rehearsing:
        grounds.refuse_shared(app.outbox_path)
    return backup.restore(
        app.outbox_path,
        file,
        host=host_id(),
        expected=app.config.campaign.outbox if app.config.live else None,
        who=who(),
        dry_run=dry_run,
    )


def _in_words(found: Restored) -> str:
    of = f"{found.backed_up_at:%Y-%m-%d %H:%M} UTC" if found.backed_up_at else "an unknown time"
    doubt = f"A backup of {of}. {found.in_doubt} deliveries may have gone out since and would be in doubt."
    if found.witnessed:
        return f"{doubt} What people stopped since stays stopped; {moving.would_wait(found.held)} for a new look."
    return (
        f"{doubt} There is no outbox that says what people stopped since:"
        f" {moving.would_wait(found.held)} for a new look, every approval is void."
    )


db.add_command(moving.adopt)
db.add_command(moving.copy)


def _libpq(url: str) -> str:
    """The address as PostgreSQL's own tools take it, without its password."""
    from clarion.outbox.engines import address

    scheme, _, rest = address(url).partition("://")
    return f"{scheme.partition('+')[0]}://{rest}"
