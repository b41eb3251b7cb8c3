"""clarion correct: what somebody types who said something wrong."""

from __future__ import annotations

import json
import re

import pytest

from .entries import doubt
from .terminal import Terminal

WRONG = "The Guardian reported it first."
RIGHT = "Novaya Gazeta reported it first."
ANSWER = ("--answer", "--set", "about=who reported first", "--set", "holds=first-report")


def say(run, text=WRONG, *words):
    run("say", text, "--yes", "--source", "Novaya Gazeta", *(words or ("--to", "mastodon")))
    return newest(run)


def newest(run):
    return json.loads(run("queue", "list", "--json").stdout)[0]["number"]


def shown(run, number):
    return json.loads(run("queue", "show", str(number), "--json").stdout)


@pytest.fixture
def number(run, app):
    """An entry that is up, and wrong."""
    number = say(run)
    run("publish")
    assert shown(run, number)["state"] == "sent"
    return number


@pytest.fixture
def right(here):
    file = here / "right.txt"
    file.write_text(RIGHT + "\n\nNovaya Gazeta")
    return file


# ── an edit ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_edit_is_approved_and_takes_the_place_of_what_was_up(run, app, number, right):
    answer = run("correct", f"#{number}", "--edit", str(right), "--yes")
    assert WRONG in answer.stderr
    assert f"It takes the place of #{number} on mastodon" in answer.stderr
    edit = newest(run)
    assert shown(run, number)["state"] == "sent"
    run("publish")
    assert (shown(run, number)["state"], shown(run, edit)["state"]) == ("replaced", "sent")
    old, new = shown(run, number)["posts"][0], shown(run, edit)["posts"][0]
    assert old["parts"][0]["url"] == new["parts"][0]["url"]
    assert (old["edited_by"], new["edits"]) == ([edit], number)
    assert len(app.rehearsal.accepted("mastodon")) == 1
    assert f"replaced by #{edit}" in run("queue", "show", str(number)).stdout
    assert f"edits #{number}" in run("queue", "show", str(edit)).stdout
    page = app.rehearsal.timeline_page("mastodon")
    assert "Novaya Gazeta reported it first" in page
    assert "The Guardian" not in page


def test_a_recall_of_what_was_edited_names_who_holds_it_now(run, app, number, right):
    run("correct", str(number), "--edit", str(right), "--yes")
    edit = newest(run)
    run("publish")
    answer = run("recall", str(number), "--yes", code=1)
    assert f"STILL UP: #{number} was edited, and its post is #{edit} now" in answer.stderr
    assert f"clarion recall {edit}" in answer.stderr
    assert f"what is up now is #{edit}" in run("correct", str(number), *ANSWER, "--yes", code=2).stderr
    run("recall", str(number), str(edit), "--yes")
    assert [each.deleted for each in app.rehearsal.accepted("mastodon")] == [True]
    assert f"Nothing of #{number} is up" in run("recall", str(number), "--yes").stderr


def test_an_edit_goes_through_the_checks_and_is_asked_for_nothing_it_does_not_say(run, number, right):
    right.write_text("The Guardian reported it. Call +7 928 123-45-67.")
    answer = run("correct", str(number), "--edit", str(right), "--yes", code=3)
    assert "telephone number" in answer.stderr
    assert newest(run) == number


def test_an_edit_is_not_held_against_what_it_edits(run, app):
    text = "Novaya Gazeta reported it first, and many others have followed in the {} after that."
    number = say(run, text.format("weeks"))
    run("publish")
    assert "nearly the same" in run("say", text.format("days"), "--to", "mastodon", "--yes", code=3).stderr
    run("correct", str(number), "--edit", "-", "--yes", stdin=text.format("days"))
    run("publish")
    assert shown(run, newest(run))["state"] == "sent"


def test_the_text_comes_by_the_pipe_too_and_what_changes_nothing_is_refused(run, number):
    same = f"{WRONG}\n\nNovaya Gazeta"
    assert (
        "nothing would change"
        in run("correct", str(number), "--edit", "-", "--yes", stdin=same, code=2).stderr
    )
    run("correct", str(number), "--edit", "-", "--yes", stdin=RIGHT)
    assert newest(run) == number + 1


def test_an_edit_neither_adds_nor_takes_away_a_post(run, number, right):
    right.write_text("One.\n---\nTwo.")
    answer = run("correct", str(number), "--edit", str(right), "--yes", code=2)
    assert f"#{number} is 1 post on mastodon, and this text makes 2" in answer.stderr


def test_a_thread_is_edited_post_by_post_and_keeps_its_pictures(run, app, here):
    from PIL import Image

    Image.new("RGB", (300, 200), "purple").save(here / "hall.png")
    run("say", "One.\n---\nTwo.", "--image", "hall.png", "--alt", "A hall", "--to", "mastodon", "--yes")
    number = newest(run)
    run("publish")
    run("correct", str(number), "--edit", "-", "--yes", stdin="One, mended.\n---\nTwo, mended.")
    run("publish")
    assert shown(run, newest(run))["state"] == "sent"
    assert shown(run, number)["state"] == "replaced"
    page = app.rehearsal.timeline_page("mastodon")
    assert "One, mended." in page
    assert "Two, mended." in page
    assert "A hall" in page


def test_where_nobody_edits_it_says_what_else_there_is(run, app, right):
    number = say(run, WRONG, "--to", "bluesky")
    run("publish")
    answer = run("correct", str(number), "--edit", str(right), "--yes", code=2)
    assert "on Bluesky a post cannot be edited" in answer.stderr
    assert f"clarion correct {number} --answer" in answer.stderr


def test_in_a_team_an_edit_waits_for_somebody_else(run, app, here, number, right, monkeypatch):
    config = here / "config.toml"
    config.write_text(config.read_text().replace('mode = "alone"', 'mode = "team"'))
    assert 'mode = "team"' in config.read_text()
    run("correct", str(number), "--edit", str(right), "--yes")
    edit = newest(run)
    assert shown(run, edit)["state"] == "pending"
    status = run("status").stdout
    assert f"#{edit}, which edits #{number}, waits" in status
    assert (
        f"to be edited by #{edit}"
        in run(
            "correct", str(number), "--edit", "-", "--yes", stdin=f"{WRONG}\n\nNovaya Gazeta", code=2
        ).stderr
    )
    monkeypatch.setenv("CLARION_AS", "mira")
    with Terminal("approve", str(edit), columns=120) as terminal:
        terminal.answer("exactly as shown?", "y\n")
        assert terminal.end() == 0
    assert f"mastodon · en: edits #{number}" in terminal.shown
    run("publish")
    assert shown(run, number)["state"] == "replaced"


# ── an answer ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_stands_below_what_was_wrong_on_each_account(run, app):
    number = say(run, WRONG, "--to", "mastodon", "--to", "bluesky", "--to", "x")
    run("publish")
    answer = run("correct", str(number), *ANSWER, "--yes")
    assert "x: on X this is a post of its own" in answer.stderr
    run("publish")
    correction = newest(run)
    assert shown(run, correction)["state"] == "sent"
    for network in ("mastodon", "bluesky", "x"):
        wrong, right = app.rehearsal.accepted(network)
        assert "who reported first" in right.text
        assert right.answers == (None if network == "x" else wrong.remote_id)
    related = {each["account"]: each["answers"] for each in shown(run, correction)["posts"]}
    assert related == {"mastodon": number, "bluesky": number, "x": None}
    assert f"answered by #{correction}" in run("queue", "show", str(number)).stdout


def test_one_account_alone_is_answered_where_it_is_asked_for(run, app):
    number = say(run, WRONG, "--to", "mastodon", "--to", "bluesky")
    run("publish")
    run("correct", str(number), *ANSWER, "--account", "bluesky", "--yes")
    assert [each["account"] for each in shown(run, newest(run))["posts"]] == ["bluesky"]


def test_the_day_is_known_and_what_lacks_is_named(run, number):
    answer = run("correct", str(number), "--answer", "--yes", code=2)
    assert f'clarion correct {number} --answer --set about="who reported first"' in answer.stderr
    assert "posted" not in answer.stderr


def test_an_answer_to_what_was_recalled_meanwhile_waits_for_people(run, app, number):
    run("correct", str(number), *ANSWER, "--yes")
    correction = newest(run)
    run("recall", str(number), "--yes")
    run("publish")
    assert shown(run, correction)["posts"][0]["parts"][0]["reason"] == "what it answers is not up"
    assert "it answers is not up" in run("status").stdout


def test_a_cap_that_is_reached_does_not_keep_a_correction(run, here, number, right):
    config = here / "config.toml"
    config.write_text(re.sub(r"(?m)^mastodon = \d+", "mastodon = 1", config.read_text()))
    words = "say", "Something else altogether.", "--to", "mastodon", "--yes"
    assert "1 a day is the most" in run(*words, code=3).stderr
    run("correct", str(number), *ANSWER, "--yes")
    run("correct", str(number), "--edit", str(right), "--yes")
    run("publish")
    assert [shown(run, each)["state"] for each in (number, number + 1, number + 2)] == [
        "replaced",
        "sent",
        "sent",
    ]


# ── the question ──────────────────────────────────────────────────────────────────────────────────────────────


def test_without_a_terminal_it_names_the_ways(run, number):
    answer = run("correct", str(number), code=2)
    assert f"clarion correct {number} --recall" in answer.stderr
    assert f"clarion correct {number} --edit FILE" in answer.stderr
    assert "exclude each other" in run("correct", str(number), "--answer", "--edit", "-", code=2).stderr


def test_an_edit_in_doubt_is_no_second_post(run, app, number, right):
    run("correct", str(number), "--edit", str(right), "--yes")
    doubt(app)
    said = run("queue", "resolve", str(newest(run)), "--absent", "--yes").stderr
    assert "an edit, which done twice is one" in said
    run("publish")
    assert shown(run, number)["state"] == "replaced"
    assert len(app.rehearsal.accepted("mastodon")) == 1


def test_recall_is_the_recall(run, number):
    run("correct", str(number), "--recall", "--yes")
    assert shown(run, number)["state"] == "recalled"
    assert "nothing of" in run("correct", str(number), *ANSWER, "--yes", code=2).stderr


def test_at_a_terminal_it_asks_how_and_for_what_lacks(run, app, number):
    with Terminal("correct", str(number), columns=120) as terminal:
        terminal.answer("recall, answer or edit?", "anser\n")
        terminal.answer("recall, answer or edit?", "a\n")
        terminal.answer("about, as in", "who reported first\n")
        terminal.answer("holds, as in", "no-fact\n")
        terminal.answer("holds, as in", "first-report\n")
        terminal.answer("approve exactly this", "y\n")
        assert terminal.end() == 0
    assert "is none of: recall" in terminal.shown
    assert "“no-fact” is none of the facts above" in terminal.shown
    run("publish")
    wrong, right = app.rehearsal.accepted("mastodon")
    assert right.answers == wrong.remote_id


def test_at_a_terminal_the_editor_holds_what_is_up(run, app, here, number, monkeypatch):
    monkeypatch.setenv("EDITOR", "sed -i 's/The Guardian/Novaya Gazeta/'")
    with Terminal("correct", str(number), "--edit", columns=120) as terminal:
        terminal.answer("approve exactly this", "y\n")
        assert terminal.end() == 0
    run("publish")
    assert RIGHT in shown(run, newest(run))["posts"][0]["parts"][0]["text"]
    assert shown(run, number)["state"] == "replaced"
