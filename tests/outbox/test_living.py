"""Living facts: a frozen post goes out only while what it used may still be said. On both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from clarion.clock import micros
from clarion.model import Staged, Used
from clarion.outbox import audit, blocks, schema
from clarion.outbox.claiming import claims, settle
from clarion.outbox.claiming.claims import Claim, Held, Terms
from clarion.outbox.claiming.living import Standing
from clarion.outbox.entries import posts
from tests.desk import NOON, Desk

FACT = Used(kind="fact", id="killed", hash="as it was")
CALL = Used(kind="call", id="killed", hash="another thing of the same name")
CONSENT = Used(kind="consent", id="video", hash="no ledger keeps it")
HOLDS = Standing(hash="as it was")


def under(desk: Desk, standing: Standing | None = None) -> Terms:
    """Terms of a host whose ledger says this of the fact; None: its ledger has no such fact."""
    return replace(desk.terms(), standings={("fact", "killed", "en"): standing} if standing else {})


def queued(
    desk: Desk, *texts: str, account: str = "voice", used: tuple[Used, ...] = (FACT,), **more: object
) -> int:
    number = desk.queue(desk.account(account), *(texts or ("hello",)), used=used, **more)  # type: ignore[arg-type]
    desk.approve(number)
    return number


def take(desk: Desk, terms: Terms) -> tuple[list[Claim], list[Held]]:
    held: list[Held] = []
    with desk.outbox.write() as tx:
        return claims.claim(tx, terms, 10, held.append), held


def block(desk: Desk, why: str = "it was wrong", kind: str = "fact", id_: str = "killed") -> list[int]:
    with desk.outbox.write() as tx:
        return blocks.block(tx, kind, id_, why=why, who="mira")


def reasons(desk: Desk, number: int) -> list[str | None]:
    with desk.outbox.read() as tx:
        return [d.reason for post in posts.show(tx, number).posts for d in post.deliveries]


def test_a_post_goes_while_what_it_used_holds(desk: Desk) -> None:
    queued(desk, used=(FACT, CONSENT))
    taken, held = take(desk, under(desk, HOLDS))
    assert (len(taken), held) == (1, [])


@pytest.mark.parametrize(
    ("standing", "reason"),
    [
        (None, 'the fact "killed" is no longer in the ledger'),
        (Standing(hash="now another"), 'the fact "killed" has changed since the post was queued'),
        (Standing(hash="as it was", ends=0, why="the fact is blocked"), "the fact is blocked"),
        (Standing(hash="as it was", ends=micros(NOON), why="it grew too old"), "it grew too old"),
    ],
)
def test_what_no_longer_holds_goes_back_to_people_with_the_reason_and_is_told_once(
    desk: Desk, standing: Standing | None, reason: str
) -> None:
    number = queued(desk, "one", "two")
    taken, held = take(desk, under(desk, standing))
    assert taken == []
    assert held == [Held(entry=number, account="voice", language="en", reason=reason)]
    assert desk.states(number)[0] == "pending"
    assert reasons(desk, number)[0] == reason
    assert take(desk, under(desk, standing)) == ([], [])


def test_a_ledgers_last_moment_is_judged_by_the_outboxs_time(desk: Desk) -> None:
    last = Standing(hash="as it was", ends=micros(NOON + timedelta(minutes=10)), why="it grew too old")
    number = queued(desk, due=NOON + timedelta(minutes=5))
    desk.later(minutes=9)
    taken, _ = take(desk, under(desk, last))
    assert [each.delivery.entry for each in taken] == [number]


def test_what_is_held_keeps_nothing_behind_it_waiting(desk: Desk) -> None:
    account = desk.account("voice")
    first = desk.queue(account, "one", used=(FACT,), due=NOON - timedelta(minutes=1))
    second = desk.queue(account, "two", used=())
    for number in (first, second):
        desk.approve(number)
    taken, held = take(desk, under(desk))
    assert [each.delivery.entry for each in taken] == [second]
    assert [each.entry for each in held] == [first]


def test_what_changed_between_claim_and_intent_is_withheld(desk: Desk) -> None:
    number = queued(desk, picture=True)
    [claim], _ = take(desk, under(desk, HOLDS))
    with desk.outbox.write() as tx, pytest.raises(claims.Withheld, match="has changed"):
        claims.intend(tx, under(desk, Standing(hash="now another")), claim, Staged(delivery=claim.delivery))
    with desk.outbox.write() as tx:
        settle.snoozed(tx, claim, until=tx.now, outcome="released", reason="withheld")
    _, held = take(desk, under(desk, Standing(hash="now another")))
    assert [each.entry for each in held] == [number]
    assert desk.states(number) == ["pending"]


def test_a_block_holds_what_used_it_at_once_on_every_host(desk: Desk) -> None:
    number, other = queued(desk, "one", "two"), queued(desk, account="other", used=(CALL,))
    assert block(desk) == [number]
    assert desk.states(number) == ["pending", "pending"]
    assert desk.states(other) == ["scheduled"]
    assert reasons(desk, number)[0] == 'the fact "killed" is blocked: it was wrong'
    with desk.outbox.read() as tx:
        assert posts.show(tx, number).posts[0].approvals == ()
        [row] = tx.execute(sa.select(schema.audit).where(schema.audit.c.action == "blocked")).all()
        assert audit.broken(tx) == []
    assert (row.subject, row.who, row.detail) == ("fact killed", "mira", "it was wrong")


def test_a_host_with_an_older_ledger_sends_nothing_that_the_outbox_blocks(desk: Desk) -> None:
    block(desk)
    number = queued(desk)  # on a host that knows of no block
    taken, held = take(desk, under(desk, HOLDS))
    assert (taken, [each.reason for each in held]) == ([], ['the fact "killed" is blocked: it was wrong'])
    assert desk.states(number) == ["pending"]


def test_a_block_between_claim_and_intent_withholds(desk: Desk) -> None:
    number = queued(desk, picture=True)
    [claim], _ = take(desk, under(desk, HOLDS))
    assert block(desk) == []  # it is being sent, and nothing else waits
    with desk.outbox.write() as tx, pytest.raises(claims.Withheld, match="is blocked: it was wrong"):
        claims.intend(tx, under(desk, HOLDS), claim, Staged(delivery=claim.delivery))
    assert desk.states(number) == ["sending"]


def test_a_block_is_of_one_kind_and_one_whole_id(desk: Desk) -> None:
    block(desk, kind="call")
    block(desk, id_="kill")
    block(desk, id_="killed-four")
    queued(desk)
    taken, held = take(desk, under(desk, HOLDS))
    assert (len(taken), held) == (1, [])


def test_what_is_unblocked_goes_after_a_new_approval(desk: Desk) -> None:
    number = queued(desk)
    block(desk)
    block(desk, why="a newer word")
    with desk.outbox.write() as tx:
        [stands] = blocks.standing(tx)
        assert (stands.kind, stands.id, stands.why, stands.who) == ("fact", "killed", "a newer word", "mira")
        assert blocks.unblock(tx, "fact", "killed", who="mira")
        assert not blocks.unblock(tx, "fact", "killed", who="mira")
    assert take(desk, under(desk, HOLDS)) == ([], [])
    desk.approve(number)
    taken, _ = take(desk, under(desk, HOLDS))
    assert len(taken) == 1


def test_what_is_unblocked_says_what_else_is_blocked_and_then_that_it_may_be_said_again(desk: Desk) -> None:
    both = (FACT, Used(kind="call", id="petition", hash="h2"))
    number = queued(desk, used=both)
    other = queued(desk, account="other", used=(Used(kind="fact", id="elsewhere", hash="h3"),))
    block(desk)
    block(desk, kind="call", id_="petition", why="it is over")
    block(desk, id_="elsewhere")
    with desk.outbox.write() as tx:
        blocks.unblock(tx, "fact", "killed", who="mira")
    assert reasons(desk, number) == ['the call "petition" is blocked: it is over']
    assert reasons(desk, other) == ['the fact "elsewhere" is blocked: it was wrong']
    with desk.outbox.write() as tx:
        blocks.unblock(tx, "call", "petition", who="mira")
    [again] = reasons(desk, number)
    assert (
        again == 'the call "petition" was blocked and may be said again: clarion approve, if it still holds'
    )


def test_living_facts_add_no_statement_to_a_claim(desk: Desk) -> None:
    def statements(used: tuple[Used, ...], account: str) -> int:
        queued(desk, account=account, used=used)
        said: list[str] = []

        def hear(*args: object) -> None:
            said.append(str(args[2]))

        sa.event.listen(desk.outbox.engine, "before_cursor_execute", hear)
        taken, _ = take(desk, under(desk, HOLDS))
        sa.event.remove(desk.outbox.engine, "before_cursor_execute", hear)
        assert len(taken) == 1
        return len(said)

    statements((), "warm")
    block(desk, id_="something-else")
    assert statements((FACT,), "a") == statements((), "b")
