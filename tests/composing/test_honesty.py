"""Likeness: what counts as the same text, and that the count is the same everywhere and for ever."""

from __future__ import annotations

import os
import subprocess
import sys
import unicodedata
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clarion import networks
from clarion.composing import honesty
from clarion.model import Account, Finding, Part, Payload
from clarion.outbox.limits.fingerprints import IN_COMMON, Fingerprint, Said
from tests.composing.conftest import DUE, account

TEXT = (
    "The Court has ruled: torture, discrimination, and no effective investigation by the state. The judgment was"
    " unanimous. It has still to be carried out, and those who fled are still waiting for their visas."
)
NEAR = TEXT.replace("waiting", "hoping")
OTHER = (
    "Write to your own representative today and ask what your government does for people who had to flee. A letter of"
    " five sentences is read; a form that a thousand people send is counted."
)
VOICE = account("mastodon", "voice")
STANDING = (173658358, -5836554185327876526, 6613550744619291148)


def payload(text: str, *more: str, warning: str | None = None, language: str = "en") -> Payload:
    parts = tuple(Part(text=each) for each in (text, *more))
    return Payload(account=VOICE.identity, language=language, warning=warning, parts=parts)


def mark(text: str, network: str = "mastodon", language: str = "en") -> Fingerprint:
    made = honesty.fingerprint(payload(text, language=language), network)
    assert made
    return made


def likeness(one: str, other: str) -> float:
    return honesty.jaccard(*(honesty.shingles(honesty.words(payload(each))) for each in (one, other)))


def is_candidate(one: Fingerprint, other: Fingerprint) -> bool:
    return len(set(one.bands) & set(other.bands)) >= IN_COMMON


# ── what counts ───────────────────────────────────────────────────────────────────────────────────────────────


def test_one_word_changed_is_alike_and_other_words_are_not() -> None:
    assert honesty.ALIKE <= likeness(TEXT, NEAR) < 1
    assert likeness(TEXT, OTHER) < 0.2


@pytest.mark.parametrize(
    "same",
    [
        TEXT.upper(),
        unicodedata.normalize("NFD", TEXT),
        f"{TEXT} https://example.org/a?b=1",
        f"{TEXT} example.org/a www.example.org",
        f"{TEXT}\n\n#EyesOnChechnya #ЗакройтеЛагеря",
        f"{TEXT} 12 345",
        TEXT.replace(". ", ".\n\n"),
        TEXT.replace("e", "е"),
        "".join(each + "\u0323" for each in TEXT),
        "".join(each + "\U0001d173" for each in TEXT),
        TEXT.replace("e", "e\ufe0f"),
        "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in TEXT),
        "".join(chr(ord(each) - ord("a") + 0x1D41A) if "a" <= each <= "z" else each for each in TEXT.lower()),
        TEXT.replace(" ", " · "),
        TEXT.replace(" ", " 🕯 "),
        TEXT.replace(" ", ". "),
        TEXT.replace(" ", "_"),
        " ".join(f"#{word}" for word in TEXT.split()),
        " ".join(f"#{word}" if at % 2 else word for at, word in enumerate(TEXT.split())),
        TEXT.replace("investigation", "i n v e s t i g a t i o n"),
    ],
)
def test_no_way_to_spell_it_makes_another_text(same: str) -> None:
    assert likeness(TEXT, same) == 1


def test_a_warning_that_stands_in_the_text_does_not_make_two_texts_alike() -> None:
    warning = "CW: torture, killing, and a long list of other things that are hard to read for some of us"
    one, other = (payload(f"{warning}\n\n{each}", warning=warning) for each in ("We wait.", "Write to them."))
    assert (honesty.words(one), honesty.words(other)) == ("we wait", "write to them")


def test_a_bare_link_is_what_the_post_says_and_tags_alone_say_nothing() -> None:
    assert likeness("https://a.example/1 #Tag", "https://a.example/1") == 1
    assert honesty.words(payload("https://a.example/1")) != honesty.words(payload("https://b.example/2"))
    assert honesty.fingerprint(payload("#EyesOnChechnya #CloseTheCamps"), "x") is None


def test_a_text_shorter_than_a_shingle_is_like_itself_alone() -> None:
    assert likeness("No.", "no.") == 1
    assert likeness("No.", "Yes") == 0


def test_all_parts_of_a_thread_count() -> None:
    assert honesty.words(payload("One.", "Two.")) == "one two"


def test_the_least_hashes_agree_as_often_as_the_shingles_do() -> None:
    text, other = TEXT.casefold(), (TEXT[:140] + OTHER[:60]).casefold()
    agree = sum(a == b for a, b in zip(honesty.minhash(text), honesty.minhash(other), strict=True))
    true = honesty.jaccard(honesty.shingles(text), honesty.shingles(other))
    assert 0.3 < true < 0.8
    assert abs(agree / 80 - true) < 0.2


@settings(max_examples=50, deadline=None)
@given(
    text=st.lists(
        st.text(st.characters(categories=["Ll"]), min_size=2, max_size=9), min_size=20, max_size=60
    ),
    at=st.integers(0, 19),
)
def test_what_is_alike_is_a_candidate(text: list[str], at: int) -> None:
    one, other = " ".join(text), " ".join([*text[:at], "x", *text[at + 1 :]])
    if likeness(one, other) >= 0.85:
        assert is_candidate(mark(one), mark(other))


def test_another_network_is_never_even_a_candidate() -> None:
    assert not set(mark(TEXT, "x").bands) & set(mark(TEXT, "bluesky").bands)


def test_the_same_words_are_the_same_whatever_language_they_are_said_to_be_in() -> None:
    assert mark(TEXT, "x", "en").bands == mark(TEXT, "x", "ru").bands


def test_a_fingerprint_is_the_same_in_every_process_and_version() -> None:
    """The numbers stand in people's outboxes: if this fails, what was said before is forgotten."""
    made = mark("Мы помним. They are not alone.")
    assert (min(made.shingles), made.bands[0], made.bands[-1]) == STANDING
    code = (
        "from tests.composing.test_honesty import mark\n"
        "made = mark('Мы помним. They are not alone.')\n"
        "print(min(made.shingles), made.bands[0], made.bands[-1])"
    )
    said = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert tuple(map(int, said.stdout.split())) == STANDING


def test_a_text_as_long_as_any_may_be_is_measured_in_a_bounded_way() -> None:
    long = "".join(chr(0x4E00 + number % 20_000) for number in range(20_000))
    made = mark(long)
    assert len(made.shingles) == 19_996


# ── what it means ─────────────────────────────────────────────────────────────────────────────────────────────


def judged(said: Said, who: Account = VOICE) -> list[Finding]:
    return honesty.judge(mark(TEXT), who, DUE, [said])


def before(days: float, *, text: str = TEXT, on: str = "voice", number: int | None = 12) -> Said:
    return Said(number=number, account=on, due=DUE - timedelta(days=days), shingles=mark(text).shingles)


@pytest.mark.parametrize(
    ("days", "rules"),
    [
        (0, ["repeat-7"]),
        (7, ["repeat-7"]),
        (-7, ["repeat-7"]),
        (7.01, ["repeat-30"]),
        (30, ["repeat-30"]),
        (30.01, []),
    ],
)
def test_one_account_repeats_with_a_reason_then_with_a_look_then_freely(
    days: float, rules: list[str]
) -> None:
    assert [each.rule for each in judged(before(days))] == rules


@pytest.mark.parametrize(
    ("days", "rules"), [(0, ["alike-account"]), (90, ["alike-account"]), (-90, ["alike-account"]), (91, [])]
)
def test_a_second_account_never_says_it_within_90_days(days: float, rules: list[str]) -> None:
    assert [each.rule for each in judged(before(days, on="other"))] == rules


def test_levels_are_those_of_the_rules() -> None:
    found = [judged(each)[0].level for each in (before(1), before(20), before(1, on="other"))]
    assert found == ["reason", "look", "never"]


def test_other_words_are_free() -> None:
    assert judged(before(1, text=OTHER)) == []
    assert judged(before(1, text=OTHER, on="other")) == []


def test_the_nearest_in_time_is_named() -> None:
    said = [before(20, number=1), before(-3, number=2), before(5, number=3)]
    [found] = honesty.judge(mark(TEXT), VOICE, DUE, said)
    assert found.why == "#2 says nearly the same on this account, 3 days after."
    assert found.where == "voice, en"


def test_what_was_purged_still_counts_and_is_named_without_a_number() -> None:
    [found] = judged(replace(before(1, on="other"), number=None))
    assert (
        found.why
        == "A post says nearly the same on other, 1 day before: two accounts of one network never do."
    )


def test_every_network_is_a_scope_of_its_own() -> None:
    assert len({mark(TEXT, name).bands for name in networks.NAMES}) == len(networks.NAMES)
