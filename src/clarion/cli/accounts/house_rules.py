"""`clarion accounts rules`: what the account's server asks of those who post there, and whose word it is that we keep to it.

In: an account. Out: the rules as its server shows them now; with a person's yes, a row in the outbox's audit trail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from clarion.cli.terminal import offering, shell

if TYPE_CHECKING:
    from clarion.app import App


@click.command(
    epilog=shell.example("clarion accounts rules mastodon", "clarion accounts rules mastodon --accept")
)
@click.argument("name", shell_complete=offering.accounts)
@click.option("--accept", is_flag=True, help="Accept them without being asked.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def rules(app: App, name: str, *, accept: bool, as_json: bool) -> None:
    """Show the rules of an account's server, and accept them.

    clarion doctor asks again when the server changes them.
    """
    if name not in app.config.accounts:
        raise shell.unknown("account", name, app.config.accounts, prefix="clarion accounts rules ")
    if app.rehearsing:
        shell.say_so("Rehearsing needs no rules. These are the real server's, for when you go live.")
    with app.as_live() as live:
        found = _asked(live, name)
        if as_json:
            shell.show_json(found)
        else:
            for number, rule in enumerate(found, 1):
                shell.show(f"{number}. {' '.join(rule.split())}")
        if not found:
            shell.say_so("This server shows no rules.")
        elif shell.confirm("Does everything that this account posts keep to them?", yes=accept):
            _note(live, name, found)
        else:
            to = "" if shell.interactive() else f" To accept them: clarion accounts rules {name} --accept"
            shell.say_so(f"Not accepted.{to}")


def _asked(live: App, name: str) -> tuple[str, ...]:
    """The rules, or whose could not be read and what to do about it."""
    from clarion.app.doctor import house_rules
    from clarion.errors import PublishError

    try:
        return house_rules(live, name)
    except PublishError as error:
        said = (
            f"the rules of “{name}” could not be read: {live.config.accounts[name].server}: {error.message}"
        )
        raise type(error)(said, error.hint or f"try again later: clarion accounts rules {name}") from error


def _note(live: App, name: str, found: tuple[str, ...]) -> None:
    from clarion.accounts.doctor import hash_of
    from clarion.outbox.accepting import accept

    who = live.who()
    with live.outbox.write() as tx:
        accept(tx, name, hash_of(found), who=who)
    shell.say_so(f"Accepted by {who}.")
