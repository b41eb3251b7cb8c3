"""The three ledgers together: facts, calls and days.

In: the campaign folder. Out: `Ledger`, which templates ask for words, and which says whether what a post used still
holds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from clarion.campaign.ledgers.calls import Calls
from clarion.campaign.ledgers.days import Days
from clarion.campaign.ledgers.facts import Facts
from clarion.campaign.ledgers.lookup import KINDS, Kind, Until
from clarion.model import Used


@dataclass(frozen=True, slots=True)
class Ledger:
    """What may be said, as it stands now."""

    facts: Facts
    calls: Calls
    days: Days

    @classmethod
    def load(cls, folder: Path) -> Ledger:
        """The ledgers of the campaign in `folder`; those it does not have are empty. CampaignError when one is wrong."""
        facts = Facts.load(folder)
        return cls(facts=facts, calls=Calls.load(folder), days=Days.load(folder, facts))

    @classmethod
    def empty(cls) -> Ledger:
        """A ledger that vouches for nothing."""
        facts = Facts({})
        return cls(facts=facts, calls=Calls({}), days=Days({}, facts))

    def used(self, kind: Kind, id_: str, language: str) -> Used:
        """What a post remembers of an entry it used. KeyError when there is none: it was just used."""
        return self._of(kind).used(id_, language)

    def broken(self, used: Used, language: str, today: dt.date) -> str | None:
        """Why something that a post used no longer holds; None while it does, and for what no ledger keeps."""
        if used.kind == "consent":
            return None
        return self._of(used.kind).broken(used, language, today)

    def unreviewed(self, used: Used, today: dt.date) -> tuple[str, dt.date] | None:
        """The fact that a post used, itself or by a day, and the date by which it should have been read again."""
        id_ = used.id if used.kind == "fact" else None
        if used.kind == "day":
            id_ = dict(self.days.items())[used.id].fact
        if id_ is None:
            return None
        fact = dict(self.facts.items())[id_]
        return (id_, fact.review_by) if fact.review_by and fact.overdue(today) else None

    def standing(self, languages: Iterable[str]) -> dict[tuple[Kind, str, str], tuple[str, Until | None]]:
        """By (kind, id, language): the hash of what each entry says now, and how long it may be said."""
        known = tuple(dict.fromkeys(languages))
        return {
            (kind, id_, language): (ledger.used(id_, language).hash, ledger.until(id_, language))
            for kind in KINDS
            for ledger in (self._of(kind),)
            for id_ in ledger.ids()
            for language in known
        }

    def _of(self, kind: Kind) -> Facts | Calls | Days:
        ledgers: dict[Kind, Facts | Calls | Days] = {"fact": self.facts, "call": self.calls, "day": self.days}
        return ledgers[kind]
