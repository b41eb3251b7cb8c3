"""An answer that comes late, for a claim that is lost: what becomes of the delivery, wherever it stands by then."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from clarion.model import TRANSITIONS, Receipt, State
from clarion.outbox import audit, pauses, schema
from clarion.outbox.claiming import claims, handling, late, looking, settle
from clarion.outbox.claiming.claims import Claim
from clarion.outbox.claiming.late import Late
from clarion.outbox.claiming.tending import tend
from clarion.outbox.entries.views import stored_receipt
from tests.desk import NOON, Desk


def up(name: str) -> Receipt:
    return Receipt(remote_id=name, url=f"https://one.example/{name}", at=NOON)


def take(desk: Desk, worker: str = "one") -> Claim:
    with desk.outbox.write() as tx:
        tend(tx, lambda _account, _after: None)
        [claim] = claims.claim(tx, desk.terms(worker), 1)
    return claim


def lost(desk: Desk, *texts: str) -> tuple[int, Claim]:
    """A claim whose lease lapsed; a look found nothing, and it is to go again."""
    number = desk.queue(desk.account("voice"), *(texts or ("hello",)))
    desk.approve(number)
    claim = take(desk)
    desk.later(minutes=6)
    with desk.outbox.write() as tx:
        tend(tx, lambda _account, _after: None)
        [look] = looking.claim(tx, desk.terms("two"), 1, timedelta(minutes=2))
        assert settle.absent(tx, look)
    return number, claim


def bring(desk: Desk, claim: Claim, name: str) -> Late | None:
    with desk.outbox.write() as tx:
        assert not settle.sent(tx, claim, up(name))
        came = late.bring(tx, claim, up(name))
        assert audit.broken(tx) == []
    return came


def put(desk: Desk, state: State, name: str | None = None) -> None:
    """As others would have left it."""
    values = {"receipt": stored_receipt(up(name)), "remote_id": name} if name else {}
    with desk.outbox.write() as tx:
        tx.execute(sa.update(schema.delivery).values(state=state.value, **values))


def now_at(desk: Desk) -> str:
    """The address that the outbox has of it."""
    with desk.outbox.read() as tx:
        return str(tx.execute(sa.select(schema.delivery.c.receipt)).scalar_one())


@pytest.mark.parametrize(
    "state",
    [State.SCHEDULED, State.PENDING, State.IN_DOUBT, State.FAILED, State.EXPIRED, State.CANCELLED],
)
def test_what_waits_or_was_given_up_is_up(desk: Desk, state: State) -> None:
    number, claim = lost(desk)
    put(desk, state)
    assert bring(desk, claim, "1") == Late(kind="sent")
    assert desk.states(number) == ["sent"]
    assert state is State.IN_DOUBT or State.IN_DOUBT in TRANSITIONS[state]
    assert bring(desk, claim, "1") is None


@pytest.mark.parametrize("state", [State.SENT, State.RECALLING, State.RECALLED, State.REPLACED])
def test_what_is_known_is_no_news(desk: Desk, state: State) -> None:
    number, claim = lost(desk)
    put(desk, state, "1")
    assert bring(desk, claim, "1") is None
    assert desk.states(number) == [state.value]


@pytest.mark.parametrize(
    ("state", "kind", "after"),
    [
        (State.SENT, "in_doubt", State.IN_DOUBT),
        (State.IN_DOUBT, "in_doubt", State.IN_DOUBT),
        (State.RECALLING, "still_up", State.RECALLING),
        (State.RECALLED, "still_up", State.RECALLED),
        (State.REPLACED, "in_doubt", State.REPLACED),
    ],
)
def test_a_second_post_is_told_with_both_addresses_kept(
    desk: Desk, state: State, kind: str, after: State
) -> None:
    number, claim = lost(desk)
    put(desk, state, "1")
    came = bring(desk, claim, "2")
    said = "it is up twice: an answer that came late names https://one.example/2 as well"
    assert came == Late(kind=kind, detail=said)
    assert desk.states(number) == [after.value]
    assert "https://one.example/1" in now_at(desk)


def test_what_is_being_sent_anew_is_stopped_where_that_is_still_possible(desk: Desk) -> None:
    number, claim = lost(desk)
    again = take(desk, "two")
    came = bring(desk, claim, "1")
    assert came is not None
    assert (came.kind, desk.states(number)) == ("in_doubt", ["in_doubt"])
    with desk.outbox.read() as tx:
        why_not = pauses.objection(tx, again.delivery.id, "voice", fence=again.fence, seconds=0)
    assert why_not == pauses.LOST
    assert take_nothing(desk), "and it waits for a person"


def take_nothing(desk: Desk) -> bool:
    desk.later(hours=1)
    with desk.outbox.write() as tx:
        return not (tend(tx, lambda _account, _after: None).look or claims.claim(tx, desk.terms(), 1))


@pytest.mark.parametrize(("name", "state"), [("1", "sent"), ("2", "in_doubt")])
def test_what_was_sent_anew_meanwhile_is_one_post_where_both_answers_name_the_same(
    desk: Desk, name: str, state: str
) -> None:
    number, claim = lost(desk)
    again = take(desk, "two")
    bring(desk, claim, "1")
    came = bring(desk, again, name)
    assert came is not None
    assert (came.kind, desk.states(number)) == (state, [state])


def test_a_post_that_another_delivery_has_is_told_and_proves_nothing(desk: Desk) -> None:
    number, claim = lost(desk)
    other = desk.queue(desk.account("voice"), "another", due=NOON - timedelta(minutes=1))
    desk.approve(other)
    with desk.outbox.write() as tx:
        [its] = claims.claim(tx, desk.terms("two"), 1)
        assert settle.sent(tx, its, up("1"))
    came = bring(desk, claim, "1")
    assert came is not None
    assert (desk.states(number), desk.states(other)) == (["in_doubt"], ["sent"])


def test_a_person_settles_what_is_up_twice(desk: Desk) -> None:
    number, claim = lost(desk)
    put(desk, State.SENT, "1")
    bring(desk, claim, "2")
    with desk.outbox.write() as tx:
        [doubt] = handling.doubts(tx, number)
        handling.is_up(tx, doubt, up("1"), outbox_id=desk.outbox.id, who="mira")
    assert desk.states(number) == ["sent"]


def test_what_this_outbox_does_not_know_any_more_is_told(desk: Desk) -> None:
    _, claim = lost(desk)
    with desk.outbox.write() as tx:
        tx.execute(sa.delete(schema.attempt))
        tx.execute(sa.delete(schema.delivery))
    came = bring(desk, claim, "1")
    assert came is not None
    assert "https://one.example/1" in (came.detail or "")


def test_a_claim_that_is_not_lost_is_left_alone(desk: Desk) -> None:
    """Its network named another delivery's post: its lease lapses, and it is looked for."""
    number, claim = lost(desk)
    again = take(desk, "two")
    with desk.outbox.write() as tx:
        assert late.bring(tx, again, up("1")) is None
    assert desk.states(number) == ["sending"]
    assert claim.fence < again.fence
