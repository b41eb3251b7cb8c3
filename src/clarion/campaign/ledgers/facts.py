"""The fact ledger, `posts/facts.toml`: what may be claimed, in which words, by whose word.

In: the campaign folder. Out: the wording of a fact in a language, its hash for the post that used it, and whether it
still holds. An unknown, blocked, untranslated or long unreviewed fact is a CampaignError that names the template and
the ledger.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from clarion.campaign import toml
from clarion.campaign.ledgers import lookup
from clarion.campaign.ledgers.lookup import Until
from clarion.campaign.toml import Document, Table
from clarion.errors import CampaignError
from clarion.model import Used

FILE = lookup.file_of("fact")
#: So long after its `review_by` an unreviewed fact may still be used, with a reason; then never.
GRACE = dt.timedelta(days=90)


class Fact(Table, frozen=True, kw_only=True):
    """One sourced claim. `wording` is per language and fits inside a sentence; `date` is when it was said."""

    wording: dict[str, str]
    source: str
    date: dt.date
    status: Literal["ok", "history", "blocked"] = "ok"
    as_of: dt.date  # the day for which it held
    checked_on: dt.date  # when a person last read the source
    review_by: dt.date | None = None  # judgments and dated history need none
    sensitive: bool = False  # a post that uses it carries a warning
    consent: str | None = None  # whom it tells of: asked for a yes before each time a post with it is queued
    why: str | None = None  # blocked: why it must not be said
    was: Literal["ok", "history"] | None = None  # blocked: what it was before; None: it never was to be said

    def overdue(self, today: dt.date) -> bool:
        """Whether it should have been read again: it is used with a reason only."""
        return self.review_by is not None and today > self.review_by

    def lapsed(self, today: dt.date) -> bool:
        """Whether that is so long ago that it is not used at all."""
        return self.review_by is not None and today > self.review_by + GRACE


class _Ledger(Table, frozen=True, kw_only=True):
    facts: dict[str, Fact]


class Facts:
    """The ledger as it stands now."""

    def __init__(self, facts: Mapping[str, Fact], *, written: bool = True) -> None:
        self._facts = facts
        self.written = written  # whether there is a ledger at all

    @classmethod
    def load(cls, folder: Path) -> Facts:
        """The ledger of the campaign in `folder`; a campaign without one has no facts."""
        path = folder / FILE
        if not path.exists():
            return cls({}, written=False)
        document = toml.read(path)
        facts = document.typed(_Ledger).facts
        lookup.require_entries(document, "fact", facts)
        for id_, fact in facts.items():
            _require(document, id_, fact)
        return cls(facts)

    def ids(self) -> list[str]:
        return list(self._facts)

    def items(self) -> list[tuple[str, Fact]]:
        """Every fact with its id, blocked ones too, as the file has them."""
        return list(self._facts.items())

    def get(self, id_: str, *, where: str, today: dt.date | None = None) -> Fact:
        """A fact that may be used, on the day `today` if one is given. `where` is the template that asks."""
        fact = lookup.found("fact", self._facts, id_, where=where, written=self.written)
        if today and fact.lapsed(today):
            raise CampaignError(
                f'{where}: the fact "{id_}" was to be reviewed by {fact.review_by}, says {FILE}, and is now too old to be said',
                f"read its source again, then: clarion posts confirm {id_}",
            )
        return fact

    def wording(self, id_: str, language: str, *, where: str, today: dt.date | None = None) -> str:
        """The safe words of a fact."""
        fact = self.get(id_, where=where, today=today)
        return lookup.words("fact", id_, "wording", fact.wording, language, where=where)

    def used(self, id_: str, language: str) -> Used:
        """What a post remembers of a fact it used. The dates of a review are no part of it."""
        fact = self._facts[id_]
        said = (language, fact.wording.get(language), fact.source, fact.date.isoformat(), fact.status)
        return lookup.remembered("fact", id_, *said)

    def broken(self, used: Used, language: str, today: dt.date) -> str | None:
        """Why a fact that a post used no longer holds; None while it does."""
        if used.id not in self._facts:
            return f'the fact "{used.id}" is no longer in {FILE}'
        until = self.until(used.id, language)
        if until and today > until.last:
            return until.why
        if self.used(used.id, language) != used:
            return f'the fact "{used.id}" has changed since the post was queued'
        return None

    def until(self, id_: str, language: str) -> Until | None:
        """How long a fact of this ledger may be used; None: nothing speaks against it."""
        fact = self._facts[id_]
        if fact.status == "blocked":
            return lookup.never(f'the fact "{id_}" is blocked: {fact.why}')
        if fact.review_by is None:
            return None
        return Until(
            fact.review_by + GRACE,
            f'the fact "{id_}" should have been reviewed by {fact.review_by}',
            fact.review_by,
        )


def _require(document: Document, id_: str, fact: Fact) -> None:
    lookup.require_words(document, ("facts", id_, "wording"), fact.wording)
    lookup.require_line(document, ("facts", id_, "source"), fact.source)
    if fact.consent is not None:
        lookup.require_line(document, ("facts", id_, "consent"), fact.consent)
    lookup.require_dates(document, ("facts", id_), fact, "date", "as_of", "checked_on", "review_by")
    if fact.status == "history":
        years = {str(fact.date.year), str(fact.as_of.year)}
        for language, said in fact.wording.items():
            if not any(year in said for year in years):
                raise document.error(
                    ("facts", id_, "wording", language),
                    "is history, and does not say of which year",
                    f"name the year in it: {fact.as_of.year}",
                )
