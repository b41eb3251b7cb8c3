"""What other people's servers and counters need, installed once, in a folder of the cache outside this checkout.

In: what names an installation (a lock file's bytes) and how it is made. Out: its folder, whole or not at all.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path


class Missing(Exception):
    """Something the machine needs for these tests is not there; the message names it, and what installs it."""


def kept(kind: str, lock: Path, make: Callable[[Path], None]) -> Path:
    """The folder of what this lock file names; made when it is not there.

    Beside it first, then under its name: two at once never see half of one, and one that failed leaves nothing.
    """
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    folder = _root() / f"{kind}-{digest}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f"{kind}-", dir=folder.parent))
    try:
        make(made)
        made.rename(folder)
    except OSError:
        if not folder.is_dir():  # else somebody else was first
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return folder


def say(words: str) -> None:
    """To whoever waits, so that minutes of installing do not look like a hang."""
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


def _root() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "clarion-tests"
