"""A person's machine in a temporary folder: an empty home, no variables of Clarion's, and a way to type commands."""

from __future__ import annotations

import os

import pytest
from click.testing import CliRunner

from clarion.app import App
from clarion.cli import clarion
from tests.cli.entries import queued, state
from tests.leftovers import stop_networks


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith(("CLARION_", "_CLARION_"))]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("COLUMNS", raising=False)  # listings keep to it
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for kind in ("STATE", "CONFIG", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(home / kind.lower()))
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    yield home
    stop_networks(home)


@pytest.fixture
def here(tmp_path):
    return tmp_path / "here"


@pytest.fixture
def run():
    """Type a command: `run("init", "--yes")`. Nobody is at a terminal."""

    def run(*words, stdin=None, code=0):
        answer = CliRunner().invoke(clarion, list(words), input=stdin)
        assert answer.exit_code == code, answer.output
        return answer

    return run


@pytest.fixture
def app(run, here, monkeypatch):
    """Vera's new campaign."""
    monkeypatch.setenv("CLARION_AS", "vera")
    run("init", "--yes")
    with App(campaign=str(here)) as app:
        yield app


@pytest.fixture
def number(run, app):
    """An entry that is up."""
    number = queued(run)
    run("publish")
    assert state(run, number) == "sent"
    return number


@pytest.fixture
def networks():
    """Local networks that a command takes for the live ones, and a terminal to type it at."""
    from tests.cli.local import Local

    running = Local()
    running.start()
    yield running
    running.stop()
