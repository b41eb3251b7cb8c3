"""`clarion` alone: what is next, and what needs you."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clarion.campaign.where import NoCampaign
from clarion.cli.terminal import shell

if TYPE_CHECKING:
    from clarion.app import App


def what_is_next(app: App) -> None:
    """One screen: where you are, what needs you, and the command to type next."""
    try:
        app.folder  # noqa: B018 - looked for, to greet whoever has none
    except NoCampaign:
        if app.campaign:
            raise
        shell.show("Clarion: an honest amplifier for a human-rights campaign.")
        shell.show("There is no campaign here yet.")
        shell.show("  clarion init    starts one in this folder, in rehearsal")
        shell.show("  clarion demo    shows everything on local networks, in a minute")
        return
    from clarion.cli.status import lines, look

    if app.rehearsing:
        shell.banner_of_rehearsal()
    for line in lines(app, look(app)):
        shell.show(line)
    shell.show("All commands: clarion --help")
