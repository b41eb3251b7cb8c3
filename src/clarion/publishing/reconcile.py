"""What the network shows: what becomes of a delivery in doubt (look for it, never send it blind), and the read-back.

In: a claim made to look. Out: found (sent), absent where the repeat is safe (scheduled), or another look later; and whether
what a receipt names is there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from clarion.errors import AccountBlocked, PublishError, RateLimited
from clarion.model import Receipt
from clarion.networks.base import Absent, Found, Publisher, Sighting, Unsure
from clarion.outbox.claiming import settle
from clarion.outbox.claiming.claims import Claim, Terms
from clarion.outbox.entries import taking_back
from clarion.outbox.limits import money, spending
from clarion.outbox.store import Outbox, Tx

log = logging.getLogger(__name__)

_MICROSECOND = timedelta(microseconds=1)
#: A read-back may lag behind: so many looks, a second apart, before people are asked.
CONFIRM_LOOKS = 3
#: When the network could not even be asked, ask again after this.
ASK_AGAIN = timedelta(minutes=1)
#: A look is never put off for longer than this, however long there is no room for it; nor for less than a second.
LATEST = timedelta(minutes=15)
SOONEST = 1.0


def look(outbox: Outbox, publisher: Publisher, claim: Claim, terms: Terms) -> Found | Absent | Unsure | None:
    """Look once and write what it means; None when another worker decided meanwhile."""
    sighting = _sight(outbox, publisher, claim, terms)
    if claim.delivery.intent_lost and isinstance(sighting, Absent):
        sighting = Unsure(look_again_in=None)  # the outbox that sent it, if one did, had another key
    if claim.taken_back and isinstance(sighting, Absent):
        sighting = _again(claim)  # nobody sends it again, so that nothing proves its absence
    with outbox.write() as tx:
        match sighting:
            case Found(receipt=receipt):
                held = settle.sent(tx, claim, receipt)
                if not held:  # the post it found is another delivery's, or another worker decided meanwhile
                    settle.unsure(tx, claim, look_at=None, reason="a look found only another delivery's post")
            case Absent():
                held = settle.absent(tx, claim)
            case Unsure(look_again_in=None):
                held = settle.unsure(tx, claim, look_at=None, reason=_not_found(claim))
            case Unsure(look_again_in=seconds, asked=asked):
                later = timedelta(seconds=max(seconds or 0, SOONEST))
                held = settle.unsure(tx, claim, look_at=tx.now + later // _MICROSECOND, asked=asked)
    return sighting if held else None


def look_later(outbox: Outbox, claim: Claim, later: timedelta) -> None:
    """Nothing was learnt: again after a while."""
    with outbox.write() as tx:
        if claim.unread:
            settle.unread(tx, claim)
        else:
            settle.unsure(tx, claim, look_at=tx.now + later // _MICROSECOND, asked=False)


def is_there(
    outbox: Outbox,
    publisher: Publisher,
    claim: Claim,
    receipt: Receipt,
    terms: Terms,
    sleep: Callable[[float], None],
) -> bool | None:
    """Ask a few times, because a network's reads may lag behind; None when it cannot be read."""
    for again in range(CONFIRM_LOOKS):
        if again:
            sleep(1)
        # The first read-back of what this worker sent was spent with the claim.
        if (again or claim.doubtful) and not _room_for_a_look(outbox, claim, terms):
            return None
        try:
            if publisher.confirm(claim.delivery, receipt):
                return True
        except PublishError as error:
            if isinstance(error, RateLimited):
                with outbox.write() as tx:
                    hold_back(tx, claim, error)
            log.warning("not read back: %s", error.message, extra={"action": "confirm_failed"})
            return None
    return False


def may_look(tx: Tx, claim: Claim, terms: Terms) -> float | None:
    """Spend what a look costs; or the seconds until there is room for one."""
    account = claim.delivery.account
    windows = terms.windows.get(account.network, ())
    room_at = spending.admit_look(tx, account.network, account.name, windows)
    if room_at is None:
        money.note_look(tx, account.network, account.name, terms.budgets.get(account.name))
    return None if room_at is None else (room_at - tx.now) * _MICROSECOND.total_seconds()


def hold_back(tx: Tx, claim: Claim, error: RateLimited) -> None:
    """The server's word wins over our count: after its 429 to a read, the whole account waits as long as it says."""
    until = tx.now + timedelta(seconds=error.wait) // _MICROSECOND
    settle.held_back(tx, claim, until=until, reason=error.message)


def _room_for_a_look(outbox: Outbox, claim: Claim, terms: Terms) -> bool:
    with outbox.write() as tx:
        return may_look(tx, claim, terms) is None


def _again(claim: Claim) -> Unsure:
    again = taking_back.AGAIN
    return Unsure(look_again_in=again[claim.looks].total_seconds() if claim.looks < len(again) else None)


def _not_found(claim: Claim) -> str:
    if claim.taken_back:
        return "it was taken back, and not found; it is not sent again"
    return "not found, and sending again might double it"


def _sight(outbox: Outbox, publisher: Publisher, claim: Claim, terms: Terms) -> Sighting:
    with outbox.write() as tx:
        now, full_for = tx.at, may_look(tx, claim, terms)
    if full_for is not None:  # or its account is closed until somebody verifies it, perhaps in a minute
        return Unsure(look_again_in=min(full_for, LATEST.total_seconds()), asked=False)
    try:
        return publisher.find(claim.delivery, claim.looks, now)
    except RateLimited as error:
        with outbox.write() as tx:
            hold_back(tx, claim, error)
        return Unsure(look_again_in=error.wait, asked=False)
    except AccountBlocked as error:
        with outbox.write() as tx:
            settle.closed(tx, claim, error.message)
        return Unsure(look_again_in=ASK_AGAIN.total_seconds(), asked=False)
    except PublishError:
        return Unsure(look_again_in=ASK_AGAIN.total_seconds(), asked=False)
