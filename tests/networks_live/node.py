"""The reference counters, as npm has them: installed once into a cache outside this checkout, asked by standard input.

In: texts. Out: what twitter-text says they weigh and link, what @atproto/api says it links, and how long a text takes
twitter-text. The versions are those of package-lock.json, whose hash names the folder in the cache.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


class NoNode(Exception):
    """Node or npm is not installed."""


def ask(script: str, texts: Sequence[str]) -> Any:
    """What the script says of the texts: one answer of JSON."""
    done = subprocess.run(
        ["node", _installed() / script],
        input=json.dumps(list(texts)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{script}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def _installed() -> Path:
    """The folder that has the packages and our scripts."""
    if not (shutil.which("node") and shutil.which("npm")):
        raise NoNode("Node and npm are needed: apt-get install nodejs npm")
    lock = (HERE / "package-lock.json").read_bytes()
    folder = _cache() / f"npm-{hashlib.sha256(lock).hexdigest()[:16]}"
    if not (folder / "node_modules").is_dir():
        _install(folder)
    for script in HERE.glob("*.mjs"):  # beside the packages, where Node looks for them
        shutil.copy(script, folder)
    return folder


def _install(folder: Path) -> None:
    """Beside it first, then under its name: two at once never see half of one."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=folder.parent))
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, made)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=optional", "--silent"]
    try:
        subprocess.run(command, cwd=made, check=True)
        made.rename(folder)
    except OSError:
        if not folder.is_dir():  # else somebody else was first
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "clarion-tests"
