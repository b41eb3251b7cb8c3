"""Every command that the how-tos show is typed here, in their order; every example of a template is rendered."""

from __future__ import annotations

import os
import re
import shlex
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import pytest
from click.testing import CliRunner

from clarion.campaign import bundled, templates
from clarion.campaign.ledgers.ledger import Ledger
from clarion.campaign.rendering import render
from clarion.cli import clarion

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [DOCS / "checks.md", *sorted((DOCS / "how-to").glob("*.md"))]
_COMMAND = re.compile(r"^ {4,}clarion (.+)$", re.MULTILINE)
_INLINE = re.compile(r"`(?:EDITOR=\w+ )?clarion ([^`…]+?)(?: …)?`")
_ROW = re.compile(r"^\| `(\{\{ (?:fact|day|due).+?\}\})` \| (.+?) \|$", re.MULTILINE)
#: What a person at a terminal answers, and what runs until Ctrl-C: typed with --help instead.
_WITH_A_PERSON = (
    "posts edit",
    "posts fact-add",
    "--watch",
    "accounts add",
    "accounts login",
    "accounts remove",
    "accounts verify",
    "accounts rules",
    "install-cron",
    "live",
    "recall",
    "correct",
)


@pytest.fixture
def type_(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("CLARION_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    for kind in ("STATE", "CONFIG", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind.lower()))
    (tmp_path / "campaign").mkdir()
    monkeypatch.chdir(tmp_path / "campaign")

    def type_(*words):
        answer = CliRunner().invoke(clarion, list(words))
        assert answer.exit_code in (0, 3), f"{words}: {answer.output}"
        return answer

    type_("init", "--yes")
    return type_


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_shown_works(page, type_):
    shown = _COMMAND.findall(page.read_text(encoding="utf-8"))
    assert shown
    for line in shown:
        words = shlex.split(line)
        if any(each in line for each in _WITH_A_PERSON):
            _parse(words)
        elif words[:3] == ["queue", "add", "our-vigil"]:
            Path("posts/our-vigil/en.md").write_text("We meet and remember.\n")
            type_(*words, "--lang", "en", "--because", "A test of the how-to.", "--yes")
        else:
            type_(*words, *(["--yes"] if words[0] == "say" else []))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_named_in_a_sentence_is_one(page):
    for line in _INLINE.findall(page.read_text(encoding="utf-8")):
        _parse(shlex.split(line))


def test_every_example_of_a_template_reads_as_the_table_says(tmp_path):
    rows = _ROW.findall((DOCS / "how-to" / "write-a-post.md").read_text(encoding="utf-8"))
    assert len(rows) == 8
    home = tmp_path / "posts" / "example"
    home.mkdir(parents=True)
    (home / "post.toml").write_text('title = "x"\npurpose = "x"\nlanguages = ["en"]\n')
    (home / "en.md").write_text("\n---\n".join(code.replace("\\|", "|") for code, _ in rows))
    post = render.render(
        templates.load(tmp_path, "example"),
        ledger=Ledger.load(bundled.posts().parent),
        language="en",
        network="mastodon",
        variables={},
        due=datetime(2027, 3, 29, 9, tzinfo=ZoneInfo("Europe/Berlin")),
        tags=(),
    )
    assert list(post.parts) == [seen for _, seen in rows]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_leads_to_a_page(page):
    for link in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / link).is_file(), link


def _parse(words):
    """Read a command line as clarion would, and run nothing."""
    command: click.Command = clarion
    context = click.Context(command, info_name="clarion")
    while isinstance(command, click.Group) and words:
        name, found, words = command.resolve_command(context, words)
        assert found is not None
        command, context = found, click.Context(found, parent=context, info_name=name)
    command.make_context(context.info_name, list(words), parent=context.parent)
