"""pause, resume, queue resolve, queue retry, queue show: what people type when something went wrong."""

from __future__ import annotations

import json
import re

import pytest
import sqlalchemy as sa

from clarion.outbox import schema

from .entries import doubt, fail, queued, shift, state, take
from .terminal import Terminal

# ── pause, resume ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_paused_campaign_answers_cron_with_75_and_not_a_word(run, app):
    queued(run)
    said = run("pause", "--reason", "bad news").stdout
    assert "clarion resume" in said
    answer = run("publish", code=75)
    assert answer.output == ""
    assert "goes on" in run("resume").stdout
    with app.outbox.read() as tx:
        assert tx.execute(sa.select(schema.pause)).all() == []


def test_a_person_at_a_terminal_hears_why_nothing_goes_out(run, app):
    queued(run)
    run("pause", "--reason", "bad news")
    with Terminal("publish") as typed:
        assert typed.end() == 75
    assert "Paused: nothing goes out, by vera (bad news). To go on: clarion resume" in " ".join(
        typed.shown.split()
    )


def test_status_and_clarion_alone_say_what_is_paused_and_how_it_ends(run, app):
    run("pause", "--account", "x")
    for words in ((), ("status",)):
        assert "Account x is paused, by vera. To go on: clarion resume --account x" in run(*words).stdout
    assert json.loads(run("status", "--json").stdout)["paused"][0]["account"] == "x"
    run("resume", "--account", "x")
    assert "paused" not in run("status").stdout


def test_a_pause_of_one_account_is_not_75(run, app):
    run("pause", "--account", "x")
    run("publish")


def test_resume_names_what_is_still_paused(run, app):
    run("pause")
    run("pause", "--account", "x")
    assert "clarion resume --account x" in run("resume").stdout
    assert "was not paused" in run("resume").stderr


def test_a_pause_for_a_stranger_names_the_nearest(run, app):
    assert "did you mean: mastodon" in run("pause", "--account", "mastodom", code=2).stderr


def test_a_pause_takes_a_moment_to_come(run, app):
    assert "until" in run("pause", "--until", "tomorrow 9:00").stdout
    assert "still to come" in run("pause", "--until", "now", code=2).stderr


def test_breaking_news_lets_people_read_again_what_was_approved(run, app):
    number = queued(run)
    said = run("pause", "--breaking", "--reason", "bad news")
    assert f"1 entry waits for a new look: #{number}" in said.stdout
    assert "clarion approve" in said.stderr
    run("resume")
    assert state(run, number) == "pending"
    assert "held by vera: read it again (bad news)" in run("queue", "show", str(number)).stdout
    run("approve", str(number), "--yes")
    assert state(run, number) == "scheduled"


@pytest.mark.parametrize("due", [True, False])
def test_a_stopped_machine_answers_cron_with_75_and_not_a_word(run, app, due):
    if due:
        queued(run)
    else:
        run("publish")
    app.stop_file.touch()
    assert run("publish", code=75).output == ""
    app.stop_file.unlink()
    run("publish")


def test_a_stopped_machine_leaves_the_outbox_alone_for_whoever_mends_it(run, app):
    app.stop_file.touch()
    app.outbox_path.unlink(missing_ok=True)
    run("publish", code=75)
    assert not app.outbox_path.exists()


def test_a_person_at_a_terminal_hears_what_stops_this_machine(run, app):
    run("publish")
    app.stop_file.touch()
    with Terminal("publish") as typed:
        assert typed.end() == 75
    assert "Stopped on this machine: remove" in " ".join(typed.shown.split())


def test_the_stop_file_and_its_answer_are_named_where_they_are_looked_for(run):
    assert "STOP" in run("pause", "--help").stdout
    said = " ".join(run("publish", "--help").stdout.split())
    assert "a file named STOP is in its folder, nothing is sent and the exit code is 75" in said


# ── late ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_expired_is_listed_once_with_the_command_that_brings_it_back(run, app):
    number = queued(run)
    run("pause")
    shift(app, days=2)
    said = run("publish", code=75).stdout
    assert "expired: it was due" in said
    assert f"clarion queue retry {number}" in said
    assert run("publish", code=75).output == ""
    run("resume")
    run("queue", "retry", str(number), "--yes")
    assert state(run, number) == "scheduled"


def test_an_evergreen_post_that_missed_its_time_is_moved_to_a_free_slot(run, app):
    number = queued(run)
    with app.outbox.write() as tx:
        post = schema.post
        tx.execute(sa.update(post).values(evergreen=True, not_after=post.c.due + 30 * 86_400_000_000))
    run("pause")
    shift(app, days=2)
    said = run("publish", "--json", code=75).stdout
    [moved] = [json.loads(line) for line in said.splitlines()]
    assert (moved["event"], moved["entry"]) == ("moved", number)
    assert moved["moved_to"]
    assert state(run, number) == "scheduled"


# ── in doubt ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_status_names_what_is_in_doubt_and_what_settles_it(run, app):
    number = queued(run)
    doubt(app)
    said = run("status").stdout
    assert f"#{number} on mastodon (en), part 1, is in doubt: the answer was lost" in said
    assert f"clarion queue resolve {number} --sent URL, or --absent" in said


def test_what_was_found_is_sent(run, app):
    number = queued(run)
    doubt(app)
    run("queue", "resolve", str(number), "--sent", "http://127.0.0.1:8001/@mastodon/42")
    shown = json.loads(run("queue", "show", str(number), "--json").stdout)
    assert shown["state"] == "sent"
    assert shown["posts"][0]["parts"][0]["url"] == "http://127.0.0.1:8001/@mastodon/42"


def test_an_address_of_something_else_is_refused(run, app):
    number = queued(run)
    doubt(app)
    for url in ("https://example.org/", "http://127.0.0.1:8001/@stranger/42", "42"):
        assert "it looks like" in run("queue", "resolve", str(number), "--sent", url, code=2).stderr
    assert state(run, number) == "in_doubt"


def test_what_is_not_there_is_sent_again_only_on_a_persons_word(run, app):
    number = queued(run)
    doubt(app)
    refused = run("queue", "resolve", str(number), "--absent", code=2).stderr
    assert "it will appear twice" in refused
    assert "--absent --yes" in refused
    assert state(run, number) == "in_doubt"
    run("queue", "resolve", str(number), "--absent", "--yes")
    assert state(run, number) == "scheduled"


def test_several_in_doubt_are_listed_with_what_to_type(run, app):
    run("say", "Hello.", "--yes")
    number = json.loads(run("queue", "list", "--json").stdout)[0]["number"]
    doubt(app)
    doubt(app)
    said = run("queue", "resolve", str(number), "--absent", "--yes", code=2).stderr
    assert "2 deliveries" in said
    lines = [line.split("clarion ", 1)[1].split() for line in said.splitlines() if "clarion queue" in line]
    assert len(lines) == 2
    for line in lines:
        run(*line, "--yes")


def test_what_is_not_in_doubt_cannot_be_resolved(run, app):
    number = queued(run)
    assert "nothing of #1 is in doubt" in run("queue", "resolve", str(number), "--absent", code=2).stderr
    run("queue", "resolve", str(number), code=2)


# ── again ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_failed_post_is_tried_again_and_goes_out(run, app):
    number = queued(run)
    fail(app)
    assert f"#{number} failed. clarion queue retry {number}" in run("status").stdout
    said = run("queue", "retry", str(number), "--yes")
    assert "Hello." in said.stderr
    assert "approved" in said.stdout
    assert take(app).delivery.generation == 1


def test_without_a_persons_word_what_is_tried_again_waits(run, app):
    number = queued(run)
    fail(app)
    assert f"clarion approve {number}" in run("queue", "retry", str(number)).stderr
    assert state(run, number) == "pending"


def test_a_new_time_is_shown_and_kept(run, app):
    number = queued(run)
    fail(app)
    run("queue", "retry", str(number), "--at", "tomorrow 9:00", "--yes")
    assert run("publish").stdout == ""
    assert "09:00" in run("queue", "show", str(number)).stdout


@pytest.mark.parametrize("words", [("add", "court-found"), ("retry", "1")])
def test_in_rehearsal_it_goes_now_and_says_when_it_would_go_live(run, app, words):
    live = "Live, it would wait for the next free slot: "
    queued(run)
    fail(app)
    assert live not in run("queue", *words, "--at", "tomorrow 9:00", "--yes").stderr
    if words[0] == "retry":
        shift(app, days=30)
        run("publish")  # it expires
    else:
        run("undo", "--yes")  # or it would say the same twice
    said = run("queue", *words, "--yes").stderr
    assert live in said
    assert "09:00" in said.partition(live)[2]


def test_the_rest_of_a_thread_goes_at_once_and_live_too(run, app):
    number = queued(run, "One.\n---\nTwo.")
    doubt(app)
    run("queue", "resolve", str(number), "--sent", "http://127.0.0.1:8001/@mastodon/42")
    fail(app)
    said = run("queue", "retry", str(number), "--yes").stderr
    assert "Goes out as soon as you publish." in said
    assert "Live, it would wait" not in said


def test_only_what_was_shown_is_approved(run, app):
    run("say", "Hello.", "--yes")
    number = json.loads(run("queue", "list", "--json").stdout)[0]["number"]
    failed = fail(app)
    run("pause", "--breaking")
    run("resume")
    run("queue", "retry", str(number), "--yes")
    shown = json.loads(run("queue", "show", str(number), "--json").stdout)
    states = {post["parts"][0]["delivery"]: post["state"] for post in shown["posts"]}
    assert states.pop(failed.delivery.id) == "scheduled"
    assert set(states.values()) == {"pending"}


def test_what_did_not_fail_is_not_tried_again(run, app):
    number = queued(run)
    said = run("queue", "retry", str(number), "--yes", code=2).stderr
    assert "only what failed or expired" in said


def test_tries_are_counted_one_by_one_however_often_it_was_put_back(run, app):
    number = queued(run)
    doubt(app)
    run("queue", "resolve", str(number), "--absent", "--yes")
    with app.outbox.write() as tx:  # as when a run gives back what it holds
        tx.execute(sa.update(schema.delivery).values(fence=schema.delivery.c.fence + 5))
    fail(app)
    said = run("queue", "show", str(number)).stdout
    assert re.findall(r"try (\d+), ", said) == ["1", "2"]


def test_show_tells_every_try(run, app):
    number = queued(run)
    doubt(app)
    run("queue", "resolve", str(number), "--absent", "--yes")
    fail(app)
    said = run("queue", "show", str(number)).stdout
    assert "try 1, " in said
    assert "nobody knows whether it was created: the answer was lost" in said
    assert "the network refused it: too long" in said
    shown = json.loads(run("queue", "show", str(number), "--json").stdout)
    tries = shown["posts"][0]["parts"][0]["attempts"]
    assert [each["outcome"] for each in tries] == ["unknown", "refused"]
    assert all(each["intent_at"] and each["worker"] for each in tries)
