"""An account leaves: nothing of it may be sent on an old word, and nothing of it is lost. On both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from clarion.errors import OutboxError
from clarion.model import State
from clarion.outbox import audit, leaving, schema
from clarion.outbox.claiming import claims, looking, settle
from tests.desk import Desk


@pytest.fixture
def two(desk: Desk) -> Desk:
    """#1 on the account that leaves, a thread, approved; #2 on another, approved; #3 on it, waiting for people."""
    eyes, news = desk.account("eyes"), desk.account("news")
    for number, account in enumerate((eyes, news, eyes), 1):
        desk.queue(account, f"{number}a", f"{number}b")
    desk.approve(1)
    desk.approve(2)
    return desk


def set_state(desk: Desk, number: int, state: State, **more: object) -> None:
    """As a worker would leave the first part."""
    of_it = sa.select(schema.post.c.id).where(schema.post.c.entry == number)
    with desk.outbox.write() as tx:
        tx.execute(
            sa.update(schema.delivery)
            .where(schema.delivery.c.post.in_(of_it), schema.delivery.c.part == 1)
            .values(state=state.value, **more)
        )


def leave(desk: Desk, *, cancel: bool) -> leaving.Open:
    with desk.outbox.write() as tx:
        return leaving.leave(tx, "eyes", cancel=cancel, who="ann")


def test_what_waits_is_held_and_no_other_account_is_touched(two: Desk) -> None:
    assert leave(two, cancel=False).waiting == [1, 3]
    assert [two.states(number) for number in (1, 2, 3)] == [
        ["pending", "pending"],
        ["scheduled", "scheduled"],
        ["pending", "pending"],
    ]
    with two.outbox.read() as tx:
        approved = tx.execute(sa.select(sa.func.count()).select_from(schema.approval)).scalar_one()
        assert approved == 1  # the other's
        assert audit.broken(tx) == []


def test_what_waits_is_cancelled_when_asked(two: Desk) -> None:
    leave(two, cancel=True)
    assert [two.states(number) for number in (1, 2, 3)] == [
        ["cancelled", "cancelled"],
        ["scheduled", "scheduled"],
        ["cancelled", "cancelled"],
    ]


@pytest.mark.parametrize("state", [State.SENDING, State.IN_DOUBT, State.RECALLING])
def test_nothing_leaves_that_nobody_knows_the_end_of(two: Desk, state: State) -> None:
    set_state(two, 3, state)
    before = [two.states(number) for number in (1, 2, 3)]
    with pytest.raises(OutboxError, match="#3 of “eyes”"):
        leave(two, cancel=True)
    assert [two.states(number) for number in (1, 2, 3)] == before


@pytest.mark.parametrize("state", [State.SENT, State.RECALLED])
def test_what_is_still_to_be_asked_for_is_undecided_too(two: Desk, state: State) -> None:
    """A receipt that nobody read back; a post that an earlier request may put there again."""
    set_state(two, 1, state, look_at=1)
    with pytest.raises(OutboxError, match="#1 of “eyes”"):
        leave(two, cancel=True)
    set_state(two, 1, state, look_at=None)
    assert leave(two, cancel=True).waiting == [1, 3]  # its second part waited
    assert two.states(1) == [state.value, "cancelled"]


@pytest.mark.parametrize("cancel", [True, False])
def test_what_goes_again_after_a_look_may_be_up_and_nothing_leaves_before_that_is_known(
    two: Desk, cancel: bool
) -> None:
    """“Absent” proves nothing once nobody repeats it: a late answer would bring up what is called cancelled."""
    two.names.remove("news")
    with two.outbox.write() as tx:
        [claim] = claims.claim(tx, two.terms(), 10)
        assert claim.delivery.entry == 1
        settle.doubted(tx, claim, look_at=tx.now, reason="no answer")
    with two.outbox.write() as tx:
        [look] = looking.claim(tx, two.terms(), 10, timedelta(minutes=2))
    with two.outbox.write() as tx:
        assert settle.absent(tx, look)
    assert two.states(1) == ["scheduled", "scheduled"]
    with pytest.raises(OutboxError, match=r"#1 of “eyes” .*nobody knows") as caught:
        leave(two, cancel=cancel)
    assert caught.value.hint == "clarion publish, or clarion queue cancel 1; then clarion queue show 1"
    assert two.states(1) == ["scheduled", "scheduled"]


@pytest.mark.parametrize("cancel", [True, False])
def test_what_was_held_after_a_request_may_be_up_too(two: Desk, cancel: bool) -> None:
    set_state(two, 3, State.PENDING, first_intent_at=1)
    with pytest.raises(OutboxError, match="#3 of “eyes”"):
        leave(two, cancel=cancel)
    set_state(two, 3, State.PENDING, first_intent_at=None)
    assert leave(two, cancel=cancel).waiting == [1, 3]


def test_an_account_that_left_is_not_verified_any_more_and_keeps_its_row(two: Desk) -> None:
    with two.outbox.write() as tx:
        tx.execute(sa.update(schema.account).values(verified_at=tx.now, blocked_until=tx.now + 1))
    leave(two, cancel=False)
    with two.outbox.read() as tx:
        rows = {row.name: row for row in tx.execute(sa.select(schema.account))}
    assert (rows["eyes"].verified_at, rows["eyes"].blocked_until) == (None, None)
    assert rows["news"].verified_at is not None
