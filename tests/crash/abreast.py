"""Cases that are struck side by side: each has a process of its own, which is killed at its point.

In: cases. Out: those whose process was killed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol, TypeVar

from tests.crash.stand import Plan, Process, Stand

_ABREAST = 6
#: In seconds: what is on its way to a network when its sender died, or is taken late by it, has arrived after these. Nobody
#: tells of that, so there is nothing else to wait for.
ARRIVES = 0.5


class Case(Protocol):
    point: str
    process: Process | None

    @property
    def name(self) -> str:
        """Its account's."""
        ...


C = TypeVar("C", bound=Case)


def strike(stand: Stand, todo: Sequence[C], first: Callable[[C], object] = lambda _case: None) -> list[C]:
    """Let each case's process publish until it is killed, or ends; and then what they sent arrive.

    `first` is what a process does before it publishes.
    """
    waiting, flying = list(reversed(todo)), list[C]()
    while waiting or flying:
        while waiting and len(flying) < _ABREAST:
            case = waiting.pop()
            case.process = stand.publish(
                Plan(point=case.point), names=[case.name], first=partial(first, case)
            )
            flying.append(case)
        if not stand.reap():
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)  # until one ends
            stand.reap()
        flying = [case for case in flying if case.process and case.process.code is None]
    time.sleep(ARRIVES)
    return [case for case in todo if case.process and case.process.killed]
