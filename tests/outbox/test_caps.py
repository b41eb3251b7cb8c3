"""How many posts an account puts out on a day: never more than the cap, whichever way they come."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from clarion.composing import entries
from clarion.composing.compose import Composed, Request
from clarion.composing.rules import Rules, open_at
from clarion.digest import digest
from clarion.errors import CheckFailed, OutboxError
from clarion.model import Account, Part, Receipt
from clarion.networks import NAMES
from clarion.outbox import accounts, schema
from clarion.outbox.claiming import claims, handling, looking, settle
from clarion.outbox.claiming.claims import Claim, Held
from clarion.outbox.claiming.tending import tend
from clarion.outbox.entries import posts
from clarion.outbox.limits import caps
from clarion.outbox.limits.caps import Caps
from tests.desk import NOON, Desk
from tests.outbox.meeting import Act, Scene, fresh, meetings, taken_at_once, two
from tests.outbox.ready import composed

__all__ = ["two"]

BERLIN = ZoneInfo("Europe/Berlin")
#: NOON is the day on which Berlin's clocks go forward: 23 hours.
CAPS = Caps(zone=BERLIN, most=dict.fromkeys(NAMES, 2))
RULES = Rules(caps=CAPS)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TODAY = datetime(2026, 3, 29, tzinfo=BERLIN).toordinal()


def say(desk: Desk, *what: Composed, rules: Rules = RULES) -> int:
    request = Request(text="a text", because="it matters")
    return entries.queue(desk.outbox, request, what, author="ann", rules=rules).number


def approved(desk: Desk, *what: Composed) -> int:
    number = say(desk, *what)
    desk.approve(number)
    return number


def take(desk: Desk, held: list[Held] | None = None) -> list[Claim]:
    told = [] if held is None else held
    with desk.outbox.write() as tx:
        return claims.claim(tx, replace(desk.terms(), caps=CAPS), 10, told.append)


def publish(desk: Desk, held: list[Held] | None = None) -> list[int]:
    """Send all that may go; the numbers of their entries."""
    sent = []
    while taken := take(desk, held):
        for claim in taken:
            up = Receipt(remote_id=claim.delivery.id, url="https://one.example/1", at=desk.now)
            with desk.outbox.write() as tx:
                settle.sent(tx, claim, up)
            sent.append(claim.delivery.entry)
    return sent


def day_of(desk: Desk, number: int) -> int | None:
    with desk.outbox.read() as tx:
        found = tx.execute(sa.select(schema.post.c.day).where(schema.post.c.entry == number)).scalar_one()
    return None if found is None else int(found)


# ── queueing ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_next_post_of_a_full_day_is_refused_and_says_what_stands_there(desk: Desk) -> None:
    voice = desk.account("voice")
    first, second = say(desk, composed(voice)), say(desk, composed(voice))
    with pytest.raises(CheckFailed) as caught:
        say(desk, composed(voice))
    assert caught.value.message == (
        f"nothing was queued: voice has 2 posts in en on 2026-03-29 already (#{first}, #{second}),"
        " and 2 a day is the most"
    )
    assert '--at "2026-03-30 14:00"; or' in (caught.value.hint or ""), "the next day, which has room"
    assert f"clarion queue cancel {first} · clarion queue cancel {second}" in (caught.value.hint or "")
    with desk.outbox.read() as tx:
        assert len(posts.entries(tx)) == 2, "nothing is kept of what is refused"


def test_what_makes_room_is_a_day_that_has_some_and_no_entry_that_is_up(desk: Desk) -> None:
    voice = desk.account("voice")
    approved(desk, composed(voice))
    [up] = publish(desk)
    waits = say(desk, composed(voice))
    for _ in range(2):
        say(desk, composed(voice, NOON + timedelta(days=1)))
    with pytest.raises(CheckFailed) as caught:
        say(desk, composed(voice))
    hint = caught.value.hint or ""
    assert '--at "2026-03-31 14:00"' in hint
    assert f"queue cancel {waits}" in hint
    assert f"queue cancel {up}" not in hint


def test_each_language_and_each_account_has_its_own_count(desk: Desk) -> None:
    voice, other = desk.account("voice"), desk.account("other")
    for _ in range(2):
        say(desk, composed(voice), composed(voice, language="ru"), composed(other))
    with pytest.raises(CheckFailed, match="voice has 2 posts in ru"):
        say(desk, composed(voice, language="ru"))


def test_a_day_begins_and_ends_by_the_campaigns_clock(desk: Desk) -> None:
    voice = desk.account("voice")
    midnight = datetime(2026, 3, 29, tzinfo=BERLIN)
    for due in (midnight, datetime(2026, 3, 29, 23, 59, tzinfo=BERLIN)):
        say(desk, composed(voice, due))
    for due in (midnight - timedelta(seconds=1), datetime(2026, 3, 30, tzinfo=BERLIN)):
        say(desk, composed(voice, due))
    with pytest.raises(CheckFailed, match="2026-03-29"):
        say(desk, composed(voice, NOON))


def test_what_was_cancelled_expired_or_refused_leaves_room_and_what_went_out_does_not(desk: Desk) -> None:
    voice = desk.account("voice")
    for number in [say(desk, composed(voice)) for _ in range(2)]:
        with desk.outbox.write() as tx:
            posts.cancel(tx, number, who="ann")
    gone = [approved(desk, composed(voice)) for _ in range(2)]
    assert sorted(publish(desk)) == gone
    with pytest.raises(CheckFailed, match=f"#{gone[0]}, #{gone[1]}"):
        say(desk, composed(voice))


def test_a_thread_is_one_post(desk: Desk) -> None:
    voice = desk.account("voice")
    thread = composed(voice)
    parts = (*thread.payload.parts, Part(text="and more"), Part(text="and the rest"))
    payload = replace(thread.payload, parts=parts)
    say(desk, replace(thread, payload=payload, digest=digest(payload)))
    say(desk, composed(voice))
    with pytest.raises(CheckFailed):
        say(desk, composed(voice))


def test_taking_care_does_not_wait_a_correction_counts_for_no_day(desk: Desk) -> None:
    voice = desk.account("voice")
    wrong = approved(desk, composed(voice))
    assert publish(desk) == [wrong]
    say(desk, composed(voice))
    with desk.outbox.read() as tx:
        [of_wrong] = posts.show(tx, wrong).posts
    correction = say(desk, composed(voice, answers=of_wrong.deliveries[0].id))
    assert day_of(desk, correction) is None
    desk.approve(correction)
    assert publish(desk) == [correction]


def test_what_is_tried_again_counts_for_its_new_day(desk: Desk) -> None:
    voice = desk.account("voice")
    late = approved(desk, composed(voice))
    desk.later(hours=3)
    with desk.outbox.write() as tx:
        tend(tx, lambda _account, _after: None)
    for _ in range(2):
        say(desk, composed(voice, desk.now + DAY))
    with desk.outbox.read() as tx:
        _, chosen = handling.retriable(tx, late)
    with pytest.raises(CheckFailed, match=f"#{late} stays as it is: voice has 2 posts in en on 2026-03-30"):
        entries.retry(desk.outbox, late, chosen, {False: desk.now + DAY}, who="ann", rules=RULES)
    assert desk.states(late) == ["expired"]
    entries.retry(desk.outbox, late, chosen, {False: desk.now + 2 * DAY}, who="ann", rules=RULES)
    assert day_of(desk, late) == CAPS.day(desk.now + 2 * DAY)


def test_a_free_slot_is_on_a_day_with_room(desk: Desk) -> None:
    voice = desk.account("voice")
    for _ in range(2):
        say(desk, composed(voice, NOON + DAY))
    may = open_at(desk.outbox, RULES, ["voice"], ["en"])
    assert [may(NOON + ahead * DAY) for ahead in range(3)] == [True, False, True]
    assert open_at(desk.outbox, RULES, ["voice"], ["ru"])(NOON + DAY)


# ── going out ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_nobody_published_in_time_counts_for_the_day_on_which_it_goes_out(desk: Desk) -> None:
    voice = desk.account("voice")
    evening = datetime(2026, 3, 29, 23, 30, tzinfo=BERLIN)
    yesterday = approved(desk, composed(voice, evening))
    today = approved(desk, composed(voice, evening + timedelta(hours=1)))
    desk.later(hours=10, minutes=45)  # 00:45 in Berlin
    assert publish(desk) == [yesterday, today]
    assert day_of(desk, yesterday) == day_of(desk, today)
    with pytest.raises(CheckFailed, match=f"2026-03-30 already .#{yesterday}, #{today}"):
        say(desk, composed(voice, desk.now))


def test_what_is_carried_over_to_a_full_day_waits_for_the_next(desk: Desk) -> None:
    voice = desk.account("voice")
    evening = datetime(2026, 3, 29, 23, 30, tzinfo=BERLIN)
    carried = approved(desk, composed(voice, evening, late=2 * DAY))
    today = [approved(desk, composed(voice, evening + timedelta(hours=1))) for _ in range(2)]
    desk.later(hours=10, minutes=45)
    held: list[Held] = []
    assert sorted(publish(desk, held)) == today
    tomorrow = datetime(2026, 3, 31, tzinfo=BERLIN)
    assert [(each.entry, each.until) for each in held] == [(carried, tomorrow)]
    assert desk.states(carried) == ["scheduled"]
    desk.later(days=1)
    assert publish(desk) == [carried]


def doubted_and_absent(desk: Desk) -> None:
    """Its answer is lost; ten minutes later it is found not to be up, and is to go again."""
    [claim] = take(desk)
    with desk.outbox.write() as tx:
        settle.doubted(tx, claim, look_at=tx.now, reason="no answer")
    desk.later(minutes=10)
    with desk.outbox.write() as tx:
        [look] = looking.claim(tx, desk.terms(), 10, timedelta(minutes=2))
    with desk.outbox.write() as tx:
        assert settle.absent(tx, look)


@pytest.mark.parametrize("others", [1, 2])
def test_what_goes_again_on_another_day_counts_for_that_day(desk: Desk, others: int) -> None:
    voice = desk.account("voice")
    midnight = datetime(2026, 3, 30, tzinfo=BERLIN)
    repeated = approved(desk, composed(voice, midnight - timedelta(minutes=1)))
    today = [approved(desk, composed(voice, midnight + timedelta(minutes=5))) for _ in range(others)]
    desk.later(hours=9, minutes=59)
    doubted_and_absent(desk)
    held: list[Held] = []
    assert sorted(publish(desk, held)) == ([repeated, *today] if others == 1 else today)
    assert [(each.entry, each.until) for each in held] == [(repeated, midnight + DAY)][: others - 1]
    assert day_of(desk, repeated) == CAPS.day(midnight if others == 1 else NOON)
    desk.later(days=1)
    assert publish(desk) == [repeated][: others - 1]


def test_an_evergreen_post_goes_to_a_slot_on_a_day_with_room(desk: Desk) -> None:
    voice = desk.account("voice")
    ever = approved(desk, composed(voice, evergreen=True))
    for ahead in (1, 1, 2, 2):
        say(desk, composed(voice, NOON + ahead * DAY))
    desk.later(hours=3)

    def nine(_account: str, after: datetime) -> datetime:
        morning = after.astimezone(BERLIN).replace(hour=9, minute=0, second=0, microsecond=0)
        return morning if morning > after else morning + DAY

    with desk.outbox.write() as tx:
        [moved] = tend(tx, nine, CAPS).lapsed
    assert moved.moved_to == datetime(2026, 4, 1, 9, tzinfo=BERLIN)
    assert day_of(desk, ever) == CAPS.day(NOON + 3 * DAY)


# ── at once ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_of_many_who_queue_at_once_as_many_are_taken_as_there_is_room_for(desk: Desk) -> None:
    voice = desk.account("voice")
    made = [composed(voice) for _ in range(6)]
    assert taken_at_once([partial(say, desk, what) for what in made]) == 2


def test_whenever_two_meet_over_the_last_place_of_a_day_one_has_it(two: tuple[Desk, Desk]) -> None:
    """PostgreSQL, where nobody waits by himself: the second comes after every statement of the first."""

    def make() -> Scene:
        scene = fresh(two)
        say(scene.one, composed(scene.account))
        return scene

    def speak(desk: Desk, scene: Scene) -> int:
        return say(desk, composed(scene.account))

    for _, met in meetings(make, speak, speak):
        answers = [met.first, met.second]
        assert sorted(type(each).__name__ for each in answers) == ["CheckFailed", "int"]


def standing(scene: Scene, day: int) -> int:
    """How many posts of the scene's account count for a day and may go up."""
    with scene.one.outbox.read() as tx:
        mine = sa.select(schema.account.c.id).where(schema.account.c.name == scene.account.name)
        return len(caps.standing(tx, tx.execute(mine).scalar_one(), "en", day))


def try_again(desk: Desk, scene: Scene) -> object:
    """Bring back, for today, the one that expired."""
    with desk.outbox.read() as tx:
        _, chosen = handling.retriable(tx, scene.number)
    return entries.retry(desk.outbox, scene.number, chosen, {False: NOON}, who="ann", rules=RULES)


def carry(desk: Desk, scene: Scene) -> int:
    terms = replace(desk.terms(), caps=CAPS, accounts=[scene.account.name])
    with desk.outbox.write() as tx:
        return len(claims.claim(tx, terms, 1))


def reslot(desk: Desk, _scene: Scene) -> int:
    with desk.outbox.write() as tx:
        return len(tend(tx, lambda _account, _after: NOON + HOUR, CAPS).lapsed)


@pytest.mark.parametrize("other", [carry, reslot])
def test_whenever_a_post_comes_to_a_day_while_another_is_tried_again_the_day_is_not_overfull(
    two: tuple[Desk, Desk], other: Act
) -> None:
    def make() -> Scene:
        scene = fresh(two)
        scene.number = say(scene.one, composed(scene.account, NOON - DAY, late=HOUR))
        with scene.one.outbox.write() as tx:
            tend(tx, lambda _account, _after: None)
        late = 2 * DAY if other is carry else HOUR
        approved(scene.one, composed(scene.account, NOON - DAY, late=late, evergreen=other is reslot))
        say(scene.one, composed(scene.account))
        return scene

    for pair in ((try_again, other), (other, try_again)):
        places = []
        for scene, _ in meetings(make, *pair):
            places.append(standing(scene, TODAY))
            assert places[-1] <= 2
        assert 2 in places, "and somebody has the last place"


def test_whenever_a_post_is_carried_over_while_another_is_queued_the_day_is_not_overfull(
    two: tuple[Desk, Desk],
) -> None:
    def make() -> Scene:
        scene = fresh(two)
        scene.number = approved(scene.one, composed(scene.account, NOON - DAY, late=2 * DAY))
        say(scene.one, composed(scene.account))
        return scene

    def speak(desk: Desk, scene: Scene) -> int:
        return say(desk, composed(scene.account))

    for pair in ((speak, carry), (carry, speak)):
        for scene, _ in meetings(make, *pair):
            assert standing(scene, TODAY) <= 2


# ── one account, one name ─────────────────────────────────────────────────────────────────────────────────────


def pin(desk: Desk, whom: Account, *, verified: bool) -> None:
    with desk.outbox.write() as tx:
        accounts.pin(tx, whom, verified=verified)


@pytest.mark.parametrize("verified", [True, False])
def test_an_account_has_no_second_cap_under_a_second_name(desk: Desk, verified: bool) -> None:
    voice = desk.account("voice")
    pin(desk, voice, verified=True)
    with pytest.raises(OutboxError, match="was verified as “voice” before") as caught:
        pin(desk, replace(voice, name="speech"), verified=verified)
    assert "[accounts.voice] instead of [accounts.speech]" in (caught.value.hint or "")
    pin(desk, voice, verified=True)
    other = replace(voice, name="speech", identity=replace(voice.identity, origin="https://two.example"))
    pin(desk, other, verified=True)
    with desk.outbox.read() as tx:
        assert [each.account.name for each in accounts.standings(tx)] == ["speech", "voice"]


def test_whenever_two_hosts_pin_one_account_under_two_names_one_of_them_has_it(
    two: tuple[Desk, Desk],
) -> None:
    def under(name: str) -> Act:
        def act(desk: Desk, scene: Scene) -> None:
            who = f"remote-{scene.account.name}"
            whom = replace(scene.account, identity=replace(scene.account.identity, remote_id=who))
            pin(desk, replace(whom, name=f"{name}-{scene.account.name}"), verified=True)

        return act

    for _, met in meetings(lambda: fresh(two), under("voice"), under("speech")):
        assert sorted(type(each).__name__ for each in [met.first, met.second]) == ["NoneType", "OutboxError"]
