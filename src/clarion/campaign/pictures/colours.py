"""The colours of image cards, and whether everybody can read one on another.

In: `[cards]` of config.toml. Out: `Colours`, and contrast as WCAG 2.2 counts it. Pure, and light: the configuration holds
them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Self

from clarion.campaign.toml import Table

#: WCAG 2.2, 1.4.3: what text needs to be read by people with moderately low vision.
CONTRAST = 4.5

_WRITTEN = re.compile(r"#[0-9a-fA-F]{6}")


class Colour(str):
    """A colour, written "#0d1830"."""

    __slots__ = ()

    @classmethod
    def parse(cls, written: object) -> Self:
        """Raises ValueError with what to write instead."""
        if not isinstance(written, str) or not _WRITTEN.fullmatch(written):
            raise ValueError('write a colour such as "#0d1830"')
        return cls(written.lower())

    @property
    def rgb(self) -> tuple[int, int, int]:
        red, green, blue = bytes.fromhex(self[1:])
        return red, green, blue

    @property
    def luminance(self) -> float:
        """0 black to 1 white, as WCAG 2.2 defines relative luminance."""
        red, green, blue = (_linear(value / 255) for value in self.rgb)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue


class Colours(Table, frozen=True, kw_only=True):
    """What cards are drawn in. Everything but the background is text."""

    background: Colour = Colour("#0d1830")
    text: Colour = Colour("#faf6ef")
    accent: Colour = Colour("#f7c56b")  # a figure, the tags
    quiet: Colour = Colour("#b9c7e3")  # who said it, the source

    def faint(self) -> Iterator[tuple[str, float]]:
        """(name, contrast) of each colour that cannot be read well on the background."""
        for name in ("text", "accent", "quiet"):
            found = contrast(getattr(self, name), self.background)
            if found < CONTRAST:
                yield name, found


def contrast(one: Colour, other: Colour) -> float:
    """1 for the same to 21 for black on white (WCAG 2.2)."""
    darker, lighter = sorted((one.luminance, other.luminance))
    return (lighter + 0.05) / (darker + 0.05)


def _linear(value: float) -> float:
    return float(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)
