"""Tables of the ledgers as a campaign has them in its files: facts.toml, calls.toml, days.toml.

In: what a test says of an entry, as plain values. Out: TOML text, one line a key, with what every entry must have.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

#: The day on which somebody last read the sources again, where a test does not care.
CHECKED = date(2026, 11, 1)


def fact(id_: str, *, wording: Mapping[str, str], source: str, date: date, as_of: date, **more: Any) -> str:
    """A table of facts.toml."""
    known = {"wording": wording, "source": source, "date": date, "as_of": as_of, "checked_on": CHECKED}
    return table(f"facts.{id_}", {**known, **more})


def call(id_: str, *, kind: str, wording: Mapping[str, str], link: object = None, **more: Any) -> str:
    """A table of calls.toml."""
    known = {"kind": kind, "wording": wording, "link": link, "owner": "A group", "checked_on": CHECKED}
    return table(f"calls.{id_}", {**known, **more})


def day(id_: str, *, date: date, name: Mapping[str, str], fact: str) -> str:
    """A table of days.toml."""
    return table(f"days.{id_}", {"date": date, "name": name, "fact": fact})


def table(name: str, fields: Mapping[str, Any]) -> str:
    """Any table; a field that is None is left out."""
    lines = [f"{key} = {_value(value)}\n" for key, value in fields.items() if value is not None]
    return f"[{name}]\n{''.join(lines)}\n"


def _value(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key} = {_value(each)}' for key, each in value.items())} }}"
    return json.dumps(value, ensure_ascii=False)  # strings and lists are written as in JSON
