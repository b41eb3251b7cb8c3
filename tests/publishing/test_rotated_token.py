"""One account's token is rotated: that account waits for its person, the others go on, and nothing is lost by waiting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from clarion import networks as registry
from clarion.networks.rehearsing import Request
from clarion.outbox import incidents, schema
from clarion.rehearsal.faults import Struck
from clarion.rehearsal.world import World
from tests.networks.conftest import Networks
from tests.trial.test_live import Organiser

RUNS = 60


class Counting(World):
    """Counts the requests each network sees."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()

    def strike(self, network: str, request: Request) -> Struck:
        self.asked[network] += 1
        return super().strike(network, request)


class Campaign(Organiser):
    """A live campaign whose networks are local, and whose tokens may be rotated under it."""

    def __init__(self, folder: Path) -> None:
        self.world = Counting()
        super().__init__(folder, Networks(self.world))

    def secret(self, network: str, *, good: bool) -> None:
        """The network's own for this account, or one that was withdrawn."""
        found = registry.rehearsal(network).secret(network)
        withdrawn = {key: value if key == "identifier" else f"{value[:-1]}~" for key, value in found.items()}
        with self.app() as app:
            app.secrets.set(network, found if good else withdrawn)

    def deliveries(self) -> list[sa.Row[tuple[object, ...]]]:
        with self.app() as app, app.outbox.read() as tx:
            return list(
                tx.execute(
                    sa.select(schema.delivery, schema.account.c.network, schema.post.c.due.label("planned"))
                    .join(schema.account, schema.account.c.id == schema.delivery.c.account)
                    .join(schema.post, schema.post.c.id == schema.delivery.c.post)
                    .order_by(schema.delivery.c.id)
                )
            )


@pytest.fixture
def campaign(tmp_path: Path) -> Iterator[Campaign]:
    from clarion.trial.demo import make_campaign

    make_campaign(tmp_path)
    made = Campaign(tmp_path)
    made.networks.start()
    yield made
    made.networks.stop()


@pytest.mark.slow
@pytest.mark.parametrize("rotated", registry.NAMES)
def test_a_rotated_token_blocks_one_account_until_it_is_verified(campaign: Campaign, rotated: str) -> None:
    for network in registry.NAMES:
        campaign.secret(network, good=True)
    campaign.types("live", "--yes")
    campaign.secret(rotated, good=False)
    for text in ("First.", "Second.", "Third."):
        campaign.types("say", text, "--yes")
    before = {row.id: row for row in campaign.deliveries()}
    campaign.types("publish")
    asked = campaign.world.asked[rotated]
    for _ in range(RUNS - 1):
        campaign.types("publish")

    for row in campaign.deliveries():
        assert row.state == ("scheduled" if row.network == rotated else "sent")
        # Nothing of its schedule is spent: no try, no lateness, no due time of its post.
        assert (row.backoffs, row.planned) == (0, before[row.id].planned)
        if row.network == rotated:
            assert (row.due_at, row.lapses_at) == (before[row.id].due_at, before[row.id].lapses_at)
    assert campaign.world.asked[rotated] == asked, "a blocked account was asked again"
    with campaign.app() as app, app.outbox.read() as tx:
        assert [(each.kind, each.subject) for each in incidents.standing(tx)] == [
            ("account_blocked", rotated)
        ]
        assert tx.execute(sa.select(sa.func.count()).select_from(schema.incident)).scalar() == 1

    campaign.secret(rotated, good=True)
    campaign.types("accounts", "verify", rotated)
    campaign.types("publish")
    assert {row.state for row in campaign.deliveries()} == {"sent"}
    for network in registry.NAMES:
        assert len(campaign.world.accepted(network)) == 3
    with campaign.app() as app, app.outbox.read() as tx:
        assert incidents.standing(tx) == []
