from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def queued(run, here):
    run("init", "--yes")
    run("say", "They are not alone.", "--yes")
    return here


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--to", "blusky"], '#1 goes to no account "blusky"\nhint: did you mean "bluesky"'),
        (["--to", "town"], "hint: it goes to: x, mastodon, bluesky"),
        (["--lang", "fr"], "#1 is not in fr; it is in en\nhint: ask for one of these: --lang en"),
    ],
)
def test_what_an_entry_does_not_have_is_an_error_not_silence(run, words, says):
    answer = run("preview", "1", *words, code=2)
    assert says in answer.stderr
    assert answer.stdout == ""


def test_an_account_and_a_language_that_do_not_meet_are_an_error(run):
    run("queue", "add", "court-found", "--yes")
    assert "#2 has nothing in ru for x" in run("preview", "2", "--to", "x", "--lang", "ru", code=2).stderr


def test_what_an_entry_has_is_shown(run):
    assert "Bluesky" in run("preview", "#1", "--to", "bluesky", "--lang", "en").stdout


def test_a_template_is_due_at_no_time_and_an_entry_is(run, here):
    assert "Due " not in run("preview", "court-found").stdout
    assert "Due " in run("preview", "1").stdout
    run("preview", "court-found", "--web", "page")
    page = (here / "page" / "index.html").read_text()
    assert "No time set yet" in page
    assert "Due " not in page


def test_a_name_that_is_never_posted_is_blocked_in_the_preview_of_a_draft(run, here):
    (here / "names.txt").write_text("Zelimkhan Testov\n")
    run("people", "deny", "--file", "names.txt")
    (here / "posts" / "court-found" / "en.md").write_text("They asked Zelimkhan Testov.\n")
    assert "Blocked" in run("preview", "court-found", "--lang", "en").stdout


def test_a_page_folds_what_it_asks_in_russian_of_readers_abroad_in_a_draft_and_in_an_entry(run, here):
    run("queue", "add", "what-happened", "--yes")
    for what, folds in (("what-happened", True), ("2", True), ("faq", False)):
        run("preview", what, "--web", "page", "--lang", "ru")
        page = (here / "page" / "index.html").read_text()
        assert ("Я не в России" in page) is folds, what


def test_a_template_with_variables_is_tried_with_its_examples(run):
    answer = run("preview", "rally", "--lang", "en", "--set", "city=Bremen")
    assert "Bremen" in answer.stdout
    assert "in front of the town hall" in " ".join(answer.stdout.split())
    assert "Filled with values to try, from [example]: place, on, at" in answer.stderr
    assert "Filled" not in run("preview", "safety-note-russia").stderr


def test_a_template_is_shown_as_on_another_day(run):
    assert "10 years on" in run("preview", "day-29-march", "--today", "2027-03-29").stdout
    assert "12 years on" in run("preview", "day-29-march", "--today", "2029-03-29").stdout
    assert "an entry is frozen" in run("preview", "1", "--today", "2027-03-29", code=2).stderr


def test_a_language_that_an_account_does_not_take_is_said(run):
    assert "Not on x in ru: it takes en" in run("preview", "court-found").stderr
    assert "Not on x" not in run("preview", "court-found", "--lang", "en").stderr
    assert "Not on x in ru" in run("queue", "add", "court-found", "--yes").stderr
