"""Previews as this terminal shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clarion.cli.terminal import shell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clarion.review.preview import Preview
    from clarion.review.remarks import Reason

#: A line of prose wider than this is hard to read.
_WIDEST = 100


def drawn(previews: Sequence[Preview], *, because: Reason | None = None) -> str:
    """The previews in words, as wide as the terminal is, and in ASCII where nothing else is wanted.

    `because`: the reason that was given for what the checks say.
    """
    from clarion.review.lines import terminal

    width = min(shell.width(), _WIDEST)
    return terminal(previews, width=width, plain=not shell.pretty(), because=because)
