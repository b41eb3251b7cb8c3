"""A network that gives one answer, and what becomes of a delivery: the real publisher, worker and outbox.

In: an answer to the create or to a look. Out: what the publisher made of it, where the delivery stands then.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from clarion import networks as registry
from clarion.errors import PublishError
from clarion.model import Account, Receipt, Staged
from clarion.networks.base import Publisher
from clarion.networks.rehearsing import Rehearsal, Request, Response
from clarion.outbox import accounts
from clarion.publishing.tally import Event
from clarion.publishing.worker import Worker
from clarion.rehearsal.world import World
from tests.desk import Desk
from tests.networks.conftest import Connected, MemorySessions, Networks, account_on
from tests.networks.fronts import Front

OPEN, CLOSED, WAITS = "open", "closed", "waits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Says:
    """An answer in place of the network's own."""

    status: int
    body: object = b""
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        raw = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        return Response(
            status=self.status, headers={"content-type": "application/json", **self.headers}, body=raw
        )


def says(status: int, body: object = b"", **headers: str) -> Says:
    return Says(
        status=status, body=body, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


#: Nobody listens.
AWAY = "away"


class Server(Front):
    """A rehearsal network that says what a row wants, once to a create, always to a look."""

    def __init__(self, network: Rehearsal) -> None:
        super().__init__(network)
        self.create: Says | None = None
        self.look: Says | None = None

    def handle(self, request: Request, now: datetime, quirks: frozenset[str] = frozenset()) -> Response:
        if self.is_create(request) and self.create is not None:
            said, self.create = self.create, None
            return said.response()
        if request.method == "GET" and self.look is not None:
            return self.look.response()
        return super().handle(request, now, quirks)


class Place:
    """One network, one account, one post that is due; a worker that stops after the first thing it tells."""

    def __init__(self, network: str, desk: Desk, *, seconds: float = 5) -> None:
        self.desk = desk
        self.network = network
        self.server = Server(registry.rehearsal(network).new())
        self.networks = Networks(World(new={network: lambda: self.server}))
        self.networks.start()
        self.networks.now = desk.now
        self.connected = Connected(self.networks)
        sessions = MemorySessions()
        # Logged in before: what follows strikes the create, or the look, and nothing else.
        self.connected(network, seconds=20, sessions=sessions).verify()
        self.publisher = _Heard(self.connected(network, seconds=seconds, sessions=sessions))
        self.account = account_on(network)
        with desk.outbox.write() as tx:
            accounts.pin(tx, self.account, verified=True)
        desk.names.append(self.account.name)
        self.number = desk.queue(self.account, "They are not alone.")
        desk.approve(self.number)

    def close(self) -> None:
        self.connected.close()
        self.networks.stop()

    def answer(self, what: Says | str | None, on: str) -> None:
        """To the create, or to other requests: an answer, a fault of the rehearsal's, or what the network says."""
        if what == AWAY:
            self.networks.stop()
        elif isinstance(what, str):
            self.networks.fault(self.network, what, on=on, seconds=30)
        elif on == "create":
            self.server.create = what
        else:
            self.server.look = what

    def run(self) -> None:
        told: list[Event] = []
        worker = Worker(
            outbox=self.desk.outbox,
            publishers=self,
            terms=self.desk.terms(),
            tell=told.append,
            halted=lambda: bool(told),
            patience=timedelta(0),
            sleep=lambda _seconds: None,
        )
        worker.drain()

    def later(self, by: timedelta) -> None:
        self.desk.later(seconds=by.total_seconds())
        self.networks.now = self.desk.now

    @contextmanager
    def of(self, account: Account) -> Iterator[Publisher]:
        yield self.publisher

    def stands(self) -> tuple[Sequence[str], str]:
        """The delivery's state, and whether others of its account may go."""
        with self.desk.outbox.read() as tx:
            [standing] = accounts.standings(tx)
        until = standing.blocked_until
        if until is None:
            return self.desk.states(self.number), OPEN
        long = until - self.desk.now > timedelta(days=2)
        return self.desk.states(self.number), CLOSED if long else WAITS


class _Heard:
    """A publisher; what was sent is kept, and what came of sending and of looking."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self.sent: list[Staged] = []
        self.came: list[object] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._publisher, name)

    def send(self, staged: Staged) -> Receipt:
        self.sent.append(staged)
        try:
            return self._publisher.send(staged)
        except PublishError as error:
            self.came.append(error)
            raise

    def find(self, *args: Any) -> Any:
        try:
            found = self._publisher.find(*args)
        except PublishError as error:
            self.came.append(error)
            raise
        self.came.append(found)
        return found
