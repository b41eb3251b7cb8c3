"""Quiet times: until when nothing goes out, also over midnight and on the days on which clocks change."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from clarion.campaign.quiet import quiet

BERLIN = ZoneInfo("Europe/Berlin")


def at(written: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=BERLIN, fold=fold)


@pytest.mark.parametrize(
    ("spans", "moment", "until"),
    [
        (["22:00-07:00"], "2026-03-10 21:59", None),
        (["22:00-07:00"], "2026-03-10 22:00", "2026-03-11 07:00"),
        (["22:00-07:00"], "2026-03-11 06:59", "2026-03-11 07:00"),
        (["22:00-07:00"], "2026-03-11 07:00", None),
        (["12:00-14:00"], "2026-03-11 13:00", "2026-03-11 14:00"),
        (["12:00-14:00", "14:00-15:30"], "2026-03-11 13:00", "2026-03-11 15:30"),
        (["22:00-01:00", "00:30-07:00"], "2026-03-11 23:00", "2026-03-12 07:00"),
        ([], "2026-03-11 03:00", None),
        # the night on which clocks go forward is an hour shorter, and the one on which they go back an hour longer
        (["22:00-07:00"], "2026-03-28 23:00", "2026-03-29 07:00"),
        (["22:00-07:00"], "2026-10-24 23:00", "2026-10-25 07:00"),
        # an end that clocks skip: the moment it would have been
        (["22:00-02:30"], "2026-03-28 23:00", "2026-03-29 03:30"),
    ],
)
def test_it_is_quiet_until_the_clock_on_the_wall_says_so(
    spans: list[str], moment: str, until: str | None
) -> None:
    found = quiet(spans, BERLIN).until(at(moment))
    assert found == (None if until is None else at(until))


def test_an_end_that_clocks_show_twice_ends_it_twice() -> None:
    hours = quiet(["22:00-02:30"], BERLIN)
    first = hours.until(at("2026-10-25 02:15"))
    again = hours.until(at("2026-10-25 02:15", fold=1))
    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert again == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert hours.until(at("2026-10-25 02:45")) is None


@pytest.mark.parametrize(
    ("spans", "never"),
    [
        (["22:00-07:00"], False),
        (["22:00-07:00", "07:00-22:00"], True),
        (["00:00-12:00", "12:00-00:00"], True),
        ([], False),
    ],
)
def test_it_tells_when_no_moment_is_left(spans: list[str], never: bool) -> None:
    assert quiet(spans, BERLIN).always() is never
