"""Where the contract is played: one network of one test, whatever serves it.

In: what a test does to a server. Out: publishers, what the server took, what readers see. Every server stands behind the
rehearsal's own carrier, so that a real one can be at fault in the same ways, and all that was asked of it is heard.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

import pytest

from clarion import networks as registry
from clarion.model import Account
from clarion.networks.base import Publisher, SessionStore, Shown
from clarion.networks.rehearsing import Accepted, Rehearsal, Request, Response
from clarion.rehearsal.world import World
from tests.networks.conftest import Connected, MemorySessions, Networks, account_on
from tests.networks.fronts import Front


class Stage(Protocol):
    """See the module."""

    network: str
    title: str  # who serves: "rehearsal", "Bluesky PDS 0.5.35"
    lacks: Mapping[
        str, str
    ]  # what this server cannot show, and why; a fault's kind, or a word of the contract's
    media: dict[str, bytes]  # what publishers may load, by SHA-256

    @property
    def url(self) -> str:
        """Where requests go."""
        ...

    @property
    def now(self) -> datetime:
        """The server's time."""
        ...

    @now.setter
    def now(self, at: datetime) -> None: ...

    def account(self, name: str = "voice") -> Account:
        """An account of this server; made when it is first named."""
        ...

    def secret(self, name: str = "voice") -> Mapping[str, str]:
        """What its server takes for a login."""
        ...

    def connect(
        self,
        name: str = "voice",
        *,
        secret: Mapping[str, str] | None = None,
        seconds: float | None = None,
        sessions: MemorySessions | None = None,
    ) -> Publisher:
        """Its publisher; closed when the test ends. `seconds`: a request's deadline, when not the stage's own."""
        ...

    def accepted(self) -> list[Accepted]:
        """Every create that the server took in this test, oldest first, deleted ones marked: by the server's own books."""
        ...

    def timeline(self) -> list[Shown]:
        """What readers see of this test's accounts, newest first."""
        ...

    def expire(self, sessions: SessionStore) -> None:
        """Let the access token in the store be one whose time has passed (Bluesky)."""
        ...

    def asked(self, ending: str) -> int:
        """How many requests arrived so far whose path ends so."""
        ...

    def fault(self, kind: str, *, on: str | None = None, count: int | None = 1, seconds: float = 1.0) -> None:
        """Be at fault at the next create, or `on` another; kinds and scopes are in `rehearsal/faults.py`."""
        ...

    def stop(self) -> None:
        """Answer nothing any more."""
        ...


def needs(stage: Stage, what: str) -> None:
    """Skip, and say in the log which server lacks what, and why."""
    if what in stage.lacks:
        pytest.skip(f"{stage.title} cannot show it ({what}): {stage.lacks[what]}")


class Carried:
    """A Stage behind the carrier. `serve` gives what answers: the rehearsal's machine, or a relay to a real server."""

    lacks: Mapping[str, str] = {}
    #: A request's deadline, in seconds.
    patience = 3.0

    def __init__(self, network: str, title: str, serve: Callable[[], Rehearsal]) -> None:
        self.network, self.title = network, title
        self.heard: list[Request] = []
        self.networks = Networks(World(new={network: lambda: _Heard(serve(), self.heard)}))
        self.networks.start()
        self._connected = Connected(self.networks, account=self._account, secret=self._secret)
        self.media = self._connected.media

    @property
    def url(self) -> str:
        """Where requests go."""
        return self.networks.urls[self.network]

    @property
    def now(self) -> datetime:
        return self.networks.now

    @now.setter
    def now(self, at: datetime) -> None:
        self.networks.now = at

    def account(self, name: str = "voice") -> Account:
        return account_on(self.network, name)

    def secret(self, name: str = "voice") -> Mapping[str, str]:
        return registry.rehearsal(self.network).secret(name)

    def connect(
        self,
        name: str = "voice",
        *,
        secret: Mapping[str, str] | None = None,
        seconds: float | None = None,
        sessions: MemorySessions | None = None,
    ) -> Publisher:
        within = self.patience if seconds is None else seconds
        return self._connected(self.network, name, secret=secret, seconds=within, sessions=sessions)

    def accepted(self) -> list[Accepted]:
        return self.networks.accepted(self.network)

    def timeline(self) -> list[Shown]:
        return self.networks.timeline(self.network)

    def asked(self, ending: str) -> int:
        return sum(request.path.endswith(ending) for request in self.heard)

    def fault(self, kind: str, *, on: str | None = None, count: int | None = 1, seconds: float = 1.0) -> None:
        assert kind not in self.lacks, f"{self.title} cannot {kind}: a test must ask needs() first"
        self.networks.fault(self.network, kind, on=on, count=count, seconds=seconds)

    def expire(self, sessions: SessionStore) -> None:
        raise NotImplementedError(f"{self.title} has no tokens that expire")

    def stop(self) -> None:
        self.networks.stop()

    def close(self) -> None:
        self._connected.close()
        self.networks.stop()

    def _account(self, network: str, name: str) -> Account:
        return self.account(name)

    def _secret(self, network: str, name: str) -> Mapping[str, str]:
        return self.secret(name)


class RehearsalStage(Carried):
    """Clarion's own strict stand-in."""

    def expire(self, sessions: SessionStore) -> None:
        self.now += timedelta(hours=3)

    def __init__(self, network: str) -> None:
        super().__init__(network, f"{network} in rehearsal", lambda: registry.rehearsal(network).new())


class _Heard(Front):
    """A network that remembers what it was asked."""

    def __init__(self, network: Rehearsal, heard: list[Request]) -> None:
        super().__init__(network)
        self._heard = heard

    def handle(self, request: Request, now: datetime, quirks: frozenset[str] = frozenset()) -> Response:
        self._heard.append(request)
        return super().handle(request, now, quirks)
