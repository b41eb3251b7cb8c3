"""Logging in as an organiser does, at a terminal and a browser, to networks that are local servers."""

from __future__ import annotations

import json
import re
import sqlite3
import tomllib
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from clarion import networks as registry
from clarion.accounts.secrets import SecretFile
from clarion.accounts.sessions import SessionFile
from clarion.app import App
from clarion.app.joining import joining
from clarion.errors import CampaignError, Unavailable
from clarion.networks.bluesky import passwords
from clarion.networks.x import keys
from clarion.trial.demo import make_campaign
from tests.configs import one_each, rewrite_accounts
from tests.networks.logging_in import authorise, code_on

_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/\S+")


@pytest.fixture(autouse=True)
def campaign(here, monkeypatch):
    monkeypatch.setenv("CLARION_AS", "vera")
    make_campaign(here)
    rewrite_accounts(here, one_each("test"))
    return here


@pytest.fixture
def state(campaign):
    with App() as app:
        return app.state


def stored(state, name):
    return SecretFile(state / "secrets.json", environ={}).get(name)


def pinned(state):
    """Every verified account as the live outbox has it: name → (remote id, handle)."""
    with sqlite3.connect(state / "live.sqlite3") as db:
        rows = db.execute("select name, remote_id, handle from account where verified_at is not null")
        return {name: (remote_id, handle) for name, remote_id, handle in rows}


def opens(terminal):
    """The address that the terminal shows."""
    terminal.answer("Open this page:", "")
    while not (found := _ADDRESS.search(terminal.shown)) or not terminal.shown[found.end() :]:
        assert terminal._read()
    return found[0]


def log_in(networks, name, account="eyes", *more, code=0):
    """Walk through an account's login; all that was shown."""
    with networks.terminal("accounts", "login", name, *more) as terminal:
        if name == "x":
            terminal.answer("The app's API key", f"{keys.CONSUMER[0]}\n")
            terminal.answer("Its secret", f"{keys.CONSUMER[1]}\n")
        if name == "bluesky":
            terminal.answer("App password: ", f"{passwords.app_password(account)}\n")
        else:
            question = "PIN from the page: " if name == "x" else "Code from the page: "
            shown = code_on(authorise(opens(terminal), account))
            terminal.answer(question, f"{shown}\n")
        assert terminal.end() == code, terminal.shown
    return terminal.shown


def joined(networks, name, account="eyes"):
    """The same without a terminal, for what comes after it; the profile. Raises what the command would say."""
    given = {
        "x": {"consumer_key": keys.CONSUMER[0], "consumer_secret": keys.CONSUMER[1]},
        "bluesky": {"app_password": passwords.app_password(account)},
    }
    with App(live_bases=networks.urls) as app, app.as_live() as live:
        way = joining(live, name)
        flow = way.begin()
        address = flow.open(given.get(name, {}))
        return way.finish(flow.finish(code_on(authorise(address, account)) if address else None))


# ── the three ways in ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", registry.NAMES)
def test_a_login_keeps_the_secret_and_who_it_is(networks, state, name):
    shown = log_in(networks, name)
    secret = stored(state, name)
    assert set(registry.options(name).SECRETS) <= set(secret)
    assert not any(value in shown for key, value in secret.items() if key != "client_id")
    remote_id, handle = pinned(state)[name]
    assert remote_id == registry.rehearsal(name).remote_id("eyes")
    assert f"“{name}” is @{handle} on https://" in shown
    assert "Rehearsing needs no login." in shown
    assert "Next: clarion live" in shown


def test_with_one_account_connected_the_campaign_goes_live_and_posts(networks):
    joined(networks, "mastodon")
    networks.types("live", "--yes")
    said = networks.types("say", "For real.", "--yes").stderr
    assert "left out: bluesky, x. To add: clarion accounts add bluesky · clarion accounts add x" in said
    networks.types("publish")
    assert [one.text.partition("\n")[0] for one in networks.accepted("mastodon")] == ["For real."]


def test_where_no_account_is_in_each_says_its_own_command_once(networks):
    said = networks.types("live", "--yes", code=2).stderr
    assert all(said.count(f"clarion accounts add {name}") == 1 for name in registry.NAMES)
    assert said.endswith("hint: see to one of them, then: clarion live\n")


def test_adding_an_account_goes_straight_on_to_its_login(networks, state, campaign):
    with networks.terminal("accounts", "add", "news") as terminal:
        terminal.answer("Network", "mastodon\n")
        terminal.answer("Its name there", "@voice@mastodon.test\n")
        terminal.answer("Who owns it", "\n")
        terminal.answer("What it is for", "\n")
        code = code_on(authorise(opens(terminal), "voice"))
        terminal.answer("Code from the page: ", f"{code}\n")
        assert terminal.end() == 0, terminal.shown
    assert code not in terminal.shown.partition("Code from the page:")[2]
    assert stored(state, "news")["access_token"]
    assert tomllib.loads((campaign / "config.toml").read_text())["accounts"]["news"]["handle"] == "voice"


def test_the_price_of_x_is_said_before_anything_is_asked(networks):
    shown = log_in(networks, "x")
    assert 0 < shown.index("$0.201 a post with a link") < shown.index("The app's API key")


def test_a_login_to_x_again_offers_the_apps_keys_that_are_kept(networks, state):
    joined(networks, "x")
    before = stored(state, "x")
    with networks.terminal("accounts", "login", "x") as terminal:
        terminal.answer("Enter for the one that is kept", "\n")
        terminal.answer("Enter for the one that is kept", "\n")
        terminal.answer("PIN from the page: ", f"{code_on(authorise(opens(terminal), 'eyes'))}\n")
        assert terminal.end() == 0, terminal.shown
    assert stored(state, "x") == before  # X gives the same keys; they were not taken back behind our back
    networks.types("accounts", "verify", "x")


def test_the_browser_may_bring_the_code_itself(networks, state, monkeypatch):
    monkeypatch.setenv("BROWSER", "true")
    with networks.terminal("accounts", "login", "mastodon", "--browser") as terminal:
        terminal.answer("open it on this machine:", "")
        while not (found := _ADDRESS.search(terminal.shown)) or not terminal.shown[found.end() :]:
            assert terminal._read()
        to = authorise(found[0], "eyes").headers["Location"]
        assert requests.get(to.replace("?", "icon?"), timeout=10).status_code == 404
        assert "You may close this page." in requests.get(to, timeout=10).text
        assert terminal.end() == 0, terminal.shown
    assert stored(state, "mastodon")["access_token"]
    assert parse_qs(urlsplit(to).query)["code"][0] not in terminal.shown


def test_the_examples_names_are_nobodys_account(networks, campaign):
    make = (campaign / "config.toml").read_text()
    (campaign / "config.toml").write_text(make.replace("https://mastodon.test", "https://mastodon.example"))
    answer = networks.types("accounts", "login", "mastodon", "--stdin", stdin="x", code=2)
    assert "hint: clarion accounts add mastodon" in answer.stderr


def test_no_browser_can_bring_a_pin(networks):
    with networks.terminal("accounts", "login", "x", "--browser") as terminal:
        assert terminal.end() == 2
    assert "the same command without --browser" in terminal.shown


def test_values_from_stdin_are_verified_before_they_are_kept(networks, state):
    token = registry.rehearsal("mastodon").secret("eyes")["access_token"]
    answer = networks.types("accounts", "login", "mastodon", "--stdin", stdin=f"{token}\n")
    assert stored(state, "mastodon") == {"access_token": token}
    assert token not in answer.output
    networks.types("accounts", "login", "bluesky", "--stdin", stdin=passwords.app_password("eyes"))
    tokens: dict[str, str] = SessionFile(state / "sessions" / "live", "bluesky").load() or {}
    assert tokens["did"] == pinned(state)["bluesky"][0]
    wrong = networks.types("accounts", "login", "bluesky", "--stdin", stdin="abcd-efgh-ijkl-mnop", code=2)
    assert "hint: clarion accounts login bluesky" in wrong.stderr
    assert stored(state, "bluesky") == {"app_password": passwords.app_password("eyes")}


# ── what is refused ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_browser_logged_in_to_a_private_account_connects_nothing(networks, state):
    shown = log_in(networks, "mastodon", "vera-private", code=2)
    assert "this login is for @vera-private, and config.toml says @eyes; nothing is kept" in shown
    assert "clarion accounts login mastodon" in shown
    assert stored(state, "mastodon") is None
    assert pinned(state) == {}
    held = networks.world._machine("mastodon")._oauth._state.tokens
    assert [each["revoked"] for each in held.values()] == [True]


@pytest.mark.parametrize("name", registry.NAMES)
def test_another_account_than_the_verified_one_is_refused_and_the_good_secret_stays(
    networks, state, campaign, name
):
    joined(networks, name)
    before, session = stored(state, name), SessionFile(state / "sessions" / "live", name).load()
    config = campaign / "config.toml"
    config.write_text(re.sub('handle = "eyes(.test)?"', r'handle = "voice\1"', config.read_text()))
    with pytest.raises(CampaignError, match=f"“{name}” was verified as @eyes.*: another account"):
        joined(networks, name, "voice")
    assert stored(state, name) == before
    assert SessionFile(state / "sessions" / "live", name).load() == session
    config.write_text(re.sub('handle = "voice(.test)?"', r'handle = "eyes\1"', config.read_text()))
    networks.types("accounts", "verify", name)


def test_verifying_a_token_of_another_account_is_refused_in_words(networks, state):
    joined(networks, "mastodon")
    with App(live_bases=networks.urls) as app:
        app.secrets.set("mastodon", registry.rehearsal("mastodon").secret("voice"))
    answer = networks.types("accounts", "verify", "mastodon", code=2)
    assert "“mastodon” was verified as @eyes" in answer.stderr
    assert "its secret is now @voice's" in answer.stderr


def test_the_accounts_own_password_is_asked_about_and_then_refused(networks, state):
    own = passwords.own_password("eyes")
    with networks.terminal("accounts", "login", "bluesky") as terminal:
        terminal.answer("App password: ", f"{own}\n")
        terminal.answer("Go on with it all the same?", "n\n")
        terminal.answer("App password: ", f"{own}\n")
        terminal.answer("Go on with it all the same?", "y\n")
        assert terminal.end() == 2
    assert "This does not look like an app password" in terminal.shown
    assert "it is not kept" in terminal.shown
    assert own not in terminal.shown
    assert stored(state, "bluesky") is None


@pytest.mark.parametrize(
    ("name", "question"), [("x", "PIN from the page: "), ("mastodon", "Code from the page: ")]
)
def test_a_code_with_a_slip_is_asked_for_again(networks, state, name, question):
    with networks.terminal("accounts", "login", name) as terminal:
        if name == "x":
            terminal.answer("The app's API key", f"{keys.CONSUMER[0]}\n")
            terminal.answer("Its secret", f"{keys.CONSUMER[1]}\n")
        code = code_on(authorise(opens(terminal), "eyes"))
        terminal.answer(question, f"{code}9\n")
        terminal.answer("type it again", "")
        terminal.answer(question, f"{code}\n")
        assert terminal.end() == 0, terminal.shown
    assert stored(state, name)


def test_a_wrong_code_keeps_what_was_there(networks, state):
    joined(networks, "mastodon")
    before = stored(state, "mastodon")
    with networks.terminal("accounts", "login", "mastodon") as terminal:
        opens(terminal)
        for _ in range(3):
            terminal.answer("Code from the page: ", "not-the-code\n")
        assert terminal.end() == 2
    assert "does not take this code" in terminal.shown
    assert stored(state, "mastodon") == before


def test_a_new_login_gives_the_old_token_back(networks, state):
    joined(networks, "mastodon")
    old = stored(state, "mastodon")["access_token"]
    joined(networks, "mastodon")
    tokens = networks.world._machine("mastodon")._oauth._state.tokens
    assert {token: each["revoked"] for token, each in tokens.items()} == {
        old: True,
        stored(state, "mastodon")["access_token"]: False,
    }


def test_the_same_token_again_stays_good_and_can_still_be_taken_back(networks, state):
    joined(networks, "mastodon")
    before = stored(state, "mastodon")
    networks.types("accounts", "login", "mastodon", "--stdin", stdin=f"{before['access_token']}\n")
    assert stored(state, "mastodon") == before
    [held] = networks.world._machine("mastodon")._oauth._state.tokens.values()
    assert held["revoked"] is False
    networks.types("accounts", "verify", "mastodon")


def test_a_token_of_another_app_takes_the_place_of_the_old_one_and_its_app(networks, state):
    joined(networks, "mastodon")
    old = stored(state, "mastodon")["access_token"]
    tokens = networks.world._machine("mastodon")._oauth._state.tokens
    tokens["made-by-hand-4711"] = dict(tokens[old])
    networks.types("accounts", "login", "mastodon", "--stdin", stdin="made-by-hand-4711\n")
    assert stored(state, "mastodon") == {"access_token": "made-by-hand-4711"}
    assert {token: each["revoked"] for token, each in tokens.items()} == {
        old: True,
        "made-by-hand-4711": False,
    }


def test_the_same_app_password_again_closes_the_session_that_nobody_will_use(networks, state):
    joined(networks, "bluesky")
    kept = SessionFile(state / "sessions" / "live", "bluesky")
    old = kept.load()
    assert old is not None
    joined(networks, "bluesky")
    assert kept.load() != old
    networks.types("accounts", "verify", "bluesky")
    asked = requests.post(
        f"{networks.urls['bluesky']}/xrpc/com.atproto.server.refreshSession",
        headers={"Authorization": f"Bearer {old['refresh']}"},
        timeout=10,
    )
    assert asked.status_code == 400


def test_a_network_that_is_away_says_when_to_try_again(networks, state):
    networks.stop()
    with networks.terminal("accounts", "login", "mastodon") as terminal:
        assert terminal.end() == 1
    said = "https://mastodon.test: could not be reached: nobody answers there"
    assert said in terminal.shown
    assert "hint: try again later: clarion accounts login mastodon; " in terminal.shown
    assert "clarion accounts add mastodon --server https://…" in terminal.shown
    assert "Errno" not in terminal.shown


def test_a_dead_token_is_mended_by_logging_in_again(networks, state):
    joined(networks, "mastodon")
    networks.types("live", "--yes")
    networks.types("say", "It waits.", "--yes")
    tokens = networks.world._machine("mastodon")._oauth._state.tokens
    for each in tokens.values():
        each["revoked"] = True
    networks.types("publish", code=0)
    assert networks.accepted("mastodon") == []
    joined(networks, "mastodon")
    networks.types("publish")
    assert [one.text.partition("\n")[0] for one in networks.accepted("mastodon")] == ["It waits."]


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "socks5h://127.0.0.1:9"])
def test_a_login_never_goes_past_the_accounts_proxy(networks, campaign, proxy):
    path = campaign / "config.toml"
    path.write_text(path.read_text().replace("[accounts.bluesky]", f'[accounts.bluesky]\nproxy = "{proxy}"'))
    with pytest.raises(Unavailable):
        joined(networks, "bluesky")
    assert networks.world._machine("bluesky")._state.issued == 0


def test_the_list_says_when_a_server_was_last_asked(networks, state):
    joined(networks, "mastodon")
    rows = {row["account"]: row for row in json.loads(networks.types("accounts", "list", "--json").stdout)}
    assert rows["mastodon"]["verified_at"]
    assert (rows["mastodon"]["characters"], rows["x"]["verified_at"]) == (500, None)
    assert "today" in networks.types("accounts", "list").stdout
    with sqlite3.connect(state / "live.sqlite3") as db:
        db.execute("update account set verified_at = verified_at - 41 * 86400 * 1000000")
    assert "41 days ago" in networks.types("accounts", "list").stdout


# ── other stores of secrets ───────────────────────────────────────────────────────────────────────────────────


def store(campaign, kind):
    path = campaign / "config.toml"
    path.write_text(path.read_text().replace('store = "file"', f'store = "{kind}"'))


def test_a_store_that_clarion_only_reads_says_what_belongs_where(run, campaign, networks):
    store(campaign, "environment")
    answer = run("accounts", "login", "x", code=2)
    assert "CLARION_SECRET_X_CONSUMER_KEY" in answer.stderr
    assert "then clarion accounts verify x" in answer.stderr
    answer = run("accounts", "add", "news", "--network", "bluesky", "--handle", "voice.test")
    assert "CLARION_SECRET_NEWS_APP_PASSWORD" in answer.stderr
    assert "[accounts.news]" in (campaign / "config.toml").read_text()


def test_what_stands_in_the_environment_is_verified(campaign, networks, monkeypatch, state):
    store(campaign, "environment")
    token = registry.rehearsal("mastodon").secret("eyes")["access_token"]
    monkeypatch.setenv("CLARION_SECRET_MASTODON_ACCESS_TOKEN", token)
    networks.types("accounts", "verify", "mastodon")
    networks.types("live", "--yes")
    networks.types("say", "From a container.", "--yes")
    networks.types("publish")
    assert len(networks.accepted("mastodon")) == 1
    assert not (state / "secrets.json").exists()


def test_credentials_of_a_service_are_verified(campaign, networks, monkeypatch, tmp_path):
    store(campaign, "credentials")
    path = tmp_path / "mastodon.access_token"
    path.write_text(registry.rehearsal("mastodon").secret("eyes")["access_token"])
    path.chmod(0o400)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    networks.types("accounts", "verify", "mastodon")


def test_a_variable_that_stands_before_the_file_is_said_before_anybody_logs_in(run, monkeypatch):
    monkeypatch.setenv("CLARION_SECRET_MASTODON_ACCESS_TOKEN", "old")
    answer = run("accounts", "login", "mastodon", code=2)
    assert "unset CLARION_SECRET_MASTODON_ACCESS_TOKEN" in answer.stderr
