"""The ledger of days, `posts/days.toml`: what is remembered on which date, and the fact that it rests on.

In: the campaign folder and the facts. Out: the date and the name of a day, its hash for the post that used it, and
whether it still holds. An unknown or blocked day, and one whose fact may not be used, is a CampaignError that names the
template and the ledger.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from clarion.campaign import toml
from clarion.campaign.ledgers import facts as fact_ledger
from clarion.campaign.ledgers import lookup
from clarion.campaign.ledgers.facts import Facts
from clarion.campaign.ledgers.lookup import Until
from clarion.campaign.nearest import did_you_mean
from clarion.campaign.toml import Document, Table
from clarion.errors import CampaignError
from clarion.model import Used

FILE = lookup.file_of("day")


class Day(Table, frozen=True, kw_only=True):
    """One date, with the year in which it began; how many years ago that was is always computed."""

    date: dt.date
    name: dict[str, str]
    fact: str | None = None  # the fact that it rests on
    status: Literal["ok", "blocked"] = "ok"
    why: str | None = None  # blocked: why it must not be said
    was: Literal["ok"] | None = None  # blocked: what it was before; None: it never was to be said


class _Ledger(Table, frozen=True, kw_only=True):
    days: dict[str, Day]


class Days:
    """The ledger as it stands now."""

    def __init__(self, days: Mapping[str, Day], facts: Facts, *, written: bool = True) -> None:
        self._days = days
        self._facts = facts
        self._written = written  # whether there is a ledger at all

    @classmethod
    def load(cls, folder: Path, facts: Facts) -> Days:
        """The ledger of the campaign in `folder`; a campaign without one has no days."""
        path = folder / FILE
        if not path.exists():
            return cls({}, facts, written=False)
        document = toml.read(path)
        days = document.typed(_Ledger).days
        lookup.require_entries(document, "day", days)
        for id_, day in days.items():
            _require(document, id_, day, facts)
        return cls(days, facts)

    def ids(self) -> list[str]:
        return list(self._days)

    def items(self) -> list[tuple[str, Day]]:
        """Every day with its id, blocked ones too, as the file has them."""
        return list(self._days.items())

    def get(self, id_: str, *, where: str, today: dt.date | None = None) -> Day:
        """A day that may be named. `where` is the template that asks; its fact is judged on the day `today`."""
        day = lookup.found("day", self._days, id_, where=where, written=self._written)
        if day.fact is not None:
            self._require_fact(id_, day.fact, where=where, today=today)
        return day

    def _require_fact(self, id_: str, fact: str, *, where: str, today: dt.date | None) -> None:
        """Raise CampaignError where the fact that a day rests on may not be used: what stands in the text is the day."""
        try:
            self._facts.get(fact, where=f"{where}, which names the day {id_}", today=today)
        except CampaignError as error:
            blocked = dict(self._facts.items())[fact].status == "blocked"
            hint = f'remove day("{id_}") from {where}' if blocked else error.hint
            raise CampaignError(error.message, hint) from error

    def name(self, id_: str, language: str, *, where: str, today: dt.date | None = None) -> str:
        """What a day is called."""
        day = self.get(id_, where=where, today=today)
        return lookup.words("day", id_, "name", day.name, language, where=where)

    def used(self, id_: str, language: str) -> Used:
        """What a post remembers of a day it used."""
        day = self._days[id_]
        return lookup.remembered(
            "day", id_, language, day.date.isoformat(), day.name.get(language), day.status
        )

    def broken(self, used: Used, language: str, today: dt.date) -> str | None:
        """Why a day that a post used no longer holds; None while it does."""
        if used.id not in self._days:
            return f'the day "{used.id}" is no longer in {FILE}'
        until = self.until(used.id, language)
        if until and today > until.last:
            return until.why
        if self.used(used.id, language) != used:
            return f'the day "{used.id}" has changed since the post was queued'
        return None

    def until(self, id_: str, language: str) -> Until | None:
        """How long a day of this ledger may be named; None: nothing speaks against it."""
        day = self._days[id_]
        if day.status == "blocked":
            return lookup.never(f'the day "{id_}" is blocked: {day.why}')
        return self._facts.until(day.fact, language) if day.fact else None


def _require(document: Document, id_: str, day: Day, facts: Facts) -> None:
    lookup.require_words(document, ("days", id_, "name"), day.name)
    lookup.require_dates(document, ("days", id_), day, "date")
    if day.fact is not None and not facts.written:
        # No line of the days is wrong.
        raise CampaignError(
            f"{fact_ledger.FILE} is missing, and {FILE} names facts of it",
            f"bring {fact_ledger.FILE} back, or write it anew with [facts.{day.fact}]",
        )
    if day.fact is not None and day.fact not in facts.ids():
        raise document.error(
            ("days", id_, "fact"),
            f'names "{day.fact}", which is not in {fact_ledger.FILE}',
            did_you_mean(day.fact, facts.ids(), f"add [facts.{day.fact}] to {fact_ledger.FILE}"),
        )
