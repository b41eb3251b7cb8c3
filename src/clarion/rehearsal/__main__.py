"""`python -m clarion.rehearsal FOLDER`: the background process that `running.ensure` starts.

With `--detach` it leaves its parent and its terminal. On stdout it says once, as JSON, that it is
up or why not; then it is silent.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from clarion.errors import ClarionError
from clarion.rehearsal.running import CONTROL, Running, serve


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m clarion.rehearsal")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--idle", type=float)
    parser.add_argument("--detach", action="store_true")
    options = parser.parse_args()
    folder = options.folder.resolve()
    if options.detach:
        _detach()
    try:
        serve(folder, idle=options.idle, ready=_say_up)
    except ClarionError as error:
        _say({"error": error.message, "hint": error.hint})
        return 2
    except OSError as error:
        _say({"error": str(error)})
        return 2
    return 0


def _detach() -> None:
    if os.fork():
        os._exit(0)
    os.setsid()


def _say_up(up: Running) -> None:
    _say({"pid": up.pid, "urls": {**up.urls, CONTROL: up.control}, "edition": up.edition})


def _say(said: dict[str, object]) -> None:
    """Say it and close both streams: whoever reads to the end goes on."""
    print(json.dumps(said), flush=True)  # noqa: T201 - for `running.ensure`
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nothing, stream.fileno())
    os.close(nothing)


if __name__ == "__main__":
    sys.exit(main())
