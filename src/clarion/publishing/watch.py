"""Watching: publish what is due, sleep until something changes, go on until told to stop.

In: one round of publishing, and how long nothing changes by itself. Out: nothing; it ends when `stopping` is set, after
the round that runs. What other processes add is seen within half a minute. An outbox that is busy, a database that is
restarted, a configuration that is being edited: said once, and waited out.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

from clarion.errors import CampaignError, OutboxBusy

#: The longest sleep, in seconds: how late something that another process added is seen.
LONGEST = 30.0
#: The shortest: time in the outbox may stand still.
SHORTEST = 0.1
#: How soon an outbox that did not answer is asked again.
ASK_AGAIN = 2.0


def watch(
    publish: Callable[[], None],
    unchanged_for: Callable[[], float | None],
    *,
    stopping: Event,
    tell: Callable[[str, str | None], None],
) -> None:
    """Publish round after round. `unchanged_for` is in seconds, None: nothing will change by itself."""
    trouble: object = None
    while not stopping.is_set():
        try:
            publish()
            seconds = unchanged_for()
        except (OutboxBusy, CampaignError) as error:
            # A database that is down says so in other words while it stops, is away, and starts: one trouble, told once.
            what = OutboxBusy if isinstance(error, OutboxBusy) else error.message
            if what != trouble:
                tell(error.message, error.hint)
            trouble, seconds = what, ASK_AGAIN
        else:
            if trouble is not None:
                tell("that is over: publishing goes on", None)
            trouble = None
        stopping.wait(LONGEST if seconds is None else min(max(seconds, SHORTEST), LONGEST))
