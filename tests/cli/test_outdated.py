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
    said = in_a_line(run("approve", "1", "--yes", code=3))
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


@pytest.fixture
def held(run, campaign):
    """#1 waits for people, in four posts, because Vera blocked the fact that they used."""
    write(campaign, review_by=None)
    run("queue", "add", "tried", "--yes", "--at", "in 5 days")
    run("posts", "block", "told", "--why", "The source took it back")


def waits(run):
    return [line for line in run("queue", "list").stderr.splitlines() if "waits for people" in line]


def test_what_mends_a_block_is_named_once_for_all_the_posts_it_holds(run, held):
    answer = run("approve", "1", "--yes", code=3)
    assert in_a_line(answer).count("The source took it back") == 1
    said = in_a_line(answer)
    assert '#1: the fact "told" is blocked: The source took it back. An approval does not let it go.' in said
    assert 'clarion posts unblock told --why "…"; if not: clarion queue cancel 1' in said
    assert "clarion queue add" not in said


def test_what_another_host_blocked_is_known_before_its_folder_is_here(run, held, campaign):
    write(campaign, review_by=None)
    said = in_a_line(run("approve", "1", "--yes", code=3))
    assert '#1: the fact "told" is blocked: The source took it back. An approval does not let it go.' in said
    assert "clarion posts unblock told" in said


def test_after_unblock_nothing_is_said_to_be_blocked_and_an_approval_lets_it_go(run, held):
    assert waits(run) == ['#1 waits for people: the fact "told" is blocked: The source took it back']
    run("posts", "unblock", "told", "--why", "I read the source again: it stands by it")
    [line] = waits(run)
    assert "is blocked" not in line
    assert 'the fact "told" was blocked and may be said again: clarion approve' in line
    run("approve", "1", "--yes")
    assert waits(run) == []
    assert "scheduled" in run("queue", "list").stdout
