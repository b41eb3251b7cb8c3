"""Watching: the loop on its own, and as a real process that gets real signals."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from clarion.app import App
from clarion.errors import CampaignError, OutboxBusy
from clarion.publishing import watch as watching
from clarion.publishing.watch import watch
from clarion.rehearsal.running import Running, running
from tests.trial.conftest import CLARION, Person, person

__all__ = ["person"]


class Slept(threading.Event):
    """Remembers how long it was waited for, and does not wait."""

    def __init__(self, rounds: int) -> None:
        super().__init__()
        self.seconds: list[float | None] = []
        self._rounds = rounds

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds.append(timeout)
        if len(self.seconds) == self._rounds:
            self.set()
        return self.is_set()


def test_it_sleeps_until_the_next_change_and_never_longer_than_half_a_minute() -> None:
    stopping = Slept(4)
    ahead = iter([3.0, None, 900.0, -5.0])
    watch(lambda: None, lambda: next(ahead), stopping=stopping, tell=lambda *_: None)
    assert stopping.seconds == [3.0, watching.LONGEST, watching.LONGEST, watching.SHORTEST]


def test_trouble_that_passes_is_told_once_and_waited_out() -> None:
    stopping = Slept(5)
    answers: Iterator[Exception | None] = iter(
        [OutboxBusy("locked"), OutboxBusy("locked"), None, CampaignError("a comma is missing"), None]
    )

    def publish() -> None:
        if error := next(answers):
            raise error

    told: list[str] = []
    watch(publish, lambda: None, stopping=stopping, tell=lambda message, _hint: told.append(message))
    again = "that is over: publishing goes on"
    assert told == ["locked", again, "a comma is missing", again]


def test_a_fault_of_our_own_is_not_waited_out() -> None:
    def publish() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        watch(publish, lambda: None, stopping=Slept(2), tell=lambda *_: None)


# ── a real process ────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def started(person: Person) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [CLARION, "publish", "--watch"],
        cwd=person.folder,
        env=person.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def rehearsal(person: Person) -> Running:
    [server] = person.home.rglob("server.json")
    found = running(server.parent)
    assert found is not None
    return found


def heard(process: subprocess.Popen[str], words: str, seconds: float) -> str:
    """What it said up to a line with these words. It is killed, and so says no more, after so many seconds."""
    assert process.stdout
    said = ""
    patience = threading.Timer(seconds, process.kill)
    patience.start()
    try:
        for line in process.stdout:
            said += line
            if words in line:
                return said
    finally:
        patience.cancel()
    raise AssertionError(f"it never said {words!r}: {said}")


def until_struck(local: Running, process: subprocess.Popen[str], seconds: float) -> None:
    """Wait until the armed fault met its request, which is on its way then. Nobody tells of that, so it is asked."""
    end = time.monotonic() + seconds
    while requests.get(f"{local.control}/faults", timeout=5).json():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.slow
def test_it_sees_within_half_a_minute_what_another_process_queues_and_ends_well(person: Person) -> None:
    person.types("init", "--yes")
    with started(person) as process:
        person.types("say", "Added meanwhile.", "--yes")
        heard(process, "  sent  ", 35)
        assert '"sent"' in person.types("queue", "list", "--json")
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert said.endswith("Stopped.\n")


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_finishes_the_request_in_flight(person: Person, how: signal.Signals) -> None:
    person.types("init", "--yes")
    person.types("say", "In flight.", "--yes", "--to", "mastodon")
    person.types("rehearse")
    local = rehearsal(person)
    local.fault("mastodon", "slow", seconds=4)
    with started(person) as process:
        until_struck(local, process, 20)
        process.send_signal(how)
        said, _ = process.communicate(timeout=20)
    assert process.returncode == 0, said
    assert "  sent  " in said
    assert len(rehearsal(person).accepted("mastodon")) == 1


def test_a_long_run_reads_a_configuration_that_changed(person: Person) -> None:
    person.types("init", "--yes")
    config = person.folder / "config.toml"
    whole = config.read_text()
    with App(campaign=str(person.folder), state=person.home / "state") as app:
        app.reread()
        kept = app.outbox
        app.reread()
        assert app.outbox is kept, "nothing changed: nothing is opened again"
        config.write_text(whole + "\n[accounts.half\n")
        app.reread()
        with pytest.raises(CampaignError):
            app.check_in()
        config.write_text(whole.replace('mode = "rehearsal"', 'mode = "rehearsal"  # still', 1))
        app.reread()
        assert app.outbox is not kept
