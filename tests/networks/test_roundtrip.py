"""A post with everything, on each rehearsal network: what comes back is what the preview showed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.networks.roundtrip import PARTS, played, taken_down
from tests.networks.stage import RehearsalStage, Stage


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    made = RehearsalStage(request.param)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("stage", "threads"),
    [("x", False), ("x", True), ("mastodon", True), ("bluesky", True)],
    indirect=["stage"],
)
def test_what_comes_back_is_what_the_preview_showed_until_it_is_recalled(
    stage: Stage, tmp_path: Path, *, threads: bool
) -> None:
    shown, came_back = played(stage, tmp_path, threads=threads)
    assert came_back == shown
    assert len(shown) == (len(PARTS) if threads else 1)
    assert [len(part.images) for part in shown] == [2, 0, 0][: len(shown)]
    assert all(part.language == "ru" for part in shown)
    assert any("#ЗакройтеЛагеря" in part.text for part in shown)
    taken_down(stage, tmp_path, parts=len(shown))


@pytest.mark.parametrize("stage", ["bluesky"], indirect=True)
def test_the_link_card_comes_back_with_its_picture(stage: Stage, tmp_path: Path) -> None:
    _, came_back = played(stage, tmp_path, threads=True)
    assert [part.card is not None for part in came_back] == [False, True, False]
    assert came_back[1].card_image is not None
