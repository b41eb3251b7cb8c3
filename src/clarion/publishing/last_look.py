"""The last look before a request, in one short read.

In: a claim, and how long its lease must last. Out: why it must not be sent now; and whether a repeat would be safe.
"""

from __future__ import annotations

from datetime import timedelta

from clarion.networks.base import Publisher
from clarion.outbox import pauses
from clarion.outbox.claiming.claims import Claim
from clarion.outbox.store import Outbox


def look(outbox: Outbox, publisher: Publisher, claim: Claim, seconds: float) -> tuple[str | None, bool]:
    """Whether people, or whoever has the claim by now, object; and whether it may be sent although it was tried before."""
    delivery = claim.delivery
    with outbox.read() as tx:
        name = delivery.account.name
        objection = pauses.objection(tx, delivery.id, name, fence=claim.fence, seconds=seconds)
        since = tx.at - (delivery.first_intent_at or tx.at)
    # An edit done again is the same edit, however late.
    safe = delivery.edits is not None or since < timedelta(seconds=publisher.repeat_seconds)
    return objection, not delivery.tried or safe
