"""One measured ratio and the bar it must keep."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ratio:
    what: str
    value: float
    bar: float
    at_least: bool = False  # else at most

    @property
    def kept(self) -> bool:
        return self.value >= self.bar if self.at_least else self.value <= self.bar
