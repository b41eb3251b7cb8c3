"""Any order of publishing, dying, looking, cancelling, recalling and waiting, over the real store: Hypothesis looks for a bad one.

The outbox is real (SQLite, in memory where the machine allows), its time simulated; the network follows a script, and
takes the same key once. No second store says what should be: the rules below do.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from clarion import points
from clarion.errors import AccountBlocked, OutboxError, OutcomeUnknown, RateLimited, Refused, Unavailable
from clarion.model import Account, Delivery, Media, Part, Receipt, Staged, State
from clarion.networks.base import Absent, Found, Publisher, Sighting, Unsure
from clarion.outbox import accounts, schema
from clarion.outbox.claiming import recalling
from clarion.outbox.entries import posts
from clarion.outbox.hosting import opening
from clarion.publishing import recall
from clarion.publishing.worker import Worker
from tests.crash.stand import picture
from tests.desk import NOON, Desk, add, on_sqlite

ACCOUNTS = ("voice", "choir")
#: What one send does: (taken, answered with).
SENDS: dict[str, tuple[bool, Callable[[], Exception | None]]] = {
    "good": (True, lambda: None),
    "lost": (True, lambda: OutcomeUnknown("lost")),
    "never came": (False, lambda: OutcomeUnknown("hung")),
    "refused": (False, lambda: Refused("no")),
    "limited": (False, lambda: RateLimited("429", wait=60)),
    "away": (False, lambda: Unavailable("down")),
    "blocked": (False, lambda: AccountBlocked("401")),
}
#: What one recall does: (taken down, answered with).
RECALLS: dict[str, tuple[bool, Callable[[], Exception | None]]] = {
    "good": (True, lambda: None),
    "lost": (True, lambda: OutcomeUnknown("lost")),
    "away": (False, lambda: Unavailable("down")),
    "limited": (False, lambda: RateLimited("429", wait=60)),
    "blocked": (False, lambda: AccountBlocked("401")),
    "refused": (False, lambda: Refused("no")),
}
LOOKS = ("true", "stale", "stale", "unsure", "away")
_POINTS = (*points.NAMES, *points.RECALLING)
#: No run waits so often.
_MANY = 500
#: Most of what is drawn is drawn from a seed: evenly, where Hypothesis would repeat itself.
_SEED = st.integers(0, 10**9)
#: Ends, and what may still become of them: a recall takes back what is up, and gives up what failed.
_FINAL: dict[State, frozenset[State]] = {
    State.SENT: frozenset({State.RECALLING, State.RECALLED}),
    State.FAILED: frozenset({State.CANCELLED}),
    State.EXPIRED: frozenset({State.CANCELLED}),
    State.CANCELLED: frozenset(),
    State.RECALLED: frozenset(),
}


class Died(BaseException):
    """The process ended here: nothing after it runs."""


class Network:
    """Each account's sends and looks follow its own script; without one, all goes well."""

    stage_seconds = 1.0
    send_seconds = 1.0
    repeat_seconds = 3000.0

    def __init__(self) -> None:
        self.sends: dict[str, list[str]] = {}
        self.looks: dict[str, list[str]] = {}
        self.recalls: dict[str, list[str]] = {}
        self.taken: dict[tuple[str, int], Receipt] = {}
        self.whose: dict[str, str] = {}
        self.gone: set[str] = set()  # remote ids that were taken down
        self.over: set[int] = set()  # entries that were recalled while nothing ran: never sent again
        self.before_send: Callable[[Delivery], None] = lambda _delivery: None

    def stage(self, delivery: Delivery) -> Staged:
        return Staged(delivery=delivery, handles=tuple(media.sha256 for media in delivery.content.media))

    def send(self, staged: Staged) -> Receipt:
        delivery = staged.delivery
        assert delivery.entry not in self.over, "sent after its recall"
        self.before_send(delivery)
        taken, answer = SENDS[_next(self.sends, delivery.account.name, "good")]
        receipt = Receipt(remote_id=delivery.id, url=f"https://one.example/{delivery.id}", at=NOON)
        self.whose[receipt.remote_id] = delivery.account.name
        if taken:
            self.taken.setdefault((delivery.id, delivery.generation), receipt)
        error = answer()
        if error is not None:
            raise error
        return receipt

    def find(self, delivery: Delivery, looks: int, now: datetime) -> Sighting:
        said = _next(self.looks, delivery.account.name, "true")
        there = self.taken.get((delivery.id, delivery.generation))
        if there and there.remote_id in self.gone:
            there = None
        if said == "away":
            raise Unavailable("down")
        if said == "unsure":
            return Unsure(look_again_in=5)
        if there and said == "true":
            return Found(receipt=there)
        # What is stale says "not there"; as on the real ones, nobody calls that safe once the key is forgotten.
        assert delivery.first_intent_at is not None
        late = now - delivery.first_intent_at >= timedelta(seconds=self.repeat_seconds)
        return Unsure(look_again_in=None) if late else Absent()

    def confirm(self, delivery: Delivery, receipt: Receipt) -> bool:
        return (delivery.id, delivery.generation) in self.taken and receipt.remote_id not in self.gone

    def recall(self, receipt: Receipt) -> None:
        said = _next(self.recalls, self.whose[receipt.remote_id], "good")
        down, answer = RECALLS[said]
        if down:
            self.gone.add(receipt.remote_id)
        error = answer()
        if error is not None:
            raise error

    @contextmanager
    def of(self, account: Account) -> Iterator[Publisher]:
        yield self  # type: ignore[misc]


def _next(script: dict[str, list[str]], account: str, otherwise: str) -> str:
    left = script.get(account)
    return left.pop(0) if left else otherwise


class Machine(RuleBasedStateMachine):
    """The rules a person, a cron job, a network and death play by."""

    entries = Bundle("entries")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="clarion-states-", dir=_memory()))
        shutil.copy(_template(), self.folder / "outbox.sqlite3")
        self.desk = Desk(opening.open_sqlite(self.folder / "outbox.sqlite3", host="here"))
        self.accounts = {name: self.desk.account(name) for name in ACCOUNTS}
        self.network = Network()
        self.network.before_send = self._is_claimed
        self.fences: dict[str, int] = {}
        self.final: dict[str, State] = {}
        self.recalled: set[int] = set()  # entries
        self.numbers: list[int] = []
        for account in self.accounts.values():
            for parts in (1, 2):
                self.numbers.append(_queue(self.desk, account, parts, parts == 2, NOON))
                self.desk.approve(self.numbers[-1])

    def teardown(self) -> None:
        points.hook = None
        try:
            self._to_the_end()
        finally:
            self.desk.outbox.close()
            shutil.rmtree(self.folder)

    # ── what may happen ───────────────────────────────────────────────────────────────────────────────────────

    @rule(target=entries, seed=_SEED)
    def queue(self, seed: int) -> int:
        dice = Random(seed)
        account, parts = dice.choice(ACCOUNTS), dice.choice((1, 1, 2, 3))
        due = self.desk.now + timedelta(minutes=dice.choice((0, 0, 0, 20)))
        number = _queue(self.desk, self.accounts[account], parts, dice.random() < 0.4, due)
        self.numbers.append(number)
        if dice.random() < 0.9:
            self.desk.approve(number)
        return number

    @rule(number=entries, seed=_SEED)
    def decide(self, number: int, seed: int) -> None:
        """What people do, at any time."""
        what = Random(seed).choice(("approve", "approve", "verify", "verify", "verify", "cancel"))
        if what == "approve":
            self.desk.approve(number)
        elif what == "verify":
            self._verify()
        else:
            with self.desk.outbox.write() as tx, suppress(OutboxError):  # nothing of it may still wait
                posts.cancel(tx, number, who="ann")

    @rule(seed=_SEED)
    def publish(self, seed: int) -> None:
        self._script(seed)
        self._publish()

    @rule(seed=_SEED)
    def publish_and_die(self, seed: int) -> None:
        self._script(seed)
        dice = Random(seed)
        point, left = dice.choice(_POINTS), dice.randint(1, 2)

        def hook(name: str) -> None:
            nonlocal left
            left -= name == point
            if left <= 0:  # from here on nothing of this process runs
                raise Died

        self._publish([dice.choice(ACCOUNTS)], hook)

    @rule(
        account=st.sampled_from(ACCOUNTS),
        point=st.sampled_from(("claimed", "after_stage", "after_intent", "before_settle")),
    )
    def wake_too_late(self, account: str, point: str) -> None:
        """A process sleeps past its lease, before its request or after its answer; another does all there is to do.

        As in a paused guest: the outbox's clock runs on, and the process counts no second.
        """
        self.network.sends, self.network.looks = {}, {}
        slept = False

        def hook(name: str) -> None:
            nonlocal slept
            if name == point and not slept:
                slept = True
                self.desk.later(minutes=6)
                self._publish([account], hook=points.hook, name="other")

        self._publish([account], hook)

    @rule(seed=_SEED)
    def recall_and_publish(self, seed: int) -> None:
        """Somebody recalls an entry, and a process takes it down as far as the network lets it."""
        number = Random(seed).choice(self.numbers)
        self._recall(number)
        self.network.over.add(number)
        self._script(seed)
        self._publish()

    @rule(seed=_SEED)
    def recall_meanwhile(self, seed: int) -> None:
        """Somebody recalls an entry while a process is at some point; it goes on, or dies there."""
        dice = Random(seed)
        number, point, dies = dice.choice(self.numbers), dice.choice(_POINTS), dice.random() < 0.3
        self._script(seed)
        asked = False

        def hook(name: str) -> None:
            nonlocal asked
            if name == point and not asked:
                asked = True
                self._recall(number)
            if asked and dies:
                raise Died

        self._publish(hook=hook)

    @rule(minutes=st.sampled_from((1, 6, 31)))
    def wait(self, minutes: int) -> None:
        self.desk.later(minutes=minutes)

    # ── what must always be so ────────────────────────────────────────────────────────────────────────────────

    @invariant()
    def nothing_is_there_twice(self) -> None:
        times = Counter(delivery for delivery, _ in self.network.taken)
        assert all(count == 1 for count in times.values()), times

    @invariant()
    def fences_only_grow_and_ends_are_final(self) -> None:
        taken = {delivery for delivery, _ in self.network.taken}
        for row in self._deliveries():
            state = State(row.state)
            assert row.fence >= self.fences.get(row.id, 0)
            self.fences[row.id] = row.fence
            before = self.final.get(row.id)
            may_become = _FINAL.get(before, frozenset()) if before else frozenset(State)
            assert state is before or state in may_become, f"{before} became {state}"
            if state in _FINAL:
                self.final[row.id] = state
            if state in (State.SENT, State.RECALLING, State.RECALLED):
                assert row.id in taken, f"it is said to be {state}, and nobody took it"
            if state is State.RECALLED:
                assert row.id in self.network.gone, "it is said to be taken down, and is up"
            elif state is not State.RECALLING:
                assert row.id not in self.network.gone, f"it is {state}, and was taken down"
            if row.id in taken and state not in (State.RECALLING, State.RECALLED):
                # Between an accept and its record stands at most a claim, or a repeat under the same key.
                known = state in (State.SENT, State.IN_DOUBT, State.SENDING)
                assert known or (state is State.SCHEDULED and row.first_intent_at is not None), state

    # ── below ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _script(self, seed: int) -> None:
        """What the network does to each account's next sends and looks."""
        dice = Random(seed)
        sends = ("lost", "lost", "lost", "limited", "away", "never came", "good", "good", *SENDS)
        for name in ACCOUNTS:
            self.network.sends[name] = dice.choices(sends, k=4)
            self.network.looks[name] = dice.choices(LOOKS, k=dice.randint(0, 3))
            self.network.recalls[name] = dice.choices((*RECALLS, "good", "good"), k=dice.randint(0, 3))

    def _is_claimed(self, delivery: Delivery) -> None:
        """Whoever sends has a claim that is not over."""
        with self.desk.outbox.read() as tx:
            mine = sa.select(schema.delivery).where(schema.delivery.c.id == delivery.id)
            row = tx.execute(mine).one()
            assert row.state == "sending", f"sent while it is {row.state}"
            assert row.lease_until > tx.now, "sent after its lease"

    def _deliveries(self) -> list[Any]:
        with self.desk.outbox.read() as tx:
            return list(tx.execute(sa.select(schema.delivery)))

    def _publish(
        self,
        names: list[str] | None = None,
        hook: Callable[[str], None] | None = None,
        name: str = "one",
    ) -> None:
        terms = self.desk.terms(name)
        if names is not None:
            object.__setattr__(terms, "accounts", names)
        before, points.hook = points.hook, hook
        naps = 0

        def nap(seconds: float) -> None:
            nonlocal naps
            naps += 1
            assert naps < _MANY, "a run that never ends"
            self.desk.later(seconds=seconds)

        worker = Worker(
            outbox=self.desk.outbox,
            publishers=self.network,
            terms=terms,
            sleep=nap,
        )
        try:
            worker.drain()
        except Died:
            pass
        finally:
            points.hook = before

    def _recall(self, number: int) -> None:
        recall.want(self.desk.outbox, [number], who="ann", because=None)
        self.recalled.add(number)

    def _verify(self) -> None:
        with self.desk.outbox.write() as tx:
            for account in self.accounts.values():
                accounts.pin(tx, account, verified=True)

    def _to_the_end(self) -> None:
        """All goes well from here: then every accept is recorded, or in doubt."""
        self.network.sends, self.network.looks, self.network.recalls = {}, {}, {}
        self._verify()
        with self.desk.outbox.read() as tx:
            stuck = {each.entry for each in recalling.pieces(tx, self.recalled) if each.needs_a_person}
        for number in stuck:  # what the network refused to take down, a person asks for again
            self._recall(number)
        for _ in range(6):
            self.desk.later(minutes=31)
            self._publish()
            self.nothing_is_there_twice()
        taken = {delivery for delivery, _ in self.network.taken}
        for row in self._deliveries():
            if row.recall_wanted:
                gone = row.state in ("recalled", "cancelled", "in_doubt")
                assert gone, f"it was recalled and is {row.state}"
            elif row.id in taken:
                assert row.state in ("sent", "in_doubt"), row.state


def _queue(desk: Desk, account: Account, parts: int, image: bool, due: datetime) -> int:
    content, media = _picture()
    made = [Part(text=f"part {part}") for part in range(parts)]
    if image:
        made[0] = Part(text="part 0", media=(media,))
    images = {media.sha256: (media.mime, content)}
    with desk.outbox.write() as tx:
        return add(tx, account, *made, due=due, images=images)


@cache
def _picture() -> tuple[bytes, Media]:
    return picture()


@cache
def _template() -> Path:
    """A new outbox at noon, made once."""
    folder = Path(tempfile.mkdtemp(prefix="clarion-states-", dir=_memory()))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    opening.create(folder / "template.sqlite3", host="here", simulated=NOON).close()
    return folder / "template.sqlite3"


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def test_a_run_ends_although_a_closed_account_has_something_in_doubt(tmp_path: Path) -> None:
    """Found by the rules above: it may not be looked for while the account is closed, and was waited for all the same."""
    with on_sqlite(tmp_path) as desk:
        account, network, naps = desk.account("voice"), Network(), list[float]()
        for _ in range(2):
            desk.approve(_queue(desk, account, 1, False, NOON))
        network.sends = {"voice": ["lost", "limited"]}
        network.looks = {"voice": ["unsure"]}

        def nap(seconds: float) -> None:
            naps.append(seconds)
            assert len(naps) < _MANY
            desk.later(seconds=seconds)

        Worker(outbox=desk.outbox, publishers=network, terms=desk.terms(), sleep=nap).drain()
        assert len(naps) <= 1


def test_a_silent_drop_is_noticed_although_its_worker_died_before_the_read_back(tmp_path: Path) -> None:
    class Silent(Network):
        def send(self, staged: Staged) -> Receipt:
            return Receipt(remote_id="9", url="https://one.example/9", at=NOON)

    def die(name: str) -> None:
        if name == "after_settle":
            raise Died

    with on_sqlite(tmp_path) as desk:
        number = _queue(desk, desk.account("voice"), 1, False, NOON)
        desk.approve(number)
        worker = Worker(outbox=desk.outbox, publishers=Silent(), terms=desk.terms())
        points.hook = die
        try:
            with pytest.raises(Died):
                worker.drain()
        finally:
            points.hook = None
        for _ in range(3):
            desk.later(minutes=6)
            Worker(outbox=desk.outbox, publishers=Silent(), terms=desk.terms()).drain()
        assert desk.states(number) == ["in_doubt"]


TestStates = Machine.TestCase
TestStates.settings = settings(
    max_examples=70,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,  # the same cases on every machine
    suppress_health_check=list(HealthCheck),
)
