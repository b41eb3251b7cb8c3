"""Living facts: whether what a frozen post used may still be said.

In: what the post remembers of the facts, calls and days it used, and how a host's ledgers stand, as plain values. Out: why
the post must wait for people, or None. That a fact was confirmed changes nothing here: its words are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one entry of a ledger stands in one language."""

    hash: str  # of what it says now
    ends: int | None = None  # microseconds: from then on it may not be said
    why: str | None = None  # what speaks against it from then on
    overdue: int | None = (
        None  # microseconds: from then on it should be read again, and is said with a notice
    )


#: By (kind, id, language).
Standings = Mapping[tuple[str, str, str], Standing]

_KEPT = frozenset({"fact", "call", "day"})
_NOTHING = "[]"
_decode = msgspec.json.Decoder(list[tuple[str, str, str]]).decode


def notice(used: str, language: str, standings: Standings, now: int) -> str | None:
    """What people are told when a post goes out with something that should have been read again; None: nothing."""
    if used == _NOTHING:
        return None
    for kind, id_, _ in _decode(used):
        stands = standings.get((kind, id_, language))
        if stands is not None and stands.overdue is not None and now >= stands.overdue:
            return f"{stands.why}. Read its source again, then: clarion posts confirm {id_}"
    return None


def objection(used: str, language: str, standings: Standings, now: int) -> str | None:
    """Why something of what a post used no longer holds. `used` is as the outbox keeps it, `now` in microseconds."""
    if used == _NOTHING:
        return None
    for kind, id_, said in _decode(used):
        if kind not in _KEPT:
            continue
        stands = standings.get((kind, id_, language))
        if stands is None:
            return f'the {kind} "{id_}" is no longer in the ledger'
        if stands.ends is not None and now >= stands.ends:
            return stands.why
        if stands.hash != said:
            return f'the {kind} "{id_}" has changed since the post was queued'
    return None
