"""What a crash test stands on: one outbox, the rehearsal networks in a process of their own, and processes that publish.

In: a database, faults, and for each process the point at which it is to be killed or stopped. Out: the networks' own count
of what they took, held against what the outbox says. Time is the real one; a wait that would be long is shortened by
moving rows back, which is what the passing of time would have done to them.

Everything here runs in a process without threads: its children are forked from it with all imports done, so that a kill
costs milliseconds. It holds no database connection while it forks.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Self

import sqlalchemy as sa
from PIL import Image

from clarion import networks, points
from clarion.accounts.connections import Connections
from clarion.errors import OutboxBusy
from clarion.model import Account, ApprovalPolicy, Media, Part
from clarion.outbox import accounts, schema, store
from clarion.outbox.claiming import recalling
from clarion.outbox.claiming.claims import Terms
from clarion.outbox.entries import posts
from clarion.outbox.hosting import opening
from clarion.publishing import worker as working
from clarion.publishing.worker import Publishers, Worker
from clarion.rehearsal.running import Running
from clarion.rehearsal.server import Carrier, bind
from clarion.rehearsal.world import World
from tests import postgres
from tests.desk import add
from tests.networks.conftest import account_on

#: A request's absolute deadline, in seconds: long enough for a busy machine, short enough to wait for a hanging server.
DEADLINE = 0.8
#: What a send may take at most, with its margin, and a little more to get there.
LEASE = timedelta(seconds=2 * DEADLINE + working.MARGIN_SECONDS + 1.5)
_LONG = timedelta(days=2) // timedelta(microseconds=1)
_PARENT_DEATH = 1  # PR_SET_PDEATHSIG


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What befalls a publishing process: at the `nth` passing of `point` it is killed or stopped."""

    point: str | None = None
    nth: int = 1
    signal: signal.Signals = signal.SIGKILL


@dataclass(kw_only=True)
class Process:
    """A publishing process and how it ended."""

    pid: int
    name: str  # its leases' owner
    plan: Plan
    stopped_at: float | None = None
    ended_at: float | None = None
    code: int | None = None  # its exit code, or minus the signal that ended it

    @property
    def killed(self) -> bool:
        return self.code == -signal.SIGKILL


@dataclass(kw_only=True)
class Verdict:
    """What the networks took, held against the outbox."""

    deliveries: int = 0
    sent: int = 0
    in_doubt: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)

    def __iadd__(self, other: Verdict) -> Self:
        self.deliveries += other.deliveries
        self.sent += other.sent
        self.in_doubt += other.in_doubt
        self.lost += other.lost
        self.doubled += other.doubled
        self.unfinished += other.unfinished
        return self

    @property
    def good(self) -> bool:
        return not (self.lost or self.doubled or self.unfinished)


class Stand:
    """One outbox and the networks around it."""

    def __init__(self, outbox: store.Outbox, folder: Path) -> None:
        self.outbox = outbox
        self.folder = folder
        self.names: dict[str, Account] = {}
        self.twice: set[str] = set()  # accounts whose network makes two posts of one create
        self.processes: list[Process] = []
        self._count = 0
        self._carry()

    def warm(self) -> None:
        """Publish once in this process, so that whoever is forked finds every import and statement ready."""
        logging.getLogger("clarion").setLevel(logging.CRITICAL)  # what goes wrong here is asked for
        with self.outbox.write() as tx:
            for network in networks.NAMES:
                account = self.account(tx, f"warm-{network}", network)
                self.queue(tx, account, "warm", "warm too")
                self.queue(tx, account, "with an image", image=True)
            self.running.fault("mastodon", "drop_after")
        self._worker("warm", frozenset(self.names), Worker, lambda each: each, LEASE).drain()
        assert self.verdict().good
        with self.outbox.write() as tx:
            recalling.want(tx, [each.number for each in posts.entries(tx)], who="ann")
        self._worker("warm", frozenset(self.names), Worker, lambda each: each, LEASE).drain()
        until = time.monotonic() + 10
        while threading.active_count() > 1 and time.monotonic() < until:
            time.sleep(0.01)
        assert threading.active_count() == 1, "a process with threads must not fork"
        self.renew()
        gc.collect()
        gc.freeze()

    # ── what is queued ────────────────────────────────────────────────────────────────────────────────────────

    def account(self, tx: store.Tx, name: str, network: str) -> Account:
        made = account_on(network, name)
        accounts.pin(tx, made, verified=False)
        self.names[name] = made
        return made

    def queue(self, tx: store.Tx, account: Account, *texts: str, image: bool = False) -> int:
        """A post, approved and due; every text of a run is another. Its entry's number."""
        content, media = picture()
        parts = [Part(text=text) for text in texts]
        if image:
            parts[0] = Part(text=texts[0], media=(media,))
        number = add(
            tx,
            account,
            *parts,
            due=datetime.now(UTC) - timedelta(seconds=5),
            late=timedelta(hours=12),
            images={media.sha256: (media.mime, content)} if image else {},
        )
        posts.approve(tx, number, outbox_id=self.outbox.id, who="ann", policy=ApprovalPolicy())
        return number

    # ── who publishes ─────────────────────────────────────────────────────────────────────────────────────────

    def connections(self) -> Connections:
        def media(sha256: str) -> bytes:
            with self.outbox.read() as tx:
                return posts.image(tx, sha256)

        return Connections(
            base=lambda account: self.running.urls[account.network],
            secret=lambda account: networks.rehearsal(account.network).secret(account.name),
            media=media,
            sessions=self.folder / "sessions",
            loopback_only=True,
            seconds=DEADLINE,
        )

    def publish(
        self,
        plan: Plan | None = None,
        *,
        names: Sequence[str] | None = None,
        kind: type[Worker] = Worker,
        wrap: Callable[[Publishers], Publishers] = lambda each: each,
        lease: timedelta = LEASE,
        first: Callable[[], object] = lambda: None,
    ) -> Process:
        """Fork a process that publishes what is due of these accounts (all), by a worker of this kind.

        `first` is what it does before.
        """
        self._count += 1
        plan = plan or Plan()
        name = f"{os.getpid()}-{self._count}"
        mine = frozenset(self.names if names is None else names)

        def run() -> None:
            points.hook = _hook(plan)
            first()
            self._worker(name, mine, kind, wrap, lease).drain()

        self.outbox.close()
        process = Process(pid=fork(run), name=name, plan=plan)
        self.processes.append(process)
        return process

    def _worker(
        self,
        name: str,
        mine: frozenset[str],
        kind: type[Worker],
        wrap: Callable[[Publishers], Publishers],
        lease: timedelta,
    ) -> Worker:
        terms = Terms(
            outbox_id=self.outbox.id, worker=name, lease=lease, policy=ApprovalPolicy(), accounts=mine
        )
        publishers = wrap(self.connections())
        return kind(outbox=self.outbox, publishers=publishers, terms=terms, sleep=self._nap)

    def reap(self) -> list[Process]:
        """The processes that ended since the last time. What one of them did wrong is raised here."""
        for process in self.processes:
            pid, status = os.waitpid(process.pid, os.WNOHANG | os.WUNTRACED)
            if pid == 0:
                continue
            if os.WIFSTOPPED(status):
                process.stopped_at = time.monotonic()
                continue
            process.code = os.waitstatus_to_exitcode(status)
            process.ended_at = time.monotonic()
        ended = [process for process in self.processes if process.code is not None]
        self.processes = [process for process in self.processes if process.code is None]
        for process in ended:
            if process.code not in (0, 75, -signal.SIGKILL):
                raise AssertionError(f"a publishing process ended with {process.code}")
        return ended

    def wait(self, process: Process, *, until_stopped: bool = False, seconds: float = 60) -> Process:
        """Wait until a process ended, or was stopped."""
        until = time.monotonic() + seconds
        while process.code is None and not (until_stopped and process.stopped_at):
            self.reap()
            if time.monotonic() > until:
                raise AssertionError(f"{process.name} does not end")
            time.sleep(0.002)
        return process

    def go_on(self, process: Process) -> None:
        """Let a stopped process go on."""
        process.stopped_at = None
        os.kill(process.pid, signal.SIGCONT)

    # ── time passes ───────────────────────────────────────────────────────────────────────────────────────────

    def lapse(self, *owners: str) -> None:
        """The leases of these processes are over. Never for one that still runs: it counts on its lease."""
        delivery = schema.delivery
        with self.outbox.write() as tx:
            tx.execute(
                sa.update(delivery)
                .where(delivery.c.state == "sending", delivery.c.lease_owner.in_(owners))
                .values(lease_until=tx.now - 1)
            )

    def pass_time(self) -> None:
        """Whatever waits for a moment has reached it: looks, back-offs, rate limits."""
        delivery, account = schema.delivery, schema.account
        with self.outbox.write() as tx:
            tx.execute(sa.update(delivery).where(delivery.c.look_at > tx.now).values(look_at=tx.now))
            tx.execute(
                sa.update(delivery)
                .where(delivery.c.state == "scheduled", delivery.c.due_at > tx.now)
                .values(due_at=tx.now - 1)
            )
            tx.execute(
                sa.update(account)
                .where(account.c.blocked_until > tx.now, account.c.blocked_until < tx.now + _LONG)
                .values(blocked_until=None, failures=0)
            )

    def _nap(self, seconds: float) -> None:
        """A worker's sleep."""
        time.sleep(min(seconds, 0.02))
        self.pass_time()

    def drain(self, *, rounds: int = 30) -> None:
        """Publish without kills, and then without faults, until nothing moves any more."""
        self.pass_time()
        self.wait(self.publish())  # what is still armed strikes now
        self.running.clear_faults()
        for _ in range(rounds):
            self.pass_time()
            if not self.moving():
                return
            self.wait(self.publish())
        # What still moves is for the verdict to name.

    def moving(self) -> int:
        """Deliveries that a worker still has something to do with."""
        delivery = schema.delivery
        due = sa.and_(delivery.c.state == "scheduled", delivery.c.due_at.is_not(None))
        looked_for = delivery.c.look_at.is_not(None)
        with self.outbox.read() as tx:
            counted = sa.select(sa.func.count()).select_from(delivery)
            return int(
                tx.execute(counted.where(sa.or_(due, looked_for, delivery.c.state == "sending"))).scalar_one()
            )

    # ── the oracle ────────────────────────────────────────────────────────────────────────────────────────────

    def taken(self) -> dict[tuple[str, str], int]:
        """How often the networks took each (account, text)."""
        found: dict[tuple[str, str], int] = {}
        for network in networks.NAMES:
            for one in self.running.accepted(network):
                found[one.account, one.text] = found.get((one.account, one.text), 0) + 1
        return found

    def verdict(self) -> Verdict:
        """Hold what the networks took against what the outbox says, delivery by delivery."""
        taken = self.taken()
        verdict = Verdict()
        with self.outbox.read() as tx:
            for entry in posts.entries(tx, limit=1_000_000):
                for post in entry.posts:
                    doubtful = False  # an earlier part is in doubt, so that this one waits
                    for delivery, part in zip(post.deliveries, post.payload.parts, strict=True):
                        state = delivery.state.value
                        times = taken.pop((post.account.name, part.text), 0)
                        name = post.account.name
                        what = f"{part.text!r} of {name}: {state}, taken {times} times"
                        self._judge(verdict, state, times, name, what, waits=doubtful)
                        doubtful = doubtful or state == "in_doubt"
        verdict.lost += [f"{text!r} of {name} is not in the outbox" for name, text in taken]
        return verdict

    def _judge(self, verdict: Verdict, state: str, times: int, name: str, what: str, *, waits: bool) -> None:
        """Every accept is recorded or in doubt; nothing is recorded that was not accepted; nothing is there twice."""
        verdict.deliveries += 1
        verdict.sent += state == "sent"
        verdict.in_doubt += state == "in_doubt"
        # A network that makes two of one create did so by itself; Clarion still may ask it only once.
        if times > (2 if name in self.twice else 1):
            verdict.doubled.append(what)
        if state == "in_doubt" or (state == "sent" and times):
            return
        if state == "sent" or times or state in ("failed", "cancelled", "expired"):
            verdict.lost.append(what)
        elif not waits:
            verdict.unfinished.append(what)

    # ── the networks' process ─────────────────────────────────────────────────────────────────────────────────

    def _carry(self) -> None:
        """Start the networks with nothing accepted yet."""
        sockets = bind((*networks.NAMES, "control"), {})
        carrier = Carrier(World(), sockets, idle=120)
        self._carrier = fork(partial(carrier.run))
        for sock in sockets.values():
            sock.close()
        urls = dict(carrier.urls)
        self.running = Running(
            pid=self._carrier, control=urls.pop("control"), urls=urls, edition="", folder=self.folder
        )

    def renew(self) -> None:
        """Networks and accounts as new; what was judged is forgotten."""
        self._end(self._carrier)
        self.names.clear()
        self.twice.clear()
        with self.outbox.write() as tx:
            for table in (schema.approval, schema.attempt, schema.delivery, schema.post, schema.entry):
                tx.execute(sa.delete(table))
            for name in ("spend", "account"):
                tx.execute(sa.delete(schema.metadata.tables[name]))
        self.outbox.close()
        self._carry()

    def close(self) -> None:
        for process in self.processes:
            self._end(process.pid)
        self._end(self._carrier)
        self.outbox.close()

    @staticmethod
    def _end(pid: int) -> None:
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


@contextmanager
def stand(db: str) -> Iterator[Stand]:
    """A stand on "sqlite" or "postgres"."""
    memory = Path("/dev/shm")  # a kill takes no page from the system: only power loss needs a disk
    with ExitStack() as stack:
        where = memory if memory.is_dir() else None
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="clarion-crash-", dir=where)))
        if db == "sqlite":
            opened = opening.create(folder / "outbox.sqlite3", host="here")
        else:
            server = stack.enter_context(postgres.server())
            opened = opening.open_postgres(stack.enter_context(server.database()))
        opened.close()
        made = Stand(opened, folder)
        stack.callback(made.close)
        made.warm()
        yield made


def fork(run: Callable[[], object]) -> int:
    """Run this in a child, which ends with its parent; the child's pid."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PARENT_DEATH, signal.SIGKILL)
        run()
        code = 0
    except OutboxBusy as busy:
        sys.stderr.write(f"busy: {busy.message}\n")
        code = 75
    except BaseException:  # noqa: BLE001 - nothing may escape into the parent's code
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _hook(plan: Plan) -> Callable[[str], None]:
    left = plan.nth

    def hook(name: str) -> None:
        nonlocal left
        if name == plan.point:
            left -= 1
            if left == 0:
                # To this thread: a stop sent to the process may let the thread that asked run on for a while.
                signal.pthread_kill(threading.get_ident(), plan.signal)

    return hook


def picture() -> tuple[bytes, Media]:
    """A small image."""
    raw = BytesIO()
    Image.new("RGB", (8, 8), "darkred").save(raw, "PNG")
    content = raw.getvalue()
    made = Media(sha256=sha256(content).hexdigest(), mime="image/png", alt="a red square", width=8, height=8)
    return content, made
