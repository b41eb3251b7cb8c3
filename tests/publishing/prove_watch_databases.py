"""`clarion publish --watch` while its database is away: a PostgreSQL server that stops and starts, a SQLite file in use.

Real processes, real signals, real servers. Each time one request is in flight when the database goes, so that its outcome
cannot be written down, and one post comes due meanwhile. The networks count what they took.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import tomlkit

import clarion
from clarion import networks as registry
from clarion.app import App
from clarion.errors import OutboxBusy
from clarion.model import ApprovalPolicy, Part
from clarion.networks.rehearsing import Accepted
from clarion.outbox.entries import posts
from clarion.outbox.hosting import opening
from clarion.publishing.watch import watch
from clarion.rehearsal.running import Running, ensure
from clarion.trial.demo import make_campaign
from tests import postgres
from tests.desk import add
from tests.networks.conftest import Networks, networks
from tests.publishing.test_watch import Slept
from tests.trial.conftest import Person, person

__all__ = ["networks", "person"]

ROOT = Path(__file__).parents[2]
SOURCE = Path(clarion.__file__).parents[1]
OVER = "that is over: publishing goes on"
#: Which account has what: the answer to the one is lost, the other becomes due while nobody can know of it.
IN_FLIGHT, MEANWHILE = "mastodon", "bluesky"
TEXTS = {IN_FLIGHT: "In flight when it happened.", MEANWHILE: "Due when nobody could know."}
#: What makes the one free again, and the other due: what time would do.
TIME_PASSES = (
    "UPDATE delivery SET lease_until = 0 WHERE state = 'sending'",
    "UPDATE delivery SET due_at = 0 WHERE state = 'scheduled'",
)
# Before a real command: each time that its database refuses something is a byte more in a file.
COUNTED = """
import os, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine

@event.listens_for(Engine, "handle_error")
def count(context):
    with open(os.environ["REFUSED"], "ab") as file:
        file.write(b".")
"""
LIVE = f"""{COUNTED}
import runpy
runpy.run_module("tests.crash.publish", run_name="__main__")
"""
# The real command line, but its SQLite connections wait a fifth of a second for their turn instead of half a minute.
IMPATIENT = f"""{COUNTED}
from sqlalchemy.pool import Pool
from clarion.cli import clarion

@event.listens_for(Pool, "connect")
def wait_less(connection, record):
    connection.execute("PRAGMA busy_timeout = 200")

clarion.main(sys.argv[1:])
"""


class Watching:
    """A watching process, and what it said so far."""

    def __init__(self, command: list[str], *, cwd: Path, env: dict[str, str]) -> None:
        self._refused = Path(env["REFUSED"])
        self._heard = threading.Event()
        self.process = subprocess.Popen(
            command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def said(self) -> str:
        return "".join(self._lines)

    def until(self, true: Callable[[], object], seconds: float = 25) -> None:
        """Wait until it is so: looked at whenever something was said, and often, for others tell nothing."""
        end = time.monotonic() + seconds
        while not true():
            assert self.process.poll() is None, self.said
            assert time.monotonic() < end, self.said
            self._heard.wait(0.05)
            self._heard.clear()

    def asks_again_in_vain(self) -> None:
        """Wait until its database refused something once more, in a later round than the one it told of."""
        before = self._refused.stat().st_size
        self.until(lambda: self._refused.stat().st_size > before)

    def end(self) -> None:
        """As whoever supervises it ends it."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(20) == 0, self.said
        self._reader.join(10)
        assert self.said.endswith("Stopped.\n")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join(10)
        assert self.process.stdout
        self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.append(line)
            self._heard.set()


@contextmanager
def watching(command: list[str], *, cwd: Path, env: dict[str, str]) -> Iterator[Watching]:
    more = {"PYTHONPATH": f"{ROOT}{os.pathsep}{SOURCE}", "REFUSED": str(cwd / "refused")}
    started = Watching(command, cwd=cwd, env={**env, **more})
    try:
        yield started
    finally:
        started.close()


def queue_both(app: App) -> None:
    """One post that is due, and one for later."""
    known = {account.name: account for account in app.accounts()}
    for name, text in TEXTS.items():
        account = known[name]
        due = datetime.now(UTC) + timedelta(hours=name == MEANWHILE)
        with app.outbox.write() as tx:
            number = add(tx, account, Part(text=text), author="vera", due=due)
            posts.approve(tx, number, outbox_id=app.outbox.id, who="vera", policy=ApprovalPolicy())


def states(app: App) -> list[str]:
    with app.outbox.read() as tx:
        return sorted(entry.state.value for entry in posts.entries(tx, limit=10))


def judge(said: str, trouble: str, taken: Callable[[str], list[Accepted]]) -> None:
    """It spoke of the trouble once, and of its end once; and what was queued is up once."""
    assert (said.count(trouble), said.count(OVER)) == (1, 1), said
    assert "Traceback" not in said
    assert "Error" not in said
    for name, text in TEXTS.items():
        assert [one.text for one in taken(name)] == [text], said


def test_trouble_that_goes_on_in_other_words_is_told_once() -> None:
    said = iter(["terminating connection", "connection failed", "the database system is starting up"])

    def publish() -> None:
        if words := next(said, None):
            raise OutboxBusy(f"the database does not answer ({words})")

    told: list[str] = []
    watch(publish, lambda: None, stopping=Slept(4), tell=lambda message, _hint: told.append(message))
    assert told == ["the database does not answer (terminating connection)", OVER]


# ── PostgreSQL ────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def live_campaign(folder: Path, url: str, bases: Networks) -> Iterator[App]:
    """A campaign that is live, by a constructor that says where its networks are."""
    make_campaign(folder)
    opened = opening.open_postgres(url)
    opened.close()
    config = folder / "config.toml"
    document: Any = tomlkit.parse(config.read_text(encoding="utf-8"))
    document["campaign"]["mode"] = "live"
    document["campaign"]["outbox"] = opened.id
    document["outbox"]["url"] = url
    config.write_text(tomlkit.dumps(document), encoding="utf-8")
    with App(campaign=str(folder), state=folder / "state", live_bases=bases.urls) as app:
        for name in TEXTS:
            app.secrets.set(name, registry.rehearsal(app.config.accounts[name].network).secret(name))
            app.verify(name)
        yield app


@pytest.mark.slow
@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_a_database_that_stops_and_starts_again_is_waited_out(
    tmp_path: Path, postgres_server: postgres.Server, networks: Networks, how: str
) -> None:
    networks.fault(IN_FLIGHT, "key_ignored", count=None)  # sent again blindly, it would be there twice
    networks.fault(IN_FLIGHT, "hang_after", seconds=1.5)
    command = [sys.executable, "-c", LIVE, str(tmp_path), json.dumps(dict(networks.urls))]
    env = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(tmp_path), "CLARION_AS": "vera"}
    with (
        postgres_server.database() as url,
        live_campaign(tmp_path, url, networks) as app,
        watching([*command, "--watch"], cwd=tmp_path, env=env) as watcher,
    ):
        queue_both(app)
        watcher.until(lambda: networks.accepted(IN_FLIGHT))
        with psycopg.connect(postgres_server.libpq(app.outbox.engine.url), autocommit=True) as database:
            for statement in TIME_PASSES:
                database.execute(statement)
        app.close()
        with postgres_server.stopped(how):
            watcher.until(lambda: "the database does not answer" in watcher.said)
            if how == "immediate":
                watcher.asks_again_in_vain()
        watcher.until(lambda: networks.accepted(MEANWHILE) and states(app) == ["sent", "sent"])
        watcher.until(lambda: OVER in watcher.said)
        watcher.end()
    judge(watcher.said, "the database does not answer", networks.accepted)


# ── SQLite ────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def in_use(outbox: Path) -> Iterator[sqlite3.Connection]:
    """Somebody else has the whole file."""
    with closing(sqlite3.connect(outbox, isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        try:
            yield database
        finally:
            database.execute("COMMIT")


@contextmanager
def rehearsal(person: Person) -> Iterator[tuple[App, Running]]:
    person.types("init", "--yes")
    with App(campaign=str(person.folder), state=person.home / ".local" / "state" / "clarion") as app:
        yield app, ensure(app.rehearsal_folder)


@pytest.mark.slow
def test_an_outbox_in_use_is_waited_out(person: Person) -> None:
    with rehearsal(person) as (app, local):
        queue_both(app)
        local.fault(IN_FLIGHT, "key_ignored", count=None)  # sent again blindly, it would be there twice
        local.fault(IN_FLIGHT, "hang_after", seconds=1.5)
        command = [sys.executable, "-c", IMPATIENT, "publish", "--watch"]
        with watching(command, cwd=person.folder, env=person.env) as watcher:
            watcher.until(lambda: local.accepted(IN_FLIGHT))
            with in_use(app.outbox_path) as database:
                for statement in TIME_PASSES:
                    database.execute(statement)
                watcher.until(lambda: "another Clarion is using the outbox" in watcher.said)
                watcher.asks_again_in_vain()
            watcher.until(lambda: local.accepted(MEANWHILE) and states(app) == ["sent", "sent"])
            watcher.until(lambda: OVER in watcher.said)
            watcher.end()
        judge(watcher.said, "another Clarion is using the outbox", local.accepted)


def test_cron_hears_nothing_of_an_outbox_in_use_and_the_next_run_publishes(person: Person) -> None:
    with rehearsal(person) as (app, local):
        queue_both(app)
        with in_use(app.outbox_path):
            done = subprocess.run(
                [sys.executable, "-c", IMPATIENT, "publish"],
                cwd=person.folder,
                env={**person.env, "PYTHONPATH": str(SOURCE), "REFUSED": os.devnull},
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
        assert (done.returncode, done.stdout, done.stderr) == (75, "", "")
        person.types("publish")
        assert [one.text for one in local.accepted(IN_FLIGHT)] == [TEXTS[IN_FLIGHT]]
