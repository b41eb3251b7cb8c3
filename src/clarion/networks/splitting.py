"""Cuts a text that is too long into parts that fit: after a paragraph, else a sentence, else a word, else a letter. Pure.

In: a text in NFC, the spans that stay whole (links, tags, mentions), and whether a part fits. Out: the parts. They hold
the text in order, and all of it but the white space they were cut at: between two parts as they stand in the text, and
before the first and after the last, is white space or nothing. No part begins or ends with white space that may be cut
at, and none is cut inside a link, a tag or a letter as readers see it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Protocol

import regex

from clarion.networks import graphemes

Span = tuple[int, int]

# ── how well a place is to cut at; the lower the better ──
_END, _PARAGRAPH, _SENTENCE, _WORD, _LETTER = range(5)

#: White space that may be cut at: spaces that hold words together (as in "№ 5") may not.
_GAP = regex.compile(r"[^\S\u00A0\u2007\u202F]++")
_EMPTY_LINE = regex.compile(r"\n[^\S\n]*\n")
_CLOSING = "\"'”’»)]"
_ENDS_SENTENCE = "!?…؟।"
#: These end a sentence without white space after them.
_WIDE_END = regex.compile(r"[。！？]++[」』）]*+")
#: A full stop after these, after one letter or after a word with a full stop in it ("U.S.") ends none.
_SHORT = frozenset(
    {
        *(
            "no",
            "nos",
            "art",
            "arts",
            "mr",
            "mrs",
            "ms",
            "dr",
            "st",
            "vs",
            "cf",
            "ca",
            "al",
            "nr",
            "bzw",
            "mme",
        ),
        *("ст", "ул", "им", "стр", "тыс", "млн", "гг", "др", "пр"),
    }
)
_LOOK_BACK = 24  # the longest word before a full stop that is asked about
_TAGS = regex.compile(r"(?<!\n)\n+#[^\s#]++(?: +#[^\s#]++)*+\s*+\Z")


@dataclass(frozen=True, slots=True)
class _Cut:
    """A part may end at `end`, and the next one begins at `start`."""

    end: int
    start: int
    level: int


class Fits(Protocol):
    """Whether a part fits, the first one with all that stands around it there."""

    def __call__(self, part: str, *, first: bool) -> bool: ...


def split(text: str, *, whole: Iterable[Span], fits: Fits) -> list[str]:
    """The parts of a text.

    The text comes back as it is where it fits, and also where it cannot be split: a link, a tag or a letter in it is
    by itself too long. What says "too long" of a part then says it of the text.
    """
    if fits(text, first=True):
        return [text]
    cuts = _cuts(text, list(whole))
    parts: list[str] = []
    at = cuts[0].start
    while at < len(text):
        cut = _next(cuts, text, at, partial(fits, first=not parts))
        if cut is None:
            return [text]
        parts.append(text[at : cut.end])
        at = cut.start
    return parts or [text]


def without_tags(text: str) -> tuple[str, str]:
    """A text and what it ends in: a last line that has only tags, with the line breaks before it; "" without one."""
    found = _TAGS.search(text)
    return (text[: found.start()], text[found.start() :]) if found else (text, "")


def _next(cuts: list[_Cut], text: str, at: int, fits: Callable[[str], bool]) -> _Cut | None:
    """Where the part that begins at `at` ends; None when not even the shortest fits."""

    def reaches(index: int) -> bool:
        return fits(text[at : cuts[index].end])

    first = bisect_right(cuts, at, key=lambda cut: cut.end)
    last = _furthest(first, len(cuts), reaches)
    return None if last is None else _best(cuts, at, first, last, reaches)


def _furthest(first: int, count: int, fits: Callable[[int], bool]) -> int | None:
    """The last of the indexes that fits, found in steps that double and then halve; None when `first` does not."""
    good, step = first - 1, 1
    while good + step < count and fits(good + step):
        good, step = good + step, 2 * step
    while step > 1:
        step //= 2
        if good + step < count and fits(good + step):
            good += step
    return good if good >= first else None


def _best(cuts: list[_Cut], at: int, first: int, last: int, fits: Callable[[int], bool]) -> _Cut:
    """The last cut after a paragraph or a sentence that fills half of what fits, else the last after a word."""
    furthest = cuts[last]
    half = (furthest.end - at) / 2
    for level in range(_END, _LETTER):
        for index in range(last, first - 1, -1):
            cut = cuts[index]
            if level < _WORD and cut.end - at < half:
                break
            if cut.level <= level:
                if index == last or fits(index):
                    return cut
                break
    return furthest


def _cuts(text: str, whole: list[Span]) -> list[_Cut]:
    """Every place to cut at, in order: the white space the text begins with first, its end last."""
    edges = [0, *graphemes.ends(text)]
    gaps = _gaps(text, edges)
    lead = gaps.pop(0)[1] if gaps and gaps[0][0] == 0 else 0
    trail = gaps.pop()[0] if gaps and gaps[-1][1] == len(text) else len(text)
    found = [_Cut(0, lead, _END), *(_Cut(end, start, _level(text, end, start)) for end, start in gaps)]
    wide = {match.end() for match in _WIDE_END.finditer(text)}
    taken = [(0, lead), *gaps, (trail, len(text))]
    for (_, after), (before, _) in pairwise(taken):
        inside = edges[bisect_right(edges, after) : bisect_left(edges, before)]
        found += [_Cut(edge, edge, _SENTENCE if edge in wide else _LETTER) for edge in inside]
    found.append(_Cut(trail, len(text), _END))
    return list(_outside(sorted(found, key=lambda cut: cut.end), sorted(whole)))


def _gaps(text: str, edges: list[int]) -> list[Span]:
    """The runs of white space that may be cut at, none of them ending inside a letter (a space may carry an accent)."""
    found = []
    for match in _GAP.finditer(text):
        end = edges[bisect_right(edges, match.end()) - 1]
        if end > match.start() and edges[bisect_left(edges, match.start())] == match.start():
            found.append((match.start(), end))
    return found


def _outside(cuts: Iterable[_Cut], whole: list[Span]) -> Iterator[_Cut]:
    """The cuts that lie inside none of the spans; both in order."""
    spans = iter(whole)
    span = next(spans, None)
    for cut in cuts:
        while span and span[1] <= cut.end:
            span = next(spans, None)
        if span is None or cut.start <= span[0]:
            yield cut


def _level(text: str, end: int, start: int) -> int:
    gap = text[end:start]
    if _EMPTY_LINE.search(gap) or "\u2029" in gap:
        return _PARAGRAPH
    return _SENTENCE if "\n" in gap or _ends_sentence(text, end, start) else _WORD


def _ends_sentence(text: str, end: int, start: int) -> bool:
    before = text[max(0, end - _LOOK_BACK) : end].rstrip(_CLOSING)
    if not before or text[start : start + 1].islower():
        return False
    if before[-1] in _ENDS_SENTENCE:
        return True
    if before[-1] != ".":
        return False
    word = before[:-1].split()[-1:]
    last = word[0].lstrip("(«“\"'[") if word else ""
    return len(last) > 1 and "." not in last and last.lower() not in _SHORT
