"""The contract's stages on real servers: a Bluesky PDS, and mastodon_mock. See `tests/networks/stage.py`."""

from __future__ import annotations

from collections.abc import Mapping

from clarion import networks as registry
from clarion.model import Account, Identity
from clarion.networks.base import SessionStore
from clarion.networks.rehearsing import Rehearsal
from tests.networks.stage import Carried
from tests.networks_live.bluesky_server import Login as BlueskyLogin
from tests.networks_live.bluesky_server import Pds, PdsBooks
from tests.networks_live.mastodon_server import Login as MastodonLogin
from tests.networks_live.mastodon_server import Mock, MockBooks
from tests.networks_live.relay import Relay

#: A request's deadline, in seconds: a busy machine makes a real server slow.
_PATIENCE = 15.0
_NO_QUIRKS = {
    "silent_drop": "a real server does not lie on demand; rehearsed in make test",
    "recall_ignored": "a real server does not lie on demand; rehearsed in make test",
    "stale_reads": "a real server does not lag on demand; rehearsed in make test",
}


class PdsStage(Carried):
    """A real Bluesky server; every test has its own accounts on it."""

    patience = _PATIENCE
    lacks: Mapping[str, str] = _NO_QUIRKS | {
        "counts": "it asks Bluesky's AppView for them, and here it has none",
        "broken": "it takes what readers see broken: facets that are inverted, unknown labels, posts without a word",
    }

    def __init__(self, pds: Pds) -> None:
        self.pds = pds
        self._logins: dict[str, BlueskyLogin] = {}
        super().__init__("bluesky", f"Bluesky PDS {pds.version}", self._relay)

    def account(self, name: str = "voice") -> Account:
        login = self.login(name)
        server = "https://bluesky.example"
        return Account(
            name=name,
            network="bluesky",
            handle=login.handle,
            server=server,
            identity=Identity(network="bluesky", origin=server, remote_id=login.did),
            limits=registry.options("bluesky").LIMITS,
        )

    def secret(self, name: str = "voice") -> Mapping[str, str]:
        return {"app_password": self.login(name).app_password}

    def login(self, name: str) -> BlueskyLogin:
        if name not in self._logins:
            self._logins[name] = self.pds.account(name)
        return self._logins[name]

    def expire(self, sessions: SessionStore) -> None:
        """Let the access token in the store be one whose time has passed."""
        tokens = dict(sessions.load() or {})
        sessions.save(tokens | {"access": self.pds.expired(tokens["access"])})

    def _relay(self) -> Rehearsal:
        is_create = registry.rehearsal("bluesky").new().is_create
        return Relay(self.pds.url, PdsBooks(self.pds, self._logins), is_create)


class MockStage(Carried):
    """mastodon_mock; every test has its own accounts on it."""

    patience = _PATIENCE
    lacks: Mapping[str, str] = _NO_QUIRKS | {
        "tags": "it names a post's tags beside its text and does not link them in it",
        "too long": "it counts by len() and never the warning",
        "not an image": "it takes any bytes for an image",
        "left out is taken away": "what an edit does not name stays as it was, so that no warning goes",
        "strict": "it takes what servers refuse: a warning beyond the limit, an image twice, an answer to nothing",
    }

    def __init__(self, mock: Mock) -> None:
        self.mock = mock
        self._logins: dict[str, MastodonLogin] = {}
        super().__init__("mastodon", f"mastodon_mock {mock.version}", self._relay)

    def account(self, name: str = "voice") -> Account:
        login = self.login(name)
        server = "https://mastodon.example"
        return Account(
            name=name,
            network="mastodon",
            handle=login.username,
            server=server,
            identity=Identity(network="mastodon", origin=server, remote_id=login.id),
            limits=registry.options("mastodon").LIMITS,
        )

    def secret(self, name: str = "voice") -> Mapping[str, str]:
        return {"access_token": self.login(name).token}

    def login(self, name: str) -> MastodonLogin:
        if name not in self._logins:
            self._logins[name] = self.mock.account(name)
        return self._logins[name]

    def _relay(self) -> Rehearsal:
        is_create = registry.rehearsal("mastodon").new().is_create
        return Relay(self.mock.url, MockBooks(self.mock, self._logins), is_create)
