from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.composing.slots import next_slot, parse_slots, parse_when
from clarion.errors import CampaignError

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [
    ZoneInfo(key)
    for key in (
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Africa/Cairo",
    )
]
NOW = datetime(2026, 11, 21, 10, 30, 20, tzinfo=UTC)  # a Saturday, 11:30:20 in Berlin
WEEKDAYS = ("Mon-Fri 09:00",)


def when(text, *, now=NOW, zone=BERLIN, slots=WEEKDAYS, taken=()):
    return parse_when(text, now=now, zone=zone, slots=slots, taken=taken)


def in_berlin(year, month, day, *clock, fold=0):
    return datetime.combine(date(year, month, day), time(*clock, fold=fold), BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", NOW),
        ("2026-12-01 18:00", in_berlin(2026, 12, 1, 18)),
        ("2026-12-01T18:00", in_berlin(2026, 12, 1, 18)),
        ("2026-12-01 18:00:30", in_berlin(2026, 12, 1, 18, 0, 30)),
        ("2026-12-01T18:00:00.000Z", datetime(2026, 12, 1, 18, tzinfo=UTC)),
        ("2026-12-01 18:00+05:45", datetime(2026, 12, 1, 12, 15, tzinfo=UTC)),
        ("2026-12-01 18:00 -0330", datetime(2026, 12, 1, 21, 30, tzinfo=UTC)),
        ("2028-02-29 08:00", in_berlin(2028, 2, 29, 8)),
        ("  Tomorrow   at 9:00 ", in_berlin(2026, 11, 22, 9)),
        ("today 18:30", in_berlin(2026, 11, 21, 18, 30)),
        ("18:30", in_berlin(2026, 11, 21, 18, 30)),
        ("01.12.2026 18:00", in_berlin(2026, 12, 1, 18)),
        ("1.12.2026 8:00", in_berlin(2026, 12, 1, 8)),
        ("in 2 hours", NOW + timedelta(hours=2)),
        ("in an hour", NOW + timedelta(hours=1)),
        ("in 30 min", NOW + timedelta(minutes=30)),
        ("in 2 days", NOW + timedelta(days=2)),
        ("in a week", NOW + timedelta(days=7)),
        ("friday 9:00", in_berlin(2026, 11, 27, 9)),
        ("Fri 09:00", in_berlin(2026, 11, 27, 9)),
        ("saturday 12:00", in_berlin(2026, 11, 21, 12)),
        ("saturday 11:00", in_berlin(2026, 11, 28, 11)),
        ("next slot", in_berlin(2026, 11, 23, 9)),
        ("next free slot", in_berlin(2026, 11, 23, 9)),
    ],
)
def test_it_understands_what_people_type(text, moment):
    assert when(text) == moment


def test_it_counts_days_in_the_campaigns_zone():
    late = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)  # already Sunday in Berlin
    assert when("tomorrow 9:00", now=late) == in_berlin(2026, 11, 23, 9)


def test_days_ahead_keep_the_time_on_the_wall_and_hours_pass_as_they_do():
    evening = in_berlin(2027, 3, 27, 18)  # clocks skip an hour in the night
    assert when("in 1 day", now=evening) == in_berlin(2027, 3, 28, 18)
    assert when("in 24 hours", now=evening) == in_berlin(2027, 3, 28, 19)


def test_the_minute_that_is_running_is_now():
    assert when("today 11:30") == NOW
    assert when("saturday 11:30") == NOW


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("today 11:29", "is past"),
        ("2025-12-01 18:00", "is past"),
        ("0001-01-01 00:00+14:00", "is past"),
        ("9999-12-31 23:59-12:00", "years away"),
        ("2062-12-01 18:00", "did you mean 2026-12-01"),
        ("2027-02-29 08:00", "there is no day 2027-02-29"),
        ("2026-13-01 08:00", "there is no day"),
        ("today 24:00", "time of the day"),
        ("today 18:60", "time of the day"),
        ("2026-12-01 18:00:60", "time of the day"),
        ("2026-12-01 18:00+15:00", "no place on Earth"),
        ("tonight 18:00", "is not a day"),
        ("2026-12-01", 'names no time of the day day and time, in quotes: --at "2026-12-01 9:00"'),
        ("01.12.2026", "names no time of the day"),
        ("tomorrow", 'names no time of the day day and time, in quotes: --at "tomorrow 9:00"'),
        ("Friday", "names no time of the day"),
        ("soon", "understands"),
        ("9:00", "“today 9:00” is past"),
        ("32.12.2026 18:00", "there is no day 32.12.2026"),
        ("in 9999 weeks", "years away"),
        ("2126-01-01 10:00", "did you mean 2027-01-01?"),
        ("2126-11-21 12:00", "did you mean 2026-11-21?"),
        ("2096-02-29 12:00", "did you mean 2028-02-29?"),
        ("٢٠٢٦-12-01 18:00", "understands"),
        ("", "understands"),
    ],
)
def test_it_says_what_to_type_for_what_it_cannot_take(text, says):
    with pytest.raises(CampaignError) as caught:
        when(text)
    assert says in f"{caught.value.message} {caught.value.hint}"
    assert caught.value.hint


def test_a_time_that_clocks_skip_names_its_neighbours():
    with pytest.raises(CampaignError) as caught:
        when("2027-03-28 02:30")
    assert caught.value.hint == 'type "2027-03-28 03:30" or "2027-03-28 01:30"'


def test_a_time_that_clocks_show_twice_names_both_offsets():
    with pytest.raises(CampaignError) as caught:
        when("2027-10-31 02:30")
    assert (caught.value.hint or "").split('"')[1::2] == ["2027-10-31 02:30+02:00", "2027-10-31 02:30+01:00"]


@given(zone=st.sampled_from(ZONES), minutes=st.integers(1, 3 * 366 * 24 * 60))
def test_a_typed_time_shows_on_the_wall_as_typed_or_the_hint_can_be_typed(zone, minutes):
    wall = (datetime(2026, 11, 22) + timedelta(minutes=minutes)).replace(tzinfo=None)  # noqa: DTZ001
    typed = f"{wall:%Y-%m-%d %H:%M}"
    try:
        moment = when(typed, zone=zone)
    except CampaignError as error:
        offered = (error.hint or "").split('"')[1::2]
        assert len({when(text, zone=zone) for text in offered}) == 2
    else:
        assert moment.astimezone(zone).replace(tzinfo=None) == wall


def test_slots_in_many_spellings():
    def days(text):
        return [sorted(slot.days) for slot in parse_slots([text])]

    assert days("Mon–Fri 09:00") == [[0, 1, 2, 3, 4]]
    assert days("fri - mon 9:00") == [[0, 4, 5, 6]]
    assert days("Mon, Thursday 9:00, 18:30") == [[0, 3], [0, 3]]
    assert days("daily 12:00") == [[0, 1, 2, 3, 4, 5, 6]]


@pytest.mark.parametrize(
    "text", ["", "09:00", "Mon", "Mon 25:00", "Mon-Tue-Wed 09:00", "Moon 09:00", "Mon 9"]
)
def test_it_refuses_what_is_no_slot(text):
    with pytest.raises(CampaignError) as caught:
        parse_slots([text])
    assert caught.value.hint


def test_no_slots_at_all_is_an_error_that_says_where_to_write_them():
    with pytest.raises(CampaignError) as caught:
        when("next slot", slots=())
    assert "config.toml" in (caught.value.hint or "")


def test_a_taken_slot_is_passed_over_even_by_seconds():
    monday, tuesday = in_berlin(2026, 11, 23, 9), in_berlin(2026, 11, 24, 9)
    assert when("next slot", taken=[monday + timedelta(seconds=30)]) == tuesday


def test_when_every_slot_is_taken_it_says_so():
    taken = {in_berlin(2026, 11, 20, 9) + timedelta(hours=n) for n in range(24 * 370)}
    with pytest.raises(CampaignError, match="no slot is free"):
        next_slot(NOW, WEEKDAYS, BERLIN, taken)


def test_slots_keep_their_wall_time_through_the_year():
    moment, walls = NOW, set()
    for _ in range(260):
        moment = next_slot(moment, WEEKDAYS, BERLIN)
        walls.add(f"{moment.astimezone(BERLIN):%H:%M}")
    assert walls == {"09:00"}


def test_a_slot_in_a_gap_moves_past_it_and_a_doubled_one_takes_the_first():
    before_gap = in_berlin(2027, 3, 28, 0)
    assert next_slot(before_gap, ["daily 02:30"], BERLIN) == in_berlin(2027, 3, 28, 3, 30)
    before_overlap = in_berlin(2027, 10, 31, 0)
    assert next_slot(before_overlap, ["daily 02:30"], BERLIN) == in_berlin(2027, 10, 31, 2, 30, fold=0)
    after_the_first = in_berlin(2027, 10, 31, 2, 45, fold=0)
    assert next_slot(after_the_first, ["daily 02:30"], BERLIN) == in_berlin(2027, 11, 1, 2, 30)


@given(
    zone=st.sampled_from(ZONES),
    after=st.datetimes(datetime(2026, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    hour=st.integers(0, 23),
    skip=st.integers(0, 4),
)
def test_the_next_slot_is_later_free_and_the_first_such(zone, after, hour, skip):
    slots = [f"Mon-Thu {hour:02}:15", "Sat 11:00"]
    taken, moment = set(), after
    for _ in range(skip):
        moment = next_slot(moment, slots, zone)
        taken.add(moment)
    found = next_slot(after, slots, zone, taken)
    assert found > moment
    assert found not in taken
    between = [moment for moment in quarters(after, found) if is_slot(moment.astimezone(zone), hour)]
    assert set(between) <= taken


def quarters(after, before):
    moment = after.replace(minute=0, second=0, microsecond=0)
    while (moment := moment + timedelta(minutes=15)) < before:
        if moment > after:
            yield moment


def is_slot(wall, hour):
    if wall.fold:
        return False
    return (wall.weekday() < 4 and (wall.hour, wall.minute) == (hour, 15)) or (
        wall.weekday() == 5 and (wall.hour, wall.minute) == (11, 0)
    )
