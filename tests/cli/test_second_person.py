"""A team: the second person sees what the first saw, before they give their word."""

from __future__ import annotations

import json
import re

import pytest

from .terminal import Terminal

TEXT = "Zaur Mahmadov, 17 friends and neighbours stand here for the people in the camps."
BECAUSE = "We counted them at the gate"


def in_a_line(words):
    return " ".join(words.split())


def remarks(words):
    """What the checks say, by their first words."""
    return sorted(set(re.findall(r"(?:Please look|Needs a reason)[^:]*(?:: [^:]{20})", in_a_line(words))))


@pytest.fixture
def team(run, app, here, monkeypatch):
    """Vera's entry #1, with what she was shown; Boris is at the keyboard."""
    config = here / "config.toml"
    config.write_text(config.read_text().replace('mode = "alone"', 'mode = "team"'))
    seen = run("say", TEXT, "--to", "mastodon", "--because", BECAUSE, "--yes").stderr
    assert "Is it safe to name Zaur Mahmadov" in in_a_line(seen)
    assert f"Needs a reason (yours: {BECAUSE})" in in_a_line(seen)
    monkeypatch.setenv("CLARION_AS", "boris")
    return [line.replace("yours:", "vera:") for line in remarks(seen)]


def test_who_approves_sees_what_the_author_saw(team):
    with Terminal("approve", "1", columns=120) as terminal:
        terminal.answer("exactly as shown?", "y\n")
        assert terminal.end() == 0, terminal.shown
    assert remarks(terminal.shown) == team
    assert f"Needs a reason (vera: {BECAUSE})" in in_a_line(terminal.shown)


@pytest.mark.parametrize("words", [("preview", "1"), ("queue", "show", "1")])
def test_an_entry_shows_what_its_author_saw(run, team, words):
    assert remarks(run(*words).stdout) == team


def test_programs_read_it_too(run, team):
    [post] = json.loads(run("queue", "show", "1", "--json").stdout)["posts"]
    assert {each["level"] for each in post["findings"]} == {"look", "reason"}
    assert all(each["rule"] and each["why"] for each in post["findings"])


def test_the_page_that_is_sent_around_says_it_and_names_no_author(run, team, here):
    run("preview", "1", "--web", "page")
    page = (here / "page" / "index.html").read_text(encoding="utf-8")
    assert "Is it safe to name Zaur Mahmadov" in page
    assert f"Needs a reason (its author: {BECAUSE})" in page
    assert "vera" not in page


def test_who_does_not_approve_is_told_how_to_say_no(run, team):
    with Terminal("approve", "1", columns=120) as terminal:
        terminal.answer("exactly as shown?", "?\n")
        terminal.answer("hint: y is yes; n, or Enter alone, is no", "")
        terminal.answer("exactly as shown?", "n\n")
        assert terminal.end() == 0, terminal.shown
    assert "error: “?” is neither y nor n" in terminal.shown
    assert "Error:" not in terminal.shown
    assert "#1 still waits. To take it back: clarion queue cancel 1" in terminal.shown
    assert json.loads(run("queue", "show", "1", "--json").stdout)["state"] == "pending"


@pytest.mark.parametrize(
    ("typed", "state"), [("Yes", "scheduled"), ("y", "scheduled"), ("", "pending"), ("NO", "pending")]
)
def test_a_yes_is_a_yes_and_enter_alone_is_none(run, team, typed, state):
    with Terminal("approve", "1", columns=120) as terminal:
        terminal.answer("[y/N]: ", f"{typed}\n")
        assert terminal.end() == 0, terminal.shown
    assert json.loads(run("queue", "show", "1", "--json").stdout)["state"] == state
