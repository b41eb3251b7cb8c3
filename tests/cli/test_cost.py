"""What an organiser meets of money and of quiet: the price before, the month that is spent, the account that waits."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from clarion.app import App
from clarion.outbox import schema
from clarion.outbox.limits import spending


@pytest.fixture(autouse=True)
def campaign(run, here, monkeypatch):
    monkeypatch.setenv("CLARION_AS", "vera")
    run("init", "--yes")
    yield here
    with App(campaign=str(here)) as app:
        app.rehearsal.stop()


def configure(here, line):
    """Write a line below [accounts.x] in place of what it says there."""
    path = here / "config.toml"
    key = line.split(" = ")[0]
    head, table, rest = path.read_text().partition("[accounts.x]\n")
    mine, sign, others = rest.partition("\n[")
    kept = [each for each in mine.splitlines() if not each.startswith(f"{key} =")]
    path.write_text(head + table + "\n".join([line, *kept]) + "\n" + sign + others)


def say(run, text, *words, code=0):
    return run("say", text, "--yes", "--to", "x", *words, code=code)


def in_a_line(answer):
    return " ".join(answer.output.split())


def test_the_price_is_shown_before_a_post_is_queued(run):
    assert "costs $0.016 on X (x)" in in_a_line(say(run, "They are not alone."))
    linked = "Read it there, all of it: https://hudoc.echr.coe.int/eng?i=001-226445"
    answer = say(run, linked, "--json", "--because", "It is the judgment")
    assert json.loads(answer.stdout[answer.stdout.index("{") :])["price_usd"] == 0.201
    assert "costs" not in run("say", "Hello, all of you.", "--yes", "--to", "mastodon").output


def test_a_dry_run_says_what_it_would_cost(run):
    say(run, "They are not alone.")
    say(run, "Quite another thing to tell.")
    said = run("publish", "--dry-run")
    assert "2 posts would be sent, for $0.032" in in_a_line(said)
    events = [json.loads(line) for line in run("publish", "--dry-run", "--json").stdout.splitlines()]
    assert [event["price_usd"] for event in events] == [0.016, 0.016]


def test_an_account_whose_month_is_spent_waits_and_goes_on_when_its_cap_is_raised(run, campaign):
    configure(campaign, "monthly_cap_usd = 0.02")
    for text in ("They are not alone.", "Quite another thing to tell."):
        warned = say(run, text)
    assert (
        "This month: pretended, $0.00 of $0.02 spent, and $0.016 for what is queued already."
        " That is more than its month holds"
    ) in in_a_line(warned)
    assert "expires when it is too late, unless monthly_cap_usd is raised" in in_a_line(warned)
    said = run("publish").stdout
    assert said.count("https://") + said.count("http://") == 1
    assert re.search(
        r"#\d x · en  waits until .*: \$0\.016 of the \$0\.02 a month that monthly_cap_usd", said
    )
    status = in_a_line(run("status"))
    assert "x waits until" in status
    assert "x this month: $0.016 of $0.02, pretended" in status
    assert run("publish").output == "", "what waits is no failure"
    configure(campaign, "monthly_cap_usd = 0.04")
    assert "sent" in run("publish").stdout


def test_what_is_due_in_another_month_is_compared_with_that_one(run, campaign):
    configure(campaign, "monthly_cap_usd = 0.04")
    say(run, "They are not alone.")
    run("publish")
    later = in_a_line(say(run, "Quite another thing to tell.", "--at", "2030-03-29 09:00"))
    assert "In 2030-03: pretended, $0.00 of $0.04 spent." in later
    assert "more than its month holds" not in later


def test_what_costs_more_than_a_whole_month_may_is_refused_and_kept_from_nobody_else(run, campaign):
    configure(campaign, "monthly_cap_usd = 0.015")
    refused = say(run, "They are not alone.", code=3)
    assert (
        "nothing was queued: it costs $0.016 on x, and monthly_cap_usd allows $0.015 a month: it would never go out"
    ) in in_a_line(refused)
    assert "--to" in refused.output
    configure(campaign, "monthly_cap_usd = 0.016")
    say(run, "They are not alone.")


def test_nothing_is_spent_where_nothing_may_be(run, campaign):
    say(run, "They are not alone.")
    configure(campaign, "monthly_cap_usd = 0")
    assert "it would never go out" in in_a_line(run("publish"))
    with App(campaign=str(campaign)) as app, app.outbox.read() as tx:
        money = schema.spend.c.bucket.endswith(spending.MONEY)
        assert tx.execute(schema.spend.select().where(money)).all() == []


def around(now, hours):
    """A quiet time that holds now, and so long."""
    return f"{now - timedelta(hours=1):%H:%M}-{now + timedelta(hours=hours):%H:%M}"


def test_a_quiet_account_waits_and_says_until_when(run, campaign):
    with App(campaign=str(campaign)) as app, app.outbox.read() as tx:
        now = tx.at.astimezone(app.config.zone())
    slot = (now + timedelta(hours=6)).replace(minute=0)
    configure(campaign, f'slots = ["Mon-Sun {slot:%H:%M}"]')
    configure(campaign, f'quiet = ["{around(now, 1)}"]')
    configure(campaign, 'late = "5h"')
    said = in_a_line(say(run, "They are not alone."))
    [moment] = re.findall(r"x is quiet then: it goes out (.+?)\.", said)
    assert f"Goes out {moment}, when clarion publish runs." in said
    assert "sent" not in run("publish").output
    assert run("publish").output == "", "and then it wakes nobody"
    assert "x waits until" in in_a_line(run("status"))
    configure(campaign, 'late = "10m"')
    answer = run("say", "Quite another thing.", "--yes", "--to", "x", code=3)
    assert "x is quiet until" in in_a_line(answer)
    assert "goes out" not in in_a_line(answer)
    configure(campaign, "quiet = []")
    assert "sent" in run("publish").stdout


def test_a_preview_shows_what_would_be_repeated(run, campaign):
    run("queue", "add", "stay-informed", "--lang", "en", "--yes", "--because", "It is its turn")
    again = in_a_line(run("preview", "stay-informed", "--lang", "en"))
    assert "says nearly the same on this account" in again
