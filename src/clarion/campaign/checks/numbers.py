"""With a reason: a number that nobody vouches for. Wrong numbers have hurt this campaign more than anything else.

In: a passage with the spans that a ledger or a date filter printed. Out: remarks. Not numbers: what stands in links,
tags and handles, a time of day, the place of a part in a thread or of a point in a list, names such as Children-404.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from clarion.campaign.checks.rule import Passage, Remark, Span, Standards, links

#: Names that have a number in them.
NAMES = re.compile(
    r"\b(?:children|дети)[-‐‑– ]404\b|\bCOVID[-‐‑]19\b|\b24/7\b|\b[GГ][-‐‑]?(?:7|8|20)\b|\bLGBTQIA?2S\+?",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?<![\w])\d++(?:[.,:/\u00a0\u202f –-]\d++)*(?:%|\s?(?:st|nd|rd|th|k|m|bn|s|x|х|тыс|млн)\b|\+)?(?![\w])",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"(?<![\w:])(?:[01]?\d|2[0-3])[:.][0-5]\d(?:\s?[ap]\.?m\.?)?(?![\w:])|\b(?:1[0-2]|[1-9])\s?[ap]\.?m\b\.?",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"^[^\S\n]*+(?:\(?\d{1,2}[/)](?:\d{1,2}\)?)?(?=\s|$)|\d{1,2}\.(?=\s))|\s\(?\d{1,2}/\d{1,2}\)?[^\S\n]*+$",
    re.MULTILINE,
)
_TAG = re.compile(r"[#@＃＠]\S++")
_IN_WORDS = re.compile(
    r"\b(?:hundreds?|thousands?|millions?|dozens?)\b|\b(?:сотн\w{1,3}|тысяч\w{0,3}|миллион\w{0,3}|десятк(?:и|ов|ам|ами|ах))\b",
    re.IGNORECASE,
)
_SHOWN = 3


def number(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """A figure in a text that comes from no fact, day, call or date filter."""
    found = [passage.text[start:end].strip() for start, end in loose(passage)]
    if found:
        shown = ", ".join(f"“{each}”" for each in dict.fromkeys(found[:_SHOWN]))
        more = " and more" if len(found) > _SHOWN else ""
        yield Remark(
            f"{shown}{more}: no fact stands behind it.",
            'Let the ledger say it: {{ fact("…") }}, from clarion posts facts. Or say why it is right: --because "…"',
        )


def loose(passage: Passage) -> list[Span]:
    """The places of the numbers that nobody vouches for, in order."""
    text = passage.text
    named = [*passage.vouched, *((link.start, link.end) for link in links(text)), *_source(passage)]
    named += [match.span() for pattern in (NAMES, _TIME, _PLACE, _TAG) for match in pattern.finditer(text)]
    covered = _covered(len(text), named)
    return sorted(
        match.span()
        for pattern in (_NUMBER, _IN_WORDS)
        for match in pattern.finditer(text)
        if not _all(covered, match.span(), text)
    )


def _source(passage: Passage) -> list[Span]:
    """Where the text names its source, which may have a year in it."""
    at = passage.text.find(passage.source) if passage.source else -1
    return [(at, at + len(passage.source or ""))] if at >= 0 else []


def _covered(length: int, spans: list[Span]) -> bytearray:
    covered = bytearray(length)
    for start, end in spans:
        covered[start:end] = b"\1" * (min(end, length) - start)
    return covered


def _all(covered: bytearray, span: Span, text: str) -> bool:
    """Whether every digit and letter of a span is covered: a date may be made of two pieces that are vouched for."""
    return all(covered[place] for place in range(*span) if text[place].isalnum())
