"""Measured in turn, so that a slow minute of the machine strikes all alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median

#: Rounds before those that count: the file cache is warm then.
_WARM = 2


def in_turn(calls: Mapping[str, Callable[[], None]], *, rounds: int) -> dict[str, float]:
    """The median seconds of each, measured round by round."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds + _WARM):
        for name, call in calls.items():
            began = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - began)
    return {name: median(taken[_WARM:]) for name, taken in seconds.items()}
