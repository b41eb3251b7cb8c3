"""Quiet times: daily spans of the campaign's zone in which nothing goes out on an account. Pure.

In: spans as config.toml has them, such as "22:00-07:00". Out: until when it is quiet at a moment. The clock on the wall
decides, so on the days on which clocks change a span is an hour longer or shorter, as people's nights are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Quiet:
    """When an account is quiet. Each span is (from, until); one that ends before it begins goes over midnight."""

    spans: tuple[tuple[time, time], ...]
    zone: tzinfo

    def until(self, at: datetime) -> datetime | None:
        """When the quiet time that holds at that moment is over, in UTC; None: it is not quiet then."""
        ends = None
        for _ in range(len(self.spans) + 1):  # one may begin where another ends
            end = self._end(ends or at)
            if end is None:
                break
            ends = end
        return ends

    def covers(self, at: time) -> bool:
        """Whether it is quiet when clocks show this."""
        return any(_within(at, span) for span in self.spans)

    def always(self) -> bool:
        """Whether no moment of a day is left."""
        edges = [edge for span in self.spans for edge in span]
        return bool(edges) and all(map(self.covers, edges))

    def _end(self, at: datetime) -> datetime | None:
        wall = at.astimezone(self.zone)
        ends = [
            _next(wall.date(), end, at, self.zone)
            for start, end in self.spans
            if _within(wall.time(), (start, end))
        ]
        return max(ends, default=None)


def quiet(spans: Sequence[str], zone: tzinfo) -> Quiet:
    """The quiet times of an account, of spans that config.toml was found to have right."""
    written = (span.split("-") for span in spans)
    return Quiet(tuple((time.fromisoformat(start), time.fromisoformat(end)) for start, end in written), zone)


def _within(at: time, span: tuple[time, time]) -> bool:
    start, end = span
    return start <= at < end if start < end else at >= start or at < end


def _next(day: date, end: time, after: datetime, zone: tzinfo) -> datetime:
    """The next moment at which clocks show this; where they skip it, the moment they would have."""
    walls = (
        datetime.combine(day + ahead * _DAY, end, zone).replace(fold=fold)
        for ahead in range(3)
        for fold in (0, 1)
    )
    return min(moment for wall in walls if (moment := wall.astimezone(UTC)) > after)
