"""Which accounts a run opens: not those whose secrets other users of this machine may read.

In: the accounts, and what is wrong with some. Out: the names of the others; each of those left out is told in the log,
whose warnings reach stderr. Nothing of it is kept: the run after the mending opens them again by itself.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clarion.accounts.files import LeftOpen
    from clarion.model import Account

log = logging.getLogger(__name__)


def openable(
    accounts: Iterable[Account], left_open: Mapping[str, LeftOpen], *, to_send: bool
) -> frozenset[str]:
    """Raises LeftOpen where a run is to send and can open none.

    Not where it only takes down: whoever asked for that is told what is still up.
    """
    found = frozenset(account.name for account in accounts if account.name not in left_open)
    if to_send and left_open and not found:
        raise next(iter(left_open.values()))
    for (what, hint), names in by_what(left_open).items():
        said = {"action": "left_open", "accounts": names}
        log.warning("%s cannot be opened: %s: %s", ", ".join(names), what, hint, extra=said)
    return found


def by_what(left_open: Mapping[str, LeftOpen]) -> dict[tuple[str, str], list[str]]:
    """The accounts by what is wrong and what mends it: one file often holds the secrets of all of them."""
    names: dict[tuple[str, str], list[str]] = {}
    for name, error in left_open.items():
        names.setdefault((error.message, error.hint or ""), []).append(name)
    return names
