from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from clarion.app import App
from clarion.cli.install_cron import cron_line, merged
from clarion.errors import ClarionError

CRONTAB = """#!/bin/sh
kept="{kept}"
case "$1" in
-l) if [ -e "$kept" ]; then cat "$kept"; else echo "no crontab for somebody" >&2; exit 1; fi ;;
-) cat > "$kept" ;;
esac
"""
OTHERS = "MAILTO=me\n5 4 * * * backup  # mine\n"


@pytest.fixture(autouse=True)
def campaign(run, here):
    run("init", "--yes")
    return here


def put_on_path(folder, monkeypatch, script):
    folder.mkdir()
    program = folder / "crontab"
    program.write_text(script)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


@pytest.fixture
def kept(tmp_path, monkeypatch):
    kept = tmp_path / "the crontab"
    put_on_path(tmp_path / "bin", monkeypatch, CRONTAB.format(kept=kept))
    return kept


def line_of(run):
    return run("install-cron", "--print").stdout


def test_it_adds_one_line_and_keeps_everything_else(run, kept):
    kept.write_text(OTHERS)
    run("install-cron", "--yes")
    campaign = App().config.campaign.id
    begin, end = (f"# clarion {campaign}: {word}\n" for word in ("begin", "end"))
    assert kept.read_text() == OTHERS + begin + line_of(run) + end


def test_a_user_without_a_crontab_gets_one(run, kept):
    run("install-cron", "--yes")
    assert kept.read_text().count("\n") == 3


def test_doing_it_again_changes_nothing(run, kept):
    run("install-cron", "--yes")
    before = kept.read_text()
    assert "already" in run("install-cron", "--yes").stderr
    assert kept.read_text() == before


def test_print_changes_nothing(run, kept):
    assert line_of(run).startswith("* * * * * ")
    assert not kept.exists()


def test_without_a_terminal_and_without_yes_it_changes_nothing(run, kept):
    assert "clarion install-cron --yes" in run("install-cron").stderr
    assert not kept.exists()


def test_the_line_runs_from_anywhere_without_a_path_and_finds_the_same_outbox(run, tmp_path, campaign):
    line = line_of(run)
    assert f"--campaign {campaign}" in line
    command = line.removeprefix("* * * * * ").replace(" publish ", " accounts list ")
    (log := Path(shlex.split(command)[-2])).parent.mkdir(parents=True)
    subprocess.run(["/bin/sh", "-c", command], env={"HOME": os.environ["HOME"]}, cwd="/", check=True)
    assert "your_campaign" in log.read_text()
    assert log.parent == App().state


def test_a_crontab_that_cannot_be_read_is_not_written(run, tmp_path, monkeypatch):
    kept = tmp_path / "the crontab"
    script = f'#!/bin/sh\n[ "$1" = - ] && touch "{kept}"\necho "not allowed" >&2; exit 1\n'
    put_on_path(tmp_path / "bin", monkeypatch, script)
    answer = run("install-cron", "--yes", code=2)
    assert "error: crontab refused: not allowed" in answer.stderr
    assert answer.stdout == line_of(run)
    assert not kept.exists()


def test_a_machine_without_crontab_gets_the_line_to_use_elsewhere(run, tmp_path, monkeypatch):
    line = line_of(run)
    monkeypatch.setenv("PATH", str(tmp_path))
    answer = run("install-cron", "--yes", code=2)
    assert answer.stdout == line
    assert "error: this machine has no crontab\nhint: install cron" in answer.stderr


def test_cron_gets_every_word_as_it_is():
    line = cron_line(Path("/a b/100%/it's"), Path("/log 1"), {"CLARION_AS": "Vera K"})
    schedule, command = line[:10], line[10:].replace("\\%", "%")
    assert schedule == "* * * * * "
    words = shlex.split(command)
    assert words[:2] == ["/usr/bin/env", "CLARION_AS=Vera K"]
    assert words[3:] == ["--campaign", "/a b/100%/it's", "publish", ">>", "/log 1", "2>&1"]
    assert Path(words[2]).parent == Path(sys.executable).parent
    assert "%" not in line.replace("\\%", "")


def test_a_path_with_a_line_break_is_refused():
    with pytest.raises(ClarionError, match="line break"):
        cron_line(Path("/a\n* * * * * evil"), Path("/log"), {})


def test_a_block_is_replaced_where_it_stands_and_doubles_go():
    ours = "# clarion a1: begin\nold\n# clarion a1: end\n"
    other = "# clarion b2: begin\nother\n# clarion b2: end\n"
    assert merged(f"x\n{ours}{other}{ours}y", "a1", "new") == (
        f"x\n# clarion a1: begin\nnew\n# clarion a1: end\n{other}y\n"
    )
