"""Help that fits a phone: below eighty columns, no word is torn and nothing runs over the edge.

In: what Click wants to show, and the terminal's width. Out: the same words in narrower lines. Click by itself goes
no lower than fifty columns, and leaves examples as long as they are.
"""

from __future__ import annotations

from collections.abc import Iterable

import click

_WIDE = 80
_LEAST = 20


class Formatter(click.HelpFormatter):
    """Click's, for narrow terminals too."""

    def __init__(
        self, indent_increment: int = 2, width: int | None = None, max_width: int | None = None
    ) -> None:
        from shutil import get_terminal_size

        columns = get_terminal_size().columns
        self._narrow = width is None and columns < _WIDE
        super().__init__(indent_increment, max(columns - 1, _LEAST) if self._narrow else width, max_width)

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        super().write_dl(rows, min(col_max, self.width // 3) if self._narrow else col_max, col_spacing)

    def getvalue(self) -> str:
        """What was written; a line still too long, as in examples, goes on below, further in."""
        text = super().getvalue()
        if not self._narrow:
            return text
        return "".join(f"{part}\n" for line in text.splitlines() for part in self._parts(line))

    def _parts(self, line: str) -> list[str]:
        from textwrap import wrap

        if len(line) <= self.width:
            return [line]
        indent = " " * (len(line) - len(line.lstrip()))
        return wrap(
            line.strip(),
            self.width,
            initial_indent=indent,
            subsequent_indent=f"{indent}    ",
            break_long_words=False,
            break_on_hyphens=False,
        )


class Context(click.Context):
    """Makes help by the formatter above."""

    formatter_class = Formatter


def fit(command: click.Command) -> click.Command:
    """The command, and all below it, with help that fits."""
    command.context_class = Context
    if isinstance(command, click.Group):
        for below in command.commands.values():
            below.short_help = fit(below).get_short_help_str(
                limit=200
            )  # whole: Click would cut it to the line
    return command
