"""People: who must never be named, a child with its age, names that nobody has looked at.

In: a passage, the deny-list and the names of public figures. Out: remarks; those about people in danger show no name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from clarion.campaign import stems
from clarion.campaign.checks.ages import ages
from clarion.campaign.checks.rule import Passage, Remark, Spans, Standards, links
from clarion.campaign.figures import GIVEN
from clarion.campaign.skeleton import folded, skeleton

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


def may_be_denied(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """A surname alone, or one with an initial, that a person on that list has too. Given names stand for too many."""
    denied = standards.denied
    if next(denied.find(passage.text), None):
        return  # refused already
    for start, end in denied.parts(passage.text):
        if not any(stems.of_word(word) & GIVEN for word, _, _ in stems.words(passage.text[start:end])):
            line = passage.text.count("\n", 0, start) + 1
            yield Remark(
                f"Line {line} has a surname, or another part of a name, that is on the list of people in danger: is it this person?",
                "Leave the name out if it may be. To refuse this word alone, too: clarion people deny",
            )
            return


def minor_age(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """The age of somebody under 18: with a place and a date it is as good as a name."""
    plain = skeleton(passage.text)
    for age in ages(passage.text):
        if age.minor:
            start, _ = plain.span(age.start, age.end)
            shown = passage.text[start : start + 16].split("\n")[0]
            yield Remark(
                f'"{shown}…" gives the age of a child; it can lead to the child.', "Leave the age out."
            )
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


def _names(passage: Passage, standards: Standards) -> Iterator[str]:
    away = Spans((link.start, link.end) for link in links(passage.text))
    plain = folded(passage.text)
    run: list[tuple[str, int, int]] = []
    for word in [*stems.words(plain.text), ("", -1, -1)]:
        text, start, end = word
        capital = (
            text[:1].isupper() and not text.isupper() and plain.text[start - 1 : start] not in ("#", "@")
        )
        joined = run and plain.text[run[-1][2] : start] == " "
        if run and not (capital and joined):
            yield from _name_of(run, standards)
            run = []
        if capital and not away.hold(plain.span(start, end)):
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
