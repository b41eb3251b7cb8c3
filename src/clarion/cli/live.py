"""`clarion live`: from rehearsal to real accounts, once they are verified."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from clarion.cli import options, shell
from clarion.cli.rewriting import rewrite

if TYPE_CHECKING:
    from clarion.app import App
    from clarion.errors import PublishError
    from clarion.model import Profile


@click.command(epilog=shell.example("clarion live", "clarion live --yes"))
@options.yes
@click.pass_obj
def live(app: App, *, yes: bool) -> None:
    """Publish for real from now on.

    Every account with a secret on this machine is verified first; one must be. What was rehearsed stays in the
    rehearsal and never goes out.
    """
    from clarion.errors import CampaignError

    if not app.rehearsing:
        shell.say_so("This campaign is live already.")
        return
    verified, failed = _verify(app)
    if not verified:
        raise CampaignError(
            "no account is verified, so there is nowhere to publish", failed or "clarion accounts add NAME"
        )
    for name, profile in verified.items():
        shell.show(f"{name}: {profile.identity.network} · @{profile.handle} · {profile.identity.origin}")
    left_out = [name for name in app.config.accounts if name not in verified]
    if left_out:
        shell.say_so(f"Left out until they are verified: {', '.join(left_out)}")
    if not shell.confirm("Publish to these accounts for real from now on?", yes=yes):
        shell.say_so("Still in rehearsal. To switch without being asked: clarion live --yes")
        return
    _switch(app)
    shell.say_so("Live. Approved posts go out when they are due and clarion publish runs.")
    shell.say_so("Next: clarion install-cron")


def _verify(app: App) -> tuple[dict[str, Profile], str | None]:
    """The accounts that their networks know, and what to type for the first that is not."""
    from clarion.errors import CampaignError, PublishError

    verified: dict[str, Profile] = {}
    hints: list[str] = []
    for name in app.config.accounts:
        try:
            verified[name] = app.verify(name)
        except PublishError as error:  # first: these have a secret, and come nearest to going live
            shell.say_so(f"{name}: {error.message}")
            hints.insert(0, mending(name, error))
        except CampaignError as error:
            shell.say_so(f"{name}: {error.message}")
            hints.append(error.hint or f"clarion accounts add {name}")
    return verified, next(iter(hints), None)


def mending(name: str, error: PublishError) -> str:
    """What to do about an account that could not be verified: a network that is down is no wrong secret."""
    from clarion.errors import AccountBlocked

    if isinstance(error, AccountBlocked):
        return error.hint or f"clarion accounts add {name}"
    return error.hint or f"try again later: clarion accounts verify {name}"


def _switch(app: App) -> None:
    """Write the mode, and the id of the one outbox that may publish, into config.toml."""
    with app.as_live() as real:
        outbox_id = real.outbox.id

    def change(document: Any) -> None:
        document["campaign"]["mode"] = "live"
        document["campaign"]["outbox"] = outbox_id

    rewrite(app, change)
