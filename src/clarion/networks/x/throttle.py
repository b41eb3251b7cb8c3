"""The rehearsal's rate limits: so many calls of a bucket in a sliding window, told in X's headers. Pure."""

from __future__ import annotations

import math
from datetime import datetime

from clarion.networks.x.problems import Problem


class Throttle:
    def __init__(self) -> None:
        self._spent: dict[str, list[float]] = {}

    def spend(self, bucket: str, budget: tuple[int, int], now: datetime) -> dict[str, str]:
        """Count one call and give the headers that say what is left. Raises a 429 when nothing is."""
        most, seconds = budget
        moment = now.timestamp()
        spent = [at for at in self._spent.get(bucket, ()) if at > moment - seconds]
        over = len(spent) >= most
        if not over:
            spent.append(moment)
        self._spent[bucket] = spent
        headers = {
            "x-rate-limit-limit": str(most),
            "x-rate-limit-remaining": str(most - len(spent)),
            "x-rate-limit-reset": str(math.ceil(spent[0] + seconds)),
        }
        if over:
            raise Problem(429, "Too Many Requests", headers)
        return headers

    def dump(self) -> dict[str, list[float]]:
        return self._spent

    def load(self, state: dict[str, list[float]]) -> None:
        self._spent = state
