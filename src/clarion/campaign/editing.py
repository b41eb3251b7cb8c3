"""Change `config.toml` as a person would: comments and order stay, and what would not be valid is not written.

In: the campaign folder and a change to its document. Out: the new file, whole, or the old one.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from clarion.campaign import config, where

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def edited(folder: Path, change: Callable[[TOMLDocument], None]) -> str | None:
    """The text of config.toml after a change; None when it says so already. CampaignError where it would be invalid."""
    import tomlkit

    before = (folder / where.FILE).read_text(encoding="utf-8")
    document = tomlkit.parse(before)
    change(document)
    text = tomlkit.dumps(document)
    require_valid(text)
    return None if text == before else text


def require_valid(text: str) -> None:
    """Raise CampaignError where this is no config.toml that could be read back."""
    with TemporaryDirectory() as draft:
        (Path(draft) / where.FILE).write_text(text, encoding="utf-8")
        config.load(Path(draft))
