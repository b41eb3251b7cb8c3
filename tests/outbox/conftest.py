"""Fixtures that several tests of the outbox share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk import Desk
from tests.outbox.restoring import House
from tests.publishing.conftest import Stage


@pytest.fixture
def house(sqlite_desk: Desk, tmp_path: Path) -> Iterator[House]:
    made = House(Stage(sqlite_desk), tmp_path)
    yield made
    made.desk.outbox.close()
