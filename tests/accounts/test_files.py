from __future__ import annotations

import os
import stat

import pytest

from clarion.accounts.files import write_whole


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
