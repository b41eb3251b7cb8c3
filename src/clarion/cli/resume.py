"""`clarion resume`: let publishing go on after a pause."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from clarion.cli.terminal import shell

if TYPE_CHECKING:
    from clarion.app import App


@click.command(epilog=shell.example("clarion resume", "clarion resume --account town"))
@click.option("--account", metavar="NAME", help="Only this account's own pause (default: the campaign's).")
@click.pass_obj
def resume(app: App, account: str | None) -> None:
    """Let publishing go on after a pause."""
    from clarion.accounts.me import who
    from clarion.cli.pause import in_words, known_account
    from clarion.outbox import pauses

    if app.rehearsing:
        shell.banner_of_rehearsal()
    with app.outbox.write() as tx:
        stood = pauses.resume(tx, account, who=who())
        still = pauses.standing(tx)
    if not stood:
        if not still:
            known_account(app, account)
        shell.say_so(f"{f'Account {account}' if account else 'The campaign'} was not paused.")
    elif account:
        shell.show(f"Account {account} goes on.")
    else:
        shell.show("Publishing goes on.")
    for each in still:
        shell.show(in_words(app, each))
    if app.stop_file.exists():
        shell.show(f"Stopped on this machine. To go on, remove {app.stop_file}")
