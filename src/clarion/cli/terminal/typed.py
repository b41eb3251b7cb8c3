"""What people type in a form of its own: an entry's number, a template's name, a day, and NAME=VALUE."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import click

from clarion.errors import CampaignError


class Number(click.ParamType[int]):
    """An entry's number, with or without its #."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        digits = str(value).removeprefix("#")
        if not digits.isascii() or not digits.isdigit() or not 0 < int(digits) < 2**31:
            self.fail(f"“{value}” is not an entry's number, as in 12 or #12", param, ctx)
        return int(digits)


NUMBER = Number()


class Slug(click.ParamType[str]):
    """A template's name, also as the path that a shell completes, and in capitals: posts/faq/, ./posts/faq, FAQ."""

    name = "slug"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        path = f"/{str(value).removeprefix('./')}"
        inside = path.rpartition("/posts/")[2].partition("/")[0]
        return (inside or path.strip("/")).lower()


SLUG = Slug()


class Day(click.ParamType[dt.date]):
    """A date, as 2026-11-01."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        try:
            return dt.date.fromisoformat(str(value))
        except ValueError as error:
            asked = f"{param.opts[0]} " if param is not None else ""
            meant = f"did you mean: {asked}{day}" if (day := _as_spoken(str(value))) else None
            raise CampaignError(
                f"{asked}takes a date, not “{value}”", meant or f"write it as {asked}2026-11-01"
            ) from error


DAY = Day()


def _as_spoken(typed: str) -> dt.date | None:
    """The day that is meant by 20.11.2026; None where nobody can tell. 11/12/2026 is two days."""
    found = re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", typed.strip())
    try:
        return dt.date(int(found[3]), int(found[2]), int(found[1])) if found else None
    except ValueError:
        return None


def pairs(variables: tuple[str, ...]) -> dict[str, str]:
    """The variables of repeated `--set NAME=VALUE`."""
    found = {}
    for each in variables:
        name, equals, value = each.partition("=")
        if not equals or not name.isidentifier():
            raise click.UsageError(f"--set takes NAME=VALUE, as in --set city=Berlin, not “{each}”")
        found[name] = value
    return found
