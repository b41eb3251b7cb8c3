"""Taking down one delivery, and what the network's answer means. Repeating is harmless, so nothing here is unsafe.

In: a claim made to take it down. Out: it is down; or when it is tried again, by itself as long as that may help: a network
that is away, a rate limit, an account that is closed until somebody verifies it. Only a refusal waits for a person.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from clarion.errors import AccountBlocked, OutboxBusy, PublishError, RateLimited, Refused
from clarion.networks.base import Publisher
from clarion.outbox.claiming import recalling, settle
from clarion.outbox.claiming.claims import Claim, Terms
from clarion.outbox.store import Outbox
from clarion.points import point
from clarion.publishing.retry import wait_after

_MICROSECOND = timedelta(microseconds=1)
#: However long there is no room for it, it is asked again so soon: the account may be open, or verified, by then.
LATEST = timedelta(minutes=15)
UNKNOWN = "Clarion met something it does not know"
#: A recall is not lost to an outbox that others use: it is written in so many tries, a second or two between them.
TRIES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How one try ended: `kind` is "recalled", "recall_waits" or "still_up"; None: it was taken down before, and no news."""

    kind: str | None
    detail: str | None = None


def want(
    outbox: Outbox,
    numbers: Collection[int],
    *,
    who: str | None,
    because: str | None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Write that these entries are to be taken down: from here on any worker does it. One transaction.

    Raises OutboxBusy when nothing could be written, in several tries.
    """
    tries = Retrying(
        retry=retry_if_exception_type(OutboxBusy),
        stop=stop_after_attempt(TRIES),
        wait=wait_random_exponential(multiplier=0.5, max=2),
        sleep=sleep,
        reraise=True,
    )
    for each in tries:
        with each, outbox.write() as tx:
            recalling.want(tx, numbers, who=who, because=because)
    point("recall_wanted")


def take_down(outbox: Outbox, publisher: Publisher, claim: Claim, terms: Terms) -> Ended:
    """Ask the network once, and write what came of it."""
    with outbox.write() as tx:
        room_at = recalling.admit(tx, claim, terms)
    if room_at is not None:
        return _wait_for_room(outbox, claim, room_at)
    point("before_recall")
    try:
        if claim.down is not None:
            publisher.recall(claim.down)
    except PublishError as error:
        return failed(outbox, claim, error)
    # An error of ours or a library's: nobody knows whether it is down, so it is tried again, and raised on to be seen. Ctrl-C
    # is the main thread's and ends no try; a process that dies leaves its claim, which another takes in a while.
    except Exception as error:
        _back_off(outbox, claim, f"{UNKNOWN}: {type(error).__name__}")
        raise
    point("after_recall")
    with outbox.write() as tx:
        news = recalling.recalled(tx, claim)
    point("recall_settled")
    return Ended(kind="recalled" if news else None)


def failed(outbox: Outbox, claim: Claim, error: PublishError) -> Ended:
    """It is not known to be down."""
    match error:
        case Refused():
            with outbox.write() as tx:
                recalling.refused(tx, claim, error.message)
            return Ended(kind=None if claim.gone else "still_up", detail=error.message)
        case AccountBlocked():
            with outbox.write() as tx:
                recalling.blocked(tx, claim, error.message)
        case RateLimited():
            with outbox.write() as tx:
                until = tx.now + timedelta(seconds=error.wait) // _MICROSECOND
                recalling.waits(tx, claim, until=until, reason=error.message)
                settle.held_back(tx, claim, until=until, reason=error.message)
        case _:
            _back_off(outbox, claim, error.message)
    return Ended(kind=None if claim.gone else "recall_waits", detail=error.message)


def _wait_for_room(outbox: Outbox, claim: Claim, room_at: int) -> Ended:
    """In a transaction of its own: the other held the account, and deliveries are held before accounts everywhere."""
    reason = "as many as its network lets us take down in that time"
    with outbox.write() as tx:
        until = min(room_at, tx.now + LATEST // _MICROSECOND)
        recalling.no_room(tx, claim, until=until, reason=reason)
    return Ended(kind=None if claim.gone else "recall_waits", detail=reason)


def _back_off(outbox: Outbox, claim: Claim, reason: str) -> None:
    """As long as it takes: what is to be taken down is never given up."""
    with outbox.write() as tx:
        until = tx.now + timedelta(seconds=wait_after(claim.backoffs)) // _MICROSECOND
        recalling.waits(tx, claim, until=until, reason=reason, spent=True)
        settle.unreachable(tx, claim, reason)
