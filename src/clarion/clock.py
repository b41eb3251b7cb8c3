"""Time, passed in and never read from the air.

`Clock` is the wall, for planning and display. `Deadline` answers "may I still send": it runs on while the machine
sleeps or the process is stopped, which a monotonic clock on Linux does not. The time that decides what is due is the
outbox's own (`outbox/`): read once per transaction.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Clock(Protocol):
    """Tells the wall time."""

    def now(self) -> datetime: ...


class WallClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True)
class FixedClock:
    """A clock that stands still: for the demo's pinned date and for tests."""

    at: datetime

    def now(self) -> datetime:
        return self.at


def micros(moment: datetime) -> int:
    """Microseconds since 1970 UTC: how the outbox stores time."""
    return (moment - EPOCH) // _MICROSECOND


def moment(stored: int) -> datetime:
    """The opposite of `micros`."""
    return EPOCH + timedelta(microseconds=stored)


def elapsed() -> float:
    """Seconds since boot, sleep included where the system can tell (Linux), else monotonic."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


class Deadline:
    """A moment after which nothing may be sent, `seconds` from its making."""

    __slots__ = ("_at",)

    def __init__(self, seconds: float) -> None:
        self._at = elapsed() + seconds

    @property
    def left(self) -> float:
        """Seconds left; negative when passed."""
        return self._at - elapsed()

    def allows(self, seconds: float) -> bool:
        """Whether something that takes at most this long may still begin."""
        return self.left >= seconds
