"""A bound on how many steps something takes, where a clock would ask the machine: lines of Python that are run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def at_most(steps: int) -> Iterator[None]:
    """AssertionError, at the step itself, where more are taken in here. Of this thread only; C's own loops are one step."""
    left = steps

    def note(frame: FrameType, event: str, _: Any) -> Callable[..., Any]:
        nonlocal left
        left -= event == "line"
        assert left >= 0, f"more than {steps:,} steps"
        return note

    before = sys.gettrace()
    sys.settrace(note)
    try:
        yield
    finally:
        sys.settrace(before)
