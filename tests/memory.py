"""Where tests keep their files: in memory, where nothing waits for a disk. Only power loss, and what is measured, needs one."""

from __future__ import annotations

from pathlib import Path
from shutil import disk_usage

#: In bytes. A container's may hold 64 MB: too little for a PostgreSQL in each test process.
_ROOM = 2_000_000_000


def memory() -> Path | None:
    """The system's folder in memory, where it has one with room enough."""
    shared = Path("/dev/shm")
    return shared if shared.is_dir() and disk_usage(shared).free >= _ROOM else None
