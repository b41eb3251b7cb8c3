"""A real terminal for tests: a person who waits for a question and types an answer."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import termios
import time
from pathlib import Path

# A session's first terminal is where hidden prompts read from. Ctrl-C may have been turned off above us: by a shell that
# runs the tests in the background.
_START = (
    "import fcntl, signal, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "signal.signal(signal.SIGINT, signal.default_int_handler); "
)
_CLARION = "from clarion.cli import main; main()"
_SECONDS = 20.0


class Terminal:
    """One command at a terminal. Use it in a `with`. `program`: other Python than `clarion` that reads the words."""

    def __init__(self, *words, columns=80, program=_CLARION):
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (24, columns))
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START + program, *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            # A size in the environment goes before the terminal's own; pytest and its workers may set one.
            env={name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")},
            start_new_session=True,
        )
        os.close(theirs)
        self.shown = ""
        self._heard = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        os.close(self._ours)

    def answer(self, question, words):
        """Wait for the question, then type. `\\x03` is Ctrl-C."""
        until = time.monotonic() + _SECONDS
        while (found := self.shown.find(question, self._heard)) < 0:
            assert time.monotonic() < until, f"never asked {question!r}: {self.shown}"
            assert self._read(), f"ended before {question!r}: {self.shown}"
        self._heard = found + len(question)
        self._wait_until_it_reads(until)
        os.write(self._ours, words.encode())

    def interrupt(self, question):
        """Wait for the question, then press Ctrl-C until it ends, as a person would: one may fall between two reads."""
        self.answer(question, "\x03")
        until = time.monotonic() + _SECONDS
        while time.monotonic() < until:
            try:
                self._process.wait(0.3)
                return
            except subprocess.TimeoutExpired:
                os.write(self._ours, b"\x03")

    def leave(self, question):
        """Read to the end; where it asks once more, press Ctrl-C."""
        while self._read():
            if self.shown.find(question, self._heard) >= 0:
                self.interrupt(question)
                return

    def _wait_until_it_reads(self, until):
        """Sleeping, behind its question, it waits for the answer.

        Before that, a Ctrl-C would fall between Python's last look for signals and the read that nothing ends, and a
        hidden prompt would throw away what was typed.
        """
        stat = Path(f"/proc/{self._process.pid}/stat")
        if not stat.exists():  # not Linux: nothing tells, so give it time
            time.sleep(0.5)
            return
        while stat.read_text().rpartition(")")[2].split()[0] != "S":
            assert time.monotonic() < until, f"never reads: {self.shown}"
            time.sleep(0.01)

    def end(self):
        """Read to the end; the exit code."""
        while self._read():
            pass
        return self._process.wait(_SECONDS)

    def _read(self):
        ready, _, _ = select.select([self._ours], [], [], _SECONDS)
        assert ready, f"nothing more came: {self.shown}"
        try:
            content = os.read(self._ours, 4096)
        except OSError:  # Linux: the other side is closed
            return False
        self.shown += content.decode(errors="replace")
        return bool(content)
