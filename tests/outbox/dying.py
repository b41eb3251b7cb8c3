"""Run a few lines in a process of their own that kills itself, as `kill -9` would, when it passes a named point."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
_HOOK = """
import os, signal, sys
from pathlib import Path
from clarion import points
def hook(name):
    if name == sys.argv[1]:
        os.kill(os.getpid(), signal.SIGKILL)
points.hook = hook
"""


def dies_at(point: str, script: str, *words: object) -> None:
    """The script gets `words` as sys.argv[2:]. Fails when the point was never passed."""
    done = run(_HOOK + script, point, *words)
    assert done.returncode == -signal.SIGKILL, f"{point} was never passed: {done.stdout}{done.stderr}"


def run(script: str, *words: object, wrap: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*wrap, sys.executable, "-c", script, *map(str, words)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
