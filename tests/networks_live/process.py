"""A server of other people's, as a process of this test run: started, waited for, and ended by its id."""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_READY_SECONDS = 120.0
_STOP_SECONDS = 5.0


@contextmanager
def started(
    command: Sequence[str | Path], *, log: Path, environ: Mapping[str, str], until: str = "\n"
) -> Iterator[str]:
    """Run it until the block ends; gives what it said on its standard output up to `until`.

    Its standard input closes when this process dies, so that it can end too. RuntimeError, with the end of its log,
    where it does not come up.
    """
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, **environ},
        )
        try:
            yield _said(process, log, until)
        finally:
            _end(process)


def _said(process: subprocess.Popen[bytes], log: Path, until: str) -> str:
    assert process.stdout is not None
    said = ""
    while until not in said:
        ready, _, _ = select.select([process.stdout], [], [], _READY_SECONDS)
        more = os.read(process.stdout.fileno(), 65536) if ready else b""
        if not more:
            raise RuntimeError(f"{process.args!r} did not start: {log.read_text(errors='replace')[-2000:]}")
        said += more.decode(errors="replace")
    return said


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.communicate(timeout=_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
