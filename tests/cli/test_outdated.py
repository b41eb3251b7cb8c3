"""What a post's facts do to it after it was queued: told when it goes all the same, and what to type when it cannot."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from clarion.app import App
from tests import ledgers

TODAY = datetime.now(UTC).date()


@pytest.fixture(autouse=True)
def campaign(run, here, monkeypatch):
    monkeypatch.setenv("CLARION_AS", "vera")
    run("init", "--yes")
    folder = here / "posts" / "tried"
    folder.mkdir()
    about = 'title = "Tried"\npurpose = "A test"\nsource = "Novaya Gazeta"\nlanguages = ["en"]\n'
    (folder / "post.toml").write_text(about)
    (folder / "en.md").write_text('They said it there: {{ fact("told") }}.')
    yield here
    with App(campaign=str(here)) as app:
        app.rehearsal.stop()


def write(here, wording="it was reported", review_by=TODAY - timedelta(days=10)):
    fact = ledgers.fact(
        "told",
        wording={"en": wording},
        source="Novaya Gazeta",
        date=TODAY - timedelta(days=400),
        as_of=TODAY - timedelta(days=400),
        checked_on=TODAY - timedelta(days=400),
        review_by=review_by,
    )
    path = here / "posts" / "facts.toml"
    shipped = path.read_text(encoding="utf-8").partition("\n[facts.told]")[0]
    path.write_text(f"{shipped.rstrip()}\n\n{fact}", encoding="utf-8")


def in_a_line(answer):
    return " ".join(answer.output.split())


def test_a_fact_that_should_be_read_again_goes_out_with_a_notice(run, campaign):
    write(campaign)
    run("queue", "add", "tried", "--to", "mastodon", "--yes", "--because", "It is a matter of record")
    status = in_a_line(run("status"))
    assert "Goes out all the same: #1:" in status
    assert "clarion posts confirm told" in status
    said = run("publish").stdout
    assert "sent" in said
    assert 'note: the fact "told" should have been reviewed by' in said
    assert "Goes out all the same" not in in_a_line(run("status"))


def test_a_fact_that_nobody_needs_to_read_again_is_not_told(run, campaign):
    write(campaign, review_by=TODAY + timedelta(days=10))
    run("queue", "add", "tried", "--to", "mastodon", "--yes")
    assert "all the same" not in run("status").stdout
    assert "note:" not in run("publish").stdout


def test_approve_says_what_no_approval_lets_go_and_what_to_type(run, campaign):
    write(campaign, review_by=None)
    run("queue", "add", "tried", "--to", "mastodon")
    write(campaign, wording="it was reported twice", review_by=None)
    said = in_a_line(run("approve", "1", "--yes"))
    assert 'the fact "told" has changed since the post was queued. An approval does not let it go' in said
    assert "clarion queue cancel 1, then clarion queue add tried" in said
    assert "pending" in run("queue", "show", "1").stdout


def test_what_is_approved_with_words_that_the_ledger_has_no_more_is_told_before_it_is_due(run, campaign):
    write(campaign, review_by=None)
    run("queue", "add", "tried", "--to", "mastodon", "--at", "in 5 days", "--yes")
    told = ("status",), ("doctor",), ("posts", "check", "tried")
    for words in told:
        assert "will not go out" not in in_a_line(run(*words))
    write(campaign, wording="it was reported twice", review_by=None)
    for words in told:
        said = in_a_line(run(*words))
        assert '#1 will not go out as approved: the fact "told" has changed since the post was queued' in said
        assert "clarion queue cancel 1, then queue it anew with what is true now" in said
    needs = json.loads(run("status", "--json").stdout)["needs"]
    assert [each["what"].partition(":")[0] for each in needs] == ["#1 will not go out as approved"]
    run("queue", "cancel", "1", "--yes")
    assert "will not go out" not in in_a_line(run("status"))


def test_a_ledger_that_cannot_be_read_is_told_once(run, campaign):
    write(campaign, review_by=None)
    run("queue", "add", "tried", "--to", "mastodon", "--at", "in 5 days", "--yes")
    (campaign / "posts" / "facts.toml").write_text("facts = 4")
    assert run("status").stdout.count("posts/facts.toml") == 1
