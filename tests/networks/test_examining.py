"""What each network says to a doctor: scopes, the login's end, software, rules, the server's clock."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from json import dumps
from urllib.parse import urlencode

import pytest
import requests

from clarion import networks as registry
from clarion.errors import AccountBlocked
from clarion.model import Scopes
from clarion.networks.bluesky import passwords, tokens
from clarion.networks.mastodon import software
from clarion.networks.rehearsing import Response
from tests.networks.conftest import Connected, Networks
from tests.networks.logging_in import authorise, code_on
from tests.networks.saying import Said, world

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture
def said():
    return Said()


@pytest.fixture
def running(said):
    running = Networks(world(said))
    running.start()
    running.now = NOW
    yield running
    running.stop()


@pytest.fixture
def connect(running):
    connected = Connected(running)
    yield connected
    connected.close()


@pytest.mark.parametrize("network", registry.NAMES)
def test_it_says_what_verify_says_and_more(connect, network):
    found = connect(network).examine()
    assert found.profile == connect(network).verify()
    assert found.scopes == Scopes()
    assert found.server_time == NOW


@pytest.mark.parametrize("network", registry.NAMES)
def test_a_login_that_is_not_taken_is_blocked(connect, network):
    wrong = dict.fromkeys(registry.options(network).SECRETS, "rehearsal.d3Jvbmc.0000")
    with pytest.raises(AccountBlocked):
        connect(network, secret=wrong).examine()


@pytest.mark.parametrize("network", registry.NAMES)
def test_the_servers_clock_is_told(said, connect, network):
    said.headers[""] = {"date": format_datetime(NOW - timedelta(seconds=90), usegmt=True)}
    assert connect(network).examine().server_time == NOW - timedelta(seconds=90)


# ── X ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_x_is_asked_once_because_each_read_costs(said, connect):
    connect("x").examine()
    assert said.asked() == 1


@pytest.mark.parametrize(
    ("level", "scopes"),
    [
        ("read", Scopes(lacks=("write",))),
        ("read-write-directmessages", Scopes(exceeds=("direct messages",))),
        ("", None),
        ("something new", None),
    ],
)
def test_x_tells_in_a_header_what_the_keys_may_do(said, connect, level, scopes):
    said.headers["/2/users/me"] = {"x-access-level": level}
    assert connect("x").examine().scopes == scopes


# ── Mastodon ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("given", "scopes"),
    [
        (["read", "write"], Scopes(exceeds=("read", "write"))),
        (["read:accounts", "read:statuses", "write:media"], Scopes(lacks=("write:statuses",))),
        (["profile", "read:accounts", "read:statuses", "write:media", "write:statuses"], Scopes()),
        ([], None),
        ("read write", None),
    ],
)
def test_mastodon_tells_what_the_app_may_do(said, connect, given, scopes):
    said.bodies["/api/v1/apps/verify_credentials"] = lambda app: app.update(scopes=given)
    assert connect("mastodon").examine().scopes == scopes


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500])
def test_an_older_mastodon_does_not_tell_and_is_examined_all_the_same(said, connect, status):
    said.answers["/api/v1/apps/verify_credentials"] = Response(status=status, body=b'{"error": "no"}')
    found = connect("mastodon").examine()
    assert found.scopes is None
    assert found.software == "Mastodon 4.5.0"
    assert found.rules == ("Speak as yourself.", "Say so when a post is automated.")


def test_a_token_given_by_a_login_may_do_what_its_app_may(running, connect):
    token = token_of_an_app(running.urls["mastodon"], "read write:statuses")
    found = connect("mastodon", secret={"access_token": token}).examine()
    assert found.scopes == Scopes(lacks=("write:media",), exceeds=("read",))


def token_of_an_app(url: str, scopes: str) -> str:
    """What somebody gets who makes an app of their own and logs in to it as “voice”."""
    back = {"redirect_uris": "urn:ietf:wg:oauth:2.0:oob", "scopes": scopes}
    app = requests.post(f"{url}/api/v1/apps", data={"client_name": "Mine", **back}, timeout=10).json()
    asked = {"response_type": "code", "client_id": app["client_id"], "scope": scopes}
    asked["redirect_uri"] = back["redirect_uris"]
    code = code_on(authorise(f"{url}/oauth/authorize?{urlencode(asked)}", "voice"))
    given = {key: app[key] for key in ("client_id", "client_secret")}
    given |= {"grant_type": "authorization_code", "code": code, "redirect_uri": back["redirect_uris"]}
    return str(requests.post(f"{url}/oauth/token", data=given, timeout=10).json()["access_token"])


@pytest.mark.parametrize(
    ("version", "source", "name", "says"),
    [
        ("4.5.0", "https://github.com/mastodon/mastodon", "Mastodon 4.5.0", None),
        ("4.6.3", "https://github.com/mastodon/mastodon", "Mastodon 4.6.3", "with an error though it is up"),
        ("4.6.10", "https://github.com/mastodon/mastodon", "Mastodon 4.6.10", None),
        ("4.4.1+glitch", "https://github.com/glitch-soc/mastodon", "Mastodon (glitch) 4.4.1", None),
        (
            "0.17.3 git-6a8af42",
            "https://codeberg.org/superseriousbusiness/gotosocial",
            "GoToSocial 0.17.3",
            "by its key",
        ),
        ("0.6.5", "https://github.com/fedify-dev/hollo", "Hollo 0.6.5", "two requests at once"),
        ("2.7.2 (compatible; Pleroma 2.9.1)", "https://pleroma.example", "Pleroma 2.9.1", "an old error"),
        ("2.7.2 (compatible; Akkoma 3.13.2-0-gdeadbee)", "", "Akkoma 3.13.2", "an old error"),
        ("", "", None, None),
    ],
)
def test_servers_that_treat_repeats_differently_are_known_by_what_they_say(version, source, name, says):
    found = software.named({"version": version, "source_url": source})
    assert found == name
    assert (says or "") in (software.peculiar(found) or "")
    assert (software.peculiar(found) is None) == (says is None)


# ── Bluesky ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_bluesky_login_ends_after_90_days_unless_it_is_renewed(running, connect):
    publisher = connect("bluesky")
    assert publisher.examine().ends_at == NOW + timedelta(days=90)
    running.now = NOW + timedelta(days=1)
    assert publisher.examine().ends_at == NOW + timedelta(days=91)


def test_the_accounts_own_password_may_do_too_much(connect):
    own = {"app_password": passwords.own_password("voice"), "identifier": "voice"}
    assert connect("bluesky", secret=own).examine().scopes == Scopes(
        exceeds=("everything, because it is the account's own password",)
    )


@pytest.mark.parametrize("token", ["", "a.b", "a.!!.c", f"a.{urlsafe_b64encode(b'[]').decode()}.c"])
def test_a_token_of_another_shape_says_nothing(token):
    assert tokens.scope(token) is None
    assert tokens.ends_at(token) is None


def test_an_end_that_no_calendar_has_is_none():
    body = urlsafe_b64encode(dumps({"exp": 1e30, "scope": 7}).encode()).decode().rstrip("=")
    assert tokens.ends_at(f"a.{body}.c") is None
    assert tokens.scope(f"a.{body}.c") is None
