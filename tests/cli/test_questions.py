"""What people are asked at a terminal before something is kept: reasons, consent, names in danger."""

from __future__ import annotations

import json
import tomllib

import pytest

from clarion.campaign import bundled, figures

from .terminal import Terminal

WHY = "Why is it right all the same?"
CTRL_C = "\x03"
APPROVE = "Do you approve exactly this?"


@pytest.fixture(autouse=True)
def campaign(run, here, monkeypatch):
    monkeypatch.setenv("CLARION_AS", "vera")
    run("init", "--yes")
    return here


def because(run):
    return json.loads(run("queue", "show", "1", "--json").stdout)["because"]


@pytest.mark.parametrize("word", ["y", "ok", "yes, yes"])
def test_a_word_is_no_reason_and_a_sentence_is(run, word):
    with Terminal("say", "We were 300 people.", "--to", "mastodon") as terminal:
        terminal.answer(WHY, f"{word}\n")
        terminal.answer("tells nobody why", "")
        terminal.answer(WHY, "We counted them at the gate\n")
        terminal.answer(APPROVE, "y\n")
        assert terminal.end() == 0, terminal.shown
    assert because(run) == "We counted them at the gate"


def test_nothing_is_queued_without_a_reason(run):
    with Terminal("say", "We were 300 people.", "--to", "mastodon") as terminal:
        terminal.answer(WHY, CTRL_C)
        assert terminal.end() == 130, terminal.shown
    assert "Nothing is queued" in run("queue", "list").stderr


def test_a_reason_given_before_is_shown_where_it_was_asked_for_and_not_asked_again(run):
    with Terminal(
        "say", "We were 300 people.", "--to", "mastodon", "--because", "We counted them"
    ) as terminal:
        terminal.answer(APPROVE, "y\n")
        assert terminal.end() == 0, terminal.shown
    assert "Needs a reason (yours: We counted them)" in " ".join(terminal.shown.split())
    assert WHY not in terminal.shown


def test_a_word_is_refused_before_anything_is_shown(run):
    said = run("say", "We were 300 people.", "--because", "ok", "--yes", code=2).stderr
    assert "tells nobody why" in said
    assert "Mastodon" not in said


def test_the_answer_of_who_is_told_of_is_asked_for_each_time(run):
    words = ("queue", "add", "video-kolesov", "--set", "video=https://www.youtube.com/watch?v=x")
    with Terminal(*words, "--to", "mastodon", "--lang", "en") as terminal:
        terminal.answer("It tells of Artem Kolesov", "")
        terminal.answer(WHY, "He said yes to Vera on 20 November\n")
        terminal.answer(APPROVE, "y\n")
        assert terminal.end() == 0, terminal.shown
    assert because(run) == "He said yes to Vera on 20 November"


def test_names_that_are_never_posted_are_typed_unseen_and_kept(run):
    with Terminal("people", "deny") as terminal:
        terminal.answer("A name", "Zelimkhan Testov\n")
        terminal.answer("A name", "Ivan Tokhtarov\n")
        terminal.answer("A name", "\n")
        assert terminal.end() == 0, terminal.shown
    assert "Testov" not in terminal.shown
    assert "2 names will never be posted" in terminal.shown


def test_names_typed_before_somebody_leaves_are_kept_and_that_is_said(run):
    with Terminal("people", "deny") as terminal:
        terminal.answer("A name", "Zelimkhan Testov\n")
        terminal.answer("A name", CTRL_C)
        assert terminal.end() == 130, terminal.shown
    assert "1 name will never be posted" in terminal.shown
    assert json.loads(run("people", "denied", "--json").stdout) == {"names": 1}


def test_leaving_before_the_first_name_keeps_the_list_as_it_is(run):
    with Terminal("people", "deny") as terminal:
        terminal.answer("A name", CTRL_C)
        assert terminal.end() == 130, terminal.shown
    assert json.loads(run("people", "denied", "--json").stdout) == {"names": 0}


def test_every_missing_value_is_named_in_one_command(run):
    said = run("queue", "add", "rally", "--set", "city=Bremen", "--yes", code=2).stderr
    assert "6 variables have no value: place, on, at, zone, access, photos" in said
    assert 'hint: give them all: clarion queue add rally --set place="…" --set on="…" --set at="…"' in said


def test_one_missing_value_has_its_hint_for_a_check_too(run, campaign):
    said = run("queue", "add", "rally-thanks", "--yes", code=2).stderr
    assert '--set city="…"; to try the post, under [example] in its post.toml' in said


def test_a_command_that_a_group_does_not_have_is_answered_with_those_it_has(run):
    said = run("people", "list", code=2).stderr
    assert "hint: there are: clarion people denied, clarion people deny" in said
    assert run("links", "list").stdout == run("links").stdout != ""


def test_what_holds_a_queued_post_stands_below_the_list(run):
    run("queue", "add", "court-found", "--yes", "--to", "mastodon", "--lang", "en", "--at", "tomorrow 9:00")
    assert "waits for people" not in run("queue", "list").stderr
    run("posts", "block", "ecthr", "--why", "a doubt")
    assert '#1 waits for people: the fact "ecthr" is blocked: a doubt' in run("queue", "list").stderr


def test_a_listing_in_a_pipe_keeps_to_the_width_somebody_asked_for(run, monkeypatch):
    free = run("posts", "list").stdout
    monkeypatch.setenv("COLUMNS", "40")
    narrow = run("posts", "list").stdout
    assert max(map(len, free.splitlines())) > 40 >= max(map(len, narrow.splitlines()))
    assert set("".join(free.split()[-3:])) <= set("".join(narrow.split()))


def test_the_public_figures_that_are_shipped_are_those_a_campaign_without_the_file_knows():
    shipped = bundled.posts() / "figures.toml"
    assert tuple(tomllib.loads(shipped.read_text(encoding="utf-8"))["public"]) == figures.PUBLIC
