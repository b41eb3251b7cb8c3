"""How a rule says what it looks for: patterns over a text's skeleton, which are asked only where one of their words stands.

In: patterns in small letters, in which a space is any gap between two words of one sentence. Out: `Find`s for the table, and
places. Every piece of a pattern is bounded, so that a text costs as much as it is long.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from clarion.campaign.checks.rule import Find, Passage, Remark, Standards
from clarion.campaign.skeleton import skeleton

Span = tuple[int, int]

#: What may stand between two words of a sentence: anything but its end.
GAP = r"(?:[^\w.!?]{1,6})"
#: A word, read once; and what stands inside a sentence between two things.
WORD = r"\w{1,30}+"
WITHIN = r"[^.!?\n]{0,60}?"
_SENTENCE = re.compile(r"[^.!?\n]+")


def words(few: int, *, but: str = "", only: str = WORD) -> str:
    """Up to so many words before another one; `but`: those that may not be among them."""
    barrier = rf"(?!(?:{but})\b)" if but else ""
    return rf"(?:{barrier}(?:{only}){GAP}){{0,{few}}}?"


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern over small letters, compiled when it is first asked: most texts have none of its words."""
    return re.compile(pattern.replace(" ", GAP))


def any_case(*patterns: str) -> tuple[re.Pattern[str], ...]:
    """Patterns over letters as they were written, small or large."""
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)


@dataclass(frozen=True, slots=True)
class Saying:
    """Patterns, one of whose `needs`, and one of `also`, stand in a text that has any. `unless` takes a sentence out."""

    needs: Sequence[str]
    patterns: tuple[str, ...]
    unless: str | None = None
    also: Sequence[str] = ()

    def find(self, text: str) -> Span | None:
        """The first place in a text in small letters where one of them is met."""
        return next(self.all(text), None)

    def all(self, text: str) -> Iterator[Span]:
        if not all(any(need in text for need in each) for each in (self.needs, self.also) if each):
            return
        for pattern in self.patterns:
            for found in compiled(pattern).finditer(text):
                if not self.unless or not compiled(self.unless).search(
                    text, *sentence_at(text, *found.span())
                ):
                    yield found.span()


def saying(needs: str, *patterns: str, unless: str | None = None, also: str = "") -> Saying:
    """`needs`, and `also`: pieces of words, any of which must be there, with spaces between."""
    return Saying(tuple(needs.split()), patterns, unless, tuple(also.split()))


def claim(why: str, mend: str, *said: Saying) -> Find:
    """A rule that refuses whatever one of the sayings finds."""

    def find(passage: Passage, standards: Standards) -> Iterator[Remark]:
        small = skeleton(passage.text).small
        if any(each.find(small) for each in said):
            yield Remark(why, mend)

    return find


def sentence_at(text: str, start: int, end: int, *, most: int = 200) -> Span:
    """The sentence around a place, or as much of it as anybody reads at once."""
    first = max((text.rfind(mark, max(start - most, 0), start) for mark in ".!?\n"), default=-1)
    ends = [at for mark in ".!?\n" if (at := text.find(mark, end, end + most)) >= 0]
    begins = first + 1 if first >= 0 else max(start - most, 0)
    return begins, min(ends, default=min(end + most, len(text)))
