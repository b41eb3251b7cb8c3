from __future__ import annotations

import pytest

from clarion.cli.terminal.watching import stamps
from tests.cli.terminal import Terminal

WATCHES = "To end: Ctrl-C"


@pytest.fixture(autouse=True)
def text(run, here):
    run("init", "--yes")
    return here / "posts" / "stay-informed" / "en.md"


def test_a_change_is_shown_an_error_does_not_end_it_and_ctrl_c_does(text):
    with Terminal("preview", "stay-informed", "--watch") as terminal:
        terminal.answer(WATCHES, "")
        text.write_text("{{ fact(\n")
        terminal.answer("posts/stay-informed/en.md, line 1", "")
        terminal.answer(WATCHES, "")
        text.write_text("A new sentence.\n")
        terminal.answer("A new sentence.", "")
        terminal.answer(WATCHES, "\x03")
        assert terminal.end() == 0


def test_the_page_is_written_anew(text, here):
    page = here / "page" / "index.html"
    with Terminal("preview", "stay-informed", "--watch", "--web", "page") as terminal:
        terminal.answer(WATCHES, "")
        assert "A new sentence." not in page.read_text()
        text.write_text("A new sentence.\n")
        terminal.answer(WATCHES, "")
        assert "A new sentence." in page.read_text()


def test_config_is_read_again(text, here):
    config = here / "config.toml"
    with Terminal("preview", "stay-informed", "--watch", "--lang", "en") as terminal:
        terminal.answer(WATCHES, "")
        config.write_text(config.read_text().replace("#CloseTheCamps", "#Another"))
        terminal.answer("#Another", "")


@pytest.mark.parametrize("what", [[], ["1"], ["#1"]])
def test_what_is_frozen_is_not_watched(run, what):
    assert "--watch is for a template" in run("preview", *what, "--watch", code=2).stderr


def test_a_campaigns_own_files_count_and_hidden_ones_do_not(text, here):
    before = stamps(here)
    (text.parent / ".en.md.swp").write_text("x")
    (text.parent / "en.md~").write_text("x")
    (here / "page.html").write_text("x")
    assert stamps(here) == before
    (text.parent / "en.4.md").write_text("x")
    assert len(stamps(here)) == len(before) + 1
