"""The questions of `clarion posts fact-add`, one after another, each with what a proper answer looks like.

In: the campaign's languages and the ids that are taken. Out: an id, and the entry as `posts/facts.toml` will have it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Sequence
from typing import Any

from clarion.cli import shell
from clarion.errors import CampaignError

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
_STATUS = ("ok", "history")


def new_fact(
    languages: Sequence[str], *, known: Collection[str], today: dt.date
) -> tuple[str, dict[str, object]]:
    """Ask for a fact; Ctrl-C ends it, and nothing is kept."""
    id_ = shell.ask("Its id in templates, as in first-report", _free_id(known))
    shell.say_so("Its wording fits inside a sentence: no capital at the start, no full stop at the end.")
    first, *others = languages
    wording = {first: shell.ask(f"Wording ({first})", _text)}
    for language in others:
        if said := shell.ask(f"Wording ({language}); Enter to leave it out", _anything, usual=""):
            wording[language] = said
    source = shell.ask("Source: who said it, and when", _text)
    date = shell.ask("The day it was said, as in 2017-04-01", _past(today))
    as_of = shell.ask("The day for which it holds", _past(today), usual=date.isoformat())
    status = shell.ask('"ok", or "history" if it is told only with its year', _one_of(_STATUS), usual="ok")
    sensitive = shell.confirm("Is it about violence, so that a post needs a warning?", yes=False)
    review_by = shell.ask(
        "When to read the source again; Enter for never (judgments, history)", _future(today), usual=""
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
    return id_, fact


# ── what is a proper answer ───────────────────────────────────────────────────────────────────────────────────


def _free_id(known: Collection[str]) -> Callable[[str], str]:
    def proper(typed: str) -> str:
        if not _ID.fullmatch(typed):
            raise CampaignError("an id is made of small letters, digits and hyphens", "as in first-report")
        if typed in known:
            raise CampaignError(f'there is a fact "{typed}" already')
        return typed

    return proper


def _anything(typed: str) -> str:
    return typed


def _text(typed: str) -> str:
    if not typed:
        raise CampaignError("this cannot be left empty")
    return typed


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
        if not typed:
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
