"""What a template may call: facts, calls and days of the ledger, and dates and counts in the post's language by Babel.

In: the ledger, the language, the due time. Out: functions and filters for the sandbox, and what of the ledger was used.
What they print is marked as vouched for; what they print of a count only where it follows from a date.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from clarion.campaign.ledgers.ledger import Ledger
from clarion.campaign.ledgers.lookup import Kind
from clarion.campaign.rendering import marks
from clarion.campaign.rendering.marks import Count, OfCall, Said
from clarion.errors import CampaignError
from clarion.model import Used

if TYPE_CHECKING:
    from babel import Locale

T = TypeVar("T")

#: Day, month, year as a sentence has them. Babel's own long forms begin with the month (en) or end in "г." (ru).
_DATE = {"en": "d MMMM y", "ru": "d MMMM y"}
#: Babel's names of plural forms, in the order in which a template gives them.
_FORMS = ("zero", "one", "two", "few", "many", "other")
#: What follows the digits of an ordinal, per language and gender; Babel has the rule, and not the letters.
_ORDINALS: dict[str, dict[str, dict[str, str]]] = {
    "en": {"": {"one": "st", "two": "nd", "few": "rd", "other": "th"}},
    "ru": {"m": {"other": "-й"}, "f": {"other": "-я"}, "n": {"other": "-е"}},
    "de": {"": {"other": "."}},
    "fr": {"m": {"one": "er", "other": "e"}, "f": {"one": "re", "other": "e"}},
    "es": {"m": {"other": ".º"}, "f": {"other": ".ª"}},
}


class Words:
    """The words of one rendering. Its now is the due time: a template never sees another."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        language: str,
        due: dt.datetime,
        where: str,
        examples: frozenset[str] = frozenset(),
    ) -> None:
        self._ledger = ledger
        self._language = language
        self._due = due
        self._where = where
        self._examples = examples  # values to try a post with, which nobody will read
        self._used: dict[tuple[Kind, str], Used] = {}

    @property
    def functions(self) -> dict[str, Callable[..., Any]]:
        return {
            "fact": self.fact,
            "fact_date": self.fact_date,
            "call": self.call,
            "call_link": self.call_link,
            "day": self.day,
            "day_name": self.day_name,
        }

    @property
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "date": self.date,
            "past": self.past,
            "ahead": self.ahead,
            "time": self.time,
            "years_since": self.years_since,
            "years": self.years,
            "plural": self.plural,
            "ordinal": self.ordinal,
            "sentence": marks.keeping(sentence),
        }

    @property
    def used(self) -> tuple[Used, ...]:
        """What of the ledger was used so far, in the order of first use."""
        return tuple(self._used.values())

    # ── the ledger ────────────────────────────────────────────────────────────────────────────────────────────

    def fact(self, id_: str) -> Said:
        """The wording of a fact; the post remembers that it used it."""
        said = self._ledger.facts.wording(id_, self._language, where=self._where)
        return self._remembered("fact", id_, Said(said))

    def fact_date(self, id_: str) -> dt.date:
        """The date of a fact, for a filter."""
        return self._remembered("fact", id_, self._ledger.facts.get(id_, where=self._where).date)

    def call(self, id_: str) -> OfCall:
        """The wording of a call and, where it has one, its link."""
        said = self._ledger.calls.said(id_, self._language, where=self._where)
        return self._remembered("call", id_, OfCall(said))

    def call_link(self, id_: str) -> OfCall:
        """The link of a call alone."""
        link = self._ledger.calls.link(id_, self._language, where=self._where)
        return self._remembered("call", id_, OfCall(link))

    def day(self, id_: str) -> marks.Day:
        """The date of a day, for a filter; printed bare, it is written out."""
        day = self._ledger.days.get(id_, where=self._where)
        return self._remembered("day", id_, marks.Day.of(day.date, self.date))

    def day_name(self, id_: str) -> Said:
        """What a day is called."""
        name = self._ledger.days.name(id_, self._language, where=self._where)
        return self._remembered("day", id_, Said(name))

    def rely_on(self, kind: Kind, id_: str) -> None:
        """Remember something of the ledger as used, printed or not."""
        if kind == "fact":
            self._ledger.facts.get(id_, where=self._where)
        else:
            self._ledger.calls.wording(id_, self._language, where=self._where)
        self._remembered(kind, id_, None)

    # ── filters ───────────────────────────────────────────────────────────────────────────────────────────────

    def date(self, value: dt.date | str) -> Said:
        """29 March 2026 · 29 марта 2026. A whole date counts nobody: one that was typed is vouched for, too."""
        from babel.dates import format_date

        pattern = _DATE.get(self._base(), "long")
        return Said(format_date(self._day(value), pattern, locale=self._locale()))

    def past(self, value: dt.date | str) -> dt.date | str:
        """The same date. CampaignError where it lies after the post's own day: nothing is known as of next year."""
        if (day := self._day(value)) > self._due.date():
            raise self._error(
                f"{day} is after the post's own day, {self._due:%Y-%m-%d}", "give a day that has been"
            )
        return value

    def ahead(self, value: dt.date | str) -> dt.date | str:
        """The same date. CampaignError where it lies before the post's own day: nobody is asked for what is over."""
        day = self._day(value)
        if day < self._due.date() and str(value) not in self._examples:
            raise self._error(
                f"{day} is before the post's own day, {self._due:%Y-%m-%d}: it would be over",
                "give a day that is still to come, or let it go out earlier: --at",
            )
        return value

    def time(self, value: dt.datetime | str) -> str:
        """18:00: of a time in its own zone, or as somebody wrote it."""
        try:
            time = value if isinstance(value, dt.datetime) else dt.time.fromisoformat(str(value))
        except (TypeError, ValueError) as error:
            raise self._error(f"{value!r} is no time of day", "write it as 18:00") from error
        written = f"{time:%H:%M}"
        return Said(written) if isinstance(value, dt.datetime) else written

    def years_since(self, value: dt.date | str) -> int:
        """Whole years from a date to the due time. From a date that was typed it is a number as any other."""
        day, now = self._day(value), self._due
        years = now.year - day.year - ((now.month, now.day) < (day.month, day.day))
        if years < 1:
            raise self._error(
                f"{now:%Y-%m-%d} is less than a year after {day}", "queue it for a later day: --at"
            )
        return Count(years) if isinstance(value, dt.date) else years

    def years(self, count: int) -> str:
        """9 years · 9 лет: the number with its noun in the right form."""
        from babel.units import format_unit

        number = self._count(count, "years")
        return _as(count, format_unit(number, "duration-year", length="long", locale=self._locale()))

    def plural(self, count: int, *forms: str) -> str:
        """9 men · 9 человек: the number with a noun, of which every form the language has is given, one first."""
        from babel.numbers import format_decimal

        number, locale = self._count(count, "plural"), self._locale()
        needed = _needed(str(locale))
        if len(forms) != len(needed) or not all(isinstance(each, str) for each in forms):
            raise self._error(
                f"plural needs {len(needed)} forms of its noun in {self._language}, not {len(forms)}",
                f"give them in this order: {', '.join(needed)}",
            )
        name = locale.plural_form(number)
        noun = forms[needed.index(name)] if name in needed else forms[-1]
        return _as(count, f"{format_decimal(number, locale=locale)} {noun}")

    def ordinal(self, count: int, gender: str = "") -> str:
        """9th · 9-я: the number as a place in a row. `gender`, where the language has it: m (without a word), f, n."""
        number, genders = self._count(count, "ordinal"), _ORDINALS.get(self._base())
        if genders is None:
            raise self._error(f"no ordinals are known for the language {self._language}", "write it in words")
        endings = genders.get(gender or next(iter(genders)))
        if endings is None:
            known = ", ".join(each for each in genders if each) or "none"
            raise self._error(f"{self._language} has no gender {gender!r} of ordinals", f"it has: {known}")
        form = self._locale().ordinal_form(number)
        return _as(count, f"{number}{endings.get(form, endings['other'])}")

    # ── helpers ───────────────────────────────────────────────────────────────────────────────────────────────

    def _remembered(self, kind: Kind, id_: str, value: T) -> T:
        self._used.setdefault((kind, id_), self._ledger.used(kind, id_, self._language))
        return value

    def _base(self) -> str:
        return self._language.partition("-")[0]

    def _locale(self) -> Locale:
        from babel import Locale, UnknownLocaleError

        try:
            return Locale.parse(self._language, sep="-")
        except (UnknownLocaleError, ValueError) as error:
            raise self._error(f'no dates are known for the language "{self._language}"') from error

    def _count(self, value: object, name: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self._error(f"{value!r} is not a count", f"{{{{ …|years_since|{name} }}}}")
        return int(value)

    def _day(self, value: dt.date | str) -> dt.date:
        if isinstance(value, dt.datetime):
            return value.date()
        if isinstance(value, dt.date):
            return value
        try:
            return dt.date.fromisoformat(str(value))  # str() of a variable without a value says its name
        except (TypeError, ValueError) as error:
            raise self._error(f"{value!r} is not a date", "write it as 2017-03-29") from error

    def _error(self, problem: str, hint: str | None = None) -> CampaignError:
        return CampaignError(f"{self._where}: {problem}", hint)


def sentence(text: str) -> str:
    """The text with a capital first letter, behind an opening quotation mark too; nothing else is changed."""
    for place, letter in enumerate(text):
        if letter.isalnum():
            return text[:place] + letter.upper() + text[place + 1 :]
    return text


@lru_cache
def read_up(language: str) -> None:
    """Read Babel and what it knows of a language: what the parent knows, none of its children has to read again."""
    import babel.units  # noqa: F401  beside dates and numbers, which formatting reads
    from babel import Locale, UnknownLocaleError
    from babel.dates import format_date

    with suppress(UnknownLocaleError, ValueError):  # an error only where a template writes a date in it
        format_date(dt.date(2017, 3, 29), "long", locale=Locale.parse(language, sep="-"))
        _needed(str(Locale.parse(language, sep="-")))


@lru_cache
def _needed(locale: str) -> tuple[str, ...]:
    """The forms that whole numbers have in a locale. Those that only begin in the millions (fr, es) are not asked for."""
    from babel import Locale

    met = {Locale.parse(locale).plural_form(each) for each in range(201)}
    return tuple(name for name in _FORMS if name in met)


def _as(count: int, text: str) -> str:
    """The words of a count, vouched for where the count is."""
    return Said(text) if isinstance(count, Count) else text
