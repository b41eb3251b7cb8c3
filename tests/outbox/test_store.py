"""Opening an outbox: whose it is, how it is built, what damage looks like."""

from __future__ import annotations

import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from clarion.errors import OutboxError
from clarion.model import TRANSITIONS, State
from clarion.outbox import audit, probe, schema, store
from clarion.outbox.entries import posts
from clarion.outbox.hosting import opening
from tests.desk import NOON, Desk


def test_migrations_build_exactly_the_schema(desk: Desk) -> None:
    with desk.outbox.read() as tx:
        context = MigrationContext.configure(tx.connection)
        assert compare_metadata(context, schema.metadata) == []


def test_probe_and_schema_speak_of_the_same_version() -> None:
    assert probe.SCHEMA == schema.HEAD


def test_the_file_is_its_owners_alone(sqlite_desk: Desk) -> None:
    assert stat.S_IMODE(Path(sqlite_desk.outbox.place).stat().st_mode) == 0o600


def test_it_commits_durably(sqlite_desk: Desk) -> None:
    with sqlite_desk.outbox.read() as tx:
        mode, synchronous = (
            tx.connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous")
        )
    assert (mode, synchronous) in {("truncate", 3), ("wal", 2)}


def test_every_outbox_has_an_id_of_its_own(tmp_path: Path) -> None:
    ids = set()
    for name in ("a", "b"):
        made = opening.create(tmp_path / name, host="here")
        ids.add(made.id)
        made.close()
    assert len(ids) == 2


def test_it_refuses_another_hosts_outbox(sqlite_desk: Desk) -> None:
    with pytest.raises(OutboxError, match="another host") as error:
        opening.open_sqlite(Path(sqlite_desk.outbox.place), host="elsewhere")
    assert "db adopt" in str(error.value.hint)


def test_it_refuses_a_newer_schema(sqlite_desk: Desk) -> None:
    with sqlite_desk.outbox.write() as tx:
        tx.connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(OutboxError, match="newer Clarion"):
        opening.open_sqlite(Path(sqlite_desk.outbox.place), host="here")


@pytest.mark.parametrize(
    "content", [b"", b"hello, I am no database", b"SQLite format 3\x00" + b"\xff" * 4096]
)
def test_it_says_when_a_file_is_no_outbox(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "outbox.sqlite3"
    path.write_bytes(content)
    with pytest.raises(OutboxError):
        opening.open_sqlite(path, host="here")
    assert path.read_bytes() == content


def test_a_missing_outbox_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(OutboxError) as error:
        opening.open_sqlite(tmp_path / "none.sqlite3", host="here")
    assert error.value.hint == "clarion init"


def test_creating_twice_keeps_the_first(tmp_path: Path) -> None:
    first = opening.create(tmp_path / "o", host="here")
    second = opening.create(tmp_path / "o", host="here")
    assert first.id == second.id
    first.close()
    second.close()
    assert [each.name for each in tmp_path.iterdir()] == ["o"]


def test_the_database_time_is_now(tmp_path: Path) -> None:
    import time

    outbox = opening.create(tmp_path / "o", host="here")
    before = time.time_ns() // 1_000  # SQLite's clock has whole milliseconds
    with outbox.read() as tx:
        assert before - 1_000 <= tx.now <= time.time_ns() // 1_000 + 1_000
    outbox.close()


def test_simulated_time_only_grows(desk: Desk) -> None:
    desk.later(hours=1)
    desk.outbox.simulate(NOON)
    with desk.outbox.read() as tx:
        assert tx.at == desk.now


def test_the_probe_sees_what_is_due_and_leaves_a_heartbeat(sqlite_desk: Desk) -> None:
    number = sqlite_desk.queue(sqlite_desk.account("voice"), "hello")
    assert not probe.idle(Path(sqlite_desk.outbox.place), host="here", config="2:2"), (
        "a config.toml that nobody read in full"
    )
    assert probe.idle(Path(sqlite_desk.outbox.place), host="here", config="1:1")
    sqlite_desk.approve(number)
    assert not probe.idle(Path(sqlite_desk.outbox.place), host="here", config="1:1")
    with sqlite_desk.outbox.write() as tx:
        assert store.get_meta(tx.connection, "heartbeat")
        tx.execute(sa.insert(schema.pause).values(scope="voice", since=tx.now))
    assert probe.idle(Path(sqlite_desk.outbox.place), host="here", config="1:1")


def test_the_probe_leaves_what_it_does_not_know_to_the_full_path(sqlite_desk: Desk, tmp_path: Path) -> None:
    assert not probe.idle(Path(sqlite_desk.outbox.place), host="elsewhere", config="1:1")
    assert not probe.idle(tmp_path / "none", host="here", config="1:1")


def test_the_probe_does_not_fail_on_a_lock(sqlite_desk: Desk) -> None:
    with closing(sqlite3.connect(Path(sqlite_desk.outbox.place), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert probe.idle(Path(sqlite_desk.outbox.place), host="here", config="1:1")
        other.execute("ROLLBACK")


def test_undo_names_the_last_commands_entries(desk: Desk) -> None:
    account = desk.account("voice")
    desk.queue(account, "one")
    number = desk.queue(account, "two")
    with desk.outbox.read() as tx:
        assert posts.last_batch(tx, who="Ann") == [number]


def test_cancelling_leaves_nothing_to_send(desk: Desk) -> None:
    number = desk.queue(desk.account("voice"), "one", "two")
    desk.approve(number)
    with desk.outbox.write() as tx:
        posts.cancel(tx, number, who="ann")
    assert desk.states(number) == ["cancelled", "cancelled"]
    with desk.outbox.write() as tx, pytest.raises(OutboxError, match="nothing of it is still waiting"):
        posts.cancel(tx, number, who="ann")


def test_the_audit_shows_a_changed_row(desk: Desk) -> None:
    desk.approve(desk.queue(desk.account("voice"), "one"))
    with desk.outbox.write() as tx:
        assert audit.broken(tx) == []
        tx.execute(sa.update(schema.audit).where(schema.audit.c.action == "approved").values(subject="#99"))
        assert [chain for chain, _ in audit.broken(tx)] == ["campaign"]


def test_two_who_append_to_a_chain_at_once_do_not_collide(desk: Desk) -> None:
    def append(number: int) -> None:
        with desk.outbox.write() as tx:
            audit.record(tx, "approved", f"#{number}", who="ann")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(append, range(40)))
    with desk.outbox.read() as tx:
        assert audit.broken(tx) == []


def test_no_transition_leads_out_of_the_table() -> None:
    assert set(TRANSITIONS) == set(State)
    assert not TRANSITIONS[State.RECALLED]
