"""Where evergreen posts go that missed their time: the account's next free slot.

In: the configuration's slots and what the outbox has in them. Out: a function for the publisher, which asks it per post.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from clarion.errors import CampaignError

if TYPE_CHECKING:
    from datetime import datetime

    from clarion.campaign.config import Config
    from clarion.outbox.claiming.tending import NextSlot
    from clarion.outbox.store import Outbox


def next_slot(config: Config, outbox: Outbox) -> NextSlot:
    """The next free slot of an account, None where it has none; no slot is handed out twice.

    Whether the slot's day is full is asked in the transaction that moves a post there (`outbox/claiming/tending.py`).
    """
    from clarion.composing import rules, slots
    from clarion.outbox.entries.views import taken

    handed_out: set[tuple[str, datetime]] = set()
    hours = rules.of(config)

    def found(name: str, after: datetime) -> datetime | None:
        account = config.accounts.get(name)
        if account is None:
            return None
        with outbox.read() as tx:
            busy = taken(tx, [name]) | {slot for whose, slot in handed_out if whose == name}
        try:
            slot = slots.next_slot(
                after, account.slots, config.zone(), busy, lambda at: hours.quiet_until(name, at) is None
            )
        except CampaignError:  # it has no slots, or none is free
            return None
        handed_out.add((name, slot))
        return slot

    return found
