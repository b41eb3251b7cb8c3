"""The rehearsed world: the networks' state machines, their faults and their time, kept in a folder.

In: requests, faults, a simulated moment. Out: answers, what was accepted, timelines. Knows no HTTP server. Every change
is on disk before it is answered, so that timelines, and the count of what was accepted, outlive the process.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from clarion import networks
from clarion.networks.base import Shown
from clarion.networks.rehearsing import Accepted, Rehearsal, Request, Response
from clarion.rehearsal.faults import Fault, Faults, Struck

log = logging.getLogger(__name__)


class World:
    """Rehearsal networks: all, or those `new` makes. `folder` None keeps nothing. Threads may share it."""

    def __init__(
        self, folder: Path | None = None, new: Mapping[str, Callable[[], Rehearsal]] | None = None
    ) -> None:
        self._lock = threading.Lock()
        self._folder = folder
        self._simulated: datetime | None = None
        self._kept: dict[str, bytes] = {}
        self._faults = Faults()
        self._new = new
        self.names = tuple(new or networks.NAMES)
        self._machines: dict[str, Rehearsal] = {}

    # ── time ──

    def now(self) -> datetime:
        return self._simulated or datetime.now(UTC)

    def set_now(self, at: datetime | None) -> None:
        """Stand still at `at`; None goes back to the wall clock. Raises ValueError when `at` lies before the last."""
        if at is not None and self._simulated is not None and at < self._simulated:
            raise ValueError(f"simulated time only grows; it is {self._simulated.isoformat()}")
        self._simulated = at

    # ── faults ──

    def arm(self, fault: Fault) -> None:
        """Raises ValueError for a network that does not exist."""
        if fault.network not in self.names:
            raise ValueError(f'no network "{fault.network}"; there are: {", ".join(self.names)}')
        with self._lock:
            self._faults.arm(fault)

    def clear_faults(self) -> None:
        with self._lock:
            self._faults.clear()

    def armed(self) -> list[tuple[Fault, int | None]]:
        with self._lock:
            return self._faults.armed()

    def strike(self, network: str, request: Request) -> Struck:
        """The faults that befall this request; they are spent."""
        with self._lock:
            machine = self._machine(network)
            return self._faults.strike(
                network, machine.account_of(request), create=machine.is_create(request)
            )

    # ── requests ──

    def handle(self, network: str, request: Request, quirks: frozenset[str] = frozenset()) -> Response:
        """Let the network answer, and keep what changed.

        With the quirk "accept_twice" a create that the network did not double itself is handled a second time.
        """
        with self._lock:
            machine = self._machine(network)
            before = len(machine.accepted())
            response = machine.handle(request, self.now(), quirks)
            if "accept_twice" in quirks and len(machine.accepted()) == before + 1:
                machine.handle(request, self.now(), quirks)
            if request.method not in ("GET", "HEAD"):
                self._keep(network)
        return response

    def accepted(self, network: str) -> list[Accepted]:
        with self._lock:
            return list(self._machine(network).accepted())

    def timeline(self, network: str, account: str | None = None) -> list[Shown]:
        with self._lock:
            return list(self._machine(network).timeline(account))

    def page(self, network: str) -> str:
        """A network's whole timeline as one page, newest first."""
        from clarion.rehearsal.timeline import page

        return page(network, self.timeline(network))

    # ── keeping ──

    def _machine(self, network: str) -> Rehearsal:
        """The network's state machine, as it was left."""
        if network not in self._machines:
            self._machines[network] = self._restored(network)
        return self._machines[network]

    def _fresh(self, network: str) -> Rehearsal:
        return self._new[network]() if self._new else networks.rehearsal(network).new()

    def _restored(self, network: str) -> Rehearsal:
        machine = self._fresh(network)
        path = self._path(network)
        if path is None or not path.exists():
            return machine
        state = path.read_bytes()
        try:
            machine.load(state)
        except Exception:  # whatever another version wrote: set aside, never deleted
            aside = path.with_suffix(f".unreadable-{int(datetime.now(UTC).timestamp())}")
            path.rename(aside)
            log.exception("the kept %s rehearsal could not be read; set aside as %s", network, aside.name)
            return self._fresh(network)
        self._kept[network] = state
        return machine

    def _keep(self, network: str) -> None:
        path = self._path(network)
        if path is None:
            return
        state = self._machines[network].dump()
        if state != self._kept.get(network):
            fresh = path.with_suffix(".new")
            fresh.write_bytes(state)
            fresh.replace(path)
            self._kept[network] = state

    def _path(self, network: str) -> Path | None:
        return None if self._folder is None else self._folder / f"state-{network}.json"
