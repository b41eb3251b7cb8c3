"""Recalls, killed at every point: of what is up, and of what is being sent; each network, each fault, one SIGKILL each.

Each case is an account of its own with one thread. In half of them it is up, and a process that recalls it is killed; in
the others the process that sends it is killed, and it is recalled before anybody recovers. Then processes without kills
recover them all. The oracle is the networks': nothing that was recalled is still shown, unless it is in doubt.
"""

from __future__ import annotations

from dataclasses import dataclass

from clarion import networks, points
from clarion.outbox.claiming import recalling
from clarion.outbox.entries import posts
from clarion.publishing import recall
from tests.crash.abreast import strike
from tests.crash.stand import Process, Stand, Verdict

Fault = tuple[str, str, float]
#: What goes wrong when it is taken down, and when it was sent: (kind, which requests, seconds).
_DOWN: tuple[tuple[Fault, ...], ...] = (
    (),
    (("drop_before", "other", 0),),
    (("drop_after", "other", 0),),
    (("500_after", "other", 0),),
    (("429", "other", 0),),
)
_SENT: tuple[tuple[Fault, ...], ...] = (
    (),
    (("drop_after", "create", 0),),
    (("drop_after", "create", 0), ("stale_reads", "other", 0)),
    (("accept_late", "create", 0.3),),
    (("500_before", "create", 0),),
)


@dataclass(kw_only=True)
class Case:
    point: str
    network: str
    faults: tuple[Fault, ...]
    number: int = 0
    process: Process | None = None

    @property
    def name(self) -> str:
        words = "+".join(kind for kind, _, _ in self.faults) or "none"
        return f"{self.network[0]}-{self.point}-{words}"[:64]

    @property
    def up(self) -> bool:
        """Whether it is up when the misfortune begins."""
        return self.point in points.RECALLING


def cases(*, few: bool = False) -> list[Case]:
    """Every one; `few`: each point of each network without a fault, and the faults in turn."""
    found = []
    for family, names in ((_DOWN, points.RECALLING), (_SENT, points.NAMES)):
        for turn, network in enumerate(networks.NAMES):
            for nth, point in enumerate(names):
                chosen = (family[0], family[1 + (nth + turn) % (len(family) - 1)]) if few else family
                found += [Case(point=point, network=network, faults=faults) for faults in chosen]
    return found


def run(stand: Stand, *, few: bool = False) -> tuple[Verdict, int, list[str]]:
    """All of them; the verdict, how many were killed, and which points were never reached."""
    todo = cases(few=few)
    with stand.outbox.write() as tx:
        for case in todo:
            account = stand.account(tx, case.name, case.network)
            case.number = stand.queue(tx, account, case.name, f"{case.name}, part 2", image=True)
    stand.wait(stand.publish(names=[case.name for case in todo if case.up]))
    for case in todo:
        for kind, where, seconds in case.faults:
            stand.running.fault(case.network, kind, account=case.name, on=where, count=1, seconds=seconds)

    def recall_what_is_up(case: Case) -> None:
        if case.up:
            recall.want(stand.outbox, [case.number], who="ann", because=None)

    killed = strike(stand, todo, recall_what_is_up)
    with stand.outbox.write() as tx:
        recalling.want(tx, [case.number for case in todo if not case.up], who="ann")
    stand.lapse(*(case.process.name for case in killed if case.process))
    stand.drain()
    reached = {(case.network, case.point) for case in killed}
    every = {(case.network, case.point) for case in todo}
    return verdict(stand), len(killed), [f"{network} {point}" for network, point in sorted(every - reached)]


def verdict(stand: Stand) -> Verdict:
    """Hold what the networks still show against what the outbox says of every delivery that was recalled."""
    found = Verdict()
    taken, shown = _accepted(stand)
    with stand.outbox.read() as tx:
        everything = [post for entry in posts.entries(tx, limit=1_000_000) for post in entry.posts]
    for post in everything:
        for delivery, part in zip(post.deliveries, post.payload.parts, strict=True):
            key = post.account.name, part.text
            _judge(found, delivery, key, taken.get(key, 0), shown.get(key, 0))
    return found


def _judge(found: Verdict, row: posts.DeliveryView, key: tuple[str, str], times: int, up: int) -> None:
    what = f"{key[1]!r} of {key[0]}: {row.state}, taken {times} times, shown {up} times"
    found.deliveries += 1
    found.in_doubt += row.state == "in_doubt"
    if times > 1:
        found.doubled.append(what)
    if row.state == "in_doubt":
        return
    if up or (row.state == "recalled" and not times) or (row.state == "cancelled" and times):
        found.lost.append(what)
    elif row.state not in ("recalled", "cancelled") or not row.recall_wanted:
        found.unfinished.append(what)


def _accepted(stand: Stand) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], int]]:
    """How often the networks took each (account, text), and how many of those they still show."""
    taken: dict[tuple[str, str], int] = {}
    shown: dict[tuple[str, str], int] = {}
    for network in networks.NAMES:
        for one in stand.running.accepted(network):
            key = one.account, one.text
            taken[key] = taken.get(key, 0) + 1
            shown[key] = shown.get(key, 0) + (not one.deleted)
    return taken, shown
