"""Somebody recalls while an edit is settled: at every moment, on PostgreSQL, one delivery proves the post in the end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clarion.digest import digest
from clarion.model import Part, Receipt
from clarion.outbox.claiming import claims, recalling, settle
from clarion.outbox.entries import posts
from tests.desk import NOON, Desk, add
from tests.outbox.meeting import Act, Scene, both_ways, claim_of, fresh, meetings, queued, two

__all__ = ["two"]  # the fixture


def being_edited(pair: tuple[Desk, Desk]) -> tuple[Scene, int]:
    """Something that is up, and the claim on an edit of it; the edit's number is the scene's."""
    up = queued(pair, "wrong")
    desk = up.one
    with desk.outbox.write() as tx:
        [claim] = claims.claim(tx, desk.terms("the first"), 1)
        receipt = Receipt(remote_id=f"r{up.number}", url="https://one.example/1", at=NOON)
        settle.sent(tx, claim, receipt)
        settle.confirmed(tx, claim)
    payload = replace(claim.delivery.payload, parts=(Part(text="right"),), replaces=claim.delivery.id)
    scene = fresh(pair)
    scene.account = up.account
    desk.names.append(up.account.name)
    with desk.outbox.write() as tx:
        scene.number = add(
            tx, up.account, *payload.parts, payload=payload, digest=digest(payload), due=desk.now
        )
    desk.approve(scene.number)
    with desk.outbox.write() as tx:
        [scene.claim] = claims.claim(tx, desk.terms("the first"), 1)
    return scene, up.number


def settle_edit(desk: Desk, scene: Scene) -> bool:
    claim = claim_of(scene)
    assert claim.delivery.edits
    with desk.outbox.write() as tx:
        return settle.sent(tx, claim, claim.delivery.edits)


def recall_both(desk: Desk, scene: Scene) -> None:
    with desk.outbox.write() as tx:
        recalling.want(tx, [each.number for each in posts.entries(tx, limit=2)], who="mira")


@pytest.mark.parametrize("acts", both_ways(settle_edit, recall_both))
def test_a_recall_and_an_edit_meet_and_one_of_them_takes_it_down(
    two: tuple[Desk, Desk], acts: tuple[Act, Act]
) -> None:
    numbers: dict[int, int] = {}

    def make() -> Scene:
        scene, up = being_edited(two)
        numbers[scene.number] = up
        return scene

    for _ in range(4):  # whose row comes first is chance
        for scene, met in meetings(make, *acts):
            for answer in (met.first, met.second):
                assert not isinstance(answer, BaseException), answer
            old, new = scene.one.states(numbers[scene.number]), scene.states()
            assert (old, new) in ((["replaced"], ["recalling"]), (["recalling"], ["sending"]))
