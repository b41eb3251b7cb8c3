"""Cold start: whole processes, in turn, so that a slow minute strikes all alike; medians."""

from __future__ import annotations

import compileall
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from tests.bench.ratio import Ratio
from tests.bench.turns import in_turn

ROUNDS = int(os.environ.get("ROUNDS", "21"))
FUTURE = 1_000_000
SOURCE = Path(__file__).resolve().parents[2] / "src"


def ratios() -> list[Ratio]:
    """Whole processes against `python -c "import click"`."""
    compileall.compile_dir(SOURCE, quiet=1)  # users have an installation with bytecode
    clarion = str(Path(sys.executable).with_name("clarion"))
    with tempfile.TemporaryDirectory(prefix="clarion-bench-") as made:
        folder = Path(made)
        empty, full = folder / "empty", folder / "full"
        for campaign in (empty, full):
            start_campaign(clarion, campaign, homes(campaign))
        fill(next((full / "home").rglob("rehearsal.sqlite3")))
        click = [sys.executable, "-c", "import click"]
        took = in_turn(
            {
                "click": lambda: run(click, empty, homes(empty)),
                "help": lambda: run([clarion, "--help"], empty, homes(empty)),
                "empty": lambda: run([clarion, "publish"], empty, homes(empty)),
                "full": lambda: run([clarion, "publish"], full, homes(full)),
            },
            rounds=ROUNDS,
        )
    return [
        Ratio("clarion --help ÷ import click", took["help"] / took["click"], 1.4),
        Ratio(
            f"idle publish, {FUTURE:,} future deliveries ÷ import click", took["full"] / took["click"], 1.6
        ),
        Ratio(
            f"idle publish, {FUTURE:,} future deliveries ÷ empty outbox", took["full"] / took["empty"], 1.1
        ),
    ]


def homes(campaign: Path) -> dict[str, str]:
    home = campaign / "home"
    return {**os.environ, "HOME": str(home), "XDG_STATE_HOME": str(home / "state"), "CLARION_AS": "bench"}


def start_campaign(clarion: str, folder: Path, env: dict[str, str]) -> None:
    folder.mkdir()
    run([clarion, "init", "--yes"], folder, env)
    run([clarion, "say", "A word in time.", "--at", "tomorrow 9:00", "--yes"], folder, env)


def run(command: list[str], folder: Path, env: Mapping[str, str]) -> None:
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command}: {done.returncode}\n{done.stdout}{done.stderr}")


def fill(outbox: Path) -> None:
    """A million deliveries due over the coming years, as copies of one that was queued."""
    with closing(sqlite3.connect(outbox)) as database, database:
        database.execute(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
            INSERT INTO delivery (id, post, account, part, state, due_at, lapses_at)
            SELECT lower(hex(randomblob(16))), lower(hex(randomblob(16))), 1 + i % (SELECT count(*) FROM account), 1,
                   'scheduled', first.due_at + i * 60000000, first.lapses_at + i * 60000000
              FROM n, (SELECT due_at, lapses_at FROM delivery LIMIT 1) AS first
            """,
            (FUTURE,),
        )
