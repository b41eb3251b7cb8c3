"""The long run: publishing processes that overlap, killed and stopped at random points, on networks that misbehave.

In rounds, each with new accounts: posts are queued, accounts are given faults of one family, two or three processes
publish at a time, until what remains is drained without kills and judged. Seeded: the same seed plans the same kills and
faults, though not their timing.
"""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import count

import sqlalchemy as sa

from clarion import networks, points
from tests.crash.abreast import ARRIVES
from tests.crash.stand import DEADLINE, Plan, Process, Stand, Verdict

_CARRIER = (
    *("drop_before", "drop_after", "hang", "hang_after", "500_before", "500_after", "429", "429_bare"),
    *("slow", "accept_late", "clock_shifted"),
)
#: Where an answer is lost without anything arriving late.
_LOSE = ("drop_before", "drop_after", "500_before", "500_after", "hang_after", "429")
#: Faults that may meet on one account. Not together: a forgotten key, and a look that shows the past or an accept that
#: comes late. Then the network doubles a repeat that it itself called safe, and nobody outside could know.
_FAMILIES: dict[str, tuple[str, ...]] = {
    "carrier": _CARRIER,
    "none": (),
    "stale": (*_LOSE, "stale_reads", "stale_reads", "key_repeat_500", "forget_duplicates"),
    "keys": (*_LOSE, "key_ignored", "key_expired", "key_set_after"),
    "twice": _LOSE,
    "silent": ("silent_drop", "drop_after"),
}
_ACCOUNTS = 4  # of each network, in a round
_POSTS = 12  # of each account
_ABREAST = 3
#: A process that is stopped before its last look at the clock may sleep as long as it likes. Between that look and the
#: request nothing can be asked of it: the margin of its lease is for that, and time here is too short for it.
_SLEEPY = (
    "claimed",
    "before_stage",
    "after_stage",
    "before_intent",
    "after_intent",
    "after_send",
    "before_settle",
)
_ROUND_SECONDS = 15.0
_EXTRA_SECONDS = 5.0


@dataclass(kw_only=True)
class Run:
    """What one run did."""

    verdict: Verdict = field(default_factory=Verdict)
    kills: int = 0
    stops: int = 0
    rounds: int = 0
    hits: Counter[str] = field(default_factory=Counter)


def run(stand: Stand, seed: int, seconds: float) -> Run:
    """Rounds until the time is over; the last one is drained all the same."""
    dice, done = random.Random(seed), Run()
    until = time.monotonic() + seconds
    while done.rounds == 0 or time.monotonic() < until or (missed(done) and done.rounds < 4):
        now = time.monotonic()
        over = until if until > now else now + _EXTRA_SECONDS  # a point was not reached yet
        _round(stand, dice, done, min(over, now + _ROUND_SECONDS))
        done.rounds += 1
        done.verdict += stand.verdict()
        _check(stand)
        stand.renew()
    return done


def missed(done: Run) -> list[str]:
    return [name for name in points.NAMES if not done.hits[name]]


def _round(stand: Stand, dice: random.Random, done: Run, until: float) -> None:
    _queue(stand, dice, done.rounds)
    dead: list[Process] = []
    for tick in count():
        if time.monotonic() > until or not stand.moving():
            break
        while len(stand.processes) < _ABREAST:
            _publish(stand, dice, done)
        _reap(stand, done, dead)
        stand.lapse(*(each.name for each in dead if time.monotonic() - (each.ended_at or 0) > ARRIVES))
        _wake(stand, dice, done)
        if tick % 5 == 0:
            stand.pass_time()
        time.sleep(0.01)
    while stand.processes:
        _wake(stand, dice, done)
        _reap(stand, done, dead)
        time.sleep(0.005)
    time.sleep(ARRIVES)
    stand.lapse(*(each.name for each in dead))
    stand.drain()
    time.sleep(ARRIVES)  # what arrives late arrives before it is counted


def _reap(stand: Stand, done: Run, dead: list[Process]) -> None:
    for ended in stand.reap():
        dead.append(ended)
        if ended.killed:
            done.kills += 1
            done.hits[ended.plan.point or ""] += 1


def _wake(stand: Stand, dice: random.Random, done: Run) -> None:
    """Let the sleepers go on, some when what they know of their lease is over and some when it is not quite."""
    for process in stand.processes:
        if process.stopped_at and time.monotonic() - process.stopped_at > 0.3:
            done.stops += 1
            stand.lapse(process.name)
            if dice.random() < 0.5:
                time.sleep(dice.uniform(0, 2.5))
            stand.go_on(process)


def _queue(stand: Stand, dice: random.Random, number: int) -> None:
    with stand.outbox.write() as tx:
        for network in networks.NAMES:
            for place in range(_ACCOUNTS):
                family = dice.choice(list(_FAMILIES))
                name = f"{network}-{number}-{place}-{family}"
                account = stand.account(tx, name, network)
                for post in range(_POSTS):
                    parts = 3 if dice.random() < 0.2 and family != "silent" else 1
                    texts = [f"{name} post {post} part {part}" for part in range(parts)]
                    stand.queue(tx, account, *texts, image=dice.random() < 0.4)
                _arm(stand, dice, network, name, family)


def _arm(stand: Stand, dice: random.Random, network: str, name: str, family: str) -> None:
    if family == "twice":
        stand.twice.add(name)
        stand.running.fault(network, "accept_twice", account=name, count=None)
    for _ in range(dice.randint(1, 4)):
        if not _FAMILIES[family]:
            return
        kind = dice.choice(_FAMILIES[family])
        lasting = kind.startswith("key_") or kind == "forget_duplicates"
        quirk = lasting or kind in ("silent_drop", "stale_reads")
        stand.running.fault(
            network,
            kind,
            account=name,
            on=None if quirk else dice.choice((None, None, "other", "any")),
            count=None if lasting else dice.randint(1, 2),
            seconds=_seconds(dice, kind),
        )


def _seconds(dice: random.Random, kind: str) -> float:
    if kind.startswith("hang"):
        return DEADLINE + 0.4
    if kind == "clock_shifted":
        return dice.choice((-3600, -30, 30, 3600))
    return dice.uniform(0.05, 0.45)


def _publish(stand: Stand, dice: random.Random, done: Run) -> None:
    plan = _plan(dice, done)
    # One thread, so that nothing else of a stopped process holds the file's lock, and with it everybody.
    alone = plan.signal == signal.SIGSTOP
    stand.publish(plan, names=[dice.choice(sorted(stand.names))] if alone else None)


def _plan(dice: random.Random, done: Run) -> Plan:
    """Mostly death, sometimes sleep, sometimes an unharmed life. What was not hit yet comes first."""
    if dice.random() < 0.08:
        return Plan()
    if dice.random() < 0.12:
        return Plan(point=dice.choice(_SLEEPY), nth=dice.randint(1, 3), signal=signal.SIGSTOP)
    least = min(done.hits[name] for name in points.NAMES)
    rare = [name for name in points.NAMES if done.hits[name] == least]
    if least == 0 and dice.random() < 0.6:  # the run goes on until each was hit
        return Plan(point=dice.choice(rare))
    return Plan(point=dice.choice(rare if dice.random() < 0.3 else points.NAMES), nth=dice.randint(1, 3))


def _check(stand: Stand) -> None:
    """The outbox is whole: its file, and the chains of its audit."""
    from clarion.outbox import audit

    with stand.outbox.read() as tx:
        assert audit.broken(tx) == []
        if tx.connection.dialect.name == "sqlite":
            assert tx.execute(sa.text("PRAGMA integrity_check")).scalar_one() == "ok"
