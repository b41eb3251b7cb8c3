"""What a template may call: facts with their provenance, and dates and counts in the post's language by Babel.

In: the ledger, the language, the due time. Out: functions and filters for the sandbox, and the facts that were used.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from clarion.campaign.facts import Facts
from clarion.errors import CampaignError
from clarion.model import Used

#: Day, month, year as a sentence has them. Babel's own long forms begin with the month (en) or end in "г." (ru).
_DATE = {"en": "d MMMM y", "ru": "d MMMM y"}


class Words:
    """The words of one rendering. `now` is the due time: a template never sees another."""

    def __init__(self, *, facts: Facts, language: str, due: dt.datetime, where: str) -> None:
        self._facts = facts
        self._language = language
        self._due = due
        self._where = where
        self._used: dict[str, Used] = {}

    @property
    def functions(self) -> dict[str, Callable[..., Any]]:
        return {"fact": self.fact, "fact_date": self.fact_date}

    @property
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "date": self.date,
            "time": self.time,
            "years_since": self.years_since,
            "years": self.years,
            "sentence": sentence,
        }

    @property
    def used(self) -> tuple[Used, ...]:
        """The facts used so far, in the order of first use."""
        return tuple(self._used.values())

    def fact(self, id_: str) -> str:
        """The wording of a fact; the post remembers that it used it."""
        wording = self._facts.wording(id_, self._language, where=self._where)
        self.rely_on(id_)
        return wording

    def fact_date(self, id_: str) -> dt.date:
        """The date of a fact, for a filter."""
        self.rely_on(id_)
        return self._facts.get(id_, where=self._where).date

    def rely_on(self, id_: str) -> None:
        """Remember a fact as used, printed or not."""
        self._facts.get(id_, where=self._where)
        self._used.setdefault(id_, self._facts.used(id_, self._language))

    def date(self, value: dt.date | str) -> str:
        """29 March 2026 · 29 марта 2026."""
        from babel.dates import format_date

        pattern = _DATE.get(self._language.partition("-")[0], "long")
        return str(format_date(self._day(value), pattern, locale=self._locale()))

    def time(self, value: dt.datetime) -> str:
        """18:00, in the zone of the value."""
        if not isinstance(value, dt.datetime):
            raise CampaignError(
                f"{self._where}: {value!r} has no time of day", "use it on due: {{ due|time }}"
            )
        return f"{value:%H:%M}"

    def years_since(self, value: dt.date | str) -> int:
        """Whole years from a date to the due time."""
        day, now = self._day(value), self._due
        years = now.year - day.year - ((now.month, now.day) < (day.month, day.day))
        if years < 1:
            raise CampaignError(
                f"{self._where}: {now:%Y-%m-%d} is less than a year after {day}",
                "queue it for a later day: --at",
            )
        return years

    def years(self, count: int) -> str:
        """9 years · 9 лет: the number with its noun in the right form."""
        from babel.units import format_unit

        if not isinstance(count, int):
            raise CampaignError(
                f"{self._where}: {count!r} is not a count of years", "{{ …|years_since|years }}"
            )
        return str(format_unit(count, "duration-year", length="long", locale=self._locale()))

    def _locale(self) -> Any:
        from babel import Locale, UnknownLocaleError

        try:
            return Locale.parse(self._language, sep="-")
        except (UnknownLocaleError, ValueError) as error:
            raise CampaignError(
                f'{self._where}: no dates are known for the language "{self._language}"'
            ) from error

    def _day(self, value: dt.date | str) -> dt.date:
        if isinstance(value, dt.datetime):
            return value.date()
        if isinstance(value, dt.date):
            return value
        try:
            return dt.date.fromisoformat(value)
        except (TypeError, ValueError) as error:
            raise CampaignError(
                f"{self._where}: {value!r} is not a date", "write it as 2017-03-29"
            ) from error


def sentence(text: str) -> str:
    """The text with a capital first letter, behind an opening quotation mark too; nothing else is changed."""
    for place, letter in enumerate(str(text)):
        if letter.isalnum():
            return text[:place] + letter.upper() + text[place + 1 :]
    return text
