"""How Bluesky counts and links a text."""

from __future__ import annotations

import itertools
import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.model import Card, Media
from clarion.networks.base import Draft, DraftPart, spans
from clarion.networks.bluesky import options, text

IMAGE = Media(sha256="0" * 64, mime="image/png", alt="A candle", width=2, height=1)


def linked(words: str) -> list[tuple[str, str, str]]:
    raw = words.encode()
    return [(f.kind, f.value, raw[f.start : f.end].decode()) for f in text.facets(words)]


def test_facets_are_byte_exact_for_cyrillic_tags_among_emoji() -> None:
    words = "Сегодня 🏳️‍🌈 #Чечня, 👩‍👩‍👧 см. https://example.org/путь?a=1."
    assert linked(words) == [
        ("tag", "Чечня", "#Чечня"),
        ("link", "https://example.org/путь?a=1", "https://example.org/путь?a=1"),
    ]
    first = text.facets(words)[0]
    assert (first.start, first.end) == (30, 41)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("#EyesOnChechnya, now", [("tag", "EyesOnChechnya", "#EyesOnChechnya")]),
        ('(#Tag) "#Tag" a#Tag', []),
        ("#Tag—now", [("tag", "Tag—now", "#Tag—now")]),
        ("#Tag’s #A#B", [("tag", "Tag’s", "#Tag’s"), ("tag", "A#B", "#A#B")]),
        ("#2017 #1april # #!", [("tag", "1april", "#1april")]),
        ("＃Tag", [("tag", "Tag", "＃Tag")]),
        ("#half\u200bhidden", [("tag", "half", "#half")]),
        (f"#{'a' * 65} #{'a' * 64}", [("tag", "a" * 64, f"#{'a' * 64}")]),
        ("#" + "a\u0323\u0302" * 30, [("tag", "a\u0323\u0302" * 30, "#" + "a\u0323\u0302" * 30)]),
        ("(https://example.org)", [("link", "https://example.org", "https://example.org")]),
        ("https://e.org/a_(b).", [("link", "https://e.org/a_(b)", "https://e.org/a_(b)")]),
        ("example.org/x, foo.notatld", [("link", "https://example.org/x", "example.org/x")]),
        ("HTTPS://example.org", []),
        ("@ann.bsky.social. @nobody", [("mention", "ann.bsky.social", "@ann.bsky.social")]),
        ("costs $tsla; $100", [("tag", "$TSLA", "$tsla")]),
        ("#a(https://example.org/b", [("tag", "a(https://example.org/b", "#a(https://example.org/b")]),
    ],
)
def test_facets_agree_with_the_reference_detector(words: str, expected: list[tuple[str, str, str]]) -> None:
    """Expected values were taken from @atproto/api 0.21.0."""
    assert linked(words) == expected


def test_unlike_the_reference_no_link_is_made_that_the_server_would_refuse() -> None:
    """The reference links "httpbin.org" without a scheme, addresses without a host, and tags of any size in bytes."""
    assert linked("#" + "a\u0323\u0302\u0302\u0302\u0302\u0302" * 60) == []
    assert linked("httpbin.org") == [("link", "https://httpbin.org", "httpbin.org")]
    assert linked("https:// http:///x https://) httpd.conf") == []


def test_facets_are_what_the_reference_detector_finds_in_a_thousand_posts() -> None:
    """The answers of @atproto/api, kept beside this file; `make test-networks` asks it anew."""
    answers = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    assert len(answers) >= 1_300
    kinds = {kind for _, found in answers for _, _, kind, _ in found}
    assert kinds == {"link", "tag", "mention"}
    for words, found in answers:
        assert [[f.start, f.end, f.kind, f.value] for f in text.facets(words)] == found, words


@given(
    st.text(
        alphabet=st.one_of(st.sampled_from("#@$(). \n\u200bhttps://e.org🕯️Чa"), st.characters()), max_size=80
    )
)
def test_facets_never_overlap_and_cut_no_character(words: str) -> None:
    found = text.facets(words)
    if any("\ud800" <= letter <= "\udfff" for letter in words):
        return
    assert "".join(piece for piece, _ in spans(words, found)) == words
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))


@pytest.mark.parametrize(
    ("words", "graphemes"),
    [
        ("é", 1),
        ("e\u0301", 1),
        ("🏳️‍🌈", 1),
        ("👩‍👩‍👧‍👦", 1),
        ("🇫🇷🇷🇺", 2),
        ("🇫🇷🇷", 2),
        ("\r\n", 1),
        ("Чечня", 5),
        ("", 0),
    ],
)
def test_length_counts_what_a_reader_sees_as_one_letter(words: str, graphemes: int) -> None:
    assert text.length(words) == graphemes


@pytest.mark.parametrize(
    "piece", ["\U0001f1e6", "(a", "#!", " @a.-", "http://", "a.", "👩\u0301\u200d", "#a", "\ud800"]
)
def test_counting_and_linking_take_linear_time(piece: str) -> None:
    """200,000 characters: a quadratic step would take minutes, and the suite with it."""
    whole = piece * (200_000 // len(piece))
    text.facets(whole)
    text.length(whole)


def test_weigh_counts_the_warning_line() -> None:
    assert text.weigh("abc", warning="CW: x", limits=options.LIMITS) == len("CW: x\n\nabc")


def test_weigh_says_too_much_when_only_the_bytes_are_too_many() -> None:
    family = "👨‍👩‍👧‍👦" * 200
    assert text.length(family) == 200
    assert text.weigh(family, warning=None, limits=options.LIMITS) > options.LIMITS.text


def test_fit_puts_the_warning_first_on_part_one_only_and_freezes_nfc() -> None:
    draft = Draft(parts=(DraftPart(text="Cafe\u0301 #Чечня"), DraftPart(text="two")), warning="CW: torture")
    one, two = text.fit(draft, options.LIMITS)
    assert one.text == "CW: torture\n\nCafé #Чечня"
    assert unicodedata.is_normalized("NFC", one.text)
    assert one.text.encode()[one.facets[0].start : one.facets[0].end].decode() == "#Чечня"
    assert two.text == "two"


def test_fit_freezes_no_mentions_and_no_card_beside_images() -> None:
    card = Card(url="https://example.org", title="T", description="D")
    (part,) = text.fit(
        Draft(parts=(DraftPart(text="@ann.bsky.social #a", media=(IMAGE,), card=card),)), options.LIMITS
    )
    assert [facet.kind for facet in part.facets] == ["tag"]
    assert part.card is None
    (alone,) = text.fit(Draft(parts=(DraftPart(text="x", card=card),)), options.LIMITS)
    assert alone.card == card
