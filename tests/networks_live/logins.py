"""`make test-networks`: `accounts login` and `remove` on real servers, from the first question to the token given back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from clarion import networks as registry
from clarion.errors import AccountBlocked
from clarion.networks.base import Connection
from clarion.networks.http import Session
from clarion.networks.logins import Return
from tests.networks.conftest import MemorySessions
from tests.networks.stage import Stage
from tests.networks_live.bluesky_server import PASSWORD, Pds
from tests.networks_live.mastodon_server import Mock
from tests.networks_live.stages import MockStage, PdsStage


@pytest.fixture
def bluesky(pds: Pds) -> Iterator[PdsStage]:
    with closing(PdsStage(pds)) as stage:
        yield stage


@pytest.fixture
def mastodon(mock: Mock) -> Iterator[MockStage]:
    with closing(MockStage(mock)) as stage:
        yield stage


class TestBluesky:
    def test_an_app_password_opens_the_session_that_is_kept(self, bluesky: PdsStage) -> None:
        sessions = MemorySessions()
        secret = _logged_in(bluesky, sessions, bluesky.secret()["app_password"])
        profile = bluesky.connect(secret=secret, sessions=sessions).verify()
        assert profile.identity == bluesky.account().identity
        assert bluesky.asked("createSession") == 1

    def test_the_accounts_own_password_is_not_kept_and_its_session_is_closed(self, bluesky: PdsStage) -> None:
        sessions = MemorySessions()
        with pytest.raises(AccountBlocked, match="is not kept"):
            _logged_in(bluesky, sessions, PASSWORD)
        assert _refreshed(bluesky, sessions) == 400

    def test_a_wrong_password_blocks(self, bluesky: PdsStage) -> None:
        with pytest.raises(AccountBlocked):
            _logged_in(bluesky, MemorySessions(), "abcd-efgh-2345-mnop")

    def test_what_is_removed_is_closed(self, bluesky: PdsStage) -> None:
        sessions = MemorySessions()
        secret = _logged_in(bluesky, sessions, bluesky.secret()["app_password"])
        with _connection(bluesky, secret, sessions) as to:
            assert registry.login("bluesky").revoke(to) is False, (
                "the password itself is a person's to delete"
            )
        assert _refreshed(bluesky, sessions) == 400

    def test_its_app_passwords_look_as_ours_are_looked_at(self, bluesky: PdsStage) -> None:
        doubt = registry.login("bluesky").doubt
        assert doubt("app_password", bluesky.secret()["app_password"]) is None
        assert doubt("app_password", PASSWORD)


class TestMastodon:
    def test_a_code_from_the_page_becomes_a_token_that_is_taken_back(self, mastodon: MockStage) -> None:
        with _connection(mastodon) as to:
            flow = registry.login("mastodon").begin(to)
            page = _allowed(mastodon, str(flow.open({})))
            code = re.search(r"code: ([^<]+)<", page.text)
            assert code is not None
            secret = flow.finish(code[1])
        assert mastodon.connect(secret=secret).verify().identity == mastodon.account().identity
        with _connection(mastodon, secret) as to:
            assert registry.login("mastodon").revoke(to) is True
        with pytest.raises(AccountBlocked):
            mastodon.connect(secret=secret).verify()

    def test_a_browser_brings_the_code_and_the_word_that_was_sent(self, mastodon: MockStage) -> None:
        back = Return(address="http://127.0.0.1:1/back", state="a word")
        with _connection(mastodon) as to:
            flow = registry.login("mastodon").begin(to)
            sent = _allowed(mastodon, str(flow.open({}, back))).headers["Location"]
            said = parse_qs(urlsplit(sent).query)
            assert (sent.partition("?")[0], said["state"]) == (back.address, [back.state])
            secret = flow.finish(said["code"][0])
        assert mastodon.connect(secret=secret).verify().identity == mastodon.account().identity

    def test_a_wrong_code_blocks(self, mastodon: MockStage) -> None:
        with _connection(mastodon) as to:
            flow = registry.login("mastodon").begin(to)
            flow.open({})
            with pytest.raises(AccountBlocked):
                flow.finish("not a code")


def _logged_in(stage: Stage, sessions: MemorySessions, password: str) -> Mapping[str, str]:
    with _connection(stage, sessions=sessions) as to:
        flow = registry.login("bluesky").begin(to)
        flow.open({"app_password": password})
        return flow.finish()


def _refreshed(stage: Stage, sessions: MemorySessions) -> int:
    """What the server answers who would refresh the session in the store."""
    token = (sessions.tokens or {})["refresh"]
    address = f"{stage.url}/xrpc/com.atproto.server.refreshSession"
    return requests.post(address, headers={"Authorization": f"Bearer {token}"}, timeout=20).status_code


def _allowed(stage: MockStage, address: str) -> requests.Response:
    """What a person does on the page: choose the account, and allow it."""
    page = requests.get(address, timeout=20)
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    form = hidden | {"username": stage.login("voice").username}
    return requests.post(f"{stage.url}/oauth/authorize", data=form, timeout=20, allow_redirects=False)


@contextmanager
def _connection(
    stage: Stage, secret: Mapping[str, str] | None = None, sessions: MemorySessions | None = None
) -> Iterator[Connection]:
    http = Session(loopback_only=True, seconds=10.0)
    yield Connection(
        account=stage.account(),
        secret=secret or {},
        base=stage.url,
        http=http,
        sessions=sessions or MemorySessions(),
        media=_no_media,
    )
    http.close()


def _no_media(sha256: str) -> bytes:
    raise AssertionError("a login loads no media")
