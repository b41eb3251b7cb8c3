"""The list of names that are never posted, as this machine keeps it: beside the secrets, mode 0600, its key beside it.

In: the campaign's folder on this machine. Out: the list. Names go in and never come out.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from secrets import token_bytes

from clarion.accounts import files
from clarion.campaign.denied import KEY_BYTES, KEY_FILE, LIST_FILE, Denied
from clarion.errors import OutboxBusy

#: How long a second `people deny` waits for the first, in seconds.
_PATIENCE = 10.0


def load(state: Path) -> Denied:
    """The list. CampaignError where it is damaged, or other users of the machine may read it."""
    return Denied.loads(files.read_private(state / LIST_FILE), files.read_private(state / KEY_FILE))


def deny(state: Path, names: Iterable[str], *, anew: bool = False) -> Denied:
    """Add names, or begin anew with them; the list as it is then. CampaignError where one is no name: nothing is kept."""
    try:
        with files.locked(state / f"{LIST_FILE}.lock", seconds=_PATIENCE):
            old = Denied(b"") if anew else load(state)
            if not old.key:
                old = Denied(token_bytes(KEY_BYTES))
            kept = old.adding(names)
            # The key first: a list without its key would stop everything.
            files.write_private(state / KEY_FILE, kept.key)
            files.write_private(state / LIST_FILE, kept.dumps())
            return kept
    except files.StillLocked as error:
        raise OutboxBusy("another clarion is changing the list", "try again in a moment") from error
