"""Restore, adopt, copy: what may have gone out meanwhile is in doubt, and one outbox publishes at every moment."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
import sqlalchemy as sa

from clarion.clock import micros
from clarion.errors import OutboxBusy, OutboxError
from clarion.model import Delivery
from clarion.networks.base import Found, Sighting, Unsure
from clarion.outbox import audit, engines, schema, store
from clarion.outbox.claiming import claims
from clarion.outbox.entries import posts
from clarion.outbox.hosting import backup, moving, opening
from tests import postgres
from tests.desk import NOON, Desk
from tests.outbox.dying import dies_at, run
from tests.publishing.conftest import Network, Stage


class Honest(Network):
    """Shows what it took, and of anything else cannot tell whether it was there."""

    def find(self, delivery: Delivery, looks: int, now: datetime) -> Sighting:
        if any(taken.id == delivery.id for taken in self.taken):
            return Found(receipt=self.receipt(delivery))
        return Unsure(look_again_in=None)

    @property
    def once(self) -> bool:
        ids = [taken.id for taken in self.taken]
        return len(ids) == len(set(ids))


@pytest.fixture
def stage(sqlite_desk: Desk) -> Stage:
    made = Stage(sqlite_desk)
    made.network = Honest()
    return made


def reopened(stage: Stage, outbox: store.Outbox) -> Desk:
    """The same campaign and network on another outbox."""
    desk = Desk(outbox)
    desk.now, desk.names = stage.desk.now, stage.desk.names
    stage.desk = desk
    return desk


def network_of(stage: Stage) -> Honest:
    assert isinstance(stage.network, Honest)
    return stage.network


class Yesterday:
    """A campaign with a backup, and what went out after it."""

    def __init__(self, stage: Stage, copy: Path) -> None:
        desk = stage.desk
        self.stage, self.copy, self.path = stage, copy, Path(desk.outbox.place)
        soon = NOON + timedelta(minutes=10)
        self.before = self._queued("before")
        stage.worker().drain()
        self.after = self._queued("after", due=soon)
        self.thread = self._queued("one", "two", due=soon, account="thread")
        self.tomorrow = self._queued("tomorrow", due=NOON + timedelta(days=1), account="tomorrow")
        self.unapproved = desk.queue(desk.account("unapproved"), "not yet approved", due=soon)
        backup.make(self.path, copy)
        desk.later(minutes=20)
        desk.approve(self.unapproved)
        opening.check_in(desk.outbox, host="here", config="1:1")
        stage.worker().drain()
        desk.later(minutes=10)
        assert len(stage.network.taken) == 5

    def _queued(self, *texts: str, due: datetime | None = None, account: str = "voice") -> int:
        number = self.stage.desk.queue(self.stage.desk.account(account), *texts, due=due)
        self.stage.desk.approve(number)
        return number

    def restore(self) -> backup.Restored:
        return backup.restore(self.path, self.copy, host="here", expected=None, who="ann")

    def go_on(self) -> Desk:
        return reopened(self.stage, opening.open_sqlite(self.path, host="here"))


@pytest.fixture
def yesterday(stage: Stage, tmp_path: Path) -> Iterator[Yesterday]:
    made = Yesterday(stage, tmp_path / "backup.sqlite3")
    first = stage.desk.outbox
    yield made
    first.close()
    stage.desk.outbox.close()


# ── backup ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_backup_is_whole_private_and_says_of_when_it_is(sqlite_desk: Desk, tmp_path: Path) -> None:
    path, copy = Path(sqlite_desk.outbox.place), tmp_path / "copy"
    with sqlite_desk.outbox.write() as tx:
        store.set_meta(tx.connection, "not", "committed yet")
        backup.make(path, copy)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert backup.damage(copy) is None
    with closing(sqlite3.connect(copy)) as database:
        found = dict(database.execute("SELECT key, value FROM meta"))
    assert found["backed_up_at"] == found["simulated_now"]
    assert "not" not in found


def test_a_backup_never_goes_over_another(sqlite_desk: Desk, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.write_text("precious")
    with pytest.raises(OutboxError, match="a file already"):
        backup.make(Path(sqlite_desk.outbox.place), copy)
    assert not opening.back_up(Path(sqlite_desk.outbox.place), copy), "made meanwhile by another process"
    assert copy.read_text() == "precious"


# ── restore ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_went_out_after_the_backup_is_found_and_not_sent_again(yesterday: Yesterday) -> None:
    stage = yesterday.stage
    done = yesterday.restore()
    desk = yesterday.go_on()
    assert done.in_doubt == 4
    assert done.backed_up_at == NOON
    assert desk.states(yesterday.before) == ["sent"]
    assert desk.states(yesterday.after) == ["in_doubt"]
    assert desk.states(yesterday.thread) == ["in_doubt", "in_doubt"]
    assert desk.states(yesterday.tomorrow) == ["scheduled"]
    assert desk.states(yesterday.unapproved) == ["in_doubt"], "the outbox that was there knew of it"
    stage.worker().drain()
    assert len(stage.network.taken) == 5
    assert desk.states(yesterday.thread) == ["sent", "sent"]
    desk.later(days=1)
    stage.worker().drain()
    assert len(stage.network.taken) == 6
    assert network_of(stage).once
    assert desk.states(yesterday.tomorrow) == ["sent"]


def test_the_restored_outbox_keeps_its_id_and_the_other_is_put_aside(yesterday: Yesterday) -> None:
    before = yesterday.stage.desk.outbox.id
    done = yesterday.restore()
    assert yesterday.go_on().outbox.id == before
    assert done.kept
    assert backup.damage(done.kept) is None
    with pytest.raises(OutboxError, match="restore"):
        opening.open_sqlite(done.kept, host="here")


def test_lost_intents_are_marked_and_the_restore_is_in_the_audit(yesterday: Yesterday) -> None:
    yesterday.restore()
    with yesterday.go_on().outbox.read() as tx:
        rows = tx.execute(sa.select(schema.delivery).where(schema.delivery.c.state == "in_doubt")).all()
        assert all(row.intent_lost and "backup of 2026-03-29" in row.reason for row in rows)
        # A later part can be looked for when it is known what it answers.
        assert all(row.look_at == tx.now for row in rows if row.part == 1)
        assert audit.broken(tx) == []
        actions = tx.execute(sa.select(schema.audit.c.action).where(schema.audit.c.chain == audit.CAMPAIGN))
        assert list(actions.scalars())[-1] == "restored"


def test_without_the_outbox_that_was_there_all_that_was_due_is_in_doubt_and_approvers_are_warned(
    yesterday: Yesterday,
) -> None:
    stage = yesterday.stage
    stage.desk.outbox.close()
    broken = b"SQLite format 3\x00" + b"\xff" * 8192
    yesterday.path.write_bytes(broken)
    with (
        closing(sqlite3.connect(yesterday.copy)) as database,
        database,
    ):  # the broken file cannot say how late it is
        database.execute(
            "UPDATE meta SET value = ? WHERE key = 'simulated_now'", (str(micros(stage.desk.now)),)
        )
    done = yesterday.restore()
    assert done.kept
    assert done.kept.read_bytes() == broken
    assert done.in_doubt == 3
    desk = yesterday.go_on()
    with desk.outbox.read() as tx:
        [unapproved], [tomorrow] = (
            [each.reason for each in posts.show(tx, number).posts[0].deliveries]
            for number in (yesterday.unapproved, yesterday.tomorrow)
        )
    assert "look at the account" in str(unapproved)
    assert "what people stopped since the backup of 2026-03-29" in str(tomorrow)
    stage.worker().drain()
    assert len(stage.network.taken) == 5
    assert desk.states(yesterday.thread) == ["sent", "sent"]
    assert desk.states(yesterday.tomorrow) == ["pending"], "nobody knows whether it was stopped since"


def test_a_backup_is_restored_on_a_new_machine(yesterday: Yesterday, tmp_path: Path) -> None:
    path = tmp_path / "new" / "live.sqlite3"
    backup.restore(path, yesterday.copy, host="there", expected=yesterday.stage.desk.outbox.id, who=None)
    outbox = opening.open_sqlite(path, host="there")
    assert outbox.id == yesterday.stage.desk.outbox.id
    outbox.close()
    assert sorted(each.name for each in path.parent.iterdir()) == ["live.sqlite3", "live.sqlite3.seen"]


def test_a_publisher_that_had_the_outbox_open_sends_nothing_more(yesterday: Yesterday) -> None:
    running = yesterday.stage.worker("it began before the restore")
    yesterday.restore()
    running.drain()
    assert len(yesterday.stage.network.taken) == 5


def test_nothing_is_restored_while_something_is_sent(yesterday: Yesterday) -> None:
    desk = yesterday.stage.desk
    yesterday._queued("flying", due=desk.now, account="flying")
    with desk.outbox.write() as tx:
        assert claims.claim(tx, desk.terms(), 1)
    with pytest.raises(OutboxBusy):
        yesterday.restore()
    desk.later(days=1)
    with desk.outbox.write() as tx:
        store.set_meta(tx.connection, "still", "in use")


def test_a_dry_run_changes_nothing(yesterday: Yesterday) -> None:
    before = yesterday.path.read_bytes()
    found = backup.restore(yesterday.path, yesterday.copy, host="here", expected=None, who=None, dry_run=True)
    assert found.in_doubt == 4
    assert yesterday.path.read_bytes() == before
    assert not list(yesterday.path.parent.glob("*replaced*"))
    assert not list(yesterday.path.parent.glob(".*"))


def test_another_outboxs_backup_and_a_damaged_one_are_refused(yesterday: Yesterday, tmp_path: Path) -> None:
    opening.create(tmp_path / "other", host="here").close()
    for wrong in (tmp_path / "other", yesterday.path, tmp_path / "none"):
        with pytest.raises(OutboxError):
            backup.restore(yesterday.path, wrong, host="here", expected=None, who=None)
    content = bytearray(yesterday.copy.read_bytes())
    content[20000:60000] = b"\xee" * 40000
    yesterday.copy.write_bytes(content)
    with pytest.raises(OutboxError, match="damaged"):
        yesterday.restore()
    assert yesterday.go_on().states(yesterday.after) == ["sent"]


RESTORE = """
from clarion.outbox.hosting import backup
backup.restore(Path(sys.argv[2]), Path(sys.argv[3]), host="here", expected=None, who="ann")
"""


@pytest.mark.parametrize("point", ["restore_stopped", "restore_kept", "restored"])
def test_a_restore_that_is_killed_publishes_nothing_until_it_is_repeated(
    yesterday: Yesterday, point: str
) -> None:
    dies_at(point, RESTORE, yesterday.path, yesterday.copy)
    if point != "restored":
        with pytest.raises(OutboxError, match="restore of this outbox was cut short"):
            yesterday.go_on()
    yesterday.restore()
    desk = yesterday.go_on()
    yesterday.stage.worker().drain()
    assert len(yesterday.stage.network.taken) == 5
    assert desk.states(yesterday.after) == ["sent"]
    assert desk.states(yesterday.unapproved) == ["sent"]


def test_a_backup_put_back_by_hand_is_noticed_and_can_be_adopted(yesterday: Yesterday) -> None:
    stage = yesterday.stage
    stage.desk.outbox.close()
    shutil.copy(yesterday.copy, yesterday.path)
    with pytest.raises(OutboxError, match="older than the one that published here") as error:
        yesterday.go_on()
    assert "clarion db adopt" in str(error.value.hint)
    outbox = opening.open_sqlite(yesterday.path, host=None)
    outbox.simulate(stage.desk.now)
    assert moving.adopt(outbox, host="here", who="ann").in_doubt == 3
    outbox.close()
    yesterday.go_on()
    stage.worker().drain()
    assert len(stage.network.taken) == 5


# ── adopt ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_adopted_outbox_looks_for_what_was_due_and_sends_what_is_approved_anew(
    stage: Stage, tmp_path: Path
) -> None:
    desk = stage.desk
    due = desk.queue(desk.account("voice"), "due")
    later = desk.queue(desk.account("calm"), "later", due=NOON + timedelta(days=1))
    for number in (due, later):
        desk.approve(number)
    elsewhere = tmp_path / "elsewhere.sqlite3"
    shutil.copy(desk.outbox.place, elsewhere)
    with pytest.raises(OutboxError, match="another host"):
        opening.open_sqlite(elsewhere, host="there")
    stage.worker().drain()
    desk.outbox.close()
    found = opening.open_sqlite(elsewhere, host=None)
    assert moving.adopt(found, host="there", who="ben") == moving.Adopted(in_doubt=1, held=1)
    found.close()
    mine = reopened(stage, opening.open_sqlite(elsewhere, host="there"))
    mine.approve(later)
    mine.later(days=1)
    stage.worker().drain()
    assert mine.states(due) == ["sent"]
    assert mine.states(later) == ["sent"]
    assert len(stage.network.taken) == 2
    with pytest.raises(OutboxError, match="another host"):
        opening.open_sqlite(elsewhere, host="here")
    mine.outbox.close()


def test_what_is_not_found_after_an_adoption_waits_for_a_person(stage: Stage) -> None:
    number = stage.desk.queue(stage.desk.account("voice"), "due")
    stage.desk.approve(number)
    moving.adopt(stage.desk.outbox, host="here", who=None)
    for _ in range(3):
        stage.worker().drain()
        stage.desk.later(days=1)
    assert stage.desk.states(number) == ["in_doubt"]
    assert stage.network.taken == []


# ── copy ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def database(postgres_server: postgres.Server) -> Iterator[str]:
    with postgres_server.database(template=None) as url:
        yield url


@pytest.fixture
def moving_house(stage: Stage) -> Stage:
    """Two entries: one is up, one is for later."""
    desk = stage.desk
    desk.approve(desk.queue(desk.account("voice"), "up"))
    stage.worker().drain()
    desk.approve(
        desk.queue(desk.account("calm"), "one", "two", due=NOON + timedelta(hours=1), images=PICTURE)
    )
    return stage


BYTES = b"\x00\xff bytes"
PICTURE = {sha256(BYTES).hexdigest(): ("image/png", BYTES)}


def test_a_running_campaign_moves_without_losing_or_repeating(moving_house: Stage, database: str) -> None:
    stage, old = moving_house, moving_house.desk.outbox
    done = moving.copy(old, database, who="ann")
    assert done.outbox_id == old.id
    desk = reopened(stage, opening.open_postgres(database))
    assert desk.outbox.id == old.id
    assert desk.states(1) == ["sent"]
    desk.later(hours=1)
    stage.worker().drain()
    assert desk.states(2) == ["sent", "sent"]
    assert len(stage.network.taken) == 3
    with desk.outbox.read() as tx:
        assert audit.broken(tx) == []
        assert posts.image(tx, *PICTURE) == BYTES
        assert store.get_meta(tx.connection, store.COPY) is None
    assert desk.queue(desk.account("voice"), "numbers go on") == 3
    desk.outbox.close()


def test_nobody_publishes_from_the_moved_file_again(moving_house: Stage, database: str) -> None:
    stage, path = moving_house, Path(moving_house.desk.outbox.place)
    running = stage.worker("it began before the move")
    stage.desk.later(hours=1)
    moving.copy(stage.desk.outbox, database, who="ann")
    with pytest.raises(OutboxError, match="moved"):
        running.drain()
    with pytest.raises(OutboxError, match="moved to a database") as error:
        opening.open_sqlite(path, host="here")
    assert 'url = "postgresql+psycopg://' in str(error.value.hint)
    with pytest.raises(OutboxError, match="moved to a database"):
        opening.open_sqlite(path, host=None)
    with pytest.raises(OutboxError, match="moved to a database"):
        backup.make(path, path.with_name("copy"))
    assert len(stage.network.taken) == 1


def test_a_copy_waits_for_what_is_being_sent_and_then_gives_up_unharmed(
    moving_house: Stage, database: str
) -> None:
    desk = moving_house.desk
    desk.later(hours=1)
    with desk.outbox.write() as tx:
        assert claims.claim(tx, desk.terms(), 1)
    slept: list[float] = []
    with pytest.raises(OutboxBusy):
        moving.copy(desk.outbox, database, who="ann", patience=3, sleep=slept.append)
    assert sum(slept) == 3
    with desk.outbox.read() as tx:
        assert tx.execute(sa.select(schema.pause)).all() == []
    opening.open_sqlite(Path(desk.outbox.place), host="here").close()


def test_while_a_copy_waits_nothing_new_is_claimed(moving_house: Stage, database: str) -> None:
    desk = moving_house.desk
    desk.later(hours=1)
    with desk.outbox.write() as tx:
        [first] = claims.claim(tx, desk.terms(), 1)
    desk.approve(desk.queue(desk.account("third"), "due", due=desk.now))

    def meanwhile(_seconds: float) -> None:
        with desk.outbox.write() as tx:
            assert claims.claim(tx, desk.terms("another"), 5) == []
            tx.execute(
                sa.update(schema.delivery)
                .where(schema.delivery.c.id == first.delivery.id)
                .values(state="failed")
            )

    moving.copy(desk.outbox, database, who="ann", sleep=meanwhile)
    opened = opening.open_postgres(database)
    with opened.read() as tx:
        assert tx.execute(sa.select(schema.pause)).all() == []
    opened.close()


def test_a_database_in_use_is_refused_and_the_file_goes_on(
    moving_house: Stage, postgres_server: postgres.Server
) -> None:
    with postgres_server.database() as url:
        other = opening.open_postgres(url)
        Desk(other).account("somebody")
        other.close()
        with pytest.raises(OutboxError, match="an outbox already"):
            moving.copy(moving_house.desk.outbox, url, who="ann")
    moving_house.desk.later(hours=1)
    moving_house.worker().drain()
    assert len(moving_house.network.taken) == 3


COPY = """
from clarion.outbox.hosting import moving, opening
source = opening.open_sqlite(Path(sys.argv[2]), host="here")
moving.copy(source, sys.argv[3], who="ann")
"""


def may_publish(path: Path, url: str, outbox_id: str) -> list[str]:
    """Where the outbox that config.toml names can be opened by a publisher."""
    found = []
    for name, opened in (
        ("file", lambda: opening.open_sqlite(path, host="here")),
        ("database", lambda: opening.open_postgres(url, copied_from=path)),
    ):
        try:
            outbox = opened()
        except OutboxError:
            continue
        outbox.close()
        if outbox.id == outbox_id:
            found.append(name)
    return found


@pytest.mark.parametrize(
    ("point", "alive"),
    [
        ("copy_hushed", "file"),
        ("copy_pouring", "file"),
        ("copy_written", "file"),
        ("copy_decided", "database"),
        ("copy_complete", "database"),
    ],
)
def test_a_copy_killed_anywhere_leaves_one_outbox_and_can_be_repeated(
    moving_house: Stage, postgres_server: postgres.Server, point: str, alive: str
) -> None:
    with postgres_server.database() as url:  # a fresh outbox of its own id: nobody's yet
        path, outbox_id = Path(moving_house.desk.outbox.place), moving_house.desk.outbox.id
        moving_house.desk.outbox.close()
        dies_at(point, COPY, path, url)
        assert may_publish(path, url, outbox_id) == [alive]
        if moving.resume(path, url) is None:
            source = opening.open_sqlite(path, host="here")
            moving.copy(source, url, who="ann")
            source.close()
        assert may_publish(path, url, outbox_id) == ["database"]
        desk = reopened(moving_house, opening.open_postgres(url))
        desk.later(hours=1)
        moving_house.worker().drain()
        assert len(moving_house.network.taken) == 3
        assert network_of(moving_house).once
        desk.outbox.close()


def test_a_copy_that_is_cut_short_opens_only_beside_its_source(
    moving_house: Stage, postgres_server: postgres.Server
) -> None:
    with postgres_server.database() as url:
        dies_at("copy_decided", COPY, moving_house.desk.outbox.place, url)
        with pytest.raises(OutboxError, match="not complete"):
            opening.open_postgres(url)
        copied = moving.resume(Path(moving_house.desk.outbox.place), url)
        assert copied
        assert copied.outbox_id == moving_house.desk.outbox.id
        opening.open_postgres(url).close()


# ── PostgreSQL's schema ───────────────────────────────────────────────────────────────────────────────────────

UPGRADE = (
    "import sys; from clarion.outbox.hosting import opening; print(opening.upgrade_postgres(sys.argv[1]))"
)


def test_two_upgrades_at_once_make_one_outbox(database: str) -> None:
    import threading

    answers: list[str] = []

    def upgrade() -> None:
        done = run(UPGRADE, database)
        answers.append(done.stderr or "done")

    threads = [threading.Thread(target=upgrade) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["done"] * 3
    opened = opening.open_postgres(database)
    with opened.read() as tx:
        ids = tx.execute(sa.select(schema.meta.c.value).where(schema.meta.c.key == "outbox_id")).scalars()
        assert list(ids) == [opened.id]
    opened.close()


KILLED = """
import sqlalchemy as sa
seen = []
@sa.event.listens_for(sa.Engine, "after_cursor_execute")
def count(connection, cursor, statement, *_):
    if statement.lstrip().startswith("CREATE TABLE"):
        seen.append(statement)
        if len(seen) == 6:
            points.point("mid_way")
from clarion.outbox.hosting import opening
opening.upgrade_postgres(sys.argv[2])
"""


def test_an_upgrade_killed_mid_way_is_simply_repeated(database: str) -> None:
    dies_at("mid_way", KILLED, database)
    with pytest.raises(OutboxError, match="schema is missing"):
        opening.open_postgres(database)
    assert opening.upgrade_postgres(database) == ""
    assert opening.upgrade_postgres(database) == schema.HEAD
    opening.open_postgres(database).close()


def test_a_database_of_something_else_is_left_alone(database: str) -> None:
    engine = engines.postgres(database)
    with engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("CREATE TABLE precious (id INTEGER)")
    with pytest.raises(OutboxError, match="is not an outbox of Clarion"):
        opening.upgrade_postgres(database)
    with engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == ["precious"]
    engine.dispose()


def test_an_address_is_shown_without_its_password() -> None:
    url = "postgresql+psycopg://ann:hunter2@db.example:5433/eyes?sslmode=require&sslpassword=hunter3"
    shown = engines.address(url)
    assert shown == "postgresql+psycopg://ann@db.example:5433/eyes?sslmode=require"
    for wrong in ("mysql://ann:hunter2@db/eyes", "hunter2", "postgresql://ann:hunter2@db:port/eyes"):
        with pytest.raises(OutboxError) as error:
            engines.postgres(wrong)
        assert "hunter" not in f"{error.value.message}{error.value.hint}"
