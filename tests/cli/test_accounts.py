from __future__ import annotations

import json
import stat
import tomllib

import pytest
from click.testing import CliRunner

from clarion.accounts.secrets import SecretFile
from clarion.accounts.sessions import SessionFile
from clarion.app import App
from clarion.cli import clarion
from clarion.errors import AccountBlocked, Unavailable
from clarion.model import Identity, Limits, Profile

TOKEN = "synthetic-token-4711"
APP_PASSWORD = "abcd-efgh-2345-mnop"
MASTODON = ("--handle", "eyes", "--server", "mastodon.test")


@pytest.fixture(autouse=True)
def campaign(run, here):
    run("init", "--yes")
    return here


@pytest.fixture
def app(campaign):
    with App() as app:
        yield app


def written(campaign):
    return tomllib.loads((campaign / "config.toml").read_text())["accounts"]


def stored(app, name):
    return SecretFile(app.state / "secrets.json", environ={}).get(name)


# ── add ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_secret_of_an_account_goes_to_its_private_file_and_nowhere_else(run, campaign, app):
    answer = run("accounts", "add", "mastodon", *MASTODON, "--stdin", stdin=f"{TOKEN}\n")
    assert stored(app, "mastodon") == {"access_token": TOKEN}
    assert stat.S_IMODE((app.state / "secrets.json").stat().st_mode) == 0o600
    assert TOKEN not in answer.output
    assert not any(
        TOKEN in path.read_text(errors="replace") for path in campaign.rglob("*") if path.is_file()
    )
    assert "Next: clarion accounts verify mastodon" in answer.stderr


def test_secrets_of_many_values_come_one_a_line(run, app):
    run("accounts", "add", "x", "--handle", "eyes", "--stdin", stdin="a\nb\n\nc\nd\n")
    assert stored(app, "x") == dict(
        zip(("consumer_key", "consumer_secret", "access_token", "access_secret"), "abcd", strict=True)
    )


def test_too_few_lines_change_nothing(run, campaign, app):
    before = (campaign / "config.toml").read_text()
    answer = run("accounts", "add", "x", "--handle", "eyes", "--stdin", stdin="a\nb\n", code=2)
    assert "hint: one a line: consumer key, consumer secret, access token, access secret" in answer.stderr
    assert stored(app, "x") is None
    assert (campaign / "config.toml").read_text() == before


def test_a_new_account_is_written_to_the_configuration_and_comments_stay(run, campaign, app):
    before = (campaign / "config.toml").read_text()
    run(
        "accounts",
        "add",
        "news",
        "--network",
        "bluesky",
        "--handle",
        "eyes.test",
        "--stdin",
        stdin=APP_PASSWORD,
    )
    after = (campaign / "config.toml").read_text()
    assert after.startswith(before.rstrip("\n"))
    news = written(campaign)["news"]
    assert (news["network"], news["handle"]) == ("bluesky", "eyes.test")
    assert news["purpose"], "the rest is as the example has it"
    assert stored(app, "news") == {"app_password": APP_PASSWORD}


def test_an_account_called_as_its_network_is_on_it_and_spends_no_more_than_the_example_allows(run, campaign):
    (campaign / "config.toml").unlink()
    run("init", "--networks", "mastodon", "--yes")
    run("accounts", "add", "x", "--handle", "eyes", "--stdin", stdin="a\nb\nc\nd\n")
    account = written(campaign)["x"]
    assert (account["network"], account["handle"], account["monthly_cap_usd"]) == ("x", "eyes", 10)


def test_a_pasted_address_is_taken_apart(run, campaign):
    run("accounts", "add", "mastodon", "--handle", "@eyes@mastodon.test", "--stdin", stdin=TOKEN)
    account = written(campaign)["mastodon"]
    assert (account["handle"], account["server"]) == ("eyes", "https://mastodon.test")
    assert account["purpose"]  # the rest of the example's table is kept


def test_who_owns_an_account_can_be_said(run, campaign):
    words = ("--handle", "eyes.test", "--owner", "Us", "--disclosure", "The bot label")
    run("accounts", "add", "bluesky", *words, "--stdin", stdin=APP_PASSWORD)
    assert written(campaign)["bluesky"]["owner"] == "Us"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["news"], "--network is missing"),
        (["news", "--network", "blusky", "--handle", "a"], "did you mean: bluesky"),
        (["news", "--network", "mastodon", "--handle", "a"], "--server is missing"),
        (["News", "--network", "bluesky", "--handle", "a"], "small letters"),
        (["bluesky", "--handle", "my_handle.bsky.social"], "letters, digits, hyphens and a dot"),
        (["bluesky", "--handle", "eyes"], "letters, digits, hyphens and a dot"),
        (["mastodon", "--network", "x"], "this account is on mastodon"),
        (["mastodon", "--server", "http://mastodon.test"], "https://"),
        (["second", "--network", "bluesky", "--handle", "your-campaign.bsky.social"], "the same account"),
    ],
)
def test_what_cannot_be_is_refused_before_a_secret_is_kept(run, campaign, app, words, says):
    before = (campaign / "config.toml").read_text()
    answer = run("accounts", "add", *words, "--stdin", stdin=TOKEN, code=2)
    assert says in answer.stderr
    assert (campaign / "config.toml").read_text() == before
    assert not (app.state / "secrets.json").exists()


def test_nobody_can_be_asked_without_a_terminal(run):
    assert "hint: --stdin" in run("accounts", "add", "mastodon", *MASTODON, code=2).stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "the handle is still the example's, your_campaign\nhint: add --handle"),
        (
            ["--handle", "eyes"],
            "the server is still the example's, https://mastodon.example\nhint: add --server",
        ),
    ],
)
def test_the_names_of_the_example_are_no_answers(run, app, words, says):
    assert says in run("accounts", "add", "mastodon", *words, "--stdin", stdin=TOKEN, code=2).stderr
    assert stored(app, "mastodon") is None


def test_a_secret_with_a_space_is_refused_and_not_repeated(run, app):
    answer = run("accounts", "add", "mastodon", *MASTODON, "--stdin", stdin=f"Bearer {TOKEN}", code=2)
    assert "a secret value has no spaces in it" in answer.stderr
    assert TOKEN not in answer.output
    assert stored(app, "mastodon") is None


def test_a_new_secret_ends_the_old_session(run, app):
    session = SessionFile(app.state / "sessions" / "live", "bluesky")
    session.save({"access": "old"})
    run("accounts", "add", "bluesky", "--handle", "eyes.test", "--stdin", stdin=APP_PASSWORD)
    assert session.load() is None


def test_what_hardly_is_an_app_password_is_refused_where_nobody_can_be_asked(run, app):
    answer = run("accounts", "add", "bluesky", "--handle", "eyes.test", "--stdin", stdin=TOKEN, code=2)
    assert "does not look like an app password" in answer.stderr
    assert TOKEN not in answer.output
    assert stored(app, "bluesky") is None


def test_a_wrong_answer_is_asked_again_and_the_example_is_not_offered(networks, campaign):
    with networks.terminal("accounts", "add", "mastodon") as terminal:
        terminal.answer("Its name there: ", "our campaign\n")
        terminal.answer("one word", "")
        terminal.answer("Its name there: ", "eyes\n")
        terminal.answer("Its server: ", "mastodon.test/@eyes\n")
        terminal.answer("a server is https://", "")
        terminal.answer("Its server: ", "mastodon.test\n")
        terminal.interrupt("Code from the page: ")
        terminal.end()
    assert written(campaign)["mastodon"]["server"] == "https://mastodon.test"
    assert "your_campaign" not in terminal.shown


def test_the_same_account_under_a_second_name_is_asked_again_and_nothing_typed_is_lost(
    run, networks, campaign
):
    run("accounts", "add", "mastodon", *MASTODON, "--stdin", stdin=TOKEN)
    with networks.terminal("accounts", "add", "second", "--owner", "Us") as terminal:
        terminal.answer("Network (x, mastodon, bluesky): ", "mastodon\n")
        terminal.answer("Its name there: ", "Eyes\n")
        terminal.answer("Its server: ", "mastodon.test\n")
        terminal.answer("clarion accounts add mastodon", "")
        terminal.answer("Network (x, mastodon, bluesky) [mastodon]: ", "\n")
        terminal.answer("Its name there [Eyes]: ", "eyes2\n")
        terminal.answer("Its server [https://mastodon.test]: ", "\n")
        terminal.answer("What it is for [News and asks of the campaign]: ", "To be heard\n")
        terminal.interrupt("Code from the page: ")
        terminal.end()
    assert "Eyes on mastodon is the same account as “mastodon”" in terminal.shown
    second = written(campaign)["second"]
    assert (second["handle"], second["server"]) == ("eyes2", "https://mastodon.test")
    assert (second["owner"], second["purpose"]) == ("Us", "To be heard")


def test_another_network_does_not_inherit_the_server_that_was_typed(run, networks, campaign):
    run("accounts", "add", "mastodon", *MASTODON, "--stdin", stdin=TOKEN)
    with networks.terminal("accounts", "add", "second") as terminal:
        terminal.answer("Network", "mastodon\n")
        terminal.answer("Its name there: ", "eyes@mastodon.test\n")
        terminal.answer("Network (x, mastodon, bluesky) [mastodon]: ", "bluesky\n")
        terminal.answer("Its name there [eyes]: ", "eyes.test\n")
        terminal.answer("Who owns it [The campaign]: ", "\n")
        terminal.answer("What it is for", "\n")
        terminal.interrupt("App password: ")
        terminal.end()
    second = written(campaign)["second"]
    assert (second["network"], second["handle"], second.get("server")) == ("bluesky", "eyes.test", None)


def test_a_name_that_is_known_is_offered_again(run, networks):
    run("accounts", "add", "mastodon", *MASTODON, "--stdin", stdin=TOKEN)
    with networks.terminal("accounts", "add", "mastodon") as terminal:
        terminal.answer("Its name there [eyes]: ", "\n")
        terminal.answer("Its server [https://mastodon.test]: ", "\n")
        terminal.interrupt("Code from the page: ")
        terminal.end()


# ── list ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_list_says_which_secrets_are_stored(run):
    run("accounts", "add", "mastodon", *MASTODON, "--stdin", stdin=TOKEN)
    rows = {row["account"]: row for row in json.loads(run("accounts", "list", "--json").stdout)}
    assert {name: row["secret"] for name, row in rows.items()} == {
        "x": "missing",
        "mastodon": "stored",
        "bluesky": "missing",
    }
    assert rows["mastodon"]["languages"] == ["en", "ru"]
    shown = run("accounts", "list")
    assert TOKEN not in shown.output
    assert shown.stdout.split()[:3] == ["ACCOUNT", "NETWORK", "HANDLE"]
    assert shown.stderr.startswith("REHEARSAL")


def test_outside_a_campaign_it_says_how_to_begin(run, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert "hint: clarion init" in run("accounts", "list", code=2).stderr


# ── verify ────────────────────────────────────────────────────────────────────────────────────────────────────


class Networks(App):
    """The campaign, with networks that answer as told."""

    def __init__(self, answers):
        super().__init__()
        self.answers = answers

    def verify(self, name):
        answer = self.answers[name]
        if isinstance(answer, Exception):
            raise answer
        return answer


def profile(*, automated=None):
    return Profile(
        identity=Identity(network="mastodon", origin="https://mastodon.test", remote_id="7"),
        handle="eyes",
        display_name="Eyes",
        limits=Limits(text=500, alt=1500),
        automated=automated,
    )


def verify(answers, *words):
    with Networks(answers) as app:
        return CliRunner().invoke(clarion, ["accounts", "verify", *words], obj=app)


def test_verify_shows_who_the_network_says_it_is():
    answer = verify({"mastodon": profile(automated=False)}, "mastodon", "--json")
    assert answer.exit_code == 0
    assert json.loads(answer.stdout)[0] == {
        "account": "mastodon",
        "network": "mastodon",
        "handle": "eyes",
        "name": "Eyes",
        "server": "https://mastodon.test",
        "characters": 500,
        "automated": "no",
    }


def test_verify_says_how_to_disclose_an_automated_account():
    assert "set the bot flag" in verify({"mastodon": profile(automated=False)}, "mastodon").stderr
    assert "set the bot flag" not in verify({"mastodon": profile(automated=True)}, "mastodon").stderr


def test_the_trouble_of_one_account_does_not_stop_another():
    answers = {"x": AccountBlocked("no", "mend it"), "mastodon": profile(), "bluesky": Unavailable("away")}
    answer = verify(answers)
    assert answer.exit_code == 2
    assert "error: x: no\nhint: mend it\n" in answer.stderr
    assert "error: bluesky: away\nhint: clarion accounts verify bluesky\n" in answer.stderr
    assert "Eyes" in answer.stdout


def test_a_network_that_is_away_is_trouble_not_misconfiguration():
    assert verify({"bluesky": Unavailable("away")}, "bluesky").exit_code == 1


def test_verify_knows_the_names():
    answer = verify({}, "mastodn")
    assert answer.exit_code == 2
    assert "did you mean: clarion accounts verify mastodon" in answer.stderr
