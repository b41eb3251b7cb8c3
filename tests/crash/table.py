"""The exhaustive table: every point × network × fault, one SIGKILL each, judged after recovery.

Each case is an account of its own with one post, published by a process that may claim only that account and is killed at
its point. Then one process without kills and faults recovers them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from clarion import networks, points
from tests.crash.abreast import strike
from tests.crash.stand import DEADLINE, Process, Stand, Verdict

_HANG = DEADLINE + 0.4
#: What a network does wrong to the one post of a case: (kind, where, seconds).
Fault = tuple[str, str | None, float]
_EVERYWHERE: tuple[tuple[Fault, ...], ...] = (
    (),
    (("drop_before", None, 0),),
    (("drop_after", None, 0),),
    (("hang", None, _HANG),),
    (("hang_after", None, _HANG),),
    (("500_before", None, 0),),
    (("500_after", None, 0),),
    (("429", None, 0),),
    (("429_bare", None, 0),),
    (("slow", None, 0.1),),
    (("accept_late", None, 0.4),),
    (("clock_shifted", "any", -3600),),
    (("429", "other", 0),),
    (("drop_after", "other", 0),),
    (("stale_reads", None, 0),),
    (("drop_after", None, 0), ("stale_reads", None, 0)),
    (("accept_twice", None, 0),),
)
_ONLY: dict[str, tuple[tuple[Fault, ...], ...]] = {
    "x": ((("drop_after", None, 0), ("forget_duplicates", None, 0)),),
    "mastodon": (
        (("key_ignored", None, 0), ("drop_after", None, 0)),
        (("key_expired", None, 0), ("drop_after", None, 0)),
        (("key_set_after", None, 0), ("500_after", None, 0)),
        (("drop_after", None, 0), ("stale_reads", None, 0), ("key_repeat_500", "create", 0)),
        (("silent_drop", None, 0),),
    ),
    "bluesky": ((("silent_drop", None, 0),),),
}


#: Points that only a post with an image passes.
_STAGING = frozenset({"before_stage", "after_stage", "before_intent", "after_intent"})


@dataclass(kw_only=True)
class Case:
    point: str
    network: str
    faults: tuple[Fault, ...]
    image: bool
    process: Process | None = None

    @property
    def words(self) -> str:
        return (
            "+".join(kind if where is None else f"{kind}@{where}" for kind, where, _ in self.faults) or "none"
        )

    @property
    def text(self) -> str:
        return f"{self.network} {self.point} {self.words}"

    @property
    def name(self) -> str:
        """Its account's, which may not be long."""
        return f"{self.network}-{sha256(self.text.encode()).hexdigest()[:12]}"


def cases(*, pairs: bool = False) -> list[Case]:
    """Every case; or so many that each pair of point, fault and network is there."""
    every = [
        # Without an image nothing is staged, and claim and intent are one commit.
        Case(point=point, network=network, faults=faults, image=index % 2 == 1 or point in _STAGING)
        for network in networks.NAMES
        for index, faults in enumerate((*_EVERYWHERE, *_ONLY[network]))
        for point in points.NAMES
    ]
    if not pairs:
        return every
    kept, seen = [], set[tuple[str, str]]()
    for case in sorted(every, key=lambda case: sha256(case.text.encode()).digest()):
        of_case = {
            (case.point, case.network),
            (case.point, case.words),
            (case.network, case.words),
        }
        # A point and a network meet without faults, too: there nothing hides that the point was reached.
        if case.faults == () or not of_case <= seen:
            kept.append(case)
            seen |= of_case
    return kept


def run(stand: Stand, *, pairs: bool = False) -> tuple[Verdict, int, list[str]]:
    """The verdict, how many were killed, and the (network, point) that no case reached."""
    todo = cases(pairs=pairs)
    with stand.outbox.write() as tx:
        for case in todo:
            stand.queue(tx, stand.account(tx, case.name, case.network), case.text, image=case.image)
    _arm(stand, todo)
    killed = strike(stand, todo)
    stand.lapse(*(case.process.name for case in killed if case.process))
    stand.drain()
    reached = {(case.network, case.point) for case in killed}
    missed = [f"{n} {p}" for n in networks.NAMES for p in points.NAMES if (n, p) not in reached]
    return stand.verdict(), len(killed), missed


def _arm(stand: Stand, todo: list[Case]) -> None:
    for case in todo:
        for kind, where, seconds in case.faults:
            if kind == "accept_twice":
                stand.twice.add(case.name)
            quirk = kind.startswith("key_") or kind in ("forget_duplicates", "accept_twice")
            stand.running.fault(
                case.network,
                kind,
                account=case.name,
                on=where,
                count=None if quirk else 1,
                seconds=seconds,
            )
