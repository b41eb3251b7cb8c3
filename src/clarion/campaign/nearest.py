"""A slip of the finger, answered with the word that was meant."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(wrong: str, right: Iterable[str], otherwise: str | None = None) -> str | None:
    """A hint that names the nearest of the words that would be right."""
    from difflib import get_close_matches

    near = get_close_matches(wrong, list(right), n=1)
    return f'did you mean "{near[0]}"?' if near else otherwise
