"""A person at an empty folder: real processes, a home of their own, local networks that are stopped at the end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.leftovers import stop_networks
from tests.networks.conftest import networks  # noqa: F401 - a fixture

CLARION = str(Path(sys.executable).with_name("clarion"))


class Person:
    """Types commands in a folder."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.folder = folder / "campaign"
        self.home.mkdir()
        self.folder.mkdir()
        kept = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        self.env = {**kept, "HOME": str(self.home), "CLARION_AS": "vera", "TMPDIR": str(folder)}

    def types(self, *words: str, code: int = 0, stdin: str = "") -> str:
        """Run a command as typed; stdout, with stderr in `self.said`. The exit code must be `code`."""
        done = subprocess.run(
            [CLARION, *words],
            cwd=self.folder,
            env=self.env,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        self.said = done.stderr
        assert done.returncode == code, f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done.stdout


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    someone = Person(tmp_path)
    yield someone
    stop_networks(someone.home)
