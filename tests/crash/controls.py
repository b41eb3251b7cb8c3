"""Negative controls: the same networks and the same oracle, with one safeguard taken away. Each must be seen to fail.

A scenario drives the real worker, and then a worker that lacks one rule, through the same misfortune. The real one comes
out with nothing lost and nothing doubled; the other must not, or the proofs around here would prove nothing.
"""

from __future__ import annotations

import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from clarion.clock import Deadline
from clarion.model import Account, Receipt, Staged
from clarion.networks.base import Publisher
from clarion.outbox import pauses, schema
from clarion.outbox.claiming import recalling, settle
from clarion.outbox.claiming.claims import Claim
from clarion.outbox.entries import posts
from clarion.publishing.worker import MARGIN_SECONDS, Publishers, Worker
from tests.crash import recalls
from tests.crash.stand import DEADLINE, LEASE, Plan, Process, Stand, Verdict

STOP = signal.SIGSTOP
_NEVER_TOO_LATE = -1e9


# ── workers that lack one rule ────────────────────────────────────────────────────────────────────────────────


class NaiveRetry(Worker):
    """What is unknown goes again."""

    def _doubt(self, claim: Claim, reason: str, *, look: bool = True) -> None:
        self._release(claim, reason)


class ShortSettle(Worker):
    """Says it is sent and read back, then sends it. (Only the first, and a later run's read-back would notice.)"""

    def _send(self, publisher: Publisher, intended: Claim, staged: Staged) -> Receipt | None:
        hoped = Receipt(remote_id="1", url="https://hoped.example/1", at=datetime.now(UTC))
        self._settle_sent(intended, hoped)
        with self.outbox.write() as tx:
            settle.confirmed(tx, intended)
        return super()._send(publisher, intended, staged)


class NoFence(Worker):
    """Takes whatever fence stands there for its own."""

    def _intend(self, claim: Claim, staged: Staged) -> Claim | None:
        with self.outbox.read() as tx:
            delivery = schema.delivery
            mine = sa.select(delivery.c.fence).where(delivery.c.id == claim.delivery.id)
            now = tx.execute(mine).scalar_one()
        return super()._intend(replace(claim, fence=now), staged)


class SettledBefore(Worker):
    """Says that it is down, then takes it down."""

    def _take_down(self, claim: Claim) -> None:
        with self.outbox.write() as tx:
            recalling.recalled(tx, claim)
        super()._take_down(claim)


class NoLastLook(Worker):
    """Does not ask again, just before the request, whether people still want it."""

    def _last_look(self, publisher: Publisher, claim: Claim, seconds: float) -> tuple[str | None, bool]:
        return None, True


class LastLookAtPeopleAlone(Worker):
    """Asks people just before the request, but not whether its claim still stands."""

    def _last_look(self, publisher: Publisher, claim: Claim, seconds: float) -> tuple[str | None, bool]:
        objection, repeatable = super()._last_look(publisher, claim, seconds)
        return None if objection in (pauses.LOST, pauses.NO_TIME) else objection, repeatable


class AsleepAfterTheLastLook(Worker):
    """All is well when it asks; then it is stopped, before it sends."""

    def _last_look(self, publisher: Publisher, claim: Claim, seconds: float) -> tuple[str | None, bool]:
        found = super()._last_look(publisher, claim, seconds)
        if claim.intended:
            signal.pthread_kill(threading.get_ident(), STOP)
        return found


@dataclass
class _Wrapped:
    """Publishers that differ in one thing."""

    publishers: Publishers
    change: Callable[[Publisher], Publisher]

    @contextmanager
    def of(self, account: Account) -> Iterator[Publisher]:
        with self.publishers.of(account) as publisher:
            yield self.change(publisher)


class _Around:
    """A publisher around another."""

    def __init__(self, inner: Publisher) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)


class _NoDeadlineCheck(_Around):
    """Claims to take less than no time, so that there is always time left."""

    send_seconds = _NEVER_TOO_LATE


class _KeyPerAttempt(_Around):
    """Each attempt is a generation of its own, and so has a key of its own."""

    def send(self, staged: Staged) -> Receipt:
        fresh = replace(staged.delivery, generation=secrets.randbelow(1_000_000_000))
        return self._inner.send(replace(staged, delivery=fresh))


def without_deadline_check(publishers: Publishers) -> Publishers:
    return _Wrapped(publishers, _NoDeadlineCheck)  # type: ignore[arg-type]


def with_a_key_per_attempt(publishers: Publishers) -> Publishers:
    return _Wrapped(publishers, _KeyPerAttempt)  # type: ignore[arg-type]


def as_they_are(publishers: Publishers) -> Publishers:
    return publishers


# ── misfortunes ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How a process publishes: by which worker, through which publishers."""

    worker: type[Worker] = Worker
    wrap: Callable[[Publishers], Publishers] = as_they_are


def _post(stand: Stand, network: str, *, image: bool = False) -> str:
    with stand.outbox.write() as tx:
        stand.queue(tx, stand.account(tx, "voice", network), "only once", image=image)
    return "voice"


def lost_answer(stand: Stand, kind: Kind) -> Verdict:
    """The network takes it and its answer is lost."""
    _post(stand, "mastodon")
    stand.running.fault("mastodon", "drop_after")
    return _to_the_end(stand, kind)


def death_before_sending(stand: Stand, kind: Kind) -> Verdict:
    """The process dies just before the request."""
    _post(stand, "mastodon")
    died = stand.wait(stand.publish(Plan(point="before_send"), kind=kind.worker, wrap=kind.wrap))
    assert died.killed
    stand.lapse(died.name)
    return _to_the_end(stand, kind)


def waking_beside_another(stand: Stand, kind: Kind) -> Verdict:
    """A process sleeps past its lease; while another is between the network's answer and its own record, it wakes.

    On a network without keys, that does not notice that it just took the same.
    """
    _post(stand, "x", image=True)
    stand.running.fault("x", "forget_duplicates", account="voice", count=None)
    long = LEASE + timedelta(minutes=1)  # so that not the deadline, but the fence alone must hold it
    sleeper = stand.publish(
        Plan(point="after_stage", signal=STOP), kind=kind.worker, wrap=kind.wrap, lease=long
    )
    stand.wait(sleeper, until_stopped=True)
    stand.lapse(sleeper.name)
    other = stand.publish(Plan(point="after_send", signal=STOP), kind=kind.worker, wrap=kind.wrap, lease=long)
    stand.wait(other, until_stopped=True)
    stand.go_on(sleeper)
    stand.wait(sleeper)
    stand.go_on(other)
    stand.wait(other)
    return _to_the_end(stand, kind)


def waking_too_late(stand: Stand, kind: Kind) -> Verdict:
    """A process sleeps past its lease after its last look; others look, find nothing, and send it. Then it wakes.

    On a network that ignores keys. What the outbox knows by then it does not ask any more: its own count must hold it.
    """
    _post(stand, "mastodon", image=True)
    stand.running.fault("mastodon", "key_ignored", account="voice", count=None)
    short = timedelta(seconds=2 * DEADLINE + MARGIN_SECONDS + 0.6)
    sleeper = stand.publish(kind=AsleepAfterTheLastLook, wrap=kind.wrap, lease=short)
    stand.wait(sleeper, until_stopped=True)
    slept = Deadline(0.8)  # past the moment after which it may not begin to send
    _others_send(stand, sleeper)
    time.sleep(max(0, slept.left))
    stand.go_on(sleeper)
    stand.wait(sleeper)
    return _to_the_end(stand, kind)


def waking_in_a_paused_guest(stand: Stand, kind: Kind) -> Verdict:
    """A machine stands still after the intent, and its count of seconds with it; the database's clock runs on.

    Others look, find nothing, and send it, on a network that ignores keys. Then the machine goes on, and has time left.
    """
    _post(stand, "mastodon", image=True)
    stand.running.fault("mastodon", "key_ignored", account="voice", count=None)
    sleeper = stand.publish(
        Plan(point="after_intent", signal=STOP),
        kind=kind.worker,
        wrap=kind.wrap,
        lease=LEASE + timedelta(minutes=1),
    )
    stand.wait(sleeper, until_stopped=True)
    _others_send(stand, sleeper)
    stand.go_on(sleeper)
    stand.wait(sleeper)
    return _to_the_end(stand, kind)


def late_accept(stand: Stand, kind: Kind) -> Verdict:
    """The network closes the connection, and takes the request a second later: after the looks, after the repeat."""
    _post(stand, "mastodon")
    stand.running.fault("mastodon", "accept_late", seconds=1.0)
    verdict_at = Deadline(1.5)
    stand.wait(stand.publish(kind=kind.worker, wrap=kind.wrap))
    for _ in range(4):
        stand.pass_time()
        stand.wait(stand.publish(kind=kind.worker, wrap=kind.wrap))
    time.sleep(max(0, verdict_at.left))
    return _to_the_end(stand, kind)


def death_before_taking_down(stand: Stand, kind: Kind) -> Verdict:
    """It is up and was recalled; the process that takes it down dies just before it asks the network."""
    _post(stand, "mastodon")
    stand.wait(stand.publish())
    with stand.outbox.write() as tx:
        recalling.want(tx, [each.number for each in posts.entries(tx)], who="ann")
    died = stand.wait(stand.publish(Plan(point="before_recall"), kind=kind.worker, wrap=kind.wrap))
    assert died.killed
    _to_the_end(stand, kind)
    return recalls.verdict(stand)


def recalled_before_the_request(stand: Stand, kind: Kind) -> Verdict:
    """Between its intent and its request a process is stopped; meanwhile it is recalled. Then it wakes."""
    name = _post(stand, "mastodon", image=True)
    sleeper = stand.publish(Plan(point="after_intent", signal=STOP), kind=kind.worker, wrap=kind.wrap)
    stand.wait(sleeper, until_stopped=True)
    with stand.outbox.write() as tx:
        recalling.want(tx, [each.number for each in posts.entries(tx)], who="ann")
    stand.go_on(sleeper)
    stand.wait(sleeper)
    _to_the_end(stand, kind)
    found = recalls.verdict(stand)
    found.lost += [f"sent after its recall: {key}" for key in stand.taken() if key[0] == name]
    return found


def _others_send(stand: Stand, sleeper: Process) -> None:
    """What a sleeper had claimed is found to be absent by others, and sent."""
    stand.lapse(sleeper.name)
    for _ in range(4):
        stand.pass_time()
        stand.wait(stand.publish())


def _to_the_end(stand: Stand, kind: Kind) -> Verdict:
    for _ in range(6):
        stand.pass_time()
        stand.wait(stand.publish(kind=kind.worker, wrap=kind.wrap))
    stand.drain()
    return stand.verdict()


#: name → (the misfortune, the worker without the rule that is for it)
CONTROLS: dict[str, tuple[Callable[[Stand, Kind], Verdict], Kind]] = {
    "naive_retry": (lost_answer, Kind(worker=NaiveRetry)),
    "short_settle": (death_before_sending, Kind(worker=ShortSettle)),
    "no_fence": (waking_beside_another, Kind(worker=NoFence)),
    "no_deadline_check": (waking_too_late, Kind(wrap=without_deadline_check)),
    "no_claim_check": (waking_in_a_paused_guest, Kind(worker=LastLookAtPeopleAlone)),
    "settled_before": (death_before_taking_down, Kind(worker=SettledBefore)),
    "no_last_look": (recalled_before_the_request, Kind(worker=NoLastLook)),
    "key_per_attempt": (late_accept, Kind(wrap=with_a_key_per_attempt)),
}
