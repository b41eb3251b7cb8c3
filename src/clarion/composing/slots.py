"""When: what people type for a time, and the next slot that is free. Pure.

In: a text such as "tomorrow 9:00" or "in 2 hours", the moment it is typed, the campaign's zone, slots such as
"Mon-Fri 09:00".
Out: an aware UTC datetime. A time that is past, does not exist or exists twice is a CampaignError that says what to
type; a slot, where there is nobody to ask, moves past a gap and takes the first of two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from clarion.errors import CampaignError

#: How far ahead a time may lie: beyond, it is a slip of the finger.
YEARS_AHEAD = 5
#: How far ahead a free slot is looked for, in days.
_LOOK_AHEAD = 366
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_FORMS = 'type "now", "tomorrow 9:00", "friday 18:30", "2026-12-01 18:00", "in 2 hours" or "next slot"'
_MINUTE = timedelta(minutes=1)

_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?"
_DATE = r"(?P<day>\d{4}-\d{2}-\d{2}|\d{1,2}\.\d{1,2}\.\d{4})"
_EXACT = re.compile(rf"{_DATE}[t ]{_TIME}(?:\.\d+)? ?(?P<offset>z|[+-]\d{{2}}:?\d{{2}})?", re.ASCII)
_SPOKEN = re.compile(rf"(?P<day>[a-z]+),? (?:at )?{_TIME}", re.ASCII)
_ONLY_DAY = re.compile(rf"{_DATE}|(?P<name>[a-z]+)", re.ASCII)
_ONLY_TIME = re.compile(_TIME, re.ASCII)
_AHEAD = re.compile(r"in (?P<count>\d{1,4}|an?) ?(?P<unit>m|min|minute|h|hour|d|day|week)s?", re.ASCII)
_SLOT = re.compile(r"(?P<days>[a-z,\- ]+?) ?(?P<times>\d{1,2}:\d{2}(?:, ?\d{1,2}:\d{2})*)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A time of the day, on some days of the week (0 is Monday)."""

    days: frozenset[int]
    at: time


# ── what people type ──────────────────────────────────────────────────────────────────────────────────────────


def parse_when(
    text: str,
    *,
    now: datetime,
    zone: tzinfo,
    slots: Sequence[str] = (),
    taken: Collection[datetime] = (),
    may: Callable[[datetime], bool] = lambda _moment: True,
) -> datetime:
    """The moment a person means, in UTC. Without an offset it is the wall time of `zone`.

    `may`: whether a slot is free for another reason than that its minute is taken.
    """
    typed = " ".join(text.split()).lower()
    if typed == "now":
        return now.astimezone(UTC)
    if typed in ("next slot", "next free slot"):
        return next_slot(now, slots, zone, taken, may)
    if exact := _EXACT.fullmatch(typed):
        return _exact(exact, now=now, zone=zone)
    if spoken := _SPOKEN.fullmatch(typed):
        return _spoken(spoken, now=now, zone=zone)
    if _ONLY_TIME.fullmatch(typed):
        return _spoken(_as_spoken(f"today {typed}"), now=now, zone=zone)
    if ahead := _AHEAD.fullmatch(typed):
        return _from_now(ahead, now=now, zone=zone)
    raise _not_a_time(text, typed)


def _not_a_time(text: str, typed: str) -> CampaignError:
    if (day := _ONLY_DAY.fullmatch(typed)) and (day["day"] or _is_day(typed)):
        return CampaignError(
            f"“{text}” names no time of the day", f'day and time, in quotes: --at "{text} 9:00"'
        )
    return CampaignError(f"“{text}” is not a time Clarion understands", _FORMS)


def _as_spoken(typed: str) -> re.Match[str]:
    found = _SPOKEN.fullmatch(typed)
    assert found is not None
    return found


def _from_now(typed: re.Match[str], *, now: datetime, zone: tzinfo) -> datetime:
    """Minutes and hours as they pass; days and weeks by the clock on the wall."""
    count = int(typed["count"]) if typed["count"].isdecimal() else 1
    unit = typed["unit"][0]
    if unit in "mh":
        return (now + count * timedelta(minutes=1 if unit == "m" else 60)).astimezone(UTC)
    wall = now.astimezone(zone).replace(tzinfo=None) + count * timedelta(days=7 if unit == "w" else 1)
    if wall.year > now.year + YEARS_AHEAD:
        raise CampaignError(f"“{typed.string}” is more than {YEARS_AHEAD} years away", _FORMS)
    return _on_the_wall(wall, zone).astimezone(UTC)


def _exact(typed: re.Match[str], *, now: datetime, zone: tzinfo) -> datetime:
    day, at = _day(typed["day"]), _clock_time(typed)
    # Before any arithmetic: at the ends of the calendar it overflows.
    here = now.astimezone(zone)
    if day.year > here.year + YEARS_AHEAD:
        nearest = _next(day, at, after=here.replace(tzinfo=None))
        raise CampaignError(
            f"{typed['day']} is more than {YEARS_AHEAD} years away",
            f"did you mean {nearest}?" if nearest else _FORMS,
        )
    wall = datetime.combine(day, at)
    moment = wall.replace(tzinfo=_offset(typed["offset"])) if typed["offset"] else _on_the_wall(wall, zone)
    return _not_past(moment, typed.string, now=now, zone=zone)


def _day(typed: str) -> date:
    """A day written as 2026-12-01, or as 01.12.2026: the day first, then the month."""
    try:
        if "." in typed:
            day, month, year = map(int, typed.split("."))
            return date(year, month, day)
        return date.fromisoformat(typed)
    except ValueError:
        raise CampaignError(f"there is no day {typed}", _FORMS) from None


def _next(day: date, at: time, *, after: datetime) -> date | None:
    """The same day and month in the next year in which they are still to come; 29 February is not in every one."""
    for year in range(after.year, after.year + YEARS_AHEAD + 1):
        with suppress(ValueError):
            if datetime.combine(near := day.replace(year=year), at) > after:
                return near
    return None


def _spoken(typed: re.Match[str], *, now: datetime, zone: tzinfo) -> datetime:
    today, at = now.astimezone(zone).date(), _clock_time(typed)
    if typed["day"] in ("today", "tomorrow"):
        ahead = 1 if typed["day"] == "tomorrow" else 0
        moment = _on_the_wall(datetime.combine(today + timedelta(days=ahead), at), zone)
        return _not_past(moment, typed.string, now=now, zone=zone)
    ahead = (_weekday(typed["day"]) - today.weekday()) % 7
    moment = _on_the_wall(datetime.combine(today + timedelta(days=ahead), at), zone)
    if moment + _MINUTE <= now:  # earlier today: the same day a week on
        moment = _on_the_wall(datetime.combine(today + timedelta(days=7), at), zone)
    return _not_past(moment, typed.string, now=now, zone=zone)


def _not_past(moment: datetime, typed: str, *, now: datetime, zone: tzinfo) -> datetime:
    """The moment; the minute that is running counts as now, because people type minutes."""
    if moment + _MINUTE <= now:
        raise _past(typed, now=now, zone=zone)
    return max(moment, now).astimezone(UTC)


def _past(typed: str, *, now: datetime, zone: tzinfo) -> CampaignError:
    here = now.astimezone(zone)
    return CampaignError(
        f"“{typed}” is past: it is {here:%Y-%m-%d %H:%M} in {zone}",
        f'type "now", "tomorrow {here:%H:%M}" or a later time',
    )


def _clock_time(typed: re.Match[str]) -> time:
    try:
        return time(int(typed["hour"]), int(typed["minute"]), int(typed["second"] or 0))
    except ValueError:
        raise CampaignError(
            f"“{typed.string}” has no such time of the day", "hours are 0 to 23, minutes 00 to 59: 18:30"
        ) from None


def _offset(typed: str) -> timezone:
    if typed == "z":
        return UTC
    hours, minutes = int(typed[1:3]), int(typed[-2:])
    if hours > 14 or minutes > 59:
        raise CampaignError(f"no place on Earth has the offset {typed}", "type one such as +02:00")
    return timezone(timedelta(hours=hours, minutes=minutes) * (-1 if typed[0] == "-" else 1))


def _on_the_wall(wall: datetime, zone: tzinfo) -> datetime:
    """The one moment at which clocks in the zone show this. Raises where they never do, or do twice."""
    first, second = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    before, after = first.utcoffset(), second.utcoffset()
    assert before is not None
    assert after is not None
    if before < after:
        later, earlier = (moment.astimezone(UTC).astimezone(zone) for moment in (first, second))
        raise CampaignError(
            f"in {zone} clocks skip {wall:%Y-%m-%d %H:%M}",
            f'type "{_typed(later)}" or "{_typed(earlier)}"',
        )
    if before > after:
        raise CampaignError(
            f"in {zone} clocks show {wall:%Y-%m-%d %H:%M} twice",
            f'type "{_typed(first)}{_east(first)}" for the first or "{_typed(second)}{_east(second)}" for the second',
        )
    return first


def _typed(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment.second else f"{moment:%Y-%m-%d %H:%M}"


def _east(moment: datetime) -> str:
    """The offset as people type it: +02:00."""
    return moment.isoformat()[-6:]


# ── slots ─────────────────────────────────────────────────────────────────────────────────────────────────────


def next_slot(
    after: datetime,
    slots: Sequence[str],
    zone: tzinfo,
    taken: Collection[datetime] = (),
    may: Callable[[datetime], bool] = lambda _moment: True,
) -> datetime:
    """The first slot after that moment whose minute is not taken and at which something may go out, in UTC.

    Raises CampaignError where no slot can be read, or none is free within a year.
    """
    plan = parse_slots(slots)
    occupied = {_to_minute(moment) for moment in taken}
    for moment in _ahead(after, plan, zone):
        if moment > after and moment not in occupied and may(moment):
            return moment
    raise CampaignError(
        "no slot is free within a year", 'add slots to the account, or type --at "2026-12-01 18:00"'
    )


def parse_slots(texts: Sequence[str]) -> tuple[Slot, ...]:
    """The slots as a plan: "Mon-Fri 09:00", "Mon,Thu 9:00,18:30", "daily 12:00"."""
    plan = tuple(slot for text in texts for slot in _parse_slot(text))
    if not plan:
        raise CampaignError(
            "there are no slots", 'write slots = ["Mon-Fri 09:00"] under the account in config.toml'
        )
    return plan


def _parse_slot(text: str) -> Iterator[Slot]:
    # An en dash is what phones make of a hyphen between words.
    typed = _SLOT.fullmatch(" ".join(text.replace("–", "-").split()).lower())
    if typed is None:
        raise CampaignError(
            f"“{text}” is not a slot", 'write "Mon-Fri 09:00", "Sat,Sun 11:00,18:00" or "daily 12:00"'
        )
    days = frozenset(day for word in typed["days"].split(",") for day in _days(word))
    for at in typed["times"].split(","):
        hour, minute = map(int, at.split(":"))
        if hour > 23 or minute > 59:
            raise CampaignError(
                f"“{text}” has no such time of the day", "hours are 0 to 23, minutes 00 to 59: 18:30"
            )
        yield Slot(days=days, at=time(hour, minute))


def _days(word: str) -> Iterator[int]:
    ends = [end.strip() for end in word.split("-")]
    if ends in (["daily"], ["every day"]):
        yield from range(7)
        return
    if len(ends) > 2:
        raise CampaignError(f"“{word.strip()}” is not a range of days", 'write "Mon-Fri 09:00"')
    first, last = _weekday(ends[0]), _weekday(ends[-1])
    for step in range((last - first) % 7 + 1):
        yield (first + step) % 7


def _weekday(word: str) -> int:
    for number, name in enumerate(_DAYS):
        if word in (name, name[:3], name[:2]) or (len(word) > 3 and name.startswith(word)):
            return number
    raise CampaignError(f"“{word}” is not a day", _FORMS)


def _is_day(word: str) -> bool:
    try:
        return word in ("today", "tomorrow") or _weekday(word) >= 0
    except CampaignError:
        return False


def _ahead(after: datetime, plan: tuple[Slot, ...], zone: tzinfo) -> list[datetime]:
    """Every moment of the plan in the year after `after`, in order (a gap may carry one past its neighbour)."""
    # A day early: where clocks skip, yesterday's slot may fall after `after`.
    first = after.astimezone(zone).date() - timedelta(days=1)
    days = (first + timedelta(days=ahead) for ahead in range(_LOOK_AHEAD + 2))
    walls = (
        datetime.combine(day, slot.at, zone) for day in days for slot in plan if day.weekday() in slot.days
    )
    return sorted({wall.astimezone(UTC) for wall in walls})


def _to_minute(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(second=0, microsecond=0)
