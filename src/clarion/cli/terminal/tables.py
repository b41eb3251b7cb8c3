"""Listings: aligned text in a pipe, drawn on a terminal, small blocks of lines where a terminal is too narrow.

In: rows of plain values. Out: text on stdout, in which no word is torn. rich is imported when a table is drawn.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence

import click

from clarion.cli.terminal import shell

#: What rich puts around the columns of a table and between two of them.
_EDGES, _BETWEEN = 2, 3
#: A column of text is not squeezed below this: a word a line is no help either.
_READABLE = 20


def table(rows: Iterable[Sequence[object]], columns: Sequence[str]) -> None:
    """A listing, to stdout: aligned text, drawn with rich when somebody looks at a terminal.

    Where a terminal, or COLUMNS, is too narrow for it, a small block of lines per row: no word is torn.
    """
    cells = [[_cell(value) for value in row] for row in rows]
    if sys.stdout.isatty() or _asked_width():
        natural, least = _column_widths(cells, columns)
        room = shell.width() - (
            _EDGES + _BETWEEN * (len(columns) - 1) if shell.pretty() else 2 * (len(columns) - 1)
        )
        if room < sum(least if shell.pretty() else natural):
            _write_blocks(cells, columns)
            return
        if shell.pretty():
            _draw(cells, columns, _shared(room, natural, least))
            return
    lines = [[column.upper() for column in columns], *cells]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = [text + " " * (width - _width(text)) for text, width in zip(line, widths, strict=True)]
        click.echo("  ".join(padded).rstrip())


def _asked_width() -> bool:
    """Whether somebody said how wide a listing in a pipe may be: COLUMNS=80 clarion …."""
    return os.environ.get("COLUMNS", "").isdigit()


def _cell(value: object) -> str:
    return shell.printable(" ".join(("" if value is None else str(value)).split()))


def _width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def _column_widths(cells: list[list[str]], columns: Sequence[str]) -> tuple[list[int], list[int]]:
    """Per column: how wide its longest cell is, and how narrow it may become without tearing a word."""
    natural, least = [], []
    for column in zip(columns, *cells, strict=True):
        natural.append(max(map(_width, column)))
        longest_word = max(_width(word) for text in column for word in text.split() or [""])
        least.append(max(longest_word, min(natural[-1], _READABLE)))
    return natural, least


def _shared(room: int, natural: list[int], least: list[int]) -> list[int]:
    """The widths of columns that together take no more than `room`: the widest give way first."""
    widths = list(natural)
    while sum(widths) > room:
        widest = max(
            (place for place, least_width in enumerate(least) if widths[place] > least_width),
            key=widths.__getitem__,
        )
        widths[widest] -= 1
    return widths


def _write_blocks(cells: list[list[str]], columns: Sequence[str]) -> None:
    from textwrap import wrap

    for number, row in enumerate(cells):
        if number:
            click.echo()
        for column, text in zip(columns, row, strict=True):
            for line in wrap(
                f"{column}: {text}" if text and column != "#" else text,
                shell.width(),
                subsequent_indent="  ",
                break_long_words=False,
                break_on_hyphens=False,
            ):
                click.echo(line)


def _draw(cells: list[list[str]], columns: Sequence[str], widths: Sequence[int]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column, column_width in zip(columns, widths, strict=True):
        drawn.add_column(column, width=column_width)
    for row in cells:
        drawn.add_row(*map(Text, row))
    Console().print(drawn)
