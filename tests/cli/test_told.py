"""What people are told when something went wrong: what happened, to which post, and a command that works."""

from __future__ import annotations

import json

import sqlalchemy as sa

from clarion.outbox import schema

from .entries import queued, shift, state, take
from .terminal import Terminal


def test_what_came_too_late_is_named_a_week_long_with_the_command_that_brings_it_back(run, app):
    number = queued(run)
    run("pause")
    shift(app, days=2)
    run("publish", code=75)
    said = run("status").stdout
    assert f"#{number} came too late, and did not go out. clarion queue retry {number}" in said
    with app.outbox.write() as tx:
        tx.execute(sa.update(schema.post).values(due=schema.post.c.due - 8 * 86_400_000_000))
    assert "came too late" not in run("status").stdout


def test_a_recall_shows_what_it_takes_down(run, number):
    said = run("recall", str(number), code=2).stderr
    assert f"#{number} “Hello.”" in said
    assert "  | Hello." in said


def edit(run, number, text="Hello again."):
    run("correct", str(number), "--edit", "-", stdin=text)
    return number + 1


def test_a_second_edit_of_a_post_is_refused_and_the_first_named(run, number):
    first = edit(run, number)
    said = run("correct", str(number), "--edit", "-", stdin="Hello, hello.", code=2).stderr
    assert f"#{first} already edits #{number}" in said
    assert f"clarion queue cancel {first}" in said
    run("queue", "cancel", str(first), "--yes")
    run("correct", str(number), "--edit", "-", "--yes", stdin="Hello, hello.")
    assert f"to be edited by #{first + 1}" in run("queue", "show", str(number)).stdout
    run("publish")
    assert f"replaced by #{first + 1}" in run("queue", "show", str(number)).stdout


def test_an_edit_of_what_was_taken_down_is_not_approved(run, number):
    waiting = edit(run, number)
    run("recall", str(number), "--yes")
    said = run("approve", str(waiting), "--yes", code=3).stderr
    assert f"what it edits is not up: clarion queue cancel {waiting}" in said
    assert state(run, waiting) == "pending"
    run("queue", "cancel", str(waiting), "--yes")


def test_an_approval_that_comes_too_late_is_not_taken(run, app):
    run("say", "Hello.", "--to", "mastodon")
    with app.outbox.write() as tx:
        times = {name: schema.post.c[name] - 86_400_000_000 for name in ("due", "not_before", "not_after")}
        tx.execute(sa.update(schema.post).values(**times))
    said = run("approve", "1", "--yes", code=3).stderr
    assert "and is too late: clarion queue retry 1" in said
    assert state(run, 1) == "pending"
    run("queue", "retry", "1", "--yes")
    assert state(run, 1) == "scheduled"


def test_what_is_being_taken_down_is_said_to_be_up_still(run, app, number):
    app.rehearsal.fault("mastodon", "drop_before", on="any", count=None)
    run("recall", str(number), "--yes", code=75)
    said = run("correct", str(number), code=2).stderr
    assert f"#{number} is being taken down, and is still up on mastodon (en)" in said


def test_what_is_due_is_not_said_to_need_publish_while_something_holds_it(run, app):
    queued(run)
    assert "clarion publish" in next_line(run)
    app.stop_file.touch()
    assert f"remove {app.stop_file}" in next_line(run)
    app.stop_file.unlink()
    run("pause")
    assert next_line(run).endswith("and paused: clarion resume")
    run("resume")
    run("pause", "--account", "mastodon")
    assert next_line(run).endswith("its account waits or is closed: clarion doctor")


def test_what_a_run_that_died_had_taken_is_said_to_go_on_by_itself(run, app):
    queued(run)
    queued(run, "And this, too.")
    take(app)  # and never brings it back
    [waits] = [line for line in run("status").stdout.splitlines() if line.startswith("mastodon waits until")]
    assert (
        "a run took #1 0 seconds ago and has not ended; if it died, the next one goes on by itself" in waits
    )
    assert next_line(run).endswith("and its account waits: it goes on by itself")
    with Terminal("publish") as person:
        assert person.end() == 0
        assert "Nothing is due" not in person.shown
        assert "Nothing goes out now." in person.shown
        assert "mastodon waits until" in person.shown
    checked = json.loads(run("doctor", "--json").stdout)
    [line] = [each for each in checked if (each["about"], each["what"]) == ("mastodon", "waits")]
    assert (line["verdict"], line["mend"]) == ("look", "nothing to do: it goes on by itself")
    assert not any(each["what"] == "overdue" for each in checked)


def next_line(run):
    return next(line for line in run("status").stdout.splitlines() if line.startswith("Next: Due since"))


def test_an_edit_names_where_the_old_words_stay(run, app):
    run("say", "Hello.", "--to", "mastodon", "--to", "bluesky", "--yes")
    run("publish")
    words = ("correct", "1", "--edit", "-", "--account", "mastodon")
    said = run(*words, "--yes", stdin="Hello again.").stderr
    assert "What is up on bluesky (en) stays as it is. To put it right there too: clarion correct 1" in said
