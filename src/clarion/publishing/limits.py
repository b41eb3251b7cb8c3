"""The networks' rate limits, as windows that a claim is admitted through. Pure.

In: what each network allows, as its `options.py` says. Out: windows for the terms of a claim.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from clarion.networks.base import Rate
from clarion.outbox.limits.spending import Window

#: A request arrives later than it was spent, by so much at most where nothing hangs. A window that much longer holds
#: what the server counts in its own: what arrives within its length was spent within ours. Beyond, its 429 decides.
LAG = timedelta(minutes=1)


def windows(rates: Mapping[str, Sequence[Rate]]) -> dict[str, tuple[Window, ...]]:
    """Network → its windows, from network → its limits."""
    return {network: tuple(_window(rate) for rate in of_network) for network, of_network in rates.items()}


def _window(rate: Rate) -> Window:
    return Window(
        family=rate.family,
        limit=rate.limit,
        length=timedelta(seconds=rate.seconds) + LAG,
        post=rate.post,
        image=rate.image,
        look=rate.look,
        recall=rate.recall,
        shared=rate.shared,
    )
