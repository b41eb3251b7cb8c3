"""What the three ledgers have in common: an entry that is missing or blocked, words that may be said, the hash of what was said.

In: the entries of one ledger. Out: the entry, or a CampaignError that names the template and the ledger.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import unicodedata
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeVar

from clarion.campaign.nearest import did_you_mean
from clarion.errors import CampaignError
from clarion.model import Used

if TYPE_CHECKING:
    from clarion.campaign.keys import Key
    from clarion.campaign.toml import Document

Kind = Literal["fact", "call", "day"]
KINDS: tuple[Kind, ...] = ("fact", "call", "day")

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]\w+)?")


class Entry(Protocol):
    """What every entry of every ledger has."""

    @property
    def status(self) -> str: ...
    @property
    def why(self) -> str | None: ...
    @property
    def was(self) -> str | None: ...


E = TypeVar("E", bound=Entry)


class Until(NamedTuple):
    """The last day on which something may be said, and what speaks against it from then on."""

    last: dt.date
    why: str
    review_by: dt.date | None = None  # a fact: later it is said with a notice


def never(why: str) -> Until:
    """For what may be said on no day."""
    return Until(dt.date.min, why)


def file_of(kind: Kind) -> str:
    """The ledger's file, from the campaign folder on."""
    return f"posts/{kind}s.toml"


def found(kind: Kind, entries: Mapping[str, E], id_: str, *, where: str, written: bool) -> E:
    """The entry `id_`, which `where` asks for. CampaignError when there is none, or it is blocked."""
    entry, file = entries.get(id_), file_of(kind)
    if entry is None and not written:
        raise CampaignError(
            f'{where}: the {kind} "{id_}" cannot be looked up, because {file} is missing',
            f"bring {file} back, or write it anew with [{kind}s.{id_}]",
        )
    if entry is None:
        raise CampaignError(
            f'{where}: there is no {kind} "{id_}" in {file}',
            did_you_mean(id_, entries, f"add [{kind}s.{id_}] to {file}"),
        )
    if entry.status == "blocked":
        raise CampaignError(
            f'{where}: the {kind} "{id_}" is blocked in {file}: {entry.why}',
            f'remove {kind}("{id_}") from {where}',
        )
    return entry


def words(
    kind: Kind, id_: str, table: str, per_language: Mapping[str, str], language: str, *, where: str
) -> str:
    """What an entry says in a language. CampaignError when it says nothing there."""
    said = per_language.get(language)
    if said is None:
        raise CampaignError(
            f'{where}: the {kind} "{id_}" has no {table} in "{language}" in {file_of(kind)}',
            f'add {language} = "…" to the {table} of [{kind}s.{id_}]',
        )
    return said


def remembered(kind: Kind, id_: str, *said: object) -> Used:
    """What a post remembers of an entry it used: the hash of what was said."""
    plain = json.dumps([id_, *said], ensure_ascii=False, default=str)
    return Used(kind=kind, id=id_, hash=sha256(plain.encode()).hexdigest())


# ── what every ledger is checked for when it is read ──────────────────────────────────────────────────────────


def require_entries(document: Document, kind: Kind, entries: Mapping[str, Entry]) -> None:
    """Ids that can be typed and kept; a block that says why."""
    for id_, entry in entries.items():
        if not _ID.fullmatch(id_):
            raise document.error(
                (f"{kind}s", id_), "has a name that nobody can type", "use small letters, digits and hyphens"
            )
        if entry.status == "blocked" and not (entry.why or "").strip():
            raise document.error((f"{kind}s", id_, "why"), "is missing", 'say why it is blocked: why = "…"')
        if entry.was and entry.status != "blocked":
            raise document.error((f"{kind}s", id_, "was"), "is there, but it is not blocked", "remove it")


def require_words(document: Document, key: Key, per_language: Mapping[str, str]) -> None:
    """Words in at least one language, each of one line that shows everything it holds."""
    if not per_language:
        raise document.error(key, "is empty", 'say it in a language: { en = "…" }')
    for language, said in per_language.items():
        if not _LANGUAGE.fullmatch(language):
            raise document.error((*key, language), "is no language", "name it as in: en, ru, pt-BR")
        require_line(document, (*key, language), said)


def require_line(document: Document, key: Key, said: str) -> None:
    """One line of text, not empty, without a character that cannot be seen."""
    if not said.strip():
        raise document.error(key, "is empty", "write it, or remove it")
    hidden = next((each for each in said if unicodedata.category(each) in _UNSEEN), None)
    if hidden is not None:
        raise document.error(
            key, f"holds a character that cannot be seen (U+{ord(hidden):04X})", "write it anew, on one line"
        )


def require_dates(document: Document, key: Key, entry: object, *names: str) -> None:
    """Dates that can be reckoned with."""
    for name in names:
        day = getattr(entry, name)
        if day is not None and not _FIRST <= day.year <= _LAST:
            raise document.error((*key, name), f"is in the year {day.year}", "write it as 2017-03-29")


#: Years that somebody may mean.
_FIRST, _LAST = 1000, 2999
#: Control, format, private and unassigned characters, and separators of lines: none belongs into a sentence.
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"})
