"""`clarion accounts remove`: an account leaves the campaign. What it posted stays up, and its receipts stay in the outbox.

In: a name, and what becomes of its posts that still wait. Out: the token given back to the network, secret and session
forgotten, the account gone from config.toml.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from clarion.cli import rewriting
from clarion.cli.terminal import offering, options, shell
from clarion.errors import ClarionError, PublishError

if TYPE_CHECKING:
    from clarion.accounts.joining import Joining
    from clarion.app import App
    from clarion.outbox.leaving import Open

_CHOICES = ("hold", "cancel")


@click.command(
    epilog=shell.example("clarion accounts remove news", "clarion accounts remove news --posts cancel --yes")
)
@click.argument("name", shell_complete=offering.accounts)
@click.option(
    "--posts",
    type=click.Choice(_CHOICES),
    help="What becomes of its posts that wait: hold them for people (usual), or cancel them.",
)
@options.yes
@click.pass_obj
def remove(app: App, name: str, *, posts: str | None, yes: bool) -> None:
    """Take an account out of the campaign, and its secret off this machine.

    What it has posted stays up, and the receipts stay here. Nothing is removed while a post of it is on its way or in
    doubt.
    """
    from clarion.app.joining import joining
    from clarion.outbox import leaving

    if name not in app.config.accounts:
        raise shell.unknown("account", name, app.config.accounts, prefix="clarion accounts remove ")
    if app.rehearsing:
        shell.banner_of_rehearsal()
    with app.outbox.read() as tx:
        found = leaving.still_open(tx, name)
    with app.as_live() as live:
        way = joining(live, name)
        _say_what_happens(way, name, found)
        posts = _asked(found, posts, yes=yes)
        _say_what_becomes(found, posts)
        shell.require_asked(
            yes=yes, nothing="nothing is removed", command=f"clarion accounts remove {name} --yes"
        )
        if not shell.confirm(f"Remove “{name}”?", yes=yes):
            shell.say_so("Nothing is removed.")
            return
        _leave(app, live, name, cancel=posts == "cancel")
        _revoke(way)
        way.forget()
    rewriting.rewrite(app, lambda document: _without(document, name))
    shell.say_so(f"“{name}” is removed from this campaign and this machine.")


def _asked(found: Open, posts: str | None, *, yes: bool) -> str:
    """What becomes of the posts that wait."""
    if posts or not found.waiting or yes or not shell.interactive():
        return posts or "hold"
    wait = f"{_named(found.waiting)} {'waits' if len(found.waiting) == 1 else 'wait'}"
    return shell.ask(f"{wait}: hold for people, or cancel?", _choice, usual="hold")


def _choice(typed: str) -> str:
    if typed not in _CHOICES:
        raise ClarionError("type hold or cancel", "held posts may go out again when the account is back")
    return typed


def _say_what_happens(way: Joining, name: str, found: Open) -> None:
    account = way.account
    shell.say_so(f"“{name}” is @{account.handle} on {account.server}.")
    if found.up:
        shell.say_so(
            f"{_named(found.up)} {'stays' if len(found.up) == 1 else 'stay'} up, and clarion recall cannot take down"
            f" what a removed account posted. To take it down first: clarion recall {found.up[0]}"
        )
    if way.known():
        shell.say_so("Its secret is given back and forgotten here. What it has posted stays up.")


def _say_what_becomes(found: Open, posts: str) -> None:
    if found.waiting:
        ending = "cancelled" if posts == "cancel" else "held until people approve them again"
        shell.say_so(f"Its posts in {_named(found.waiting)} are {ending}.")


def _named(numbers: list[int]) -> str:
    return ", ".join(f"#{number}" for number in numbers[-10:]) + (" and more" if len(numbers) > 10 else "")


def _leave(app: App, live: App, name: str, *, cancel: bool) -> None:
    """In the outbox that is in use; and in the live one, where it may have been verified during the rehearsal."""
    from clarion.accounts.me import who
    from clarion.outbox import leaving

    with app.outbox.write() as tx:
        leaving.leave(tx, name, cancel=cancel, who=who())
    if app.rehearsing and (live.outbox_url or live.outbox_path.exists()):
        with live.outbox.write() as tx:
            leaving.leave(tx, name, cancel=cancel, who=who())


def _revoke(way: Joining) -> None:
    """Give the secret back where the network takes it; a person is told what is left to do."""
    from clarion import networks

    if not way.known():
        return
    try:
        done = way.revoke()
    except (PublishError, KeyError) as error:
        said = error.message if isinstance(error, PublishError) else "a part of the secret is missing"
        shell.say_so(f"It could not be given back: {said}.")
        done = False
    if not done:
        shell.say_so(f"For you to do: {networks.login(way.account.network).BY_HAND}")
    if not way.store.writable:
        keys = networks.options(way.account.network).SECRETS
        shell.say_so(
            f"And take it out of {', '.join(way.store.place(way.account.name, key) for key in keys)}."
        )


def _without(document: Any, name: str) -> None:
    document.get("accounts", {}).pop(name, None)
