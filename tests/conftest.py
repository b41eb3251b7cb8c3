"""What every room's tests share: outboxes on both databases, and one PostgreSQL per test process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres
from tests.desk import Desk, on_postgres, on_sqlite
from tests.memory import memory

if found := memory():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(found))  # where pytest makes `tmp_path`


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    with postgres.server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """An outbox on each database in turn: the conformance suite."""
    if request.param == "sqlite":
        with on_sqlite(tmp_path) as made:
            yield made
    else:
        with on_postgres(request.getfixturevalue("postgres_server")) as made:
            yield made


@pytest.fixture
def sqlite_desk(tmp_path: Path) -> Iterator[Desk]:
    """For what only a file can show."""
    with on_sqlite(tmp_path) as made:
        yield made
