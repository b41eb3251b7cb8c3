"""The crash proofs that fit a test run: a covering part of the table, and the negative controls, on both databases.

The whole table, the long random run and the overlap of many processes: `make proofs`, `make crash`.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture(params=["sqlite", "postgres"])
def db(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def crash(*words: str) -> str:
    """Run the harness in a process of its own, which has no threads; what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_a_kill_at_any_point_under_any_fault_loses_and_doubles_nothing(db: str) -> None:
    last = crash("table", "--pairs", "--db", db).splitlines()[-1]
    assert re.match(r"cases=\d{3} kills=\d{2,3} lost=0 doubled=0 ", last)


def test_a_recall_killed_at_any_point_ends_with_nothing_up_and_nothing_sent(db: str) -> None:
    last = crash("recalls", "--pairs", "--db", db).splitlines()[-1]
    assert re.match(r"recalled=\d{3} kills=\d{2,3} lost=0 doubled=0 ", last)


def test_an_edit_killed_at_any_point_is_one_edit_in_the_end(db: str) -> None:
    last = crash("edits", "--pairs", "--db", db).splitlines()[-1]
    assert re.match(r"edited=20 kills=\d{2} lost=0 doubled=0 in_doubt=0", last)


def test_each_safeguard_taken_away_is_seen_to_fail(db: str) -> None:
    lines = crash("controls", "--db", db).splitlines()
    assert [line.split()[0] for line in lines[::2]] == [
        "naive_retry",
        "short_settle",
        "no_fence",
        "no_deadline_check",
        "no_claim_check",
        "settled_before",
        "no_last_look",
        "key_per_attempt",
    ]
    assert all(line.endswith("real lost=0 doubled=0") for line in lines[::2])
    assert all(re.search(r"without lost=\d doubled=\d$", line) for line in lines[1::2])
    assert not any(line.endswith("lost=0 doubled=0") for line in lines[1::2])


def test_a_random_run_loses_and_doubles_nothing(db: str) -> None:
    last = crash("run", "--duration", "5", "--seed", "29", "--db", db).splitlines()[-1]
    assert re.fullmatch(r"deliveries=\d+ kills=\d+ points=(\d+)/\1 lost=0 doubled=0 in_doubt=\d+", last), last
