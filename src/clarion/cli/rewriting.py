"""Changing config.toml from a command: comments stay, and what would not be valid is not written."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tomlkit import TOMLDocument

    from clarion.app import App


def rewrite(app: App, change: Callable[[TOMLDocument], None]) -> None:
    """Write config.toml with a change, whole or not at all. CampaignError where it would be invalid."""
    from clarion.campaign.editing import edited

    write(app, edited(app.folder, change))


def write(app: App, text: str | None) -> None:
    """Write what `edited` made; None: nothing changed."""
    from clarion.accounts.files import write_whole
    from clarion.campaign.where import FILE

    if text is not None:
        write_whole(app.folder / FILE, text.encode())
