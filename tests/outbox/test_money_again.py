"""What failed of a thread and is tried again: the rest of it costs no more than its month holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from clarion.composing import entries
from clarion.composing.rules import Rules
from clarion.errors import CheckFailed, OutboxBusy
from clarion.model import Receipt
from clarion.networks import NAMES
from clarion.networks.x import prices
from clarion.outbox import store
from clarion.outbox.claiming import claims, handling, settle
from clarion.outbox.claiming.claims import Claim
from clarion.outbox.entries.posts import EntryView
from clarion.outbox.limits import money
from clarion.outbox.limits.caps import Caps
from clarion.outbox.limits.money import Budget
from tests.desk import Desk
from tests.outbox.meeting import Scene, fresh, meetings, two

__all__ = ["two"]

POST = prices.POST + prices.READ
APRIL = datetime(2026, 4, 1, tzinfo=UTC)
DAYS = Caps(zone=UTC, most=dict.fromkeys(NAMES, 8))


def take(desk: Desk, cap: int) -> list[Claim]:
    each = Budget(part=prices.part_price, uploads=prices.upload_price, read=prices.READ, cap=cap)
    terms = replace(desk.terms(), budgets=dict.fromkeys(desk.names, each))
    with desk.outbox.write() as tx:
        return claims.claim(tx, terms, 10)


def sent(desk: Desk, claim: Claim) -> None:
    up = Receipt(remote_id=claim.delivery.id, url="https://x.com/1", at=desk.now)
    with desk.outbox.write() as tx:
        settle.sent(tx, claim, up)
        settle.confirmed(tx, claim)


def queued(desk: Desk, *texts: str, name: str = "voice") -> int:
    number = desk.queue(desk.account(name, "x"), *texts, late=timedelta(days=60))
    desk.names[:] = sorted(set(desk.names))
    desk.approve(number)
    return number


def failed(desk: Desk, *texts: str, name: str = "voice") -> int:
    """A thread of which the first part is up and the second was refused; its number."""
    number = queued(desk, *texts, name=name)
    sent(desk, take(desk, 10 * POST)[0])
    [claim] = take(desk, 10 * POST)
    with desk.outbox.write() as tx:
        assert settle.refused(tx, claim, "no")
    return number


def again(
    desk: Desk, number: int, cap: int, name: str = "voice", at: datetime | None = None, caps: Caps = DAYS
) -> EntryView:
    with desk.outbox.read() as tx:
        _, chosen = handling.retriable(tx, number)
    rules = Rules(caps=caps, months={name: cap})
    times = {each.begun: at or desk.now for each in chosen}
    return entries.retry(desk.outbox, number, chosen, times, who="ann", rules=rules)


def spent(desk: Desk, name: str = "voice") -> int:
    with desk.outbox.read() as tx:
        return money.spent_this_month(tx, "x", name)


def test_the_rest_of_a_thread_is_tried_again_only_where_its_month_holds_it(desk: Desk) -> None:
    thread = failed(desk, "one", "two", "three")
    queued(desk, "hello")
    sent(desk, take(desk, 4 * POST)[0])
    assert spent(desk) == 2 * POST, "what failed keeps no money for itself"
    with pytest.raises(CheckFailed) as caught:
        again(desk, thread, 4 * POST - 1)
    assert caught.value.message == (
        f"#{thread} stays as it is: $0.032 of the $0.064 a month that monthly_cap_usd allows on voice are spent,"
        " and what began and is not up yet costs $0.032"
    )
    assert f'clarion queue retry {thread} --at "2026-04-01 00:00"' in (caught.value.hint or "")
    assert "raise monthly_cap_usd below [accounts.voice]" in (caught.value.hint or "")
    assert desk.states(thread) == ["sent", "failed", "cancelled"]
    again(desk, thread, 4 * POST)
    assert desk.states(thread) == ["sent", "pending", "pending"]
    desk.approve(thread)
    queued(desk, "and this")
    for _ in range(2):
        [claim] = take(desk, 4 * POST)
        assert claim.delivery.entry == thread, "it is kept for the thread again"
        sent(desk, claim)
    assert take(desk, 4 * POST) == []
    assert spent(desk) == 4 * POST


def test_what_another_begun_thread_still_owes_is_not_there_for_it(desk: Desk) -> None:
    thread = failed(desk, "one", "two")
    queued(desk, "other", "and its rest")
    sent(desk, take(desk, 10 * POST)[0])
    with pytest.raises(CheckFailed, match=r"what began and is not up yet costs \$0\.032"):
        again(desk, thread, 4 * POST - 1)
    again(desk, thread, 4 * POST)


def test_in_the_next_month_it_may_go_on(desk: Desk) -> None:
    thread = failed(desk, "one", "two")
    with pytest.raises(CheckFailed):
        again(desk, thread, POST)
    again(desk, thread, POST, at=APRIL)
    desk.approve(thread)
    assert take(desk, POST) == []
    desk.later(days=2, hours=12)
    [claim] = take(desk, POST)
    assert claim.delivery.part == 2


def test_no_cap_no_price_or_another_accounts_cap_refuses_nothing(desk: Desk) -> None:
    thread = failed(desk, "one", "two")
    again(desk, thread, 0, name="other")
    assert desk.states(thread) == ["sent", "pending"]


def test_whoever_claims_for_the_account_is_not_waited_for_and_nothing_is_changed(
    two: tuple[Desk, Desk],
) -> None:
    one, other = two
    thread = failed(one, "one", "two")
    queued(one, "hello")
    other.now = one.now
    each = Budget(part=prices.part_price, uploads=prices.upload_price, read=prices.READ, cap=10 * POST)
    with other.outbox.write() as tx:
        assert claims.claim(tx, replace(other.terms(), budgets={"voice": each}), 10)
        with pytest.raises(OutboxBusy, match="voice"):
            again(one, thread, 10 * POST)
    assert one.states(thread) == ["sent", "failed"]


def test_whenever_the_rest_is_tried_again_while_a_post_is_claimed_the_month_holds_both(
    two: tuple[Desk, Desk],
) -> None:
    cap = 2 * POST

    def make() -> Scene:
        scene = fresh(two)
        name = f"voice-{store.new_id()[:12]}"
        scene.one.names.clear()
        scene.number = failed(scene.one, "one", "two", name=name)
        queued(scene.one, "hello", name=name)
        scene.account = replace(scene.account, name=name, network="x")
        return scene

    def retry(desk: Desk, scene: Scene) -> object:
        return again(desk, scene.number, cap, scene.account.name)

    def claim(desk: Desk, _scene: Scene) -> object:
        return take(desk, cap)

    for pair in ((retry, claim), (claim, retry)):
        for scene, _ in meetings(make, *pair, may_be_busy=True):
            owes = POST * (scene.states()[1] == "pending")
            assert spent(scene.one, scene.account.name) + owes <= cap
