"""The fact ledger, `posts/facts.toml`: what may be claimed, in which words, by whose word.

In: the campaign folder. Out: the wording of a fact in a language, its hash for the post that used it, and whether it
still holds. An unknown, blocked or untranslated fact is a CampaignError that names the template and the ledger.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Literal

from clarion.campaign import toml
from clarion.campaign.nearest import did_you_mean
from clarion.campaign.toml import Table
from clarion.errors import CampaignError
from clarion.model import Used

FILE = "posts/facts.toml"
#: So long after its `review_by` an unreviewed fact may still be used, with a notice; then never.
GRACE = dt.timedelta(days=90)


class Fact(Table, frozen=True, kw_only=True):
    """One sourced claim. `wording` is per language and fits inside a sentence; `date` is when it was said."""

    wording: dict[str, str]
    source: str
    date: dt.date
    status: Literal["ok", "history", "blocked"] = "ok"
    as_of: dt.date
    checked_on: dt.date
    review_by: dt.date | None = None  # judgments and dated history need none
    sensitive: bool = False  # a post that uses it carries a warning
    why: str | None = None  # blocked: why it must not be said


class _Ledger(Table, frozen=True, kw_only=True):
    facts: dict[str, Fact]


class Facts:
    """The ledger as it stands now."""

    def __init__(self, facts: Mapping[str, Fact], *, written: bool = True) -> None:
        self._facts = facts
        self._written = written  # whether there is a ledger at all

    @classmethod
    def load(cls, folder: Path) -> Facts:
        """The ledger of the campaign in `folder`; a campaign without one has no facts."""
        path = folder / FILE
        if not path.exists():
            return cls({}, written=False)
        document = toml.read(path)
        facts = document.typed(_Ledger).facts
        for id_, fact in facts.items():
            for language, wording in fact.wording.items():
                if not wording.strip():
                    raise document.error(
                        ("facts", id_, "wording", language), "is empty", "write it, or remove it"
                    )
            if fact.status == "blocked" and not fact.why:
                raise document.error(("facts", id_, "why"), "is missing", 'say why it is blocked: why = "…"')
        return cls(facts)

    def ids(self) -> list[str]:
        return list(self._facts)

    def get(self, id_: str, *, where: str) -> Fact:
        """A fact that may be used. `where` is the template that asks, for the error."""
        fact = self._facts.get(id_)
        if fact is None and not self._written:
            raise CampaignError(
                f'{where}: the fact "{id_}" cannot be looked up, because {FILE} is missing',
                f"bring {FILE} back, or write it anew with [facts.{id_}]",
            )
        if fact is None:
            raise CampaignError(
                f'{where}: there is no fact "{id_}" in {FILE}',
                did_you_mean(id_, self._facts, f"add [facts.{id_}] to {FILE}"),
            )
        if fact.status == "blocked":
            raise CampaignError(
                f'{where}: the fact "{id_}" is blocked in {FILE}: {fact.why}',
                f'remove fact("{id_}") from {where}',
            )
        return fact

    def wording(self, id_: str, language: str, *, where: str) -> str:
        """The safe words of a fact."""
        wording = self.get(id_, where=where).wording.get(language)
        if wording is None:
            raise CampaignError(
                f'{where}: the fact "{id_}" has no wording in "{language}" in {FILE}',
                f'add {language} = "…" to the wording of [facts.{id_}]',
            )
        return wording

    def used(self, id_: str, language: str) -> Used:
        """What a post remembers of a fact it used."""
        return Used(kind="fact", id=id_, hash=_hash(id_, self._facts[id_], language))

    def broken(self, used: Used, language: str, today: dt.date) -> str | None:
        """Why a fact that a post used no longer holds; None while it does. The dates of a review void nothing."""
        fact = self._facts.get(used.id)
        if fact is None:
            return f'the fact "{used.id}" is no longer in {FILE}'
        if fact.status == "blocked":
            return f'the fact "{used.id}" is blocked: {fact.why}'
        if _hash(used.id, fact, language) != used.hash:
            return f'the fact "{used.id}" has changed since the post was queued'
        if fact.review_by and today > fact.review_by + GRACE:
            return f'the fact "{used.id}" should have been reviewed by {fact.review_by}'
        return None


def _hash(id_: str, fact: Fact, language: str) -> str:
    said = [id_, language, fact.wording.get(language), fact.source, fact.date.isoformat(), fact.status]
    return sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()
