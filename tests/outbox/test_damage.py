"""What can happen to an outbox: full, read-only or broken disks, shared folders, clocks that go back. Each with the real thing.

Each ends with words that say what to do, and with nothing sent twice.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from clarion.errors import OutboxError
from clarion.outbox import probe, schema, store
from clarion.outbox.hosting import backup, grounds, health, opening
from clarion.outbox.store import HEARTBEAT, get_meta, set_meta
from tests import postgres
from tests.desk import NOON, Desk
from tests.outbox.dying import run
from tests.publishing.conftest import Stage

HOUR = 3_600_000_000
root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")


def mounted(folder: Path, *commands: str) -> tuple[str, ...]:
    """Words before a command that run it in a mount namespace of its own: nothing is left behind."""
    return ("unshare", "-m", "sh", "-c", " && ".join([*commands, 'exec "$@"']), str(folder))


# ── a full disk ───────────────────────────────────────────────────────────────────────────────────────────────

FULL = """
import json, resource, sys
from pathlib import Path
from clarion.errors import OutboxError
from clarion.outbox.hosting import opening
from tests.desk import NOON, Desk
from tests.publishing.conftest import Stage

folder, how, when = Path(sys.argv[1]), sys.argv[2], sys.argv[3]

def fill():
    if how == "limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        return
    with open(folder / "filler", "wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"x" * 4096)
        except OSError:
            pass

def make_room():
    if how == "limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    else:
        (folder / "filler").unlink()

desk = Desk(opening.create(folder / "outbox.sqlite3", host="here", simulated=NOON))
stage = Stage(desk)
number = desk.queue(desk.account("voice"), "hello")
desk.approve(number)
if when == "before":
    fill()
else:
    stage.network.before_send = fill
said = hint = None
try:
    stage.worker().drain()
except OutboxError as error:
    said, hint = error.message, error.hint
taken = len(stage.network.taken)
make_room()
stage.network.before_send = lambda: None
desk.later(minutes=6)
stage.worker().drain()
print(json.dumps([said, hint, taken, len(stage.network.taken), desk.states(number)]))
"""


@pytest.mark.parametrize("how", ["limit", pytest.param("tmpfs", marks=root)])
@pytest.mark.parametrize(("when", "taken"), [("before", 0), ("after", 1)])
def test_a_full_disk_ends_the_run_and_sends_nothing_twice(
    tmp_path: Path, how: str, when: str, taken: int
) -> None:
    small = mounted(tmp_path, 'mount -t tmpfs -o size=1m none "$0"') if how == "tmpfs" else ()
    done = run(FULL, tmp_path, how, when, wrap=small)
    assert not done.returncode, done.stderr
    said, hint, during, after, states = json.loads(done.stdout)
    assert "the disk took no more of the outbox" in said
    assert hint == "make room, then run again"
    assert (during, after, states) == (taken, 1, ["sent"])


# ── a read-only disk ──────────────────────────────────────────────────────────────────────────────────────────

READ_ONLY = """
import json, sys
from pathlib import Path
from clarion.errors import OutboxError
from clarion.outbox import probe
from clarion.outbox.entries import posts
from clarion.outbox.hosting import opening
from tests.publishing.conftest import Stage

path = Path(sys.argv[1])
outbox = opening.open_sqlite(path, host="here")
with outbox.read() as tx:
    readable = posts.show(tx, 1).state
desk = object.__new__(__import__("tests.desk").desk.Desk)
desk.outbox, desk.names = outbox, ["voice"]
stage = Stage(desk)
said = []
for attempt in (lambda: opening.check_in(outbox, host="here", config="1:1"), stage.worker().drain):
    try:
        attempt()
    except OutboxError as error:
        said.append(error.message)
print(json.dumps([readable, said, len(stage.network.taken), probe.idle(path, host="here", config="1:1")]))
"""


@root
@pytest.mark.parametrize("due", [True, False])
def test_a_read_only_disk_can_be_read_and_publishes_nothing(tmp_path: Path, *, due: bool) -> None:
    desk = Desk(opening.create(tmp_path / "outbox.sqlite3", host="here", simulated=NOON))
    desk.approve(desk.queue(desk.account("voice"), "hello", due=None if due else NOON.replace(year=2030)))
    desk.outbox.close()
    frozen = mounted(tmp_path, 'mount --bind "$0" "$0"', 'mount -o remount,bind,ro "$0"')
    done = run(READ_ONLY, tmp_path / "outbox.sqlite3", wrap=frozen)
    assert not done.returncode, done.stderr
    readable, said, taken, idle = json.loads(done.stdout)
    assert readable == "scheduled"
    assert len(said) == 2, "the check-in, and the run, which tidies what was spent even when nothing is due"
    assert all("the outbox cannot be written" in each for each in said)
    assert (taken, idle) == (0, False), "cron must hear of it, even when nothing is due"


# ── a broken file ─────────────────────────────────────────────────────────────────────────────────────────────


def break_file(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[8192:] = b"\xee" * (len(content) - 8192)
    path.write_bytes(content)


def test_a_broken_file_publishes_nothing_and_is_restored_from_a_backup(
    sqlite_desk: Desk, tmp_path: Path
) -> None:
    stage, path, copy = Stage(sqlite_desk), Path(sqlite_desk.outbox.place), tmp_path / "copy"
    number = sqlite_desk.queue(sqlite_desk.account("voice"), "hello")
    sqlite_desk.approve(number)
    backup.make(path, copy)
    stage.worker().drain()
    sqlite_desk.outbox.close()
    break_file(path)
    with pytest.raises(OutboxError, match="damaged") as error:
        opening.open_sqlite(path, host="here")
    assert "db restore" in str(error.value.hint)
    assert not probe.idle(path, host="here", config="1:1")
    [wrong] = [each for each in health.of_sqlite(path, host="here", expected=None) if not each.good]
    assert (wrong.what, "damaged" in wrong.says) == ("file", True)
    with pytest.raises(OutboxError, match="cannot be copied"):
        backup.make(path, tmp_path / "useless")
    backup.restore(path, copy, host="here", expected=None, who="ann")
    stage.desk.outbox = opening.open_sqlite(path, host="here")
    stage.worker().drain()
    assert len(stage.network.taken) == 1
    assert sqlite_desk.states(number) == ["sent"]


# ── shared folders ────────────────────────────────────────────────────────────────────────────────────────────

MOUNTINFO = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
60 22 0:45 / /home/ann/share rw,relatime shared:2 - nfs4 nas.example:/export rw,vers=4.2
61 22 0:46 / /home/ann/my\\040files rw,nosuid - fuse.sshfs ann@host.example: rw,user_id=0
62 60 0:47 / /home/ann/share/local rw - ext4 /dev/vdb1 rw
63 22 0:48 / /mnt/c rw,noatime - 9p C:\\134 rw,dirsync
64 22 0:49 / /srv/office rw - cifs //office.example/all rw
"""
MACOS = """\
/dev/disk3s5 on /System/Volumes/Data (apfs, local, journaled, nobrowse, protect)
//ann@nas.example/share on /Volumes/share (smbfs, nodev, nosuid, mounted by ann)
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/ann/share/a/live.sqlite3", "nfs4"),
        ("/home/ann/my files/live.sqlite3", "fuse.sshfs"),
        ("/mnt/c/live.sqlite3", "9p"),
        ("/srv/office/live.sqlite3", "cifs"),
    ],
)
def test_a_network_file_system_is_refused_and_postgresql_named(path: str, kind: str) -> None:
    with pytest.raises(OutboxError, match=f"network file system .{kind}.") as error:
        grounds.refuse_shared(Path(path), grounds.of_mountinfo(MOUNTINFO))
    assert "PostgreSQL" in str(error.value.hint)


@pytest.mark.parametrize(
    "path", ["/home/ann/live.sqlite3", "/home/ann/share/local/live.sqlite3", "/mnt/cd/x"]
)
def test_a_disk_of_this_machine_is_not_refused(path: str) -> None:
    grounds.refuse_shared(Path(path), grounds.of_mountinfo(MOUNTINFO))


def test_what_macos_prints_is_understood() -> None:
    with pytest.raises(OutboxError, match="smbfs"):
        grounds.refuse_shared(Path("/Volumes/share/live.sqlite3"), grounds.of_mount(MACOS))
    grounds.refuse_shared(Path("/System/Volumes/Data/live.sqlite3"), grounds.of_mount(MACOS))


KIND = """
import sys
from pathlib import Path
from clarion.outbox.hosting import grounds
print(grounds.file_system(Path(sys.argv[1]), grounds._mounts()))
"""


@root
def test_the_real_mount_table_is_read(tmp_path: Path) -> None:
    (tmp_path / "with space").mkdir()
    here = mounted(tmp_path / "with space", 'mount -t tmpfs none "$0"')
    done = run(KIND, tmp_path / "with space" / "live.sqlite3", wrap=here)
    assert done.stdout == "tmpfs\n", done.stderr


@pytest.mark.parametrize(
    "folder", ["Dropbox", "Dropbox (Office)", "OneDrive - Office", "Mobile Documents", "Nextcloud"]
)
def test_a_synced_folder_is_refused(tmp_path: Path, folder: str) -> None:
    with pytest.raises(OutboxError, match="synced to other machines"):
        grounds.refuse_shared(tmp_path / folder / "state" / "live.sqlite3")
    grounds.refuse_shared(tmp_path / "Dropbox-notes" / "live.sqlite3")


def test_a_folder_that_syncthing_keeps_is_refused_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / ".stfolder").mkdir()
    with pytest.raises(OutboxError, match="synced to other machines"):
        grounds.refuse_shared(tmp_path / "state" / "live.sqlite3")


# ── a clock that goes back ────────────────────────────────────────────────────────────────────────────────────


def set_ahead(outbox: store.Outbox, by: int) -> int:
    """The outbox has seen a time that far ahead: as if the clock had been set back by it."""
    with outbox.write() as tx:
        set_meta(tx.connection, HEARTBEAT, str(tx.now + by))
        return tx.now + by


def test_a_clock_set_back_an_hour_stops_everything_and_cron_hears_of_it(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    outbox = opening.create(path, host="here")
    opening.check_in(outbox, host="here", config="1:1")
    assert probe.idle(path, host="here", config="1:1")
    ahead = set_ahead(outbox, HOUR)
    assert not probe.idle(path, host="here", config="1:1")
    with pytest.raises(OutboxError, match="the clock says"):
        opening.check_in(outbox, host="here", config="1:1")
    with outbox.read() as tx:
        assert get_meta(tx.connection, HEARTBEAT) == str(ahead), "the evidence must stay"
    outbox.close()
    with pytest.raises(OutboxError, match="the clock says") as error:
        opening.open_sqlite(path, host="here")
    assert "db check --accept-clock" in str(error.value.hint)
    assert [each.what for each in health.of_sqlite(path, host="here", expected=None) if not each.good] == [
        "clock"
    ]
    health.accept_clock(path, None, who="ann")
    opening.open_sqlite(path, host="here").close()
    assert all(each.good for each in health.of_sqlite(path, host="here", expected=None))


def test_a_clock_that_a_time_server_mends_by_little_is_no_news(tmp_path: Path) -> None:
    outbox = opening.create(tmp_path / "o", host="here")
    set_ahead(outbox, HOUR // 15)
    outbox.close()
    opening.open_sqlite(tmp_path / "o", host="here").close()


def test_the_same_of_a_database(postgres_server: postgres.Server) -> None:
    with postgres_server.database() as url:
        outbox = opening.open_postgres(url)
        opening.check_in(outbox, host="here", config="1:1")
        key = probe.config_key("here")
        assert probe.idle_postgres(url, key=key, config="1:1")
        set_ahead(outbox, HOUR)
        outbox.close()
        assert not probe.idle_postgres(url, key=key, config="1:1")
        with pytest.raises(OutboxError, match="the clock says"):
            opening.open_postgres(url)
        health.accept_clock(Path("none"), url, who=None)
        opening.open_postgres(url).close()


# ── the probe of a database ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def shared(postgres_server: postgres.Server) -> Any:
    with postgres_server.database() as url:
        outbox = opening.open_postgres(url)
        desk = Desk(outbox)
        with outbox.read() as tx:
            desk.now = tx.at
        opening.check_in(outbox, host="here", config="1:1")
        yield desk, url
        outbox.close()


def quiet(url: str, host: str = "here", config: str = "1:1") -> bool:
    return probe.idle_postgres(url, key=probe.config_key(host), config=config)


def test_the_probe_means_the_same_on_a_database(shared: tuple[Desk, str]) -> None:
    desk, url = shared
    number = desk.queue(desk.account("voice"), "hello")
    assert quiet(url)
    assert not quiet(url, config="2:2"), "a config.toml that nobody read in full"
    assert not quiet(url, host="another"), "each host reads its own"
    desk.approve(number)
    assert not quiet(url)
    with desk.outbox.write() as tx:
        tx.execute(sa.insert(schema.pause).values(scope="voice", since=tx.now))
    assert quiet(url)


def test_the_probe_leaves_a_heartbeat_and_does_not_wait_for_a_lock(shared: tuple[Desk, str]) -> None:
    desk, url = shared
    with desk.outbox.write() as tx:
        set_meta(tx.connection, HEARTBEAT, "1")
    assert quiet(url)
    with desk.outbox.write() as tx:
        assert int(get_meta(tx.connection, HEARTBEAT) or 0) > 1
        set_meta(tx.connection, HEARTBEAT, str(tx.now))
        answers: list[bool] = []
        asked = threading.Thread(target=lambda: answers.append(quiet(url)), daemon=True)
        asked.start()
        asked.join(20)
        assert answers == [True], "another host writes it just now, and holds the lock"


def test_the_probe_leaves_a_dead_database_to_the_full_path() -> None:
    assert not quiet("postgresql+psycopg://nobody:secret@127.0.0.1:1/none")
    assert not quiet("not an address")


def test_hosts_that_share_a_database_do_not_forget_each_others_config(shared: tuple[Desk, str]) -> None:
    desk, url = shared
    opening.check_in(desk.outbox, host="another", config="9:9")
    assert quiet(url)
    assert quiet(url, host="another", config="9:9")


# ── what check says ───────────────────────────────────────────────────────────────────────────────────────────


def wrong(desk: Desk) -> list[str]:
    url = desk.outbox.engine.url.render_as_string(hide_password=False)
    if desk.outbox.engine.dialect.name == "postgresql":
        readings = health.of_postgres(url, expected=desk.outbox.id)
    else:
        readings = health.of_sqlite(Path(desk.outbox.place), host="here", expected=desk.outbox.id)
    assert all(each.mend for each in readings if not each.good)
    return [each.what for each in readings if not each.good]


def test_check_finds_a_sound_outbox_sound(desk: Desk) -> None:
    desk.approve(desk.queue(desk.account("voice"), "hello"))
    assert wrong(desk) == []


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("UPDATE audit SET subject = '#99' WHERE action = 'approved'", "audit"),
        ("UPDATE post SET digest = 'x'", "posts"),
        ("UPDATE meta SET value = 'x' WHERE key = 'outbox_id'", "identity"),
        ("UPDATE alembic_version SET version_num = '9999'", "schema"),
    ],
)
def test_check_finds_what_was_changed_behind_clarions_back(desk: Desk, change: str, what: str) -> None:
    desk.approve(desk.queue(desk.account("voice"), "hello"))
    with desk.outbox.write() as tx:
        tx.connection.exec_driver_sql(change)
    assert wrong(desk) == [what]


def test_check_finds_a_damaged_image(desk: Desk) -> None:
    with desk.outbox.write() as tx:
        tx.execute(
            sa.insert(schema.media).values(sha256="0" * 64, mime="image/png", bytes=b"other", created_at=1)
        )
    assert wrong(desk) == ["images"]


def test_check_finds_a_file_that_lies_open_and_another_hosts(sqlite_desk: Desk) -> None:
    Path(sqlite_desk.outbox.place).chmod(0o644)
    with closing(sqlite3.connect(sqlite_desk.outbox.place)) as database, database:
        database.execute("UPDATE meta SET value = 'elsewhere' WHERE key = 'host'")
    assert wrong(sqlite_desk) == ["file mode", "host"]


def test_check_says_that_a_database_does_not_answer() -> None:
    readings = health.of_postgres("postgresql+psycopg://ann:hunter2@127.0.0.1:1/none", expected=None)
    assert [each.good for each in readings] == [True, False]
    assert "hunter2" not in str(readings)
    assert psycopg  # the driver is there: it is the database that is not
