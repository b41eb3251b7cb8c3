"""Show something again whenever a file of the campaign changes, until somebody presses Ctrl-C.

In: the campaign folder, and what shows. Out: nothing; an error is said, and the watch goes on. By looking at the times
of the files, twice a second: that works on every disk and needs no library.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG

from clarion.cli.terminal import shell
from clarion.errors import ClarionError

_PAUSE = 0.5
#: Path, time of its last change in nanoseconds, size in bytes.
Stamp = tuple[str, int, int]


def watch(folder: Path, show: Callable[[], None]) -> None:
    """Call `show` now and after each change. Ctrl-C ends it."""
    with suppress(KeyboardInterrupt):
        while True:
            seen = stamps(folder)  # before it is shown: what changes meanwhile is shown again
            try:
                show()
            except ClarionError as error:
                shell.complain(error.message, error.hint)
            except OSError as error:
                shell.complain(f"cannot use {error.filename}: {error.strerror}")
            shell.say_so("Watching the campaign's files. To end: Ctrl-C")
            while stamps(folder) == seen:
                time.sleep(_PAUSE)


def stamps(folder: Path) -> frozenset[Stamp]:
    """What the campaign's own files are now. Hidden files are left out: editors keep their drafts there."""
    return frozenset(_stamps(folder))


def _stamps(folder: Path) -> Iterator[Stamp]:
    from clarion.campaign.templates import FOLDER
    from clarion.campaign.where import FILE

    for path in (folder / FILE, *(folder / FOLDER).rglob("*")):
        if path.name.startswith(".") or path.name.endswith("~"):
            continue
        with suppress(OSError):  # gone since it was listed
            found = path.stat()
            if S_ISREG(found.st_mode):
                yield str(path), found.st_mtime_ns, found.st_size
