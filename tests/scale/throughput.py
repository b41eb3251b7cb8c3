"""Accounts go side by side: against networks that take a second for each answer, a run takes as long as its busiest
account needs by itself; ten times the posts take ten times as long, and no more memory.

The publishers are the real ones, in a process of their own, with every limit in force; the networks are the strict
rehearsal's. What an account needs by itself is counted, not assumed: its own requests, one after the other.
`ANSWER=0.2 make scale` asks the same with quicker answers, for a first look; Clarion's own share weighs more then.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from clarion import networks as registry
from clarion.model import ApprovalPolicy, Part
from clarion.networks.rehearsing import Request
from clarion.outbox import accounts, store
from clarion.outbox.entries import posts
from clarion.outbox.hosting import opening
from clarion.rehearsal.faults import Struck
from clarion.rehearsal.world import World
from tests.desk import add
from tests.networks.conftest import Networks, account_on

SECONDS = float(os.environ.get("ANSWER", "1"))
ACCOUNTS = 30
ROOT = Path(__file__).resolve().parents[2]


class Counting(World):
    """Counts each account's requests. Before a login a network may not know whose they are: then by their text."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str | None] = Counter()

    def strike(self, network: str, request: Request) -> Struck:
        self.asked[self._machine(network).account_of(request)] += 1
        return super().strike(network, request)


@dataclass(frozen=True, kw_only=True)
class Ran:
    sent: int
    seconds: float
    memory: int
    alone: int  # requests of the account that made most


def run(folder: Path, deliveries: int) -> Ran:
    """Publish so many deliveries, the same number for each account, and count by the networks what arrived."""
    folder.mkdir()
    outbox = opening.create(folder / "outbox.sqlite3", host="here")
    _queue(outbox, deliveries)
    outbox.close()
    world = Counting()
    networks = Networks(world)
    networks.start()
    try:
        for network in registry.NAMES:
            networks.fault(network, "slow", on="any", count=None, seconds=SECONDS)
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "tests.scale.child",
                str(folder / "outbox.sqlite3"),
                json.dumps(networks.urls),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=60 + 4 * SECONDS * deliveries / ACCOUNTS,
        )
        assert done.returncode == 0, done.stderr
        texts = Counter(one.text for network in registry.NAMES for one in networks.accepted(network))
    finally:
        networks.stop()
    assert len(texts) == deliveries
    assert set(texts.values()) == {1}
    return Ran(**json.loads(done.stdout), alone=max(world.asked.values()))


def _queue(outbox: store.Outbox, deliveries: int) -> None:
    now = datetime.now(UTC)
    with outbox.write() as tx:
        for each in range(ACCOUNTS):
            network = registry.NAMES[each % len(registry.NAMES)]
            account = account_on(network, f"voice{each}")
            accounts.pin(tx, account, verified=False)
            for place in range(deliveries // ACCOUNTS):
                text = f"Post {place} of {account.name}."
                number = add(tx, account, Part(text=text), due=now)
                posts.approve(tx, number, outbox_id=outbox.id, who="ann", policy=ApprovalPolicy())


def test_accounts_go_side_by_side_and_ten_times_the_posts_take_ten_times_as_long(tmp_path: Path) -> None:
    few, many = run(tmp_path / "few", 300), run(tmp_path / "many", 3_000)
    sys.stdout.write(
        f"\n300 in {few.seconds:.1f} s, {few.seconds / (few.alone * SECONDS):.2f} × the busiest account alone (bar 1.20)"
        f"\n3,000 in {many.seconds:.1f} s, {many.seconds / few.seconds:.2f} × as long (bar 9 to 11),"
        f" {many.memory / few.memory:.2f} × the memory (bar 1.10)\n"
    )
    assert (few.sent, many.sent) == (300, 3_000)
    assert few.seconds <= 1.2 * few.alone * SECONDS
    assert 9 <= many.seconds / few.seconds <= 11
    assert many.memory <= 1.1 * few.memory
