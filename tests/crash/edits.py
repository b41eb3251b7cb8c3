"""Edits, killed at every point: one SIGKILL each, under each fault.

Each case is an account of its own with one post that is up, and an edit of it. The process that edits is killed; then
processes without kills recover them all. The oracle is the network: of each post it took one create, it shows the new text,
and it was changed once.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.request import Request, urlopen

from clarion import networks, points
from clarion.digest import digest
from clarion.model import ApprovalPolicy
from clarion.outbox import store
from clarion.outbox.entries import posts
from tests.crash.abreast import strike
from tests.crash.stand import Process, Stand, Verdict
from tests.desk import add

_NETWORK = "mastodon"
#: What goes wrong while it is edited: (kind, seconds). Those are requests that create nothing.
_FAULTS: tuple[tuple[tuple[str, float], ...], ...] = (
    (),
    (("drop_before", 0),),
    (("drop_after", 0),),
    (("500_before", 0),),
    (("500_after", 0),),
    (("429", 0),),
    (("accept_late", 0.3),),
)
#: Points that only a post with an image passes.
_STAGING = frozenset({"before_stage", "after_stage", "before_intent", "after_intent"})


@dataclass(kw_only=True)
class Case:
    point: str
    faults: tuple[tuple[str, float], ...]
    image: bool
    number: int = 0
    edit: int = 0
    process: Process | None = None

    @property
    def name(self) -> str:
        words = "+".join(kind for kind, _ in self.faults) or "none"
        return f"{self.point}-{words}"

    @property
    def mended(self) -> str:
        return f"{self.name}, mended"


def cases(*, few: bool = False) -> list[Case]:
    """Every one; `few`: each point without a fault, and the faults in turn."""
    found = []
    for nth, point in enumerate(points.NAMES):
        chosen = (_FAULTS[0], _FAULTS[1 + nth % (len(_FAULTS) - 1)]) if few else _FAULTS
        found += [
            Case(point=point, faults=faults, image=point in _STAGING or turn % 2 == 1)
            for turn, faults in enumerate(chosen)
        ]
    return found


def run(stand: Stand, *, few: bool = False) -> tuple[Verdict, int, list[str]]:
    """All of them; the verdict, how many were killed, and which points were never reached."""
    todo = cases(few=few)
    with stand.outbox.write() as tx:
        for case in todo:
            account = stand.account(tx, case.name, _NETWORK)
            case.number = stand.queue(tx, account, case.name, image=case.image)
    stand.wait(stand.publish())
    with stand.outbox.write() as tx:
        for case in todo:
            case.edit = _queue_edit(stand, tx, case)
    for case in todo:
        for kind, seconds in case.faults:
            stand.running.fault(_NETWORK, kind, account=case.name, on="other", count=1, seconds=seconds)
    killed = strike(stand, todo)
    stand.lapse(*(case.process.name for case in killed if case.process))
    stand.drain()
    missed = sorted({case.point for case in todo} - {case.point for case in killed})
    return verdict(stand, todo), len(killed), missed


def verdict(stand: Stand, todo: Sequence[Case]) -> Verdict:
    """Hold what the network shows against what the outbox says."""
    found = Verdict()
    taken = stand.taken()
    for case in todo:
        with stand.outbox.read() as tx:
            [old], [new] = (posts.show(tx, number).posts for number in (case.number, case.edit))
        times = sum(count for (name, _), count in taken.items() if name == case.name)
        receipt = old.deliveries[0].receipt
        assert receipt
        texts = _history(stand, case, receipt.remote_id)
        what = f"{case.name}: {old.state}, {new.state}, {times} creates, {texts}"
        found.deliveries += 1
        found.in_doubt += new.state == "in_doubt"
        if times != 1 or len(texts) > 2:
            found.doubled.append(what)
        if (old.state, new.state) != ("replaced", "sent"):
            found.unfinished.append(what)
        elif case.mended not in texts[-1] or new.deliveries[0].receipt != receipt:
            found.lost.append(what)
    return found


def _queue_edit(stand: Stand, tx: store.Tx, case: Case) -> int:
    [post] = posts.show(tx, case.number).posts
    parts = (replace(post.payload.parts[0], text=case.mended),)
    payload = replace(post.payload, parts=parts, replaces=post.deliveries[0].id)
    due = datetime.now(UTC) - timedelta(seconds=5)
    number = add(
        tx,
        stand.names[case.name],
        *parts,
        payload=payload,
        digest=digest(payload),
        due=due,
        late=timedelta(hours=12),
    )
    posts.approve(tx, number, outbox_id=stand.outbox.id, who="ann", policy=ApprovalPolicy())
    return number


def _history(stand: Stand, case: Case, remote_id: str) -> list[str]:
    """What the post said, oldest first, as the network tells."""
    token = networks.rehearsal(_NETWORK).secret(case.name)["access_token"]
    asked = Request(
        f"{stand.running.urls[_NETWORK]}/api/v1/statuses/{remote_id}/history",
        headers={"Authorization": f"Bearer {token}"},
    )
    with urlopen(asked, timeout=10) as answer:
        return [each["content"] for each in json.load(answer)]
