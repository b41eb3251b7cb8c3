"""The questions of `clarion posts fact-add`, one after another, each with what a proper answer looks like.

In: the campaign's languages and the ids that are taken. Out: an id, and the entry as `posts/facts.toml` will have it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Sequence
from typing import Any
from unicodedata import name

from clarion.cli.terminal import shell
from clarion.errors import CampaignError

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
_STATUS = ("ok", "history")
_A_YEAR = dt.timedelta(days=365)
#: Languages whose letters are Cyrillic, and the marks that end a sentence.
_CYRILLIC = frozenset({"ru", "uk", "be", "bg", "mk", "sr", "ce"})
_STOPS = (".", "!", "?", "…", ";", ":", ",")


def new_fact(
    languages: Sequence[str], *, known: Collection[str], today: dt.date
) -> tuple[str, dict[str, object]] | None:
    """Ask for a fact, and show it; None where it is not to be added. Ctrl-C ends it, and nothing is kept."""
    id_ = shell.ask("Its id in templates, as in first-report", _free_id(known))
    status = shell.ask('"ok", or "history" if it is told only with its year', _one_of(_STATUS), usual="ok")
    source = shell.ask("Source: who said it, and when", _source)
    date = shell.ask("The day it was said, as in 2017-04-01", _past(today))
    as_of = shell.ask("The day for which it holds", _past(today), usual=date.isoformat())
    years = {str(date.year), str(as_of.year)} if status == "history" else set()
    wording = _wordings(languages, years)
    sensitive = shell.confirm("Is it about violence, so that a post needs a warning?", yes=False)
    review_by = shell.ask(
        'When to read the source again; "never" for a judgment or for history',
        _future(today),
        usual="never" if status == "history" else (today + _A_YEAR).isoformat(),
    )
    fact: dict[str, Any] = {
        "wording": wording,
        "source": source,
        "date": date,
        "status": status,
        "as_of": as_of,
        "checked_on": today,
    }
    if review_by:
        fact["review_by"] = review_by
    if sensitive:
        fact["sensitive"] = True
    _show(id_, fact)
    return (id_, fact) if shell.confirm("Add this to the ledger?", yes=False) else None


def _wordings(languages: Sequence[str], years: Collection[str]) -> dict[str, str]:
    """Its words in the campaign's first language, and in those of the others that somebody has words for."""
    shell.say_so(
        "Its wording fits inside a sentence: no full stop at the end, no capital at the start but a name's."
    )
    first, *others = languages
    wording = {first: _worded(f"Wording ({first})", _wording(first, years))}
    for language in others:
        if said := _worded(
            f"Wording ({language}); Enter to leave it out", _wording(language, years, needed=False), usual=""
        ):
            wording[language] = said
    return wording


def _worded(question: str, proper: Callable[[str], str], *, usual: str | None = None) -> str:
    while True:
        said = shell.ask(question, proper, usual=usual)
        if not said[:1].isupper() or shell.confirm(
            f"It begins with a capital. Is “{said.split()[0]}” a name?", yes=False
        ):
            return said


def _show(id_: str, fact: dict[str, Any]) -> None:
    """The fact as the ledger will have it."""
    shell.say_so(f"\n{id_}: {fact['status']}{', about violence' if fact.get('sensitive') else ''}")
    for language, said in fact["wording"].items():
        shell.say_so(f"  {language}: … {said}.")
    shell.say_so(f"  source: {fact['source']}")
    shell.say_so(f"  said on {fact['date']}, holds for {fact['as_of']}")
    shell.say_so(f"  to be read again: {fact.get('review_by', 'never')}")


# ── what is a proper answer ───────────────────────────────────────────────────────────────────────────────────


def _free_id(known: Collection[str]) -> Callable[[str], str]:
    def proper(typed: str) -> str:
        if not _ID.fullmatch(typed):
            raise CampaignError("an id is made of small letters, digits and hyphens", "as in first-report")
        if typed in known:
            raise CampaignError(f'there is a fact "{typed}" already')
        return typed

    return proper


def _source(typed: str) -> str:
    if not any(map(str.isalpha, typed)):
        raise CampaignError("a source is somebody", "as in: Novaya Gazeta, 1 April 2017")
    return typed


def _wording(language: str, years: Collection[str], *, needed: bool = True) -> Callable[[str], str]:
    """`years`: of which it must name one; none: it need not. `needed`: whether it may be left out."""

    def proper(typed: str) -> str:
        if not typed and not needed:
            return typed
        if typed.endswith(_STOPS):
            raise CampaignError(
                f"it ends with “{typed[-1]}”, and the sentence around it would have two",
                f"leave it out: {typed.rstrip(''.join(_STOPS))}",
            )
        letters = [name(char, "") for char in typed if char.isalpha()]
        cyrillic = 2 * sum(each.startswith("CYRILLIC") for each in letters) > len(letters)
        if not letters or cyrillic != (language.partition("-")[0] in _CYRILLIC):
            raise CampaignError(f"this does not read like {language}", f"write it in {language}")
        if years and not any(year in typed for year in years):
            raise CampaignError(
                "history is told only with its year, and none stands in it",
                f"name {' or '.join(sorted(years))}",
            )
        return typed

    return proper


def _day(typed: str) -> dt.date:
    try:
        return dt.date.fromisoformat(typed)
    except ValueError as error:
        raise CampaignError(f"“{typed}” is not a date", "write it as 2017-04-01") from error


def _past(today: dt.date) -> Callable[[str], dt.date]:
    def proper(typed: str) -> dt.date:
        day = _day(typed)
        if day > today:
            raise CampaignError(f"{day} is still to come")
        return day

    return proper


def _future(today: dt.date) -> Callable[[str], dt.date | None]:
    def proper(typed: str) -> dt.date | None:
        if typed.casefold() == "never":
            return None
        day = _day(typed)
        if day <= today:
            raise CampaignError(f"{day} is over; a review is still to come")
        return day

    return proper


def _one_of(words: Sequence[str]) -> Callable[[str], str]:
    def proper(typed: str) -> str:
        if typed not in words:
            raise CampaignError(f"“{typed}” is none of: {', '.join(words)}")
        return typed

    return proper
