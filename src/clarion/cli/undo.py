"""`clarion undo`: take back what your last command queued."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from clarion.cli.terminal import options, shell

if TYPE_CHECKING:
    from clarion.app import App


@click.command(epilog=shell.example("clarion undo", "clarion undo --yes"))
@options.yes
@click.pass_obj
def undo(app: App, *, yes: bool) -> None:
    """Take back what your last command queued and has not gone out. Somebody else's: clarion queue cancel."""
    from clarion.accounts.me import who
    from clarion.cli.queue.taking_back import tell
    from clarion.composing import entries
    from clarion.errors import ClarionError
    from clarion.outbox.entries import posts

    if app.rehearsing:
        shell.banner_of_rehearsal()
    with app.outbox.read() as tx:
        newest = [posts.show(tx, number) for number in posts.last_batch(tx, who=who())]
    waiting = [entry for entry in newest if entries.waits(entry)]
    names = ", ".join(f"#{entry.number} {entry.title}" for entry in waiting)
    if waiting and not shell.interactive() and not yes:
        raise ClarionError(f"nothing was taken back: {names} still waits", "clarion undo --yes")
    if waiting and not shell.confirm(f"Take back your {names}?", yes=yes):
        shell.say_so("Nothing was taken back.")
        return
    for entry in entries.undo(app.outbox, who=who()):
        tell(app, entry.number, posts.cancellable(entry))
