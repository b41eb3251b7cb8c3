"""Findings that a reason answers: --because "…". The reason goes to the audit and stands where people approve.

In: composed posts and what somebody gave as a reason. Out: the findings that ask for one, or CheckFailed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from clarion.errors import CampaignError, CheckFailed
from clarion.model import Finding

if TYPE_CHECKING:
    from clarion.composing.compose import Composed

#: A reason is a sentence, not an essay: it is shown with every post it is for.
LONGEST = 500
#: Letters below which nothing is said that would help whoever reads it later.
SHORTEST = 10


def asked(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that ask for a reason, each once wherever it was found."""
    return list(dict.fromkeys(replace(each, where="") for each in findings if each.level == "reason"))


def require(posts: Sequence[Composed], because: str | None) -> None:
    """Raise CheckFailed where a reason is asked for and none is given."""
    open_ = asked(finding for post in posts for finding in post.findings)
    if open_ and not because:
        things = "one thing needs" if len(open_) == 1 else f"{len(open_)} things need"
        raise CheckFailed(
            f"nothing was queued: {things} a reason ({', '.join(dict.fromkeys(each.rule for each in open_))})",
            'mend it, or say why it is right, at the end of the same command: --because "…"',
        )


def proper(typed: str, *, like: str = '--because "The figure is in the source"') -> str:
    """A reason as the audit keeps it: one line, NFC. CampaignError where it is none, as “y” or “ok” are.

    `like`: an example for the hint.
    """
    line = unicodedata.normalize("NFC", " ".join(typed.split()))
    if sum(map(str.isalpha, line)) < SHORTEST:
        raise CampaignError(
            f"a reason is said in words, a few at least: “{line}” tells nobody why",
            f"for example: {like}",
        )
    if len(line) > LONGEST:
        raise CampaignError(f"a reason has {LONGEST} characters at most", "say it in a sentence")
    return line
