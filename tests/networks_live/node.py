"""Node, npm, and the reference counters as npm has them: installed once into a cache, asked by standard input.

In: texts. Out: what twitter-text says they weigh and link, what @atproto/api says it links, and how long a text takes
twitter-text. The versions are those of package-lock.json, whose hash names the folder in the cache.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.networks_live import cache

HERE = Path(__file__).parent
#: The oldest Node on which the Bluesky server starts.
OLDEST = 20


class NoNode(cache.Missing):
    """Node or npm is not installed."""


def ask(script: str, texts: Sequence[str]) -> Any:
    """What the script says of the texts: one answer of JSON."""
    require()
    folder = cache.kept("npm", HERE / "package-lock.json", _install)
    for each in HERE.glob("*.mjs"):  # beside the packages, where Node looks for them
        shutil.copy(each, folder)
    done = subprocess.run(
        ["node", folder / script],
        input=json.dumps(list(texts)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{script}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def require() -> None:
    """Raises NoNode, with what installs it, where Node or npm is missing."""
    if not (shutil.which("node") and shutil.which("npm")):
        raise NoNode("Node and npm are needed: apt-get install nodejs npm")


def version() -> str:
    """Node's own: "v20.20.2"."""
    require()
    return subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()


def install(source: Path, made: Path, *options: str) -> None:
    """`npm ci` of the packages that stand in `source`, into the folder `made`. Raises CalledProcessError."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(source / name, made)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--omit=optional", *options]
    subprocess.run(command, cwd=made, check=True, env={**os.environ, **headers()}, stdout=subprocess.DEVNULL)


def headers() -> dict[str, str]:
    """Where this Node's C++ headers are, for packages that are built: without that, npm would download them."""
    found = shutil.which("node")
    prefix = Path(found).resolve().parents[1] if found else Path("/usr")
    there = (prefix / "include" / "node" / "node.h").exists()
    return {"npm_config_nodedir": str(prefix)} if there else {}


def _install(made: Path) -> None:
    install(HERE, made, "--ignore-scripts", "--silent")
