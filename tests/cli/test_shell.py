from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clarion.cli.terminal import shell, tables
from tests.cli.terminal import Terminal

ROWS: list[list[object]] = [["eyes", "да"], ["Чечня\n29", None], ["日本", "é"]]


def test_a_listing_is_aligned_text_by_what_a_terminal_shows(capsys):
    tables.table(ROWS, ["name", "it is"])
    assert capsys.readouterr().out == "NAME      IT IS\neyes      да\nЧечня 29\n日本      é\n"


def test_a_listing_of_nothing_is_its_heading(capsys):
    tables.table([], ["name", "it is"])
    assert capsys.readouterr().out == "NAME  IT IS\n"


@pytest.mark.parametrize("columns", [40, 60])
@pytest.mark.parametrize("options", [(), ("--plain",)])
def test_a_terminal_too_narrow_for_a_table_gets_a_block_per_row(run, columns, options):
    run("init", "--yes")
    with Terminal(*options, "posts", "list", columns=columns) as terminal:
        assert terminal.end() == 0
    lines = terminal.shown.splitlines()
    assert lines[:3] == ["slug: breaking", "languages: en", "wordings: 1"]
    assert "" in lines
    assert max(map(len, lines)) <= columns


def test_a_terminal_wide_enough_gets_a_table_whose_words_stay_whole(run):
    run("init", "--yes")
    with Terminal("posts", "list", columns=80) as terminal:
        assert terminal.end() == 0
    lines = re.sub(r"\x1b\[[\d;]*m", "", terminal.shown).splitlines()
    assert lines[1].split() == ["slug", "languages", "wordings", "warning", "title"]
    assert max(map(len, lines)) <= 80
    assert any(line.split()[:3] == ["court-found", "en,", "ru"] for line in lines)


def test_the_widest_columns_give_way_first_and_no_word_is_torn():
    natural, least = tables._column_widths(
        [["court-found", "one two three four five six seven"]], ["slug", "title"]
    )
    assert (natural, least) == ([11, 33], [11, 20])
    assert tables._shared(36, natural, least) == [11, 25]


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\x9b2J", "\u202e", "\u2066", "\r", "\x00"])
def test_what_a_server_sent_cannot_steer_the_terminal(capsys, hostile):
    shell.show(f"a{hostile}b")
    shell.say_so(f"a{hostile}b")
    shell.complain(f"a{hostile}b")
    tables.table([[f"a{hostile}b"]], ["x"])
    shown = capsys.readouterr()
    assert hostile not in shown.out + shown.err


def test_line_breaks_emoji_and_joined_letters_stay(capsys):
    text = "a\n\tb 👩‍👩‍👧 й"
    shell.show(text)
    assert capsys.readouterr().out == text + "\n"


@dataclass(frozen=True)
class Thing:
    at: datetime
    where: Path
    tags: frozenset[str]


def test_json_holds_what_clarion_is_made_of(capsys):
    shell.show_json([Thing(datetime(2026, 12, 1, tzinfo=UTC), Path("a"), frozenset("ba"))])
    assert json.loads(capsys.readouterr().out) == [
        {"at": "2026-12-01T00:00:00+00:00", "where": "a", "tags": ["a", "b"]}
    ]


class AtATerminal(io.StringIO):
    def isatty(self):
        return True


def test_somebody_at_a_terminal_sees_how_far_slow_work_is_and_the_line_is_wiped_away(monkeypatch):
    monkeypatch.setattr(sys, "stderr", shown := AtATerminal())
    assert list(shell.counted("ab", 2, "Checking", after=0)) == ["a", "b"]
    assert shown.getvalue().split("\r") == ["", "Checking: 1 of 2", "Checking: 2 of 2", " " * 16, ""]


def test_quick_work_is_not_counted_nor_any_that_nobody_watches(monkeypatch, capsys):
    assert list(shell.counted("ab", 2, "Checking", after=0)) == ["a", "b"]
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys, "stderr", shown := AtATerminal())
    assert list(shell.counted("ab", 2, "Checking", after=3600)) == ["a", "b"]
    assert shown.getvalue() == ""


def test_nobody_is_asked_without_a_terminal():
    assert not shell.interactive()
    assert not shell.confirm("Really?", yes=False)
    assert shell.confirm("Really?", yes=True)


def test_russian_survives_a_terminal_that_cannot_show_it():
    look = "from clarion.cli.terminal import shell\nshell.run(lambda: (shell.show('да'), shell.show_json({'a': 'да'})) and None)"
    environ = os.environ | {"PYTHONIOENCODING": "latin-1"}
    ran = subprocess.run(
        [sys.executable, "-c", look], env=environ, capture_output=True, text=True, check=True
    )
    first, _, rest = ran.stdout.partition("\n")
    assert first == r"\u0434\u0430"
    assert json.loads(rest) == {"a": "да"}
