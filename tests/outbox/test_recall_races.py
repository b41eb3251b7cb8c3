"""Somebody takes an entry back while a worker claims its account: on PostgreSQL neither waits for the other for ever."""

from __future__ import annotations

import pytest

from clarion.outbox.claiming import claims, recalling
from clarion.outbox.claiming.claims import Claim
from clarion.outbox.limits import spending
from clarion.outbox.limits.spending import Window
from tests.desk import Desk
from tests.outbox.meeting import Act, Scene, both_ways, cancel, meetings, queued, two

__all__ = ["two"]  # the fixture


def recall(desk: Desk, scene: Scene) -> None:
    with desk.outbox.write() as tx:
        recalling.want(tx, [scene.number], who="mira")


def take(desk: Desk, scene: Scene) -> list[Claim]:
    with desk.outbox.write() as tx:
        return claims.claim(tx, desk.terms(), 5)


def look(desk: Desk, scene: Scene) -> None:
    """What looking costs is spent under the account's lock."""
    window = Window(family="requests", limit=10, length=desk.terms().lease, look=1)
    with desk.outbox.write() as tx:
        spending.admit_look(tx, scene.account.network, scene.account.name, [window])


@pytest.mark.parametrize("pair", [*both_ways(take, recall), *both_ways(take, cancel)])
def test_what_is_taken_back_and_a_claim_do_not_wait_for_each_other(
    two: tuple[Desk, Desk], pair: tuple[Act, Act]
) -> None:
    for scene, _ in meetings(lambda: queued(two, "one", "two"), *pair):
        first, second = scene.states()
        assert first in {"cancelled", "sending"}
        assert second == "cancelled"


def test_whoever_counts_what_a_look_costs_keeps_no_recall_waiting(two: tuple[Desk, Desk]) -> None:
    for scene, met in meetings(lambda: queued(two, "one"), look, recall):
        assert scene.states() == ["cancelled"]
        assert met.overtook or not met.reached
