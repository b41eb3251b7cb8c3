"""Two meet over one entry, at every moment at which they can: the first stands still after a statement, the second goes on.

In: an outbox on PostgreSQL, what the two do, and what they do it with. Out: a meeting for each statement of the first, with
what each got for an answer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

import pytest
import sqlalchemy as sa

from clarion.errors import CheckFailed, ClarionError, OutboxBusy
from clarion.model import Account
from clarion.outbox import pauses, schema, store
from clarion.outbox.claiming import claims, settle
from clarion.outbox.claiming.claims import Claim
from clarion.outbox.entries import posts
from clarion.outbox.hosting import opening
from clarion.publishing.worker import Worker
from tests import postgres
from tests.desk import Desk, on_postgres
from tests.publishing.conftest import Network

_delivery, _attempt = schema.delivery, schema.attempt
#: In seconds: nobody waits so long for a lock, unless for ever.
PATIENCE = 20.0


@dataclass
class Scene:
    """What two meet over. `one` and `two` are the same outbox, by connections of their own."""

    one: Desk
    two: Desk
    account: Account
    number: int = 0
    network: Network = field(default_factory=Network)
    claim: Claim | None = None

    def states(self) -> list[str]:
        return self.one.states(self.number)

    def intended(self) -> bool:
        """Whether the intent of a request for it is committed."""
        of_it = sa.select(_delivery.c.id).join(schema.post, schema.post.c.id == _delivery.c.post)
        with self.two.outbox.read() as tx:
            found = tx.execute(
                sa.select(_attempt.c.fence).where(
                    _attempt.c.delivery.in_(of_it.where(schema.post.c.entry == self.number)),
                    _attempt.c.intent_at.is_not(None),
                )
            )
            return found.first() is not None


#: What one of the two does.
Act = Callable[[Desk, Scene], object]


@dataclass(kw_only=True)
class Met:
    """How a meeting ended: what each got for an answer, an error that it may get included."""

    first: object = None
    second: object = None
    reached: bool = False  # the first had so many statements
    overtook: bool = False  # the second was done while the first stood still
    intended: bool = False  # and by then the intent was committed


@pytest.fixture
def two(postgres_server: postgres.Server) -> Iterator[tuple[Desk, Desk]]:
    with on_postgres(postgres_server) as one:
        url = one.outbox.engine.url.render_as_string(hide_password=False)
        opened = opening.open_postgres(url)
        try:
            other = Desk(opened)
            other.names = one.names
            yield one, other
        finally:
            opened.close()


def meetings(
    make: Callable[[], Scene], first: Act, second: Act, *, may_be_busy: bool = False
) -> Iterator[tuple[Scene, Met]]:
    """The two meet after every statement of the first, each time over something new."""
    for nth in count(1):
        scene = make()
        met = _meet(scene, first, second, nth)
        for answer in (met.first, met.second):
            assert may_be_busy or not isinstance(answer, OutboxBusy), f"after statement {nth}: {answer}"
            if isinstance(answer, BaseException) and not isinstance(answer, ClarionError):
                answer.add_note(f"after statement {nth} of the first")
                raise answer
        yield scene, met
        if not met.reached:
            break
    assert nth > 2, "they did not meet"


def _meet(scene: Scene, first: Act, second: Act, nth: int) -> Met:
    met = Met()

    def begin() -> None:
        met.first = _answer(first, scene.one, scene)

    def follow() -> None:
        met.second = _answer(second, scene.two, scene)

    with halted_after(scene.one.outbox.engine, nth) as (halted, go_on):
        one, two = threading.Thread(target=begin, daemon=True), threading.Thread(target=follow, daemon=True)
        one.start()
        while one.is_alive() and not halted.wait(0.002):
            pass
        met.reached = halted.is_set()
        two.start()
        while two.is_alive() and not somebody_waits(scene.two.outbox.engine):
            two.join(0.002)
        if not two.is_alive():
            met.overtook = met.reached
            met.intended = scene.intended()
        go_on.set()
        for each in (one, two):
            each.join(PATIENCE)
            assert not each.is_alive(), f"after statement {nth} they wait for each other"
    return met


def _answer(act: Act, desk: Desk, scene: Scene) -> object:
    try:
        return act(desk, scene)
    except BaseException as error:  # noqa: BLE001 - judged by who arranged the meeting
        return error


@contextmanager
def halted_after(
    engine: sa.Engine | type[sa.Engine], nth: int, *, only: threading.Thread | None = None
) -> Iterator[tuple[threading.Event, threading.Event]]:
    """After its nth statement, this engine's user stands still until it is told to go on."""
    halted, go_on = threading.Event(), threading.Event()
    numbers, lock = count(1), threading.Lock()

    def stand_still(*_: object) -> None:
        if only not in (None, threading.current_thread()):
            return
        with lock:
            mine = next(numbers)
        if mine == nth:
            halted.set()
            assert go_on.wait(PATIENCE)

    sa.event.listen(engine, "after_cursor_execute", stand_still)
    try:
        yield halted, go_on
    finally:
        go_on.set()
        sa.event.remove(engine, "after_cursor_execute", stand_still)


_WAITING = sa.text(
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' LIMIT 1"
)


def somebody_waits(engine: sa.Engine) -> bool:
    """Whether anybody in this database waits for a lock."""
    with engine.connect() as connection, connection.begin():
        return connection.execute(_WAITING).first() is not None


# ── scenes and acts ───────────────────────────────────────────────────────────────────────────────────────────


def taken_at_once(attempts: Sequence[Callable[[], object]]) -> int:
    """Let all of these begin at the same moment; how many of them no check refused."""
    gate = threading.Barrier(len(attempts))

    def taken(attempt: Callable[[], object]) -> bool:
        gate.wait(PATIENCE)
        try:
            attempt()
        except CheckFailed:
            return False
        return True

    with ThreadPoolExecutor(len(attempts)) as pool:
        return sum(pool.map(taken, attempts))


def fresh(two: tuple[Desk, Desk]) -> Scene:
    """A new account, and nobody else's work in the way."""
    one, other = two
    one.names.clear()
    return Scene(one, other, one.account(f"voice-{store.new_id()[:12]}"))


def queued(two: tuple[Desk, Desk], *texts: str, approved: bool = True, picture: bool = False) -> Scene:
    scene = fresh(two)
    scene.number = scene.one.queue(scene.account, *texts, due=scene.one.now, picture=picture)
    if approved:
        scene.one.approve(scene.number)
    return scene


def in_flight(two: tuple[Desk, Desk], *texts: str) -> Scene:
    scene = queued(two, *texts)
    with scene.one.outbox.write() as tx:
        [scene.claim] = claims.claim(tx, scene.one.terms("the first"), 1)
    return scene


def in_doubt(two: tuple[Desk, Desk]) -> Scene:
    scene = in_flight(two, "hello")
    with scene.one.outbox.write() as tx:
        settle.doubted(tx, claim_of(scene), look_at=tx.now, reason="the answer was lost")
    return scene


def failed(two: tuple[Desk, Desk]) -> Scene:
    scene = in_flight(two, "one", "two")
    with scene.one.outbox.write() as tx:
        settle.refused(tx, claim_of(scene), "too long")
    return scene


def claim_of(scene: Scene) -> Claim:
    assert scene.claim
    return scene.claim


def publish(desk: Desk, scene: Scene) -> object:
    worker = Worker(outbox=desk.outbox, publishers=scene.network, terms=desk.terms(), sleep=lambda _: None)
    return worker.drain()


def approve(desk: Desk, scene: Scene) -> object:
    return desk.approve(scene.number)


def cancel(desk: Desk, scene: Scene) -> object:
    with desk.outbox.write() as tx:
        return posts.cancel(tx, scene.number, who="mira")


def hold(desk: Desk, scene: Scene) -> object:
    with desk.outbox.write() as tx:
        return pauses.hold(tx, scene.account.name, who="mira")


def pause_breaking(desk: Desk, scene: Scene) -> object:
    """As the command does it."""
    with desk.outbox.write() as tx:
        return pauses.pause(tx, scene.account.name, who="mira", breaking=True)


def resume(desk: Desk, scene: Scene) -> None:
    with desk.outbox.write() as tx:
        pauses.resume(tx, scene.account.name, who="mira")


def both_ways(first: Act, second: Act) -> list[object]:
    name = f"{first.__name__} first", f"{second.__name__} first"
    return [pytest.param((first, second), id=name[0]), pytest.param((second, first), id=name[1])]
