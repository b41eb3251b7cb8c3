"""An account that left comes back: under its own name or another it is who it was, with what it has posted, spent and paused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

import pytest
import sqlalchemy as sa

from clarion.composing import entries
from clarion.composing.compose import Request
from clarion.composing.rules import Rules
from clarion.errors import CheckFailed, OutboxError
from clarion.model import Account, Identity, Limits, State
from clarion.networks import NAMES
from clarion.outbox import accounts, audit, leaving, pauses, schema
from clarion.outbox.claiming import claims
from clarion.outbox.claiming.claims import Claim
from clarion.outbox.entries import posts
from clarion.outbox.limits import money, spending, stops
from clarion.outbox.limits.caps import Caps
from clarion.outbox.limits.money import Budget
from clarion.outbox.limits.spending import Window
from tests.desk import Desk
from tests.outbox.meeting import Act, Scene, fresh, meetings, two
from tests.outbox.ready import composed

__all__ = ["two"]

CAPS = Caps(zone=UTC, most=dict.fromkeys(NAMES, 1))
BUDGET = Budget(part=lambda _part: 15_000, uploads=lambda _part: 0, read=0)
WINDOW = Window(family="posts", limit=1, length=timedelta(hours=24))
NAMED = ["voice", "speech"]


def account(
    name: str = "voice", network: str = "x", origin: str = "https://x.com", remote_id: str = "42"
) -> Account:
    return Account(
        name=name,
        network=network,
        handle="eyes",
        server=origin,
        identity=Identity(network=network, origin=origin, remote_id=remote_id),
        limits=Limits(text=280, alt=1000),
    )


def pin(desk: Desk, whom: Account) -> Account:
    with desk.outbox.write() as tx:
        accounts.pin(tx, whom, verified=True)
    return whom


def leave(desk: Desk, name: str = "voice") -> None:
    with desk.outbox.write() as tx:
        leaving.leave(tx, name, cancel=False, who="ann")


def names(desk: Desk) -> list[str]:
    with desk.outbox.read() as tx:
        return [each.account.name for each in accounts.standings(tx)]


def say(desk: Desk, whom: Account) -> int:
    rules = Rules(caps=CAPS)
    return entries.queue(
        desk.outbox, Request(text="a text"), [composed(whom)], author="ann", rules=rules
    ).number


def take(desk: Desk, name: str) -> list[Claim]:
    terms = replace(desk.terms(), accounts=[name], caps=CAPS, windows={"x": [WINDOW]}, budgets={name: BUDGET})
    with desk.outbox.write() as tx:
        return claims.claim(tx, terms, 10)


def posted(desk: Desk) -> int:
    """One post of “voice” is up; its number."""
    number = say(desk, pin(desk, account()))
    desk.approve(number)
    [claim] = take(desk, "voice")
    with desk.outbox.write() as tx:
        up = {"state": State.SENT.value, "lease_until": None}
        tx.execute(sa.update(schema.delivery).where(schema.delivery.c.id == claim.delivery.id).values(**up))
    return number


# ── what it had ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", NAMED)
def test_it_has_no_second_day_no_second_month_and_no_second_window(desk: Desk, name: str) -> None:
    number = posted(desk)
    leave(desk)
    back = pin(desk, account(name))
    with pytest.raises(CheckFailed, match=f"{name} has 1 posts in en on 2026-03-29 already .#{number}"):
        say(desk, back)
    with desk.outbox.write() as tx:
        assert money.spent_this_month(tx, "x", name) == 15_000
        assert spending.admit(tx, spending.bills("x", name, [WINDOW], 0)) == tx.now + 24 * 3_600_000_000
    assert names(desk) == [name]


def test_what_others_spent_stays_theirs(desk: Desk) -> None:
    posted(desk)
    with desk.outbox.write() as tx:
        for other in ("x/voice-two/usd", "mastodon/voice/usd", "x/*/posts/900", "x/Voice/usd"):
            tx.execute(sa.insert(schema.spend).values(bucket=other, at=tx.now, cost=1))
    leave(desk)
    pin(desk, account("speech"))
    with desk.outbox.read() as tx:
        found = set(tx.execute(sa.select(schema.spend.c.bucket)).scalars())
    theirs = {"x/voice-two/usd", "mastodon/voice/usd", "x/*/posts/900", "x/Voice/usd"}
    assert found == theirs | {"x/speech/usd", "x/speech/posts/86400"}


def test_what_was_held_waits_under_its_new_name_and_goes_out_once_it_is_approved(desk: Desk) -> None:
    number = say(desk, pin(desk, account()))
    desk.approve(number)
    leave(desk)
    pin(desk, account("speech"))
    assert desk.states(number) == ["pending"]
    assert take(desk, "speech") == []
    with desk.outbox.read() as tx:
        assert [post.account.name for post in posts.show(tx, number).posts] == ["speech"]
    desk.approve(number)
    assert [claim.delivery.entry for claim in take(desk, "speech")] == [number]


def test_a_pause_of_it_holds_under_its_new_name(desk: Desk) -> None:
    pin(desk, account())
    with desk.outbox.write() as tx:
        pauses.pause(tx, "voice", who="ann", reason="wait", until=tx.at + timedelta(days=1))
    leave(desk)
    with desk.outbox.write() as tx:
        stops.stop(tx, "speech", tx.at + timedelta(days=9), "no money")
    pin(desk, account("speech"))
    with desk.outbox.write() as tx:
        stops.lift(tx)
        assert [(each.account, each.who, each.reason) for each in pauses.standing(tx)] == [
            ("speech", "ann", "wait")
        ]


def test_a_pause_of_the_new_name_stays(desk: Desk) -> None:
    pin(desk, account())
    leave(desk)
    with desk.outbox.write() as tx:
        pauses.pause(tx, "speech", who="ann")
    pin(desk, account("speech"))
    with desk.outbox.read() as tx:
        assert [each.account for each in pauses.standing(tx)] == ["speech"]


def test_it_is_on_record_and_it_may_have_its_first_name_again(desk: Desk) -> None:
    posted(desk)
    for old, new in (("voice", "speech"), ("speech", "voice")):
        leave(desk, old)
        pin(desk, account(new))
    assert names(desk) == ["voice"]
    with desk.outbox.read() as tx:
        done = tx.execute(sa.select(schema.audit).where(schema.audit.c.action == "account_renamed")).all()
        assert [(row.subject, row.detail) for row in done] == [
            ("speech", "before: voice"),
            ("voice", "before: speech"),
        ]
        assert audit.broken(tx) == []
        assert money.spent_this_month(tx, "x", "voice") == 15_000


def test_a_name_that_is_somebody_elses_is_not_taken(desk: Desk) -> None:
    pin(desk, account())
    pin(desk, account("speech", remote_id="43"))
    leave(desk)
    with pytest.raises(OutboxError, match="“speech” was verified as @eyes"):
        pin(desk, account("speech"))
    assert names(desk) == ["speech", "voice"]


def test_whenever_two_hosts_bring_it_back_under_two_names_one_of_them_has_it(two: tuple[Desk, Desk]) -> None:
    def make() -> Scene:
        scene = fresh(two)
        who = account(f"voice-{scene.account.name}", remote_id=scene.account.name)
        pin(scene.one, who)
        leave(scene.one, who.name)
        return scene

    def under(name: str) -> Act:
        return lambda desk, scene: pin(
            desk, account(f"{name}-{scene.account.name}", remote_id=scene.account.name)
        )

    for scene, met in meetings(make, under("speech"), under("words")):
        assert sorted(type(each).__name__ for each in [met.first, met.second]) == ["Account", "OutboxError"]
        assert len([name for name in names(scene.one) if name.endswith(f"-{scene.account.name}")]) == 1


# ── who it is ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("network", "one", "other"),
    [
        ("bluesky", "https://bsky.social", "https://porcini.us-east.host.bsky.network"),
        ("x", "https://x.com", "https://twitter.com"),
        ("mastodon", "https://one.example", "https://One.example"),
        ("mastodon", "https://one.example", "https://one.example:443"),
        ("mastodon", "https://one.example", "https://one.example."),
    ],
)
def test_one_account_at_two_addresses_has_no_second_name(
    desk: Desk, network: str, one: str, other: str
) -> None:
    pin(desk, account("voice", network, one))
    with pytest.raises(OutboxError, match="was verified as “voice” before"):
        pin(desk, account("speech", network, other))


def test_another_server_has_other_accounts(desk: Desk) -> None:
    for port in ("", ":8443"):
        pin(desk, account(f"voice{port.strip(':')}", "mastodon", f"https://one.example{port}"))
    pin(desk, account("speech", "mastodon", "https://two.example"))
    assert names(desk) == ["speech", "voice", "voice8443"]


def test_an_address_that_an_outbox_kept_in_another_spelling_is_the_same_server(desk: Desk) -> None:
    pin(desk, account("voice", "mastodon", "https://one.example"))
    with desk.outbox.write() as tx:
        tx.execute(sa.update(schema.account).values(origin="https://One.example:443"))
    with desk.outbox.read() as tx:
        [standing] = accounts.standings(tx)
    assert standing.account.identity.origin == standing.account.server == "https://one.example"
    with pytest.raises(OutboxError, match="was verified as “voice” before"):
        pin(desk, account("speech", "mastodon", "https://one.example"))
    pin(desk, account("voice", "mastodon", "https://one.example"))


def test_only_what_left_may_come_back_from_another_host(desk: Desk) -> None:
    old, new = "https://bsky.social", "https://pds.example"
    pin(desk, account("voice", "bluesky", old))
    with pytest.raises(OutboxError, match=f"is now @eyes's on {new}") as caught:
        pin(desk, account("voice", "bluesky", new))
    assert f'server = "{old}"' in (caught.value.hint or "")
    leave(desk)
    pin(desk, account("voice", "bluesky", new))
    with desk.outbox.read() as tx:
        assert [each.account.identity.origin for each in accounts.standings(tx)] == [new]
    leave(desk)
    with pytest.raises(OutboxError, match="was verified as @eyes"):
        pin(desk, account("voice", "bluesky", new, remote_id="another"))
