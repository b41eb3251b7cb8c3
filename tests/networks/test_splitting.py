"""A text that is too long becomes parts that fit, and nothing of it is lost: for any text, on every network."""

from __future__ import annotations

from dataclasses import replace

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from clarion import networks
from clarion.model import Limits
from clarion.networks import graphemes, splitting
from clarion.networks.base import TextModule

WARNING = "CW: torture"
TAGS = "\n\n#EyesOnChechnya #CloseTheCamps"

WORDS = st.sampled_from(
    [
        *(
            "Слово",
            "word",
            "日本語。",
            "На",
            "e.g.",
            "don’t",
            "№\u00a05",
            "(see",
            "it).",
            "2017.",
            "No.",
            "?!",
        ),
        *("\n\n", "\n", " ", "  ", "\u00a0", "\u3000", "\r\n", "\t \n \n", " \u0301", "\u200b"),
        *("https://example.org/путь?a=1", "example.org", "http://a.co/(b)", "a@example.org", "https://"),
        *(
            "#EyesOnChechnya",
            "#Чечня",
            "#" + "x" * 70,
            "@ann.bsky.social",
            "@user@social.example",
            "@amnesty",
        ),
        *("👩‍👩‍👧‍👦", "🏳️‍🌈", "🇷🇺🇺🇦🇷", "👍🏽", "e\u0301\u0301", "\U0001f1e6", "\ud800", "क्षि", "각"),
    ]
)
TEXTS = st.one_of(
    st.lists(st.tuples(WORDS, st.sampled_from(["", " ", " ", "\n"])), max_size=120).map(
        lambda pieces: "".join(word + after for word, after in pieces)
    ),
    st.text(max_size=400),
    st.text(alphabet=st.characters(codec=None), max_size=200),
)


def limits_of(network: str, size: int) -> Limits:
    return replace(networks.options(network).LIMITS, text=size)


def rejoined(text: str, parts: list[str]) -> str:
    """The parts with the white space between them, as it stands in the text; fails where anything else does."""
    whole, at = "", 0
    for part in parts:
        found = text.index(part, at)
        gap = text[at:found]
        assert not gap or gap.isspace(), f"lost: {gap!r}"
        whole, at = whole + gap + part, found + len(part)
    assert not text[at:] or text[at:].isspace()
    return whole + text[at:]


def whole_spans(rules: TextModule, text: str) -> list[tuple[int, int]]:
    raw = text.encode("utf-8", "surrogatepass")

    def position(at: int) -> int:
        return len(raw[:at].decode("utf-8", "surrogatepass"))

    return [(position(facet.start), position(facet.end)) for facet in rules.facets(text)]


def first_letter(part: str) -> str:
    return part[: next(graphemes.ends(part))]


def cuts(text: str, parts: list[str]) -> list[int]:
    """Where parts begin and end, in characters of the text."""
    found, at = [], 0
    for part in parts:
        at = text.index(part, at)
        found += [at, at + len(part)]
        at += len(part)
    return found


@pytest.mark.parametrize("network", networks.NAMES)
@given(text=TEXTS, size=st.integers(40, 320), warned=st.booleans(), tagged=st.booleans())
def test_every_part_fits_and_they_join_to_the_same_text(
    network: str, text: str, size: int, warned: bool, tagged: bool
):
    rules, limits = networks.text(network), limits_of(network, size)
    warning, tail = WARNING if warned else None, TAGS if tagged else ""
    parts = rules.split(text, limits, warning=warning, tail=tail)
    assert rejoined(text, parts) == text
    if parts == [text]:
        return
    every = warning if network == "mastodon" else None
    assert rules.weigh(parts[0] + tail, warning=warning, limits=limits) <= size
    assert all(rules.weigh(part, warning=every, limits=limits) <= size for part in parts[1:])
    assert not [part for part in parts if regex.fullmatch(r"[^\S\u00A0\u2007\u202F]+", first_letter(part))]
    edges = cuts(text, parts)
    assert set(edges) <= {0, *graphemes.ends(text)}
    assert not [(span, at) for span in whole_spans(rules, text) for at in edges if span[0] < at < span[1]]


@pytest.mark.parametrize("network", networks.NAMES)
@given(text=TEXTS, size=st.integers(40, 320))
def test_a_text_that_is_too_long_stays_whole_only_where_something_in_it_may_not_be_cut(
    network: str, text: str, size: int
):
    rules, limits = networks.text(network), limits_of(network, size)
    if rules.weigh(text, warning=None, limits=limits) <= size or rules.split(text, limits) != [text]:
        return
    spans = whole_spans(rules, text)
    edges = [at for at in (0, *graphemes.ends(text)) if not any(a < at < b for a, b in spans)]
    pieces = [text[a:b] for a, b in zip(edges, [*edges[1:], len(text)], strict=True)]
    assert text.isspace() or any(rules.weigh(piece, warning=None, limits=limits) > size for piece in pieces)


@pytest.mark.parametrize("network", networks.NAMES)
@pytest.mark.parametrize(
    "piece", ["a", "a. ", "a.a.a.", "#a ", "@", "http://", "🇷🇺", "\n\n", "👩\u200d", "ж.рф ", "слово, "]
)
def test_what_is_measured_to_split_a_text_grows_as_the_text_does(network: str, piece: str):
    rules, limits = networks.text(network), networks.options(network).LIMITS

    def measured(size: int) -> float:
        text, total = piece * (size // len(piece)), 0

        def fits(part: str, *, first: bool) -> bool:
            nonlocal total
            total += len(part)
            return rules.weigh(part, warning=None, limits=limits) <= limits.text

        splitting.split(text, whole=whole_spans(rules, text[:2_000]), fits=fits)
        return total / len(text)

    assert max(measured(size) for size in (1_000, 10_000, 30_000)) < 40


def parts_of(text: str, most: int) -> list[str]:
    return splitting.split(text, whole=[], fits=lambda part, *, first: len(part) <= most)


def test_a_paragraph_is_the_first_choice_then_a_sentence_then_a_word_then_a_letter():
    text = "One two. Three four five.\n\nSix seven eight nine ten. Eleven, Extraordinarilylongword"
    assert parts_of(text, 40) == [
        "One two. Three four five.",
        "Six seven eight nine ten.",
        "Eleven, Extraordinarilylongword",
    ]
    assert parts_of("One two three. Four five", 20) == ["One two three.", "Four five"]
    assert parts_of("Eleven, Extraordinarilylongword", 20) == ["Eleven,", "Extraordinarilylongw", "ord"]


def test_a_better_place_that_leaves_most_of_a_part_empty_is_not_taken():
    assert parts_of("Hi.\n\nThis one is far longer, and it goes on", 30) == [
        "Hi.\n\nThis one is far longer,",
        "and it goes on",
    ]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (
            "The case of Lapunov v. Russia, no. 28834/19, was finally won",
            "The case of Lapunov v. Russia, no. 28834/19, was",
        ),
        (
            "They wrote to Dr. Ivanov and to the U.S. Congress too",
            "They wrote to Dr. Ivanov and to the U.S. Congress",
        ),
        (
            "Это было в г. Грозном, на ул. Ленина, и потом ещё раз",
            "Это было в г. Грозном, на ул. Ленина, и потом ещё",
        ),
        ("She said “We are not alone.” And we answered: you are not", "She said “We are not alone.”"),
        (
            "これは判決です。拷問がありました。もう一度読んでください。そして友だちに伝えてください。",
            "これは判決です。拷問がありました。もう一度読んでください。",
        ),
    ],
)
def test_a_sentence_ends_where_people_think_it_does(text: str, first: str):
    most = 50 if text.isascii() or text[0] != "こ" else 35
    assert parts_of(text, most)[0] == first


def test_what_is_held_together_by_a_space_is_not_torn_apart():
    assert parts_of("Это постановление №\u00a028834", 24) == ["Это постановление", "№\u00a028834"]


@pytest.mark.parametrize("network", networks.NAMES)
def test_a_link_a_tag_and_a_mention_stay_whole(network: str):
    text = " ".join(["https://example.org/a/b-c", "#EyesOnChechnya", "@ann.bsky.social"] * 20)
    parts = networks.text(network).split(text, limits_of(network, 60))
    assert len(parts) > 5
    assert {word for part in parts for word in part.split()} == set(text.split())


def test_a_link_that_is_too_long_by_itself_leaves_the_text_as_it_is():
    text = "word " * 60 + "https://example.org/" + "a" * 400
    assert networks.text("bluesky").split(text, networks.options("bluesky").LIMITS) == [text]
    assert len(networks.text("x").split(text, networks.options("x").LIMITS)) == 2


def test_the_tags_at_the_end_are_set_apart():
    assert splitting.without_tags("Text\n\n#A #B") == ("Text", "\n\n#A #B")
    assert splitting.without_tags("Text #A") == ("Text #A", "")
    assert splitting.without_tags("#A") == ("#A", "")
    assert splitting.without_tags("Text\n#A word") == ("Text\n#A word", "")
