"""Undo takes back what is mine; and what may be up all the same is not called cancelled."""

from __future__ import annotations

import json

import pytest

from .entries import doubt, queued, state
from .terminal import Terminal


@pytest.fixture
def act_as(monkeypatch):
    return lambda name: monkeypatch.setenv("CLARION_AS", name)


@pytest.fixture
def two(run, app, act_as):
    """Vera's #1 and, after it, Boris's #2, both waiting for tomorrow."""
    run("say", "Of Vera's.", "--yes", "--to", "mastodon", "--at", "tomorrow 9:00")
    act_as("boris")
    run("say", "A word of another hand.", "--yes", "--to", "mastodon", "--at", "tomorrow 9:00")


def states(run):
    return {each["number"]: each["state"] for each in json.loads(run("queue", "list", "--json").stdout)}


def test_undo_takes_back_mine_also_where_somebody_queued_after_it(run, two, act_as):
    act_as("Vera")
    assert "#1 Of Vera's.: 1 post cancelled" in run("undo", "--yes").stdout
    assert states(run) == {1: "cancelled", 2: "scheduled"}


def test_undo_leaves_what_is_somebody_elses_and_names_who_and_the_way(run, two, act_as):
    act_as("mira")
    said = run("undo", "--yes", code=2).stderr
    assert "nothing of yours was queued; the last entry, #2 (A word of another hand.), is of boris" in said
    assert "clarion queue cancel 2" in said
    assert states(run) == {1: "scheduled", 2: "scheduled"}


def test_undo_asks_about_yours(run, two):
    with Terminal("undo") as terminal:
        terminal.answer("Take back your #2 A word of another hand.?", "n\n")
        assert terminal.end() == 0
    assert states(run) == {1: "scheduled", 2: "scheduled"}


def test_cancel_says_whose_it_is(run, two):
    with Terminal("queue", "cancel", "1", columns=120) as terminal:
        terminal.answer("Cancel #1 Of Vera's. (scheduled, by vera)?", "y\n")
        assert terminal.end() == 0
    assert states(run) == {1: "cancelled", 2: "scheduled"}


@pytest.mark.parametrize("words", [("undo",), ("queue", "cancel", "1")])
def test_what_is_in_doubt_is_not_sent_again_and_not_called_cancelled(run, app, words):
    queued(run)
    doubt(app)
    said = run(*words, "--yes").output
    assert "1 post not sent again, but may be up: clarion recall 1" in said
    assert "cancelled" not in said
    assert state(run, 1) == "in_doubt"
    again = run("undo", "--yes", code=2).stderr
    assert "taken back already: it is not sent again, but may be up" in again
    assert "clarion recall 1" in again
    run("queue", "resolve", "1", "--absent", "--yes")
    assert state(run, 1) == "cancelled"


def test_what_is_up_of_a_thread_stays_and_is_said_to(run, app):
    queued(run, "One.\n---\nTwo.")
    doubt(app)
    run("queue", "resolve", "1", "--sent", "http://127.0.0.1:8001/@mastodon/42")
    said = run("undo", "--yes")
    assert "#1" in said.stdout
    assert "1 post cancelled" in said.stdout
    assert "Some of it is up, and stays. To take it down: clarion recall 1" in said.stderr
