"""clarion publish --dry-run: what would go out now, and what is due and must wait: until when, and why."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from clarion.outbox import pauses, schema
from clarion.outbox.claiming import recalling, settle
from clarion.outbox.limits import stops

from .entries import queued


def post(run, account, text):
    run("say", text, "--yes", "--to", account)


def foreseen(run, *, code=0):
    lines = run("publish", "--dry-run", "--json", code=code).stdout.splitlines()
    return {each["account"]: each for each in map(json.loads, lines)}


def in_a_line(answer):
    return " ".join(answer.output.split())


def hold(app, account, until):
    """As a network that told an account to wait."""
    with app.outbox.write() as tx:
        mine = schema.account.c.name == account
        tx.execute(
            sa.update(schema.account)
            .where(mine)
            .values(blocked_until=until or settle.UNTIL_VERIFIED, blocked_reason="401")
        )


def now(app):
    with app.outbox.read() as tx:
        return tx.at, tx.now


def test_what_may_not_go_is_told_beside_what_would(run, app):
    for account in ("mastodon", "bluesky", "x"):
        post(run, account, f"They are not alone, says {account}.")
    assert "3 posts would be sent" in in_a_line(run("publish", "--dry-run"))
    at, micros = now(app)
    hold(app, "mastodon", micros + 600_000_000)
    with app.outbox.write() as tx:
        stops.stop(tx, "x", at + timedelta(hours=1), "it is its quiet time")
    said = in_a_line(run("publish", "--dry-run"))
    assert "1 post would be sent; 2 posts wait. Nothing was sent." in said
    assert "costs" not in said, "what does not go costs nothing now"
    found = foreseen(run)
    assert {name: each["event"] for name, each in found.items()} == {
        "mastodon": "waiting",
        "bluesky": "due",
        "x": "waiting",
    }
    assert (found["x"]["until"], found["x"]["detail"]) == (
        (at + timedelta(hours=1)).isoformat(),
        "it is its quiet time",
    )
    assert found["mastodon"]["until"] == (at + timedelta(minutes=10)).isoformat()
    assert "until" not in found["bluesky"]


def test_what_waits_for_a_person_says_what_to_do(run, app):
    post(run, "mastodon", "They are not alone.")
    post(run, "bluesky", "Quite another thing to tell.")
    run("pause", "--account", "bluesky", "--reason", "bad news")
    hold(app, "mastodon", None)
    said = in_a_line(run("publish", "--dry-run"))
    assert "waits: paused by vera (bad news). To go on: clarion resume --account bluesky" in said
    assert "waits: 401. To go on: clarion accounts verify mastodon" in said
    assert "0 posts would be sent; 2 posts wait." in said
    assert {each["until"] for each in foreseen(run).values()} == {None}


def test_what_ends_last_is_told(run, app):
    post(run, "mastodon", "They are not alone.")
    at, micros = now(app)
    hold(app, "mastodon", micros + 600_000_000)
    with app.outbox.write() as tx:
        stops.stop(tx, "mastodon", at + timedelta(minutes=5), "it is its quiet time")
    assert foreseen(run)["mastodon"]["detail"] == "401"
    with app.outbox.write() as tx:
        pauses.pause(tx, None, who="vera")
    assert foreseen(run, code=75)["mastodon"]["detail"] == "paused by vera"


def test_a_quiet_time_that_no_run_met_yet_is_told_too(run, app, here):
    post(run, "mastodon", "They are not alone.")
    at = now(app)[0].astimezone(app.config.zone())
    quiet = f'quiet = ["{at - timedelta(hours=1):%H:%M}-{at + timedelta(hours=1):%H:%M}"]'
    path = here / "config.toml"
    path.write_text(path.read_text().replace("[accounts.mastodon]\n", f"[accounts.mastodon]\n{quiet}\n"))
    assert "0 posts would be sent; 1 post waits." in in_a_line(run("publish", "--dry-run"))


@pytest.mark.parametrize("asked", [(), ("--json",)])
def test_with_nothing_due_it_says_nothing_to_a_program(run, app, asked):
    assert run("publish", "--dry-run", *asked).output == ""
    run("pause")
    assert run("publish", "--dry-run", *asked, code=75).output == ""


def test_what_is_to_be_taken_down_waits_for_its_network_alone(run, app):
    number = queued(run)
    run("publish")
    with app.outbox.write() as tx:
        recalling.want(tx, [number], who="vera")
        stops.stop(tx, "mastodon", tx.at + timedelta(hours=1), "it is its quiet time")
    assert "would be taken down" in run("publish", "--dry-run").stdout
    assert foreseen(run)["mastodon"]["event"] == "recall_due"
    at, micros = now(app)
    hold(app, "mastodon", micros + 600_000_000)
    assert "part 1  waits until" in run("publish", "--dry-run").stdout
    told = foreseen(run)["mastodon"]
    assert (told["event"], told["until"]) == ("recall_waits", (at + timedelta(minutes=10)).isoformat())
