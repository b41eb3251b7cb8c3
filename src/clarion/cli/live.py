"""`clarion live`: from rehearsal to real accounts, past the doctor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from clarion.cli.doctor import drawn
from clarion.cli.rewriting import rewrite
from clarion.cli.terminal import options, shell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clarion.accounts.doctor import Line
    from clarion.app import App
    from clarion.model import Profile


@click.command(epilog=shell.example("clarion live", "clarion live --yes"))
@options.yes
@click.pass_obj
def live(app: App, *, yes: bool) -> None:
    """Publish for real from now on.

    Every account of config.toml is looked at as clarion doctor does, and verified where nothing stops it; one must be.
    What was rehearsed stays in the rehearsal and never goes out.
    """
    if not app.rehearsing:
        shell.say_so("This campaign is live already.")
        return
    with app.as_live() as real:
        verified = _verified(real)
        _require_a_sound_outbox(real)
    left_out = [name for name in app.config.accounts if name not in verified]
    if left_out:
        shell.say_so(f"Left out until they are verified: {', '.join(left_out)}")
    if not shell.confirm("Publish to these accounts for real from now on?", yes=yes):
        to = "" if shell.interactive() else " To switch without being asked: clarion live --yes"
        shell.say_so(f"Still in rehearsal.{to}")
        return
    _switch(app)
    shell.say_so("Live. Approved posts go out when they are due and clarion publish runs.")
    shell.say_so("Next: clarion install-cron")


def _verified(real: App) -> dict[str, Profile]:
    """The accounts at which nothing stops publishing, pinned. Raises CampaignError where there is none."""
    from clarion.app.doctor import of_joining
    from clarion.errors import CampaignError

    verified: dict[str, Profile] = {}
    for name in real.config.accounts:
        found, lines = of_joining(real, name)
        if found is not None:
            real.keep(name, found.profile)
            verified[name] = found.profile
            shell.show(_in_words(name, found.profile))
            _say(line for line in lines if line.verdict != "ok")
            continue
        if lines[0].what == "secret":  # most people have one account of three
            shell.say_so(f"{name}: {lines[0].says}: {lines[0].mend}")
            continue
        shell.say_so(name)
        _say(line for line in lines if line.verdict != "ok")
    if not verified:
        # What mends each stands with it already.
        hint = (
            "see to one of them, then: clarion live" if real.config.accounts else "clarion accounts add NAME"
        )
        raise CampaignError("no account is verified, so there is nowhere to publish", hint)
    return verified


def _require_a_sound_outbox(real: App) -> None:
    """Raises OutboxError for what would stop publishing there."""
    from clarion.app.doctor import of_machine, of_outbox
    from clarion.errors import OutboxError

    lines = of_outbox(real)
    _say(line for line in [*of_machine(real), *lines] if line.verdict != "ok")
    for line in lines:
        if line.verdict == "stops":
            raise OutboxError(f"the outbox is not sound: {line.what}: {line.says}", line.mend)


def _say(lines: Iterable[Line]) -> None:
    for line in lines:
        shell.say_so(drawn(line))


def _in_words(name: str, profile: Profile) -> str:
    return f"{name}: {profile.identity.network} · @{profile.handle} · {profile.identity.origin}"


def _switch(app: App) -> None:
    """Write the mode, and the id of the one outbox that may publish, into config.toml."""
    with app.as_live() as real:
        outbox_id = real.outbox.id

    def change(document: Any) -> None:
        document["campaign"]["mode"] = "live"
        document["campaign"]["outbox"] = outbox_id

    rewrite(app, change)
