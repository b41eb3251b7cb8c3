"""clarion status: what needs somebody, each thing once."""

from __future__ import annotations

import json

import pytest

SOURCE = ("--source", "Novaya Gazeta")


def say(run, text):
    """The number of a new entry."""
    run("say", text, *SOURCE, "--to", "mastodon", "--yes")
    return json.loads(run("queue", "list", "--json").stdout)[0]["number"]


def needs(run):
    return [each["what"] for each in json.loads(run("status", "--json").stdout)["needs"]]


@pytest.fixture
def correction(run, app, here):
    """An edit of a thread that is up, in a team, where another has to approve it."""
    number = say(run, "The Guardian reported it first.\n---\nOthers followed.")
    run("publish")
    config = here / "config.toml"
    config.write_text(config.read_text().replace('mode = "alone"', 'mode = "team"'))
    mended = "Novaya Gazeta reported it first.\n---\nOthers followed it."
    run("correct", str(number), "--edit", "-", "--yes", stdin=mended)
    return f"#{number + 1}, which edits #{number}, waits"


def test_a_correction_that_waits_is_told_once(run, correction):
    assert needs(run) == [correction]
    assert "waiting for approval" not in run("status").stdout


def test_what_else_waits_is_counted_beside_it(run, correction):
    say(run, "A vigil for those who vanished, on Sunday.")
    assert needs(run) == [correction, "1 more waiting for approval"]
