"""An account leaves the campaign: what waits is held or cancelled, what is up stays, its secret is given back."""

from __future__ import annotations

import tomllib

import pytest
import sqlalchemy as sa

from clarion import networks as registry
from clarion.accounts.secrets import SecretFile
from clarion.accounts.sessions import SessionFile
from clarion.app import App
from clarion.outbox import audit, schema
from clarion.trial.demo import make_campaign

LATER = "2030-01-07 09:00"


@pytest.fixture(autouse=True)
def campaign(here, monkeypatch):
    monkeypatch.setenv("CLARION_AS", "vera")
    make_campaign(here)
    config = here / "config.toml"
    config.write_text(
        config.read_text().replace("your_campaign", "eyes").replace("mastodon.example", "m.test")
    )
    return here


@pytest.fixture
def state(campaign):
    with App() as app:
        return app.state


@pytest.fixture
def live(networks, state):
    """The campaign, live, with its three accounts connected."""
    with App(live_bases=networks.urls) as app:
        for name in app.config.accounts:
            app.secrets.set(name, registry.rehearsal(name).secret(name))
    networks.types("live", "--yes")
    return networks


def deliveries(networks, account):
    with App(live_bases=networks.urls) as app, app.outbox.read() as tx:
        rows = tx.execute(
            sa.select(schema.delivery.c.state, schema.delivery.c.reason, schema.delivery.c.receipt)
            .join(schema.account, schema.account.c.id == schema.delivery.c.account)
            .where(schema.account.c.name == account)
            .order_by(schema.delivery.c.id)
        )
        return [tuple(row) for row in rows]


def configured(campaign):
    return list(tomllib.loads((campaign / "config.toml").read_text())["accounts"])


def test_what_waits_is_held_and_what_is_up_stays(live, campaign, state):
    live.types("say", "This is up.", "--to", "mastodon", "--yes")
    live.types("publish")
    live.types("say", "This waits.", "--at", LATER, "--yes")
    answer = live.types("accounts", "remove", "mastodon", "--yes")
    assert "Its posts in #2 are held until people approve them again." in answer.stderr
    assert "#1 stays up, and clarion recall cannot take down" in answer.stderr
    assert "“mastodon” is removed" in answer.stderr
    assert configured(campaign) == ["x", "bluesky"]
    states = {row[0]: row for row in deliveries(live, "mastodon")}
    assert set(states) == {"sent", "pending"}
    assert states["sent"][2] is not None
    assert "its account was removed" in states["pending"][1]
    assert {row[0] for row in deliveries(live, "bluesky")} == {"scheduled"}
    assert SecretFile(state / "secrets.json", environ={}).get("mastodon") is None
    assert [one.deleted for one in live.accepted("mastodon")] == [False]
    assert "This is up." in live.types("queue", "show", "1").output


def test_what_waits_is_cancelled_when_asked(live):
    live.types("say", "This waits.", "--at", LATER, "--yes")
    live.types("accounts", "remove", "mastodon", "--posts", "cancel", "--yes")
    assert [row[:2] for row in deliveries(live, "mastodon")] == [("cancelled", "its account was removed")]
    assert [row[0] for row in deliveries(live, "bluesky")] == ["scheduled"]


def test_nothing_is_removed_while_nobody_knows_whether_a_post_is_up(live, campaign, state):
    live.types("say", "Is this up?", "--to", "x", "--yes")
    live.fault("x", "drop_after")
    live.fault("x", "stale_reads", count=None)
    live.types("publish", code=1)
    assert deliveries(live, "x")[0][0] == "in_doubt"
    answer = live.types("accounts", "remove", "x", "--yes", code=2)
    assert "#1 of “x” is on its way, or nobody knows whether it is up" in answer.stderr
    assert "x" in configured(campaign)
    assert SecretFile(state / "secrets.json", environ={}).get("x")


def test_nobody_who_is_not_asked_loses_an_account(live, campaign, state):
    answer = live.types("accounts", "remove", "x", code=2)
    assert "nothing is removed: it is not done unasked" in answer.stderr
    assert "clarion accounts remove x --yes" in answer.stderr
    assert "x" in configured(campaign)
    assert SecretFile(state / "secrets.json", environ={}).get("x")


def test_a_person_is_asked_what_becomes_of_what_waits(live, campaign):
    live.types("say", "This waits.", "--at", LATER, "--to", "mastodon", "--yes")
    with live.terminal("accounts", "remove", "mastodon") as terminal:
        terminal.answer("“mastodon” is @eyes on https://m.test.", "")
        terminal.answer("#1 waits: hold for people, or cancel? [hold]: ", "drop\n")
        terminal.answer("type hold or cancel", "")
        terminal.answer("#1 waits: hold for people, or cancel? [hold]: ", "cancel\n")
        terminal.answer("Remove “mastodon”? [y/N]: ", "y\n")
        assert terminal.end() == 0, terminal.shown
    assert [row[0] for row in deliveries(live, "mastodon")] == ["cancelled"]


def test_who_says_no_is_not_told_how_to_do_it_all_the_same(live, campaign):
    with live.terminal("accounts", "remove", "mastodon") as terminal:
        terminal.answer("Remove “mastodon”? [y/N]: ", "n\n")
        assert terminal.end() == 0, terminal.shown
    assert "Nothing is removed." in terminal.shown
    assert "--yes" not in terminal.shown
    assert "mastodon" in configured(campaign)


def test_the_rules_of_a_server_that_is_away_name_the_account_and_what_to_do(live):
    live.stop()
    said = live.types("accounts", "rules", "mastodon", code=1).stderr
    assert "the rules of “mastodon” could not be read: https://m.test: could not be reached" in said
    assert "hint: try again later: clarion accounts rules mastodon" in said


def test_its_keys_are_given_back_and_a_person_is_told_what_is_left(live, state):
    shown = {name: live.types("accounts", "remove", name, "--yes").stderr for name in registry.NAMES}
    assert "For you to do" not in shown["x"]
    assert live.world._machine("x")._oauth._state.generations == {"x": 1}
    assert "delete Clarion's app password" in shown["bluesky"]
    assert "delete Clarion below Preferences" in shown["mastodon"]  # its token was made by hand
    assert SessionFile(state / "sessions" / "live", "bluesky").load() is None


def test_a_network_that_is_away_keeps_no_account(live, campaign, state):
    """Somebody whose machine was seen may have to be quick: the rest is told, and done by hand."""
    live.stop()
    answer = live.types("accounts", "remove", "x", "--yes")
    assert "It could not be given back: https://x.com: could not be reached" in answer.stderr
    assert "For you to do: On X, remove your app" in answer.stderr
    assert configured(campaign) == ["mastodon", "bluesky"]
    assert SecretFile(state / "secrets.json", environ={}).get("x") is None


def test_an_account_may_come_back_and_what_was_held_waits_for_people(live, campaign):
    live.types("say", "This waits.", "--at", LATER, "--to", "mastodon", "--yes")
    before = (campaign / "config.toml").read_text()
    live.types("accounts", "remove", "mastodon", "--yes")
    said = live.types("approve", "1", "--yes", code=3).stderr
    assert "its account was removed: clarion accounts add mastodon, or clarion queue cancel 1" in said
    assert [row[0] for row in deliveries(live, "mastodon")] == ["pending"]
    (campaign / "config.toml").write_text(before)
    token = registry.rehearsal("mastodon").secret("mastodon")["access_token"]
    live.types("accounts", "login", "mastodon", "--stdin", stdin=token)
    assert [row[0] for row in deliveries(live, "mastodon")] == ["pending"]
    live.types("approve", "1", "--yes")
    assert [row[0] for row in deliveries(live, "mastodon")] == ["scheduled"]


def test_an_account_may_come_back_under_another_name_and_is_who_it_was(live, campaign):
    live.types("say", "This is up.", "--to", "mastodon", "--yes")
    live.types("publish")
    live.types("say", "This waits.", "--at", LATER, "--to", "mastodon", "--yes")
    before = (campaign / "config.toml").read_text()
    live.types("accounts", "remove", "mastodon", "--yes")
    before = before.replace('handle = "eyes"', 'handle = "mastodon"')  # as the network calls it
    (campaign / "config.toml").write_text(before.replace("[accounts.mastodon]", "[accounts.news]"))
    token = registry.rehearsal("mastodon").secret("mastodon")["access_token"]
    live.types("accounts", "login", "news", "--stdin", stdin=token)
    assert deliveries(live, "mastodon") == []
    assert {row[0] for row in deliveries(live, "news")} == {"sent", "pending"}
    live.types("approve", "2", "--yes")
    assert {row[0] for row in deliveries(live, "news")} == {"sent", "scheduled"}
    live.types("recall", "1", "--yes")
    live.types("publish")
    assert [one.deleted for one in live.accepted("mastodon")] == [True]


def test_who_removed_it_is_on_record(live):
    live.types("say", "This waits.", "--at", LATER, "--to", "mastodon", "--yes")
    live.types("accounts", "remove", "mastodon", "--yes")
    with App(live_bases=live.urls) as app, app.outbox.read() as tx:
        row = tx.execute(sa.select(schema.audit).where(schema.audit.c.action == "account_removed")).one()
        assert (row.subject, row.who, row.detail) == ("mastodon", "vera", "held: #1")
        assert audit.broken(tx) == []


def test_a_rehearsed_account_leaves_too_and_no_live_outbox_is_made(run, campaign, state):
    run("accounts", "remove", "mastodon", "--yes")
    assert configured(campaign) == ["x", "bluesky"]
    assert not (state / "live.sqlite3").exists()


def test_only_an_account_that_is_there_can_leave(run):
    assert "did you mean" in run("accounts", "remove", "mastodn", "--yes", code=2).stderr


def test_what_stays_up_of_a_removed_account_is_told_and_ends_with_a_persons_word(live):
    live.types("say", "This is up.", "--to", "mastodon", "--yes")
    live.types("publish")
    live.types("accounts", "remove", "mastodon", "--yes")
    said = live.types("recall", "1", "--yes", code=1).stderr
    assert "clarion accounts add mastodon, then clarion recall 1" in said
    status = live.types("status").stdout
    assert "is STILL UP: its account is not in config.toml any more" in status
    assert "STILL UP: its account was removed" in live.types("queue", "show", "1").stdout
    assert "would be taken down" not in live.types("publish", "--dry-run").output
    assert "down, deleted by hand" in live.types("queue", "resolve", "1", "--absent", "--yes").stdout
    assert [row[:2] for row in deliveries(live, "mastodon")] == [("recalled", "deleted by hand")]
    assert "STILL UP" not in live.types("status").stdout
