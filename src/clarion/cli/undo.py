"""`clarion undo`: take back what the last command queued."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from clarion.cli import shell

if TYPE_CHECKING:
    from clarion.app import App


@click.command(epilog=shell.example("clarion undo", "clarion undo --yes"))
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def undo(app: App, *, yes: bool) -> None:
    """Take back what the last command queued and has not gone out."""
    from clarion.accounts.me import who
    from clarion.composing import entries
    from clarion.outbox import posts

    if app.rehearsing:
        shell.banner_of_rehearsal()
    with app.outbox.read() as tx:
        numbers = posts.last_batch(tx)
        names = ", ".join(f"#{number} {posts.show(tx, number).title}" for number in numbers)
    if names and not shell.confirm(f"Take back {names}?", yes=yes):
        shell.say_so("Nothing was taken back. To do it without being asked: clarion undo --yes")
        return
    for entry in entries.undo(app.outbox, who=who()):
        shell.show(f"#{entry.number} {entry.title}: cancelled")
        if any(delivery.receipt for post in entry.posts for delivery in post.deliveries):
            shell.say_so(f"Some of it was up already and stays: clarion queue show {entry.number}")
