"""What an older outbox does not know of itself, and the one that it replaces does: what was sent anew, and what was spent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from clarion.errors import OutboxError, Refused, Unavailable
from clarion.model import Delivery, Receipt
from clarion.networks.base import Found, Unsure
from clarion.outbox import pauses, schema
from clarion.outbox.claiming import handling, recalling
from clarion.outbox.limits import money
from clarion.outbox.limits.money import Budget
from clarion.outbox.limits.spending import Window
from clarion.publishing.worker import Worker
from tests.desk import NOON
from tests.outbox.restoring import LATER, House
from tests.publishing.conftest import Network

DOLLAR = 1_000_000


class Generations(Network):
    """What is sent anew is called by another name."""

    def receipt(self, delivery: Delivery) -> Receipt:
        said = str(delivery.generation)
        return Receipt(remote_id=f"id-{said}", url=f"https://one.example/{said}", at=NOON)


# ── what was over, and was sent anew ──────────────────────────────────────────────────────────────────────────


def test_what_had_failed_and_was_sent_since_is_in_doubt_and_not_tried_again(house: House) -> None:
    number = house.queued()
    house.stage.network.script = [Refused("no")]
    house.runs()
    house.backs_up()
    house.retries(number)
    house.runs()
    assert house.restores().in_doubt == 1
    assert house.desk.states(number) == ["in_doubt"]
    with house.desk.outbox.write() as tx, pytest.raises(OutboxError, match="only what failed or expired"):
        handling.retriable(tx, number)
    house.runs()
    assert house.desk.states(number) == ["sent"]
    assert len(house.stage.network.taken) == 1


def test_what_had_expired_and_was_sent_since_can_be_recalled(house: House) -> None:
    number = house.queued()
    house.desk.later(hours=3)
    house.runs()
    assert house.desk.states(number) == ["expired"]
    house.backs_up()
    house.retries(number)
    house.runs()
    [up] = house.stage.network.taken
    house.restores()
    with house.desk.outbox.write() as tx:
        recalling.want(tx, [number], who="mira")
    house.runs()
    house.runs()
    assert house.desk.states(number) == ["recalled"]
    assert house.stage.network.recalled == [f"r-{up.id}"]


def test_a_thread_that_was_refused_and_sent_since_is_found_part_by_part(house: House) -> None:
    number = house.queued("one", "two")
    house.stage.network.script = [Refused("no")]
    house.runs()
    assert house.desk.states(number) == ["failed", "cancelled"]
    house.backs_up()
    house.retries(number)
    house.runs()
    assert house.restores().in_doubt == 2
    house.runs()
    house.runs()
    assert house.desk.states(number) == ["sent", "sent"]
    assert len(house.stage.network.taken) == 2


def test_the_rest_of_a_thread_that_began_since_can_still_be_sent(house: House) -> None:
    number = house.queued("one", "two")
    house.stage.network.script = [Refused("no")]
    house.runs()
    house.backs_up()
    house.retries(number)
    house.stage.network.script = [None, Unavailable("away")]
    house.runs()
    assert house.desk.states(number) == ["sent", "scheduled"]
    assert house.restores().in_doubt == 1
    assert house.desk.states(number) == ["in_doubt", "pending"]
    house.runs()
    assert house.desk.states(number) == ["sent", "pending"]
    house.desk.approve(number)
    house.desk.later(hours=1)
    house.runs()
    assert house.desk.states(number) == ["sent", "sent"]
    assert len(house.stage.network.taken) == 2


def test_what_failed_before_the_backup_and_was_left_alone_can_be_tried_again(house: House) -> None:
    number = house.queued("one", "two")
    house.stage.network.script = [Refused("no")]
    house.runs()
    house.backs_up()
    assert house.restores().in_doubt == 0
    assert house.desk.states(number) == ["failed", "cancelled"]
    house.retries(number)
    house.runs()
    assert house.desk.states(number) == ["sent", "sent"]


def _another_receipt(house: House) -> None:
    """The network took it, a look did not find it, somebody said so, and it was sent anew."""

    def cannot(_delivery: Delivery, _receipt: Receipt) -> bool:
        raise Unavailable("away")

    network = house.stage.network = Generations()
    network.read_back = cannot
    number = house.queued()
    house.runs()
    house.backs_up()
    network.read_back = lambda _delivery, receipt: receipt.remote_id != "id-0"
    house.desk.later(minutes=2)
    house.runs()
    assert house.desk.states(number) == ["in_doubt"]
    with house.desk.outbox.write() as tx:
        [doubt] = handling.doubts(tx, number)
        handling.is_absent(tx, doubt, outbox_id=house.desk.outbox.id, who="mira")


def test_a_newer_receipt_takes_the_place_of_the_older_and_is_what_is_recalled(house: House) -> None:
    _another_receipt(house)
    house.runs()
    assert house.restores().in_doubt == 0
    assert house.desk.states(1) == ["sent"]
    with house.desk.outbox.write() as tx:
        recalling.want(tx, [1], who="mira")
    house.runs()
    assert house.stage.network.recalled == ["id-1"]


def test_what_was_not_there_after_all_is_flagged_again(house: House) -> None:
    _another_receipt(house)
    house.stage.network.script = ["lose"]
    house.stage.network.looks = [Unsure(look_again_in=None)] * 3
    house.runs()
    house.restores()
    assert house.desk.states(1) == ["in_doubt"]
    with house.desk.outbox.read() as tx:
        row = tx.execute(sa.select(schema.delivery)).one()
    assert (row.remote_id, row.intent_lost) == (None, True)
    house.stage.network.looks = [
        Found(receipt=Receipt(remote_id="id-1", url="https://one.example/1", at=NOON))
    ]
    house.runs()
    assert house.desk.states(1) == ["sent"]
    assert len(house.stage.network.taken) == 2


def test_a_restore_over_a_restored_outbox_forgets_nothing_of_it(house: House) -> None:
    unapproved = house.desk.queue(house.desk.account("voice"), "hello", due=NOON + timedelta(minutes=1))
    held = house.queued("later", due=LATER)
    house.backs_up()
    with house.desk.outbox.write() as tx:
        pauses.hold(tx, None, who="mira")
    house.desk.approve(unapproved)
    house.runs()
    assert house.desk.states(unapproved) == ["sent"]
    for _ in range(2):
        house.restores()
        assert house.desk.states(unapproved) == ["in_doubt"]
        assert house.desk.states(held) == ["pending"]


# ── what was spent ────────────────────────────────────────────────────────────────────────────────────────────


def _spender(house: House) -> Worker:
    made = house.worker()
    budget = Budget(part=lambda _part: DOLLAR, uploads=lambda _part: 0, read=0, cap=2 * DOLLAR)
    window = Window(family="posts", limit=9, length=timedelta(days=1))
    made.terms = replace(made.terms, budgets={"voice": budget}, windows={"mastodon": (window,)})
    return made


def test_what_was_spent_since_the_backup_is_spent(house: House) -> None:
    house.queued("before")
    _spender(house).drain()
    later, now = house.queued("later", due=LATER), house.queued("now")
    house.backs_up()
    _spender(house).drain()
    assert house.desk.states(now) == ["sent"]
    with house.desk.outbox.read() as tx:
        before = tx.execute(_SPENT).all()
    for _ in range(2):  # also over what was restored already
        house.restores()
        with house.desk.outbox.read() as tx:
            assert money.spent_this_month(tx, "mastodon", "voice") == 2 * DOLLAR
            assert tx.execute(_SPENT).all() == before
    house.desk.later(hours=3)
    _spender(house).drain()
    assert len(house.stage.network.taken) == 2
    assert house.desk.states(later) == ["scheduled"]


_SPENT = (
    sa.select(schema.spend.c.bucket, schema.spend.c.at, sa.func.sum(schema.spend.c.cost))
    .group_by(schema.spend.c.bucket, schema.spend.c.at)
    .order_by(schema.spend.c.bucket, schema.spend.c.at)
)
