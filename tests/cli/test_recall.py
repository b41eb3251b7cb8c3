"""clarion recall: what somebody types who wants it gone."""

from __future__ import annotations

import json
from datetime import timedelta

from clarion.outbox.claiming import handling, recalling

from .entries import doubt, queued, state
from .terminal import Terminal


def shown(app):
    return [one.text for one in app.rehearsal.accepted("mastodon") if not one.deleted]


def fault(app, kind, **more):
    app.rehearsal.fault("mastodon", kind, **more)


def test_what_is_up_is_shown_and_taken_down(run, app, number):
    assert len(shown(app)) == 1
    answer = run("recall", f"#{number}", "--because", "it names somebody", "--yes")
    assert "http://127.0.0.1" in answer.stderr
    assert "copied" in answer.stderr
    assert "taken down" in answer.stdout
    assert state(run, number) == "recalled"
    assert shown(app) == []


def test_nothing_is_done_unasked(run, app, number):
    answer = run("recall", str(number), code=2)
    assert f"clarion recall {number} --yes" in answer.stderr
    assert state(run, number) == "sent"
    with Terminal("recall", str(number)) as terminal:
        terminal.answer("Take down 1 post", "n\n")
        assert terminal.end() == 0
    assert "Nothing was taken down" in terminal.shown
    assert state(run, number) == "sent"


def test_again_is_harmless_and_a_number_that_is_wrong_is_named(run, app, number):
    run("recall", str(number), "--yes")
    assert "recalled" in run("recall", str(number), "--yes").stderr
    assert "no entry #99" in run("recall", "99", "--yes", code=2).stderr
    assert "clarion recall" in run("recall", code=2).stderr
    assert run("recall", str(number), "--all", code=2)


def test_what_was_taken_down_before_is_asked_for_once_more_where_it_is_named(run, app, number):
    run("recall", str(number), "--yes")
    fault(app, "drop_before", on="any", count=None)
    said = run("recall", str(number), code=75).stderr
    assert "could not be asked for again" in said
    assert "is up" not in said
    assert "Nothing is up" in run("recall", "--all", "--yes").stderr
    app.rehearsal.clear_faults()
    assert f"Nothing of #{number} is up: recalled." in run("recall", str(number)).stderr
    assert [each["reason"] for each in json.loads(run("recall", str(number), "--json").stdout)] == [None]


def test_all_takes_down_everything_and_leaves_what_has_not_begun(run, app, number):
    other = queued(run, "Something else.")
    run("publish")
    run("say", "Not yet.", "--yes", "--to", "mastodon", "--at", "tomorrow 9:00")
    answer = run("recall", "--all", "--yes", "--json")
    assert {(each["entry"], each["state"]) for each in json.loads(answer.stdout)} == {
        (number, "recalled"),
        (other, "recalled"),
    }
    assert shown(app) == []
    assert state(run, other + 1) == "scheduled"
    assert "clarion pause" in answer.stderr


def test_what_waits_is_cancelled_and_nothing_of_it_is_done_again(run, app):
    number = queued(run)
    assert "cancelled" in run("recall", str(number), "--yes").stderr
    assert state(run, number) == "cancelled"
    for words in (["queue", "cancel", "1", "--yes"], ["queue", "retry", "1", "--yes"]):
        assert "was recalled" in run(*words, code=2).stderr
    run("undo", "--yes", code=2)
    run("publish")
    assert shown(app) == []


def test_a_pause_and_a_stop_file_do_not_keep_it_up(run, app, number):
    run("pause")
    app.stop_file.touch()
    run("recall", str(number), "--yes")
    assert shown(app) == []


def test_a_network_that_is_away_is_asked_again_by_publish_also_while_it_is_paused(run, app, number):
    fault(app, "drop_before", on="any", count=None)
    assert "clarion publish goes on" in run("recall", str(number), "--yes", code=75).stderr
    assert state(run, number) == "recalling"
    assert "being taken down" in run("status").stdout
    app.rehearsal.clear_faults()
    run("pause")
    run("publish", code=75)  # not yet: it waits
    _now(app)
    assert "would be taken down" in run("publish", "--dry-run").stdout
    assert '"recall_due"' in run("publish", "--dry-run", "--json").stdout
    assert "taken down" in run("publish").stdout
    assert state(run, number) == "recalled"
    run("publish", code=75)


def test_a_recall_that_could_not_even_be_noted_says_so_and_is_no_success(run, app, number):
    with app.outbox.write() as tx:
        tx.connection.exec_driver_sql(
            "CREATE TRIGGER others BEFORE UPDATE OF recall_wanted ON delivery "
            "BEGIN SELECT RAISE(ABORT, 'database is locked'); END"
        )
    said = run("recall", str(number), "--yes", code=1).stderr
    assert "NOTHING is noted" in said
    assert f"clarion recall {number} --yes" in said
    assert state(run, number) == "sent"


def test_what_the_network_does_not_let_us_take_down_is_for_a_person(run, app, number):
    refuse(app, number)
    assert f"clarion recall {number}" in run("status").stdout
    assert "STILL UP" in run("queue", "show", str(number)).stdout
    run("publish")  # nothing is tried by itself
    assert state(run, number) == "recalling"
    run("recall", str(number), "--yes")
    assert state(run, number) == "recalled"
    assert "STILL UP" not in run("status").stdout


def test_what_is_in_doubt_is_taken_down_once_a_person_found_it(run, app, number):
    url = json.loads(run("queue", "show", str(number), "--json").stdout)["posts"][0]["parts"][0]["url"]
    with app.outbox.write() as tx:  # the network showed nothing of it
        tx.connection.exec_driver_sql(
            "UPDATE delivery SET state = 'in_doubt', remote_id = NULL, look_at = NULL"
        )
        recalling.want(tx, [number], who="vera")
        tx.connection.exec_driver_sql("UPDATE delivery SET look_at = NULL")
        assert handling.doubts(tx, number)
    assert "taken down when" in run("queue", "resolve", str(number), "--sent", url).stdout
    run("publish")
    assert shown(app) == []


def test_what_is_in_doubt_and_absent_is_not_sent_again(run, app):
    number = queued(run)
    doubt(app)
    run("recall", str(number), "--yes", code=75)
    answer = run("queue", "resolve", str(number), "--absent", "--yes")
    assert "not sent again" in answer.stdout
    assert state(run, number) == "cancelled"
    run("publish")
    assert shown(app) == []


def refuse(app, number):
    """The network says that this may not be taken down."""
    with app.outbox.write() as tx:
        recalling.want(tx, [number], who="vera")
        [claim] = recalling.claim(tx, app.terms(), 1, timedelta(minutes=1))
        recalling.refused(tx, claim, "the server forbids it")


def _now(app):
    with app.outbox.write() as tx:
        tx.connection.exec_driver_sql("UPDATE delivery SET look_at = 1 WHERE state = 'recalling'")
