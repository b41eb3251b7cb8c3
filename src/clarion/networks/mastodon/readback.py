"""Compare what a server shows with what was sent. Pure.

In: a delivery, and a status or its source as plain data. Out: whether they are the same post.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from html.parser import HTMLParser
from typing import Any, TypeGuard

import regex

from clarion.model import Delivery, Metrics
from clarion.networks.base import counted
from clarion.networks.mastodon import options

#: Ids are opaque, and stand in addresses: Mastodon's have 18 digits, others' 26 letters.
ID = regex.compile(rf"[A-Za-z0-9_-]{{1,{options.LONGEST_ID}}}")
#: Nothing that a terminal or a page would take for more than an address.
_ADDRESS = regex.compile(r"[!#-;=?-\[\]_a-z~]{1,2048}")
_DOMAIN = regex.compile(r"(@[\w.-]+)@[\w.-]+")
#: Of a status' HTML, in characters: far more than any server takes.
_LONGEST = 100_000
_BREAKS = frozenset({"p", "br", "div", "li"})


def resembles(delivery: Delivery, status: Mapping[str, Any], since: datetime) -> bool:
    """Whether all but the text agrees: when it was made, the warning, what it answers, how many images it has."""
    made = status.get("created_at")
    parent = delivery.parent.remote_id if delivery.parent else None
    answers = status.get("in_reply_to_id")
    return (
        is_moment(made)
        and made >= since
        and status.get("reblog") is None
        and (None if answers is None else str(answers))
        in ((parent, None) if delivery.orphaned else (parent,))
        and len(listed(status.get("media_attachments"))) == len(delivery.content.media)
        and alike(str(status.get("spoiler_text") or ""), delivery.payload.warning or "")
    )


def same_source(delivery: Delivery, source: Mapping[str, Any]) -> bool:
    """Whether a status' source is this delivery's text and warning."""
    return alike(str(source.get("text") or ""), delivery.content.text) and alike(
        str(source.get("spoiler_text") or ""), delivery.payload.warning or ""
    )


def same_content(delivery: Delivery, status: Mapping[str, Any]) -> bool:
    """The same by the HTML, where a server gives no source: white space and mentions' domains are lost there."""
    return _squeezed(plain(str(status.get("content") or ""))) == _squeezed(delivery.content.text)


def counts(status: Mapping[str, Any]) -> Metrics:
    """What readers did; quotes are counted since 4.5."""
    return counted(
        likes=status.get("favourites_count"),
        reposts=status.get("reblogs_count"),
        replies=status.get("replies_count"),
        quotes=status.get("quotes_count"),
    )


def is_moment(value: object) -> TypeGuard[datetime]:
    """Whether an answer says a moment that can be compared with ours."""
    return isinstance(value, datetime) and value.tzinfo is not None


def listed(value: object) -> list[Any]:
    """What an answer lists; nothing where it is no list."""
    return value if isinstance(value, list) else []


def address(url: object, *servers: str) -> str | None:
    """Where a post is shown, as its server says; None where that is no address on one of these servers."""
    if not (isinstance(url, str) and _ADDRESS.fullmatch(url)):
        return None
    return url if any(url.startswith(f"{server.rstrip('/')}/") for server in servers) else None


def alike(theirs: str, ours: str) -> bool:
    """Whether two texts are one: a server strips what stands around a text and may change its line ends."""
    return _tidy(theirs) == _tidy(ours)


def plain(html: str) -> str:
    """The text of a status' HTML; markup that no parser takes is left out."""
    reader = _Reader()
    with suppress(AssertionError, ValueError):
        # Not closed: the parser would read every piece of a torn tag once more. The break gives it the last words.
        reader.feed(f"{html[:_LONGEST]}<br>")
    return "".join(reader.pieces).strip()


def _tidy(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()


def _squeezed(text: str) -> str:
    return "".join(_DOMAIN.sub(r"\1", _tidy(text)).split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BREAKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)
