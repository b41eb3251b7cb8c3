"""The one reader of TOML and of plain text files.

In: a path and the msgspec Struct it should hold. Out: that Struct, or one CampaignError that names the file, the
line where it can be told, the dotted key, and how to mend it. Imports only tomllib and msgspec: the idle cron run
reads the configuration through here; what explains an error is imported when there is one.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from clarion.errors import CampaignError

if TYPE_CHECKING:
    from clarion.campaign.keys import Key

T = TypeVar("T")

#: Nothing people write by hand is longer; a larger file is a mistake or an attack.
MAX_BYTES = 1_000_000
#: Keys of so many parts take the parser quadratic time, and no file of ours has half as many.
_DEEP = re.compile(r"""(?<![\w"'-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){16}+""", re.ASCII)


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every table of every file inherits: frozen, and an unknown key is an error."""


class Document:
    """A TOML file as read: its path, its text and its plain data."""

    __slots__ = ("path", "plain", "text")

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.text = text
        self.plain = _parse(path, text)

    def typed(self, kind: type[T]) -> T:
        """The data as `kind`, strictly. A custom type is read by its own `parse`."""
        try:
            return msgspec.convert(self.plain, kind, dec_hook=_parsed)
        except msgspec.ValidationError as error:
            from clarion.campaign.explain import explain

            raise self.error(*explain(self.plain, kind, error)) from error

    def error(self, key: Key, problem: str, hint: str | None = None) -> CampaignError:
        """An error about one key, such as ("caps", "x"): file and line come first, then the key and the problem."""
        from clarion.campaign.keys import dotted, line_of

        return CampaignError(f"{at(self.path, line_of(self.text, key))}: {dotted(key)} {problem}", hint)


def read(path: Path) -> Document:
    """A TOML file. CampaignError when it is missing, unreadable, not UTF-8 or not TOML."""
    return Document(path, read_text(path))


def read_text(path: Path) -> str:
    """A text file as UTF-8, without a byte order mark, lines ended by a plain line feed."""
    raw = read_bytes(path, MAX_BYTES)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise CampaignError(
            f"{at(path, line)}: this is not UTF-8 text", "save the file with the encoding UTF-8"
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_bytes(path: Path, limit: int) -> bytes:
    """A file's bytes. CampaignError when it cannot be read, is no plain file, or is larger than `limit`."""
    try:
        # Without waiting: a pipe with nobody at its other end would keep us for ever.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise CampaignError(f"{shown(path)} is no plain file", "put the file itself there")
            raw = file.read(limit + 1)
    except FileNotFoundError as error:
        raise CampaignError(f"there is no {shown(path)}", f"look in {path.parent}") from error
    except OSError as error:
        raise CampaignError(f"{shown(path)} cannot be read: {error.strerror or error}") from error
    if len(raw) > limit:
        raise CampaignError(f"{shown(path)} is larger than {limit // 1000:,} kB", "make it smaller")
    return raw


def inside(folder: Path, name: str) -> Path:
    """A file of a folder by its plain name. CampaignError when it, or what it links to, is elsewhere."""
    path = folder / name
    if "/" in name or "\\" in name or name.startswith(".") or path.resolve().parent != folder.resolve():
        raise CampaignError(
            f"{shown(folder)}: {name} is not in this folder",
            "name a file that stands beside the one that names it",
        )
    return path


def shown(path: Path) -> str:
    """A path as people know it: from `posts` on, else the file's name."""
    parts = path.parts
    if "posts" in parts:
        start = len(parts) - 1 - parts[::-1].index("posts")
        return "/".join(parts[start:])
    return path.name


def at(path: Path, line: int | None) -> str:
    """Where: the file, and the line when it is known."""
    return f"{shown(path)}, line {line}" if line else shown(path)


def _parse(path: Path, text: str) -> dict[str, Any]:
    deep = _DEEP.search(text)
    if deep:
        where = at(path, text.count("\n", 0, deep.start()) + 1)
        raise CampaignError(f"{where}: a key has too many parts", "write it with plain tables")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        from clarion.campaign.explain import broken

        line, problem, hint = broken(error)
        raise CampaignError(f"{at(path, line)}: {problem}", hint) from error
    except RecursionError as error:
        raise CampaignError(f"{shown(path)} is nested too deeply", "write it with plain tables") from error
    except ValueError as error:  # what Python will not read as a number
        raise CampaignError(
            f"{shown(path)} has a number with thousands of digits", "make it shorter"
        ) from error


def _parsed(kind: Any, value: Any) -> Any:
    return kind.parse(value)
