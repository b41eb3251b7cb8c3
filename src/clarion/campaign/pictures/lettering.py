"""Letters of image cards: which size a text gets in a box, and where its lines break.

In: a text, a box in pixels. Out: `Lines`, ready to be drawn with Pillow. The letters are Source Sans 3, from a package; a
character it does not have is an error, never an empty box. The same text breaks the same way each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import regex

from clarion.errors import CheckFailed

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

FAMILY = "Source Sans 3"
NORMAL, STRONG = 400, 600
#: Cards are drawn so many times as large and then reduced: letters fall between pixels, and words are evenly spaced.
FINE = 2
#: From one line to the next, in heights of the letters.
_LEADING = 1.28
#: Sizes are tried in these steps of pixels.
_STEP = 2

_SPACE = regex.compile(r"[ \t]+")
_BINDS = "\u00a0"
#: What stays on the line of what follows it: a number or its sign, a word of one or two letters; and a dash, of what
#: comes before. So typesetters do it, in Russian above all.
_WITH_NEXT = regex.compile(r"(?<=(?:^|[\s\u00a0«“(])(?:\p{L}{1,2}|\d+|№|no\.)) (?=\S)", regex.IGNORECASE)
_WITH_BEFORE = regex.compile(r" (?=[—–](?:\s|$))")
_NEVER_SEEN = "\U0010ffff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """A text at one size, cut into lines. Sizes in pixels."""

    lines: tuple[str, ...]
    size: int
    weight: int

    @property
    def leading(self) -> int:
        return round(self.size * _LEADING)

    @property
    def width(self) -> int:
        """Of its longest line."""
        return round(max(_width(line, self.size, self.weight) for line in self.lines))

    @property
    def height(self) -> int:
        """From the top of the first line's capitals to the lowest of the last line, such as the tail of a y."""
        below = round(font(self.size, self.weight).getbbox(self.lines[-1], anchor="ls")[3] / FINE)
        return self.leading * (len(self.lines) - 1) + capital(self.size, self.weight) + max(0, below)


def fitted(
    text: str, *, width: int, height: int, largest: int, smallest: int, weight: int, most: int = 99
) -> Lines | None:
    """The text as large as it may be in the box, in at most `most` lines that are about equally long; None where it
    does not fit. A word is broken only at the smallest size.
    """
    for size in range(largest, smallest - 1, -_STEP):
        lines = _wrapped(text, width, size, weight, breaking=size - _STEP < smallest)
        if lines is None:
            continue
        found = Lines(lines=lines, size=size, weight=weight)
        if found.height <= height and len(lines) <= most:
            return Lines(lines=_even(text, width, found), size=size, weight=weight)
    return None


def require_letters(text: str) -> None:
    """CheckFailed, with the character, where the letters do not have one of the text's."""
    for cluster in regex.findall(r"\X", text):
        if not cluster.isspace() and not all(_has(char) for char in cluster):
            shown = f"“{cluster}”" if cluster.isprintable() else f"U+{ord(cluster[0]):04X}"
            raise CheckFailed(
                f"the letters of image cards have no {shown}", "leave it out of the card, or use an image"
            )


@cache
def font(size: int, weight: int) -> FreeTypeFont:
    """The letters of a size, for a picture that is FINE times as large."""
    from fontpkg import pil

    made: FreeTypeFont = pil.truetype(FAMILY, size * FINE, weight=weight)
    return made


@cache
def capital(size: int, weight: int) -> int:
    """How high a capital letter is, in pixels."""
    return -round(font(size, weight).getbbox("H", anchor="ls")[1] / FINE)


def _even(text: str, width: int, found: Lines) -> tuple[str, ...]:
    """The lines at the smallest width that needs no more of them, so that none is a leftover."""
    low, high, best = width // 2, width, found.lines
    while low < high:
        middle = (low + high) // 2
        lines = _wrapped(text, middle, found.size, found.weight, breaking=False)
        if lines is not None and len(lines) <= len(found.lines):
            high, best = middle, lines
        else:
            low = middle + 1
    return best


def _wrapped(text: str, width: int, size: int, weight: int, *, breaking: bool) -> tuple[str, ...] | None:
    """The lines; None where a word is wider than a line and must not be broken."""
    lines: list[str] = []
    for paragraph in _bound(text).split("\n"):
        line = ""
        for word in _words(paragraph, width, size, weight, breaking=breaking):
            if word is None:
                return None
            longer = f"{line} {word}" if line else word
            if line and _width(longer, size, weight) > width:
                lines.append(line)
                line = word
            else:
                line = longer
        lines.append(line)
    return tuple(lines)


def _words(paragraph: str, width: int, size: int, weight: int, *, breaking: bool) -> Iterator[str | None]:
    for word in _SPACE.split(paragraph.strip()):
        if _width(word, size, weight) <= width:
            yield word
        elif breaking:
            yield from _broken(word.split(_BINDS), width, size, weight)
        else:
            yield None


def _broken(words: Sequence[str], width: int, size: int, weight: int) -> Iterator[str]:
    """What was bound comes apart first; only a word that is wider than a line is cut, between two letters."""
    for word in words:
        piece = ""
        for letter in regex.findall(r"\X", word):
            if piece and _width(piece + letter, size, weight) > width:
                yield piece
                piece = ""
            piece += letter
        yield piece


def _bound(text: str) -> str:
    return str(_WITH_NEXT.sub(_BINDS, _WITH_BEFORE.sub(_BINDS, text)))


@cache
def _width(text: str, size: int, weight: int) -> float:
    return float(font(size, weight).getlength(text)) / FINE


@cache
def _has(char: str) -> bool:
    letters = font(40, NORMAL)
    return bytes(letters.getmask(char)) != bytes(letters.getmask(_NEVER_SEEN))
