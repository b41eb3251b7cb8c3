"""What a person decides about a delivery: it is up, it is not, it shall be tried again. On both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from clarion.errors import OutboxError
from clarion.model import Receipt, State
from clarion.outbox import audit, schema
from clarion.outbox.claiming import claims, handling, looking, settle
from clarion.outbox.claiming.claims import Claim
from clarion.outbox.claiming.tending import tend
from clarion.outbox.entries import posts, views
from tests.desk import LATE, NOON, Desk

UP = Receipt(remote_id="1", url="https://one.example/1", at=NOON)


def take(desk: Desk) -> list[Claim]:
    with desk.outbox.write() as tx:
        tend(tx, lambda _account, _after: None)
        return claims.claim(tx, desk.terms(), 10)


def queued(desk: Desk, *texts: str, account: str = "voice") -> int:
    number = desk.queue(desk.account(account), *(texts or ("hello",)))
    desk.approve(number)
    return number


def doubted(desk: Desk, *texts: str) -> tuple[int, Claim]:
    number = queued(desk, *texts)
    [claim] = take(desk)
    with desk.outbox.write() as tx:
        settle.doubted(tx, claim, look_at=None, reason="the answer was lost")
    return number, claim


def failed(desk: Desk, *texts: str) -> int:
    number = queued(desk, *texts)
    [claim] = take(desk)
    with desk.outbox.write() as tx:
        settle.refused(tx, claim, "too long")
    return number


def up(desk: Desk, number: int, receipt: Receipt = UP, **which: object) -> None:
    with desk.outbox.write() as tx:
        [doubt] = handling.doubts(tx, number, **which)  # type: ignore[arg-type]
        handling.is_up(tx, doubt, receipt, outbox_id=desk.outbox.id, who="mira")


def absent(desk: Desk, number: int, **which: object) -> None:
    with desk.outbox.write() as tx:
        [doubt] = handling.doubts(tx, number, **which)  # type: ignore[arg-type]
        handling.is_absent(tx, doubt, outbox_id=desk.outbox.id, who="mira")


def retry(desk: Desk, number: int, **by: float) -> None:
    with desk.outbox.write() as tx:
        chosen = handling.retriable(tx, number)[1]
        handling.retry(tx, number, chosen, tx.at + timedelta(**by), who="mira")


def row(desk: Desk, number: int, part: int = 1) -> sa.Row[tuple[object, ...]]:
    with desk.outbox.read() as tx:
        return tx.execute(
            sa.select(schema.delivery)
            .join(schema.post, schema.post.c.id == schema.delivery.c.post)
            .where(schema.post.c.entry == number, schema.delivery.c.part == part)
        ).one()


def audited(desk: Desk, action: str) -> list[tuple[str, str | None]]:
    with desk.outbox.read() as tx:
        assert audit.broken(tx) == []
        rows = tx.execute(sa.select(schema.audit).where(schema.audit.c.action == action)).all()
    return [(each.who, each.detail) for each in rows]


# ── in doubt ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_a_person_found_is_sent_and_the_next_part_goes(desk: Desk) -> None:
    number, _ = doubted(desk, "one", "two")
    up(desk, number)
    assert desk.states(number) == ["sent", "scheduled"]
    [second] = take(desk)
    assert (second.delivery.part, second.delivery.parent) == (2, UP)
    assert audited(desk, "resolved_sent") == [("mira", UP.url)]


def test_one_address_proves_one_delivery(desk: Desk) -> None:
    first, _ = doubted(desk)
    up(desk, first)
    second, _ = doubted(desk)
    with pytest.raises(OutboxError, match="another delivery"):
        up(desk, second)
    assert desk.states(second) == ["in_doubt"]


def test_what_a_person_missed_goes_again_as_something_new(desk: Desk) -> None:
    number, claim = doubted(desk, "one", "two")
    absent(desk, number)
    assert desk.states(number) == ["scheduled", "scheduled"]
    [again] = take(desk)
    assert (again.delivery.part, again.delivery.generation) == (1, claim.delivery.generation + 1)
    assert not again.delivery.tried
    assert audited(desk, "resolved_absent") == [("mira", None)]


def test_what_is_not_there_after_its_approval_ended_waits_for_people(desk: Desk) -> None:
    number, _ = doubted(desk)
    desk.later(hours=3)
    absent(desk, number)
    assert take(desk) == []
    assert desk.states(number) == ["pending"]
    retry(desk, number, minutes=0)
    desk.approve(number)
    assert len(take(desk)) == 1


def test_a_look_that_was_on_its_way_decides_nothing_any_more(desk: Desk) -> None:
    number, _ = doubted(desk)
    with desk.outbox.write() as tx:
        tx.execute(sa.update(schema.delivery).values(look_at=tx.now))
        [look] = looking.claim(tx, desk.terms(), 1, timedelta(minutes=2))
    absent(desk, number)
    with desk.outbox.write() as tx:
        assert not settle.sent(tx, look, UP)
    assert desk.states(number) == ["scheduled"]


def test_a_part_after_one_that_is_not_there_waits_for_it(desk: Desk) -> None:
    number = queued(desk, "one", "two")
    [first] = take(desk)
    with desk.outbox.write() as tx:
        settle.sent(tx, first, UP)
        settle.confirmed(tx, first)
        settle.not_there(tx, first)
    absent(desk, number)
    [again] = take(desk)
    assert again.delivery.part == 1
    with desk.outbox.write() as tx:
        settle.snoozed(tx, again, until=tx.now + 3_600_000_000, outcome="rate_limited", reason="429")
    assert take(desk) == []


def test_two_answers_to_one_question_are_not_both_taken(desk: Desk) -> None:
    number, _ = doubted(desk)
    with desk.outbox.read() as tx:
        [doubt] = handling.doubts(tx, number)
    up(desk, number)
    with desk.outbox.write() as tx, pytest.raises(OutboxError, match="decided meanwhile"):
        handling.is_absent(tx, doubt, outbox_id=desk.outbox.id, who="ben")


def test_doubts_are_narrowed_by_part_account_and_language(desk: Desk) -> None:
    number, _ = doubted(desk)
    with desk.outbox.read() as tx:
        assert len(handling.doubts(tx, number, part=1, account="voice", language="en")) == 1
        assert handling.doubts(tx, number, part=2) == []
        assert handling.doubts(tx, number, account="other") == []
        assert handling.doubts(tx, number, language="ru") == []


# ── again ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_failed_post_returns_whole_and_needs_a_new_look(desk: Desk) -> None:
    number = failed(desk, "one", "two", "three")
    assert desk.states(number) == ["failed", "cancelled", "cancelled"]
    retry(desk, number, hours=1)
    assert desk.states(number) == ["pending"] * 3
    desk.later(hours=1)
    assert take(desk) == []
    assert desk.approve(number) == 1
    [again] = take(desk)
    assert (again.delivery.part, again.delivery.generation, again.delivery.tried) == (1, 1, False)
    assert row(desk, number, 2).due_at is None
    assert [who for who, _ in audited(desk, "retried")] == ["mira"]


def test_a_failed_later_part_goes_on_where_the_thread_stopped(desk: Desk) -> None:
    number = queued(desk, "one", "two", "three")
    [first] = take(desk)
    with desk.outbox.write() as tx:
        settle.sent(tx, first, UP)
        settle.confirmed(tx, first)
    [second] = take(desk)
    with desk.outbox.write() as tx:
        settle.refused(tx, second, "too long")
    assert desk.states(number) == ["sent", "failed", "cancelled"]
    desk.later(days=3)
    retry(desk, number)
    assert desk.states(number) == ["sent", "pending", "pending"]
    desk.approve(number)
    [again] = take(desk)
    assert (again.delivery.part, again.delivery.parent) == (2, UP)


def test_what_a_person_cancelled_does_not_return(desk: Desk) -> None:
    number = failed(desk, "one", "two")
    with desk.outbox.write() as tx:
        tx.execute(sa.update(schema.delivery).where(schema.delivery.c.part == 2).values(reason="cancelled"))
    retry(desk, number)
    assert desk.states(number) == ["pending", "cancelled"]


def test_an_expired_post_returns_with_a_new_window(desk: Desk) -> None:
    number = queued(desk, "one", "two")
    desk.later(seconds=LATE.total_seconds() + 1)
    take(desk)
    assert desk.states(number) == ["expired", "expired"]
    retry(desk, number, days=2)
    desk.approve(number)
    desk.later(days=1)
    assert take(desk) == []
    desk.later(days=1)
    assert len(take(desk)) == 1


def test_what_is_tried_again_may_expire_again(desk: Desk) -> None:
    number = failed(desk)
    retry(desk, number, hours=1)
    desk.later(hours=4)
    take(desk)
    assert desk.states(number) == ["expired"]


def test_a_repeat_that_may_double_keeps_its_key(desk: Desk) -> None:
    number, claim = doubted(desk)
    with desk.outbox.write() as tx:
        tx.execute(sa.update(schema.delivery).values(look_at=tx.now))
        [look] = looking.claim(tx, desk.terms(), 1, timedelta(minutes=2))
        settle.absent(tx, look)
    [again] = take(desk)
    with desk.outbox.write() as tx:
        settle.refused(tx, again, "too long")
    retry(desk, number)
    desk.approve(number)
    [last] = take(desk)
    assert (last.delivery.generation, last.delivery.tried) == (claim.delivery.generation, True)


@pytest.mark.parametrize("state", [each for each in State if each not in (State.FAILED, State.EXPIRED)])
def test_nothing_else_is_tried_again(desk: Desk, state: State) -> None:
    number = queued(desk)
    with desk.outbox.write() as tx:
        tx.execute(sa.update(schema.delivery).values(state=state.value))
        with pytest.raises(OutboxError, match="only what failed or expired"):
            handling.retriable(tx, number)


def test_an_old_word_does_not_cover_a_new_time(desk: Desk) -> None:
    number = failed(desk)
    retry(desk, number, minutes=5)  # within the old approval's window
    with desk.outbox.write() as tx:
        [post] = posts.show(tx, number).posts
        assert post.approvals == ()
        tx.execute(
            sa.update(schema.delivery).values(state="scheduled")
        )  # as if somebody had forgotten to ask
    desk.later(minutes=5)
    assert take(desk) == []
    assert desk.states(number) == ["pending"]


def test_every_try_is_kept_in_order(desk: Desk) -> None:
    number, claim = doubted(desk)
    absent(desk, number)
    [again] = take(desk)
    with desk.outbox.write() as tx:
        settle.sent(tx, again, UP)
    with desk.outbox.read() as tx:
        tries = views.attempts(tx, number)[claim.delivery.id]
    assert [(each.generation, each.outcome, each.worker) for each in tries] == [
        (0, "unknown", "one"),
        (1, "sent", "one"),
    ]
    assert tries[0].intent_at == NOON
