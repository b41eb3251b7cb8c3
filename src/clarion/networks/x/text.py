"""How X counts and links a text, and how a draft becomes what X gets. Pure.

In: a rendered draft. Out: parts in NFC with the warning as first line, weights in X's units, linked spans. X makes
its own links, so no facets are frozen. Rules: twitter-text 3.1.0, configuration 3; a test compares with its answers.
"""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import regex

from clarion.model import Facet, Limits, Part
from clarion.networks import splitting
from clarion.networks.base import Draft
from clarion.networks.x import emoji
from clarion.networks.x.links import links
from clarion.networks.x.options import LIMITS

_TAG_CHARS = r"\p{L}\p{M}\p{Nd}_\u200c\u200d\ua67e\u05be\u05f3\u05f4\uff5e\u301c\u309b\u309c\u30a0\u30fb\u3003\u0f0b\u0f0c\xb7"
_TAG = regex.compile(
    rf"(?:(?<![{_TAG_CHARS}&])|(?<=[\uFE0E\uFE0F]))[#＃](?![\uFE0F\u20E3])([{_TAG_CHARS}]++)(?![#＃]|://)"
)
_LETTER = regex.compile(r"[\p{L}\p{M}]")
_MENTION = regex.compile(
    r"(?:(?<![A-Za-z0-9_!#$%&*@＠])|(?<=\b(?:RT|rt):?))[@＠]([A-Za-z0-9_]{1,20}+)(?![@＠\xC0-\u024F]|://|/[A-Za-z])"
)

#: Start and end in characters, kind, value.
Span = tuple[int, int, str, str]


def length(text: str) -> int:
    """What a text weighs, in X's units. An emoji weighs 2, whether X's own counter knows it as one or not."""
    return _length(text, LIMITS.per_url)


def weigh(text: str, *, warning: str | None, limits: Limits) -> int:
    """What one part weighs; its warning counts once, whether or not it already stands in the text."""
    return _length(_whole(text, warning), limits.per_url)


def fits_only_newer(text: str, *, warning: str | None, limits: Limits) -> bool:
    """Whether a part fits only if X counts emoji newer than Unicode 11 as one, which its published counter does not."""
    whole = _whole(text, warning)
    new, old = (_length(whole, limits.per_url, newer=newer) for newer in (True, False))
    return new <= limits.text < old


def fit(draft: Draft, limits: Limits) -> tuple[Part, ...]:
    """The draft as X gets it. Nothing is split here: what is too long is a check's to find."""
    parts = []
    for index, part in enumerate(draft.parts):
        text = _whole(part.text, None if index else draft.warning)
        parts.append(Part(text=unicodedata.normalize("NFC", text), media=part.media))
    return tuple(parts)


def split(text: str, limits: Limits, *, warning: str | None = None, tail: str = "") -> list[str]:
    """The parts a text makes where it is too long for one (see `splitting`): links, tags and mentions stay whole.

    `warning` will stand in the first part, and `tail` at its end: both take room there, and neither is in what is given.
    """

    def fits(part: str, *, first: bool) -> bool:
        whole = part + tail if first else part
        return weigh(whole, warning=warning if first else None, limits=limits) <= limits.text

    return splitting.split(text, whole=[span[:2] for span in _spans(text)], fits=fits)


def facets(text: str) -> list[Facet]:
    """The spans X will link: addresses, tags, mentions."""
    return _in_bytes(text, _spans(text))


def _spans(text: str) -> list[Span]:
    spans = [
        (link.start, link.end, "link", ("" if link.scheme else "https://") + text[link.start : link.end])
        for link in links(text)
    ]
    for pattern, kind in ((_TAG, "tag"), (_MENTION, "mention")):
        spans += [
            (found.start(), found.end(), kind, found[1])
            for found in pattern.finditer(text)
            if kind == "mention" or _LETTER.search(found[1])
        ]
    return _without_overlap(spans)


def _whole(text: str, warning: str | None) -> str:
    """The text with its warning as the first line, where it does not begin with it anyway."""
    there = not warning or text == warning or text.startswith(f"{warning}\n")
    return text if there else f"{warning}\n\n{text}".rstrip("\n")


def _length(text: str, per_url: int, *, newer: bool = True) -> int:
    text = unicodedata.normalize("NFC", text)
    found = links(text)
    edges = [0, *(edge for link in found for edge in (link.start, link.end)), len(text)]
    outside = [text[start:end] for start, end in list(pairwise(edges))[::2]]
    return per_url * len(found) + sum(emoji.weight(words, newer=newer) for words in outside)


def _without_overlap(spans: list[Span]) -> list[Span]:
    """Spans in order; what begins inside an earlier one is left out."""
    kept: list[Span] = []
    for span in sorted(spans):
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept


def _in_bytes(text: str, spans: list[Span]) -> list[Facet]:
    found, at, position = [], 0, 0
    for start, end, kind, value in spans:
        first = position + _size(text[at:start])
        at, position = end, first + _size(text[start:end])
        found.append(Facet(start=first, end=position, kind=kind, value=value))
    return found


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
