"""Never: characters that cannot be seen, or look like others. They turn words around, dodge duplicate filters and these
checks, or carry a mark by which a copied text is traced to who copied it.

In: a passage. Out: remarks. What some writing needs stays: the joiner inside an emoji that is made of several, such as 🏳️‍🌈, the
presentation mark after an emoji, joiners in scripts that are misspelt without them, a name in Latin letters with a Russian ending.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import islice

import regex

from clarion.campaign.checks.rule import Passage, Remark, Spans, Standards, links
from clarion.campaign.skeleton import hidden_twins

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
#: What nobody sees, what only a private font shows, and what no version of Unicode has; reserved emoji are not among them.
_INVISIBLE = regex.compile(
    r"[[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Co}\p{Cn}\u2800]"
    r"--[\p{Extended_Pictographic}\ufffe\uffff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]]",
    regex.VERSION1,
)
#: More accents than any spelling has on one letter; what piles up may carry a mark.
_PILED = regex.compile(r"[\p{Mn}\p{Me}]{4,}+")
# Emoji that are made of several, by what joins with what; nobody can see the joiner, so a free one may carry a mark.
_TONE = r"\p{Emoji_Modifier}?"
_ADULT, _ANYONE = "[👨👩🧑]", "[👦👧👨👩🧑👶]"
_JOINED = (
    rf"\p{{Emoji_Modifier_Base}}{_TONE}\ufe0f?\u200d[♀♂]\ufe0f?(?:\u200d➡\ufe0f?)?|\p{{Emoji_Modifier_Base}}{_TONE}\u200d➡\ufe0f?|[👯🤼🧞🧟]\u200d[♀♂]\ufe0f?"
    rf"|{_ADULT}{_TONE}\u200d(?:[⚕⚖✈]\ufe0f?|[🌾🍳🍼🎓🎤🎨🏫🏭💻💼🔧🔬🚀🚒🦯🦰🦱🦲🦳🦼🦽🎄](?:\u200d➡\ufe0f?)?)"
    rf"|{_ADULT}{_TONE}\u200d(?:❤\ufe0f?\u200d(?:💋\u200d)?|🤝\u200d){_ADULT}{_TONE}|{_ADULT}(?:\u200d{_ADULT})?(?:\u200d[👦👧🧒]){{1,2}}|🫱{_TONE}\u200d🫲{_TONE}"
    r"|🏳\ufe0f?\u200d(?:🌈|⚧\ufe0f?)|🏴\u200d☠\ufe0f?|❤\ufe0f?\u200d[🔥🩹]|👁\ufe0f?\u200d🗨\ufe0f?|⛓\ufe0f?\u200d💥|🐕\u200d🦺|🐈\u200d⬛|🐦\u200d[⬛🔥]|🐻\u200d❄\ufe0f?"
    r"|😮\u200d💨|😵\u200d💫|😶\u200d🌫\ufe0f?|🙂\u200d[↔↕]\ufe0f?|🍋\u200d🟩|🍄\u200d🟫"
)
#: The three flags that are spelt with tags: England, Scotland, Wales.
_FLAGS = "|".join(
    "".join(chr(0xE0000 + ord(letter)) for letter in flag) for flag in ("gbeng", "gbsct", "gbwls")
)
_EMOJI = regex.compile(
    rf"{_JOINED}|🏴(?:{_FLAGS})\U000e007f|\p{{Extended_Pictographic}}(?:[\ufe0e\ufe0f]|\p{{Emoji_Modifier}})?|[0-9#*]\ufe0f\u20e3"
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
    """A character that nobody sees or that is none, outside an emoji and outside the scripts that need it between letters."""
    text = passage.text
    yield from _remarks(
        text, (piled.start() for piled in _PILED.finditer(text)), "too many accents are piled up here"
    )
    if not _INVISIBLE.search(text):
        return
    spelling = passage.language.partition("-")[0] in _JOINERS_SPELL
    inside = {place for emoji in _EMOJI.finditer(text) for place in range(*emoji.span())}
    places = (
        found.start()
        for found in _INVISIBLE.finditer(text)
        if found.start() not in inside
        and not (spelling and found[0] in _ZWNJ + _ZWJ and _between_letters(text, found.start()))
    )
    yield from _remarks(text, places, "nobody can see what it is")


def mixed_script(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """A word in which letters of two alphabets stand and nobody can see it. Hosts have a rule of their own."""
    away = Spans((link.start, link.end) for link in links(passage.text))
    words = (span for span in hidden_twins(passage.text) if not away.hold(span))
    for start, end in islice(words, _ENOUGH):
        yield Remark(
            f'"{passage.text[start:end][:30]}" has letters of two alphabets that look alike; it is not the word that people read.',
            "Type the word again with one keyboard. A Russian ending behind a Latin name needs a hyphen: Telegram-а.",
        )


def control(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """A control character other than the end of a line: terminals obey them, networks refuse or drop them."""
    places = (found.start() for found in _CONTROL.finditer(passage.text) if found[0] != "\n")
    yield from _remarks(passage.text, places, "it is a command to machines, not text")


def without(text: str) -> str:
    """A stranger's text without any character that these rules remark; a control becomes a space."""
    kept = _PILED.sub("", _INVISIBLE.sub("", _CONTROL.sub(" ", text)))
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
