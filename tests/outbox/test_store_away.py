"""A database that cannot be had just now, and an address that nobody can read: what is said, and that it can be waited out."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from clarion.errors import OutboxBusy, OutboxError
from clarion.outbox import engines, store
from clarion.outbox.hosting import opening
from clarion.redaction import clean
from tests import postgres

#: As libpq, psycopg and PostgreSQL say it.
PASSES = (
    "failed to resolve host 'db.example': [Errno -3] Temporary failure in name resolution",
    "failed to resolve host 'db.example': [Errno -2] Name or service not known",
    'could not translate host name "db.example" to address: Name or service not known',
    "FATAL:  sorry, too many clients already",
    'FATAL:  too many connections for role "clarion"',
    "FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute",
    "consuming input failed: SSL SYSCALL error: EOF detected",
    "SSL connection has been closed unexpectedly",
    "consuming input failed: could not receive data from server: Connection timed out",
    "sending query failed: could not send data to server: Broken pipe",
    "FATAL:  the database system is starting up",
    "canceling statement due to statement timeout",
)


@pytest.fixture
def engine() -> sa.Engine:
    """Of a database that nobody asks anything."""
    return engines.postgres("postgresql+psycopg://clarion@db.example/eyes")


def failing(engine: sa.Engine, said: str) -> None:
    with engines.translated(engine):
        raise sa.exc.OperationalError("SELECT 1", {}, psycopg.OperationalError(said))


@pytest.mark.parametrize("said", PASSES)
def test_what_passes_by_itself_is_waited_out(engine: sa.Engine, said: str) -> None:
    with pytest.raises(OutboxBusy, match=r"the database does not answer: .*@db\.example/eyes") as caught:
        failing(engine, said)
    assert said in caught.value.message


def test_a_full_disk_is_said_as_it_is_of_a_file(engine: sa.Engine) -> None:
    for said in (
        'could not extend file "base/1/2": No space left on device',
        "could not write to file: No space left on device",
    ):
        with pytest.raises(OutboxError, match="the disk took no more of the outbox") as caught:
            failing(engine, said)
        assert not isinstance(caught.value, OutboxBusy)


def test_what_nobody_expected_is_raised_as_it_is(engine: sa.Engine) -> None:
    with pytest.raises(sa.exc.OperationalError):
        failing(engine, "a new thing")


def test_a_host_without_a_name_is_waited_out() -> None:
    """The driver's own words, whichever a machine without a network makes of them."""
    nowhere = engines.postgres("postgresql+psycopg://clarion@nosuch.invalid/eyes")
    with (
        pytest.raises(OutboxBusy, match="does not answer"),
        engines.translated(nowhere),
        nowhere.connect(),
    ):
        pass


def test_a_copy_that_only_lets_itself_be_read_is_waited_out(postgres_server: postgres.Server) -> None:
    with postgres_server.database() as url:
        only_read = {"options": "-c default_transaction_read_only=on"}
        asked = sa.make_url(url).update_query_dict(only_read).render_as_string(hide_password=False)
        outbox = opening.open_postgres(asked)
        with pytest.raises(OutboxBusy, match="can only be read just now"), outbox.write() as tx:
            store.set_meta(tx.connection, store.CONFIG, "1:1")
        outbox.close()


def test_a_database_that_takes_no_more_connections_is_waited_out(postgres_server: postgres.Server) -> None:
    with postgres_server.database() as url, ExitStack() as stack:
        parsed = sa.make_url(url)
        postgres_server.execute(f"CREATE ROLE {parsed.database} LOGIN PASSWORD 'one_only' CONNECTION LIMIT 1")
        stack.callback(postgres_server.execute, f"DROP ROLE {parsed.database}")
        asked = parsed.set(username=parsed.database, password="one_only")
        engine = engines.postgres(asked.render_as_string(hide_password=False))
        stack.callback(engine.dispose)
        stack.enter_context(engine.connect())
        with (
            pytest.raises(OutboxBusy, match="too many connections"),
            engines.translated(engine),
            engine.connect(),
        ):
            pass


# ── addresses ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "torn", ["S3c@ret-words", "S3c@re/t-words", "S3c@re?t-words", "S3c@ret@words-3", "S3cret-words@"]
)
def test_a_password_with_an_at_is_refused_and_shown_nowhere(torn: str, tmp_path: Path) -> None:
    url = f"postgresql+psycopg://clarion:{torn}@nosuch.invalid:5432/db"
    for ask in (engines.postgres, engines.address):
        with pytest.raises(OutboxError, match="an @ too many") as caught:
            ask(url)
        said = f"{caught.value.message}{caught.value.hint}"
        assert "%40" in said
        assert not any(piece in said for piece in (torn, *torn.split("@")) if piece)
    assert torn not in clean(f"it was {torn}, as you know")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("clarion:S3c%40ret@db.example/eyes", "clarion@db.example/eyes"),
        ("ann@server:S3cret@db.example:5433/eyes", "ann%40server@db.example:5433/eyes"),
        ("clarion:S3c/ret@[::1]:5432/eyes", "clarion@[::1]:5432/eyes"),
        ("clarion@db.example:5432/eyes?sslmode=require", "clarion@db.example:5432/eyes?sslmode=require"),
        ("/eyes?host=%2Frun%2Fpostgresql", "/eyes?host=%2Frun%2Fpostgresql"),
    ],
)
def test_an_address_with_as_many_as_it_needs_is_taken(url: str, shown: str) -> None:
    assert engines.address(f"postgresql+psycopg://{url}") == f"postgresql+psycopg://{shown}"
