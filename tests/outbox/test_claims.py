"""The claim and its settlements: what a worker may take, and what its death leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from clarion.clock import micros
from clarion.errors import ApprovalError
from clarion.model import ApprovalPolicy, Receipt, Staged
from clarion.outbox import accounts, incidents, schema
from clarion.outbox.claiming import claims, handling, looking, settle
from clarion.outbox.claiming.claims import Claim, Withheld
from clarion.outbox.claiming.tending import tend
from clarion.outbox.entries import posts
from clarion.outbox.hosting import lost
from clarion.outbox.limits.spending import Window
from tests.desk import LATE, NOON, Desk

UP = Receipt(remote_id="1", url="https://one.example/1", at=NOON)


def take(desk: Desk, limit: int = 10) -> list[Claim]:
    with desk.outbox.write() as tx:
        tend(tx, lambda _account, _after: None)
        return claims.claim(tx, desk.terms(), limit)


def intend(desk: Desk, claim: Claim) -> Claim:
    if claim.intended:
        return claim
    with desk.outbox.write() as tx:
        return claims.intend(tx, desk.terms(), claim, Staged(delivery=claim.delivery))


def queued(desk: Desk, *texts: str, picture: bool = False) -> int:
    account = desk.account("voice")
    number = desk.queue(account, *(texts or ("hello",)), picture=picture)
    desk.approve(number)
    return number


def test_it_takes_a_due_approved_delivery_once(desk: Desk) -> None:
    number = queued(desk)
    [claim] = take(desk)
    assert claim.delivery.content.text == "hello"
    assert desk.states(number) == ["sending"]
    assert take(desk) == []


def test_it_leaves_what_nobody_approved(desk: Desk) -> None:
    desk.queue(desk.account("voice"), "hello")
    assert take(desk) == []


def test_it_leaves_what_is_not_due(desk: Desk) -> None:
    number = desk.queue(desk.account("voice"), "hello", due=NOON + timedelta(hours=1))
    desk.approve(number)
    assert take(desk) == []
    desk.later(hours=1)
    assert len(take(desk)) == 1


def test_it_takes_one_delivery_of_each_account(desk: Desk) -> None:
    for name in ("a", "b"):
        account = desk.account(name)
        for minutes, text in enumerate(("first", "second")):
            desk.approve(desk.queue(account, text, due=NOON - timedelta(minutes=9 - minutes)))
    assert [(c.delivery.account.name, c.delivery.content.text) for c in take(desk)] == [
        ("a", "first"),
        ("b", "first"),
    ]


def test_it_holds_a_payload_that_is_not_what_was_approved(desk: Desk) -> None:
    number = queued(desk)
    with desk.outbox.write() as tx:
        stored = tx.execute(sa.select(schema.post.c.payload)).scalar_one()
        tx.execute(sa.update(schema.post).values(payload=stored.replace(b"hello", b"HELLO")))
    assert take(desk) == []
    assert desk.states(number) == ["pending"]


def test_an_approval_ends_with_its_window(desk: Desk) -> None:
    account = desk.account("voice")
    number = desk.queue(account, "hello", late=timedelta(minutes=10))
    desk.approve(number)
    with desk.outbox.write() as tx:  # a snooze took it past its window; it may not expire any more
        tx.execute(sa.update(schema.delivery).values(lapses_at=None))
    desk.later(hours=3)
    assert take(desk) == []
    assert desk.states(number) == ["pending"]


def test_a_team_does_not_count_its_authors_word(desk: Desk) -> None:
    team = ApprovalPolicy(mode="team")
    number = desk.queue(desk.account("voice"), "hello", author="ann")
    with pytest.raises(ApprovalError):
        desk.approve(number, who="ann", policy=team)
    with pytest.raises(ApprovalError):
        desk.approve(number, who=" Ann", policy=team)
    assert desk.approve(number, who="ben", policy=team) == 1


def test_part_two_waits_for_part_one(desk: Desk) -> None:
    number = queued(desk, "one", "two")
    [first] = take(desk)
    assert take(desk) == []
    intended = intend(desk, first)
    with desk.outbox.write() as tx:
        assert settle.sent(tx, intended, UP)
    assert desk.states(number) == ["sent", "scheduled"]
    assert take(desk) == [], "until the first was read back"
    with desk.outbox.write() as tx:
        settle.confirmed(tx, intended)
    [second] = take(desk)
    assert second.delivery.part == 2
    assert second.delivery.root == second.delivery.parent == UP


def test_part_two_does_not_wait_for_ever_for_a_read_back(desk: Desk) -> None:
    queued(desk, "one", "two")
    [first] = take(desk)
    with desk.outbox.write() as tx:
        settle.sent(tx, first, UP)
    desk.later(minutes=1)
    assert [claim.delivery.part for claim in take(desk)] == [2]


def test_nothing_follows_a_part_that_is_not_there_after_all(desk: Desk) -> None:
    number = queued(desk, "one", "two")
    [first] = take(desk)
    with desk.outbox.write() as tx:
        settle.sent(tx, first, UP)
        settle.not_there(tx, first)
    desk.later(minutes=9)
    assert take(desk) == []
    assert desk.states(number) == ["in_doubt", "scheduled"]


def test_one_post_proves_one_delivery(desk: Desk) -> None:
    number, other = queued(desk), queued(desk)
    [first] = take(desk)
    with desk.outbox.write() as tx:
        assert settle.sent(tx, first, UP)
    [second] = take(desk)
    with desk.outbox.write() as tx:
        assert not settle.sent(tx, second, UP)
    assert sorted([*desk.states(number), *desk.states(other)]) == ["sending", "sent"]


def test_a_receipt_that_comes_late_is_still_knowledge(desk: Desk) -> None:
    number = queued(desk)
    [claim] = take(desk)
    desk.later(minutes=6)
    take(desk)
    assert desk.states(number) == ["in_doubt"]
    with desk.outbox.write() as tx:
        assert settle.sent(tx, claim, UP)
    assert desk.states(number) == ["sent"]


def test_what_is_taken_back_in_flight_is_not_scheduled_again(desk: Desk) -> None:
    number = queued(desk)
    [claim] = take(desk)
    with desk.outbox.write() as tx:
        tx.execute(sa.update(schema.delivery).values(recall_wanted=True))
        settle.snoozed(tx, claim, until=tx.now, outcome="rate_limited", reason="429")
    assert desk.states(number) == ["cancelled"]


def test_what_is_in_doubt_when_it_is_cancelled_is_never_sent_again(desk: Desk) -> None:
    number = queued(desk, "one", "two")
    [claim] = take(desk)
    with desk.outbox.write() as tx:
        settle.doubted(tx, claim, look_at=tx.now, reason="lost")
        posts.cancel(tx, number, who="ann")
    for _ in range(5):
        with desk.outbox.write() as tx:
            [look] = looking.claim(tx, desk.terms(), 1, timedelta(minutes=1))
            settle.absent(tx, look)
        desk.later(hours=1)
    # That a look does not find it proves nothing, as nobody sends it again under its key: a person must look.
    assert desk.states(number) == ["in_doubt", "cancelled"]
    with desk.outbox.read() as tx:
        [doubt] = handling.doubts(tx, number)
    assert doubt.delivery.look_at is None
    with desk.outbox.write() as tx:
        handling.is_absent(tx, doubt, outbox_id=desk.outbox.id, who="mira")
    assert desk.states(number) == ["cancelled", "cancelled"]


def test_after_a_restore_a_thread_is_looked_for_part_by_part(desk: Desk) -> None:
    number = queued(desk, "one", "two")
    with desk.outbox.write() as tx:
        assert lost.doubt(tx, "restored") == 2
        [first] = looking.claim(tx, desk.terms(), 9, timedelta(minutes=1))
        assert (first.delivery.part, first.delivery.intent_lost) == (1, True)
        assert first.delivery.first_intent_at == NOON  # when it was queued: the earliest it may have gone out
        settle.sent(tx, first, UP)
        [second] = looking.claim(tx, desk.terms(), 9, timedelta(minutes=1))
    assert second.delivery.parent == UP
    assert desk.states(number) == ["sent", "in_doubt"]


def test_lateness_counts_again_when_nothing_was_created(desk: Desk) -> None:
    number = queued(desk)
    [claim] = take(desk)
    with desk.outbox.write() as tx:
        settle.snoozed(tx, claim, until=tx.now, outcome="rate_limited", reason="429")
    desk.later(seconds=LATE.total_seconds() + 1)
    assert take(desk) == []
    assert desk.states(number) == ["expired"]


def test_what_is_too_late_expires_whole(desk: Desk) -> None:
    number = queued(desk, "one", "two")
    desk.later(seconds=LATE.total_seconds() + 1)
    assert take(desk) == []
    assert desk.states(number) == ["expired", "expired"]


def test_while_a_request_may_have_gone_out_nothing_expires(desk: Desk) -> None:
    number = queued(desk)
    [claim] = take(desk)
    with desk.outbox.write() as tx:
        settle.doubted(tx, claim, look_at=None, reason="lost")
    desk.later(seconds=LATE.total_seconds() + 1)
    take(desk)
    assert desk.states(number) == ["in_doubt"]


def test_a_worker_that_dies_before_its_intent_leaves_it_free(desk: Desk) -> None:
    number = queued(desk, picture=True)
    take(desk)
    desk.later(minutes=6)
    assert len(take(desk)) == 1
    assert desk.states(number) == ["sending"]


def test_a_worker_that_dies_after_its_intent_leaves_it_in_doubt(desk: Desk) -> None:
    number = queued(desk, picture=True)
    intend(desk, take(desk)[0])
    desk.later(minutes=6)
    assert take(desk) == []
    assert desk.states(number) == ["in_doubt"]


def test_a_late_settlement_of_a_lost_claim_writes_nothing(desk: Desk) -> None:
    number = queued(desk, picture=True)
    [old] = take(desk)
    desk.later(minutes=6)
    [new] = take(desk)
    with desk.outbox.write() as tx:
        assert not settle.sent(tx, old, UP)
    with pytest.raises(Withheld):
        intend(desk, old)
    assert desk.states(number) == ["sending"]
    intended = intend(desk, new)
    with desk.outbox.write() as tx:
        assert settle.sent(tx, intended, UP)


def test_a_pause_between_claim_and_intent_withholds_it(desk: Desk) -> None:
    queued(desk, picture=True)
    [claim] = take(desk)
    with desk.outbox.write() as tx:
        tx.execute(sa.insert(schema.pause).values(scope="*", since=tx.now))
    with pytest.raises(Withheld):
        intend(desk, claim)


def test_certainly_not_created_takes_a_new_key(desk: Desk) -> None:
    queued(desk)
    intended = intend(desk, take(desk)[0])
    with desk.outbox.write() as tx:
        settle.backed_off(tx, intended, until=tx.now, reason="down")
    desk.later(seconds=1)
    [again] = take(desk)
    assert (again.delivery.generation, again.backoffs) == (1, 1)
    assert again.delivery.first_intent_at == NOON + timedelta(seconds=1)
    assert not again.delivery.tried


def test_with_nothing_to_stage_claim_and_intent_are_one_commit(desk: Desk) -> None:
    number = queued(desk)
    [claim] = take(desk)
    assert claim.intended
    assert claim.delivery.first_intent_at == NOON
    desk.later(minutes=6)
    take(desk)
    assert desk.states(number) == ["in_doubt"]


def test_a_look_knows_what_the_accounts_other_deliveries_are_called(desk: Desk) -> None:
    queued(desk)
    [first] = take(desk)
    with desk.outbox.write() as tx:
        settle.sent(tx, first, UP)
    queued(desk, "hello")
    [second] = take(desk)
    with desk.outbox.write() as tx:
        settle.doubted(tx, second, look_at=tx.now, reason="lost")
        [look] = looking.claim(tx, desk.terms(), 1, timedelta(minutes=1))
    assert look.delivery.others == {UP.remote_id}


def test_an_account_has_its_rest_after_five_failures_in_a_row(desk: Desk) -> None:
    queued(desk)
    for _ in range(5):
        [claim] = take(desk)
        with desk.outbox.write() as tx:
            settle.backed_off(tx, claim, until=tx.now, reason="down")
    assert take(desk) == []
    desk.later(minutes=15)
    [probe] = take(desk)
    with desk.outbox.write() as tx:
        settle.backed_off(tx, probe, until=tx.now, reason="down")
    assert take(desk) == []
    desk.later(minutes=15)
    [probe] = take(desk)
    with desk.outbox.write() as tx:
        settle.sent(tx, probe, UP)
        assert tx.execute(sa.select(schema.account.c.failures)).scalar() == 0


def test_no_window_takes_more_than_its_limit(desk: Desk) -> None:
    hour = Window(family="posts", limit=2, length=timedelta(hours=1))
    terms = replace(desk.terms(), windows={"mastodon": (hour,)}, accounts=["voice"])
    for minute in range(4):
        queued(desk, f"post {minute}")
    sent = []
    for _ in range(12):
        with desk.outbox.write() as tx:
            for each in claims.claim(tx, terms, 5):
                settle.sent(tx, each, replace(UP, remote_id=each.delivery.id))
                sent.append(desk.now)
        desk.later(minutes=10)
    assert len(sent) == 4
    assert sent[2] - sent[0] >= timedelta(hours=1)
    assert sent[3] - sent[1] >= timedelta(hours=1)


def test_what_accounts_share_is_counted_together(desk: Desk) -> None:
    app = Window(family="app", limit=1, length=timedelta(hours=1), shared=True)
    for name in ("a", "b"):
        desk.approve(desk.queue(desk.account(name), f"from {name}"))
    terms = replace(desk.terms(), windows={"mastodon": (app,)})
    with desk.outbox.write() as tx:
        assert len(claims.claim(tx, terms, 5)) == 1


def test_an_evergreen_post_that_is_too_late_goes_to_the_next_slot(desk: Desk) -> None:
    number = desk.queue(desk.account("voice"), "ever", evergreen=True)
    desk.approve(number)
    desk.later(hours=3)
    slot = desk.now + timedelta(hours=9)
    with desk.outbox.write() as tx:
        [lapsed] = tend(tx, lambda _account, _after: slot).lapsed
    assert (lapsed.entry, lapsed.moved_to) == (number, slot)
    assert desk.states(number) == ["scheduled"]
    desk.later(hours=9)
    assert len(take(desk)) == 1


def test_after_an_unknown_outcome_the_key_stays(desk: Desk) -> None:
    queued(desk)
    intended = intend(desk, take(desk)[0])
    with desk.outbox.write() as tx:
        settle.doubted(tx, intended, look_at=tx.now, reason="lost")
        [look] = looking.claim(tx, desk.terms(), 1, timedelta(minutes=1))
        settle.absent(tx, look)
    again = intend(desk, take(desk)[0])
    assert again.delivery.first_intent_at == NOON
    with desk.outbox.write() as tx:
        settle.backed_off(tx, again, until=tx.now, reason="down")
    [third] = take(desk)
    assert (third.delivery.generation, third.delivery.first_intent_at) == (0, NOON)


def test_only_one_worker_looks_at_a_time(desk: Desk) -> None:
    queued(desk)
    intended = intend(desk, take(desk)[0])
    with desk.outbox.write() as tx:
        settle.doubted(tx, intended, look_at=tx.now, reason="lost")
    with desk.outbox.write() as tx:
        assert len(looking.claim(tx, desk.terms(), 9, timedelta(minutes=1))) == 1
        assert looking.claim(tx, desk.terms(), 9, timedelta(minutes=1)) == []


def test_a_refused_root_cancels_what_would_follow(desk: Desk) -> None:
    number = queued(desk, "one", "two", "three")
    with desk.outbox.write() as tx:
        settle.refused(tx, claims.claim(tx, desk.terms(), 1)[0], "too rude")
    assert desk.states(number) == ["failed", "cancelled", "cancelled"]


def test_a_blocked_account_waits_and_is_told_once(desk: Desk) -> None:
    number = queued(desk)
    desk.approve(desk.queue(desk.account("other"), "elsewhere"))
    with desk.outbox.write() as tx:
        [mine, _other] = claims.claim(tx, desk.terms(), 2)
        settle.account_blocked(tx, mine, "401")
        settle.account_blocked(tx, mine, "401")
        assert [i.subject for i in incidents.standing(tx)] == ["voice"]
    assert take(desk) == []
    assert desk.states(number) == ["scheduled"]
    with desk.outbox.write() as tx:
        accounts.pin(tx, mine.delivery.account, verified=True)
        assert incidents.standing(tx) == []
    assert len(take(desk)) == 1


def test_a_rate_limit_makes_the_whole_account_wait(desk: Desk) -> None:
    queued(desk)
    desk.approve(desk.queue(desk.account("voice"), "second"))
    with desk.outbox.write() as tx:
        settle.rate_limited(
            tx, claims.claim(tx, desk.terms(), 1)[0], until=micros(NOON + timedelta(minutes=5)), reason="429"
        )
    assert take(desk) == []
    desk.later(minutes=5)
    assert len(take(desk)) == 1


def test_what_is_not_there_after_all_is_never_sent_again(desk: Desk) -> None:
    number = queued(desk)
    intended = intend(desk, take(desk)[0])
    with desk.outbox.write() as tx:
        settle.sent(tx, intended, UP)
        settle.not_there(tx, intended)
    assert desk.states(number) == ["in_doubt"]
    desk.later(days=3)
    assert take(desk) == []
    with desk.outbox.write() as tx:
        assert looking.claim(tx, desk.terms(), 9, timedelta(minutes=1)) == []
