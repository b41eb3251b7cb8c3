"""Where a value stands in a TOML file: its key, the key as people write it, and its line.

In: a key as a parser names it, and the file's text. Out: words and a line number, best effort: values are not parsed.
"""

from __future__ import annotations

import re

#: Names of tables and keys, and places in lists from 0.
Key = tuple[str | int, ...]

_BARE = re.compile(r"^[\w-]+$")
_NAME = re.compile(r'"([^"]*)"|\'([^\']*)\'|([\w-]+)')
_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]")
_VALUE = re.compile(r"^\s*((?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"|'[^']*'))*)\s*=")


def dotted(key: Key) -> str:
    """A key as people write it: accounts.mastodon.slots[0]."""
    out = ""
    for step in key:
        if isinstance(step, int):
            out += f"[{step}]"
        else:
            out += ("." if out else "") + (step if _BARE.match(step) else f'"{step}"')
    return out


def line_of(text: str, key: Key) -> int | None:
    """The line, from 1, of a key or else of the innermost table around it. Best effort: it does not parse values."""
    best, length = None, 0
    table: Key = ()
    counts: dict[Key, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if header := _HEADER.match(line):
            table = _names(header[2])
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
            here = table = _counted(table, counts)
        elif value := _VALUE.match(line):
            here = table + _names(value[1])
        else:
            continue
        if len(here) > length and key[: len(here)] == here:
            best, length = number, len(here)
    return best


def _names(written: str) -> Key:
    return tuple(double or single or bare for double, single, bare in _NAME.findall(written))


def _counted(table: Key, counts: dict[Key, int]) -> Key:
    """A table's key with the places in lists of tables put in."""
    out: Key = ()
    for end in range(1, len(table) + 1):
        out += (table[end - 1],)
        if (count := counts.get(table[:end])) is not None:
            out += (count,)
    return out
