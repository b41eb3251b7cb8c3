"""What is refused without override is refused whichever way it comes: no reason, no --yes, no team lets it through.

A table of rules by paths. What a rule finds in a text is tried by every command that queues a text; what it finds in the
outbox (a second account with a like text, a full day) also by the one that tries again what failed.
"""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from clarion.app import App
from clarion.campaign import checks
from clarion.cli import clarion
from clarion.outbox import schema
from clarion.outbox.claiming.tending import tend
from clarion.outbox.entries import posts
from tests.campaign.checks.test_rules import BAD

NEVER = {rule.id for rule in checks.RULES if rule.level == "never"}
#: By rule, a text that breaks it, and its language where that is not English.
TEXTS = {rule: bad[0] for rule, bad in BAD.items() if rule in NEVER} | {
    "undated-count": "Over 2,500 people have signed",
    "over-long": "They are not alone. " * 40,
}
#: Those that no text of its own breaks: pictures, links, what a template or its ledgers lack; each has its own tests.
ELSEWHERE = {
    "alt-missing",
    "alt-file-name",
    "alt-image-of",
    "no-thread",
    "endless-thread",
    "no-link",
    "too-many-images",
    "alt-long",
    "image-large",
    "moving",
    "broken",
    "ledger",
    "recipient",
    "alike-account",
}
ANYWAY = ("--because", "It is right all the same", "--yes")
ALIKE = "They are not a mistake, and they are not alone: somebody is listening to them tonight."
SECOND = """
[accounts.second]
network = "mastodon"
handle = "second"
server = "https://second.example"
slots = ["Mon-Fri 09:00"]
"""


@pytest.fixture(params=["alone", "team"])
def campaign(request, run, here, monkeypatch):
    """A campaign with two accounts on Mastodon that may say one thing a day."""
    monkeypatch.setenv("CLARION_AS", "vera")
    run("init", "--yes")
    path = here / "config.toml"
    lines = [
        line for line in path.read_text().splitlines() if not line.startswith(("[caps]", "mastodon = 4"))
    ]
    lines = [line for line in lines if not line.startswith(("x = 4", "bluesky = 4", 'mode = "alone"'))]
    text = "\n".join(lines) + f"\n{SECOND}\n[caps]\nmastodon = 1\n"
    if request.param == "team":
        text = (
            text.replace("[approval]", '[approval]\nmode = "team"')
            if "[approval]" in text
            else text + ('\n[approval]\nmode = "team"\n')
        )
    path.write_text(text)
    return here


def typed(*words, stdin=None):
    """Type a command, whatever comes of it."""
    return CliRunner().invoke(clarion, list(words), input=stdin)


def by_say(here, text, language="en", to="x"):
    return typed("say", "-", "--lang", language, "--to", to, *ANYWAY, stdin=text)


def by_file(here, text, language="en", to="x"):
    (here / "typed.txt").write_text(text, encoding="utf-8")
    return typed("say", "--file", "typed.txt", "--lang", language, "--to", to, *ANYWAY)


def by_template(here, text, language="en", to="x"):
    folder = here / "posts" / "tried"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    about = f'title = "Tried"\npurpose = "A test"\nsource = "Novaya Gazeta"\nlanguages = ["{language}"]\n'
    (folder / "post.toml").write_text(about)
    (folder / f"{language}.md").write_text(text, encoding="utf-8")
    return typed("queue", "add", "tried", "--lang", language, "--to", to, *ANYWAY)


PATHS = [by_say, by_file, by_template]


def refused(answer):
    return answer.exit_code != 0 and "Traceback" not in answer.output


def nothing_is_queued(run):
    return json.loads(run("queue", "list", "--json").stdout) == []


@pytest.mark.parametrize("path", PATHS)
def test_a_text_that_is_never_said_is_refused_on_every_path(run, campaign, path):
    run("people", "deny", "--file", "-", stdin="Laman Tokhtar\n")
    passed = []
    for rule, text in TEXTS.items():
        words, language = text if isinstance(text, tuple) else (text, "en")
        if not refused(path(campaign, words, language)):
            passed.append(rule)
    assert passed == []
    assert nothing_is_queued(run)
    assert path(campaign, "They are not alone tonight.").exit_code == 0, "it refuses the text, not the path"


def test_every_rule_that_no_reason_answers_is_in_the_table_or_known_to_be_elsewhere():
    assert {*TEXTS, *ELSEWHERE} == NEVER


# ── what the outbox knows ─────────────────────────────────────────────────────────────────────────────────────


def expire(here, number):
    """Let an entry's time pass."""
    with App(campaign=str(here)) as app, app.outbox.write() as tx:
        mine = sa.select(schema.post.c.id).where(schema.post.c.entry == number)
        tx.execute(schema.delivery.update().where(schema.delivery.c.post.in_(mine)).values(lapses_at=1))
        tend(tx, lambda _account, _after: None)
        assert posts.show(tx, number).state == "expired"


def tomorrow(here, number):
    """Move an entry by a day, so that it does not count for today."""
    with App(campaign=str(here)) as app, app.outbox.write() as tx:
        mine = schema.post.c.entry == number
        tx.execute(schema.post.update().where(mine).values(day=schema.post.c.day + 1))


@pytest.mark.parametrize("path", PATHS)
def test_a_second_account_never_says_the_same_whichever_way_it_comes(run, campaign, path):
    assert by_say(campaign, ALIKE, to="mastodon").exit_code == 0
    answer = path(campaign, ALIKE.replace("alone:", "alone;"), to="second")
    assert answer.exit_code == 3
    assert "two accounts of one network never do" in " ".join(answer.output.split())


@pytest.mark.parametrize("path", PATHS)
def test_a_full_day_takes_no_more_whichever_way_it_comes(run, campaign, path):
    assert by_say(campaign, "The first of today.", to="mastodon").exit_code == 0
    answer = path(campaign, "Quite another thing to tell you now.", to="mastodon")
    assert answer.exit_code == 3
    said = " ".join(answer.output.split())
    assert "mastodon has 1 post" in said
    assert "(#1)" in said
    assert "--at" in said


def test_trying_again_goes_around_neither(run, campaign):
    assert by_say(campaign, ALIKE, to="mastodon").exit_code == 0
    expire(campaign, 1)
    assert by_say(campaign, ALIKE, to="second").exit_code == 0
    tomorrow(campaign, 2)
    answer = run("queue", "retry", "1", "--yes", code=3)
    assert "#1 stays as it is" in answer.output
    expire(campaign, 2)
    assert by_say(campaign, "Quite another thing to tell you now.", to="mastodon").exit_code == 0
    answer = run("queue", "retry", "1", "--yes", code=3)
    assert "a day is the most" in " ".join(answer.output.split())


def test_a_name_that_was_denied_meanwhile_is_not_tried_again_nor_approved(run, campaign):
    assert by_say(campaign, "We heard from Laman Tokhtar.", to="mastodon").exit_code == 0
    run("people", "deny", "--file", "-", stdin="Laman Tokhtar\n")
    expire(campaign, 1)
    answer = run("queue", "retry", "1", "--yes", code=3)
    assert "people in danger" in " ".join(answer.output.split())
