"""Never: characters that cannot be seen. They turn words around, dodge duplicate filters, or carry a mark by which a
copied text is traced to who copied it.

In: a passage. Out: remarks. What some writing needs stays: the joiner inside an emoji
sequence such as 🏳️‍🌈, the presentation mark after an emoji, joiners in scripts that are misspelt without them.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator

import regex

from clarion.campaign.checks.rule import Passage, Remark, Standards

_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_MARKS = frozenset("\u061c\u200e\u200f")
#: Written from right to left: there a mark may be needed beside a number or a foreign word. Overrides never are.
_RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})

_ZWNJ, _ZWJ = "\u200c", "\u200d"
#: Scripts in which a word can be misspelt without U+200C or U+200D: Persian and its neighbours, and those of India.
_JOINERS_SPELL = frozenset(
    {
        "fa",
        "ckb",
        "ps",
        "ug",
        "ur",
        "bn",
        "gu",
        "hi",
        "kn",
        "ml",
        "mr",
        "ne",
        "or",
        "pa",
        "sa",
        "si",
        "ta",
        "te",
    }
)
_INVISIBLE = regex.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\U000e0000-\U000e0fff]"
)
# What belongs to a whole emoji: pictures joined by U+200D, their presentation mark, keycaps, flags spelt with tags.
_EMOJI = regex.compile(
    r"\p{Extended_Pictographic}(?:[\ufe0e\ufe0f]|\p{Emoji_Modifier})?"
    r"(?:\u200d\p{Extended_Pictographic}(?:\ufe0f|\p{Emoji_Modifier})?)*"
    r"(?:[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f)?"
    r"|[0-9#*]\ufe0f\u20e3"
)
#: A pasted text may have thousands; nobody reads them all.
_ENOUGH = 20
_CONTROL = regex.compile(r"[\p{Cc}\ufffe\uffff\u2028\u2029]")


def bidi(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """A control that turns the direction of writing: what people approve would not be what readers see."""
    text = passage.text
    allowed = _MARKS if passage.language.partition("-")[0] in _RIGHT_TO_LEFT else frozenset()
    why = "it changes the direction of the text around it"
    refused = (_OVERRIDES | _MARKS) - allowed
    yield from _remarks(text, (n for n, letter in enumerate(text) if letter in refused), why)


def zero_width(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """A character without width, outside an emoji and outside the scripts that need it between letters."""
    text = passage.text
    spelling = passage.language.partition("-")[0] in _JOINERS_SPELL
    inside = {place for emoji in _EMOJI.finditer(text) for place in range(*emoji.span())}
    places = (
        found.start()
        for found in _INVISIBLE.finditer(text)
        if found.start() not in inside
        and not (spelling and found[0] in _ZWNJ + _ZWJ and _between_letters(text, found.start()))
    )
    yield from _remarks(text, places, "nobody can see it")


def control(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """A control character other than the end of a line: terminals obey them, networks refuse or drop them."""
    places = (found.start() for found in _CONTROL.finditer(passage.text) if found[0] != "\n")
    yield from _remarks(passage.text, places, "it is a command to machines, not text")


def without(text: str) -> str:
    """A stranger's text without any character that these rules remark; a control becomes a space."""
    kept = _INVISIBLE.sub("", _CONTROL.sub(" ", text))
    return "".join(letter for letter in kept if letter not in _OVERRIDES | _MARKS)


def _between_letters(text: str, place: int) -> bool:
    around = text[max(place - 1, 0) : place] + text[place + 1 : place + 2]
    return bool(around) and all(unicodedata.category(letter)[0] in "LM" for letter in around)


def _remarks(text: str, places: Iterable[int], why: str) -> Iterator[Remark]:
    breaks = [place for place, letter in enumerate(text) if letter == "\n"]
    for number, place in enumerate(places):
        if number == _ENOUGH:
            return
        yield _remark(text, place, bisect_left(breaks, place) + 1, why)


def _remark(text: str, place: int, line: int, why: str) -> Remark:
    name = unicodedata.name(text[place], "a character without a name")
    before = text[max(place - 12, 0) : place].rsplit("\n", 1)[-1]
    shown = "".join(letter for letter in before if letter.isprintable())
    after = f' after "{shown}"' if shown else " at its beginning"
    return Remark(
        f"Line {line} has U+{ord(text[place]):04X} ({name}){after}: {why}.",
        "Type these words again instead of pasting them.",
    )
