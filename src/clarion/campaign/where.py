"""Where a campaign is, and the few words of its configuration that lead to its outbox.

In: a folder to begin from. Out: the campaign's folder; its id, its mode and the address of its database; where outboxes
are kept. Standard library only: the idle cron run, every minute of every day, reads this much and no more, and leaves the
rest of config.toml to `config.py`, which `publish` asks again whenever the file has changed. Paths are strings here:
pathlib alone would cost a tenth of the run.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from typing import TYPE_CHECKING

from clarion.errors import CampaignError

if TYPE_CHECKING:
    from pathlib import Path

FILE = "config.toml"
#: While a file of this name is in the campaign's folder, this host publishes nothing.
STOP = "STOP"
#: Nothing people write by hand is longer.
_MAX_BYTES = 1_000_000
_MEND = "mend the file, or move it away and run clarion init"
_CAMPAIGN = re.compile(rb"^[ \t]*\[[ \t]*campaign[ \t]*\]", re.MULTILINE)


class NoCampaign(CampaignError):
    """Neither the folder nor one above it is a campaign."""


def find(start: Path | None, explicit: str | None) -> Path:
    """The campaign folder, as `locate` finds it."""
    from pathlib import Path

    return Path(locate(None if start is None else str(start), explicit))


def locate(start: str | None, explicit: str | None) -> str:
    """The campaign folder: `explicit` (--campaign or CLARION_CAMPAIGN), or the nearest one from `start` upward.

    `start` is by default the current folder. A `config.toml` without [campaign] belongs to something else and is
    passed by; one that cannot be read is an error, because it may be this campaign's. NoCampaign when there is none.
    """
    if explicit:
        folder = os.path.expanduser(explicit)
        folder = os.path.dirname(folder) if os.path.basename(folder) == FILE else folder
        if not _is_campaign(folder):
            raise NoCampaign(
                f"{explicit} is not a campaign: it has no {FILE} with [campaign]", f"clarion init {explicit}"
            )
        return os.path.abspath(folder)
    try:
        here = os.path.abspath(start or os.getcwd())
    except FileNotFoundError as error:
        raise CampaignError("the current folder is gone", "go to another folder: cd ~") from error
    while not _is_campaign(here):
        above = os.path.dirname(here)
        if above == here:
            raise NoCampaign("there is no campaign here, nor in a folder above", "clarion init")
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


def stopped(folder: str) -> bool:
    """Whether somebody stopped publishing from `folder` on this host."""
    return os.path.lexists(os.path.join(folder, STOP))


def state_root() -> str:
    """The folder that holds outboxes: the user's state folder, by the XDG rule, elsewhere by the system's.

    Spelt out because the idle cron run asks for it: importing platformdirs took longer than the whole probe.
    """
    if sys.platform == "darwin":
        from platformdirs import user_state_dir

        return user_state_dir("clarion")
    said = os.environ.get("XDG_STATE_HOME", "")
    root = said if said.startswith("/") else os.path.expanduser("~/.local/state")
    return f"{root}/clarion"


def _is_campaign(folder: str) -> bool:
    path = os.path.join(folder, FILE)
    try:
        with open(path, "rb") as file:
            raw = file.read(_MAX_BYTES)
    except OSError as error:
        if not os.path.lexists(path):
            return False
        raise CampaignError(f"{path} {_unreadable(path, error)}", _MEND) from error
    # By the bytes before parsing: a broken file is still this campaign's, and `config.load` then says what is wrong.
    return bool(_CAMPAIGN.search(raw)) or "campaign" in _parsed(path, raw)


def _unreadable(path: str, error: OSError) -> str:
    if os.path.isdir(path):
        return "is a folder, not a file"
    if os.path.islink(path) and not os.path.exists(path):
        return f"is a link to {os.readlink(path)}, which is not there"
    return f"cannot be read: {error.strerror or error}"


def _parsed(path: str, raw: bytes) -> dict[str, object]:
    """A file that does not look like a campaign's: it must at least be one that says so."""
    if not raw.strip():
        raise CampaignError(f"{path} is empty", _MEND)
    try:
        return tomllib.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise CampaignError(f"{path}, line {line}: this is not UTF-8 text", _MEND) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise CampaignError(f"{path}: this is not valid TOML: {error}", _MEND) from error
