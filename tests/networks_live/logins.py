"""Logging in to the real servers: a PDS's own app passwords, and what it says of a session that the account's own opened.

Run by `make test-networks`, or: python -m pytest tests/networks_live/logins.py
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from clarion import networks as registry
from clarion.errors import AccountBlocked
from clarion.model import Account, Identity
from clarion.networks.base import Connection
from clarion.networks.http import Session
from tests.networks.conftest import MemorySessions
from tests.networks_live.bluesky_server import PASSWORD, Login, Pds


@contextmanager
def connection(pds: Pds, login: Login, sessions: MemorySessions, **secret: str) -> Iterator[Connection]:
    account = Account(
        name="voice",
        network="bluesky",
        handle=login.handle,
        server="https://bsky.example",
        identity=Identity(network="bluesky", origin="https://bsky.example", remote_id=""),
        limits=registry.options("bluesky").LIMITS,
    )
    http = Session(loopback_only=True, seconds=30)

    def no_media(_sha256: str) -> bytes:
        raise AssertionError("a login loads no media")

    yield Connection(
        account=account, secret=secret, base=pds.url, http=http, sessions=sessions, media=no_media
    )
    http.close()


def test_an_app_password_opens_a_session_that_is_kept_and_ended(pds: Pds) -> None:
    login, sessions = pds.account("login"), MemorySessions()
    module = registry.login("bluesky")
    assert module.doubt("app_password", login.app_password) is None
    with connection(pds, login, sessions) as to:
        flow = module.begin(to)
        assert flow.open({"app_password": login.app_password}) is None
        secret = flow.finish()
    assert secret == {"app_password": login.app_password}
    assert sessions.tokens is not None
    assert sessions.tokens["did"] == login.did
    with connection(pds, login, sessions, **secret) as to:
        assert registry.publisher("bluesky").connect(to).verify().identity.remote_id == login.did
        assert not module.revoke(to)
    assert refreshed(pds, sessions) == 400


def test_the_accounts_own_password_is_known_by_what_it_opens(pds: Pds) -> None:
    login, sessions = pds.account("login"), MemorySessions()
    assert registry.login("bluesky").doubt("app_password", PASSWORD)
    with connection(pds, login, sessions) as to:
        flow = registry.login("bluesky").begin(to)
        flow.open({"app_password": PASSWORD})
        with pytest.raises(AccountBlocked, match="is not kept"):
            flow.finish()
    assert refreshed(pds, sessions) == 400


def test_a_wrong_app_password_is_named(pds: Pds) -> None:
    login = pds.account("login")
    with connection(pds, login, MemorySessions()) as to:
        flow = registry.login("bluesky").begin(to)
        flow.open({"app_password": "abcd-efgh-2345-mnop"})
        with pytest.raises(AccountBlocked, match="does not take this app password"):
            flow.finish()


def refreshed(pds: Pds, sessions: MemorySessions) -> int:
    """The status of an attempt to renew the session."""
    assert sessions.tokens is not None
    answer = requests.post(
        f"{pds.url}/xrpc/com.atproto.server.refreshSession",
        headers={"Authorization": f"Bearer {sessions.tokens['refresh']}"},
        timeout=30,
    )
    return answer.status_code
