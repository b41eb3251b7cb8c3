"""The ledger of calls, `posts/calls.toml`: what people are asked to do, in which words, on whose page, until when.

In: the campaign folder. Out: the wording and the link of a call in a language, its hash for the post that used it, and
whether it still holds. An unknown, blocked, closed or untranslated call, and one in a language that it must never be
said in, is a CampaignError that names the template and the ledger.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import msgspec

from clarion.campaign import toml
from clarion.campaign.ledgers import lookup
from clarion.campaign.ledgers.linkcard import LinkCard
from clarion.campaign.ledgers.lookup import Until
from clarion.campaign.toml import Document, Table
from clarion.errors import CampaignError
from clarion.model import Used

FILE = lookup.file_of("call")
#: Pages move and close: a call that nobody looked at for so long is due for a look.
LOOK_AGAIN = dt.timedelta(days=180)
#: Whoever gives in Russia, or is thought to, risks prison: no call to donate is said in Russian, whatever a ledger says.
_NEVER_DONATE = ("ru",)

Audience = Literal["everyone", "outside-russia", "in-russia"]


class Call(Table, frozen=True, kw_only=True):
    """One ask. `wording` is per language and fits inside a sentence; `link` is one for all, or one per language."""

    kind: Literal[
        "letter", "petition", "donate", "representative", "mission", "rally", "watch", "inform", "safety"
    ]
    wording: dict[str, str]
    link: str | dict[str, str] | None = None
    link_card: LinkCard | None = None  # none: what its page says of itself
    owner: str  # who runs the page or the action
    checked_on: dt.date  # when a person last looked at it
    closes_on: dt.date | None = None  # the last day on which it may be said
    audience: Audience = "everyone"
    never: tuple[str, ...] = ()  # languages it must never be said in
    sensitive: bool = False
    status: Literal["ok", "blocked"] = "ok"
    why: str | None = None  # blocked: why it must not be said
    was: Literal["ok"] | None = None  # blocked: what it was before; None: it never was to be said

    def closed(self, today: dt.date) -> bool:
        """Whether its last day is over."""
        return self.closes_on is not None and today > self.closes_on

    def overdue(self, today: dt.date) -> bool:
        """Whether somebody should look at it again."""
        return today > self.checked_on + LOOK_AGAIN

    def forbidden(self, language: str) -> bool:
        """Whether it must never be said in a language, or any regional form of it."""
        never = self.never + (_NEVER_DONATE if self.kind == "donate" else ())
        return any(language.partition("-")[0] == each.partition("-")[0] for each in never)

    def page(self, language: str) -> str | None:
        """Its link for readers of a language."""
        return self.link.get(language) if isinstance(self.link, dict) else self.link

    def card(self, language: str) -> tuple[str, ...]:
        """The words and picture of its link's card in a language; nothing where there is none."""
        said = self.link_card.words(language) if self.link_card and self.page(language) else {}
        return (*said.values(), self.link_card.image or "") if said and self.link_card else ()


class Recipient(Table, frozen=True, kw_only=True):
    """Whom the campaign asks to give to: somebody of it has verified who they are and that the page is theirs."""

    name: str
    page: str
    checked_on: dt.date


class _Ledger(Table, frozen=True, kw_only=True):
    calls: dict[str, Call]
    recipients: dict[str, Recipient] = msgspec.field(default_factory=dict)


class Calls:
    """The ledger as it stands now."""

    def __init__(
        self,
        calls: Mapping[str, Call],
        *,
        recipients: Mapping[str, Recipient] = MappingProxyType({}),
        written: bool = True,
    ) -> None:
        self._calls = calls
        self._recipients = recipients
        self._written = written  # whether there is a ledger at all

    @classmethod
    def load(cls, folder: Path) -> Calls:
        """The ledger of the campaign in `folder`; a campaign without one has no calls."""
        path = folder / FILE
        if not path.exists():
            return cls({}, written=False)
        document = toml.read(path)
        ledger = document.typed(_Ledger)
        lookup.require_entries(document, "call", ledger.calls)
        for id_, call in ledger.calls.items():
            _require(document, id_, call)
        for id_, recipient in ledger.recipients.items():
            _require_recipient(document, id_, recipient)
        return cls(ledger.calls, recipients=ledger.recipients)

    def ask_for_money(self, used: Iterable[Used]) -> bool:
        """Whether one of the calls that a post used asks to give money."""
        return any(each.kind == "call" and self._asks_for_money(each.id) for each in used)

    def unverified(self, text: str, pages: Collection[str]) -> bool:
        """Whether a text that asks for money names nobody of the verified list, or leads to another page than theirs."""
        named = [each for each in self._recipients.values() if each.name in text]
        return not named or not set(pages) <= {each.page for each in named}

    def ids(self) -> list[str]:
        return list(self._calls)

    def items(self) -> list[tuple[str, Call]]:
        """Every call with its id, blocked ones too, as the file has them."""
        return list(self._calls.items())

    def get(self, id_: str, *, where: str, today: dt.date | None = None) -> Call:
        """A call that may be made, on the day `today` if one is given. `where` is the template that asks."""
        call = lookup.found("call", self._calls, id_, where=where, written=self._written)
        if today and call.closed(today):
            raise CampaignError(
                f'{where}: the call "{id_}" closed on {call.closes_on}, says {FILE}',
                f"tell it as history, or remove it from {where}",
            )
        return call

    def wording(self, id_: str, language: str, *, where: str, today: dt.date | None = None) -> str:
        """The safe words of a call."""
        call = self._sayable(id_, language, where=where, today=today)
        return lookup.words("call", id_, "wording", call.wording, language, where=where)

    def link(self, id_: str, language: str, *, where: str, today: dt.date | None = None) -> str:
        """The page of a call. CampaignError when it has none for this language."""
        page = self._sayable(id_, language, where=where, today=today).page(language)
        if page is None:
            raise CampaignError(
                f'{where}: the call "{id_}" has no link for "{language}" in {FILE}',
                f'add link = "https://…" to [calls.{id_}], or say it without: {{{{ call("{id_}") }}}}',
            )
        return page

    def said(self, id_: str, language: str, *, where: str, today: dt.date | None = None) -> str:
        """The wording and, where there is one, the link behind it: what call() prints."""
        wording = self.wording(id_, language, where=where, today=today)
        page = self._calls[id_].page(language)
        return f"{wording}: {page}" if page else wording

    def used(self, id_: str, language: str) -> Used:
        """What a post remembers of a call it used. When it was looked at, and its last day, are no part of it."""
        call = self._calls[id_]
        said = (language, call.kind, call.wording.get(language), call.page(language), call.owner)
        whom = [f"{each.name} {each.page}" for each in self._recipients.values()]
        verified = (
            sorted(whom) if self._asks_for_money(id_) else []
        )  # a change of the list holds what asks to give
        return lookup.remembered(
            "call", id_, *said, call.audience, call.status, *call.card(language), *verified
        )

    def broken(self, used: Used, language: str, today: dt.date) -> str | None:
        """Why a call that a post used no longer holds; None while it does."""
        if used.id not in self._calls:
            return f'the call "{used.id}" is no longer in {FILE}'
        until = self.until(used.id, language)
        if until and today > until.last:
            return until.why
        if self.used(used.id, language) != used:
            return f'the call "{used.id}" has changed since the post was queued'
        return None

    def until(self, id_: str, language: str) -> Until | None:
        """How long a call of this ledger may be made; None: nothing speaks against it."""
        call = self._calls[id_]
        if call.status == "blocked":
            return lookup.never(f'the call "{id_}" is blocked: {call.why}')
        if call.forbidden(language):
            return lookup.never(f'the call "{id_}" must never be said in "{language}"')
        if call.closes_on is None:
            return None
        return Until(call.closes_on, f'the call "{id_}" closed on {call.closes_on}')

    def _asks_for_money(self, id_: str) -> bool:
        return id_ in self._calls and self._calls[id_].kind == "donate"

    def _sayable(self, id_: str, language: str, *, where: str, today: dt.date | None) -> Call:
        call = self.get(id_, where=where, today=today)
        if call.forbidden(language):
            raise CampaignError(
                f'{where}: the call "{id_}" must never be said in "{language}", says {FILE}',
                f"remove it from {where}",
            )
        return call


def _require(document: Document, id_: str, call: Call) -> None:
    lookup.require_words(document, ("calls", id_, "wording"), call.wording)
    lookup.require_line(document, ("calls", id_, "owner"), call.owner)
    lookup.require_dates(document, ("calls", id_), call, "checked_on", "closes_on")
    for language in call.wording:
        if call.forbidden(language):
            raise document.error(
                ("calls", id_, "wording", language),
                f"is there, but a call to {call.kind} is never made in it"
                if call.kind == "donate"
                else 'is there, but "never" names this language',
                "remove it",
            )
    if isinstance(call.link, dict):
        lookup.require_words(document, ("calls", id_, "link"), call.link)
    if call.link_card:
        _require_card(document, ("calls", id_, "link_card"), call.link_card, has_link=call.link is not None)
    links = call.link.values() if isinstance(call.link, dict) else (call.link,)
    for link in links:
        if link is not None and not _is_page(link):
            raise document.error(
                ("calls", id_, "link"), "is not the address of a page", 'write it whole: link = "https://…"'
            )


def _require_recipient(document: Document, id_: str, recipient: Recipient) -> None:
    key = ("recipients", id_)
    lookup.require_line(document, (*key, "name"), recipient.name)
    lookup.require_dates(document, key, recipient, "checked_on")
    if not _is_page(recipient.page):
        raise document.error(
            (*key, "page"), "is not the address of a page", 'write it whole: page = "https://…"'
        )


def _require_card(document: Document, key: tuple[str, ...], card: LinkCard, *, has_link: bool) -> None:
    if not has_link:
        raise document.error(
            key, "is there, but the call has no link", 'add link = "https://…", or remove it'
        )
    lookup.require_words(document, (*key, "title"), card.title)
    if card.description:
        lookup.require_words(document, (*key, "description"), card.description)
    for language in card.description:
        if language not in card.title:
            raise document.error(
                (*key, "title", language),
                "is missing",
                f'add {language} = "…" to title, or remove its description',
            )


def _is_page(link: str) -> bool:
    from urllib.parse import urlsplit

    try:
        split = urlsplit(link)
        host = split.hostname
    except ValueError:
        return False
    plain = link.isprintable() and not any(each.isspace() for each in link)
    return (
        plain and split.scheme == "https" and bool(host) and split.username is None and split.password is None
    )
