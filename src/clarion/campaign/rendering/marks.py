"""Provenance: which characters of a post a ledger or a date filter vouches for.

In: values that `words.py` makes (`Said`, `Count`, `Day`), as a template prints them. Out: the plain text, and per part the
spans of it that are vouched for, so that "a number without a fact" is decided and not guessed. Spans of what a call printed
are `CallSpan`s: a call may name an office and its page, which a fact may not.

While a template renders, a value is what it looks like: filters and comparisons see plain text. Only when it is printed is
it put between two private-use characters, which neither a template nor a variable nor a ledger may carry itself; they are
taken out before anything else reads the text. Everything here is pure.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import NamedTuple

from clarion.campaign import plain

OPEN, CLOSE, OPEN_CALL = "\U0010fff0", "\U0010fff1", "\U0010fff2"
_MARKS = re.compile(f"([{OPEN}{CLOSE}{OPEN_CALL}])")

#: (start, end) in characters.
Span = tuple[int, int]


class CallSpan(NamedTuple):
    """A span that a call printed."""

    start: int
    end: int


def like(span: Span, start: int, end: int) -> Span:
    """A span of the same kind, elsewhere."""
    return CallSpan(start, end) if isinstance(span, CallSpan) else (start, end)


def of_calls(spans: Sequence[Span]) -> list[Span]:
    """Those of them that calls printed."""
    return [span for span in spans if isinstance(span, CallSpan)]


class Said(str):
    """Words that a ledger, or a filter for dates, stands behind."""

    __slots__ = ()


class OfCall(Said):
    """Words of a call."""

    __slots__ = ()


class Count(int):
    """A count that follows from a date."""

    __slots__ = ()


class Day(dt.date):
    """A date of the ledger that may be printed as it is: `_write` says how the language writes it."""

    _write: Callable[[dt.date], str]

    @classmethod
    def of(cls, day: dt.date, write: Callable[[dt.date], str]) -> Day:
        made = cls(day.year, day.month, day.day)
        made._write = write
        return made

    def written(self) -> Said:
        return Said(self._write(self))


def printed(value: object) -> object:
    """What stands in the rendered text for a value: what is vouched for stands between marks."""
    if isinstance(value, Day):
        value = value.written()
    if not isinstance(value, Said | Count):
        return value
    return f"{OPEN_CALL if isinstance(value, OfCall) else OPEN}{value}{CLOSE}"


def carried(text: str) -> str | None:
    """What is wrong with a text that carries a mark of its own, by which it would vouch for itself; None when it does not."""
    found = _MARKS.search(text)
    return found and f"the character U+{ord(found[0]):04X} is private and cannot be in a post"


def keeping(change: Callable[[str], str]) -> Callable[[str], str]:
    """A filter that changes the look of words and not what they say: what comes out is vouched for as what went in."""

    def changed(value: str) -> str:
        made = change(str(value))
        return type(value)(made) if isinstance(value, Said) else made

    return changed


def lift(text: str) -> tuple[str, tuple[Span, ...]]:
    """A rendered text without its marks, its lines ended by a plain line feed; and where the marks stood."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    pieces: list[str] = []
    spans: list[Span] = []
    opened: Span = (0, 0)
    length = 0
    for piece in _MARKS.split(text):
        if piece in (OPEN, OPEN_CALL):
            opened = CallSpan(length, length) if piece == OPEN_CALL else (length, length)
        elif piece == CLOSE:
            spans.append(like(opened, opened[0], length))
        else:
            pieces.append(piece)
            length += len(piece)
    return "".join(pieces), tuple(spans)


def follow(text: str, spans: Sequence[Span], parts: Sequence[str]) -> tuple[tuple[Span, ...], ...]:
    """The spans of `text`, per part, in the parts that `plain.parts_of` made of it. Takes time in proportion to the text.

    Composing (NFC) is followed by itself. Everything else that is done to a text drops only white space and the lines
    between parts, so a character is known by how many visible ones stand before it.
    """
    if not spans:
        return ((),) * len(parts)
    text, spans = composed(text, spans)
    before = list(accumulate((not letter.isspace() for letter in text), initial=0))
    found: list[tuple[Span, ...]] = []
    for part, begins in zip(parts, plain.starts(text), strict=True):
        places = [place for place, letter in enumerate(part) if not letter.isspace()]
        within = (
            like(span, *(min(max(before[place] - before[begins], 0), len(places)) for place in span))
            for span in spans
        )
        found.append(
            tuple(
                like(each, places[each[0]], places[each[1] - 1] + 1) for each in within if each[0] < each[1]
            )
        )
    return tuple(found)


def composed(text: str, spans: Sequence[Span]) -> tuple[str, tuple[Span, ...]]:
    """The text in NFC with its spans. A mark never parts what melts together: it moves behind the accents that follow."""
    pieces, moved, done, length = [], [], 0, 0
    for mark in (mark for span in spans for mark in span):
        place = mark
        while place < len(text) and _joins(text[place]):
            place += 1
        pieces.append(unicodedata.normalize("NFC", text[done:place]))
        length += len(pieces[-1])
        moved.append(length)
        done = max(done, place)
    pieces.append(unicodedata.normalize("NFC", text[done:]))
    return "".join(pieces), tuple(map(like, spans, moved[::2], moved[1::2]))


def _joins(letter: str) -> bool:
    """Whether it can melt into what stands before it: accents, vowel signs, the later letters of a Hangul syllable."""
    return unicodedata.category(letter)[0] == "M" or "\u1160" <= letter <= "\u11ff"
