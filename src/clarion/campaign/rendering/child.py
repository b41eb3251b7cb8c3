"""A forked child for what a template does: bounded in time and memory, plain data out.

In: pieces of work, each with a name for errors. Out: what each returned, or the CampaignError it ended with, in order. The
allow-list of `sandbox.py` already keeps templates from looping and growing; this is the wall behind it, for what nobody
thought of: a template that loops for ever, takes all memory, or hangs on a file ends as one clear error within two seconds.

One child serves a whole command: a fork costs a few milliseconds, a new interpreter two hundred. The child has the
parent's memory as it stood, so nothing needs to be sent to it; its answers come back as JSON, line by line. Where there is
no fork, or other threads run (they could hold a lock that the child would wait for), the work is done here, and the
allow-list stands alone. See docs/decisions/0008-render-child.md.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, NoReturn, TypeVar

import msgspec

from clarion.errors import CampaignError

T = TypeVar("T")

#: Seconds of the wall clock for one piece of work; an ordinary one takes a few milliseconds.
WALL = 1.5
#: Bytes a child may take beyond what its parent had.
MEMORY = 256 * 2**20
#: Bytes of one answer: a text is at most 20,000 characters, and marks, facts and JSON need room around it.
_ANSWER = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Work(Generic[T]):
    """One thing to do. `where` is what an error about it begins with."""

    where: str
    do: Callable[[], T]


class _Answer(msgspec.Struct, omit_defaults=True):
    """One line from the child: what was made, or why it was refused, or what broke in our own code."""

    made: msgspec.Raw = msgspec.Raw(b"null")
    refused: tuple[str, str | None] | None = None
    broke: str | None = None


def answers(works: Sequence[Work[T]], kind: type[T]) -> list[T | CampaignError]:
    """What each piece of work made, in order, or its CampaignError. `kind` is a type that msgspec reads from JSON.

    RuntimeError, with the child's traceback, for a mistake of ours: any other exception in the work.
    """
    found: list[T | CampaignError] = []
    if not can_fork():
        found.extend(map(_here, works))
    while len(found) < len(works):
        # A child that had to be killed answers for one of them; the next child does the rest.
        _ask_child(works, kind, found)
    return found


def can_fork() -> bool:
    """Whether work is done in a child here and now."""
    return hasattr(os, "fork") and threading.active_count() == 1


def _here(work: Work[T]) -> T | CampaignError:
    try:
        return work.do()
    except CampaignError as error:
        return error


# ── the parent ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _ask_child(works: Sequence[Work[T]], kind: type[T], found: list[T | CampaignError]) -> None:
    """Add the answers of one child to those found: all that are left, or up to the one that it did not survive."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _serve(works[len(found) :], writing)
    os.close(writing)
    try:
        found.extend(_opened(line, kind) for line in _lines(reading))
    finally:
        os.close(reading)
        _end(pid)
    if len(found) < len(works):
        found.append(_too_much(works[len(found)].where))


def _end(pid: int) -> None:
    """Kill it, which is harmless where it has ended: its number is ours until it is waited for."""
    # Where whoever started us ignores the ends of children, the system has cleared this one away.
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _lines(reading: int) -> Iterator[bytes]:
    """The child's answers as they come; no more once one took too long or is too large, or the child has ended."""
    poll = select.poll()
    poll.register(reading, select.POLLIN)
    rest, until = b"", time.monotonic() + WALL
    while len(rest) < _ANSWER and poll.poll(max(0.0, until - time.monotonic()) * 1000):
        piece = os.read(reading, 65_536)
        if not piece:
            return
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
        if whole:
            until = time.monotonic() + WALL


def _opened(line: bytes, kind: type[T]) -> T | CampaignError:
    answer = msgspec.json.decode(line, type=_Answer)
    if answer.broke is not None:
        raise RuntimeError(f"rendering broke:\n{answer.broke}")
    if answer.refused is not None:
        return CampaignError(*answer.refused)
    return msgspec.json.decode(answer.made, type=kind)


def _too_much(where: str) -> CampaignError:
    return CampaignError(
        f"{where}: this takes too long, or more memory than any post needs", "write it more simply"
    )


# ── the child ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _serve(works: Sequence[Work[T]], writing: int) -> NoReturn:
    """Do the work and end, without a trace in the parent: nothing of its is flushed, closed or collected here."""
    try:
        for quiet in (signal.SIGINT, signal.SIGTERM):
            signal.signal(quiet, signal.SIG_DFL)
        gc.freeze()  # what the parent left behind, open files among it, is not the child's to finish
        _limit_memory()
        for work in works:
            _limit_time()
            _send(writing, _answer(work))
    finally:
        os._exit(0)


def _answer(work: Work[T]) -> bytes:
    try:
        answer = _Answer(made=msgspec.Raw(msgspec.json.encode(work.do())))
    except CampaignError as error:
        answer = _refused(error)
    except MemoryError:
        answer = _refused(_too_much(work.where))
    except Exception:  # noqa: BLE001  a mistake of ours, which the parent raises again
        answer = _Answer(broke=_text(traceback.format_exc()))
    return msgspec.json.encode(answer)


def _refused(error: CampaignError) -> _Answer:
    return _Answer(refused=(_text(error.message), _text(error.hint) if error.hint else None))


def _text(words: str) -> str:
    """What JSON can carry: half a pair of surrogates is a question mark."""
    return words.encode(errors="replace").decode()


def _send(writing: int, answer: bytes) -> None:
    left = answer + b"\n"
    while left:
        left = left[os.write(writing, left) :]


def _limit_memory() -> None:
    """MEMORY beyond what is mapped now. Where the system does not tell or does not bound it (macOS), time alone bounds."""
    import resource

    _limit(resource.RLIMIT_CORE, 0)
    try:
        mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return
    _limit(resource.RLIMIT_AS, mapped + MEMORY)


def _limit_time() -> None:
    """At most two seconds of the processor more: the parent waits less, but it may itself be gone."""
    import resource

    spent = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, int(spent.ru_utime + spent.ru_stime) + 2)


def _limit(what: int, most: int) -> None:
    import resource

    hard = resource.getrlimit(what)[1]
    resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
