"""PostgreSQL's own misfortunes: a backend that dies at any statement, a server that restarts, a commit whose answer is lost.

Each is tried at every place where it can happen, one after the other, until a run passes that it no longer reaches.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Self

import psycopg
import sqlalchemy as sa

from clarion.errors import OutboxBusy
from clarion.model import Account, Delivery, Receipt, Staged
from clarion.networks.base import Absent, Found, Publisher, Sighting
from clarion.publishing.worker import Worker
from tests import postgres
from tests.desk import NOON, Desk, at

#: No run has so many statements or commits.
_FAR = 200


class Network:
    """Takes what it is sent, the same key once; says truly what it has."""

    stage_seconds = 1.0
    send_seconds = 1.0
    repeat_seconds = 3000.0

    def __init__(self) -> None:
        self.taken: dict[tuple[str, int], Receipt] = {}
        self.before_send: Callable[[], None] = lambda: None

    def stage(self, delivery: Delivery) -> Staged:
        return Staged(delivery=delivery)

    def send(self, staged: Staged) -> Receipt:
        self.before_send()
        delivery = staged.delivery
        receipt = Receipt(remote_id=delivery.id, url=f"https://one.example/{delivery.id}", at=NOON)
        return self.taken.setdefault((delivery.id, delivery.generation), receipt)

    def find(self, delivery: Delivery, looks: int, now: datetime) -> Sighting:
        there = self.taken.get((delivery.id, delivery.generation))
        return Found(receipt=there) if there else Absent()

    def confirm(self, delivery: Delivery, receipt: Receipt) -> bool:
        return (delivery.id, delivery.generation) in self.taken

    @contextmanager
    def of(self, account: Account) -> Iterator[Publisher]:
        yield self  # type: ignore[misc]


def publish(desk: Desk, network: Network) -> bool:
    """One run; False when the database was lost in it."""
    worker = Worker(outbox=desk.outbox, publishers=network, terms=desk.terms(), sleep=lambda _: None)
    try:
        worker.drain()
    except OutboxBusy:
        return False
    return True


def queued(desk: Desk, nth: int = 0) -> list[int]:
    """A thread of two parts, and a post of another account."""
    desk.names.clear()
    first = desk.queue(desk.account(f"voice-{nth}"), "one", "two")
    second = desk.queue(desk.account(f"choir-{nth}"), "three")
    for number in (first, second):
        desk.approve(number)
    return [first, second]


def settle(desk: Desk, network: Network, numbers: list[int]) -> None:
    """Let leases lapse and looks come due, and publish until all is known."""
    for _ in range(4):
        desk.later(minutes=6)
        assert publish(desk, network)
    assert [state for number in numbers for state in desk.states(number)] == ["sent"] * 3
    assert len({delivery for delivery, _ in network.taken}) == 3
    assert len(network.taken) == 3, "a delivery went out under two keys"


def test_a_backend_that_dies_at_any_statement_loses_and_doubles_nothing(
    postgres_server: postgres.Server,
) -> None:
    with postgres_server.database() as address, at(address) as desk:
        for nth in range(1, _FAR):
            numbers, network = queued(desk, nth), Network()
            with terminated_at(desk.outbox.engine, nth, postgres_server) as reached:
                publish(desk, network)
            settle(desk, network, numbers)
            if not reached:
                break
    assert 20 < nth < _FAR - 1


@contextmanager
def terminated_at(engine: sa.Engine, nth: int, server: postgres.Server) -> Iterator[list[int]]:
    """After the nth statement, in the middle of its transaction, its backend is terminated."""
    reached: list[int] = []
    counted, lock = iter(range(1, 1_000_000)), threading.Lock()

    def strike(connection: sa.Connection, *_: object) -> None:
        with lock:
            if next(counted) != nth:
                return
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        reached.append(driver.info.backend_pid)
        server.execute(f"SELECT pg_terminate_backend({driver.info.backend_pid})")

    sa.event.listen(engine, "after_cursor_execute", strike)
    try:
        yield reached
    finally:
        sa.event.remove(engine, "after_cursor_execute", strike)


def test_a_server_that_restarts_between_intent_and_request_loses_and_doubles_nothing(
    postgres_server: postgres.Server,
) -> None:
    with postgres_server.database() as address, at(address) as desk:
        numbers, network = queued(desk), Network()
        due = [postgres_server.restart]
        network.before_send = lambda: due.pop()() if due else None
        publish(desk, network)
        settle(desk, network, numbers)


def test_a_commit_whose_answer_is_lost_loses_and_doubles_nothing(postgres_server: postgres.Server) -> None:
    with postgres_server.database() as address, Proxy(address) as proxy, at(proxy.address) as desk:
        for nth in range(1, _FAR):
            numbers, network = queued(desk, nth), Network()
            proxy.swallow(nth)
            publish(desk, network)
            reached = proxy.forget()
            settle(desk, network, numbers)
            if not reached:
                break
    assert 5 < nth < _FAR - 1


class Proxy:
    """Stands on loopback before a PostgreSQL server. Of the nth COMMIT, the server's answer is swallowed."""

    _COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"

    def __init__(self, address: str) -> None:
        self._url = sa.make_url(address)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._left: int | None = None
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        port = self._listening.getsockname()[1]
        here = self._url.set(host="127.0.0.1", port=port, query={})
        self.address = here.render_as_string(hide_password=False)

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        for each in (self._listening, *self._open):
            each.close()

    def swallow(self, nth: int) -> None:
        with self._lock:
            self._left = nth

    def forget(self) -> bool:
        """Swallow no more; whether one was swallowed."""
        with self._lock:
            reached, self._left = self._left == 0, None
        return reached

    def _start(self, run: Callable[..., None], *what: object) -> None:
        thread = threading.Thread(target=run, args=what, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = self._connect()
                self._open += [client, server]
                swallowing = threading.Event()
                self._start(self._to_server, client, server, swallowing)
                self._start(self._to_client, server, client, swallowing)

    def _connect(self) -> socket.socket:
        host = self._url.query.get("host") or self._url.host or "127.0.0.1"
        port = self._url.port or 5432
        if str(host).startswith("/"):
            server = socket.socket(socket.AF_UNIX)
            server.connect(f"{host}/.s.PGSQL.{port}")
            return server
        return socket.create_connection((str(host), port))

    def _to_server(self, client: socket.socket, server: socket.socket, swallowing: threading.Event) -> None:
        with suppress(OSError):
            while said := client.recv(65536):
                if self._COMMIT in said and self._is_the_one():
                    swallowing.set()
                server.sendall(said)
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)

    def _to_client(self, server: socket.socket, client: socket.socket, swallowing: threading.Event) -> None:
        with suppress(OSError):
            while said := server.recv(65536):
                if swallowing.is_set():
                    break  # it is committed, and nobody hears of it
                client.sendall(said)
        for each in (client, server):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _is_the_one(self) -> bool:
        with self._lock:
            if not self._left:
                return False
            self._left -= 1
            return self._left == 0
