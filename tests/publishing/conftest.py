"""A scripted network behind the Publisher Protocol, over a real outbox."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

import pytest

from clarion.model import Account, Delivery, Examination, Metrics, Profile, Receipt, Staged
from clarion.networks.base import Found, Publisher, Sighting
from clarion.publishing.tally import Event
from clarion.publishing.worker import Worker
from tests.desk import NOON, Desk

Answer = Exception | str | None


class Network:
    """Takes creates, and remembers each: `script` says what the next sends answer with ("lose": taken, no answer)."""

    stage_seconds = 1.0
    send_seconds = 1.0
    repeat_seconds = 3000.0

    def __init__(self) -> None:
        self.script: list[Answer] = []
        self.names: list[Receipt] = []  # what the next creates are called, instead of their own names
        self.stage_script: list[Exception] = []
        self.looks: list[Sighting | Exception] = []
        self.taken: list[Delivery] = []
        self.shows = True
        self.read_back: Callable[[Delivery, Receipt], bool] = lambda _delivery, _receipt: self.shows
        self.before_send: Callable[[], None] = lambda: None
        self.before_look: Callable[[], None] = lambda: None
        self.before_opening: Callable[[], None] = lambda: None
        self.recalled: list[str] = []
        self.edited: list[str] = []
        self.recalls: list[Exception] = []
        self.cannot_open: dict[str, Exception] = {}
        self._lock = threading.Lock()

    def stage(self, delivery: Delivery) -> Staged:
        if self.stage_script:
            raise self.stage_script.pop(0)
        return Staged(delivery=delivery)

    def send(self, staged: Staged) -> Receipt:
        self.before_send()
        with self._lock:
            answer = self.script.pop(0) if self.script else None
            if answer is None or answer == "lose":
                self.taken.append(staged.delivery)
        if answer == "lose":
            from clarion.errors import OutcomeUnknown

            raise OutcomeUnknown("the answer was lost")
        if isinstance(answer, Exception):
            raise answer
        return self.names.pop(0) if self.names else self.receipt(staged.delivery)

    def edit(self, receipt: Receipt, staged: Staged) -> Receipt:
        self.edited.append(receipt.remote_id)
        self.send(staged)
        return receipt

    def receipt(self, delivery: Delivery) -> Receipt:
        return Receipt(remote_id=f"r-{delivery.id}", url=f"https://one.example/{delivery.id}", at=NOON)

    def find(self, delivery: Delivery, looks: int, now: datetime) -> Sighting:
        self.before_look()
        if self.looks:
            answer = self.looks.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        return Found(receipt=self.receipt(delivery))

    def confirm(self, delivery: Delivery, receipt: Receipt) -> bool:
        return self.read_back(delivery, receipt)

    def recall(self, receipt: Receipt) -> None:
        if self.recalls:
            raise self.recalls.pop(0)
        self.recalled.append(receipt.remote_id)

    def metrics(self, receipts: Sequence[Receipt]) -> Mapping[str, Metrics]:
        raise NotImplementedError

    def verify(self) -> Profile:
        raise NotImplementedError

    def examine(self) -> Examination:
        raise NotImplementedError

    @contextmanager
    def of(self, account: Account) -> Iterator[Publisher]:
        self.before_opening()
        if account.name in self.cannot_open:
            raise self.cannot_open[account.name]
        yield self


class Stage:
    """A desk, a network and the worker between them."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.network = Network()
        self.events: list[Event] = []
        self.halted = False
        self.slept: list[float] = []

    def worker(self, name: str = "one") -> Worker:
        return Worker(
            outbox=self.desk.outbox,
            publishers=self.network,
            terms=self.desk.terms(name),
            tell=self.events.append,
            halted=lambda: self.halted,
            sleep=self._sleep,
        )

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.desk.later(seconds=seconds)

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]


@pytest.fixture
def stage(desk: Desk) -> Stage:
    return Stage(desk)
