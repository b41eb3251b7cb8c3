"""Named kill points: places where a crash is worth proving harmless.

Outside tests they do nothing. A crash test sets `hook` and kills the process, stops it or counts, by name.
"""

from __future__ import annotations

from collections.abc import Callable

#: Every point between claim and settle, in order; a crash run that misses one fails.
NAMES = (
    "claimed",
    "before_stage",
    "after_stage",
    "before_intent",
    "after_intent",
    "before_send",
    "after_send",
    "before_settle",
    "after_settle",
    "after_confirm",
)

#: Every point between the wish to take something down and its end, in order.
RECALLING = ("recall_wanted", "recall_claimed", "before_recall", "after_recall", "recall_settled")

hook: Callable[[str], None] | None = None


def point(name: str) -> None:
    """Pass the point `name`."""
    if hook is not None:
        hook(name)
