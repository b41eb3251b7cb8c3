from __future__ import annotations

import re

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st
from mastodon._url_regex import url_regex

from clarion.networks.base import Draft, DraftPart
from clarion.networks.mastodon import text
from clarion.networks.mastodon.options import LIMITS


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", 0),
        ("Слово", 5),
        ("👨‍👩‍👧🏳️‍🌈é", 3),
        ("🇷🇺🇺🇦", 2),
        ("https://example.org/a/very/long/address/that/never/ends?and=more", 23),
        ("https://example.org.", 24),
        ("https://example.org/a.", 24),
        ("https://example.org/a?b=c!", 24),
        ("https://example.org:8080/a", 23),
        ("(https://example.org/a_(b))", 25),
        ("https://пример.рф/путь", 23),
        ("https://example.orgпривет", 29),
        ("example.org", 11),
        ("https://localhost/", 18),
        ("http://127.0.0.1:8000/", 22),
        ("xhttps://example.org", 20),
        ("@user@social.example.org", 5),
        ("mail@example.org", 16),
        ("https://example.org/@user@other.org", 23),
        ("@user@example.org@third", 23),
    ],
)
def test_it_counts_as_the_server_does(words, expected):
    assert text.length(words) == expected


def test_a_warning_counts_with_the_text():
    assert text.length("abc", warning="насилие") == 10
    assert text.weigh("abc", warning="насилие", limits=LIMITS) == 10


def test_a_server_may_reserve_another_length_for_a_url():
    assert text.length("see https://example.org/x", reserved_per_url=30) == 34


_THEIR_MENTION = re.compile(r"(^|[^/\w])@(([a-z0-9_]+)@[a-z0-9\.\-]+[a-z0-9]+)", re.IGNORECASE)


def _their_length(words: str) -> int:
    """Mastodon.py's get_status_length, whose own grapheme library is an extra we do not install."""
    shortened = url_regex.sub(lambda found: found.group(2) + "x" * 23, words)
    return len(regex.findall(r"\X", _THEIR_MENTION.sub(r"\1@\3", shortened)))


_PIECES = st.sampled_from(
    [
        *(
            "слово",
            "word",
            "#EyesOnChechnya",
            "👩‍🚀",
            "@user",
            "@user@social.example",
            "\n\n",
            " ",
            ", ",
            "—",
        ),
        *("https://example.org", "https://example.org/a/b-c_d?e=f&g=1", "http://www.hrw.org:80/x", "(", ")"),
        *("https://мвд.рф/новости", "https://en.wikipedia.org/wiki/A_(b)", "https://nope.invalidtld/x"),
    ]
)


@given(st.lists(_PIECES, max_size=12))
def test_it_agrees_with_mastodon_py(pieces):
    words = " ".join(pieces)
    assert text.length(words) == _their_length(words)


@given(st.text(alphabet=st.characters(codec=None), max_size=200))
def test_it_never_raises_and_its_facets_lie_in_order(words):
    raw = words.encode("utf-8", "surrogatepass")
    text.length(words)
    at = 0
    for facet in text.facets(words):
        assert at <= facet.start < facet.end <= len(raw)
        raw[facet.start : facet.end].decode("utf-8", "surrogatepass")
        at = facet.end


@pytest.mark.parametrize(
    "piece",
    ["https://", "https://a.co/(", "@a", "#a·", "🇷", "a.", "#", "https://x.com/a(b", "https://a.рф", "#1·"],
)
def test_it_comes_to_the_end_of_any_text(piece):
    """Quadratic would be minutes. `make bench` measures how it grows."""
    assert text.length(piece * 20_000) >= 10_000
    assert text.facets(f"{piece * 20_000} #end")[-1].value == "end"


def _found(words: str) -> list[tuple[str, str]]:
    return [(facet.kind, facet.value) for facet in text.facets(words)]


def test_it_links_tags_as_the_server_does():
    words = '#EyesOnChechnya, (#CloseTheCamps) "#Чечня". #Tag—now x#no /#no =#no #123 #1a #a·b· #A#B #_'
    tags = ["EyesOnChechnya", "CloseTheCamps", "Чечня", "Tag", "1a", "a·b", "A"]
    assert _found(words) == [("tag", tag) for tag in tags]


def test_facets_are_utf8_byte_ranges():
    words = "Чечня: https://example.org/ы #Чечня @user"
    raw = words.encode()
    assert [raw[facet.start : facet.end].decode() for facet in text.facets(words)] == [
        "https://example.org/ы",
        "#Чечня",
        "@user",
    ]


def test_a_tag_inside_an_address_is_no_tag():
    assert _found("https://example.org/page#part") == [("link", "https://example.org/page#part")]


def test_fit_keeps_the_warning_out_of_the_text_and_makes_nfc():
    parts = text.fit(
        Draft(
            parts=(DraftPart(text="cafe\u0301 https://example.org"), DraftPart(text="two")), warning="насилие"
        ),
        LIMITS,
    )
    assert [part.text for part in parts] == ["caf\u00e9 https://example.org", "two"]
    assert all(part.facets == () for part in parts)
