"""Whatever a template does ends as one clear error, and what was asked besides is answered all the same."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import jinja2
import pytest

from clarion.campaign.rendering import child
from clarion.campaign.rendering.child import Work
from clarion.errors import CampaignError


def asked(*does: Callable[[], Any]) -> list[Work[Any]]:
    return [Work(where=f"posts/{number}/en.md", do=do) for number, do in enumerate(does)]


def answered(*does: Callable[[], Any]) -> list[Any]:
    return child.answers(asked(*does), object)


def refuse() -> NoReturn:
    raise CampaignError("posts/1/en.md, line 3: “place” has no value", "give it one")


def loop() -> object:
    """Jinja itself, without our allow-list."""
    return jinja2.Template("{% for a in range(10 ** 9) %}{% endfor %}").render()


def grow() -> object:
    return jinja2.Template("{{ ('x' * size)|length }}").render(size=2 * child.MEMORY)


def hang() -> bytes:
    """A read that nobody ever writes for."""
    reading, _ = os.pipe()
    return os.read(reading, 1)


def killed() -> None:
    """As by a system that has no memory left."""
    os.kill(os.getpid(), signal.SIGKILL)


def vanish() -> NoReturn:
    os._exit(0)


def chatter() -> str:
    return "x" * 2_000_000


def test_answers_come_in_order_from_one_other_process() -> None:
    first, second, third = answered(lambda: "один", os.getpid, os.getpid)
    assert first == "один"
    assert second == third != os.getpid()


def test_a_refusal_comes_back_in_its_own_words_and_the_rest_is_answered() -> None:
    first, refusal, last = answered(lambda: 1, refuse, lambda: 3)
    assert (first, last) == (1, 3)
    assert isinstance(refusal, CampaignError)
    assert refusal.message == "posts/1/en.md, line 3: “place” has no value"
    assert refusal.hint == "give it one"


@pytest.mark.parametrize("bad", [loop, grow, hang, killed, vanish, chatter])
def test_what_loops_grows_hangs_or_crashes_is_one_clear_error_and_the_rest_is_answered(
    bad: Callable[[], Any],
) -> None:
    first, refusal, last = answered(lambda: 1, bad, lambda: 3)
    assert (first, last) == (1, 3)
    assert isinstance(refusal, CampaignError)
    assert refusal.message == ("posts/1/en.md: this takes too long, or more memory than any post needs")
    assert refusal.hint


def test_an_endless_loop_is_cut_off_within_two_seconds() -> None:
    """Not how long it took, which the machine decides: how long the parent waits, and the processor's time besides."""
    (limit,) = answered(lambda: resource.getrlimit(resource.RLIMIT_CPU)[0])
    assert 0 < limit <= 2
    assert child.WALL < 2


def test_each_piece_of_work_has_time_of_its_own() -> None:
    assert answered(*[lambda: time.sleep(child.WALL / 3)] * 4) == [None] * 4


def test_the_limits_are_the_childs_alone() -> None:
    before = [resource.getrlimit(each) for each in (resource.RLIMIT_AS, resource.RLIMIT_CPU)]
    answered(lambda: 1)
    assert [resource.getrlimit(each) for each in (resource.RLIMIT_AS, resource.RLIMIT_CPU)] == before


def test_a_mistake_of_ours_stays_one_and_shows_where_it_is() -> None:
    def mistake() -> None:
        raise KeyError("what is missing")

    with pytest.raises(RuntimeError, match=r"in mistake[\s\S]*KeyError: 'what is missing'"):
        answered(mistake)


def test_half_a_character_in_an_error_does_not_silence_it() -> None:
    def refused() -> NoReturn:
        raise CampaignError("the value \ud800 is wrong")

    (refusal,) = answered(refused)
    assert refusal.message == "the value ? is wrong"


def test_no_child_is_left_behind() -> None:
    answered(lambda: 1, killed, lambda: 2)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_parent_that_ignores_the_ends_of_its_children_is_answered() -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        first, refusal, last = answered(lambda: 1, killed, lambda: 3)
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert (first, last) == (1, 3)
    assert isinstance(refusal, CampaignError)


def test_no_file_is_left_open() -> None:
    before = len(list(Path("/dev/fd").iterdir()))
    answered(lambda: 1, killed, lambda: 2)
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_what_the_parent_has_to_write_or_to_finish_is_done_by_the_parent_alone(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import atexit\n"
        "from clarion.campaign.rendering.child import Work, answers\n"
        "atexit.register(print, 'end')\n"
        "print('begun', end=' ')\n"
        "print(*answers([Work(where='x', do=lambda: 'done')], str))\n"
    )
    run = subprocess.run([sys.executable, program], capture_output=True, text=True, check=True)
    assert run.stdout == "begun done\nend\n"


@pytest.fixture
def thread() -> Iterator[None]:
    stop = threading.Event()
    other = threading.Thread(target=stop.wait)
    other.start()
    yield
    stop.set()
    other.join()


@pytest.mark.usefixtures("thread")
def test_where_other_threads_run_the_work_is_done_here() -> None:
    assert not child.can_fork()
    here, refusal, last = answered(os.getpid, refuse, lambda: 3)
    assert (here, last) == (os.getpid(), 3)
    assert isinstance(refusal, CampaignError)
