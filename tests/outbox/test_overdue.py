"""What is late and held by nothing, and who accepted a server's rules; on both databases."""

from __future__ import annotations

from datetime import timedelta

from clarion.outbox import accepting, audit, pauses, schema
from clarion.outbox.claiming import claims
from clarion.outbox.entries import flights
from clarion.outbox.hosting import overdue
from clarion.outbox.limits import stops
from tests.desk import NOON


def oldest(desk):
    with desk.outbox.read() as tx:
        return overdue.oldest(tx)


def late(desk, *names):
    """A post of each account, approved and an hour late."""
    for name in names:
        desk.approve(desk.queue(desk.account(name), f"From {name}."))
    desk.later(hours=1)


def test_the_oldest_that_nothing_holds_is_told(desk):
    assert oldest(desk) is None
    late(desk, "one")
    assert oldest(desk) == NOON


def test_what_is_not_due_or_not_approved_is_not_late(desk):
    account = desk.account("one")
    desk.queue(account, "Nobody read this.")
    desk.approve(desk.queue(account, "Tomorrow.", due=NOON + timedelta(days=1)))
    desk.later(hours=1)
    assert oldest(desk) is None


def test_what_is_paused_quiet_or_closed_is_held(desk):
    late(desk, "one", "two", "three")
    with desk.outbox.write() as tx:
        pauses.pause(tx, "one", who="vera")
        stops.stop(tx, "two", tx.at + timedelta(hours=1), "quiet until morning")
        tx.execute(
            schema.account.update()
            .where(schema.account.c.name == "three")
            .values(blocked_until=tx.now + 3_600_000_000)
        )
    assert oldest(desk) is None
    desk.later(hours=2)
    assert oldest(desk) == NOON  # the quiet time and the block ended; the pause has no end


def test_a_pause_of_everything_holds_all_of_it(desk):
    late(desk, "one")
    with desk.outbox.write() as tx:
        pauses.pause(tx, None, who="vera")
    assert oldest(desk) is None


def test_the_newest_word_for_an_accounts_rules_counts(desk):
    desk.account("one")
    with desk.outbox.write() as tx:
        assert accepting.accepted(tx, "one") is None
        accepting.accept(tx, "one", "a" * 64, who="vera")
        accepting.accept(tx, "two", "c" * 64, who="ben")
    desk.later(days=1)
    with desk.outbox.write() as tx:
        accepting.accept(tx, "one", "b" * 64, who="ann")
        found = accepting.accepted(tx, "one")
        assert audit.broken(tx) == []
    assert found == accepting.Accepted(rules="b" * 64, who="ann", at=NOON + timedelta(days=1))


def test_what_stands_behind_a_post_that_a_run_took_is_held_until_its_lease_ends(desk):
    late(desk, "one")
    desk.approve(desk.queue(desk.account("one"), "And this.", due=NOON + timedelta(minutes=30)))
    desk.later(hours=1)
    with desk.outbox.write() as tx:
        [claim] = claims.claim(tx, desk.terms(), 1)
    with desk.outbox.read() as tx:
        [flight] = flights.flying(tx)
        assert (flight.account, flight.entry, flight.since) == ("one", claim.delivery.entry, tx.at)
        assert flight.until > tx.at
    assert oldest(desk) is None
    desk.later(hours=1)
    assert oldest(desk) == NOON
    with desk.outbox.read() as tx:
        assert flights.flying(tx) == []
