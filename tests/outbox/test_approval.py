"""Whose word lets a post go, and for how long: pure, but for the outbox that keeps it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from clarion import approval
from clarion.errors import ApprovalError
from clarion.model import Approval, ApprovalPolicy, Used
from clarion.outbox import schema
from clarion.outbox.claiming import claims, handling
from clarion.outbox.claiming.living import Standing, notice
from clarion.outbox.claiming.tending import tend
from clarion.outbox.entries import posts
from tests.desk import LATE, NOON, Desk

HOUR = timedelta(hours=1)
TEAM = ApprovalPolicy(mode="team")


def given(*people: str) -> list[Approval]:
    not_before, not_after = approval.window(NOON, LATE, evergreen=False)
    return [
        Approval(
            outbox_id="o",
            post_id="p",
            digest="d",
            not_before=not_before,
            not_after=not_after,
            who=who,
            at=NOON,
        )
        for who in people
    ]


def covered(
    *people: str,
    policy: ApprovalPolicy = TEAM,
    author: str | None = "ann",
    sensitive: bool = False,
    reasoned: bool = False,
) -> bool:
    return approval.covers(
        outbox_id="o",
        post_id="p",
        digest="d",
        approvals=given(*people),
        policy=policy,
        author=author,
        sensitive=sensitive,
        reasoned=reasoned,
        at=NOON,
    )


# ── two people ────────────────────────────────────────────────────────────────────────────────────────────────


def test_in_a_team_a_reason_is_its_authors_and_one_other_persons() -> None:
    assert covered("ben", reasoned=True)
    assert not covered("ann", reasoned=True), "an author's own word is none"
    assert not covered("Ann ", reasoned=True), "nor is it under capitals and spaces"


@pytest.mark.parametrize("author", [None, "", "  "])
def test_a_reason_that_nobody_is_named_for_needs_two_who_read_it(author: str | None) -> None:
    assert covered("ben", author=author)
    assert not covered("ben", author=author, reasoned=True)
    assert not covered("ben", "BEN", author=author, reasoned=True)
    assert covered("ben", "mira", author=author, reasoned=True)


def test_where_sensitive_posts_ask_two_a_reason_does_not_make_it_fewer() -> None:
    policy = ApprovalPolicy(mode="team", sensitive=2)
    assert not covered("ben", policy=policy, sensitive=True, reasoned=True)
    assert not covered("ben", "ann", policy=policy, sensitive=True, reasoned=True)
    assert covered("ben", "mira", policy=policy, sensitive=True, reasoned=True)


def test_who_is_alone_gives_her_own_reason() -> None:
    assert covered("ann", policy=ApprovalPolicy(), reasoned=True)


def test_the_claim_asks_for_two_people_as_the_approval_does(desk: Desk) -> None:
    number = desk.queue(desk.account("voice"), "hello", author="")
    with desk.outbox.write() as tx:
        tx.execute(schema.entry.update().values(because="it matters", author=None))
    assert desk.approve(number, "ben", TEAM) == 0
    with desk.outbox.write() as tx:
        tx.execute(schema.delivery.update().values(state="scheduled"))
        assert claims.claim(tx, desk.terms(policy=TEAM), 10) == []
    assert desk.states(number) == ["pending"]
    assert desk.approve(number, "mira", TEAM) == 1
    with desk.outbox.write() as tx:
        assert len(claims.claim(tx, desk.terms(policy=TEAM), 10)) == 1


def test_in_a_team_nobody_approves_what_he_wrote(desk: Desk) -> None:
    number = desk.queue(desk.account("voice"), "hello", author="ann")
    with pytest.raises(ApprovalError, match="somebody else approves"):
        desk.approve(number, "ann", TEAM)


# ── the window ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_window_is_two_hours_or_late_where_the_campaign_does_not_say() -> None:
    assert approval.window(NOON, HOUR, evergreen=False) == (NOON - 2 * HOUR, NOON + 2 * HOUR)
    assert approval.window(NOON, 5 * HOUR, evergreen=False) == (NOON - 5 * HOUR, NOON + 5 * HOUR)


@pytest.mark.parametrize("hours", [1, 48])
def test_a_campaigns_own_window_may_be_narrower_or_wider(hours: int) -> None:
    margin = hours * HOUR
    assert approval.window(NOON, 5 * HOUR, evergreen=False, margin=margin) == (NOON - margin, NOON + margin)
    _, until = approval.window(NOON, HOUR, evergreen=True, margin=margin)
    assert until == NOON + approval.EVERGREEN, "what is re-slotted keeps its month"


def test_after_a_narrow_window_a_post_waits_for_a_new_look(desk: Desk) -> None:
    number = desk.queue(desk.account("voice"), "hello", margin=HOUR)
    desk.approve(number)
    desk.later(minutes=61)
    with desk.outbox.write() as tx:
        assert claims.claim(tx, desk.terms(), 10) == []
    assert desk.states(number) == ["pending"]


def test_a_wide_window_is_kept_and_a_new_try_has_the_campaigns_own(desk: Desk) -> None:
    number = desk.queue(desk.account("voice"), "hello", margin=24 * HOUR)
    with desk.outbox.read() as tx:
        assert posts.show(tx, number).posts[0].window == (NOON - 24 * HOUR, NOON + 24 * HOUR)
    desk.later(hours=3)
    with desk.outbox.write() as tx:
        tend(tx, lambda _account, _after: None)
        _, chosen = handling.retriable(tx, number)
        handling.retry(tx, number, chosen, desk.now, who="ann", margin=HOUR)
        assert posts.show(tx, number).posts[0].window == (desk.now - HOUR, desk.now + HOUR)


# ── with a notice ─────────────────────────────────────────────────────────────────────────────────────────────

USED = '[["fact", "detained", "h"]]'
OLD = Standing(
    hash="h", ends=300, why='the fact "detained" should have been reviewed by 2026-01-01', overdue=200
)


def test_a_fact_that_should_have_been_read_again_is_said_with_a_notice() -> None:
    stands = {("fact", "detained", "en"): OLD}
    assert notice(USED, "en", stands, 199) is None
    assert notice(USED, "ru", stands, 200) is None
    assert notice("[]", "en", stands, 200) is None
    assert notice(USED, "en", stands, 200) == (
        'the fact "detained" should have been reviewed by 2026-01-01.'
        " Read its source again, then: clarion posts confirm detained"
    )


def test_the_claim_brings_the_notice_once_for_a_thread(desk: Desk) -> None:
    number = desk.queue(
        desk.account("voice"), "one", "two", used=(Used(kind="fact", id="detained", hash="h"),)
    )
    desk.approve(number)
    stands = {("fact", "detained", "en"): replace(OLD, ends=None, overdue=0)}
    with desk.outbox.write() as tx:
        [claim] = claims.claim(tx, replace(desk.terms(), standings=stands), 10)
    assert claim.notice is not None
