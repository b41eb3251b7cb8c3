"""What a month may cost: an account that has spent it stops, says so, and goes on when there is money again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from clarion.errors import RateLimited, Unavailable
from clarion.model import Delivery, Receipt, Staged
from clarion.networks.x import prices
from clarion.outbox import pauses
from clarion.outbox.claiming import claims, settle
from clarion.outbox.claiming.claims import Claim, Held, Terms
from clarion.outbox.claiming.tending import tend
from clarion.outbox.entries import posts
from clarion.outbox.hosting import opening
from clarion.outbox.limits import money, spending, stops
from clarion.outbox.limits.money import Budget
from clarion.publishing.worker import Worker
from tests.desk import Desk
from tests.publishing.conftest import Network

#: With its read-back.
POST = prices.POST + prices.READ
LINK = prices.POST_WITH_URL + prices.READ
APRIL = datetime(2026, 4, 1, tzinfo=UTC)


def budget(cap: int | None) -> Budget:
    return Budget(part=prices.part_price, uploads=prices.upload_price, read=prices.READ, cap=cap)


def terms(desk: Desk, cap: int | None) -> Terms:
    return replace(desk.terms(), budgets={name: budget(cap) for name in desk.names})


def take(desk: Desk, cap: int | None, held: list[Held] | None = None) -> list[Claim]:
    told = [] if held is None else held
    with desk.outbox.write() as tx:
        return claims.claim(tx, terms(desk, cap), 10, told.append)


def sent(desk: Desk, claim: Claim) -> None:
    up = Receipt(remote_id=claim.delivery.id, url="https://x.com/1", at=desk.now)
    with desk.outbox.write() as tx:
        settle.sent(tx, claim, up)
        settle.confirmed(tx, claim)


def spent(desk: Desk, name: str = "voice") -> int:
    with desk.outbox.read() as tx:
        return money.spent_this_month(tx, "x", name)


def queued(desk: Desk, *texts: str, count: int = 1, picture: bool = False) -> list[int]:
    voice = desk.account("voice", "x")
    numbers = [desk.queue(voice, *texts, late=timedelta(days=60), picture=picture) for _ in range(count)]
    for number in numbers:
        desk.approve(number)
    return numbers


def tended(desk: Desk) -> None:
    with desk.outbox.write() as tx:
        tend(tx, lambda _account, _after: None)


def test_a_post_goes_while_its_month_holds_it_and_then_the_account_stops(desk: Desk) -> None:
    numbers = queued(desk, "hello", count=3)
    for _ in range(2):
        [claim] = take(desk, 2 * POST)
        sent(desk, claim)
    assert spent(desk) == 2 * POST
    held: list[Held] = []
    assert take(desk, 2 * POST, held) == []
    [told] = held
    assert told.until == APRIL
    assert told.reason == (
        "$0.032 of the $0.032 a month that monthly_cap_usd allows are spent, and the next post costs $0.016"
    )
    assert sorted(desk.states(number)[0] for number in numbers) == ["scheduled", "sent", "sent"]
    with desk.outbox.read() as tx:
        [stands] = pauses.standing(tx)
    assert (stands.account, stands.until, stands.who) == ("voice", APRIL, stops.ITSELF)


def test_what_is_there_exactly_may_be_spent_and_a_millionth_more_may_not(desk: Desk) -> None:
    queued(desk, "hello", count=2)
    sent(desk, take(desk, POST)[0])
    assert take(desk, 2 * POST - 1) == []
    with desk.outbox.write() as tx:
        stops.lift(tx)
    assert len(take(desk, 2 * POST)) == 1


def test_nothing_goes_where_nothing_may_be_spent(desk: Desk) -> None:
    [number] = queued(desk, "hello")
    assert take(desk, 0) == []
    assert desk.states(number) == ["pending"]
    assert spent(desk) == 0


def test_what_no_month_can_hold_goes_back_to_people_and_what_is_cheaper_passes(desk: Desk) -> None:
    [dear] = queued(desk, "one https://example.org/a", "two https://example.org/b")
    desk.later(seconds=1)
    [cheap] = queued(desk, "hello")
    held: list[Held] = []
    [claim] = take(desk, 400_000, held)
    assert claim.delivery.entry == cheap
    assert [(each.entry, each.until) for each in held] == [(dear, None)]
    assert (
        held[0].reason == "it costs $0.402, and monthly_cap_usd allows $0.40 a month: it would never go out"
    )
    assert desk.states(dear) == ["pending", "pending"]
    sent(desk, claim)
    desk.approve(dear)
    assert take(desk, 400_000) == [], "no approval makes it cheaper"
    desk.approve(dear)
    [claim] = take(desk, 2 * LINK + POST)
    assert claim.delivery.entry == dear


def test_a_new_month_has_its_own_money(desk: Desk) -> None:
    queued(desk, "hello", count=2)
    sent(desk, take(desk, POST)[0])
    assert take(desk, POST) == []
    desk.later(days=2, hours=11, minutes=59)
    assert take(desk, POST) == []
    desk.later(minutes=1)
    assert len(take(desk, POST)) == 1
    assert spent(desk) == POST


def test_a_cap_that_was_raised_counts_from_the_next_run_that_reads_it(desk: Desk) -> None:
    queued(desk, "hello", count=2)
    sent(desk, take(desk, POST)[0])
    assert take(desk, POST) == []
    assert take(desk, 2 * POST) == [], "the account stands still until config.toml changed"
    opening.check_in(desk.outbox, host="here", config="2:2")
    assert len(take(desk, 2 * POST)) == 1


def test_a_persons_pause_outlives_a_changed_configuration(desk: Desk) -> None:
    queued(desk, "hello")
    with desk.outbox.write() as tx:
        pauses.pause(tx, "voice", who="ann")
        stops.stop(tx, "voice", APRIL, "no money")
    opening.check_in(desk.outbox, host="here", config="2:2")
    with desk.outbox.read() as tx:
        assert [each.who for each in pauses.standing(tx)] == ["ann"]


def test_a_thread_begins_only_where_its_month_holds_all_of_it_and_then_it_ends(desk: Desk) -> None:
    queued(desk, "hello")
    sent(desk, take(desk, None)[0])
    desk.later(seconds=1)
    queued(desk, "one", "two https://example.org/a", "three")
    whole = 3 * POST + LINK
    assert take(desk, whole - 1) == []
    with desk.outbox.write() as tx:
        stops.lift(tx)
    for _ in range(3):
        [claim] = take(desk, whole)
        sent(desk, claim)
        with desk.outbox.write() as tx:  # looks meanwhile took the month over its cap
            money.note_look(tx, "x", "voice", budget(whole))
    assert spent(desk) == whole + 3 * prices.READ


def begun(desk: Desk, cap: int) -> Claim:
    """The first of three parts is up, and the second could not be sent: it goes in ten minutes."""
    queued(desk, "one", "two https://example.org/a", "three https://example.org/b")
    sent(desk, take(desk, cap)[0])
    [claim] = take(desk, cap)
    with desk.outbox.write() as tx:
        settle.backed_off(tx, claim, until=tx.now + 600_000_000, reason="busy")
    return claim


def test_what_a_begun_thread_still_owes_is_kept_for_it_and_it_goes_on_when_it_can(desk: Desk) -> None:
    whole = POST + 2 * LINK
    begun(desk, whole + POST)
    numbers = queued(desk, "hello", count=3)
    [cheap] = take(desk, whole + POST)
    assert cheap.delivery.entry in numbers, "there is as much beside it"
    sent(desk, cheap)
    assert take(desk, whole + POST) == []
    with desk.outbox.read() as tx:
        assert pauses.standing(tx) == [], "the thread must not wait for another month"
        [waits] = posts.show(tx, (set(numbers) - {cheap.delivery.entry}).pop()).posts
        assert waits.deliveries[0].reason == "$0.402 of its month are kept for the rest of a thread"
    desk.later(minutes=10)
    for _ in range(2):
        [claim] = take(desk, whole + POST)
        assert claim.delivery.part > 1
        sent(desk, claim)
    assert spent(desk) == whole + POST
    desk.later(minutes=15)
    assert take(desk, whole + POST) == []
    with desk.outbox.read() as tx:
        assert len(pauses.standing(tx)) == 1, "now the month is spent"


def test_a_post_that_is_older_does_not_keep_a_begun_thread_from_going_on(desk: Desk) -> None:
    whole = POST + 2 * LINK
    claim = begun(desk, whole)
    desk.later(minutes=10)
    voice = desk.account("voice", "x")
    for _ in range(3):
        desk.approve(desk.queue(voice, "hello", due=desk.now - timedelta(hours=1), late=timedelta(days=60)))
    [goes_on] = take(desk, whole)
    assert goes_on.delivery.id == claim.delivery.id


def test_what_a_thread_that_was_cancelled_owed_is_free_again(desk: Desk) -> None:
    whole = POST + 2 * LINK
    claim = begun(desk, whole)
    with desk.outbox.write() as tx:
        posts.cancel(tx, claim.delivery.entry, who="ann")
    queued(desk, "hello")
    assert len(take(desk, whole)) == 1


def test_what_was_never_answered_counts_and_what_was_not_created_does_not(desk: Desk) -> None:
    queued(desk, "hello", count=2)
    [claim] = take(desk, None)
    with desk.outbox.write() as tx:
        settle.doubted(tx, claim, look_at=None, reason="no answer")
    assert spent(desk) == POST
    [claim] = take(desk, None)
    with desk.outbox.write() as tx:
        settle.rate_limited(tx, claim, until=tx.now + 60_000_000, reason="slow down")
    assert spent(desk) == POST


@pytest.mark.parametrize("staged", [True, False])
def test_pictures_that_were_uploaded_are_paid_also_for_what_was_refused(desk: Desk, staged: bool) -> None:
    queued(desk, "hello", picture=True)
    [claim] = take(desk, None)
    assert spent(desk) == POST + prices.ALT
    with desk.outbox.write() as tx:
        settle.refused(tx, replace(claim, staged=staged), "no")
    assert spent(desk) == (prices.ALT if staged else 0)


def working(desk: Desk, network: Network) -> Worker:
    return Worker(
        outbox=desk.outbox, publishers=network, terms=terms(desk, None), sleep=lambda _seconds: None
    )


def test_pictures_cost_what_they_cost_also_where_somebody_says_stop_once_they_are_up(desk: Desk) -> None:
    class Stopped(Network):
        def stage(self, delivery: Delivery) -> Staged:
            with desk.outbox.write() as tx:
                pauses.pause(tx, None, who="ann")
            return super().stage(delivery)

    queued(desk, "hello", picture=True)
    working(desk, Stopped()).drain()
    assert spent(desk) == prices.ALT


def test_pictures_cost_from_when_they_are_up(desk: Desk) -> None:
    queued(desk, "hello", picture=True)
    network = Network()
    worker = working(desk, network)
    network.stage_script = [RateLimited("slow down", wait=60.0)]
    worker.drain()
    assert spent(desk) == 0
    desk.later(minutes=2)
    network.script = [Unavailable("busy")]
    worker.drain()
    assert spent(desk) == prices.ALT


def test_a_worker_that_is_killed_before_its_intent_has_created_nothing_and_pays_only_what_it_may_have_uploaded(
    desk: Desk,
) -> None:
    queued(desk, "hello https://example.org/a", picture=True)
    for times in range(1, 4):
        [claim] = take(desk, 2 * (LINK + prices.ALT))
        assert not claim.intended
        desk.later(minutes=6)
        tended(desk)
        assert spent(desk) == times * prices.ALT


def test_a_worker_that_is_killed_after_its_intent_has_paid(desk: Desk) -> None:
    queued(desk, "hello")
    [claim] = take(desk, None)
    assert claim.intended
    desk.later(minutes=6)
    tended(desk)
    assert spent(desk) == POST


def test_a_look_costs_and_is_never_refused(desk: Desk) -> None:
    desk.account("voice", "x")
    with desk.outbox.write() as tx:
        money.note_look(tx, "x", "voice", budget(0))
        money.note_look(tx, "mastodon", "voice", None)
    assert spent(desk) == prices.READ


def test_what_a_month_has_cost_outlives_what_the_windows_forget_and_a_cancelled_entry(desk: Desk) -> None:
    [number] = queued(desk, "hello")
    sent(desk, take(desk, None)[0])
    desk.later(days=2, hours=11)
    with desk.outbox.write() as tx:
        spending.forget(tx)
    assert spent(desk) == POST
    desk.later(days=63)
    with desk.outbox.write() as tx:
        spending.forget(tx)
        assert posts.show(tx, number).state == "sent"
    assert spent(desk) == 0


def test_what_is_spent_is_counted_also_before_there_is_a_cap(desk: Desk) -> None:
    queued(desk, "hello", count=2)
    sent(desk, take(desk, None)[0])
    assert take(desk, POST) == []


def test_an_account_whose_network_costs_nothing_asks_for_nothing_more(desk: Desk) -> None:
    desk.approve(desk.queue(desk.account("free"), "hello"))
    with desk.outbox.write() as tx:
        [claim] = claims.claim(tx, desk.terms(), 10)
    assert claim.paid is None


def test_a_cap_costs_a_claim_one_statement_and_no_cap_none(desk: Desk) -> None:
    """The month is read and paid where the delivery is marked and its windows are; what begun threads owe, before."""
    queued(desk, "hello", count=3)
    windows = {"x": (spending.Window(family="posts", limit=9, length=timedelta(hours=1)),)}
    asked: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    counted = []
    budgets: tuple[dict[str, Budget], ...] = ({}, {"voice": budget(None)}, {"voice": budget(10 * POST)})
    for each in budgets:
        with desk.outbox.write() as tx:
            sa.event.listen(desk.outbox.engine, "before_cursor_execute", note)
            [claim] = claims.claim(tx, replace(desk.terms(), windows=windows, budgets=each), 10)
            sa.event.remove(desk.outbox.engine, "before_cursor_execute", note)
        counted.append(len(asked))
        asked.clear()
        sent(desk, claim)
    assert counted[0] == counted[1] == counted[2] - 1 <= 4


@pytest.mark.parametrize(
    ("micros", "written"), [(200_000, "$0.20"), (15_000, "$0.015"), (5_000_000, "$5.00")]
)
def test_money_is_written_as_people_write_it(micros: int, written: str) -> None:
    assert money.dollars(micros) == written
