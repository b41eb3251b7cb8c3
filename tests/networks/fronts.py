"""What stands in front of a rehearsal network: it hears what is asked, and may answer in the network's place.

In: the network. Out: the same network, whatever a front does not answer itself.
"""

from __future__ import annotations

from datetime import datetime

from clarion.networks.base import Shown
from clarion.networks.rehearsing import Accepted, Rehearsal, Request, Response


class Front:
    """See `networks.rehearsing.Rehearsal`. By itself it hands everything on; others change `handle`."""

    def __init__(self, network: Rehearsal) -> None:
        self._network = network

    def handle(self, request: Request, now: datetime, quirks: frozenset[str] = frozenset()) -> Response:
        return self._network.handle(request, now, quirks)

    def account_of(self, request: Request) -> str | None:
        return self._network.account_of(request)

    def is_create(self, request: Request) -> bool:
        return self._network.is_create(request)

    def accepted(self) -> list[Accepted]:
        return self._network.accepted()

    def timeline(self, account: str | None = None) -> list[Shown]:
        return self._network.timeline(account)

    def dump(self) -> bytes:
        return self._network.dump()

    def load(self, state: bytes) -> None:
        self._network.load(state)
