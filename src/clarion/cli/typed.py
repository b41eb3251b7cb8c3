"""What people type in a form of its own: an entry's number, a day, and NAME=VALUE."""

from __future__ import annotations

import datetime as dt
from typing import Any

import click


class Number(click.ParamType[int]):
    """An entry's number, with or without its #."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        digits = str(value).removeprefix("#")
        if not digits.isascii() or not digits.isdigit() or not 0 < int(digits) < 2**31:
            self.fail(f"“{value}” is not an entry's number, as in 12 or #12", param, ctx)
        return int(digits)


NUMBER = Number()


class Day(click.ParamType[dt.date]):
    """A date, as 2026-11-01."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        try:
            return dt.date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"“{value}” is not a date, as in 2026-11-01", param, ctx)


DAY = Day()


def pairs(variables: tuple[str, ...]) -> dict[str, str]:
    """The variables of repeated `--set NAME=VALUE`."""
    found = {}
    for each in variables:
        name, equals, value = each.partition("=")
        if not equals or not name.isidentifier():
            raise click.UsageError(f"--set takes NAME=VALUE, as in --set city=Berlin, not “{each}”")
        found[name] = value
    return found
