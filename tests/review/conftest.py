"""The small campaign of composing's tests, previewed."""

from __future__ import annotations

from pathlib import Path

import pytest

from clarion.review.preview import Preview, of_composed
from tests.composing.conftest import Desk, png


class Board:
    """A campaign whose posts are shown."""

    def __init__(self, folder: Path) -> None:
        self.desk = Desk(folder)

    def previews(self, **request: object) -> list[Preview]:
        zone = self.desk.config.zone()
        return [of_composed(post, zone=zone) for post in self.desk.compose(**request)]  # type: ignore[arg-type]


@pytest.fixture
def board(tmp_path: Path) -> Board:
    made = Board(tmp_path)
    (made.desk.folder / "posts/judgment/card.png").write_bytes(png(1200, 300))
    return made
