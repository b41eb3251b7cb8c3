"""Connecting accounts, over real sockets: each network's login against its rehearsal, and the rehearsal against clients
that are not ours, so that the two cannot agree on something no real server does."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import mastodon
import pytest
import requests
from requests.adapters import HTTPAdapter
from requests_oauthlib import OAuth1Session

from clarion import networks as registry
from clarion.errors import AccountBlocked, PublishError, Unavailable
from clarion.networks.base import Connection
from clarion.networks.bluesky import passwords
from clarion.networks.http import Session
from clarion.networks.logins import Login, Return
from clarion.networks.mastodon import login as mastodon_login
from clarion.networks.x import keys
from clarion.networks.x.options import BASE
from tests.networks.conftest import Connected, MemorySessions, Networks, account_on
from tests.networks.logging_in import authorise, code_on, page

AT = datetime(2027, 3, 1, 9, tzinfo=UTC)


def no_media(sha256: str) -> bytes:
    raise AssertionError("a login loads no media")


@contextmanager
def connection(
    networks: Networks,
    network: str,
    secret: Mapping[str, str] | None = None,
    *,
    sessions: MemorySessions | None = None,
    base: str | None = None,
) -> Iterator[Connection]:
    base = base or networks.urls[network]
    signed = getattr(registry.options(network), "BASE", None)
    http = Session(loopback_only=True, seconds=3.0, rewrite=(signed, base) if signed else None)
    account = account_on(network, "voice")
    yield Connection(
        account=replace(account, handle="voice.test") if network == "bluesky" else account,
        secret=secret or {},
        base=base,
        http=http,
        sessions=sessions or MemorySessions(),
        media=no_media,
    )
    http.close()


@pytest.fixture
def login(networks: Networks) -> Iterator[object]:
    """Begins a login: `login("mastodon")`."""
    opened = []

    def begin(network: str, sessions: MemorySessions | None = None) -> Login:
        manager = connection(networks, network, sessions=sessions)
        opened.append(manager)
        return registry.login(network).begin(manager.__enter__())

    yield begin
    for manager in opened:
        manager.__exit__(None, None, None)


def connected(login, network, account="voice"):
    """Log in as a person would; the secret."""
    flow = login(network)
    given = {
        "x": {"consumer_key": keys.CONSUMER[0], "consumer_secret": keys.CONSUMER[1]},
        "mastodon": {},
        "bluesky": {"app_password": passwords.app_password(account)},
    }
    address = flow.open(given[network])
    return flow.finish(code_on(authorise(address, account)) if address else None)


def walk_through(flow: Login) -> None:
    """Every step, with answers that nobody knows."""
    flow.open({"consumer_key": "a", "consumer_secret": "b", "app_password": "c"})
    flow.finish("1234567")


# ── every network ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("network", registry.NAMES)
def test_what_a_login_gives_is_the_account_that_logged_in(login, connect: Connected, network: str) -> None:
    secret = connected(login, network)
    assert set(registry.options(network).SECRETS) <= set(secret)
    if network == "bluesky":
        secret = {**secret, "identifier": "voice.test"}
    profile = connect(network, "voice", secret=secret).verify()
    assert profile.identity.remote_id == registry.rehearsal(network).remote_id("voice")


@pytest.mark.parametrize("network", registry.NAMES)
def test_a_server_that_is_away_is_no_wrong_secret(networks: Networks, login, network: str) -> None:
    flow = login(network)
    networks.stop()
    with pytest.raises(Unavailable):
        walk_through(flow)


@pytest.mark.parametrize("network", registry.NAMES)
def test_a_login_follows_no_redirect(networks: Networks, network: str) -> None:
    """What is typed goes to the server that config.toml names, and nowhere else."""
    with redirecting() as (base, asked), connection(networks, network, base=base) as to:
        flow = registry.login(network).begin(to)
        with pytest.raises(PublishError):
            walk_through(flow)
    assert len(asked) == 1


@pytest.mark.parametrize("network", registry.NAMES)
def test_every_login_says_what_a_person_must_know(network: str) -> None:
    module = registry.login(network)
    assert module.BEFORE
    assert module.BY_HAND.endswith(".")
    assert all(sentence.endswith(".") for sentence in module.BEFORE)
    assert all(ask.unseen for ask in (*module.ASKS, *([module.CODE] if module.CODE else [])))


def test_x_says_its_price_first() -> None:
    assert "$0.016 a post" in registry.login("x").BEFORE[0]
    assert "$0.201 a post with a link" in registry.login("x").BEFORE[0]


# ── Mastodon ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_mastodon_is_asked_for_no_more_than_publishing_takes(login) -> None:
    address = login("mastodon").open({})
    shown = page(address).text
    wanted = "read:accounts read:statuses write:media write:statuses"
    assert parse_qs(urlsplit(address).query)["scope"] == [wanted]
    assert all(f"<li>{scope}</li>" in shown for scope in wanted.split())
    assert "Clarion would like to use your account" in shown


def test_mastodons_scopes_are_enough_for_everything_a_publisher_does(login, networks, connect) -> None:
    from tests.networks.test_mastodon_publisher import NOW, delivery

    networks.now = NOW
    publisher = connect("mastodon", "voice", secret=connected(login, "mastodon"))
    sent = delivery("They are not alone.")
    receipt = publisher.send(publisher.stage(sent))
    assert publisher.confirm(sent, receipt)
    assert publisher.find(sent, 1, NOW).receipt == receipt
    publisher.recall(receipt)
    assert [one.deleted for one in networks.accepted("mastodon")] == [True]


@pytest.mark.parametrize("left_out", mastodon_login.SCOPES)
def test_a_token_may_do_nothing_that_was_not_allowed(networks: Networks, left_out: str) -> None:
    """The rehearsal is as strict as Mastodon: without a scope its requests are refused."""
    scopes = [scope for scope in mastodon_login.SCOPES if scope != left_out]
    api = by_mastodon_py(networks.urls["mastodon"], scopes)
    tries = {
        "read:accounts": api.account_verify_credentials,
        "read:statuses": lambda: api.account_statuses("1"),
        "write:statuses": lambda: api.status_post("x", visibility="public"),
        "write:media": lambda: api.media_post(b"x", mime_type="image/png", synchronous=False),
    }
    with pytest.raises(mastodon.MastodonAPIError) as caught:
        tries[left_out]()
    assert caught.value.args[1] == 403


def by_mastodon_py(base: str, scopes: list[str], *, revoke: bool = False) -> mastodon.Mastodon:
    """The same login by the library, which is not ours."""
    client, secret = mastodon.Mastodon.create_app("Another", scopes=scopes, api_base_url=base)
    api = mastodon.Mastodon(
        client_id=client, client_secret=secret, api_base_url=base, ratelimit_method="throw"
    )
    address = api.auth_request_url(scopes=scopes)
    api.log_in(code=code_on(authorise(address, "voice")), scopes=scopes, allow_http=True)
    if revoke:
        api.revoke_access_token(allow_http=True)
    return api


def test_mastodons_own_library_logs_in_and_out_here(networks: Networks) -> None:
    api = by_mastodon_py(networks.urls["mastodon"], list(mastodon_login.SCOPES))
    assert api.account_verify_credentials()["username"] == "voice"
    token = api.access_token
    api.revoke_access_token(allow_http=True)
    api.access_token = token
    with pytest.raises(mastodon.MastodonUnauthorizedError):
        api.account_verify_credentials()


def test_a_mastodon_code_is_good_once(login) -> None:
    flow = login("mastodon")
    code = code_on(authorise(flow.open({}), "voice"))
    flow.finish(f" {code}\n")
    with pytest.raises(AccountBlocked, match="does not take this code") as caught:
        flow.finish(code)
    assert caught.value.hint == "clarion accounts login voice"
    assert code not in caught.value.message


def test_a_mastodon_code_grows_old(login, networks: Networks) -> None:
    networks.now = AT
    flow = login("mastodon")
    code = code_on(authorise(flow.open({}), "voice"))
    networks.now = AT + timedelta(minutes=10)
    with pytest.raises(AccountBlocked, match="too old"):
        flow.finish(code)


def test_a_mastodon_code_is_worth_nothing_to_who_caught_it(login, networks: Networks) -> None:
    """PKCE: without the word that only this login knows, even the app's own secret does not help."""
    flow = login("mastodon")
    code = code_on(authorise(flow.open({}), "voice"))
    said = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": mastodon_login.OUT_OF_BAND,
        **flow._app,
    }
    answer = requests.post(f"{networks.urls['mastodon']}/oauth/token", data=said, timeout=10)
    assert answer.status_code == 400


def test_a_browser_brings_the_code_and_the_word_that_was_sent(login) -> None:
    back = Return(address="http://127.0.0.1:9/abc", state="a-word")
    flow = login("mastodon")
    answer = authorise(flow.open({}, back), "voice")
    to = urlsplit(answer.headers["Location"])
    assert f"{to.scheme}://{to.netloc}{to.path}" == back.address
    said = parse_qs(to.query)
    assert said["state"] == ["a-word"]
    assert flow.finish(said["code"][0])["access_token"]


def test_no_code_goes_to_an_address_that_was_not_registered(login) -> None:
    address = login("mastodon").open({}, Return(address="http://127.0.0.1:9/abc", state="w"))
    assert page(address.replace("127.0.0.1%3A9", "127.0.0.1%3A10")).status_code == 400


def test_fewer_scopes_than_asked_for_are_refused(login) -> None:
    flow = login("mastodon")
    address = flow.open({}).replace("+write%3Astatuses", "")
    with pytest.raises(AccountBlocked, match="did not give Clarion everything it needs: write:statuses"):
        flow.finish(code_on(authorise(address, "voice")))


def test_a_mastodon_token_is_taken_back(login, networks: Networks, connect: Connected) -> None:
    secret = connected(login, "mastodon")
    with connection(networks, "mastodon", secret) as to:
        assert registry.login("mastodon").revoke(to)
        assert registry.login("mastodon").revoke(to)  # twice is harmless
    with pytest.raises(AccountBlocked):
        connect("mastodon", "voice", secret=secret).verify()


def test_a_token_made_by_hand_is_a_persons_to_delete(networks: Networks) -> None:
    with connection(networks, "mastodon", {"access_token": "by-hand"}) as to:
        assert not registry.login("mastodon").revoke(to)


def test_a_server_that_is_no_mastodon_says_so(networks: Networks) -> None:
    with connection(networks, "mastodon", base=networks.urls["x"]) as to:
        flow = registry.login("mastodon").begin(to)
        with pytest.raises(AccountBlocked, match="does not answer as a Mastodon server"):
            flow.open({})


# ── X ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Sender(HTTPAdapter):
    """Sends what another library signed for X to where X is in this test."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._http = Session(loopback_only=True, seconds=3.0, rewrite=(BASE, base))

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        return self._http.send(request)

    def close(self) -> None:
        self._http.close()


def test_the_library_that_tweepy_logs_in_with_logs_in_here(networks: Networks) -> None:
    base = networks.urls["x"]
    with OAuth1Session(keys.CONSUMER[0], client_secret=keys.CONSUMER[1], callback_uri="oob") as first:
        first.mount(BASE, Sender(base))
        token = first.fetch_request_token(f"{BASE}/oauth/request_token")
        address = first.authorization_url(f"{base}/oauth/authorize")
    pin = code_on(authorise(address, "voice"))
    with OAuth1Session(
        keys.CONSUMER[0],
        client_secret=keys.CONSUMER[1],
        resource_owner_key=token["oauth_token"],
        resource_owner_secret=token["oauth_token_secret"],
        verifier=pin,
    ) as second:
        second.mount(BASE, Sender(base))
        given = second.fetch_access_token(f"{BASE}/oauth/access_token")
    assert given["screen_name"] == "voice"
    assert given["oauth_token"] == keys.secret("voice")["access_token"]


def test_x_takes_no_wrong_pin(login) -> None:
    flow = login("x")
    given = {"consumer_key": keys.CONSUMER[0], "consumer_secret": keys.CONSUMER[1]}
    pin = code_on(authorise(flow.open(given), "voice"))
    assert len(pin) == 7
    with pytest.raises(AccountBlocked, match="does not take this PIN"):
        flow.finish(f"{(int(pin) + 1) % 10**7:07}")
    assert flow.finish(f" {pin} ")["access_secret"]


@pytest.mark.parametrize("wrong", ["consumer_key", "consumer_secret"])
def test_x_takes_no_keys_of_another_app(login, wrong: str) -> None:
    given = {"consumer_key": keys.CONSUMER[0], "consumer_secret": keys.CONSUMER[1]} | {
        wrong: "synthetic-4711"
    }
    with pytest.raises(AccountBlocked, match="not right") as caught:
        login("x").open(given)
    assert "clarion accounts login voice" in str(caught.value.hint)
    assert "4711" not in f"{caught.value.message} {caught.value.hint}"


def test_x_gives_the_same_keys_until_they_are_taken_back(
    login, networks: Networks, connect: Connected
) -> None:
    first = connected(login, "x")
    assert connected(login, "x") == first
    with connection(networks, "x", first) as to:
        assert registry.login("x").revoke(to)
    with pytest.raises(AccountBlocked):
        connect("x", "voice", secret=first).verify()
    again = connected(login, "x")
    assert again != first
    assert connect("x", "voice", secret=again).verify().handle == "voice"


def test_an_accounts_key_is_not_taken_for_an_apps() -> None:
    assert registry.login("x").doubt("consumer_key", "1234567890-abcdef")
    assert registry.login("x").doubt("consumer_key", "abcDEF123") is None


# ── Bluesky ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_bluesky_login_opens_the_session_that_is_kept(login, networks: Networks) -> None:
    sessions = MemorySessions()
    flow = login("bluesky", sessions=sessions)
    assert flow.open({"app_password": passwords.app_password("voice")}) is None
    assert flow.finish() == {"app_password": passwords.app_password("voice")}
    assert sessions.tokens is not None
    assert sessions.tokens["did"] == registry.rehearsal("bluesky").remote_id("voice")


def test_a_wrong_app_password_says_what_to_do(login) -> None:
    flow = login("bluesky")
    flow.open({"app_password": "abcd-efgh-ijkl-mnop"})
    with pytest.raises(AccountBlocked, match="take this app password for @voice") as caught:
        flow.finish()
    assert caught.value.hint == "clarion accounts login voice"


def test_the_accounts_own_password_is_not_kept_even_where_it_opens_the_door(login, networks) -> None:
    sessions = MemorySessions()
    flow = login("bluesky", sessions=sessions)
    flow.open({"app_password": passwords.own_password("voice")})
    with pytest.raises(AccountBlocked, match="is not kept"):
        flow.finish()
    assert sessions.tokens is not None
    answer = requests.post(
        f"{networks.urls['bluesky']}/xrpc/com.atproto.server.refreshSession",
        headers={"Authorization": f"Bearer {sessions.tokens['refresh']}"},
        timeout=10,
    )
    assert answer.status_code == 400  # the session that it opened is closed again


def test_what_does_not_look_like_an_app_password_is_doubted() -> None:
    doubt = registry.login("bluesky").doubt
    assert doubt("app_password", "abcd-efgh-2345-mnop") is None
    for typed in ("hunter2hunter2", "abcd-efgh-ijkl", "ABCD-EFGH-IJKL-MNOP", passwords.own_password("voice")):
        assert "does not look like an app password" in str(doubt("app_password", typed))


def test_a_bluesky_session_is_ended_and_the_password_is_a_persons_to_delete(login, networks) -> None:
    sessions = MemorySessions()
    flow = login("bluesky", sessions=sessions)
    flow.open({"app_password": passwords.app_password("voice")})
    secret = flow.finish()
    with connection(networks, "bluesky", secret, sessions=sessions) as to:
        assert not registry.login("bluesky").revoke(to)
        assert not registry.login("bluesky").revoke(to)  # it was over already


# ── below ─────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def redirecting() -> Iterator[tuple[str, list[str]]]:
    """A server that sends every request elsewhere; what it was asked."""
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.send_response(307)
            self.send_header("Location", f"http://127.0.0.1:{server.server_port}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join(10)
    server.server_close()


# ── secrets ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "500_before", "500_after", "429", "429_bare"])
@pytest.mark.parametrize("network", registry.NAMES)
def test_no_secret_of_a_login_is_logged_or_told(
    networks: Networks, network: str, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    """At DEBUG, with every library talking, and through whatever goes wrong at each step."""
    caplog.set_level(logging.DEBUG)
    given = {"consumer_key": keys.CONSUMER[0], "consumer_secret": keys.CONSUMER[1]}
    given["app_password"] = passwords.app_password("voice")
    secrets = {given["consumer_secret"], given["app_password"]}
    told = ""
    for step in range(3):
        with connection(networks, network) as to:
            flow = registry.login(network).begin(to)
            try:
                if step == 0:
                    networks.fault(network, fault, on="any")
                address = flow.open(given)
                with caplog.at_level(logging.WARNING):  # the person's browser is none of ours
                    code = code_on(authorise(address, "voice")) if address else None
                secrets |= {code} if code else set()
                if step == 1:
                    networks.fault(network, fault, on="any")
                secret = flow.finish(code)
                secrets |= {
                    value for key, value in secret.items() if key not in ("client_id", "consumer_key")
                }
                registry.publisher(network).connect(replace(to, secret=secret)).verify()
            except PublishError as error:
                told += "".join(traceback.format_exception(error)) + f"{error.message} {error.hint}"
    assert told
    assert len(secrets) >= 2
    everything = told + caplog.text + "".join(str(record.args) for record in caplog.records)
    assert [secret for secret in secrets if secret in everything] == []
