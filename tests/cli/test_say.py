from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def campaign(run, here):
    run("init", "--yes")
    return here


def test_a_text_given_twice_is_refused_in_those_words(run, campaign):
    (campaign / "text.txt").write_text("They are not alone.")
    said = run("say", "One.", "--file", "text.txt", code=2).output
    assert "both a text and --file are given" in said


def test_a_text_that_is_not_utf8_is_named(run, campaign):
    (campaign / "text.txt").write_bytes(b"\xe9")
    assert "text.txt is not UTF-8 text (byte 0)" in run("say", "--file", "text.txt", code=2).stderr
    assert "what came in by the pipe is not UTF-8" in run("say", "-", stdin=b"\xe9", code=2).stderr


@pytest.mark.parametrize(
    "words",
    [
        ("say", "One.", "--at", "tomorrow", "9:00"),
        ("say", "--at", "tomorrow", "9:00", "One."),
        ("say", "--at", "tomorrow", "9:00"),
        ("queue", "add", "court-found", "--at", "tomorrow", "9:00"),
    ],
)
def test_a_time_without_quotes_is_answered_with_quotes(run, words):
    said = run(*words, code=2).stderr
    assert 'in quotes: --at "tomorrow 9:00"' in said


def test_other_words_too_many_are_not_taken_for_a_time(run):
    assert "quotes" not in run("say", "Hello", "world", "--at", "now", code=2).stderr


def test_a_block_is_said_once(run):
    said = run("say", "Call +7 928 123-45-67.", "--to", "mastodon", "--yes", code=3).stderr
    assert said.count("reads like a telephone number") == 1
    assert "error: nothing was queued: one thing is blocked\n" in said


def test_a_text_stands_on_a_card_where_it_is_asked_for_and_the_help_shows_how(run):
    assert "--card --source" in run("say", "--help").output
    said = run("say", "They are not alone.", "--card", "--to", "x", "--yes").stderr
    assert "1200 x 675] They are not alone." in said or "1200×675] They are not alone." in said


def test_what_a_card_cannot_show_is_said_in_one_sentence(run):
    said = run("say", "A light 🕯", "--card", "--to", "x", "--yes", code=3).stderr
    assert "error: the letters of image cards have no “🕯”\n" in said
    assert "hint: leave it out of the card" in said


def test_a_picture_that_is_a_script_is_called_one(run, campaign):
    (campaign / "a.png").write_bytes(b"#!/bin/sh\n")
    said = run("say", "Look.", "--image", "a.png", "--alt", "A light.", code=3).stderr
    assert "error: a.png is a script, not a picture\n" in said
