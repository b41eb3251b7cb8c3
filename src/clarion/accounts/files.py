"""Files that must survive a crash whole, and files that only their owner may read.

In: a path and bytes. Out: the old file or the new one, never half of one. Fails with LeftOpen where a private file lies
open to others, naming what to type.
"""

from __future__ import annotations

import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

from clarion.clock import Deadline
from clarion.errors import CampaignError

PRIVATE = 0o600
_OTHERS = 0o077
_PAUSE = 0.02


class StillLocked(Exception):
    """Another process holds the lock, and the time to wait for it is over."""


class LeftOpen(CampaignError):
    """Others may read what opens accounts, or put theirs in its place. Whoever mends that need do nothing else."""


def write_whole(path: Path, content: bytes, *, mode: int | None = None) -> None:
    """Replace the file in one step, on disk before this returns.

    Without `mode` it stays as open as it was, a new one as open as the umask lets it. A symbolic link stays one: what
    it points to is replaced.
    """
    path = Path(os.path.realpath(path))
    draft = path.with_name(f".{path.name}.{token_hex(6)}.tmp")
    if mode is None and path.exists():
        mode = stat.S_IMODE(path.stat().st_mode)
    handle = os.open(
        draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666 if mode is None else mode
    )
    try:
        with os.fdopen(handle, "wb") as file:
            if mode is not None:
                os.fchmod(handle, mode)  # the umask has narrowed it
            file.write(content)
            file.flush()
            os.fsync(handle)
        draft.replace(path)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise
    _settle(path.parent)


def write_private(path: Path, content: bytes) -> None:
    """Replace a file that only its owner may read, in a folder of which the same is true."""
    make_private_folder(path.parent)
    write_whole(path, content, mode=PRIVATE)


def read_private(path: Path) -> bytes | None:
    """The content, or None where there is no such file. Refuses one that others may read, or that is another's."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return None
    with file:
        _require_private(path, os.fstat(file.fileno()))
        return file.read()


def refuse_open_folder(folder: Path) -> None:
    """Refuse a folder that others may look into, or worse: they could put a file of their own in a private one's place."""
    found = folder.stat()
    _require_owned(folder, found)
    if stat.S_IMODE(found.st_mode) & _OTHERS:
        raise LeftOpen(f"other users of this machine may open {folder}", f"chmod 700 '{folder}'")


def refuse_open(path: Path) -> None:
    """Refuse what `read_private` would, without a look into it. No file is harmless."""
    with suppress(FileNotFoundError):
        _require_private(path, path.stat())


def make_private_folder(folder: Path) -> None:
    """Make the folder, and every missing one above it, for its owner alone; close one that stood open."""
    for missing in [parent for parent in (*reversed(folder.parents), folder) if not parent.exists()]:
        missing.mkdir(mode=0o700, exist_ok=True)
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & _OTHERS:
        folder.chmod(mode & ~_OTHERS)


def _require_private(path: Path, found: os.stat_result) -> None:
    _require_owned(path, found)
    if stat.S_IMODE(found.st_mode) & _OTHERS:
        raise LeftOpen(f"other users of this machine may read {path}", f"chmod 600 '{path}'")


def _require_owned(path: Path, found: os.stat_result) -> None:
    """Its owner could read it, and give us tokens of an account of theirs: the mode says nothing about that."""
    if found.st_uid != os.geteuid():
        raise LeftOpen(
            f"{path} belongs to another user of this machine",
            f"run clarion as that user, or: sudo chown {os.geteuid()} '{path}'",
        )


@contextmanager
def locked(path: Path, *, seconds: float) -> Iterator[None]:
    """Hold the lock file; it is let go when the process dies. Not to be taken twice by one process.

    Raises StillLocked when another process keeps it for so many seconds.
    """
    make_private_folder(path.parent)
    deadline = Deadline(seconds)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
    try:
        while not _taken(handle):
            if deadline.left <= 0:
                raise StillLocked(f"another process holds {path}")
            time.sleep(_PAUSE)
        yield
    finally:
        os.close(handle)


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _settle(folder: Path) -> None:
    """Make a rename survive a power cut, where the file system can say so."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)
