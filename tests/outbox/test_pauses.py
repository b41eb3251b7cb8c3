"""What people stop: pauses for every host, and holds that ask for a new look. On both databases."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from clarion.model import Staged
from clarion.outbox import audit, pauses, schema
from clarion.outbox.claiming import claims, looking, settle
from clarion.outbox.claiming.claims import Claim
from clarion.outbox.claiming.tending import tend
from clarion.outbox.entries import posts
from tests.desk import NOON, Desk


def take(desk: Desk) -> list[Claim]:
    with desk.outbox.write() as tx:
        return claims.claim(tx, desk.terms(), 10)


def pause(desk: Desk, account: str | None = None, **more: object) -> None:
    with desk.outbox.write() as tx:
        pauses.pause(tx, account, who="mira", **more)  # type: ignore[arg-type]


def resume(desk: Desk, account: str | None = None) -> bool:
    with desk.outbox.write() as tx:
        return pauses.resume(tx, account, who="mira")


def queued(desk: Desk, *texts: str, account: str = "voice", **more: object) -> int:
    number = desk.queue(desk.account(account), *(texts or ("hello",)), **more)  # type: ignore[arg-type]
    desk.approve(number)
    return number


def hold(desk: Desk, account: str | None = None) -> list[int]:
    with desk.outbox.write() as tx:
        return pauses.hold(tx, account, who="mira", reason="bad news")


def audited(desk: Desk, action: str) -> list[tuple[str, str | None, str | None]]:
    with desk.outbox.read() as tx:
        rows = tx.execute(sa.select(schema.audit).where(schema.audit.c.action == action)).all()
        assert audit.broken(tx) == []
    return [(row.subject, row.who, row.detail) for row in rows]


def test_a_paused_campaign_sends_nothing_until_somebody_resumes(desk: Desk) -> None:
    queued(desk)
    pause(desk, reason="wait")
    assert take(desk) == []
    assert resume(desk)
    assert len(take(desk)) == 1
    assert audited(desk, "paused") == [("campaign", "mira", "wait")]
    assert audited(desk, "resumed") == [("campaign", "mira", None)]


def test_a_paused_account_alone_waits(desk: Desk) -> None:
    queued(desk, account="a")
    queued(desk, account="b")
    pause(desk, "a")
    assert [claim.delivery.account.name for claim in take(desk)] == ["b"]
    with desk.outbox.read() as tx:
        assert not pauses.everything_paused(tx)


def test_a_pause_ends_by_itself_at_its_moment(desk: Desk) -> None:
    queued(desk)
    pause(desk, until=NOON + timedelta(minutes=10))
    desk.later(minutes=9)
    assert take(desk) == []
    desk.later(minutes=1)
    assert len(take(desk)) == 1
    with desk.outbox.read() as tx:
        assert pauses.standing(tx) == []


def test_a_newer_pause_replaces_an_older(desk: Desk) -> None:
    pause(desk, until=NOON + timedelta(minutes=10), reason="short")
    pause(desk)
    with desk.outbox.read() as tx:
        [stands] = pauses.standing(tx)
    assert (stands.account, stands.until, stands.reason, stands.who) == (None, None, None, "mira")


def test_everything_is_paused_when_each_account_is(desk: Desk) -> None:
    for name in ("a", "b"):
        desk.account(name)
        pause(desk, name)
    with desk.outbox.read() as tx:
        assert pauses.everything_paused(tx)


def test_nobody_resumes_what_was_not_paused(desk: Desk) -> None:
    assert not resume(desk)
    assert audited(desk, "resumed") == []


def test_the_last_look_sees_a_pause_of_the_account_or_of_all_and_a_recall(desk: Desk) -> None:
    queued(desk)
    [claim] = take(desk)

    def objection() -> str | None:
        with desk.outbox.read() as tx:
            return pauses.objection(tx, claim.delivery.id, "voice", fence=claim.fence, seconds=1)

    assert objection() is None
    pause(desk, "other")
    assert objection() is None
    pause(desk, "voice")
    assert objection() == "publishing is paused"
    resume(desk, "voice")
    pause(desk)
    assert objection() == "publishing is paused"
    resume(desk)
    with desk.outbox.write() as tx:
        tx.execute(sa.update(schema.delivery).values(recall_wanted=True))
    assert objection() == "it is to be recalled"


def test_the_last_look_is_one_statement(desk: Desk) -> None:
    queued(desk)
    [claim] = take(desk)
    said: list[str] = []
    with desk.outbox.read() as tx:
        sa.event.listen(desk.outbox.engine, "before_cursor_execute", lambda *a: said.append(a[2]))
        pauses.objection(tx, claim.delivery.id, "voice", fence=claim.fence, seconds=1)
    assert len(said) == 1


def test_the_last_look_sees_that_the_claim_is_over_or_nearly_so(desk: Desk) -> None:
    number = queued(desk)
    [claim] = take(desk)

    def objection(seconds: float, delivery: str = claim.delivery.id) -> str | None:
        with desk.outbox.read() as tx:
            return pauses.objection(tx, delivery, "voice", fence=claim.fence, seconds=seconds)

    assert objection(300) is None
    assert objection(300.1) == pauses.NO_TIME
    assert objection(0, "another") == pauses.LOST
    desk.later(minutes=5, seconds=1)
    assert objection(0) == pauses.NO_TIME, "and nobody has noticed yet"
    with desk.outbox.write() as tx:
        tend(tx, lambda _account, _after: None)
    assert desk.states(number) == ["in_doubt"]
    assert objection(0) == pauses.LOST
    with desk.outbox.write() as tx:
        [look] = looking.claim(tx, desk.terms("two"), 1, timedelta(minutes=2))
        assert settle.absent(tx, look)
    [again] = take(desk)
    assert again.fence > claim.fence
    assert objection(0) == pauses.LOST


def test_a_hold_asks_for_a_new_look_and_voids_every_earlier_word(desk: Desk) -> None:
    number = queued(desk, "one", "two")
    assert hold(desk) == [number]
    assert desk.states(number) == ["pending", "pending"]
    with desk.outbox.read() as tx:
        [post] = posts.show(tx, number).posts
    assert post.approvals == ()
    assert post.deliveries[0].reason == "held by mira: read it again (bad news)"
    assert audited(desk, "approvals_void") == [
        (f"#{number}", "mira", "held by mira: read it again (bad news); of ann")
    ]
    assert take(desk) == []
    assert desk.approve(number) == 1
    assert len(take(desk)) == 1


def test_a_hold_of_one_account_leaves_the_others(desk: Desk) -> None:
    held, free = queued(desk, account="a"), queued(desk, account="b")
    assert hold(desk, "a") == [held]
    assert (desk.states(held), desk.states(free)) == (["pending"], ["scheduled"])


def test_half_an_approval_given_before_a_hold_does_not_count_after_it(desk: Desk) -> None:
    from clarion.model import ApprovalPolicy

    two = ApprovalPolicy(mode="team", required=2)
    number = desk.queue(desk.account("voice"), "hello", author="zoe")
    assert desk.approve(number, "ann", two) == 0
    hold(desk)
    assert desk.approve(number, "ben", two) == 0
    assert desk.approve(number, "ann", two) == 1


def test_what_was_claimed_before_a_hold_is_not_sent_on_the_old_word(desk: Desk) -> None:
    number = queued(desk, picture=True)
    [claim] = take(desk)
    hold(desk)
    with desk.outbox.write() as tx:
        try:
            claims.intend(tx, desk.terms(), claim, Staged(delivery=claim.delivery))
            withheld = False
        except claims.Withheld:
            withheld = True
    assert withheld
    with desk.outbox.write() as tx:
        settle.snoozed(tx, claim, until=tx.now, outcome="released", reason="held")
    assert take(desk) == []
    assert desk.states(number) == ["pending"]


def test_a_thread_that_had_begun_goes_on_after_a_new_look_however_long_it_took(desk: Desk) -> None:
    from clarion.model import Receipt

    number = queued(desk, "one", "two")
    [claim] = take(desk)
    with desk.outbox.write() as tx:
        settle.sent(tx, claim, Receipt(remote_id="1", url="https://one.example/1", at=NOON))
        settle.confirmed(tx, claim)
    hold(desk)
    assert desk.states(number) == ["sent", "pending"]
    desk.later(days=2)
    assert desk.approve(number) == 1
    [second] = take(desk)
    assert second.delivery.part == 2
