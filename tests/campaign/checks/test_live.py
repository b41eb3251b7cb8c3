"""A link is whatever a network makes one, and a warning is published like the text below it."""

from __future__ import annotations

import pytest

from clarion.campaign import checks
from clarion.campaign.checks.rule import Standards, live
from clarion.campaign.denied import Denied
from clarion.campaign.rendering.render import literal


def rules(text: str, network: str, *, warning: str | None = None) -> set[str]:
    post = literal(text, tags=[], warning=warning)
    return {finding.rule for finding in checks.check(post, language="en", network=network, typed=True)}


@pytest.mark.parametrize(
    ("text", "networks"),
    [
        ("Смотриhttps://evil.example.com/x", ["x", "mastodon"]),
        ("Read it:evil.com/x", ["x"]),
        ("See gemini://evil.com", ["mastodon"]),
        ("See https://osce.org/…evil.com/x", ["x"]),
        ("See https://osce.org/😀https://evil.com/x", ["x"]),
    ],
)
def test_a_link_that_only_one_network_makes_is_one(text: str, networks: list[str]) -> None:
    assert [
        name for name in ("x", "mastodon", "bluesky") if "unknown-domain" in rules(text, name)
    ] == networks


def test_a_link_stands_where_the_network_begins_it() -> None:
    text = "Да 😀:evil.com/x и osce.org"
    assert [(link.host, text[link.start : link.end]) for link in live(text, "x")] == [
        ("evil.com", "evil.com/x"),
        ("osce.org", "osce.org"),
    ]


def test_a_warning_is_checked_as_the_text_is() -> None:
    warning = "CW 100 killed, see https://bit.ly/abc and evil.com/x"
    assert {"number", "unknown-domain", "shortener"} <= rules("They are not alone.", "x", warning=warning)
    assert rules("They are not alone.", "x", warning="CW: killing") == set()


def test_what_follows_readers_is_taken_out_of_a_warning_too() -> None:
    post = literal("They are not alone.", tags=[], warning="CW: https://osce.org/a?utm_source=q")
    clean, told = checks.untracked(post)
    assert clean.warning == "CW: https://osce.org/a"
    assert clean.parts == ("They are not alone.",)
    assert [finding.rule for finding in told] == ["tracking"]


def test_a_name_is_found_where_one_part_goes_over_into_the_next() -> None:
    denied = Denied(b"k" * 32).adding(["Мария Петрова"])
    post = literal("Где Мария\n---\nПетрова теперь?", tags=["#EyesOnChechnya"])
    found = checks.check(post, language="ru", by=Standards(denied=denied), typed=True)
    assert [each.where for each in found if each.rule == "denied-name"] == ["this text, parts 1 and 2"]
