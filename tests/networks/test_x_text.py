"""How X counts and links: against the answers of npm twitter-text 3.1.0, kept in test_x_text.json.

`make test-networks` asks it anew; tests/networks_live has the posts and writes that file.
"""

from __future__ import annotations

import itertools
import json
import unicodedata
from dataclasses import replace
from pathlib import Path

import emoji
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.networks.base import Draft, DraftPart, spans
from clarion.networks.x import text as x
from clarion.networks.x.links import links
from clarion.networks.x.options import LIMITS

#: [text, weighted length, links, tags] as twitter-text 3.1.0 gives them.
ANSWERS = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))


def needs_newer(text: str, most: int) -> bool:
    return x.fits_only_newer(text, warning=None, limits=replace(LIMITS, text=most))


def test_it_counts_and_links_as_twitter_text_does():
    """Emoji that it does not know weigh less here; without them both say the same."""
    newer = 0
    for text, weight, urls, tags in ANSWERS:
        composed = unicodedata.normalize("NFC", text)
        ours = x.length(text)
        newer += ours != weight
        assert ours == weight or (ours < weight and needs_newer(text, weight - 1)), text
        assert not needs_newer(text, weight), text
        assert [composed[link.start : link.end] for link in links(composed)] == urls, text
        assert [facet.value for facet in x.facets(text) if facet.kind == "tag"] == tags, text

    assert len(ANSWERS) > 2_400
    assert 100 < newer < 200


def test_every_emoji_that_unicode_lists_weighs_two():
    listed = [
        words
        for words, about in emoji.EMOJI_DATA.items()
        if about["status"] == emoji.STATUS["fully_qualified"]
    ]
    assert len(listed) > 3_900
    assert [words for words in listed if x.length(words) != 2] == []


@pytest.mark.parametrize(
    "newer", ["❤️‍🔥", "🏳️‍⚧️", "🧑‍🚀", "🧑🏽‍🤝‍🧑🏿", "🫱🏻‍🫲🏿", "🤏🏽", "♾️", "🇨🇶", "👁️‍🗨️", "🧑‍🧑‍🧒", "👩🏻‍🦽‍➡️"]
)
def test_an_emoji_newer_than_the_published_counter_weighs_two_and_a_post_that_needs_it_is_told(newer: str):
    assert x.length(newer) == 2
    text = "a" * 278 + newer
    assert x.length(text) == 280
    assert x.fits_only_newer(text, warning=None, limits=LIMITS)
    assert not x.fits_only_newer("a" * 260 + newer, warning=None, limits=LIMITS)
    assert not x.fits_only_newer("a" * 279 + newer, warning=None, limits=LIMITS)
    assert x.fits_only_newer("a" * 269 + newer, warning="CW: vote", limits=replace(LIMITS, text=281))


@pytest.mark.parametrize("known", ["🫠", "👩‍👩‍👧", "👍🏽", "🏳️‍🌈", "🇷🇺", "1️⃣", "©️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🧖🏿‍♂️"])
def test_an_emoji_that_both_count_as_one_is_not_told(known: str):
    assert x.length(known) == 2
    assert not x.fits_only_newer("a" * 278 + known, warning=None, limits=LIMITS)


@pytest.mark.parametrize(
    ("text", "weight"), [("🐱‍👓", 5), ("🇦🇦", 4), ("😀\ufe0f", 4), ("☺\ufe0e", 4), ("🚀🏽", 4)]
)
def test_what_is_on_no_list_weighs_what_its_characters_weigh(text: str, weight: int):
    assert x.length(text) == weight
    assert not needs_newer(text, weight)


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("", 0),
        ("Чечня", 5),
        ("e\u0301", 1),
        ("日本", 4),
        ("©", 1),
        ("👩‍👩‍👧", 2),
        ("🫠", 2),
        ("1️⃣", 2),
        ("https://example.org/" + "a" * 200, 23),
        ("example.org", 23),
        ("пример.рф", 9),
        ("https://пример.рф", 23),
        ("somebody@example.org", 20),
    ],
)
def test_it_weighs(text, weight):
    assert x.length(text) == weight


@given(st.text(max_size=300) | st.text(alphabet="a.-_/:@#(?жé😀\u200d\ufe0f\ud800 ", max_size=80))
def test_it_never_raises_and_its_spans_lose_nothing(text):
    assert x.length(text) >= 0
    found = x.facets(text)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    if text.isprintable():
        assert "".join(words for words, _ in spans(text, found)) == text


@pytest.mark.parametrize(
    "piece",
    ["a.", "a_b.com.", "http://", "a.com/(", "a.com?!", "x.com ", "ж.рф", "#a", "@", "👩‍", "приветa.com"],
)
def test_it_ends_on_long_hostile_texts(piece):
    """A regular expression that goes back and forth would need hours for this; how long it takes is for the bench."""
    text = piece * (100_000 // len(piece))
    assert x.length(text) > 0
    assert all(facet.end <= len(text.encode()) for facet in x.facets(text))


@pytest.mark.parametrize(
    "text", ["CW: torture\n\nWhat happened", "CW: torture\nWhat happened", "CW: torture"]
)
def test_a_text_that_begins_with_its_warning_is_not_warned_of_twice(text: str):
    [part] = x.fit(Draft(parts=(DraftPart(text=text),), warning="CW: torture"), LIMITS)
    assert part.text == text
    assert x.weigh(text, warning="CW: torture", limits=LIMITS) == x.weigh(
        part.text, warning=None, limits=LIMITS
    )


def test_it_puts_the_warning_first_and_counts_it_once():
    draft = Draft(parts=(DraftPart(text="What happened"), DraftPart(text="More")), warning="CW: torture")
    first, second = x.fit(draft, LIMITS)
    assert (first.text, second.text) == ("CW: torture\n\nWhat happened", "More")
    assert first.facets == ()
    weight = x.weigh(first.text, warning=None, limits=LIMITS)
    assert weight == x.weigh(first.text, warning="CW: torture", limits=LIMITS)
    assert weight == x.weigh("What happened", warning="CW: torture", limits=LIMITS) == 26


def test_it_sends_composed_characters():
    part = x.fit(Draft(parts=(DraftPart(text="cafe\u0301"),)), LIMITS)[0]
    assert part.text == "café"


def test_it_links_tags_addresses_and_mentions():
    text = "#EyesOnChechnya, (#Чечня) a#b see example.org/x. @amnesty"
    assert [(facet.kind, facet.value) for facet in x.facets(text)] == [
        ("tag", "EyesOnChechnya"),
        ("tag", "Чечня"),
        ("link", "https://example.org/x"),
        ("mention", "amnesty"),
    ]
