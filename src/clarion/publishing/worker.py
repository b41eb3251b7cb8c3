"""The worker: claims, stages, sends, settles, until nothing more is due.

In: an open outbox, a publisher per account, the terms of a claim. Out: a tally, and an event for each thing that
happened. Accounts go side by side, each with one request in flight, so a slow network holds up nobody else.

The order of `_deliver` is the promise: what has happened to a delivery is in the outbox before anything else happens.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Protocol

from clarion.clock import Deadline
from clarion.errors import AccountBlocked, OutboxBusy, OutcomeUnknown, PublishError, RateLimited, Refused
from clarion.model import Account, Receipt, Staged
from clarion.networks.base import Absent, Found, Publisher, Unsure
from clarion.outbox import pauses
from clarion.outbox.claiming import claims, late, looking, recalling, settle
from clarion.outbox.claiming.claims import Claim, Held, Terms, Withheld
from clarion.outbox.claiming.late import Late
from clarion.outbox.claiming.tending import Lapsed, NextSlot, Tended, tend
from clarion.outbox.limits import spending
from clarion.outbox.store import Outbox, Tx
from clarion.points import point
from clarion.publishing import last_look, recall, reconcile, request
from clarion.publishing.retry import ATTEMPTS, back_off
from clarion.publishing.tally import Event, Tally

log = logging.getLogger(__name__)

#: Accounts that go side by side in one process.
THREADS = 32
#: What must be left of the lease, beyond the request's own bound, before a request may go out.
MARGIN_SECONDS = 5.0
#: What time did to deliveries is asked for so often, and before a run ends; a claim itself takes nothing that is late.
TEND_SECONDS = 1.0
#: A look that is due so soon is waited for within the run; later ones are for the next.
SOON = timedelta(seconds=10)
#: All waits of a run together, in patiences: a network that says "soon" again and again does not keep it.
WAITS = 3
#: Nobody else looks while one worker does.
LOOKING = timedelta(minutes=2)
#: A claim that came to nothing through no answer of the network waits so long.
LATER = timedelta(minutes=1)
_MICROSECOND = timedelta(microseconds=1)


class Publishers(Protocol):
    """Gives the publisher of an account to one thread at a time."""

    def of(self, account: Account) -> AbstractContextManager[Publisher]: ...


@dataclass(kw_only=True)
class Worker:
    outbox: Outbox
    publishers: Publishers
    terms: Terms
    tell: Callable[[Event], None] = lambda _event: None
    tell_lapsed: Callable[[Lapsed], None] = lambda _lapsed: None
    tell_held: Callable[[Held], None] = lambda _held: None
    halted: Callable[[], bool] = lambda: False
    sends: bool = True  # or it only takes down what is to be recalled, and looks
    next_slot: NextSlot = lambda _account, _after: None
    patience: timedelta = SOON
    attempts: int = ATTEMPTS  # tries of a network that is not to be had, before a delivery fails
    sleep: Callable[[float], None] = time.sleep
    tally: Tally = field(default_factory=Tally)
    _untended: Deadline = field(default_factory=lambda: Deadline(0), init=False)
    _waited: timedelta = field(default=timedelta(0), init=False)
    _tended: bool = field(default=False, init=False)  # by the last launch

    def drain(self) -> Tally:
        """Send everything that is due, then return. The first unexpected error is raised after all flights ended."""
        with self.outbox.write() as tx:
            spending.forget(tx)
        flying: dict[Future[None], str] = {}
        failure: BaseException | None = None
        with ThreadPoolExecutor(THREADS, thread_name_prefix="account") as pool:
            while True:
                if failure is None:
                    flying |= self._launch(pool, THREADS - len(flying), frozenset(flying.values()))
                if not flying:
                    if failure is None and (self._tend_once_more() or self._wait_for_a_look()):
                        continue
                    break
                landed = wait(flying, return_when=FIRST_COMPLETED).done
                flying = {each: account for each, account in flying.items() if each not in landed}
                failure = failure or next((error for each in landed if (error := each.exception())), None)
        if failure is not None:
            raise failure
        return self.tally

    # ── taking ────────────────────────────────────────────────────────────────────────────────────────────────

    def _launch(self, pool: ThreadPoolExecutor, room: int, aloft: Collection[str]) -> dict[Future[None], str]:
        """Take what may go, of accounts that have nothing aloft: a second flight would only wait for the first one's
        read-back, in the place of an account that could go. Each flight with its account.
        """
        if room <= 0 or self.halted():
            return {}
        lease = self._lease()
        with self.outbox.write() as tx:
            tended = self._tend(tx)
            downs = recalling.claim(tx, self._terms_without(aloft), room, LOOKING) if tended.recall else []
            aloft = {*aloft, *(each.delivery.account.name for each in downs)}
            room -= len(downs)
            looks = looking.claim(tx, self._terms_without(aloft), room, LOOKING) if tended.look else []
            aloft = {*aloft, *(each.delivery.account.name for each in looks)}
            room -= len(looks)
            held: list[Held] = []
            terms = self._terms_without(aloft)
            sends = claims.claim(tx, terms, room, held.append) if self.sends else []
        point("claimed")
        if downs:
            point("recall_claimed")
        for each in tended.lapsed:
            self.tally.lapsed.append(each)
            self.tell_lapsed(each)
        for post in held:
            self.tally.held.append(post)
            self.tell_held(post)
        flights = [(pool.submit(self._take_down, each), each) for each in downs]
        flights += [(pool.submit(self._look, each), each) for each in looks]
        flights += [(pool.submit(self._deliver, each, lease), each) for each in sends]
        return {flight: each.delivery.account.name for flight, each in flights}

    def _tend(self, tx: Tx) -> Tended:
        self._tended = self._untended.left <= 0
        if not self._tended:
            return Tended(lapsed=[], look=False)
        self._untended = Deadline(TEND_SECONDS)
        return tend(tx, self.next_slot, self.terms.caps)

    def _tend_once_more(self) -> bool:
        """Nothing is aloft: whether to launch again, because what time did was not asked for this time."""
        if self._tended or self.halted():
            return False
        self._untended = Deadline(0)
        return True

    def _terms_without(self, aloft: Collection[str]) -> Terms:
        return replace(self.terms, accounts=[name for name in self.terms.accounts if name not in aloft])

    def _wait_for_a_look(self) -> bool:
        """Sleep until something that this run put in doubt may be looked for; False when that is not soon."""
        if self.halted() or not self.tally.in_doubt:
            return False
        with self.outbox.read() as tx:
            at = looking.next_look(tx, self.tally.in_doubt)
            left = None if at is None else timedelta(microseconds=at - tx.now)
        if left is None or left > self.patience or self._waited + left > WAITS * self.patience:
            return False
        self._waited += left
        self.sleep(max(0.001, left.total_seconds()))
        self._untended = Deadline(0)
        return True

    # ── sending ───────────────────────────────────────────────────────────────────────────────────────────────

    def _deliver(self, claim: Claim, lease: Deadline) -> None:
        with self._opened(claim) as publisher:
            if publisher is None:
                return
            if claim.intended:  # nothing to upload: claim and intent were one commit
                self._finish(publisher, claim, Staged(delivery=claim.delivery), lease)
                return
            staged = self._stage(publisher, claim)
            if staged is None:
                return
            lease = self._lease()
            intended = self._intend(claim, staged)
            if intended is not None:
                self._finish(publisher, intended, staged, lease)

    @contextmanager
    def _opened(self, claim: Claim) -> Iterator[Publisher | None]:
        """The account's publisher; None where it cannot be had, which is settled like any other answer."""
        with ExitStack() as stack:
            publisher: Publisher | None = None
            try:
                publisher = stack.enter_context(self.publishers.of(claim.delivery.account))
            except PublishError as error:
                self._settle(claim, error)
            except BaseException:
                self._release(claim, "its account cannot be opened", later=LATER)
                raise
            yield publisher

    def _finish(self, publisher: Publisher, intended: Claim, staged: Staged, lease: Deadline) -> None:
        """Send what is intended, keep the receipt, read it back."""
        if not self._may_send(publisher, intended, lease):
            return
        receipt = self._send(publisher, intended, replace(staged, may_begin=lease))
        if receipt is not None and self._settle_sent(intended, receipt):
            self._confirm(publisher, intended, receipt)

    def _lease(self) -> Deadline:
        """The lease as this process counts it: begun before the commit, so never longer than the outbox's."""
        return Deadline(self.terms.lease.total_seconds())

    def _may_send(self, publisher: Publisher, claim: Claim, lease: Deadline) -> bool:
        """The last look before the request: nobody said stop, the claim is ours, time is left, and a repeat is still safe."""
        needs = publisher.send_seconds + MARGIN_SECONDS
        objection, repeatable = self._last_look(publisher, claim, needs)
        # After the read, which may have waited.
        if objection is None and not lease.allows(needs):
            objection = pauses.NO_TIME
        if objection is not None:
            self._withhold(claim, objection)
            return False
        if not repeatable:
            self._doubt(claim, "it may be up, and it is too late to send it again safely")
            return False
        return True

    def _last_look(self, publisher: Publisher, claim: Claim, seconds: float) -> tuple[str | None, bool]:
        objection, repeatable = last_look.look(self.outbox, publisher, claim, seconds)
        return objection or ("Clarion was told to stop" if self.halted() else None), repeatable

    def _withhold(self, claim: Claim, objection: str) -> None:
        # Later, or the next claim would find as little time: images may take longer than the lease.
        self._release(claim, objection, later=LATER if objection == pauses.NO_TIME else timedelta(0))

    def _stage(self, publisher: Publisher, claim: Claim) -> Staged | None:
        """Upload what must be up before. Nothing can have appeared yet, whatever goes wrong."""
        objection, _ = self._last_look(publisher, claim, 0)
        if objection is not None:
            self._withhold(claim, objection)
            return None
        point("before_stage")
        try:
            staged = publisher.stage(claim.delivery)
        except OutcomeUnknown as error:
            self._back_off(claim, error)
            return None
        except PublishError as error:
            self._settle(claim, error)
            return None
        except BaseException:
            self._release(claim, "Clarion stopped before it was sent", later=LATER)
            raise
        point("after_stage")
        return staged

    def _intend(self, claim: Claim, staged: Staged) -> Claim | None:
        claim = replace(claim, staged=True)
        point("before_intent")
        try:
            with self.outbox.write() as tx:
                intended = claims.intend(tx, self.terms, claim, staged)
        except Withheld as why:
            self._release(claim, str(why))
            return None
        point("after_intent")
        return intended

    def _send(self, publisher: Publisher, intended: Claim, staged: Staged) -> Receipt | None:
        """The one unsafe request."""
        point("before_send")
        try:
            receipt = request.put_up(publisher, replace(staged, delivery=intended.delivery))
        except PublishError as error:
            self._settle(intended, error)
            return None
        except BaseException as error:
            self._doubt(intended, f"Clarion met something it does not know: {type(error).__name__}")
            raise
        point("after_send")
        return receipt

    # ── settling ──────────────────────────────────────────────────────────────────────────────────────────────

    def _settle_sent(self, claim: Claim, receipt: Receipt) -> bool:
        point("before_settle")
        with self.outbox.write() as tx:
            held = settle.sent(tx, claim, receipt)
            came = Late(kind="sent", detail=claim.notice) if held else late.bring(tx, claim, receipt)
        point("after_settle")
        if came:
            self._note(came.kind, claim, came.detail, url=receipt.url if came.kind == "sent" else None)
        return held

    def _settle(self, claim: Claim, error: PublishError) -> None:
        if claim.down is not None:
            self._note_end(claim, recall.failed(self.outbox, claim, error))
            return
        if claim.doubtful:  # only looked for: nothing is decided
            if isinstance(error, AccountBlocked):
                with self.outbox.write() as tx:
                    settle.closed(tx, claim, error.message)
            reconcile.look_later(self.outbox, claim, LATER)
            return
        match error:
            case OutcomeUnknown():
                self._doubt(claim, error.message)
            case Refused() if claim.delivery.tried:
                # An earlier request of this delivery may have been taken: its refusal now proves nothing.
                self._doubt(claim, f"refused, but it may be up already: {error.message}", look=False)
            case Refused():
                with self.outbox.write() as tx:
                    settle.refused(tx, claim, error.message)
                self._note("failed", claim, error.message)
            case AccountBlocked():
                with self.outbox.write() as tx:
                    settle.account_blocked(tx, claim, error.message)
                self._note("waiting", claim, error.message)
            case RateLimited():
                with self.outbox.write() as tx:
                    until = tx.now + timedelta(seconds=error.wait) // _MICROSECOND
                    settle.rate_limited(tx, claim, until=until, reason=error.message)
                self._note("waiting", claim, f"{error.message}; again in {error.wait:.0f} s")
            case _:
                self._back_off(claim, error)

    def _back_off(self, claim: Claim, error: PublishError) -> None:
        seconds = back_off(claim.backoffs, self.attempts)
        if seconds is None and claim.delivery.tried:
            self._doubt(claim, f"tried too often, and it may be up already: {error.message}", look=False)
            return
        with self.outbox.write() as tx:
            until = None if seconds is None else tx.now + timedelta(seconds=seconds) // _MICROSECOND
            settle.backed_off(tx, claim, until=until, reason=error.message)
        self._note("failed" if until is None else "waiting", claim, error.message)

    def _doubt(self, claim: Claim, reason: str, *, look: bool = True) -> None:
        """Nobody knows; `look` False: a look was taken before, and a person must decide."""
        with self.outbox.write() as tx:
            settle.doubted(tx, claim, look_at=tx.now if look else None, reason=reason)
        self._note("in_doubt", claim, reason)

    def _release(self, claim: Claim, reason: str, *, later: timedelta = timedelta(0)) -> None:
        if claim.doubtful:  # only looked for: nothing is decided
            with suppress(OutboxBusy):
                reconcile.look_later(self.outbox, claim, later)
            return
        # A worker that cannot even write this leaves the claim to its lease.
        with suppress(OutboxBusy), self.outbox.write() as tx:
            until = tx.now + later // _MICROSECOND
            settle.snoozed(tx, claim, until=until, outcome="released", reason=reason)
        self._note("waiting", claim, reason)

    def _confirm(self, publisher: Publisher, claim: Claim, receipt: Receipt) -> None:
        """Read it back. That it cannot be read is no news; that it is not there is."""
        there = reconcile.is_there(self.outbox, publisher, claim, receipt, self.terms, self.sleep)
        with self.outbox.write() as tx:
            match there:
                case None:
                    settle.unread(tx, claim)
                case True:
                    settle.confirmed(tx, claim)
                case False if settle.not_there(tx, claim):
                    self._note("in_doubt", claim, "the network took it and does not show it")
        point("after_confirm")

    # ── taking down ──────────────────────────────────────────────────────────────────────────────────────────────

    def _take_down(self, claim: Claim) -> None:
        with self._opened(claim) as publisher:
            if publisher is not None:
                self._note_end(claim, recall.take_down(self.outbox, publisher, claim, self.terms))

    def _note_end(self, claim: Claim, ended: recall.Ended) -> None:
        if ended.kind is not None:
            self._note(ended.kind, claim, ended.detail, url=claim.down.url if claim.down else None)

    # ── looking ───────────────────────────────────────────────────────────────────────────────────────────────

    def _look(self, claim: Claim) -> None:
        with self._opened(claim) as publisher:
            if publisher is None:
                return
            if claim.unread is not None:
                self._confirm(publisher, claim, claim.unread)
                return
            sighting = reconcile.look(self.outbox, publisher, claim, self.terms)
            if isinstance(sighting, Found):
                self._note("found", claim, url=sighting.receipt.url)
                self._confirm(publisher, claim, sighting.receipt)
        match sighting:
            case Absent():
                self._note("absent", claim, "it is certainly not there; it goes again")
            case Unsure(look_again_in=None):
                self._note("in_doubt", claim, "not found; a person must look")
            case _:
                pass

    def _note(self, kind: str, claim: Claim, detail: str | None = None, url: str | None = None) -> None:
        """Count it and tell it."""
        self.tally.count(kind, claim.delivery.id)
        log.info("%s", kind, extra={"action": f"delivery_{kind}", "delivery": claim.delivery.id})
        self.tell(Event(kind=kind, delivery=claim.delivery, detail=detail, url=url))
