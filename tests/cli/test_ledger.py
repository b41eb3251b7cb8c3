"""posts facts, calls, days, confirm, block, unblock, fact-add: what people type to keep the ledgers true."""

from __future__ import annotations

import difflib
import json
from datetime import date

import pytest
import sqlalchemy as sa

from clarion.app import App
from clarion.campaign import bundled
from clarion.outbox import blocks, schema
from clarion.outbox.claiming import claims
from tests.ledgers import call, day

from .terminal import Terminal

FACTS = """\
# Kept by Vera and Mira.

[facts.learned]
wording = { en = "the Network learned of it on 29 March 2017", ru = "сеть узнала об этом 29 марта 2017 года" }
source = "The Network"  # by telephone
date = 2017-03-29
as_of = 2017-03-29
checked_on = 2020-05-01

[facts.detained]
wording = { en = "more than 100 men were reported detained" }
source = "A newspaper"
date = 2017-04-17
as_of = 2017-04-17
checked_on = 2020-05-01
review_by = 2020-08-01  # every three months

[facts.wrong]
wording = { en = "never this" }
source = "Nobody"
date = 2017-04-17
status = "blocked"
why = "it is false"
as_of = 2017-04-17
checked_on = 2020-05-01
"""
CALLS = call(
    "petition",
    kind="petition",
    wording={"en": "sign the petition"},
    link="https://petition.example/",
    checked_on=date(2020, 5, 1),
    closes_on=date(2020, 8, 1),
)
DAYS = day(
    "learned", date=date(2017, 3, 29), name={"en": "the day the Network learned of it"}, fact="learned"
)
POST = """\
title = "One"
purpose = "A test"
languages = ["en"]
"""


@pytest.fixture(autouse=True)
def campaign(run, here, monkeypatch):
    monkeypatch.setenv("CLARION_AS", "vera")
    run("init", "--yes")
    for name, text in (("facts", FACTS), ("calls", CALLS), ("days", DAYS)):
        (here / "posts" / f"{name}.toml").write_text(text, encoding="utf-8")
    (here / "posts" / "one").mkdir()
    (here / "posts" / "one" / "post.toml").write_text(POST)
    (here / "posts" / "one" / "en.md").write_text('{{ fact("learned")|sentence }}.\n')
    return here


@pytest.fixture
def queued(run):
    """The number of a post that used a fact, approved for next year."""
    run("queue", "add", "one", "--yes", "--to", "mastodon", "--at", "tomorrow 9:00")
    return json.loads(run("queue", "list", "--json").stdout)[0]["number"]


def ledger(here, name="facts"):
    return (here / "posts" / f"{name}.toml").read_text(encoding="utf-8")


def changed(before, after):
    """The lines that went and came."""
    return [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in "-+"]


def state(run, number):
    return json.loads(run("queue", "show", str(number), "--json").stdout)["state"]


def states(run, *words):
    return {row["id"]: row["state"] for row in json.loads(run("posts", *words, "--json").stdout)}


# ── listings ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        ("2020-07-01", {"learned": "ok", "detained": "ok", "wrong": "blocked"}),
        ("2020-07-02", {"learned": "ok", "detained": "due soon", "wrong": "blocked"}),
        ("2020-08-02", {"learned": "ok", "detained": "overdue", "wrong": "blocked"}),
        ("2020-10-31", {"learned": "ok", "detained": "too old to be said", "wrong": "blocked"}),
    ],
)
def test_facts_says_how_each_stands_on_a_day(run, today, expected):
    assert states(run, "facts", "--today", today) == expected


def test_due_lists_only_what_somebody_must_read_again(run):
    assert states(run, "facts", "due", "--today", "2020-08-02") == {"detained": "overdue"}
    answer = run("posts", "facts", "due", "--today", "2020-06-01")
    assert (answer.stdout, answer.stderr) == ("", "Nothing is due.\n")


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        ("2020-07-01", "ok"),
        ("2020-07-02", "closes soon"),
        ("2020-08-02", "closed"),
    ],
)
def test_calls_says_what_closes(run, today, expected):
    assert states(run, "calls", "--today", today) == {"petition": expected}


def test_days_has_the_coming_anniversary_and_what_its_fact_is(run, campaign):
    [row] = json.loads(run("posts", "days", "--today", "2020-03-30", "--json").stdout)
    assert (row["date"], row["next"], row["state"]) == ("2017-03-29", "2021-03-29", "ok")
    run("posts", "block", "learned", "--kind", "fact", "--why", "it was wrong")
    assert states(run, "days", "due") == {"learned": "its fact is blocked"}


def test_a_listing_for_people_is_a_table(run):
    shown = run("posts", "facts", "--today", "2020-06-01").stdout.splitlines()
    assert shown[0].split() == ["ID", "STATE", "REVIEW", "BY", "WORDING"]
    assert len(shown) == 4
    assert max(map(len, shown)) <= 80


def test_an_id_shows_all_its_words(run):
    shown = run("posts", "facts", "learned", "wrong", "--today", "2020-06-01").stdout
    for words in (
        "learned: ok",
        "  en: the Network learned of it on 29 March 2017",
        "  ru: сеть узнала об этом 29 марта 2017 года",
        "  source: The Network",
        '{{ fact("learned") }}',
        "wrong: blocked",
        "  blocked because: it is false",
    ):
        assert words in shown
    assert '{{ fact("wrong") }}' not in shown
    assert "link: https://petition.example/" in run("posts", "calls", "petition").stdout
    assert "rests on the fact: learned" in run("posts", "days", "learned").stdout
    assert [row["id"] for row in json.loads(run("posts", "facts", "wrong", "--json").stdout)] == ["wrong"]


def test_an_id_of_another_ledger_or_of_none_is_said(run):
    assert (
        "it is a call\nhint: clarion posts calls petition" in run("posts", "facts", "petition", code=2).stderr
    )
    assert "did you mean: clarion posts facts detained" in run("posts", "facts", "detaned", code=2).stderr


# ── keeping ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_confirm_moves_two_dates_and_leaves_every_other_letter(run, campaign):
    said = run("posts", "confirm", "detained", "--on", "2020-08-15").stdout
    assert changed(FACTS, ledger(campaign)) == [
        "- checked_on = 2020-05-01",
        "+ checked_on = 2020-08-15",
        "- review_by = 2020-08-01  # every three months",
        "+ review_by = 2020-11-15  # every three months",
    ]
    assert "2020-11-15" in said


def test_confirm_says_the_words_that_are_confirmed(run):
    said = run("posts", "confirm", "detained").stderr
    assert "What you confirmed:\n  en: more than 100 men were reported detained" in said


def test_confirm_of_what_needs_no_review_gives_it_none(run, campaign):
    run("posts", "confirm", "learned", "--on", "2020-08-15")
    assert changed(FACTS, ledger(campaign)) == ["- checked_on = 2020-05-01", "+ checked_on = 2020-08-15"]


def test_a_call_is_confirmed_too(run, campaign):
    run("posts", "confirm", "petition", "--on", "2020-06-15")
    assert changed(CALLS, ledger(campaign, "calls")) == [
        "- checked_on = 2020-05-01",
        "+ checked_on = 2020-06-15",
    ]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("confirm", "detaned"), "did you mean: detained"),
        (("confirm", "detained", "--on", "2126-01-01"), "hint: the day on which you read it: clarion posts"),
        (("confirm", "detained", "--on", "20.5.2020"), "hint: did you mean: --on 2020-05-20"),
        (("confirm", "detained", "--on", "5/6/2020"), "hint: write it as --on 2026-11-01"),
        (
            ("confirm", "detained", "--on", "2020-06-01", "--review-by", "2020-06-01"),
            "is not after 2020-06-01",
        ),
        (("confirm", "wrong"), "the fact wrong is blocked, so there is nothing to confirm: it is false"),
        (("confirm", "petition", "--on", "2020-06-01", "--review-by", "2020-07-01"), "has no review_by"),
        (("block", "detained", "--why", " "), 'hint: clarion posts block detained --why "'),
        (("block", "detained"), 'hint: clarion posts block detained --why "'),
        (("block", "wrong", "--why", "a doubt"), "is never said as it is: it is false"),
        (("block", "detained", "--kind", "call", "--why", "no"), "there is no call"),
        (("unblock", "petition", "--why", "it was a mistake"), "the call petition is not blocked"),
        (("unblock", "wrong", "--why", "it is true after all"), "is never said, so it cannot be unblocked"),
        (("fact-add",), "nobody is there to answer"),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(run, campaign, words, problem):
    assert problem in run("posts", *words, code=2).stderr
    assert (ledger(campaign), ledger(campaign, "calls"), ledger(campaign, "days")) == (FACTS, CALLS, DAYS)


def test_what_was_queued_before_a_confirmation_goes_out_after_it(run, campaign):
    run("queue", "add", "one", "--yes", "--to", "mastodon", "--at", "now")
    run("posts", "confirm", "learned", "--on", "2020-06-01", "--review-by", "2125-06-01")
    with App(campaign=str(campaign)) as app, app.outbox.write() as tx:
        assert len(claims.claim(tx, app.terms(), 1)) == 1


def test_block_reaches_the_ledger_the_queue_and_the_outbox(run, campaign, queued):
    said = run("posts", "block", "learned", "--kind", "fact", "--why", "the source\ntook it back")
    assert changed(FACTS, ledger(campaign)) == [
        '+ status = "blocked"',
        '+ was = "ok"',
        '+ why = "the source took it back"',
    ]
    assert f"#{queued}" in said.stdout
    assert state(run, queued) == "pending"
    with App(campaign=str(campaign)) as app, app.outbox.read() as tx:
        stands = [(each.kind, each.id, each.who) for each in blocks.standing(tx)]
    assert stands == [("day", "learned", "vera"), ("fact", "learned", "vera")]
    assert "is blocked" in run("queue", "add", "one", "--yes", code=2).stderr


AGAIN = ("--why", "I read the source again")


@pytest.mark.parametrize("before", ["ok", "history"])
def test_unblock_takes_it_back_to_what_it_was_and_what_was_held_waits_for_people(
    run, campaign, queued, before
):
    facts = FACTS.replace('source = "The Network"', f'status = "{before}"\nsource = "The Network"')
    (campaign / "posts" / "facts.toml").write_text(facts, encoding="utf-8")
    run("posts", "block", "learned", "--why", "a doubt")
    run("posts", "block", "learned", "--why", "a greater doubt")
    assert '--why "' in run("posts", "unblock", "learned", code=2).stderr
    assert "in words" in run("posts", "unblock", "learned", "--why", "ok", code=2).stderr
    said = run("posts", "unblock", "learned", *AGAIN)
    assert "the Network learned of it on 29 March 2017" in said.stderr
    assert ledger(campaign) == facts
    assert state(run, queued) == "pending"
    with App(campaign=str(campaign)) as app, app.outbox.read() as tx:
        assert blocks.standing(tx) == []
        rows = tx.execute(sa.select(schema.audit).where(schema.audit.c.action == "unblocked"))
        assert [(row.subject, row.detail) for row in rows] == [
            ("fact learned", "I read the source again"),
            ("day learned", "I read the source again"),
        ]
    assert "is not blocked" in run("posts", "unblock", "learned", *AGAIN, code=2).stderr


def test_a_fact_takes_the_day_of_its_name_with_it(run, campaign):
    said = run("posts", "block", "learned", "--why", "it was wrong").stdout
    assert "fact learned is blocked" in said
    assert "Blocked with it: day learned" in said
    assert states(run, "days") == {"learned": "its fact is blocked"}


def test_a_day_is_blocked_and_comes_back(run, campaign):
    run("posts", "block", "learned", "--kind", "day", "--why", "it was another day")
    assert changed(DAYS, ledger(campaign, "days")) == [
        '+ status = "blocked"',
        '+ was = "ok"',
        '+ why = "it was another day"',
    ]
    run("posts", "unblock", "learned", *AGAIN)
    assert changed(DAYS, ledger(campaign, "days")) == ['+ status = "ok"']


def test_what_another_host_blocked_is_unblocked_from_a_folder_that_does_not_know(run, campaign, queued):
    with App(campaign=str(campaign)) as app, app.outbox.write() as tx:
        blocks.block(tx, "fact", "learned", why="a doubt", who="mira")
    run("posts", "unblock", "learned", "--kind", "fact", *AGAIN)
    with App(campaign=str(campaign)) as app, app.outbox.read() as tx:
        assert blocks.standing(tx) == []
    assert ledger(campaign) == FACTS


def test_an_id_that_is_two_things_is_answered_with_whole_commands(run, campaign):
    (campaign / "posts" / "calls.toml").write_text(CALLS.replace("petition]", "detained]"))
    said = run("posts", "block", "detained", "--why", "a doubt", code=2).stderr
    assert 'clarion posts block detained --kind call --why "…"' in said


def test_what_the_campaign_ships_as_never_said_stays_so(run, campaign):
    shipped = bundled.posts() / "facts.toml"
    (campaign / "posts" / "facts.toml").write_bytes(shipped.read_bytes())
    (campaign / "posts" / "days.toml").unlink()
    for id_ in ("genocide", "killed-four", "trend"):
        assert "cannot be unblocked" in run("posts", "unblock", id_, *AGAIN, code=2).stderr
    assert (campaign / "posts" / "facts.toml").read_bytes() == shipped.read_bytes()


def test_at_a_terminal_the_reason_is_asked_for(campaign):
    with Terminal("posts", "block", "detained") as terminal:
        terminal.answer("Why must it no longer be said?", "\n")
        terminal.answer("An answer is needed", "its source took it back\n")
        assert terminal.end() == 0, terminal.shown
    assert 'why = "its source took it back"' in ledger(campaign)
    with Terminal("posts", "unblock", "detained") as terminal:
        terminal.answer("Why may it be said again?", "yes\n")
        terminal.answer("for example: I read the source again", "")
        terminal.answer("Why may it be said again?", "its source stands by it again\n")
        assert terminal.end() == 0, terminal.shown
    assert "took it back" not in ledger(campaign)


def test_a_fact_that_changed_since_is_held_by_the_next_publish_which_says_so(run, campaign):
    run("queue", "add", "one", "--yes", "--to", "mastodon", "--at", "now")
    (campaign / "posts" / "facts.toml").write_text(FACTS.replace("the Network learned", "the Network heard"))
    [number] = [each["number"] for each in json.loads(run("queue", "list", "--json").stdout)]
    said = run("publish").stdout
    assert f"#{number} mastodon · en  waits for people:" in said
    assert 'the fact "learned" has changed since the post was queued' in said
    assert state(run, number) == "pending"
    assert run("publish").stdout == ""


def test_a_fact_is_added_by_questions_and_every_comment_stays(campaign):
    with Terminal("posts", "fact-add") as terminal:
        terminal.answer("Its id", "\n")
        terminal.answer("An answer is needed", "learned\n")
        terminal.answer("there is a fact", "")
        terminal.answer("Its id", "second-wave\n")
        terminal.answer("history", "history\n")
        terminal.answer("Source", "2019-02-11\n")
        terminal.answer("a source is somebody", "Amnesty, February 2019\n")
        terminal.answer("The day it was said", "February\n")
        terminal.answer("is not a date", "")
        terminal.answer("The day it was said", "2019-02-11\n")
        terminal.answer("for which it holds", "2018-12-31\n")
        terminal.answer("Wording (en)", "a new wave began in December 2018.\n")
        terminal.answer("leave it out: a new wave began in December 2018", "a new wave began\n")
        terminal.answer("name 2018 or 2019", 'a "new wave" began in December 2018\n')
        terminal.answer("Wording (ru)", "a new wave, 2018\n")
        terminal.answer("does not read like ru", "\n")
        terminal.answer("violence", "y\n")
        terminal.answer("read the source again", "\n")
        terminal.answer("Add this to the ledger?", "y\n")
        assert terminal.end() == 0, terminal.shown
    assert '  en: … a "new wave" began in December 2018.' in terminal.shown.replace("\r", "")
    after = ledger(campaign)
    assert after.startswith(FACTS)
    added = after.removeprefix(FACTS)
    assert added.startswith(
        "\n[facts.second-wave]\n"
        'wording = {en = "a \\"new wave\\" began in December 2018"}\n'
        'source = "Amnesty, February 2019"\ndate = 2019-02-11\nstatus = "history"\nas_of = 2018-12-31\n'
    )
    assert added.endswith("sensitive = true\n")
    assert "review_by" not in added


def test_a_fact_that_nobody_confirms_is_not_added_and_an_ordinary_one_is_read_again_in_a_year(campaign):
    with Terminal("posts", "fact-add") as terminal:
        for question, words in (
            ("Its id", "heard"),
            ("history", ""),
            ("Source", "The Network"),
            ("The day it was said", "2019-02-11"),
            ("for which it holds", ""),
            ("Wording (en)", "Someone heard of it"),
            ("Is “Someone” a name?", "n"),
            ("Wording (en)", "someone heard of it"),
            ("Wording (ru)", ""),
            ("violence", "n"),
            ("read the source again", ""),
            ("Add this to the ledger?", "n"),
        ):
            terminal.answer(question, f"{words}\n")
        assert terminal.end() == 0, terminal.shown
    assert "Nothing was added." in terminal.shown
    assert "to be read again: 20" in terminal.shown
    assert ledger(campaign) == FACTS
