"""How Mastodon counts and links: against Mastodon.py's own count, and against what its server's source says."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st
from mastodon import Mastodon

from clarion.networks.base import Draft, DraftPart
from clarion.networks.mastodon import text
from clarion.networks.mastodon.options import LIMITS
from tests.networks_live import posts


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
    assert text.length(words) == Mastodon.get_status_length(words)


#: Where Mastodon.py counts otherwise than the server: see docs/decisions/0010.
_DIFFERENT = regex.compile(r"\n\p{Regional_Indicator}|\?\S*+[^\x00-\x7F]")


def test_it_agrees_with_mastodon_py_on_realistic_posts():
    some = [words for words in posts.realistic(2_000, seed=500) if not _DIFFERENT.search(words)]
    assert len(some) > 1_700
    warning = "Осторожно: насилие"
    for words in some:
        assert text.length(words, warning=warning) == Mastodon.get_status_length(words, warning), words


@pytest.mark.parametrize(
    ("words", "server", "library"),
    [
        (
            "https://example.org/?a=b\u00a0слово",
            23,
            29,
        ),  # the server reads a query on over letters and hard spaces
        ("https://example.org/a☺", 23, 24),  # and a path over anything but white space
        ("\n🇷🇺", 2, 3),  # a flag is one letter, after a line break, too
    ],
)
def test_where_mastodon_py_counts_otherwise_the_server_is_followed(words: str, server: int, library: int):
    assert text.length(words) == server
    assert Mastodon.get_status_length(words) == library


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
