"""What is checked costs as much as the text is long: a pasted text must never make a command hang.

Steps of Python are counted; what patterns cost inside `re` is not, so for them it is the texts on which a pattern that
goes back would take hours. `make bench` measures how both grow.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from clarion.campaign.checks import Passage, check_passage
from clarion.campaign.checks.rule import Spans
from clarion.campaign.domains import links
from clarion.campaign.rendering.marks import CallSpan
from tests.counting import at_most

LENGTH = 12_000
#: For all rules together. By the square it would be thousands.
STEPS_A_CHARACTER = 60


def passage(text: str) -> Passage:
    return Passage(text=text, where="here", language="ru")


def found(text: str) -> set[str]:
    return {finding.rule for finding in check_passage(passage(text))}


@pytest.mark.parametrize(
    "piece",
    [
        *("\n", "\u200d", "«", "👩", "A", "Ab", "1 ", "ж.рф ", "http://", "co."),
        *("a.co @b ", "a.co #b ", "a.co Maria ", "Maria ", "a@b.co "),
        *("fо", "é", "#aB1_", "four men ", "убит ", "его брат ", "ему 9 ", "1/1 ", "ул ", "a (", "\u0301"),
    ],
)
def test_rules_take_steps_in_proportion_to_the_text(piece: str) -> None:
    check_passage(passage(piece * 9))  # patterns are compiled when they are first asked
    text = piece * (LENGTH // len(piece))
    with at_most(STEPS_A_CHARACTER * LENGTH):
        check_passage(passage(text))


@pytest.mark.parametrize("piece", ["a.co ", "1 "])
def test_a_place_is_looked_up_among_many_that_are_vouched_for(piece: str) -> None:
    text = piece * (LENGTH // len(piece))
    vouched = tuple(CallSpan(at, at + len(piece) - 1) for at in range(0, len(text), len(piece)))
    with at_most(STEPS_A_CHARACTER * LENGTH):
        told = {finding.rule for finding in check_passage(replace(passage(text), vouched=vouched))}
    assert not told & {"unknown-domain", "number"}


@pytest.mark.parametrize(
    "before",
    [
        "ул. Мира",
        "flat",
        "дом",
        "45.123",
        "ему",
        "просмотрели 5",
        "phone",
        "a (at)",
        "«" * 300 + "aaa»",
        "four",
    ],
)
def test_no_rule_divides_a_run_of_spaces_in_every_way(before: str) -> None:
    assert "e-mail" in found(f"{before}{' ' * 100_000}x. help@example.org")


@pytest.mark.parametrize("name", ["IMG" + " " * 100_000 + "x", "Снимок экрана" + "-" * 100_000 + "x"])
def test_a_long_alt_text_is_no_file_name(name: str) -> None:
    alt_text = replace(passage(name), kind="alt", file="card.png")
    assert "alt-file-name" not in {finding.rule for finding in check_passage(alt_text)}


def test_a_host_longer_than_any_is_unknown_and_shown_by_its_beginning() -> None:
    [finding] = [
        each for each in check_passage(passage("a." * 50_000 + "co")) if each.rule == "unknown-domain"
    ]
    assert len(finding.why) < 200


def test_a_number_before_one_that_is_part_of_a_word_is_seen() -> None:
    assert "number" in found("In all 312 3D pictures")
    assert "number" in found("1 " * 50_000 + "1a")


def test_an_age_in_letters_that_only_look_small_is_a_childs() -> None:
    assert "minor-age" in found("a ſeven-year-old girl")


def test_spans_hold_what_lies_wholly_in_one_of_them() -> None:
    spans = Spans([(10, 20), (0, 5), (12, 14), (4, 8)])
    assert all(spans.hold(place) for place in [(0, 5), (10, 20), (13, 19), (5, 8), (12, 14)])
    assert not any(spans.hold(place) for place in [(0, 6), (8, 9), (19, 21), (9, 12), (-1, 0)])
    assert not Spans([]).hold((0, 0))


def test_a_link_loses_the_brackets_it_did_not_open() -> None:
    [link] = links("(see https://a.co/x_(y)))")
    assert link.address == "https://a.co/x_(y)"
    [link] = links("https://a.co/" + ")" * 100_000)
    assert link.address == "https://a.co/"
