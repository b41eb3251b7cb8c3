"""What a recall writes, and what becomes of each delivery by it. On both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from clarion.errors import OutboxError
from clarion.model import TRANSITIONS, Receipt, Staged, State
from clarion.outbox import accounts, audit, incidents, pauses, schema
from clarion.outbox.claiming import claims, handling, late, looking, recalling, settle
from clarion.outbox.claiming.claims import Claim, Withheld
from clarion.outbox.claiming.tending import tend
from clarion.outbox.entries import posts
from clarion.outbox.hosting import backup, lost, opening
from clarion.outbox.limits import spending
from clarion.outbox.limits.spending import Window
from clarion.outbox.store import Tx
from tests.desk import NOON, Desk

MINUTE = timedelta(minutes=1)


def receipt(number: int) -> Receipt:
    return Receipt(remote_id=str(number), url=f"https://one.example/{number}", at=NOON)


def queued(desk: Desk, *texts: str, account: str = "voice", picture: bool = False) -> int:
    number = desk.queue(desk.account(account), *(texts or ("hello",)), picture=picture)
    desk.approve(number)
    return number


def take(desk: Desk) -> list[Claim]:
    with desk.outbox.write() as tx:
        tend(tx, lambda _account, _after: None)
        return claims.claim(tx, desk.terms(), 10)


def send(desk: Desk, *texts: str, account: str = "voice") -> int:
    """Queue it, and let it go out whole."""
    number = queued(desk, *texts, account=account)
    for _ in texts or ("hello",):
        [claim] = [each for each in take(desk) if each.delivery.entry == number]
        with desk.outbox.write() as tx:
            settle.sent(tx, claim, receipt(1000 * number + claim.delivery.part))
            settle.confirmed(tx, claim)
    assert set(desk.states(number)) == {"sent"}
    return number


def doubted(desk: Desk, *texts: str) -> tuple[int, Claim]:
    number = queued(desk, *texts)
    [claim] = take(desk)
    with desk.outbox.write() as tx:
        settle.doubted(tx, claim, look_at=None, reason="the answer was lost")
    return number, claim


def want(desk: Desk, *numbers: int, because: str | None = None) -> None:
    with desk.outbox.write() as tx:
        recalling.want(tx, numbers, who="mira", because=because)


def downs(desk: Desk, limit: int = 10) -> list[Claim]:
    with desk.outbox.write() as tx:
        return recalling.claim(tx, desk.terms(), limit, MINUTE)


def down(desk: Desk) -> list[int]:
    """Take down everything that may be now; the parts, in their order. Not those that were down already."""
    parts = []
    while claimed := downs(desk):
        for each in claimed:
            with desk.outbox.write() as tx:
                if recalling.recalled(tx, each):
                    assert not each.gone
                    parts.append(each.delivery.part)
    return parts


def look(desk: Desk) -> list[Claim]:
    with desk.outbox.write() as tx:
        return looking.claim(tx, desk.terms(), 10, MINUTE)


# ── what each state becomes ───────────────────────────────────────────────────────────────────────────────────


def test_what_waits_is_cancelled(desk: Desk) -> None:
    pending = desk.queue(desk.account("voice"), "one", "two")
    scheduled = queued(desk, "three")
    want(desk, pending, scheduled)
    assert desk.states(pending) == ["cancelled", "cancelled"]
    assert desk.states(scheduled) == ["cancelled"]
    assert take(desk) == []


def test_a_thread_is_taken_down_last_part_first(desk: Desk) -> None:
    number = send(desk, "one", "two", "three")
    want(desk, number)
    assert desk.states(number) == ["recalling"] * 3
    assert down(desk) == [3, 2, 1]
    assert desk.states(number) == ["recalled"] * 3


def test_what_has_begun_is_taken_down_and_the_rest_never_goes(desk: Desk) -> None:
    number = queued(desk, "one", "two", "three")
    [first] = take(desk)
    with desk.outbox.write() as tx:
        settle.sent(tx, first, receipt(1))
        settle.confirmed(tx, first)
    want(desk, number)
    assert desk.states(number) == ["recalling", "cancelled", "cancelled"]
    assert (take(desk), down(desk)) == ([], [1])


def test_an_unread_receipt_is_taken_down_and_its_read_back_decides_nothing(desk: Desk) -> None:
    number = queued(desk, "one", "two")
    [claim] = take(desk)
    with desk.outbox.write() as tx:
        settle.sent(tx, claim, receipt(1))
    want(desk, number)
    with desk.outbox.write() as tx:
        assert not settle.not_there(tx, claim)
        settle.confirmed(tx, claim)
        settle.unread(tx, claim)
    assert desk.states(number) == ["recalling", "cancelled"]
    assert (take(desk), down(desk)) == ([], [1])


def test_what_is_in_flight_is_recalling_the_moment_its_receipt_is_known(desk: Desk) -> None:
    number = queued(desk, "one", "two")
    [claim] = take(desk)
    want(desk, number)
    assert desk.states(number) == ["sending", "cancelled"]
    with desk.outbox.write() as tx:
        why_not = pauses.objection(tx, claim.delivery.id, "voice", fence=claim.fence, seconds=1)
        assert why_not == "it is to be recalled"
        assert settle.sent(tx, claim, receipt(1))
    assert desk.states(number) == ["recalling", "cancelled"]
    assert down(desk) == [1]


def test_what_is_in_flight_without_an_intent_never_gets_one(desk: Desk) -> None:
    number = queued(desk, picture=True)
    [claim] = take(desk)
    want(desk, number)
    with desk.outbox.write() as tx, pytest.raises(Withheld, match="taken back"):
        claims.intend(tx, desk.terms(), claim, Staged(delivery=claim.delivery))
    desk.later(minutes=6)  # and its worker dies
    assert take(desk) == []
    assert desk.states(number) == ["cancelled"]


@pytest.mark.parametrize("how", ["snoozed", "backed_off", "refused"])
def test_what_was_certainly_not_created_is_cancelled(desk: Desk, how: str) -> None:
    number = queued(desk)
    [claim] = take(desk)
    want(desk, number)
    with desk.outbox.write() as tx:
        if how == "snoozed":
            settle.snoozed(tx, claim, until=None, outcome="rate_limited", reason="429")
        elif how == "backed_off":
            settle.backed_off(tx, claim, until=tx.now, reason="away")
        else:
            settle.refused(tx, claim, "too long")
    assert desk.states(number) == ["cancelled"]


@pytest.mark.parametrize("word", ["recall", "cancel"])
def test_what_a_stale_look_put_back_on_its_way_is_in_doubt_not_cancelled(desk: Desk, word: str) -> None:
    number, _ = doubted(desk)
    with desk.outbox.write() as tx:
        settle.absent(tx, claim_to_look(desk, tx, number))
    assert desk.states(number) == ["scheduled"]
    if word == "recall":
        want(desk, number)
    else:
        with desk.outbox.write() as tx:
            posts.cancel(tx, number, who="mira")
    assert desk.states(number) == ["in_doubt"]
    [found] = look(desk)
    with desk.outbox.write() as tx:
        settle.sent(tx, found, receipt(1))
    assert desk.states(number) == ["recalling" if word == "recall" else "sent"]
    assert take(desk) == []


@pytest.mark.parametrize("word", ["recall", "cancel"])
def test_a_repeat_that_was_not_taken_proves_nothing_of_the_first_request(desk: Desk, word: str) -> None:
    number, _ = doubted(desk)
    with desk.outbox.write() as tx:
        settle.absent(tx, claim_to_look(desk, tx, number))
    [again] = take(desk)
    assert again.delivery.tried
    if word == "recall":
        want(desk, number)
    else:
        with desk.outbox.write() as tx:
            posts.cancel(tx, number, who="mira")
    with desk.outbox.write() as tx:
        settle.snoozed(tx, again, until=None, outcome="rate_limited", reason="429")
    assert desk.states(number) == ["in_doubt"]
    desk.later(minutes=2)
    assert look(desk)


def claim_to_look(desk: Desk, tx: Tx, number: int) -> Claim:
    tx.execute(sa.update(schema.delivery).where(schema.delivery.c.state == "in_doubt").values(look_at=tx.now))
    [claim] = looking.claim(tx, desk.terms(), 1, MINUTE)
    return claim


def test_what_is_in_doubt_is_looked_for_at_once_and_taken_down_when_found(desk: Desk) -> None:
    number, _ = doubted(desk)
    assert look(desk) == []
    want(desk, number)
    assert desk.states(number) == ["in_doubt"]
    [found] = look(desk)
    assert found.taken_back
    with desk.outbox.write() as tx:
        settle.sent(tx, found, receipt(1))
    assert down(desk) == [1]


def test_a_look_from_before_the_recall_decides_nothing(desk: Desk) -> None:
    number, _ = doubted(desk)
    with desk.outbox.write() as tx:
        before = claim_to_look(desk, tx, number)
    want(desk, number)
    with desk.outbox.write() as tx:
        assert not settle.absent(tx, before)
    assert desk.states(number) == ["in_doubt"]
    assert len(look(desk)) == 1


def test_what_a_person_found_is_taken_down_and_what_she_missed_is_cancelled(desk: Desk) -> None:
    found, _ = doubted(desk)
    want(desk, found)
    with desk.outbox.write() as tx:
        [doubt] = handling.doubts(tx, found)
        handling.is_up(tx, doubt, receipt(1), outbox_id=desk.outbox.id, who="mira")
    assert desk.states(found) == ["recalling"]
    missed, _ = doubted(desk)
    want(desk, missed)
    with desk.outbox.write() as tx:
        [doubt] = handling.doubts(tx, missed)
        handling.is_absent(tx, doubt, outbox_id=desk.outbox.id, who="mira")
    assert desk.states(missed) == ["cancelled"]
    assert (take(desk), down(desk)) == ([], [1])


def test_nothing_of_a_recalled_entry_is_begun_again(desk: Desk) -> None:
    number = send(desk)
    want(desk, number)
    with desk.outbox.write() as tx, pytest.raises(OutboxError, match="was recalled"):
        posts.cancel(tx, number, who="mira")
    with desk.outbox.read() as tx, pytest.raises(OutboxError, match="was recalled"):
        handling.retriable(tx, number)
    down(desk)
    want(desk, number)  # again: it is asked for once more, and that is all
    assert desk.states(number) == ["recalled"]
    assert (down(desk), take(desk), desk.states(number)) == ([], [], ["recalled"])


# ── what may come back ────────────────────────────────────────────────────────────────────────────────────────


def lost_and_sent_again(desk: Desk) -> int:
    """Its first request got no answer, was not found, and went again: the first may still be on its way."""
    number, _ = doubted(desk)
    with desk.outbox.write() as tx:
        settle.absent(tx, claim_to_look(desk, tx, number))
    [again] = take(desk)
    with desk.outbox.write() as tx:
        settle.sent(tx, again, receipt(1))
        settle.confirmed(tx, again)
    return number


def test_what_an_unanswered_request_may_put_there_again_is_deleted_again_a_few_times(desk: Desk) -> None:
    number = lost_and_sent_again(desk)
    want(desk, number)
    assert down(desk) == [1]
    for minutes in (1, 1, 10, 40):
        assert downs(desk) == []
        desk.later(minutes=minutes)
        [again] = downs(desk)
        assert again.gone
        assert again.down == receipt(1)
        with desk.outbox.write() as tx:
            assert not recalling.recalled(tx, again)
        assert desk.states(number) == ["recalled"]
    desk.later(days=1)
    assert downs(desk) == []
    want(desk, number)
    assert [each.gone for each in downs(desk)] == [True]


def test_what_was_answered_cannot_come_back_and_is_not_asked_for_again(desk: Desk) -> None:
    want(desk, send(desk))
    assert down(desk) == [1]
    desk.later(days=1)
    assert downs(desk) == []


def test_one_that_could_not_be_asked_for_again_is_put_off_and_not_counted(desk: Desk) -> None:
    number = lost_and_sent_again(desk)
    want(desk, number)
    down(desk)
    desk.later(minutes=1)
    [away] = downs(desk)
    with desk.outbox.write() as tx:
        recalling.waits(tx, away, until=tx.now + 1, reason="away", spent=True)
        [piece] = recalling.pieces(tx, [number])
    assert (piece.state, piece.reason) == (State.RECALLED, "away")
    for minutes in (1, 1, 10, 40):  # the first is still to come
        desk.later(minutes=minutes)
        [again] = downs(desk)
        with desk.outbox.write() as tx:
            recalling.recalled(tx, again)
            [piece] = recalling.pieces(tx, [number])
        assert piece.reason is None
    desk.later(days=1)
    assert downs(desk) == []


def not_shown(desk: Desk, number: int) -> Receipt:
    """The network took it, said what it calls it, and does not show it."""
    [claim] = [each for each in take(desk) if each.delivery.entry == number]
    with desk.outbox.write() as tx:
        settle.sent(tx, claim, receipt(number))
        assert settle.not_there(tx, claim)
    return receipt(number)


def test_what_the_network_took_and_does_not_show_is_deleted_by_its_name_and_again_a_few_times(
    desk: Desk,
) -> None:
    number = queued(desk)
    taken = not_shown(desk, number)
    want(desk, number)
    assert desk.states(number) == ["recalling"]
    assert look(desk) == []
    for minutes in (0, 1, 1, 10, 40):
        desk.later(minutes=minutes)
        [claim] = downs(desk)
        assert claim.down == taken
        with desk.outbox.write() as tx:
            assert recalling.recalled(tx, claim) is (minutes == 0)
        assert desk.states(number) == ["recalled"]
        assert downs(desk) == []
    desk.later(days=1)
    assert downs(desk) == []


@pytest.mark.parametrize("recalled", [False, True])
def test_what_the_network_took_and_does_not_show_proves_no_other_delivery(
    desk: Desk, *, recalled: bool
) -> None:
    number = queued(desk)
    taken = not_shown(desk, number)
    if recalled:
        want(desk, number)
    namesake = queued(desk)
    [claim] = take(desk)
    with desk.outbox.write() as tx:
        settle.doubted(tx, claim, look_at=tx.now, reason="lost")
    [found] = look(desk)
    assert found.delivery.others == {taken.remote_id}
    with desk.outbox.write() as tx:
        assert not settle.sent(tx, found, taken)
    assert desk.states(namesake) == ["in_doubt"]


def test_what_a_person_says_is_not_there_leaves_its_name(desk: Desk) -> None:
    number = queued(desk)
    taken = not_shown(desk, number)
    with desk.outbox.write() as tx:
        [doubt] = handling.doubts(tx, number)
        handling.is_absent(tx, doubt, outbox_id=desk.outbox.id, who="mira")
    [again] = take(desk)
    with desk.outbox.write() as tx:
        settle.doubted(tx, again, look_at=None, reason="lost")
    with desk.outbox.read() as tx:
        [row] = tx.execute(sa.select(schema.delivery)).all()
        assert [each.outcome for each in tx.execute(sa.select(schema.attempt)).all()] == [
            settle.NOT_SHOWN,
            "unknown",
        ]
    assert (row.remote_id, row.receipt, taken.remote_id) == (None, None, str(number))


def test_a_post_that_is_another_deliverys_is_not_deleted_for_one_in_doubt(desk: Desk) -> None:
    """A late answer named it for this one, too."""
    other = send(desk)
    number, claim = doubted(desk)
    with desk.outbox.write() as tx:
        absent = claim_to_look(desk, tx, number)
        settle.absent(tx, absent)
        named = receipt(1000 * other + 1)
        assert not settle.sent(tx, claim, named)
        came = late.bring(tx, claim, named)
    assert came is not None
    want(desk, number)
    assert (desk.states(number), downs(desk)) == (["in_doubt"], [])
    assert desk.states(other) == ["sent"]


def test_what_a_restore_lost_sight_of_is_not_deleted_by_an_old_name(desk: Desk) -> None:
    number = queued(desk)
    not_shown(desk, number)
    with desk.outbox.write() as tx:
        lost.doubt(tx, "restored")
    want(desk, number)
    assert (desk.states(number), downs(desk)) == (["in_doubt"], [])
    [found] = look(desk)
    assert found.taken_back


def test_what_failed_is_not_tried_again(desk: Desk) -> None:
    number = queued(desk, "one", "two")
    [claim] = take(desk)
    with desk.outbox.write() as tx:
        settle.refused(tx, claim, "too long")
    want(desk, number)
    assert desk.states(number) == ["cancelled", "cancelled"]


def test_the_table_of_states_allows_what_a_recall_does() -> None:
    for before, after in (
        ("pending", "cancelled"),
        ("scheduled", "cancelled"),
        ("scheduled", "in_doubt"),
        ("sending", "recalling"),
        ("sending", "cancelled"),
        ("in_doubt", "recalling"),
        ("sent", "recalling"),
        ("recalling", "recalled"),
    ):
        assert State(after) in TRANSITIONS[State(before)]


# ── who takes it down, and when ───────────────────────────────────────────────────────────────────────────────


def test_one_worker_takes_one_of_an_account_down_and_another_only_when_it_died(desk: Desk) -> None:
    here, there = send(desk), send(desk, account="choir")
    want(desk, here, there)
    first = downs(desk)
    assert sorted(each.delivery.account.name for each in first) == ["choir", "voice"]
    assert downs(desk) == []
    desk.later(minutes=2)
    assert len(downs(desk)) == 2
    with desk.outbox.write() as tx:  # that it is down is knowledge, also of one who comes late
        assert recalling.recalled(tx, first[0])
        assert not recalling.recalled(tx, first[0])


def test_a_pause_does_not_keep_it_up_and_a_closed_account_waits_for_its_verification(desk: Desk) -> None:
    number = send(desk)
    want(desk, number)
    with desk.outbox.write() as tx:
        pauses.pause(tx, None, who="mira")
    [claim] = downs(desk)
    with desk.outbox.write() as tx:
        recalling.blocked(tx, claim, "401")
    desk.later(hours=5)
    assert downs(desk) == []
    with desk.outbox.write() as tx:
        assert [each.kind for each in incidents.standing(tx)] == ["account_blocked"]
        accounts.pin(tx, claim.delivery.account, verified=True)
    assert down(desk) == [1]


def test_what_waits_holds_up_the_earlier_parts_and_what_needs_a_person_does_not(desk: Desk) -> None:
    number = send(desk, "one", "two")
    want(desk, number)
    [second] = downs(desk)
    with desk.outbox.write() as tx:
        recalling.waits(tx, second, until=tx.now + 60_000_000, reason="away", spent=True)
    assert downs(desk) == []
    desk.later(minutes=1)
    [second] = downs(desk)
    assert (second.delivery.part, second.backoffs) == (2, 1)
    with desk.outbox.write() as tx:
        recalling.refused(tx, second, "forbidden")
    assert down(desk) == [1]
    assert desk.states(number) == ["recalled", "recalling"]
    with desk.outbox.read() as tx:
        [told] = incidents.standing(tx)
    assert (told.kind, told.detail) == ("still_up", f"#{number} on voice: forbidden")
    want(desk, number)
    assert down(desk) == [2]
    with desk.outbox.read() as tx:
        assert incidents.standing(tx) == []


def test_an_account_that_has_posted_all_it_may_takes_down_and_looks_all_the_same(desk: Desk) -> None:
    number = send(desk)
    lost, _ = doubted(desk)
    waiting = queued(desk)
    window = Window(family="posts", limit=1, length=timedelta(days=1))
    terms = replace(desk.terms(), windows={"mastodon": (window,)})
    with desk.outbox.write() as tx:
        assert spending.admit(tx, spending.bills("mastodon", "voice", [window], 0)) is None
        assert claims.claim(tx, terms, 10) == []
        [stands] = pauses.standing(tx)
    assert (stands.account, stands.until, stands.reason) == ("voice", NOON + timedelta(days=1), claims.FULL)
    want(desk, number, lost)
    [claim], [found] = downs(desk), look(desk)
    assert (claim.delivery.entry, found.delivery.entry) == (number, lost)
    with desk.outbox.write() as tx:  # the network's own word holds them
        recalling.waits(tx, claim, until=tx.now, reason="429")
        settle.unsure(tx, found, look_at=tx.now)
        settle.held_back(tx, claim, until=tx.now + 60_000_000, reason="429")
    assert (downs(desk), look(desk)) == ([], [])
    desk.later(minutes=1)
    assert (len(downs(desk)), len(look(desk))) == (1, 1)
    assert desk.states(waiting) == ["scheduled"]


def test_a_full_window_keeps_the_whole_account_waiting(desk: Desk) -> None:
    numbers = [send(desk) for _ in range(4)]
    want(desk, *numbers)
    window = Window(family="deletes", limit=2, length=timedelta(minutes=30), recall=1)
    terms = replace(desk.terms(), windows={"mastodon": (window,)})
    for _ in range(2):
        [claim] = downs(desk)
        with desk.outbox.write() as tx:
            assert recalling.admit(tx, claim, terms) is None
            recalling.recalled(tx, claim)
    [claim] = downs(desk)
    with desk.outbox.write() as tx:
        room_at = recalling.admit(tx, claim, terms)
        assert room_at is not None
        recalling.no_room(tx, claim, until=room_at, reason="full")
    assert downs(desk) == []
    desk.later(minutes=31)
    [claim] = downs(desk)
    with desk.outbox.write() as tx:
        assert recalling.admit(tx, claim, terms) is None


# ── what is written down ──────────────────────────────────────────────────────────────────────────────────────


def test_the_audit_trail_says_who_asked_and_what_was_taken_down(desk: Desk) -> None:
    number = send(desk, "one", "two")
    want(desk, number, because="it names somebody")
    down(desk)
    with desk.outbox.read() as tx:
        assert audit.broken(tx) == []
        rows = tx.execute(sa.select(schema.audit).where(schema.audit.c.action.like("recall%"))).all()
    said = {(each.action, each.who, each.detail) for each in rows}
    assert ("recall_asked", "mira", "it names somebody") in said
    assert {detail for action, _, detail in said if action == "recalled"} == {
        receipt(1000 * number + part).url for part in (1, 2)
    }


def test_all_is_what_is_up_or_may_be(desk: Desk) -> None:
    up, (lost, _), waits = send(desk), doubted(desk), desk.queue(desk.account("voice"), "later")
    with desk.outbox.read() as tx:
        found = recalling.pieces(tx, None)
        assert {(each.entry, each.state.value, each.up) for each in found} == {
            (up, "sent", True),
            (lost, "in_doubt", True),
        }
        [one] = recalling.pieces(tx, [waits])
        assert (one.waits, one.url, one.parts) == (True, None, 1)
        with pytest.raises(OutboxError, match="no entry #99"):
            recalling.pieces(tx, [up, 99])


# ── restored ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_restore_from_before_a_recall_does_not_forget_it(sqlite_desk: Desk, tmp_path: Path) -> None:
    desk, path = sqlite_desk, Path(sqlite_desk.outbox.place)
    up, waits = (
        send(desk, "one", "two"),
        desk.queue(desk.account("voice"), "later", due=NOON + timedelta(days=1)),
    )
    desk.approve(waits)
    backup.make(path, tmp_path / "backup")
    want(desk, up, waits)
    down(desk)
    desk.outbox.close()
    backup.restore(path, tmp_path / "backup", host="here", expected=None, who="mira")
    desk.outbox = opening.open_sqlite(path, host="here")
    assert desk.states(up) == ["recalling", "recalling"]  # taken down once more, which is harmless
    assert desk.states(waits) == ["cancelled"]
    assert down(desk) == [2, 1]


def test_a_restore_from_after_a_recall_sends_nothing_of_it(sqlite_desk: Desk, tmp_path: Path) -> None:
    desk, path = sqlite_desk, Path(sqlite_desk.outbox.place)
    up, waits = send(desk, "one", "two"), queued(desk, "later")
    want(desk, up, waits)
    backup.make(path, tmp_path / "backup")
    down(desk)
    desk.outbox.close()
    path.write_bytes(b"damaged")
    backup.restore(path, tmp_path / "backup", host="here", expected=None, who="mira")
    desk.outbox = opening.open_sqlite(path, host="here")
    desk.later(days=2)
    assert take(desk) == []
    assert down(desk) == [2, 1]
    assert desk.states(waits) == ["cancelled"]
