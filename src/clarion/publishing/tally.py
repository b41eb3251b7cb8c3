"""What one run of the worker did: an event for each thing that happened, and a tally at its end.

In: what the worker notes as it goes. Out: what the command line prints, counts and makes its exit code of.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from clarion.model import Delivery
from clarion.outbox.claiming.claims import Held
from clarion.outbox.claiming.tending import Lapsed


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a delivery: "sent", "found", "absent", "failed", "in_doubt", "waiting",
    and of what is taken down "recalled", "recall_waits", "still_up".
    """

    kind: str
    delivery: Delivery
    detail: str | None = None
    url: str | None = None


@dataclass(slots=True, kw_only=True)
class Tally:
    """What one run did. Ids of deliveries."""

    sent: set[str] = field(default_factory=set)
    found: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    in_doubt: set[str] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)
    recalled: set[str] = field(default_factory=set)
    recall_waits: set[str] = field(default_factory=set)
    still_up: set[str] = field(default_factory=set)
    lapsed: list[Lapsed] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)

    def count(self, kind: str, delivery: str) -> None:
        """Note what happened to a delivery; what was in doubt is so no longer once something is known of it."""
        if kind in ("found", "absent", "sent"):
            self.in_doubt.discard(delivery)
        of_kind = getattr(self, kind, None)
        if of_kind is not None:
            of_kind.add(delivery)
