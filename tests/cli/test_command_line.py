from __future__ import annotations

import os
import re
import subprocess
import sys

import click
import pytest

from clarion.cli import COMMANDS, SECTIONS, clarion
from clarion.cli.terminal import shell
from clarion.errors import (
    AccountBlocked,
    ApprovalError,
    CampaignError,
    CheckFailed,
    ClarionError,
    OutboxBusy,
    OutboxError,
    RateLimited,
)

HEAVY = {
    *(
        "rich",
        "jinja2",
        "sqlalchemy",
        "requests",
        "tweepy",
        "mastodon",
        "PIL",
        "msgspec",
        "tomllib",
        "tomlkit",
    ),
    *("babel", "starlette", "tenacity", "platformdirs", "json", "difflib", "importlib.metadata"),
    *("clarion.app", "clarion.networks", "clarion.model"),
}


def command(name):
    context = click.Context(clarion, info_name="clarion")
    found = clarion.get_command(context, name)
    assert found is not None
    return found


def every_command():
    for name in COMMANDS:
        found = command(name)
        yield name, found
        if isinstance(found, click.Group):
            yield from ((f"{name} {below}", each) for below, each in found.commands.items())


# ── help ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("words", [["--help"], ["--version"]])
def test_help_imports_no_command_and_nothing_heavy(words):
    look = (
        "import sys; from clarion.cli import clarion\n"
        "try: clarion.main(sys.argv[1:], prog_name='clarion')\n"
        "except SystemExit as end: assert not end.code\n"
        "print(*sys.modules, sep='\\n', file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", look, *words], capture_output=True, text=True, check=True)
    loaded = set(ran.stderr.split())
    assert "clarion.cli.terminal.shell" in loaded
    assert not loaded & HEAVY
    assert not {f"clarion.cli.{row.module}" for row in COMMANDS.values()} & loaded


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_what_the_command_itself_says(name):
    assert COMMANDS[name].summary == command(name).get_short_help_str(limit=200).rstrip(".")
    assert len(COMMANDS[name].summary) <= 70
    assert COMMANDS[name].section in SECTIONS


def test_every_command_shows_how_it_is_typed():
    for name, each in every_command():
        assert "Example:" in (each.epilog or ""), name
        assert f"clarion {name}" in (each.epilog or ""), name


def test_help_names_every_command_under_its_section(run):
    shown = run("-h").stdout
    assert [title for title in SECTIONS if f"{title}:" in shown] == [
        title for title in SECTIONS if any(row.section == title for row in COMMANDS.values())
    ]
    for name, row in COMMANDS.items():
        assert f"  {name}" in shown
        assert row.summary in " ".join(shown.split())


@pytest.mark.parametrize("columns", [40, 60])
def test_help_fits_a_narrow_terminal_and_tears_no_word(run, monkeypatch, columns):
    for words in ([], *([*name.split()] for name, _ in every_command())):
        monkeypatch.setenv("COLUMNS", "200")
        whole = run(*words, "--help").stdout
        monkeypatch.setenv("COLUMNS", str(columns))
        narrow = run(*words, "--help").stdout
        assert all(len(line) < columns or len(line.split()) == 1 for line in narrow.splitlines())
        assert re.sub(r"-\n +", "-", narrow).split() == whole.split()


def test_a_slip_of_the_finger_is_answered_with_the_nearest_command(run):
    assert "did you mean: clarion accounts" in run("acounts", code=2).stderr
    assert "Did you mean '--zone'" in run("init", "--zon", code=2).stderr


def test_python_m_clarion_is_the_same_command():
    ran = subprocess.run(
        [sys.executable, "-m", "clarion", "--help"], capture_output=True, text=True, check=True
    )
    assert ran.stdout.startswith("Usage: clarion ")


@pytest.mark.parametrize("name", ["CLARION_VERSION", "CLARION_HELP", "CLARION_DEBUG"])
def test_a_variable_that_only_looks_like_an_option_changes_nothing(run, monkeypatch, name):
    monkeypatch.setenv(name, "1.2.3")
    assert "Usage:" in run("init", "--help").stdout


# ── completion ────────────────────────────────────────────────────────────────────────────────────────────────


def complete(*words):
    environ = os.environ | {
        "_CLARION_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["clarion", *words]),
        "COMP_CWORD": str(len(words)),
    }
    look = (
        "import sys; from clarion.cli import main\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", look], env=environ, capture_output=True, text=True, check=True
    )
    return [line.partition(",")[2] for line in ran.stdout.splitlines()], set(ran.stderr.split())


def test_the_shell_completes_commands_without_importing_them():
    offered, loaded = complete("ac")
    assert offered == ["accounts"]
    assert not {f"clarion.cli.{row.module}" for row in COMMANDS.values()} & loaded


def test_the_shell_completes_what_stands_below_a_command():
    assert complete("accounts", "v")[0] == ["verify"]
    assert "--zone" in complete("init", "--")[0]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("posts", "show", "cou"), ["court-found"]),
        (("posts", "check", "stay"), ["stay-informed"]),
        (("preview", "day-2"), ["day-29-march"]),
        (("preview", "--to", "m"), ["mastodon"]),
        (("say", "--lang", ""), ["en", "ru"]),
        (("accounts", "verify", "b"), ["bluesky"]),
    ],
)
def test_the_shell_completes_names_of_the_campaign(run, words, offered):
    run("init", "--yes")
    assert complete(*words)[0] == offered


def test_completion_is_silent_where_there_is_no_campaign_or_it_is_broken(run, here):
    assert complete("posts", "show", "")[0] == [""]
    (here / "config.toml").write_text("[campaign]\nid = 1\n")
    assert complete("say", "--to", "")[0] == [""]


@pytest.mark.parametrize("kind", ["bash", "zsh", "fish"])
def test_completion_prints_the_script_of_a_shell(run, kind):
    assert f"_CLARION_COMPLETE={kind}_complete" in run("completion", kind).stdout


def test_completion_knows_the_shell_in_use_or_says_what_to_type(run, monkeypatch):
    monkeypatch.setenv("SHELL", "/usr/bin/zsh")
    assert "zsh_complete" in run("completion").stdout
    monkeypatch.setenv("SHELL", "/bin/odd")
    assert "hint: clarion completion bash" in run("completion", code=2).stderr


# ── ending ────────────────────────────────────────────────────────────────────────────────────────────────────


def ended(call):
    with pytest.raises(SystemExit) as end:
        shell.run(call)
    return end.value.code


def raising(error):
    def call():
        raise error

    return call


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ClarionError("m", "h"), 2),
        (CampaignError("m", "h"), 2),
        (OutboxError("m", "h"), 2),
        (AccountBlocked("m", "h"), 2),
        (CheckFailed("m", "h"), 3),
        (ApprovalError("m", "h"), 3),
        (RateLimited("m", wait=1.0, hint="h"), 1),
    ],
)
def test_an_error_is_one_sentence_a_hint_and_its_code(capsys, error, code):
    assert ended(raising(error)) == code
    assert capsys.readouterr() == ("", "error: m\nhint: h\n")


def test_a_busy_outbox_ends_quietly_and_asks_to_try_again(capsys):
    assert ended(raising(OutboxBusy("m", "h"))) == 75
    assert capsys.readouterr() == ("", "")


def test_a_stop_by_hand_has_its_own_code(capsys):
    assert ended(raising(KeyboardInterrupt())) == 130
    assert capsys.readouterr().err == "Stopped.\n"


def test_a_file_that_cannot_be_used_is_named(capsys):
    assert ended(lambda: open("missing/file")) == 2  # noqa: PTH123, SIM115
    assert capsys.readouterr().err == "error: cannot use missing/file: No such file or directory\n"


def test_a_fault_of_clarions_shows_neither_traceback_nor_what_the_error_held(capsys):
    assert ended(raising(ValueError("token=synthetic"))) == 70
    shown = capsys.readouterr().err
    assert "ValueError" in shown
    assert "synthetic" not in shown
    assert "Traceback" not in shown


def test_the_details_of_a_fault_are_shown_when_asked_for(capsys, monkeypatch):
    monkeypatch.setenv("CLARION_DEBUG", "1")
    assert ended(raising(ValueError("the details"))) == 70
    shown = capsys.readouterr().err
    assert "Traceback" in shown
    assert "the details" in shown


def test_nobody_reading_is_no_reason_to_complain():
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        ran = subprocess.run(
            [sys.executable, "-m", "clarion", "completion", "bash"],
            stdout=closed,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (ran.returncode, ran.stderr) == (141, b"")
