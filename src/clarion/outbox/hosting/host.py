"""Which host this is, without telling: an outbox belongs to one, because a copy would post everything twice.

Imported by the idle cron run, so it imports next to nothing. A checksum is enough: it tells hosts apart, protects
nothing, and is too short to find the machine by; loading hashlib took longer than the whole probe.
"""

from __future__ import annotations

import os
from zlib import crc32

_PREFIX = b"clarion-host/1\n"
_SOURCES = ("/etc/machine-id", "/var/lib/dbus/machine-id")


def host_id() -> str:
    """CLARION_HOST (for containers), else a checksum of the machine's id."""
    named = os.environ.get("CLARION_HOST")
    if named:
        return named
    for source in _SOURCES:
        try:
            with open(source, "rb") as file:  # noqa: PTH123 - pathlib is not imported for this
                found = file.read(64).strip()
        except OSError:
            continue
        if found:
            return _checksum(found)
    import uuid

    return _checksum(str(uuid.getnode()).encode())


def _checksum(found: bytes) -> str:
    return f"{crc32(_PREFIX + found):08x}"
