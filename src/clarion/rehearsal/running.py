"""Starting, asking and stopping the rehearsal networks' own process.

In: a folder, which keeps their state. Out: a `Running`, by which the command line, the demo and tests see what was
accepted and steer faults and time. Light: the server itself is imported only by the process that serves.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from clarion.errors import ClarionError
from clarion.networks.rehearsing import Accepted

#: A background rehearsal stops by itself after so many seconds without a request.
IDLE = 1800.0
READY_SECONDS = 20.0
_ANSWER_SECONDS = 5.0
CONTROL = "control"
_HINT = "clarion rehearse"
_LOCK = "server.lock"


@dataclass(frozen=True, kw_only=True)
class Running:
    """The rehearsal networks, up. Every method raises ClarionError when they do not answer."""

    pid: int
    urls: Mapping[str, str]  # network → address
    control: str
    edition: str  # of the code that serves
    folder: Path

    def accepted(self, network: str) -> list[Accepted]:
        """Every create the network took since the beginning of this folder, oldest first."""
        return [
            Accepted(**{**one, "images": tuple((sha256, alt) for sha256, alt in one["images"])})
            for one in self._ask("GET", f"/accepted/{network}.json")
        ]

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
        """Arm a fault; the kinds are in `faults.py`. `count` None: until `clear_faults`."""
        wanted = {"network": network, "kind": kind, "account": account, "on": on}
        self._ask("POST", "/faults", {**wanted, "count": count, "seconds": seconds})

    def clear_faults(self) -> None:
        self._ask("DELETE", "/faults")

    def set_now(self, at: datetime | None) -> None:
        """Let time stand at `at`, which only grows; None: the wall's."""
        self._ask("POST", "/now", {"at": at.isoformat() if at else None})

    def timeline_page(self, network: str) -> str:
        """The network's timeline, one self-contained HTML page."""
        return _request(self.control, "GET", f"/timeline/{network}.html").decode()

    def stop(self) -> None:
        """Stop them and wait until they are gone."""
        self._ask("POST", "/stop", {})
        stuck = f"the rehearsal networks do not stop (process {self.pid})"
        with _locked(self.folder / _LOCK, seconds=_ANSWER_SECONDS, else_say=stuck):
            pass

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        return json.loads(_request(self.control, method, path, body))


def running(folder: Path) -> Running | None:
    """The rehearsal networks of this folder, if they are up."""
    try:
        said = json.loads((folder / "server.json").read_text())
        found = _running(folder, said)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not _alive(found.pid):
        return None
    try:
        health = json.loads(_request(found.control, "GET", "/health"))
    except (ClarionError, ValueError):
        return None
    return found if health.get("pid") == found.pid else None


def ensure(folder: Path, *, idle: float = IDLE) -> Running:
    """The rehearsal networks of this folder, started in the background when they are not up.

    Several callers at once start one. Ones that an older Clarion left running are replaced.
    """
    found = running(folder)
    if found and found.edition == edition():
        return found
    _make(folder)
    slow = "another command has been starting the rehearsal networks for too long"
    with _locked(folder / "start.lock", seconds=READY_SECONDS + 5, else_say=slow):
        found = running(folder)
        if found and found.edition != edition():
            found.stop()
            found = None
        return found or _start(folder, idle)


def serve(
    folder: Path,
    *,
    ports: Mapping[str, int] | None = None,
    idle: float | None = None,
    ready: Callable[[Running], None] = lambda up: None,
) -> None:
    """Serve in this process until interrupted, told to stop, `idle` seconds without a request, or the folder is gone.

    Ports are the given ones, else the last run's, where they are free. Raises ClarionError when this folder's
    networks are already up elsewhere.
    """
    from clarion import networks
    from clarion.rehearsal.server import Carrier, bind
    from clarion.rehearsal.world import World

    _make(folder)
    with _only_one(folder), _logged(folder):
        sockets = bind((*networks.NAMES, CONTROL), {**_last_ports(folder), **(ports or {})})
        carrier = Carrier(World(folder), sockets, idle=idle, wanted=folder.exists)
        said = {"pid": os.getpid(), "urls": carrier.urls, "edition": edition()}

        def up() -> None:
            _write(folder / "server.json", json.dumps(said))
            ready(_running(folder, said))

        with _stopped_by_signals(carrier.stop):
            carrier.run(up)


def edition() -> str:
    """Names the code that serves: its version and when it last changed."""
    from clarion import __version__

    package = Path(__file__).parent.parent
    files = (*package.glob("rehearsal/*.py"), *package.glob("networks/**/*.py"))
    return f"{__version__}+{max(file.stat().st_mtime_ns for file in files)}"


# ── starting ──────────────────────────────────────────────────────────────────────────────────────────────────


def _start(folder: Path, idle: float) -> Running:
    """Start them detached. The child's stdout stays open until it is up, or says why not, or died."""
    # -P: nothing that lies in the campaign's folder may stand in for a module
    command = [sys.executable, "-P", "-m", "clarion.rehearsal", str(folder), "--idle", str(idle), "--detach"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=READY_SECONDS, check=False
        )
        said = json.loads(done.stdout or b"{}")
    except (subprocess.TimeoutExpired, ValueError):
        said = {}
    if "pid" not in said:
        why = said.get("error") or f"its log is {folder / 'server.log'}"
        raise ClarionError(f"the rehearsal networks did not start: {why}", said.get("hint") or _HINT)
    return _running(folder, said)


def _running(folder: Path, said: Mapping[str, Any]) -> Running:
    urls = dict(said["urls"])
    control = urls.pop(CONTROL)
    return Running(
        pid=int(said["pid"]), urls=urls, control=control, edition=str(said.get("edition")), folder=folder
    )


def _last_ports(folder: Path) -> dict[str, int]:
    try:
        urls = json.loads((folder / "server.json").read_text())["urls"]
        return {str(name): int(url.rpartition(":")[2]) for name, url in urls.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


# ── asking ────────────────────────────────────────────────────────────────────────────────────────────────────


def _request(address: str, method: str, path: str, body: object = None) -> bytes:
    """One request to the control port. http.client: no proxy, no redirect, quick to import."""
    from http.client import HTTPConnection, HTTPException

    connection = HTTPConnection(address.removeprefix("http://"), timeout=_ANSWER_SECONDS)
    try:
        sent = None if body is None else json.dumps(body).encode()
        connection.request(method, path, sent, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
    except (OSError, HTTPException) as error:
        raise ClarionError("the rehearsal networks do not answer", _HINT) from error
    finally:
        connection.close()
    if answer.status != 200:
        raise ClarionError(_error_in(content) or f"the rehearsal networks answered {answer.status}", _HINT)
    return content


def _error_in(content: bytes) -> str | None:
    with suppress(ValueError, AttributeError):
        said = json.loads(content).get("error")
        return str(said) if said else None
    return None


# ── keeping house ─────────────────────────────────────────────────────────────────────────────────────────────


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ClarionError(f"the rehearsal's folder cannot be made: {error}") from error


def _write(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(path)


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Hold the folder for as long as this process serves it."""
    up = running(folder)
    where = ", ".join(up.urls.values()) if up else "by another process"
    with _locked(folder / _LOCK, seconds=0, else_say=f"the rehearsal networks are already up: {where}"):
        yield


@contextmanager
def _locked(path: Path, *, seconds: float, else_say: str) -> Iterator[None]:
    """Hold a lock file, which ends with this process. Raises ClarionError when another keeps it too long."""
    import fcntl

    until = time.monotonic() + seconds
    with path.open("ab") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() >= until:
                    raise ClarionError(else_say) from error
                time.sleep(0.02)
        yield


@contextmanager
def _logged(folder: Path) -> Iterator[None]:
    """What goes wrong inside goes to the folder's log, never to whoever asked."""
    import logging

    handler = logging.FileHandler(folder / "server.log", mode="w", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    loggers = [logging.getLogger(name) for name in ("clarion.rehearsal", "uvicorn")]
    before = [logger.propagate for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.propagate = False
    try:
        yield
    finally:
        for logger, propagate in zip(loggers, before, strict=True):
            logger.removeHandler(handler)
            logger.propagate = propagate
        handler.close()


@contextmanager
def _stopped_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C and a polite kill end the serving, not with a traceback."""
    import signal
    import threading

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: stop()) for number in signals]
    try:
        yield
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)
