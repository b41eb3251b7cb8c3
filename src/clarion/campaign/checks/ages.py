"""Somebody's age, in figures and in words, by years and by school: English and Russian.

In: a text. Out: the places, and the years. An age of a law, a tag or a sentence of a court is none: somebody must be
meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from clarion.campaign import stems
from clarion.campaign.checks import spelt
from clarion.campaign.checks.saying import compiled, sentence_at
from clarion.campaign.figures import GIVEN
from clarion.campaign.skeleton import Skeleton, skeleton

OF_AGE = 18
#: What somebody at school is at most.
_PUPIL = 17


@dataclass(frozen=True, slots=True)
class Age:
    """Where a skeleton tells an age, and which."""

    start: int
    end: int
    years: int

    @property
    def minor(self) -> bool:
        return 0 < self.years < OF_AGE


_N = rf"(?<![\w.,:/№#-])({spelt.ANY})(?![\w%]|[.,:/]\d)"
_CHILD = (
    r"(?:boys?|girls?|child(?:ren)?|kids?|teen(?:ager)?s?|minors?|school(?:boy|girl|child)s?|pupils?|students?|youths?|lads?|"
    r"sons?|daughters?|brothers?|sisters?|nephews?|nieces?|cousins?|grandsons?)"
)
_SOMEBODY = rf"(?:{_CHILD}|he|she|they|who|male|man|men|wom[ae]n|youngest|eldest|oldest|victims?|him|her|friend|person|guy|singer|violinist|survivor)"
_NOT_A_PERSON = (
    r"(?! (?:campaign|case|claim|complaint|film|hashtag|history|judge?ment|law|letter|network|organi[sz]ation|petition|"
    r"promise|question|report|rule|ruling|song|story|struggle|tag|tradition|video|war|sentence|ban|conflict|building|book|wound)s?\b)"
)
_JUST = r"(?: (?:only|just|barely|still|now|then|about|almost|nearly|not yet|not even|already|not)){0,2}"
_ENDS = r"(?=\s{0,2}(?:[.,;!?)\n]|$)| (?:when|and|at|then|years?|now|in|on|that|the|as|last|this)\b)"
#: Asked only where the text has "year", "age" and so on; a bare "he was 16" has a number and a person.
_SPOKEN = rf"{_N}(?:[ -]years?[ -]olds?| years? of age)\b{_NOT_A_PERSON}".replace("[ -]", r"[\s-]")
_EN = (
    rf"\b(?:aged?:?|at the age of|at age|age of|ages) (?:(?:only|just|about) )?{_N}",
    rf"\b{_SOMEBODY}\s?(?:,\s?|\(\s?|\bof ){_N}(?=\s?(?:[,).;!?]|$)| (?:was|is|who|from|years?)\b)",
    r"(?<![\w.,-])(\d{1,2})\s?yo\b",
    rf"\bat {_N}, (?:he|she|his|her|the boy|the girl)\b",
    rf"{_N}[\s-]?(?:y\.?\s?/?\s?o\b\.?|yrs?\.?(?: |-)old)",
    rf"\b(?:he|she|who|(?:the )?(?:youngest|eldest|oldest)|{_CHILD})(?:'s| is| was| had been| would be| has been| were){_JUST} {_N}{_ENDS}",
    rf"\b(?:he|she|who|{_CHILD})(?: (?:had|has|have|will|would))?(?: just)? (?:turn(?:ed|s|ing)?|reach(?:ed)?){_JUST} {_N}{_ENDS}",
    r"\b(?:his|her|whose) (?:(\d{1,2})(?:th|st|nd|rd)|((?:thir|four|fif|six|seven|eigh)teen)th) birthday",
)
_TH = r"(?:fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|(?:[1-9]|1[0-2])(?:st|nd|rd|th))"
_SCHOOL = (
    rf"\b{_TH}[\s-](?:grade(?:rs?)?|form(?:ers?)|year (?:pupil|student))\b",
    rf"\bin (?:the )?{_TH} (?:grade|form)\b|\b(?:first|second|third)[\s-]graders?\b",
    r"\b(?:in )?(?:grade|year) (?:[1-9]|1[0-3]|[a-z]{3,6}) (?:pupil|student|at school|of school)|\bin (?:the )?grade (?:[1-9]|1[0-2])\b",
)
_CHILD_RU = (
    r"(?:мальчи|девоч|ребен|подрост|школьни|сын|доч|дочер|юнош|парн|парен|брат|сестр|племянни|внук|внучк|студент|мужчин|женщин|жертв|"
    r"погибш|убит|задержанн|певец|певц|скрипач)\w{0,4}"
)
_SOON = r"(?: (?:сейчас|тогда|было|исполнилось|всего|только|едва|лишь|уже|недавно|скоро|будет|около|почти|тоже|тогда|нет и|не было и|еще не было|не исполнилось и|исполнится)){0,4}"
_YEARS = r"(?:год|года|лет|годик\w{0,2}|годков)\b"
_NOT_LIVED = r"(?!ие\b|\w{2,3} (?:срок|юбиле|период|опыт|путь|годовщин|истори|борьб|тюр|заключен|перерыв|план|договор|стаж|войн|давност|молчан|ожидан|решен|закон))"
_TO_WHOM = (
    r"(?:ему|ей|мальчику|девочке|подростку|школьнику|юноше|парню|ребенку|сыну|брату|племяннику|мужчине)"
)
_RU = (
    rf"(?<![\w.,-])(\d{{1,2}})\s?-?\s?(?:т?и|х)?\s?-?\s?летн{_NOT_LIVED}\w{{2,3}}",
    (
        rf"\b(?:ему|ей|им|мне|сыну|дочери|дочке|брату|сестре|племяннику|мальчику|девочке|ребенку|подростку|школьнику|студенту|юноше|парню|мужчине|жертве|"
        rf"погибшему|убитому|задержанному|внуку){_SOON} {_N} {_YEARS}"
    ),
    rf"\b(?:ему|ей|парню|мальчику|юноше|подростку|ребенку|сыну|брату|мужчине){_SOON} лет (?:около )?{_N}",
    rf"\bв возрасте (?:(?:около|всего) )?{_N}|\bвозраст\w*[:,\s-]{{1,3}}{_N}",
    rf"\b(?:{_CHILD_RU}|он|она)\s?[,(]?\s?(?:было )?(?:лет )?{_N} {_YEARS}",
    rf"\b{_CHILD_RU} лет {_N}",
    rf"\b(?:{_CHILD_RU}), {_N}(?=\s?(?:[.,;)\n]|$))",
    rf"\b{_TO_WHOM}{_SOON} {_N}(?=\s?(?:[.,;!?)\n]|$))",
    rf"{_N} (?:год|лет|года) (?:от роду|мальчи\w+|парн\w+|юнош\w+)",
    rf"\b(?:в|во) (?:(?:свои|его|ее) )?{_N} {_YEARS} (?:он|она|его|ее|ему|ей|мальчик|парень|парня|сын)\b",
    rf"\bв (?:свои|его|ее) {_N}\b",
)
_GENITIVE = r"(пяти|шести|семи|восьми|девяти|десяти|одиннадцати|двенадцати|тринадцати|четырнадцати|пятнадцати|шестнадцати|семнадцати|восемнадцати|девятнадцати|двадцати|тридцати|сорока|пятидесяти|шестидесяти|семидесяти)"
_IN_ONE_WORD = rf"(?<!\w){_GENITIVE}(\w{{0,9}}?)[\s-]?летн{_NOT_LIVED}\w{{2,3}}\b"
_CLASS = r"(?:перво|второ|третье|четверт\w|четверо|пято|пяти|шести|шесто|седьмо|семи|восьмо|восьми|девято|девяти|десято|десяти|одиннадцато|одиннадцати)"
_SCHOOL_RU = (
    rf"\b(?:{_CLASS}|(?:[1-9]|1[01])-?(?:т?и)?-?)(?:классни|клашк)\w+",
    rf"(?<!\w)(?:в|из|учени\w+|школьни\w+|учащ\w+|учи(?:тся|лся|лась)(?: в)?|ходи\w+ в|окончи\w+|закончи\w+) (?:(?:{_CLASS}\w{{0,2}}|(?:[1-9]|1[01])(?:-?\w{{1,3}})?) )класс\w{{0,2}}\b",
)

#: A name and a number behind it: "Masha, 16," · «Маше 16 лет». Only behind a word that is a given name.
_NAMED = re.compile(
    r"\b([A-ZА-Я][a-zа-я]{1,20}+)(?:\s[A-ZА-Я][a-zа-я]{1,25}+)?(?:,\s?|\s?\(|\s(?:is|was|было|только|всего)?\s?)"
    r"(\d{1,2})(?=\s?[,)]|\s(?:year|год|лет))"
)
_NUMBER = re.compile(rf"\d|\b(?:{spelt.SMALL})\b|ty\b|дцат|сорок|десят")
_ANYBODY = re.compile(rf"\b{_SOMEBODY}\b")


@lru_cache(maxsize=16)
def ages(text: str) -> tuple[Age, ...]:
    """The ages of people that a text tells, in any order; their places are of its skeleton."""
    return tuple(_told(skeleton(text)))


def _told(plain: Skeleton) -> Iterator[Age]:
    small = plain.small
    if _NUMBER.search(small):
        yield from _counted(small)
        for found in _NAMED.finditer(plain.text):
            if stems.of_word(found[1]) & GIVEN:
                yield Age(*found.span(), int(found[2]))
    if any(each in small for each in ("grade", "form", "year")):
        yield from _at_school(small, _SCHOOL)
    if "кла" in small:
        yield from _at_school(small, _SCHOOL_RU)
    if "летн" in small:
        for found in compiled(_IN_ONE_WORD).finditer(small):
            yield Age(
                *found.span(),
                spelt.value(found[1]) + (OF_AGE if found[2] and spelt.value(found[1]) >= 20 else 0),
            )


def _counted(small: str) -> Iterator[Age]:
    if "year" in small:
        for found in compiled(_SPOKEN).finditer(small):
            if "-" in found[0] or found[0].endswith("age") or _somebody_in(small, *found.span()):
                yield _age(found)
    for patterns, asked in ((_EN, _PEOPLE_EN), (_RU, _PEOPLE_RU)):
        if asked.search(small):
            for pattern in patterns:
                yield from map(_age, compiled(pattern).finditer(small))


_PEOPLE_EN = re.compile(rf"\b(?:age[ds]?|y\.?\s?/?\s?o\b|yrs?\b|{_SOMEBODY}|his|whose)\b")
_PEOPLE_RU = re.compile(rf"лет|год|возраст|\bв (?:свои|его|ее)\b|\b{_TO_WHOM}\b")


def _age(found: re.Match[str]) -> Age:
    said = next(filter(None, found.groups()))
    return Age(*found.span(), spelt.value(said))


def _at_school(small: str, patterns: tuple[str, ...]) -> Iterator[Age]:
    for pattern in patterns:
        for found in compiled(pattern).finditer(small):
            yield Age(*found.span(), _PUPIL)


def _somebody_in(small: str, start: int, end: int) -> bool:
    first, last = sentence_at(small, start, end, most=80)
    return _ANYBODY.search(small, first, last) is not None
