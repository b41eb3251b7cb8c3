"""Rehearsal networks for a test: real servers on 127.0.0.1 in a thread, with nothing accepted yet, and publishers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

import pytest

from clarion import networks as registry
from clarion.model import Account, Identity
from clarion.networks.base import Connection, Publisher, Shown
from clarion.networks.http import Session
from clarion.networks.rehearsing import Accepted
from clarion.rehearsal.faults import Fault
from clarion.rehearsal.server import Carrier, bind
from clarion.rehearsal.world import World


class Networks:
    """The rehearsal networks of one test."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self._carrier = Carrier(self.world, bind((*self.world.names, "control"), {}))
        self.urls: Mapping[str, str] = self._carrier.urls
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        ready = threading.Event()
        self._thread = threading.Thread(target=self._carrier.run, args=(ready.set,), daemon=True)
        self._thread.start()
        assert ready.wait(10), "the rehearsal networks did not start"

    def stop(self) -> None:
        """Stop answering; stopping twice is harmless."""
        if self._thread is not None:
            self._carrier.stop()
            self._thread.join(10)
            assert not self._thread.is_alive()
            self._thread = None

    def fault(
        self,
        network: str,
        kind: str,
        *,
        account: str | None = None,
        on: str | None = None,
        count: int | None = 1,
        seconds: float = 1.0,
    ) -> None:
        """Arm a fault; the kinds are in `rehearsal/faults.py`."""
        self.world.arm(
            Fault(network=network, kind=kind, account=account, on=on, count=count, seconds=seconds)
        )

    def accepted(self, network: str) -> list[Accepted]:
        return self.world.accepted(network)

    def timeline(self, network: str) -> list[Shown]:
        return self.world.timeline(network)

    @property
    def now(self) -> datetime:
        return self.world.now()

    @now.setter
    def now(self, at: datetime | None) -> None:
        """Simulated time, which only grows; None: the wall's."""
        self.world.set_now(at)


class MemorySessions:
    """A SessionStore in memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.tokens: dict[str, str] | None = None

    def load(self) -> Mapping[str, str] | None:
        return self.tokens

    def save(self, tokens: Mapping[str, str]) -> None:
        assert tokens, "a good token must never be overwritten with nothing"
        self.tokens = dict(tokens)

    @contextmanager
    def locked(self) -> Iterator[None]:
        with self._lock:
            yield


class HasUrls(Protocol):
    """Rehearsal networks in this process (`Networks`) or in their own (`rehearsal.running.Running`)."""

    @property
    def urls(self) -> Mapping[str, str]: ...


class Connected:
    """Makes publishers whose sessions are closed when the test ends. `media` holds the bytes they may load."""

    def __init__(
        self,
        networks: HasUrls,
        *,
        account: Callable[[str, str], Account] | None = None,
        secret: Callable[[str, str], Mapping[str, str]] | None = None,
    ) -> None:
        """`account` and `secret` of a network and a name: the rehearsal's, where they are not given."""
        self._networks = networks
        self._account = account or account_on
        self._secret = secret or _rehearsed_secret
        self._sessions: list[Session] = []
        self.media: dict[str, bytes] = {}

    def __call__(
        self,
        network: str,
        account: str = "voice",
        *,
        secret: Mapping[str, str] | None = None,
        seconds: float = 3.0,
        sessions: MemorySessions | None = None,
        resend: bool = False,
    ) -> Publisher:
        base = self._networks.urls[network]
        http = Session(
            loopback_only=True,
            seconds=seconds,
            rewrite=_rewrite(network, base),
        )
        self._sessions.append(http)
        return registry.publisher(network).connect(
            Connection(
                account=self._account(network, account),
                secret=self._secret(network, account) if secret is None else secret,
                base=base,
                http=http,
                sessions=sessions or MemorySessions(),
                media=self._load,
                resend_when_absent=resend,
            )
        )

    def _load(self, sha256: str) -> bytes:
        return self.media[sha256]

    def close(self) -> None:
        for session in self._sessions:
            session.close()


def account_on(network: str, name: str = "voice") -> Account:
    """The account of this name as the outbox pins it in rehearsal."""
    return Account(
        name=name,
        network=network,
        handle=name,
        server=f"https://{network}.example",
        identity=Identity(
            network=network,
            origin=f"rehearsal:{network}",
            remote_id=registry.rehearsal(network).remote_id(name),
        ),
        limits=registry.options(network).LIMITS,
    )


def _rehearsed_secret(network: str, name: str) -> Mapping[str, str]:
    return registry.rehearsal(network).secret(name)


def _rewrite(network: str, base: str) -> tuple[str, str] | None:
    """As in accounts/connections.py: an SDK with a hard-coded host signs that one, and is sent here."""
    signed = getattr(registry.options(network), "BASE", None)
    return (signed, base) if signed else None


@pytest.fixture
def networks() -> Iterator[Networks]:
    running = Networks()
    running.start()
    yield running
    running.stop()


@pytest.fixture
def connect(networks: Networks) -> Iterator[Connected]:
    connected = Connected(networks)
    yield connected
    connected.close()
