"""The rehearsal's own process: started once, asked, stopped, and what it keeps."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clarion.errors import ClarionError
from clarion.model import Account
from clarion.rehearsal.running import Running, ensure, running, serve
from tests.networks.conftest import Connected, account_on
from tests.networks.deliveries import delivery_on, picture, publish

TEXT = "People are held in secret prisons. Their families ask where they are."


@dataclass
class Voice:
    network: str
    media: dict[str, bytes]

    def account(self, name: str = "voice") -> Account:
        return account_on(self.network, name)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "rehearsal"
    left = running(tmp_path / "rehearsal")
    if left:
        left.stop()


def test_two_callers_at_once_start_one_process_which_can_be_stopped(folder: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(ensure, [folder, folder])
    assert first == second == running(folder)
    assert first.pid != os.getpid()
    first.stop()
    assert running(folder) is None


def test_it_answers_and_is_steered_through_its_control_port(folder: Path) -> None:
    up = ensure(folder)
    assert set(up.urls) == {"x", "mastodon", "bluesky"}
    up.set_now(datetime(2026, 3, 29, 9, 0, tzinfo=UTC))
    up.fault("x", "500_before")
    assert up.accepted("x") == []
    with pytest.raises(ClarionError, match="no fault"):
        up.fault("x", "nonsense")
    up.clear_faults()


def test_its_addresses_stay_after_a_restart(folder: Path) -> None:
    first = ensure(folder)
    first.stop()
    second = ensure(folder)
    assert second.pid != first.pid
    assert second.urls == first.urls


def test_it_takes_another_port_when_its_own_is_taken(folder: Path) -> None:
    first = ensure(folder)
    first.stop()
    port = int(first.urls["x"].rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        second = ensure(folder)
    assert second.urls["x"] != first.urls["x"]
    assert second.urls["mastodon"] == first.urls["mastodon"]


def test_one_of_another_edition_is_replaced(folder: Path) -> None:
    first = ensure(folder)
    said = folder / "server.json"
    said.write_text(said.read_text().replace(first.edition, "0.0.1+1"))
    second = ensure(folder)
    assert second.pid != first.pid


def test_what_was_accepted_survives_a_kill(folder: Path) -> None:
    up = ensure(folder)
    connect = Connected(up)
    for network in up.urls:
        voice = Voice(network, connect.media)
        publish(connect(network), delivery_on(voice, TEXT, media=[picture(voice, "red")]))
    connect.close()
    before = {network: up.accepted(network) for network in up.urls}
    os.kill(up.pid, signal.SIGKILL)
    again = ensure(folder)
    assert again.pid != up.pid
    for network in up.urls:
        assert [one.text for one in before[network]] == [TEXT]
        assert again.accepted(network) == before[network]
        assert TEXT in again.timeline_page(network)


def test_it_stops_by_itself_when_nobody_asks(folder: Path) -> None:
    serve(folder, idle=0.1)
    assert running(folder) is None


def ask_until_gone(up: Running) -> None:
    until = time.monotonic() + 15
    while time.monotonic() < until:
        up.clear_faults()
        time.sleep(0.1)


@pytest.mark.slow
def test_it_stops_when_its_folder_is_gone(folder: Path) -> None:
    up = ensure(folder)
    shutil.rmtree(folder)
    with pytest.raises(ClarionError, match="do not answer"):
        ask_until_gone(up)


def test_it_says_that_it_is_already_up(folder: Path) -> None:
    up = ensure(folder)
    with pytest.raises(ClarionError, match=r"already up: http://127\.0\.0\.1"):
        serve(folder, idle=0.1)
    assert running(folder) == up


def test_it_says_in_words_why_it_did_not_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ClarionError, match="cannot be made"):
        ensure(tmp_path / "file" / "rehearsal")


def test_nobody_running_is_said_in_words(folder: Path) -> None:
    gone = Running(pid=1, urls={}, control="http://127.0.0.1:9", edition="", folder=folder)
    with pytest.raises(ClarionError, match="do not answer"):
        gone.accepted("x")
