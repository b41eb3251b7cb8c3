"""Two who change the same at once, on PostgreSQL, where nobody waits unless a row or a lock makes him.

The first does a part of its work and stops there, in the middle of its transaction; the second does all of its own, or
comes to wait for a lock; then the first goes on. This is tried after every statement of the first, and with the two
changed about. Whatever the moment: the end is one that the table of states allows, both get an answer that a person
understands, and nobody waits for somebody who waits for him.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
import sqlalchemy as sa

from clarion.errors import OutboxError
from clarion.model import ApprovalPolicy, Receipt
from clarion.networks.base import Absent, Found
from clarion.outbox import accounts, engines, incidents, schema, store
from clarion.outbox.claiming import claims, handling, settle
from clarion.outbox.claiming.tending import tend
from clarion.outbox.entries import posts
from clarion.outbox.hosting import opening
from tests import postgres
from tests.desk import NOON, Desk
from tests.outbox.meeting import (
    PATIENCE,
    Act,
    Scene,
    approve,
    both_ways,
    cancel,
    claim_of,
    failed,
    fresh,
    halted_after,
    hold,
    in_doubt,
    in_flight,
    meetings,
    pause_breaking,
    publish,
    queued,
    resume,
    somebody_waits,
    two,
)

__all__ = ["two"]

_delivery = schema.delivery


# ── people against people ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("pair", both_ways(pause_breaking, approve))
def test_a_hold_and_an_approval_come_one_after_the_other(
    two: tuple[Desk, Desk], pair: tuple[Act, Act]
) -> None:
    for scene, _ in meetings(lambda: queued(two, "one", "two", approved=False), *pair):
        [state] = set(scene.states())
        with scene.one.outbox.read() as tx:
            [post] = posts.show(tx, scene.number).posts
        assert (state, len(post.approvals)) in {("scheduled", 1), ("pending", 0)}
        resume(scene.one, scene)
        publish(scene.one, scene)
        assert len(scene.network.taken) == (2 if state == "scheduled" else 0)


def approve_as(who: str) -> Act:
    def approve(desk: Desk, scene: Scene) -> object:
        return desk.approve(scene.number, who, ApprovalPolicy(mode="team", required=2))

    return approve


def test_two_who_approve_at_once_are_two(two: tuple[Desk, Desk]) -> None:
    for scene, met in meetings(
        lambda: queued(two, "hello", approved=False), approve_as("ben"), approve_as("mira")
    ):
        assert (sorted([met.first, met.second]), scene.states()) == ([0, 1], ["scheduled"])  # type: ignore[type-var]


def retry_for(hours: int) -> Act:
    def retry(desk: Desk, scene: Scene) -> object:
        """As the command does it: read, show, then write."""
        with desk.outbox.read() as tx:
            _, chosen = handling.retriable(tx, scene.number)
        with desk.outbox.write() as tx:
            return handling.retry(tx, scene.number, chosen, NOON + timedelta(hours=hours), who="mira")

    return retry


def test_of_two_who_try_again_at_once_one_does(two: tuple[Desk, Desk]) -> None:
    for scene, met in meetings(lambda: failed(two), retry_for(1), retry_for(5)):
        refused = [each for each in (met.first, met.second) if isinstance(each, OutboxError)]
        assert [error.message for error in refused] == [
            f"#{scene.number} is pending: only what failed or expired is tried again"
        ]
        hours = 5 if refused[0] is met.first else 1
        with scene.one.outbox.read() as tx:
            [post] = posts.show(tx, scene.number).posts
        due = NOON + timedelta(hours=hours)
        assert (post.due, post.deliveries[0].due_at, set(scene.states())) == (due, due, {"pending"})


# ── people against the worker ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("stop", "stopped", "picture"),
    [
        pytest.param(cancel, "cancelled", False, id="cancel a text"),
        pytest.param(cancel, "cancelled", True, id="cancel a picture"),
        pytest.param(pause_breaking, "pending", False, id="pause --breaking a text"),
        pytest.param(pause_breaking, "pending", True, id="pause --breaking a picture"),
        pytest.param(hold, "pending", False, id="hold a text"),
        pytest.param(
            hold,
            "pending",
            True,
            id="hold a picture",
        ),
    ],
)
def test_what_is_stopped_before_its_intent_is_never_sent(
    two: tuple[Desk, Desk], stop: Act, stopped: str, *, picture: bool
) -> None:
    stopped_in_time = 0
    for scene, met in meetings(lambda: queued(two, "hello", picture=picture), publish, stop):
        in_time = met.overtook and not met.intended
        stopped_in_time += in_time
        resume(scene.one, scene)
        publish(scene.one, scene)
        [state] = scene.states()
        assert (state, len(scene.network.taken)) == ((stopped, 0) if in_time else (state, state == "sent"))
        assert state in {stopped, "sent"}
    assert stopped_in_time > 2


@pytest.mark.parametrize(
    ("stop", "stopped"), [(cancel, "cancelled"), (pause_breaking, "pending"), (hold, "pending")]
)
def test_a_stop_that_has_begun_ends_as_a_stop_or_comes_too_late(
    two: tuple[Desk, Desk], stop: Act, stopped: str
) -> None:
    for scene, met in meetings(lambda: queued(two, "hello", picture=True), stop, publish):
        resume(scene.one, scene)
        publish(scene.one, scene)
        [state] = scene.states()
        assert (state, len(scene.network.taken)) in {(stopped, 0), ("sent", 1)}
        if not met.overtook:  # it had to wait for the stop
            assert state == stopped


def snooze(desk: Desk, scene: Scene) -> object:
    with desk.outbox.write() as tx:
        return settle.rate_limited(tx, claim_of(scene), until=tx.now + 1, reason="429")


def doubt(desk: Desk, scene: Scene) -> object:
    with desk.outbox.write() as tx:
        return settle.doubted(tx, claim_of(scene), look_at=None, reason="the answer was lost")


@pytest.mark.parametrize("ending", [snooze, doubt])
@pytest.mark.parametrize("cancel_first", [True, False], ids=["cancel first", "settle first"])
def test_what_is_cancelled_in_flight_is_never_sent_again(
    two: tuple[Desk, Desk], ending: Act, *, cancel_first: bool
) -> None:
    pair = (cancel, ending) if cancel_first else (ending, cancel)
    for scene, _ in meetings(lambda: in_flight(two, "hello"), *pair):
        if scene.states() == ["in_doubt"]:
            with scene.one.outbox.write() as tx:
                [doubtful] = handling.doubts(tx, scene.number)
                handling.is_absent(tx, doubtful, outbox_id=scene.one.outbox.id, who="mira")
        assert scene.states() == ["cancelled"]


def arrive(desk: Desk, scene: Scene) -> object:
    with desk.outbox.write() as tx:
        receipt = Receipt(remote_id=scene.account.name, url="https://one.example/1", at=NOON)
        return settle.sent(tx, claim_of(scene), receipt)


def held_in_flight(two: tuple[Desk, Desk]) -> Scene:
    """A thread whose first part is on its way and whose second was put before people. The ids stand the other way round."""
    while True:
        scene = in_flight(two, "one", "two")
        with scene.one.outbox.read() as tx:
            [post] = posts.show(tx, scene.number).posts
        if post.deliveries[0].id > post.deliveries[1].id:
            hold(scene.one, scene)
            return scene


@pytest.mark.parametrize("pair", both_ways(arrive, approve))
def test_an_approval_and_a_receipt_of_one_thread_do_not_wait_for_each_other(
    two: tuple[Desk, Desk], pair: tuple[Act, Act]
) -> None:
    for scene, _ in meetings(lambda: held_in_flight(two), *pair):
        # Approved after the receipt, it may go on; before, the thread was in flight and not there to be approved.
        assert scene.states() in (["sent", "scheduled"], ["sent", "pending"])


def expire(desk: Desk, scene: Scene) -> object:
    with desk.outbox.write() as tx:
        return tend(tx, lambda _account, _after: None)


def too_late(two: tuple[Desk, Desk]) -> Scene:
    """A thread whose time has passed and of which nobody took notice yet."""
    while True:
        scene = queued(two, "one", "two", approved=False)
        with scene.one.outbox.write() as tx:
            [post] = posts.show(tx, scene.number).posts
            first, second = (each.id for each in post.deliveries)
            late = sa.update(_delivery).where(_delivery.c.id == first).values(lapses_at=tx.now - 1)
            if first > second:
                tx.execute(late)
                return scene


@pytest.mark.parametrize("pair", both_ways(expire, approve))
def test_an_approval_and_the_end_of_its_time_do_not_wait_for_each_other(
    two: tuple[Desk, Desk], pair: tuple[Act, Act]
) -> None:
    for scene, _ in meetings(lambda: too_late(two), *pair):
        expire(scene.one, scene)
        assert scene.states() == ["expired", "expired"]


# ── in doubt ──────────────────────────────────────────────────────────────────────────────────────────────────


def resolve_sent(desk: Desk, scene: Scene) -> object:
    with desk.outbox.read() as tx:
        found = handling.doubts(tx, scene.number)
    if not found:
        raise OutboxError("nothing of it is in doubt")
    receipt = Receipt(remote_id=f"seen-{scene.account.name}", url="https://one.example/seen", at=NOON)
    with desk.outbox.write() as tx:
        handling.is_up(tx, found[0], receipt, outbox_id=desk.outbox.id, who="mira")
    return True


def resolve_absent(desk: Desk, scene: Scene) -> object:
    with desk.outbox.read() as tx:
        found = handling.doubts(tx, scene.number)
    if not found:
        raise OutboxError("nothing of it is in doubt")
    with desk.outbox.write() as tx:
        handling.is_absent(tx, found[0], outbox_id=desk.outbox.id, who="mira")
    return True


@pytest.mark.parametrize("pair", both_ways(publish, resolve_absent))
def test_a_look_that_finds_it_and_a_person_who_did_not_are_not_both_believed(
    two: tuple[Desk, Desk], pair: tuple[Act, Act]
) -> None:
    for scene, met in meetings(lambda: in_doubt(two), *pair):
        believed = True in (met.first, met.second)  # the person
        scene.one.later(minutes=3)
        publish(scene.one, scene)
        assert (scene.states(), len(scene.network.taken)) == (["sent"], believed)


@pytest.mark.parametrize("pair", both_ways(publish, resolve_sent))
def test_a_look_that_does_not_find_it_and_a_person_who_did_are_not_both_believed(
    two: tuple[Desk, Desk], pair: tuple[Act, Act]
) -> None:
    def unseen() -> Scene:
        scene = in_doubt(two)
        scene.network.looks = [Absent()]
        return scene

    for scene, met in meetings(unseen, *pair):
        believed = True in (met.first, met.second)  # the person
        scene.one.later(minutes=3)
        publish(scene.one, scene)
        assert (scene.states(), len(scene.network.taken)) == (["sent"], not believed)


def test_one_post_proves_one_delivery_also_to_two_at_once(two: tuple[Desk, Desk]) -> None:
    """A person says it of one delivery while a look finds it for another."""

    def make() -> Scene:
        scene = in_doubt(two)
        twin = scene.one.queue(scene.account, "hello again")
        scene.one.approve(twin)
        with scene.one.outbox.write() as tx:
            [claim] = claims.claim(tx, scene.one.terms(), 1)
            settle.doubted(tx, claim, look_at=None, reason="the answer was lost")
        scene.claim = claim
        scene.network.looks = [Found(receipt=same(scene))]
        return scene

    def same(scene: Scene) -> Receipt:
        return Receipt(remote_id=f"one-{scene.account.name}", url="https://one.example/one", at=NOON)

    def resolve_twin(desk: Desk, scene: Scene) -> object:
        with desk.outbox.write() as tx:
            [found] = handling.doubts(tx, claim_of(scene).delivery.entry)
            handling.is_up(tx, found, same(scene), outbox_id=desk.outbox.id, who="mira")
        return True

    # Whoever comes second on the very same moment may be told to try again.
    for scene, _ in meetings(make, publish, resolve_twin, may_be_busy=True):
        with scene.one.outbox.read() as tx:
            proved = sa.select(sa.func.count()).where(_delivery.c.remote_id == same(scene).remote_id)
            assert tx.execute(proved).scalar_one() == 1


# ── hosts that begin at once ──────────────────────────────────────────────────────────────────────────────────


def test_two_hosts_publish_for_the_first_time_at_once(two: tuple[Desk, Desk]) -> None:
    def make() -> Scene:
        with two[0].outbox.write() as tx:
            tx.execute(sa.delete(schema.meta).where(schema.meta.c.key.in_([store.HEARTBEAT, store.SEEN])))
        return fresh(two)

    def check_in(desk: Desk, scene: Scene) -> object:
        opening.check_in(desk.outbox, host=f"host-{id(desk)}", config="1:1")
        return True

    for _, met in meetings(make, check_in, check_in):
        assert (met.first, met.second) == (True, True)


def test_two_queue_the_same_picture_at_once(two: tuple[Desk, Desk]) -> None:
    def raw(scene: Scene) -> bytes:
        return scene.account.name.encode()

    def name_of(scene: Scene) -> str:
        return sha256(raw(scene)).hexdigest()

    def queue(desk: Desk, scene: Scene) -> object:
        return desk.queue(scene.account, "with a picture", images={name_of(scene): ("image/png", raw(scene))})

    for scene, met in meetings(lambda: fresh(two), queue, queue):
        assert isinstance(met.first, int)
        assert isinstance(met.second, int)
        with scene.one.outbox.read() as tx:
            assert posts.image(tx, name_of(scene)) == raw(scene)


def test_two_hosts_verify_a_new_account_at_once(two: tuple[Desk, Desk]) -> None:
    def verify(desk: Desk, scene: Scene) -> object:
        new = replace(scene.account, name=f"new-{scene.account.name}")
        with desk.outbox.write() as tx:
            accounts.pin(tx, new, verified=True)
        return True

    for _, met in meetings(lambda: fresh(two), verify, verify):
        assert (met.first, met.second) == (True, True)


def test_two_who_notice_the_same_trouble_open_one_incident(two: tuple[Desk, Desk]) -> None:
    def notice(desk: Desk, scene: Scene) -> object:
        with desk.outbox.write() as tx:
            return incidents.open_once(tx, "account_blocked", scene.account.name, "401")

    for _, met in meetings(lambda: fresh(two), notice, notice):
        assert sorted([met.first, met.second], key=bool) == [False, True]


@pytest.mark.parametrize("nth", [1, 2, 4, 8, 16, 32])
def test_an_upgrade_that_meets_another_waits_and_finds_it_done(
    postgres_server: postgres.Server, nth: int
) -> None:
    with postgres_server.database(template=None) as url:
        watching, answers = engines.postgres(url), list[object]()

        def upgrade() -> None:
            answers.append(opening.upgrade_postgres(url))

        first, second = (
            threading.Thread(target=upgrade, daemon=True),
            threading.Thread(target=upgrade, daemon=True),
        )
        with halted_after(sa.Engine, nth, only=first) as (halted, go_on):
            first.start()
            assert halted.wait(PATIENCE)
            second.start()
            while second.is_alive() and not somebody_waits(watching):
                second.join(0.002)
            go_on.set()
            for each in (first, second):
                each.join(PATIENCE)
        watching.dispose()
        assert sorted(map(str, answers)) in (["", ""], ["", schema.HEAD])
        outbox = opening.open_postgres(url)
        with outbox.read() as tx:
            ids = sa.select(sa.func.count()).where(schema.meta.c.key == store.OUTBOX_ID)
            assert tx.execute(ids).scalar_one() == 1
        outbox.close()
