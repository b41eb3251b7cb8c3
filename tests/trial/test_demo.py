"""The demo: the main job, whole, counted by the networks."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from clarion.networks import NAMES
from clarion.trial.demo import DROPPED, TEMPLATES, Show, run
from tests.cli.terminal import Terminal

from .conftest import Person


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Show, object]:
    folder = tmp_path_factory.mktemp("demo")
    seen: list[Show] = []
    outcome = run(folder, seen.append)
    return folder, seen[-1], outcome


def test_it_loses_nothing_and_doubles_nothing(demo) -> None:
    _, show, outcome = demo
    assert (outcome.lost, outcome.doubled, outcome.second_run) == (0, 0, 0)
    assert {row.state for row in show.rows.values()} == {"sent"}
    assert {(row.what, row.network) for row in show.rows.values()} == set(product(TEMPLATES, NAMES))
    assert {row.language for row in show.rows.values()} == {"en", "ru"}


def test_the_dropped_answer_is_found_and_not_sent_again(demo) -> None:
    _, show, outcome = demo
    assert outcome.found == 1
    assert [row.network for row in show.rows.values() if row.note] == [DROPPED]


def test_the_timelines_show_every_post(demo) -> None:
    _, show, outcome = demo
    for page in outcome.pages:
        html = page.read_text(encoding="utf-8")
        assert "<script" not in html
        assert "EyesOnChechnya" in html
        parts = sum(row.parts for row in show.rows.values() if row.network == page.stem)
        assert html.count("<article") >= parts


def test_the_command_ends_with_the_count(person: Person) -> None:
    assert person.types("demo").splitlines()[-2:] == ["Your turn: clarion init", "0 lost · 0 doubled"]


def test_on_a_phone_it_tears_no_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with Terminal("demo", columns=40) as terminal:
        assert terminal.end() == 0
    *_, table = terminal.shown.partition("each post once …")
    rows = table.partition("One network took")[0].splitlines()
    assert "post: court-found" in rows
    assert all(len(line) <= 40 or len(line.split()) == 1 for line in rows)
