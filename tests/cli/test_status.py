"""clarion status: what needs somebody, each thing once."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from clarion.outbox import schema

from .entries import doubt

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
    assert needs(run) == [correction, "1 more entry waiting for approval"]


def test_what_waits_is_counted_by_entries_as_people_know_them(run, app, here):
    config = here / "config.toml"
    config.write_text(config.read_text().replace('mode = "alone"', 'mode = "team"'))
    run("say", "One.\n---\nTwo.\n---\nThree.", "--to", "mastodon", "--to", "bluesky", "--yes")
    assert needs(run) == ["1 entry waiting for approval"]
    assert "Needs you: 1 entry waiting for approval. clarion approve 1" in run("status").stdout
    run("say", "A vigil for those who vanished, on Sunday.", "--yes")
    assert "Needs you: 2 entries waiting for approval. clarion approve\n" in run("status").stdout


def test_what_is_looked_for_by_itself_needs_nobody(run, app):
    say(run, "They are not alone.")
    doubt(app)
    with app.outbox.write() as tx:
        tx.execute(sa.update(schema.delivery).values(look_at=tx.now))
    assert needs(run) == []
    said = run("status").stdout
    assert "clarion publish goes on with it: 1 in doubt, to be looked for." in said
    with app.outbox.write() as tx:
        tx.execute(sa.update(schema.delivery).values(look_at=None))
    [need] = needs(run)
    assert need.startswith("#1 on mastodon (en), part 1, is in doubt")
    assert "goes on with it" not in run("status").stdout
