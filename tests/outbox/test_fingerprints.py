"""What was said before, on both databases: compared when a post is shown, decided in the transaction that queues it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count

import pytest
import sqlalchemy as sa

from clarion.composing import entries, honesty
from clarion.composing.compose import Composed, Request
from clarion.composing.rules import Rules
from clarion.errors import CheckFailed
from clarion.model import Account, State
from clarion.outbox import schema
from clarion.outbox.claiming import handling
from clarion.outbox.entries import posts
from clarion.outbox.limits import fingerprints
from tests.desk import NOON, Desk
from tests.outbox import ready
from tests.outbox.meeting import Scene, fresh, meetings, taken_at_once, two

__all__ = ["two"]

TEXT = (
    "The Court has ruled: torture, discrimination, and no effective investigation by the state. The judgment was"
    " unanimous. It has still to be carried out, and those who fled are still waiting for their visas."
)
NEAR = TEXT.replace("waiting", "hoping")
GERMAN = (
    "Das Gericht hat entschieden: Folter, Diskriminierung und keine wirksame Untersuchung durch den Staat."
)
OTHER = "Write to your own representative today and ask what your government does for people who had to flee."


def composed(account: Account, text: str = TEXT, *, due: datetime = NOON, language: str = "en") -> Composed:
    return ready.composed(account, due, text=f"{text} #Tag", language=language)


def say(desk: Desk, *what: Composed, because: str | None = None) -> int:
    request = Request(text=what[0].payload.parts[0].text, because=because)
    return entries.queue(desk.outbox, request, what, author="ann", rules=Rules()).number


def rules(desk: Desk, *what: Composed) -> list[list[str]]:
    return [[finding.rule for finding in each.findings] for each in entries.compared(desk.outbox, what)]


# ── the rules ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("text", [TEXT, NEAR], ids=["exact", "near"])
def test_a_second_account_of_one_network_never_says_the_same(desk: Desk, text: str) -> None:
    one, other = desk.account("one"), desk.account("other")
    number = say(desk, composed(one))
    assert rules(desk, composed(other, text)) == [["alike-account"]]
    with pytest.raises(CheckFailed, match=f"#{number} says nearly the same on one, within a day"):
        say(desk, composed(other, text), because="it matters")
    with desk.outbox.read() as tx:
        assert [entry.number for entry in posts.entries(tx)] == [number]


def test_two_accounts_of_one_network_in_one_command_are_refused(desk: Desk) -> None:
    both = [composed(desk.account(name)) for name in ("one", "other")]
    assert rules(desk, *both) == [[], ["alike-account"]]
    with pytest.raises(CheckFailed, match="two accounts of one network never do"):
        say(desk, *both)


def test_one_account_says_the_same_within_a_week_for_a_reason(desk: Desk) -> None:
    account = desk.account("one")
    say(desk, composed(account))
    again = composed(account, NEAR, due=NOON + timedelta(days=7))
    assert rules(desk, again) == [["repeat-7"]]
    with pytest.raises(CheckFailed) as caught:
        say(desk, again)
    assert "--because" in (caught.value.hint or "")
    say(desk, again, because="the hearing is tomorrow")


def test_within_a_month_it_is_told_and_goes(desk: Desk) -> None:
    account = desk.account("one")
    say(desk, composed(account))
    again = composed(account, due=NOON + timedelta(days=29))
    assert rules(desk, again) == [["repeat-30"]]
    say(desk, again)


@pytest.mark.parametrize("days", [91, -91])
def test_after_91_days_another_account_may_say_it(desk: Desk, days: int) -> None:
    one, other = desk.account("one"), desk.account("other")
    say(desk, composed(one))
    far = composed(other, due=NOON + timedelta(days=days))
    assert rules(desk, far) == [[]]
    say(desk, far)


def test_different_texts_and_networks_are_free(desk: Desk) -> None:
    one, other, bird = desk.account("one"), desk.account("other"), desk.account("bird", "x")
    say(desk, composed(one))
    free = [composed(one, OTHER), composed(other, GERMAN, language="de"), composed(bird)]
    assert rules(desk, *free) == [[], [], []]
    say(desk, *free)


def test_posts_that_say_nothing_but_tags_are_not_compared(desk: Desk) -> None:
    one, other = desk.account("one"), desk.account("other")
    say(desk, composed(one, "#A"))
    say(desk, composed(other, "#A"))


def test_what_has_one_band_in_common_is_not_even_read(desk: Desk) -> None:
    """By chance many have one, and each would be read for nothing. Two that are alike have nearly all."""
    one = composed(desk.account("one"))
    say(desk, one)
    mark = honesty.fingerprint(one.payload, "mastodon")
    assert mark
    with desk.outbox.read() as tx:
        for common, read in ((1, 0), (2, 1)):
            bands = (*mark.bands[:common], *range(20 - common))
            assert len(fingerprints.near(tx, replace(mark, bands=bands), NOON)) == read


# ── what counts ───────────────────────────────────────────────────────────────────────────────────────────────


def test_undo_frees_the_text(desk: Desk) -> None:
    one, other = desk.account("one"), desk.account("other")
    say(desk, composed(one))
    entries.undo(desk.outbox, who="ann")
    assert rules(desk, composed(other), composed(one)) == [[], ["alike-account"]]
    say(desk, composed(other))


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        (State.SENT, True),
        (State.IN_DOUBT, True),
        (State.PENDING, True),
        (State.FAILED, False),
        (State.EXPIRED, False),
        (State.RECALLED, False),
    ],
)
def test_what_is_not_up_and_will_not_be_does_not_count(desk: Desk, state: State, *, counts: bool) -> None:
    one, other = desk.account("one"), desk.account("other")
    say(desk, composed(one))
    with desk.outbox.write() as tx:
        tx.execute(sa.update(schema.delivery).values(state=state.value))
    assert rules(desk, composed(other)) == [["alike-account"] if counts else []]


def test_a_post_that_was_put_off_counts_from_its_new_time(desk: Desk) -> None:
    one, other = desk.account("one"), desk.account("other")
    say(desk, composed(one))
    with desk.outbox.write() as tx:
        tx.execute(sa.update(schema.post).values(due=schema.post.c.due + 10 * 86_400_000_000))
    assert rules(desk, composed(other, due=NOON + timedelta(days=100))) == [["alike-account"]]
    assert rules(desk, composed(other, due=NOON - timedelta(days=81))) == [[]]


def test_a_fingerprint_outlives_its_post(desk: Desk) -> None:
    one, other = desk.account("one"), desk.account("other")
    say(desk, composed(one))
    with desk.outbox.write() as tx:
        for table in (schema.delivery, schema.post, schema.entry):
            tx.execute(sa.delete(table))
    [found] = entries.compared(desk.outbox, [composed(other)])[0].findings
    assert found.why.startswith("A post says nearly the same on one")


def test_nothing_of_a_refused_entry_stays(desk: Desk) -> None:
    one, other = desk.account("one"), desk.account("other")
    say(desk, composed(one))
    with pytest.raises(CheckFailed):
        say(desk, composed(other, OTHER), composed(other))
    assert rules(desk, composed(one, OTHER)) == [[]]


# ── tried again ───────────────────────────────────────────────────────────────────────────────────────────────


def expire(desk: Desk, number: int) -> None:
    with desk.outbox.write() as tx:
        mine = sa.select(schema.post.c.id).where(schema.post.c.entry == number)
        expired = sa.update(schema.delivery).where(schema.delivery.c.post.in_(mine))
        tx.execute(expired.values(state=State.EXPIRED.value))


def retry(desk: Desk, number: int, due: datetime = NOON) -> None:
    with desk.outbox.read() as tx:
        _, chosen = handling.retriable(tx, number)
    entries.retry(desk.outbox, number, chosen, {False: due}, who="ann", rules=Rules())


def test_what_another_account_said_meanwhile_is_not_tried_again(desk: Desk) -> None:
    number = say(desk, composed(desk.account("one")))
    expire(desk, number)
    later = say(desk, composed(desk.account("other"), NEAR))
    with pytest.raises(CheckFailed, match=f"#{later} says nearly the same on other") as caught:
        retry(desk, number)
    assert f"clarion queue show {number}" in (caught.value.hint or "")
    assert desk.states(number) == ["expired"]


def test_of_two_that_expired_one_is_tried_again(desk: Desk) -> None:
    numbers = []
    for name in ("one", "other"):
        numbers.append(say(desk, composed(desk.account(name))))
        expire(desk, numbers[-1])
    retry(desk, numbers[0])
    with pytest.raises(CheckFailed):
        retry(desk, numbers[1])
    assert [desk.states(each) for each in numbers] == [["pending"], ["expired"]]


def test_an_account_tries_its_own_text_again_and_others_after_91_days(desk: Desk) -> None:
    number = say(desk, composed(desk.account("one")))
    expire(desk, number)
    say(desk, composed(desk.account("other")))
    retry(desk, number, NOON + timedelta(days=91))
    expire(desk, number)
    retry(desk, number, NOON + timedelta(days=92))
    assert desk.states(number) == ["pending"]


# ── at once ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_of_many_who_queue_one_text_at_once_one_is_taken(desk: Desk) -> None:
    accounts = [desk.account(f"voice{number}") for number in range(4)]
    assert taken_at_once([partial(say, desk, composed(account)) for account in accounts]) == 1


def test_whenever_two_meet_over_a_text_one_is_taken(two: tuple[Desk, Desk]) -> None:
    """PostgreSQL, where nobody waits by himself: the second comes after every statement of the first."""

    times = count(1)

    def make() -> Scene:
        scene = fresh(two)
        scene.one.account(f"{scene.account.name}-b")
        scene.number = next(times)
        return scene

    def speak(desk: Desk, scene: Scene) -> int:
        name = scene.account.name if desk is scene.one else f"{scene.account.name}-b"
        # each meeting far from the others
        due = NOON + timedelta(days=200 * scene.number)
        return say(desk, composed(replace(scene.account, name=name), due=due))

    for _, met in meetings(make, speak, speak):
        answers = [met.first, met.second]
        assert sum(isinstance(each, CheckFailed) for each in answers) == 1
        assert sum(isinstance(each, int) for each in answers) == 1
