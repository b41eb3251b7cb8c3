from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from clarion.accounts.files import read_private, refuse_open_folder, write_private, write_whole
from clarion.errors import CampaignError


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_is_as_open_as_the_umask_lets_it(tmp_path):
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "a.txt", b"one")
    finally:
        os.umask(before)
    assert mode(tmp_path / "a.txt") == 0o640


def test_a_replaced_file_stays_as_open_as_it_was(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"one")
    path.chmod(0o604)
    write_whole(path, b"two")
    assert (path.read_bytes(), mode(path)) == (b"two", 0o604)


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"one")
    with pytest.raises(TypeError):
        write_whole(path, "not bytes")  # type: ignore[arg-type]
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"a.txt": b"one"}


#: Somebody else, whoever runs the tests: of their own files only root can make it theirs.
STRANGER = 4711


@pytest.fixture
def strangers(tmp_path):
    """A folder and a file in it that are another user's, as private as they can be."""
    if os.geteuid():
        return Path("/etc"), Path("/etc/passwd")
    folder = tmp_path / "state"
    write_private(folder / "secrets.json", b"{}")
    os.chown(folder / "secrets.json", STRANGER, -1)
    os.chown(folder, STRANGER, -1)
    return folder, folder / "secrets.json"


def test_what_is_another_users_is_not_read(strangers):
    folder, file = strangers
    with pytest.raises(CampaignError, match="belongs to another user") as caught:
        read_private(file)
    assert caught.value.hint == f"run clarion as that user, or: sudo chown {os.geteuid()} '{file}'"
    with pytest.raises(CampaignError, match="belongs to another user"):
        refuse_open_folder(folder)


def test_what_is_ones_own_is_read(tmp_path):
    write_private(tmp_path / "state" / "secrets.json", b"{}")
    refuse_open_folder(tmp_path / "state")
    assert read_private(tmp_path / "state" / "secrets.json") == b"{}"
    assert read_private(tmp_path / "state" / "none.json") is None
