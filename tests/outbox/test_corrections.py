"""What answers or edits a post that is up, and what becomes of both. On both databases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from clarion.digest import digest
from clarion.model import Account, Part, Payload, Receipt, Staged, State
from clarion.outbox import schema
from clarion.outbox.claiming import claims, looking, recalling, settle
from clarion.outbox.claiming.claims import Claim
from clarion.outbox.claiming.tending import tend
from clarion.outbox.entries import corrections, posts
from clarion.outbox.entries.views import PostView
from tests.desk import Desk, add
from tests.outbox.test_recalling import MINUTE, down, receipt, want


@pytest.fixture
def voice(desk: Desk) -> Account:
    return desk.account("voice")


def queued(desk: Desk, account: Account, *texts: str, **corrects: Any) -> int:
    """`corrects`: answers or replaces, the id of a delivery."""
    parts = tuple(Part(text=text) for text in texts)
    payload = replace(Payload(account=account.identity, language="en", parts=parts), **corrects)
    with desk.outbox.write() as tx:
        number = add(tx, account, *parts, payload=payload, digest=digest(payload), due=desk.now)
    desk.approve(number)
    return number


def take(desk: Desk) -> tuple[list[Claim], list[str]]:
    """What may go, and why the rest waits for people."""
    held: list[str] = []
    with desk.outbox.write() as tx:
        tend(tx, lambda _account, _after: None)
        claimed = claims.claim(tx, desk.terms(), 10, lambda each: held.append(each.reason))
    return claimed, held


def settled(desk: Desk, claim: Claim, its: Receipt) -> bool:
    with desk.outbox.write() as tx:
        held = settle.sent(tx, claim, its)
        if held:
            settle.confirmed(tx, claim)
    return held


def sent(desk: Desk, account: Account, *texts: str) -> int:
    number = queued(desk, account, *texts)
    for part, _ in enumerate(texts, 1):
        [claim], _none = take(desk)
        assert settled(desk, claim, receipt(1000 * number + part))
    return number


def post(desk: Desk, number: int) -> PostView:
    with desk.outbox.read() as tx:
        [found] = posts.show(tx, number).posts
    return found


def first(desk: Desk, number: int) -> str:
    return post(desk, number).deliveries[0].id


# ── answers ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_knows_what_it_answers_and_the_thread_it_is_in(desk: Desk, voice: Account) -> None:
    number = sent(desk, voice, "one", "two")
    queued(desk, voice, "it was not so", "but so", answers=post(desk, number).deliveries[1].id)
    [claim], _ = take(desk)
    assert claim.delivery.parent
    assert claim.delivery.root
    assert claim.delivery.parent.remote_id == f"{1000 * number + 2}"
    assert claim.delivery.root.remote_id == f"{1000 * number + 1}"
    assert claim.delivery.edits is None
    assert settled(desk, claim, receipt(7))
    [second], _ = take(desk)
    assert second.delivery.parent
    assert second.delivery.parent.remote_id == "7"
    assert second.delivery.root == claim.delivery.root
    assert desk.states(number) == ["sent", "sent"]


def test_an_answer_to_an_answer_is_in_the_thread_of_the_first(desk: Desk, voice: Account) -> None:
    number = sent(desk, voice, "one")
    answer = queued(desk, voice, "it was not so", answers=first(desk, number))
    [claim], _ = take(desk)
    assert settled(desk, claim, receipt(7))
    queued(desk, voice, "nor so", answers=first(desk, answer))
    [second], _ = take(desk)
    assert second.delivery.parent
    assert second.delivery.root
    assert second.delivery.parent.remote_id == "7"
    assert second.delivery.root.remote_id == f"{1000 * number + 1}"


def test_what_is_answered_was_recalled_meanwhile(desk: Desk, voice: Account) -> None:
    number = sent(desk, voice, "one")
    answer = queued(desk, voice, "it was not so", answers=first(desk, number))
    want(desk, number)
    assert take(desk) == ([], ["what it answers is not up"])
    assert desk.states(answer) == ["pending"]
    down(desk)
    desk.approve(answer)
    assert take(desk) == ([], ["what it answers is not up"])
    assert post(desk, answer).deliveries[0].reason == "what it answers is not up"


def test_what_is_answered_is_recalled_between_claim_and_intent(desk: Desk, voice: Account) -> None:
    number = sent(desk, voice, "one")
    queued(desk, voice, "it was not so", answers=first(desk, number))
    [claim], _ = take(desk)
    want(desk, number)
    with desk.outbox.write() as tx, pytest.raises(claims.Withheld, match="answers"):
        claims.intend(tx, desk.terms(), claim, Staged(delivery=claim.delivery))


# ── edits ─────────────────────────────────────────────────────────────────────────────────────────────────────


def edited(desk: Desk, voice: Account, *texts: str) -> tuple[int, int, Claim]:
    """What is up, what edits it, and the claim on that."""
    number = sent(desk, voice, *(texts or ("one",)))
    edit = queued(
        desk, voice, *(f"{text}, mended" for text in texts or ("one",)), replaces=first(desk, number)
    )
    [claim], _ = take(desk)
    assert claim.delivery.entry == edit
    return number, edit, claim


def its(claim: Claim) -> Receipt:
    assert claim.delivery.edits
    return claim.delivery.edits


def remote_ids(desk: Desk, *numbers: int) -> list[str | None]:
    of = sa.select(schema.delivery.c.remote_id).join(schema.post, schema.post.c.id == schema.delivery.c.post)
    in_order = of.order_by(schema.post.c.entry, schema.delivery.c.part)
    with desk.outbox.read() as tx:
        return list(tx.execute(in_order.where(schema.post.c.entry.in_(numbers))).scalars())


def test_the_remote_id_goes_over_with_the_edit(desk: Desk, voice: Account) -> None:
    number, edit, claim = edited(desk, voice)
    assert its(claim).remote_id == f"{1000 * number + 1}"
    assert desk.states(number) == ["sent"]
    assert settled(desk, claim, its(claim))
    assert (desk.states(number), desk.states(edit)) == (["replaced"], ["sent"])
    assert remote_ids(desk, number, edit) == [None, f"{1000 * number + 1}"]


def test_a_thread_is_edited_part_by_part(desk: Desk, voice: Account) -> None:
    number, edit, claim = edited(desk, voice, "one", "two")
    assert settled(desk, claim, its(claim))
    assert (desk.states(number), desk.states(edit)) == (["replaced", "sent"], ["sent", "scheduled"])
    [second], _ = take(desk)
    assert its(second).remote_id == f"{1000 * number + 2}"
    assert second.delivery.parent is None
    assert settled(desk, second, its(second))
    assert (desk.states(number), desk.states(edit)) == (["replaced"] * 2, ["sent"] * 2)


def test_what_is_edited_was_recalled_meanwhile(desk: Desk, voice: Account) -> None:
    number = sent(desk, voice, "one")
    edit = queued(desk, voice, "one, mended", replaces=first(desk, number))
    want(desk, number)
    assert take(desk) == ([], ["what it edits is not up"])
    assert desk.states(edit) == ["pending"]
    assert down(desk) == [1]
    assert desk.states(number) == ["recalled"]


def test_of_two_edits_the_second_waits_for_people(desk: Desk, voice: Account) -> None:
    number, _, claim = edited(desk, voice)
    other = queued(desk, voice, "one, mended otherwise", replaces=first(desk, number))
    assert settled(desk, claim, its(claim))
    assert take(desk) == ([], ["what it edits is not up"])
    assert desk.states(other) == ["pending"]


def test_a_claim_that_was_lost_replaces_nothing(desk: Desk, voice: Account) -> None:
    number, edit, claim = edited(desk, voice)
    assert not settled(desk, replace(claim, fence=claim.fence - 1), its(claim))
    assert (desk.states(number), desk.states(edit)) == (["sent"], ["sending"])
    assert remote_ids(desk, number, edit) == [f"{1000 * number + 1}", None]


def test_what_is_recalled_while_it_is_edited_keeps_its_remote_id(desk: Desk, voice: Account) -> None:
    number, edit, claim = edited(desk, voice)
    want(desk, number)
    assert not settled(desk, claim, its(claim))
    assert (desk.states(number), desk.states(edit)) == (["recalling"], ["sending"])
    assert down(desk) == [1]


def test_an_edit_that_is_to_be_recalled_takes_the_post_with_it(desk: Desk, voice: Account) -> None:
    number, edit, claim = edited(desk, voice)
    want(desk, edit)
    assert settled(desk, claim, its(claim))
    assert (desk.states(number), desk.states(edit)) == (["replaced"], ["recalling"])
    [downward] = claim_down(desk)
    assert downward.down == its(claim)


def claim_down(desk: Desk) -> list[Claim]:
    with desk.outbox.write() as tx:
        return recalling.claim(tx, desk.terms(), 10, MINUTE)


def test_a_lost_edit_is_looked_for_where_it_would_be(desk: Desk, voice: Account) -> None:
    number, edit, claim = edited(desk, voice)
    desk.later(minutes=6)  # its worker died
    with desk.outbox.write() as tx:
        tend(tx, lambda _account, _after: None)
        [looked] = looking.claim(tx, desk.terms("two"), 10, MINUTE)
    assert looked.delivery.edits == its(claim)
    assert settled(desk, looked, its(looked))
    assert not settled(desk, claim, its(claim))
    assert (desk.states(number), desk.states(edit)) == (["replaced"], ["sent"])


# ── what people see ───────────────────────────────────────────────────────────────────────────────────────────


def related(desk: Desk, number: int) -> corrections.Relation:
    with desk.outbox.read() as tx:
        [found] = corrections.relations(tx, posts.show(tx, number)).values()
    return found


def test_each_names_the_other(desk: Desk, voice: Account) -> None:
    number, edit, _ = edited(desk, voice)
    answer = queued(desk, voice, "it was not so", answers=first(desk, number))
    assert related(desk, number) == corrections.Relation(answered_by=(answer,), edited_by=(edit,))
    assert related(desk, edit) == corrections.Relation(edits=number)
    assert related(desk, answer) == corrections.Relation(answers=number)
    with desk.outbox.write() as tx:
        posts.cancel(tx, answer, who="mira")
    assert related(desk, number).answered_by == ()
    with desk.outbox.read() as tx:
        assert corrections.holders(tx, number) == []
        assert corrections.corrected(tx, post(desk, edit).payload) == post(desk, number).id
        assert corrections.corrected(tx, post(desk, number).payload) is None


def test_where_an_edited_post_is_now_is_known_through_every_edit(desk: Desk, voice: Account) -> None:
    number, edit, claim = edited(desk, voice)
    settled(desk, claim, its(claim))
    again = queued(desk, voice, "mended twice", replaces=first(desk, edit))
    [second], _ = take(desk)
    assert its(second) == its(claim)
    assert settled(desk, second, its(second))
    assert [desk.states(each) for each in (number, edit, again)] == [["replaced"], ["replaced"], ["sent"]]
    with desk.outbox.read() as tx:
        assert corrections.holders(tx, number) == [again]
    want(desk, again)
    down(desk)
    with desk.outbox.read() as tx:
        assert corrections.holders(tx, number) == []
    assert post(desk, again).deliveries[0].state is State.RECALLED
