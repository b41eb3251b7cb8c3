"""What a reader sees as one letter, in time linear to the text. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import regex

# A flag is two regional indicators. Taken here by pairs, because \X alone looks back over the whole run at each one
# and a long run of flags would cost quadratic time.
_GRAPHEME = regex.compile(
    r"\p{Regional_Indicator}{2}[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]*+|\X", regex.VERSION1
)


def count(text: str) -> int:
    return sum(1 for _ in _GRAPHEME.finditer(text))


def ends(text: str) -> Iterator[int]:
    """Where each ends, in characters."""
    return (found.end() for found in _GRAPHEME.finditer(text))
