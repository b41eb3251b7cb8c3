"""The one unsafe request: a new post, or what takes the place of one that is up.

In: a publisher, a staged delivery whose intent is written. Out: its receipt, or a PublishError.
"""

from __future__ import annotations

from clarion.errors import Refused
from clarion.model import Receipt, Staged
from clarion.networks.base import Publisher


def put_up(publisher: Publisher, staged: Staged) -> Receipt:
    """Send it, or edit what it replaces: never the one for the other."""
    delivery = staged.delivery
    if delivery.payload.replaces is None:
        return publisher.send(staged)
    if delivery.edits is None:
        raise Refused("nobody knows any more what it edits")
    return publisher.edit(delivery.edits, staged)
