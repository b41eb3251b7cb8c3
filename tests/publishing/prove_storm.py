"""A storm of rate limits on the real publishers and the strict networks: every post goes out once, and no window ever
sees more requests than it allows, by the servers' own count.

Some answers are 429s with right, missing, wrong and clock-shifted headers, and there is more to send than the windows
hold. Nobody waits: the outbox's time and the networks' move together.
"""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
import sqlalchemy as sa
from PIL import Image

from clarion import networks as registry
from clarion.accounts.connections import Connections
from clarion.digest import digest
from clarion.model import Account, Media, Part, Payload
from clarion.networks.bluesky import options as bluesky
from clarion.networks.mastodon import options as mastodon
from clarion.networks.rehearsing import Request
from clarion.networks.x import options as x
from clarion.outbox import accounts, schema
from clarion.publishing.limits import windows
from clarion.publishing.worker import Worker
from clarion.rehearsal.faults import Fault, Struck
from clarion.rehearsal.world import World
from tests.desk import NOON, Desk
from tests.networks.conftest import Networks, account_on

#: More than fits into one window of X (100 posts in 15 min) and two of Mastodon (30 images in 30 min, 300 requests in 5).
QUEUED = {"x": (120, 0), "mastodon": (110, 32), "bluesky": (25, 4)}
STORM = (
    *(
        (kind, on, seconds)
        for kind in ("429", "429_bare", "429_wrong")
        for on, seconds in (("create", 1.0), ("other", 1.0))
    ),
    *(("429_shifted", "create", seconds) for seconds in (-3600.0, 3600.0)),
    *(("clock_shifted", "any", seconds) for seconds in (-3600.0, 3600.0)),
)
#: The least that each 429 asks for, in seconds, as a client must read it: headers that make no sense ask for none.
ASKED = {"429": 60.0, "429_shifted": 60.0, "429_bare": 300.0, "429_wrong": 1.0}
TICK = timedelta(minutes=1)
LATEST = timedelta(hours=1, minutes=45)


class Counting(World):
    """Writes down every request that reached it, also those a fault answered, and which came before they might."""

    def __init__(self) -> None:
        super().__init__()
        self.wait: dict[tuple[str, str | None], float] = {}
        self.hasty: list[str] = []
        self.seen: dict[tuple[str, str | None, str], list[float]] = defaultdict(list)

    def strike(self, network: str, request: Request) -> Struck:
        who = self._machine(network).account_of(request)
        for family in families(network, request):
            self.seen[network, who, family].append(self.now().timestamp())
        if self.now().timestamp() < self.wait.get((network, who), 0.0):
            self.hasty.append(f"{who}: {request.method} {request.path}")
        struck = super().strike(network, request)
        if struck.fault and struck.fault.kind in ASKED:
            self.wait[network, who] = self.now().timestamp() + ASKED[struck.fault.kind]
        return struck


def families(network: str, request: Request) -> list[str]:
    """What of `ALLOWED` a request counts in."""
    asked = f"{request.method} {request.path}"
    if network == "mastodon":
        other = {"POST /api/v1/statuses": ["statuses"], "POST /api/v2/media": ["media"]}
        return ["requests", *other.get(asked, [])]
    if network == "x":
        if asked == "POST /2/tweets":
            return ["creates"]
        return ["reads"] if asked.startswith(("GET /2/tweets/", "GET /2/users/")) else []
    if asked.endswith("putRecord"):
        return ["points"] * bluesky.POINTS["put"]
    return ["uploads"] if asked.endswith("uploadBlob") else []


ALLOWED = {
    ("x", "creates"): x.CREATES,
    ("x", "reads"): x.READS,
    ("mastodon", "requests"): mastodon.REQUESTS,
    ("mastodon", "statuses"): mastodon.STATUSES,
    ("mastodon", "media"): mastodon.MEDIA,
    ("bluesky", "points"): bluesky.WRITE_HOUR,
    ("bluesky", "uploads"): bluesky.UPLOAD_DAY,
}


class Storm:
    """A desk whose accounts publish on strict networks, on one simulated time."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.desk = desk
        self.world = Counting()
        self.world.set_now(NOON)
        self.networks = Networks(self.world)
        self.picture = _picture()
        self.connections = Connections(
            base=lambda account: self.networks.urls[account.network],
            secret=lambda account: registry.rehearsal(account.network).secret(account.name),
            media=lambda _sha256: self.picture,
            sessions=folder / "sessions",
            loopback_only=True,
        )

    def account(self, network: str) -> Account:
        account = account_on(network, f"voice-{network}")
        with self.desk.outbox.write() as tx:
            accounts.pin(tx, account, verified=False)
        self.desk.names.append(account.name)
        return account

    def queue(self, account: Account, text: str, images: int = 0) -> None:
        media = Media(
            sha256=sha256(self.picture).hexdigest(), mime="image/png", alt="A wall", width=4, height=3
        )
        payload = Payload(
            account=account.identity, language="en", parts=(Part(text=text, media=(media,) * images),)
        )
        self.desk.approve(self.desk.queue(account, text, payload=payload, digest=digest(payload)))

    def run(self) -> int:
        """Publish every simulated minute until nothing is left or it is too late; how many deliveries are left."""
        limits = windows({network: registry.options(network).WINDOWS for network in registry.NAMES})
        left = 1
        while left and self.desk.now < NOON + LATEST:
            Worker(
                outbox=self.desk.outbox,
                publishers=self.connections,
                terms=replace(self.desk.terms(), windows=limits),
                sleep=self.later,
            ).drain()
            self.later(TICK.total_seconds())
            with self.desk.outbox.read() as tx:
                left = tx.execute(
                    sa.select(sa.func.count())
                    .select_from(schema.delivery)
                    .where(schema.delivery.c.state != "sent")
                ).scalar_one()
        return left

    def later(self, seconds: float) -> None:
        self.desk.later(seconds=seconds)
        self.networks.now = self.desk.now


@pytest.fixture
def storm(desk: Desk, tmp_path: Path) -> Iterator[Storm]:
    made = Storm(desk, tmp_path)
    made.networks.start()
    yield made
    made.connections.close()
    made.networks.stop()


def _picture() -> bytes:
    raw = io.BytesIO()
    Image.new("RGB", (4, 3), "darkred").save(raw, "PNG")
    return raw.getvalue()


def most_in(times: list[float], seconds: int) -> int:
    """The most of these moments that lie within any so many seconds."""
    most = first = 0
    for last, at in enumerate(times):
        while times[first] <= at - seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


@pytest.mark.slow
def test_a_storm_of_rate_limits_ends_with_each_post_sent_once(storm: Storm) -> None:
    expected: Counter[tuple[str, str]] = Counter()
    for network, (plain, images) in QUEUED.items():
        account = storm.account(network)
        for number in range(plain):
            text = f"{network} post {number}"
            storm.queue(account, text, images=4 if number < images // 4 else 0)
            expected[network, text] += 1
        for kind, on, seconds in STORM:
            storm.world.arm(Fault(network=network, kind=kind, on=on, count=2, seconds=seconds))
    assert storm.run() == 0
    accepted = Counter(
        (network, one.text) for network in registry.NAMES for one in storm.world.accepted(network)
    )
    assert accepted == expected
    for (network, who, family), times in storm.world.seen.items():
        most, seconds = ALLOWED[network, family]
        assert most_in(times, seconds) <= most, (network, who, family)
    assert storm.world.hasty == []
    assert len(storm.world.wait) == len(QUEUED), "every account met a 429"
    with storm.desk.outbox.read() as tx:
        assert tx.execute(sa.select(sa.func.max(schema.delivery.c.backoffs))).scalar() == 0


def test_the_storm_would_break_the_windows_of_who_does_not_count() -> None:
    """What is queued cannot go out within one window: without counting, the servers would see too many requests."""
    assert QUEUED["x"][0] > x.CREATES[0]
    assert QUEUED["mastodon"][1] > mastodon.MEDIA[0]
    assert 2 * QUEUED["mastodon"][0] + 3 * QUEUED["mastodon"][1] > mastodon.REQUESTS[0]
