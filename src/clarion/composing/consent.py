"""People who are told of with their consent: it is asked for again before each time.

In: the ledger, and what a post used of it. Out: a finding for each of them, which the person's answer answers:
--because "…". `posts check` asks nobody: it queues nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from clarion.campaign.checks import found
from clarion.campaign.ledgers.ledger import Ledger
from clarion.model import Finding, Used


def findings(ledger: Ledger, used: Iterable[Used], *, where: str) -> list[Finding]:
    """Whom to ask before this goes out. `where` is what people call the text."""
    facts = dict(ledger.facts.items())
    asked = dict.fromkeys(facts[each.id].consent for each in used if each.kind == "fact")
    return [
        found(
            "consent",
            where=where,
            why=f"It tells of {person}, who is asked before each time.",
            mend='Ask, and say what the answer was: --because "Said yes on …, by …"',
        )
        for person in asked
        if person
    ]
