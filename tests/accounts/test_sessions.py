from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from clarion.accounts.files import LeftOpen
from clarion.accounts.sessions import SessionFile
from clarion.errors import CampaignError, Unavailable

if TYPE_CHECKING:
    from clarion.networks.base import SessionStore

    _a_session_file_is_a_session_store: SessionStore = SessionFile(Path(), "")

TOKENS = {"access": "synthetic-a", "refresh": "synthetic-r"}


def test_what_was_saved_is_loaded_from_a_private_file(tmp_path):
    store = SessionFile(tmp_path / "sessions", "bluesky")
    assert store.load() is None
    store.save(TOKENS)
    assert SessionFile(tmp_path / "sessions", "bluesky").load() == TOKENS
    assert stat.S_IMODE((tmp_path / "sessions" / "bluesky.json").stat().st_mode) == 0o600


def test_it_shows_no_token(tmp_path):
    store = SessionFile(tmp_path, "bluesky")
    store.save(TOKENS)
    assert "synthetic" not in f"{store!r} {store.load()!r}"


@pytest.mark.parametrize("nothing", [{}, {"access": "a", "refresh": ""}])
def test_it_refuses_to_write_nothing_over_a_good_token(tmp_path, nothing):
    store = SessionFile(tmp_path, "bluesky")
    store.save(TOKENS)
    with pytest.raises(CampaignError):
        store.save(nothing)
    assert store.load() == TOKENS


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"access": 1}', "\xff"])
def test_damaged_tokens_count_as_none(tmp_path, content):
    store = SessionFile(tmp_path, "bluesky")
    store.save(TOKENS)
    (tmp_path / "bluesky.json").write_bytes(content.encode("latin-1"))
    assert store.load() is None


@pytest.mark.parametrize("mode", [0o777, 0o710, 0o702])
def test_tokens_in_a_folder_that_others_may_open_are_not_used(tmp_path, mode):
    folder = tmp_path / "live"
    store = SessionFile(folder, "bluesky")
    store.save(TOKENS)
    folder.chmod(mode)
    with pytest.raises(Unavailable) as caught:
        store.load()
    assert caught.value.hint == f"chmod 700 '{folder}'"
    assert caught.value.message.endswith(caught.value.hint)
    folder.chmod(0o700)
    assert store.load() == TOKENS


def test_tokens_that_others_may_read_close_no_account_and_end_no_run(tmp_path):
    store = SessionFile(tmp_path / "live", "bluesky")
    store.refuse_open()
    store.save(TOKENS)
    store.refuse_open()
    (tmp_path / "live" / "bluesky.json").chmod(0o644)
    with pytest.raises(Unavailable, match="chmod 600"):
        store.load()
    with pytest.raises(LeftOpen, match="may read"):
        store.refuse_open()


def test_forgetting_is_harmless_when_there_is_nothing(tmp_path):
    store = SessionFile(tmp_path, "bluesky")
    store.save(TOKENS)
    store.forget()
    store.forget()
    assert store.load() is None


def test_a_name_cannot_leave_the_folder(tmp_path):
    SessionFile(tmp_path / "sessions", "../../x").save(TOKENS)
    assert [file.name for file in tmp_path.rglob("*.json")] == ["..%2F..%2Fx.json"]


HOLD = """
import sys, time
from pathlib import Path
from clarion.accounts.sessions import SessionFile
with SessionFile(Path(sys.argv[1]), "bluesky").locked():
    print("held", flush=True)
    time.sleep(60)
"""


def test_only_one_process_refreshes_and_a_dead_one_lets_go(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as other:
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == "held\n"
            waiting = SessionFile(tmp_path, "bluesky", patience=0.1)
            with pytest.raises(Unavailable, match="refreshing"), waiting.locked():
                pass
        finally:
            other.kill()
            other.wait(10)
    with SessionFile(tmp_path, "bluesky", patience=5).locked():
        pass
