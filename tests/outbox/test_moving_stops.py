"""A restore takes back nothing that people stopped after the backup. The outbox that is replaced says so; where nobody does,
nothing goes out on an old word.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from clarion.errors import Refused, Unavailable
from clarion.model import State
from clarion.networks.base import Unsure
from clarion.outbox import audit, blocks, leaving, pauses, schema
from clarion.outbox.claiming import claims, handling
from clarion.outbox.entries import posts
from clarion.outbox.hosting import backup, lost, moving, opening
from clarion.outbox.limits import stops
from clarion.outbox.store import Tx
from tests.desk import NOON, Desk
from tests.outbox.restoring import LATER, House

# ── what people stopped ───────────────────────────────────────────────────────────────────────────────────────


def _cancel(tx: Tx) -> None:
    posts.cancel(tx, 1, who="ann")


def _pause(tx: Tx) -> None:
    pauses.pause(tx, None, who="ann", reason="grief")


def _pause_account(tx: Tx) -> None:
    pauses.pause(tx, "voice", who="ann", until=NOON + timedelta(days=9))


def _breaking(tx: Tx) -> None:
    pauses.pause(tx, "voice", who="ann", reason="it is wrong", breaking=True)
    pauses.resume(tx, "voice", who="ann")


def _block(tx: Tx) -> None:
    blocks.block(tx, "fact", "f1", why="it is false", who="ann")


def _block_and_unblock(tx: Tx) -> None:
    _block(tx)
    blocks.unblock(tx, "fact", "f1", who="ann")


def _leave(tx: Tx) -> None:
    leaving.leave(tx, "voice", cancel=True, who="ann")


def _before_people(tx: Tx) -> None:
    """A claim found something against it: its approvals stay."""
    tx.execute(sa.update(schema.delivery).values(state=State.PENDING.value))


def test_where_nobody_stopped_anything_what_is_not_due_goes_out_after_a_restore(house: House) -> None:
    number = house.queued(due=LATER)
    house.backs_up()
    done = house.restores()
    assert (done.in_doubt, done.held, done.witnessed) == (0, 0, True)
    house.desk.later(hours=3)
    house.runs()
    assert house.desk.states(number) == ["sent"]


@pytest.mark.parametrize(
    ("stop", "state"),
    [
        (_cancel, "cancelled"),
        (_pause, "scheduled"),
        (_pause_account, "scheduled"),
        (_breaking, "pending"),
        (_block, "pending"),
        (_block_and_unblock, "pending"),
        (_leave, "cancelled"),
        (_before_people, "pending"),
    ],
)
def test_what_people_stopped_since_the_backup_stays_stopped(
    house: House, stop: Callable[[Tx], None], state: str
) -> None:
    number = house.queued(due=LATER)
    house.backs_up()
    with house.desk.outbox.write() as tx:
        stop(tx)
    assert house.restores().held == (state == "pending")
    assert house.desk.states(number) == [state]
    house.desk.later(hours=3)
    house.runs()
    assert house.stage.network.taken == []
    with house.desk.outbox.read() as tx:
        assert audit.broken(tx) == []


def test_a_cancelled_thread_of_which_a_part_went_out_keeps_that_and_sends_no_other(house: House) -> None:
    number = house.queued("one", "two", due=LATER)
    house.backs_up()
    house.desk.later(hours=3)
    house.stage.network.script = [None, Unavailable("away")]
    house.runs()
    with house.desk.outbox.write() as tx:
        posts.cancel(tx, number, who="ann")
    assert house.desk.states(number) == ["sent", "cancelled"]
    house.restores()
    assert house.desk.states(number) == ["in_doubt", "cancelled"]
    house.runs()
    house.desk.later(hours=1)
    house.runs()
    assert house.desk.states(number) == ["sent", "cancelled"]
    assert len(house.stage.network.taken) == 1


def test_what_was_cancelled_and_may_be_up_is_never_sent_again(house: House) -> None:
    number = house.queued(due=LATER)
    house.backs_up()
    house.desk.later(hours=3)
    house.stage.network.script, house.stage.network.looks = ["lose"], [Unsure(look_again_in=None)] * 9
    house.runs()
    with house.desk.outbox.write() as tx:
        posts.cancel(tx, number, who="ann")
    house.restores()
    with house.desk.outbox.write() as tx:
        [doubt] = handling.doubts(tx, number)
        handling.is_absent(tx, doubt, outbox_id=house.desk.outbox.id, who="mira")
    assert house.desk.states(number) == ["cancelled"]


def test_an_approval_taken_back_holds_also_what_is_in_doubt(house: House) -> None:
    number = house.queued(due=NOON + timedelta(minutes=1))
    house.backs_up()
    with house.desk.outbox.write() as tx:
        pauses.hold(tx, None, who="ann")
    house.restores()
    assert house.desk.states(number) == ["in_doubt"]
    with house.desk.outbox.write() as tx:
        [doubt] = handling.doubts(tx, number)
        handling.is_absent(tx, doubt, outbox_id=house.desk.outbox.id, who="mira")
    house.runs()
    assert house.stage.network.taken == []
    assert house.desk.states(number) == ["pending"]


def test_an_approval_taken_back_holds_also_what_was_in_doubt_at_the_backup(house: House) -> None:
    number = house.queued()
    house.stage.network.script, house.stage.network.looks = ["lose"], [Unsure(look_again_in=None)] * 9
    house.runs()
    house.backs_up()
    with house.desk.outbox.write() as tx:
        pauses.hold(tx, None, who="ann")
    house.restores()
    with house.desk.outbox.write() as tx:
        [doubt] = handling.doubts(tx, number)
        handling.is_absent(tx, doubt, outbox_id=house.desk.outbox.id, who="mira")
    house.runs()
    assert house.desk.states(number) == ["pending"]
    assert len(house.stage.network.taken) == 1


def test_what_was_blocked_since_is_not_sent_on_an_approval_given_after_the_restore(house: House) -> None:
    number = house.queued(due=LATER)
    house.backs_up()
    with house.desk.outbox.write() as tx:
        _block(tx)
    house.restores()
    with house.desk.outbox.read() as tx:
        assert [(each.id, each.why, each.who) for each in blocks.standing(tx)] == [
            ("f1", "it is false", "ann")
        ]
    house.desk.approve(number)
    house.desk.later(hours=3)
    house.runs()
    assert house.stage.network.taken == []


def test_what_the_network_refused_since_nobody_has_stopped(house: House) -> None:
    number = house.queued("one", "two", due=LATER)
    house.backs_up()
    house.desk.later(hours=3)
    house.stage.network.script = [Refused("no")]
    house.runs()
    assert house.desk.states(number) == ["failed", "cancelled"]
    house.restores()
    with house.desk.outbox.write() as tx:
        for doubt in handling.doubts(tx, number):
            handling.is_absent(tx, doubt, outbox_id=house.desk.outbox.id, who="mira")
    house.runs()
    assert house.desk.states(number) == ["sent", "sent"]


def test_what_clarion_stopped_by_itself_is_not_carried_over(house: House) -> None:
    house.queued(due=LATER)
    house.backs_up()
    with house.desk.outbox.write() as tx:
        stops.stop(tx, "voice", NOON + timedelta(days=1), "it is its quiet time")
    house.restores()
    with house.desk.outbox.read() as tx:
        assert pauses.standing(tx) == []


def test_the_newer_of_two_pauses_holds(house: House) -> None:
    with house.desk.outbox.write() as tx:
        pauses.pause(tx, None, who="ann", reason="for ever")
    house.backs_up()
    until = NOON + timedelta(days=1)
    with house.desk.outbox.write() as tx:
        pauses.pause(tx, None, who="ben", reason="until tomorrow", until=until)
    house.restores()
    with house.desk.outbox.read() as tx:
        [found] = pauses.standing(tx)
    assert (found.who, found.until) == ("ben", until)


def test_what_the_replaced_outbox_never_heard_of_is_held(house: House, tmp_path: Path) -> None:
    first = house.queued(due=LATER)
    house.backs_up()
    second = house.queued("second", due=LATER)
    newer = tmp_path / "newer"
    backup.make(house.path, newer)
    house.restores()
    house.copy = newer
    assert house.restores().held == 1
    assert house.desk.states(first) == ["scheduled"]
    assert house.desk.states(second) == ["pending"]
    assert "did not know it" in str(house.tells(second))


# ── where nobody knows ────────────────────────────────────────────────────────────────────────────────────────


def test_without_the_outbox_that_was_there_nothing_goes_out_on_an_old_word(house: House) -> None:
    due, waits = house.queued("due"), house.queued("later", due=LATER)
    house.backs_up()
    done = house.restores(damaged=True)
    assert (done.in_doubt, done.held, done.witnessed) == (1, 1, False)
    assert house.desk.states(due) == ["in_doubt"]
    assert house.desk.states(waits) == ["pending"]
    assert "read it again" in str(house.tells(waits))
    house.stage.network.looks = [Unsure(look_again_in=None)]
    house.desk.later(hours=3)
    house.runs()
    assert house.stage.network.taken == []
    house.desk.approve(waits)
    house.runs()
    assert house.desk.states(waits) == ["sent"]


def test_another_outbox_in_its_place_knows_nothing_of_what_was_stopped(house: House) -> None:
    waits, mine = house.queued(due=LATER), house.desk.outbox.id
    house.backs_up()
    house.desk.outbox.close()
    house.path.unlink()
    opening.create(house.path, host="here", simulated=NOON).close()
    done = backup.restore(house.path, house.copy, host="here", expected=mine, who="mira")
    assert (done.held, done.witnessed) == (1, False)
    house.stage.desk = Desk(opening.open_sqlite(house.path, host="here"))
    assert house.desk.states(waits) == ["pending"]
    assert "is not known" in str(house.tells(waits))


def test_an_adoption_holds_what_waits_because_it_may_have_been_stopped_elsewhere(desk: Desk) -> None:
    account = desk.account("voice")
    due, waits = desk.queue(account, "due"), desk.queue(account, "later", due=LATER)
    for number in (due, waits):
        desk.approve(number)
    with desk.outbox.read() as tx:
        assert (lost.at_stake(tx), lost.to_hold(tx)) == (1, 1)
    host = "there" if desk.outbox.engine.dialect.name == "sqlite" else None
    done = moving.adopt(desk.outbox, host=host, who="ben")
    assert (done.in_doubt, done.held) == (1, 1)
    assert desk.states(due) == ["in_doubt"]
    assert desk.states(waits) == ["pending"]
    desk.later(hours=3)
    with desk.outbox.write() as tx:
        assert claims.claim(tx, desk.terms(), 9) == []
        assert tx.execute(sa.select(schema.approval)).all() == []
    desk.approve(waits)
    with desk.outbox.write() as tx:
        assert len(claims.claim(tx, desk.terms(), 9)) == 1
