"""`clarion db adopt` and `clarion db copy`: an outbox goes on elsewhere, and never two of them publish.

In: the campaign's outbox, where it is or where it came to. Out: the same outbox, this host's or in a database; whatever may
have gone out meanwhile is in doubt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from clarion.cli.rewriting import rewrite
from clarion.cli.terminal import options, shell
from clarion.errors import OutboxError

if TYPE_CHECKING:
    from clarion.app import App


@click.command(epilog=shell.example("clarion db adopt --dry-run", "clarion db adopt"))
@options.yes
@options.dry_run
@click.pass_obj
def adopt(app: App, *, yes: bool, dry_run: bool) -> None:
    """Let this host publish from an outbox that came from another one, or from a copy.

    Only when the other host has stopped for good. Whatever was due is in doubt: it is looked for and never sent again
    by itself. What waits is held for a new look, because what people stopped there is not known here. Also after a
    PostgreSQL outbox was restored from its own backup.
    """
    from clarion.accounts.me import who
    from clarion.outbox.hosting import lost, moving
    from clarion.outbox.hosting.host import host_id

    if app.rehearsing:
        shell.banner_of_rehearsal()
    found = app.outbox if app.outbox_url else _anybodys(app)
    if found is None:
        shell.say_so("The outbox is this host's already; nothing was changed.")
        return
    try:
        with found.read() as tx:
            stake, held = lost.at_stake(tx), lost.to_hold(tx)
        shell.say_so(
            f"{stake} deliveries were due; they may have gone out from elsewhere and would be in doubt."
        )
        shell.say_so(
            "What people stopped elsewhere is not known here:"
            f" {would_wait(held)} for a new look, every approval is void."
        )
        if dry_run:
            shell.say_so("Nothing was changed.")
            return
        question = "Has every other host that publishes from it stopped for good, and shall this one go on?"
        if not shell.confirm(question, yes=yes):
            shell.say_so("Nothing was changed. Without being asked: clarion db adopt --yes")
            return
        done = moving.adopt(found, host=None if app.outbox_url else host_id(), who=who())
        if app.config.live and app.config.campaign.outbox != found.id:
            _write(app, "campaign", "outbox", found.id)
        shell.show(f"Adopted. {done.in_doubt} deliveries are in doubt.")
        say_what_is_in_doubt(done.in_doubt)
        say_what_is_held(done.held)
    finally:
        found.close()


def _anybodys(app: App) -> Any:
    """The outbox of this machine, whoever it belongs to; None when it is simply ours."""
    from clarion.outbox.hosting import grounds, opening
    from clarion.outbox.hosting.health import of_sqlite
    from clarion.outbox.hosting.host import host_id

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


@click.command(
    epilog=shell.example(
        "clarion db copy --to postgresql+psycopg://eyes@db.example/eyes --dry-run",
        "clarion db copy --to postgresql+psycopg://eyes@db.example/eyes --write",
    )
)
@click.option(
    "--to", "url", required=True, metavar="URL", help="The database. Keep its password in ~/.pgpass."
)
@click.option("--write", is_flag=True, help="Write the address into config.toml.")
@options.yes
@options.dry_run
@click.pass_obj
def copy(app: App, url: str, *, write: bool, yes: bool, dry_run: bool) -> None:
    """Move the outbox from its file into a PostgreSQL database.

    Waits until nothing is being sent, and ends with exactly one outbox that may publish. Cut short at any moment, the
    same command goes on.
    """
    from clarion.accounts.me import who
    from clarion.outbox import engines
    from clarion.outbox.hosting import moving

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

    from clarion.outbox.hosting import opening
    from clarion.outbox.hosting.host import host_id

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


def say_what_is_in_doubt(count: int) -> None:
    if count:
        shell.say_so(
            "clarion publish looks for them; what it does not find waits for you: clarion queue list"
        )


def say_what_is_held(count: int) -> None:
    if count:
        waits = "1 entry waits" if count == 1 else f"{count} entries wait"
        shell.say_so(f"{waits} for a new look. To read and approve again: clarion approve")


def would_wait(count: int) -> str:
    return f"{'1 entry' if count == 1 else f'{count} entries'} would wait"
