"""What becomes of a delivery in doubt: look for it, never send it blind.

In: a claim made to look. Out: found (sent), absent where the repeat is safe (scheduled), or another look later.
"""

from __future__ import annotations

from datetime import timedelta

from clarion.errors import PublishError
from clarion.networks.base import Absent, Found, Publisher, Unsure
from clarion.outbox import settle
from clarion.outbox.claims import Claim
from clarion.outbox.store import Outbox

_MICROSECOND = timedelta(microseconds=1)
#: When the network could not even be asked, ask again after this.
ASK_AGAIN = timedelta(minutes=1)


def look(outbox: Outbox, publisher: Publisher, claim: Claim) -> Found | Absent | Unsure | None:
    """Look once and write what it means; None when another worker decided meanwhile."""
    with outbox.read() as tx:
        now = tx.at
    try:
        sighting = publisher.find(claim.delivery, claim.looks, now)
    except PublishError:
        sighting = Unsure(look_again_in=ASK_AGAIN.total_seconds())
    with outbox.write() as tx:
        match sighting:
            case Found(receipt=receipt):
                held = settle.sent(tx, claim, receipt)
            case Absent():
                held = settle.absent(tx, claim)
            case Unsure(look_again_in=None):
                held = settle.unsure(
                    tx, claim, look_at=None, reason="not found, and sending again might double it"
                )
            case Unsure(look_again_in=seconds):
                held = settle.unsure(
                    tx, claim, look_at=tx.now + timedelta(seconds=seconds or 0) // _MICROSECOND
                )
    return sighting if held else None
