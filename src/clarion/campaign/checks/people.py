"""People: who must never be named, a child with its age, names that nobody has looked at.

In: a passage, the deny-list and the names of public figures. Out: remarks; those about people in danger show no name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from clarion.campaign import stems
from clarion.campaign.checks.rule import Passage, Remark, Spans, Standards, links
from clarion.campaign.figures import GIVEN

_OF_AGE = 18
_AGE_WORDS = (
    *(
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
    ),
    *("fourteen", "fifteen", "sixteen", "seventeen"),
)
_IN_WORDS = {word: age for age, word in enumerate(_AGE_WORDS, 1)}
_NUMBER = rf"(\d{{1,2}}|{'|'.join(sorted(_IN_WORDS, key=len, reverse=True))})"
_CHILD = (
    r"(?:boys?|girls?|child(?:ren)?|kids?|teen(?:ager)?s?|minors?|school(?:boy|girl|child)s?|pupils?|students?|youths?|"
    r"sons?|daughters?|brothers?|sisters?|nephews?|nieces?|cousins?|he|she|they|who|mal[e]|m[ae]n|wom[ae]n|victims?)"
)
_NOT_A_PERSON = (
    r"(?!\s+(?:campaign|case|claim|complaint|film|hashtag|history|judge?ment|law|letter|network|organi[sz]ation|petition|"
    r"promise|question|report|rule|ruling|song|story|struggle|tag|tradition|video|war)s?\b)"
)
_AGES = (
    re.compile(rf"(?<!\w){_NUMBER}[ -]years?[ -]olds?\b{_NOT_A_PERSON}", re.IGNORECASE),
    re.compile(
        rf"\b(?:aged?|at the age of|age of)\s+(?:only\s+|just\s+)?{_NUMBER}(?![\w.,:/-]*\d|\w)", re.IGNORECASE
    ),
    re.compile(
        rf"\b{_CHILD}\s*(?:,\s*|\(\s*|\bof\s+){_NUMBER}(?=\s*[,).]|\s+(?:was|is|who|from)\b)", re.IGNORECASE
    ),
    re.compile(rf"(?<!\w){_NUMBER}\s?y/?o\b", re.IGNORECASE),
)
#: Spoken of a thing or a span of time, "three years old" is no age of a child: only with somebody in the sentence.
_SPOKEN = _AGES[0]
_SOMEBODY = re.compile(rf"\b{_CHILD}\b", re.IGNORECASE)
_TEENS_RU = (
    "(?:пяти|шести|семи|восьми|девяти|десяти|одиннадцати|двенадцати|тринадцати|четырнадцати|пятнадцати|шестнадцати|"
    "семнадцати)"
)
_AGES_RU = (
    re.compile(
        r"(?<!\w)(\d{1,2})\s?-?\s?летн(?!ие\b|ий\s+(?:срок|юбилей|период|опыт|путь)|яя\s+(?:годовщин|истори|борьб))\w{2,3}",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?:\bему|\bей|\bим|мальчик\w{0,2}|девочк\w{1,2}|реб[её]нк\w{1,2}|подростк\w{1,2}|школьни\w{1,4}|сын\w{0,3}|дочер\w{1,2}|"
        r"юнош\w{1,2}|парн\w{1,2}|брат\w{0,3})\s*+(?:[,(]\s*+)?(?:было|исполнилось|всего|только|едва|лишь|\s)*+(\d{1,2})\s*(?:год|года|лет)\b",
        re.IGNORECASE,
    ),
    re.compile(r"\bв\s+возрасте\s+(\d{1,2})\s*(?:года|лет)\b", re.IGNORECASE),
)
_AGE_WORD_RU = re.compile(
    rf"\b{_TEENS_RU}летн\w{{2,3}}\b(?!\s+(?:срок|годовщин|истори|борьб|юбиле))", re.IGNORECASE
)

#: A name and a number behind it: "Masha, 16," · «Маше 16 лет». Only behind a word that is a given name.
_NAMED = re.compile(
    r"\b([A-ZА-ЯЁ][a-zа-яё]{1,20}+)(?:\s[A-ZА-ЯЁ][a-zа-яё]{1,25}+)?(?:,\s?|\s?\(|\s(?:is|was|было|только|всего)?\s?)"
    r"(\d{1,2})(?=\s*[,)]|\s+(?:year|год|лет))"
)
#: An ending and the two letters before it stand in so many.
_ENDING = 16
_SURNAME = re.compile(
    r"(?:[a-z]{2,}(?:ov|ova|ev|eva|sky|skaya|skiy|skii|enko|dze|shvili|vich|ovna|evna)|"
    r"[а-яё]{2,}(?:ов|ова|овой|овым|ову|ев|ева|евой|евым|еву|ёв|ский|ская|ского|ской|ским|енко|дзе|швили|ович|евич|овна|евна)\w{0,2})$"
)


def denied_name(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """A name on the campaign's list of people in danger, in any case and in either alphabet."""
    for start, _ in standards.denied.find(passage.text):
        line = passage.text.count("\n", 0, start) + 1
        yield Remark(
            f"Line {line} has a name that must never be posted: it is on the list of people in danger.",
            "Remove the name, and whatever else leads to this person.",
        )
        return


def minor_age(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """The age of somebody under 18: with a place and a date it is as good as a name."""
    for start, found in _ages(passage.text):
        if not _is_minor(found):
            continue
        shown = passage.text[start : start + 16].split("\n")[0]
        yield Remark(f'"{shown}…" gives the age of a child; it can lead to the child.', "Leave the age out.")
        return


def personal_name(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """A person's name that is not on the list of public figures: does this person know, and want it?"""
    shown = list(dict.fromkeys(_names(passage, standards)))
    if shown:
        yield Remark(
            f"Is it safe to name {', '.join(shown[:3])}? Public figures stand in posts/figures.toml; others are named "
            "only when they asked for it.",
            "Leave the name out, or add a public figure to posts/figures.toml.",
        )


def _ages(text: str) -> Iterator[tuple[int, str]]:
    for pattern in (*_AGES, *_AGES_RU):
        for found in pattern.finditer(text):
            if pattern is not _SPOKEN or "-" in found[0] or _somebody_near(text, found.start()):
                yield found.start(), found[1]
    for found in _NAMED.finditer(text):
        if stems.of_word(found[1]) & GIVEN:
            yield found.start(), found[2]
    for found in _AGE_WORD_RU.finditer(text):
        yield found.start(), "17"


def _is_minor(age: str) -> bool:
    years = int(age) if age.isdigit() else _IN_WORDS.get(age.lower(), 1)
    return 0 < years < _OF_AGE


def _somebody_near(text: str, place: int) -> bool:
    before = re.split(r"[.!?\n]", text[max(place - 80, 0) : place])[-1]
    return _SOMEBODY.search(before) is not None


def _names(passage: Passage, standards: Standards) -> Iterator[str]:
    away = Spans((link.start, link.end) for link in links(passage.text))
    run: list[tuple[str, int, int]] = []
    for word in [*stems.words(passage.text), ("", -1, -1)]:
        text, start, end = word
        capital = (
            text[:1].isupper() and not text.isupper() and passage.text[start - 1 : start] not in ("#", "@")
        )
        joined = run and passage.text[run[-1][2] : start] == " "
        if run and not (capital and joined):
            yield from _name_of(run, standards)
            run = []
        if capital and not away.hold((start, end)):
            run.append(word)


def _name_of(run: list[tuple[str, int, int]], standards: Standards) -> Iterator[str]:
    """The name that a run of capitalised words is or has in it."""
    given = [stems.of_word(word) & GIVEN for word, _, _ in run]
    family = [bool(_SURNAME.search(word.lower()[-_ENDING:])) for word, _, _ in run]
    if any(stems.of_word(word) & standards.figures for word, _, _ in run):
        return
    if any(given):
        yield " ".join(word for word, _, _ in run[given.index(next(filter(None, given))) :])
    elif len(run) > 1 and any(family[1:]):
        yield " ".join(word for word, _, _ in run)
