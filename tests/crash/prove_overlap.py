"""Sixteen `clarion publish` at once on 2,000 due posts of 40 accounts: each is taken once, and nobody stumbles.

Not part of a test run, because it takes a minute or two: `make proofs`. On SQLite it is the console script in rehearsal; on
PostgreSQL the same command in a live campaign, told by its constructor that the networks are local.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import tomlkit

from clarion import networks
from clarion.app import App
from clarion.campaign import bundled
from clarion.model import Account, ApprovalPolicy, Part
from clarion.outbox import store
from clarion.outbox.entries import posts
from clarion.outbox.hosting import opening
from clarion.rehearsal.running import Running, ensure
from tests import postgres
from tests.desk import add

PROCESSES = 16
ACCOUNTS = 40
POSTS = 50
CLARION = str(Path(sys.executable).with_name("clarion"))
ROOT = Path(__file__).parents[2]


def named() -> dict[str, str]:
    """Account → network."""
    return {f"voice-{place:02}": networks.NAMES[place % 3] for place in range(ACCOUNTS)}


def write_config(folder: Path, **live: str) -> None:
    """A campaign with 40 accounts; live, when it is told of an outbox and where that is."""
    document = tomlkit.parse(bundled.example().read_text(encoding="utf-8"))
    table = tomlkit.table()
    for name, network in named().items():
        table[name] = {
            "network": network,
            "handle": f"{name}.test" if network == "bluesky" else name.replace("-", "_"),
            "owner": "The campaign",
            "purpose": "News",
            "languages": ["en"],
            "disclosure": "It says that it is automated",
            **({} if network == "x" else {"server": f"https://{name}.example"}),
        }
    document["accounts"] = table
    campaign, outbox = document["campaign"], document["outbox"]
    assert isinstance(campaign, tomlkit.items.Table)
    assert isinstance(outbox, tomlkit.items.Table)
    campaign["id"] = "overlap"
    if live:
        campaign["mode"] = "live"
        campaign["outbox"] = live["id"]
        outbox["url"] = live["url"]
    folder.mkdir(exist_ok=True)
    (folder / "posts").mkdir(exist_ok=True)
    (folder / "config.toml").write_text(tomlkit.dumps(document), encoding="utf-8")


def queue(outbox: store.Outbox, known: list[Account]) -> Counter[tuple[str, str]]:
    """Fifty posts for each account, approved and due."""
    wanted: Counter[tuple[str, str]] = Counter()
    for account in known:
        with outbox.write() as tx:
            for number in range(POSTS):
                text = f"{account.name} says this once: {number}"
                due = datetime.now(UTC) - timedelta(seconds=5)
                made = add(tx, account, Part(text=text), due=due, late=timedelta(hours=12))
                posts.approve(tx, made, outbox_id=outbox.id, who="ann", policy=ApprovalPolicy())
                wanted[account.name, text] += 1
    return wanted


def overlap(command: list[str], folder: Path, env: dict[str, str]) -> None:
    """Sixteen at once, and one afterwards for what a busy moment may have left."""

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    running = [start() for _ in range(PROCESSES)]
    try:
        ended = [(each, *each.communicate(timeout=400)) for each in running]
        last = start()
        running.append(last)
        ended.append((last, *last.communicate(timeout=100)))
    finally:
        for each in running:
            if each.poll() is None:
                each.kill()
                each.communicate()
    for each, said, complained in ended:
        assert each.returncode in (0, 75), f"exit {each.returncode}\n{said[-500:]}\n{complained[-2000:]}"
        assert "Traceback" not in complained
    assert ended[-1][0].returncode == 0
    sent = [said.count(" sent  ") for _, said, _ in ended]
    assert sum(1 for count in sent if count) > 1, f"nothing overlapped: {sent}\n{ended[0][1:]}"[:4000]


def judge(running: Running, wanted: Counter[tuple[str, str]]) -> None:
    taken = Counter((one.account, one.text) for name in networks.NAMES for one in running.accepted(name))
    assert wanted.total() == ACCOUNTS * POSTS
    assert taken - wanted == Counter()
    assert wanted - taken == Counter()


@contextmanager
def rehearsed(folder: Path) -> Iterator[Running]:
    running = ensure(folder, idle=600)
    try:
        yield running
    finally:
        running.stop()


def environment(home: Path) -> dict[str, str]:
    kept = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
    return {**kept, "HOME": str(home), "XDG_STATE_HOME": str(home / "state"), "CLARION_AS": "ann"}


def test_sixteen_publish_at_once_on_sqlite(tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    write_config(folder)
    with App(campaign=str(folder), state=tmp_path / "state" / "clarion") as app:
        wanted = queue(app.outbox, app.accounts())
        where = app.rehearsal_folder
    with rehearsed(where) as running:
        overlap([CLARION, "publish"], folder, environment(tmp_path))
        judge(running, wanted)


def test_sixteen_publish_at_once_on_postgres(tmp_path: Path, postgres_server: postgres.Server) -> None:
    folder = tmp_path / "campaign"
    with rehearsed(tmp_path / "networks") as running, postgres_server.database() as url:
        outbox = opening.open_postgres(url)
        outbox.close()
        write_config(folder, id=outbox.id, url=url)
        with App(campaign=str(folder), state=folder / "state", live_bases=running.urls) as app:
            for name, network in named().items():
                app.secrets.set(name, networks.rehearsal(network).secret(name))
                app.verify(name)
            wanted = queue(app.outbox, app.accounts())
        command = [sys.executable, "-m", "tests.crash.publish", str(folder), json.dumps(dict(running.urls))]
        overlap(command, folder, environment(tmp_path))
        judge(running, wanted)
