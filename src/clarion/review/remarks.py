"""What checks say, in words for people: what is wrong once, where it is, and what mends it on a line of its own.

In: findings, of one post or of many. Out: lines; what is the same in several places is said once, with the places.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from clarion.model import Finding

_LEVELS = {"never": "Blocked", "reason": "Needs a reason", "look": "Please look"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a post goes on although a check asked for a reason, and who says so: a name, or "yours"."""

    whose: str
    words: str

    @classmethod
    def of(cls, words: str | None, *, author: str | None) -> Reason | None:
        """An author's, where one was given."""
        return cls(whose=author or "its author", words=words) if words else None


def in_words_of(findings: Iterable[Finding], *, because: Reason | None = None) -> list[list[str]]:
    """Each thing that was found, as lines: level and what it is, the places where they are several, what mends it.

    `because`: the reason that somebody gave already; what asks for one is answered by it.
    """
    answer = f"{because.whose}: {because.words}" if because else None
    places: dict[tuple[str, str, str | None], dict[str, None]] = {}
    for each in findings:
        places.setdefault((each.level, each.why, each.mend), {})[each.where] = None
    return [_lines(level, why, mend, list(where), answer) for (level, why, mend), where in places.items()]


def _lines(level: str, why: str, mend: str | None, where: list[str], answer: str | None) -> list[str]:
    answered = level == "reason" and answer
    begin = f"{_LEVELS[level]} ({answer})" if answered else _LEVELS[level]
    # An error of a template names its file itself.
    single = f"{where[0]}: " if len(where) == 1 and not why.startswith(where[0]) else ""
    return [
        f"{begin}: {single}{_ended(why)}",
        *([f"  in {', '.join(where)}"] if len(where) > 1 else []),
        *([f"  {mend}"] if mend and not answered else []),
    ]


def _ended(words: str) -> str:
    return words if words.endswith((".", "!", "?", "…")) else f"{words}."
