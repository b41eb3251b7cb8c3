"""`clarion db`: where the outbox is kept, whether it is sound, and how it gets from one place to another.

In: the campaign's outbox, a SQLite file or a PostgreSQL database. Out: the same outbox, elsewhere or earlier, and never two
that publish. What changes anything asks first, or takes --yes; --dry-run says what it would do.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clarion.cli import shell
from clarion.cli.rewriting import rewrite
from clarion.cli.tables import table
from clarion.errors import OutboxError

if TYPE_CHECKING:
    from clarion.app import App
    from clarion.outbox.backup import Restored

_YES = click.option("--yes", is_flag=True, help="Do not ask.")
_DRY_RUN = click.option("--dry-run", is_flag=True, help="Say what would be done; change nothing.")


@click.group(epilog=shell.example("clarion db check", "clarion db backup", "clarion db restore FILE"))
def db() -> None:
    """The outbox's storage: check, back up, restore, move and upgrade it."""


# ── check, upgrade ────────────────────────────────────────────────────────────────────────────────────────────


@db.command(epilog=shell.example("clarion db check", "clarion db check --json"))
@click.option(
    "--accept-clock", is_flag=True, help="The clock was ahead and is right now: take its word from now on."
)
@_YES
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def check(app: App, *, accept_clock: bool, yes: bool, as_json: bool) -> None:
    """Say whether the outbox is sound: file, schema, owner, clock, audit trail. Changes nothing."""
    from clarion.outbox import health
    from clarion.outbox.host import host_id

    if app.rehearsing:
        shell.banner_of_rehearsal()
    if accept_clock:
        _accept_clock(app, yes=yes)
    expected = app.config.campaign.outbox if app.config.live else None
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
    from clarion.outbox.health import accept_clock

    question = (
        f"It is {app.clock.now():%Y-%m-%d %H:%M} UTC by this machine. Is that right, and was it ahead before?"
    )
    if shell.confirm(question, yes=yes):
        accept_clock(app.outbox_path, app.outbox_url, who=who())
    else:
        shell.say_so("Nothing was changed. Without being asked: clarion db check --accept-clock --yes")


@db.command(epilog=shell.example("clarion db upgrade", "clarion db upgrade --dry-run"))
@_YES
@_DRY_RUN
@click.pass_obj
def upgrade(app: App, *, yes: bool, dry_run: bool) -> None:
    """Make the tables of a PostgreSQL outbox, or bring them to this version.

    Stop publishing on every host before. A SQLite outbox upgrades itself, after a backup.
    """
    from clarion.outbox import opening, schema

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
    if before and not shell.confirm(f"Bring the outbox {what}? Nobody may publish meanwhile.", yes=yes):
        shell.say_so("Nothing was changed. Without being asked: clarion db upgrade --yes")
        return
    opening.upgrade_postgres(url)
    shell.show(f"The outbox was {'brought ' if before else ''}{what}.")


# ── backup, restore ───────────────────────────────────────────────────────────────────────────────────────────


@db.command(epilog=shell.example("clarion db backup", "clarion db backup /media/stick/outbox.sqlite3"))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.pass_obj
def backup(app: App, file: Path | None) -> None:
    """Copy the outbox to a new file, also while it is in use."""
    from clarion.outbox.backup import make

    if app.rehearsing:
        shell.banner_of_rehearsal()
    if app.outbox_url:
        raise OutboxError(
            "this outbox is a PostgreSQL database, whose own tool makes the backup",
            f"pg_dump --format=custom --file={shlex.quote(str(file or 'outbox.dump'))}"
            f" --dbname={shlex.quote(_libpq(app.outbox_url))}",
        )
    copy = file or _usual_name(app)
    make(app.outbox_path, copy)
    shell.show(str(copy))
    shell.say_so("Keep it on another disk, where only you can read it.")


def _usual_name(app: App) -> Path:
    folder = app.state / "backups"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f"{app.mode}-{app.clock.now():%Y%m%dT%H%M%SZ}.sqlite3"


@db.command(epilog=shell.example("clarion db restore FILE --dry-run", "clarion db restore FILE"))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_YES
@_DRY_RUN
@click.pass_obj
def restore(app: App, file: Path, *, yes: bool, dry_run: bool) -> None:
    """Put a backup in the place of the outbox, which is kept beside it.

    Whatever may have gone out since the backup is in doubt: it is looked for and never sent again by itself.
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
    if not shell.confirm("Put this backup in the place of the outbox?", yes=yes):
        shell.say_so(
            f"Nothing was changed. Without being asked: clarion db restore {shlex.quote(str(file))} --yes"
        )
        return
    done = _restore(app, file, dry_run=False)
    shell.show(f"Restored. {done.in_doubt} deliveries are in doubt.")
    if done.kept:
        shell.say_so(f"The outbox that was there: {done.kept}")
    _say_what_is_in_doubt(done.in_doubt)


def _restore(app: App, file: Path, *, dry_run: bool) -> Restored:
    from clarion.accounts.me import who
    from clarion.outbox import backup, grounds
    from clarion.outbox.host import host_id

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
    return f"A backup of {of}. {found.in_doubt} deliveries may have gone out since and would be in doubt."


# ── adopt, copy ───────────────────────────────────────────────────────────────────────────────────────────────


@db.command(epilog=shell.example("clarion db adopt --dry-run", "clarion db adopt"))
@_YES
@_DRY_RUN
@click.pass_obj
def adopt(app: App, *, yes: bool, dry_run: bool) -> None:
    """Let this host publish from an outbox that came from another one, or from a copy.

    Only when the other host has stopped for good. Whatever was due is in doubt: it is looked for and never sent again
    by itself. Also after a PostgreSQL outbox was restored from its own backup.
    """
    from clarion.accounts.me import who
    from clarion.outbox import lost, moving
    from clarion.outbox.host import host_id

    if app.rehearsing:
        shell.banner_of_rehearsal()
    found = app.outbox if app.outbox_url else _anybodys(app)
    if found is None:
        shell.say_so("The outbox is this host's already; nothing was changed.")
        return
    try:
        with found.read() as tx:
            stake = lost.at_stake(tx)
        shell.say_so(
            f"{stake} deliveries were due; they may have gone out from elsewhere and would be in doubt."
        )
        if dry_run:
            shell.say_so("Nothing was changed.")
            return
        question = "Has every other host that publishes from it stopped for good, and shall this one go on?"
        if not shell.confirm(question, yes=yes):
            shell.say_so("Nothing was changed. Without being asked: clarion db adopt --yes")
            return
        doubted = moving.adopt(found, host=None if app.outbox_url else host_id(), who=who())
        if app.config.live and app.config.campaign.outbox != found.id:
            _write(app, "campaign", "outbox", found.id)
        shell.show(f"Adopted. {doubted} deliveries are in doubt.")
        _say_what_is_in_doubt(doubted)
    finally:
        found.close()


def _anybodys(app: App) -> Any:
    """The outbox of this machine, whoever it belongs to; None when it is simply ours."""
    from clarion.outbox import grounds, opening
    from clarion.outbox.health import of_sqlite
    from clarion.outbox.host import host_id

    path, expected = app.outbox_path, app.config.campaign.outbox if app.config.live else None
    if not path.is_file():
        raise OutboxError(
            f"there is no outbox on this machine: {path}",
            "copy it there from the other machine, or: clarion db restore BACKUP",
        )
    if not app.rehearsing:
        grounds.refuse_shared(path)
    readings = of_sqlite(path, host=host_id(), expected=expected)
    if all(each.good for each in readings if each.what in ("host", "identity", "age")):
        opening.open_sqlite(path, host=host_id()).close()  # or it says what else is wrong
        return None
    return opening.open_sqlite(path, host=None)


@db.command(
    epilog=shell.example(
        "clarion db copy --to postgresql+psycopg://eyes@db.example/eyes --dry-run",
        "clarion db copy --to postgresql+psycopg://eyes@db.example/eyes --write",
    )
)
@click.option(
    "--to", "url", required=True, metavar="URL", help="The database. Keep its password in ~/.pgpass."
)
@click.option("--write", is_flag=True, help="Write the address into config.toml.")
@_YES
@_DRY_RUN
@click.pass_obj
def copy(app: App, url: str, *, write: bool, yes: bool, dry_run: bool) -> None:
    """Move the outbox from its file into a PostgreSQL database.

    Waits until nothing is being sent, and ends with exactly one outbox that may publish. Cut short at any moment, the
    same command goes on.
    """
    from clarion.accounts.me import who
    from clarion.outbox import engines, moving

    if app.rehearsing:
        raise OutboxError(
            "a rehearsal stays on this machine; a campaign that begins with a database has nothing to move",
            f'below [outbox] in config.toml: url = "{engines.address(url)}"; clarion db upgrade; clarion live',
        )
    done = None if dry_run else moving.resume(app.outbox_path, url)
    if done is None:
        with _source(app) as source:
            shell.say_so(f"From {source.place} to {engines.address(url)}")
            if dry_run:
                moving.examine(url, source.id)
                shell.say_so("The database can take it. Nothing was moved.")
                return
            if not shell.confirm("Move it? Nothing can be published from the file afterwards.", yes=yes):
                shell.say_so("Nothing was moved. Without being asked: clarion db copy --to URL --yes")
                return
            done = moving.copy(source, url, who=who())
    shell.say_so(f"Moved: {done.rows} rows, counted and their audit trail followed.")
    if write:
        _write(app, "outbox", "url", done.address)
        shell.say_so("config.toml names the database now. Other hosts need the same file.")
    else:
        shell.say_so("Nothing goes out before config.toml says, on every host:")
        shell.show(f'[outbox]\nurl = "{done.address}"')
    shell.say_so("Its password belongs in ~/.pgpass of the user who publishes, not in config.toml.")


def _source(app: App) -> Any:
    """The SQLite outbox of the live campaign, closed at the end."""
    from contextlib import closing

    from clarion.outbox import opening
    from clarion.outbox.host import host_id

    found = opening.open_sqlite(app.outbox_path, host=host_id())
    if found.id != app.config.campaign.outbox:
        found.close()
        raise OutboxError(
            "this campaign publishes from another outbox than this machine's", "clarion db check"
        )
    return closing(found)


def _write(app: App, table: str, key: str, value: str) -> None:
    import tomlkit

    def change(document: Any) -> None:
        document.setdefault(table, tomlkit.table())[key] = value

    rewrite(app, change)


def _libpq(url: str) -> str:
    """The address as PostgreSQL's own tools take it, without its password."""
    from clarion.outbox.engines import address

    scheme, _, rest = address(url).partition("://")
    return f"{scheme.partition('+')[0]}://{rest}"


def _say_what_is_in_doubt(count: int) -> None:
    if count:
        shell.say_so(
            "clarion publish looks for them; what it does not find waits for you: clarion queue list"
        )
