"""Where a campaign is, and the few words of its configuration that lead to its outbox.

In: a folder to begin from. Out: the campaign's folder; its id, its mode and the address of its database. Standard library only: the idle cron run, every
minute of every day, reads this much and no more, and leaves the rest of config.toml to `config.py`, which `publish`
asks again whenever the file has changed. Paths are strings here: pathlib alone would cost a tenth of the run.
"""

from __future__ import annotations

import os
import re
import tomllib
from typing import TYPE_CHECKING

from clarion.errors import CampaignError

if TYPE_CHECKING:
    from pathlib import Path

FILE = "config.toml"
#: Nothing people write by hand is longer.
_MAX_BYTES = 1_000_000
_CAMPAIGN = re.compile(rb"^[ \t]*\[[ \t]*campaign[ \t]*\]", re.MULTILINE)


def find(start: Path | None, explicit: str | None) -> Path:
    """The campaign folder, as `locate` finds it."""
    from pathlib import Path

    return Path(locate(None if start is None else str(start), explicit))


def locate(start: str | None, explicit: str | None) -> str:
    """The campaign folder: `explicit` (--campaign or CLARION_CAMPAIGN), or the nearest one from `start` upward.

    `start` is by default the current folder. A `config.toml` without [campaign] belongs to something else and is
    passed by. CampaignError when there is none.
    """
    if explicit:
        folder = os.path.expanduser(explicit)
        folder = os.path.dirname(folder) if os.path.basename(folder) == FILE else folder
        if not _is_campaign(folder):
            raise CampaignError(
                f"{explicit} is not a campaign: it has no {FILE} with [campaign].", f"clarion init {explicit}"
            )
        return os.path.abspath(folder)
    try:
        here = os.path.abspath(start or os.getcwd())
    except FileNotFoundError as error:
        raise CampaignError("The current folder is gone.", "Go to another folder: cd ~") from error
    while not _is_campaign(here):
        above = os.path.dirname(here)
        if above == here:
            raise CampaignError("There is no campaign here, nor in a folder above.", "clarion init")
        here = above
    return here


def peek(folder: str) -> tuple[str, str, str, str | None] | None:
    """(id, mode, stamp, outbox.url) of the campaign in `folder`; None where config.toml must be read in full to say what
    is wrong.

    The stamp changes whenever the file is written.
    """
    try:
        with open(os.path.join(folder, FILE), "rb") as file:
            stat = os.fstat(file.fileno())
            written = tomllib.load(file)
        campaign, url = written["campaign"], written.get("outbox", {}).get("url")
        name, mode = campaign["id"], campaign.get("mode", "rehearsal")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if not isinstance(name, str) or mode not in ("rehearsal", "live") or not isinstance(url, str | None):
        return None
    return name, mode, f"{stat.st_mtime_ns}:{stat.st_size}", url


def _is_campaign(folder: str) -> bool:
    # By the bytes, not by parsing: a broken file is still this campaign's, and `config.load` then says what is wrong.
    try:
        with open(os.path.join(folder, FILE), "rb") as file:
            return bool(_CAMPAIGN.search(file.read(_MAX_BYTES)))
    except OSError:
        return False
