"""What a page says of itself: the title, description and picture that it offers for a link's card.

In: the beginning of a page as its server gave it. Out: a `Said`, in plain words that show all they hold, or nothing.
Open Graph (ogp.me) first, then `<title>` and the description for search engines. Pure.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import takewhile

from clarion.campaign.checks import hidden
from clarion.networks import graphemes

#: In graphemes. The lexicon app.bsky.embed.external names no limit; readers are shown two lines of each.
TITLE, DESCRIPTION = 300, 1_000
#: A letter may carry any number of marks; what has more characters than this per grapheme is no writing.
_PER_GRAPHEME = 4
_SNIFFED = 4_096
_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([\w.:-]{1,40})", re.IGNORECASE)
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
#: What pages are written in (encoding.spec.whatwg.org), by Python's names: other codecs of Python's decode no text.
_ENCODINGS = frozenset(
    {
        *("utf-8", "utf-16", "utf-16-le", "utf-16-be", "koi8-r", "koi8-u", "cp866", "gbk", "gb18030", "big5"),
        *("euc_jp", "euc_kr", "shift_jis", "iso2022_jp", "mac-cyrillic", "mac-roman", "cp874", "cp949"),
        *(f"cp{number}" for number in range(1250, 1259)),
        *(f"iso8859-{number}" for number in (*range(1, 12), 13, 14, 15, 16)),
    }
)
_LOST = "\ufffd"
#: Tags and texts that are read of a page; large ones have 20,000. A page of nothing but "<" is over in a moment.
PIECES = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The words of a page for its card, and the address of a picture, as the page gives it."""

    title: str
    description: str = ""
    image: str | None = None


def read(body: bytes, charset: str | None) -> Said | None:
    """What a page says; None where it has no title that can be read. `charset` is what its server says."""
    page = _Page()
    with suppress(
        AssertionError, ValueError
    ):  # markup that the parser gives up on: what it met before stands
        page.feed(_text(body, charset))
    title = plain(page.first("og:title", "<title>", "twitter:title"), TITLE)
    if not title:
        return None
    description = plain(page.first("og:description", "description", "twitter:description"), DESCRIPTION)
    image = page.first("og:image:secure_url", "og:image", "og:image:url", "twitter:image").strip()
    return Said(title=title, description=description, image=image or None)


def plain(words: str, most: int) -> str:
    """A stranger's words on one line: NFC, nothing hidden, at most so many graphemes; "" where letters were lost."""
    words = " ".join(hidden.without(words[: most * _PER_GRAPHEME * 2]).split())
    words = unicodedata.normalize("NFC", words)
    if _LOST in words:
        return ""
    ends = list(takewhile(lambda end: end <= most * _PER_GRAPHEME, graphemes.ends(words)))
    if len(ends) <= most and (not words or (ends and ends[-1] == len(words))):
        return words
    kept = ends[: most - 1]
    return f"{words[: kept[-1]].rstrip()}…" if kept else ""


class _Page(HTMLParser):
    """Collects what the head of a page says, each thing as it is said first."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._found: dict[str, str] = {}
        self._title: list[str] | None = None
        self._beyond = False
        self._pieces = 0

    def first(self, *names: str) -> str:
        return next((self._found[name] for name in names if self._found.get(name, "").strip()), "")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._count()
        if tag == "meta":
            said = dict(reversed(attrs))  # of an attribute given twice the first counts
            name = said.get("property") or said.get("name") or ""
            self._found.setdefault(name.strip().casefold(), said.get("content") or "")
        elif tag in ("body", "svg"):  # a title in there is not the page's
            self._title, self._beyond = None, True
        elif tag == "title" and not self._beyond and "<title>" not in self._found:
            self._title = []

    def handle_endtag(self, tag: str) -> None:
        self._count()
        if tag == "title" and self._title is not None:
            self._found["<title>"] = "".join(self._title)
            self._title = None

    def handle_data(self, data: str) -> None:
        self._count()
        if self._title is not None:
            self._title.append(data)

    def handle_comment(self, data: str) -> None:
        self._count()

    def handle_decl(self, decl: str) -> None:
        self._count()

    def handle_pi(self, data: str) -> None:
        self._count()

    def unknown_decl(self, data: str) -> None:
        self._count()

    def _count(self) -> None:
        self._pieces += 1
        if self._pieces > PIECES:
            raise _Enough


class _Enough(ValueError):
    """More of a page is not read."""


def _text(body: bytes, charset: str | None) -> str:
    """The page's text. Letters that its encoding does not have are lost, and shown as such."""
    for mark, name in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, errors="replace")
    declared = _DECLARED.search(body[:_SNIFFED])
    named = charset or (declared[1].decode("ascii") if declared else "utf-8")
    return body.decode(_codec(named) or "utf-8", errors="replace")


def _codec(name: str) -> str | None:
    try:
        codec = codecs.lookup(name.strip("\"' ")).name
    except (LookupError, ValueError):
        return None
    # Browsers read these two as what contains them (encoding.spec.whatwg.org).
    codec = {"ascii": "cp1252", "iso8859-1": "cp1252", "gb2312": "gb18030"}.get(codec, codec)
    return codec if codec in _ENCODINGS else None
