"""A campaign that names its people: who acts is one of them, and a role is kept. One that names nobody takes any name."""

from __future__ import annotations

import json

import pytest

from clarion.cli.terminal.shell import Code

from .entries import doubt
from .terminal import Terminal

PEOPLE = """
[people.vera]
role = "author"

[people.boris]
role = "approver"

[people.mira]
"""
TEXT = ("say", "They are not alone tonight.", "--to", "mastodon", "--yes")


def states(run):
    return [each["state"] for each in json.loads(run("queue", "list", "--json").stdout)]


@pytest.fixture
def named(app, here):
    config = here / "config.toml"
    config.write_text(config.read_text() + PEOPLE)


@pytest.fixture
def act_as(monkeypatch):
    return lambda name: monkeypatch.setenv("CLARION_AS", name)


def test_without_people_any_name_queues_and_approves(run, app, act_as):
    act_as("stranger")
    run(*TEXT)
    assert states(run) == ["scheduled"]


def test_a_stranger_queues_nothing(run, named, act_as):
    act_as("stranger")
    said = run(*TEXT, code=Code.USAGE).stderr
    assert '"stranger" is not in [people] of config.toml' in said
    assert "there are: vera, boris, mira" in said
    assert states(run) == []


def test_an_author_queues_and_the_post_waits_for_somebody_else(run, named):
    said = run(*TEXT)
    assert "waiting for approval" in said.stdout
    assert "Next: somebody else runs clarion approve 1" in said.stderr
    assert states(run) == ["pending"]


@pytest.mark.parametrize(
    ("name", "code", "why"),
    [
        ("vera", Code.BLOCKED, "vera does not approve: [people.vera] in config.toml has role"),
        ("borsi", Code.USAGE, 'did you mean "boris"?'),
        ("ghost", Code.USAGE, '"ghost" is not in [people]'),
    ],
)
def test_who_may_not_approves_nothing(run, named, act_as, name, code, why):
    run(*TEXT)
    act_as(name)
    assert why in run("approve", "1", "--yes", code=code).stderr
    assert states(run) == ["pending"]


@pytest.mark.parametrize("name", ["boris", "Mira", " BORIS"])
def test_who_may_approves_however_the_name_is_written(run, named, act_as, name):
    run(*TEXT)
    act_as(name)
    run("approve", "1", "--yes")
    assert states(run) == ["scheduled"]


def test_an_approver_queues_nothing(run, named, act_as):
    act_as("boris")
    said = run(*TEXT, code=Code.USAGE).stderr
    assert "boris does not queue posts" in said
    assert "who does: vera or mira" in said


def test_an_organiser_does_both_at_once(run, named, act_as):
    act_as("mira")
    run(*TEXT)
    assert states(run) == ["scheduled"]


def test_an_author_at_a_terminal_is_asked_to_queue_it_for_somebody_else(run, named):
    with Terminal(*TEXT[:-1]) as terminal:
        terminal.answer("for somebody else to approve", "y\n")
        assert terminal.end() == 0, terminal.shown
    assert states(run) == ["pending"]


def test_only_one_of_them_says_what_became_of_a_post_in_doubt(run, named, app, act_as):
    act_as("mira")
    run(*TEXT)
    doubt(app)
    act_as("ghost")
    assert '"ghost" is not in [people]' in run("queue", "resolve", "1", "--absent", "--yes", code=2).stderr
    assert states(run) == ["in_doubt"]
    act_as("vera")
    run("queue", "resolve", "1", "--absent", "--yes")
    assert states(run) == ["scheduled"]


def test_whoever_it_is_may_stop_a_post(run, named, act_as):
    run(*TEXT)
    act_as("stranger")
    run("queue", "cancel", "1", "--yes")
    assert states(run) == ["cancelled"]
