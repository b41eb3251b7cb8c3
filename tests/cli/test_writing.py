from __future__ import annotations

import sys

import pytest

from tests.cli.terminal import Terminal

WAITS = "Edit it again?"


@pytest.fixture(autouse=True)
def campaign(run, here):
    run("init", "--yes")
    return here


@pytest.fixture
def types(tmp_path, monkeypatch):
    """An editor that writes, one after another, what somebody types; {name: [text, …]}."""

    def types(texts):
        script = tmp_path / "editor.py"
        script.write_text(
            f"import pathlib, sys\npath = pathlib.Path(sys.argv[1])\ntexts = {texts!r}[path.name]\n"
            "count = path.parent.parent / f'.{path.name}.count'\n"
            "at = int(count.read_text()) if count.exists() else 0\n"
            "count.write_text(str(at + 1))\n"
            "texts[at] is None or path.write_text(texts[at])\n"
        )
        monkeypatch.setenv("EDITOR", f"{sys.executable} {script}")
        monkeypatch.delenv("VISUAL", raising=False)

    return types


def test_a_new_post_is_made_and_what_is_next_is_said(run, campaign):
    answer = run("posts", "new", "our-vigil")
    assert answer.stdout.split() == [f"posts/our-vigil/{name}" for name in ("en.md", "post.toml", "ru.md")]
    assert "clarion posts edit our-vigil" in answer.stderr
    assert "our-vigil" in run("posts", "list").stdout
    assert "nothing was changed" in run("posts", "new", "our-vigil", code=2).stderr


def test_a_new_post_in_one_language_has_one_text(run, campaign):
    run("posts", "new", "our-vigil", "--lang", "ru")
    assert {path.name for path in (campaign / "posts" / "our-vigil").iterdir()} == {"ru.md", "post.toml"}


def test_a_post_like_another_is_a_copy(run, campaign):
    run("posts", "new", "berlin", "--like", "rally")
    assert (campaign / "posts" / "berlin" / "en.md").read_text() == (
        campaign / "posts" / "rally" / "en.md"
    ).read_text()
    assert 'title = "A rally (berlin)"' in (campaign / "posts" / "berlin" / "post.toml").read_text()
    assert 'did you mean "rally"' in run("posts", "new", "paris", "--like", "raly", code=2).stderr


def test_a_new_post_cannot_go_out_before_somebody_wrote_it(run):
    run("posts", "new", "our-vigil")
    assert "there is no text" in run("queue", "add", "our-vigil", "--yes", code=2).stderr


def test_without_a_terminal_no_editor_is_opened(run):
    assert "an editor needs a terminal" in run("posts", "edit", "court-found", code=2).stderr


def test_a_draft_is_written_until_nothing_blocks_it(run, campaign, types):
    run("posts", "new", "our-vigil", "--like", "court-found", code=0)
    types({"en.md": ["Call +7 928 123-45-67.\n", "We meet and remember.\n"]})
    with Terminal("posts", "edit", "our-vigil", "--lang", "en") as terminal:
        terminal.answer(WAITS, "y\n")
        assert terminal.end() == 0
    before, after = terminal.shown.split(WAITS)
    assert "Blocked" in before
    assert "We meet and remember." in after
    assert "clarion queue add our-vigil" in after


def test_what_was_typed_is_kept_when_somebody_gives_up(run, campaign, types):
    run("posts", "new", "our-vigil", "--lang", "en")
    types({"en.md": ["{{ fact("]})
    with Terminal("posts", "edit", "our-vigil") as terminal:
        terminal.answer(WAITS, "n\n")
        assert terminal.end() == 3
    assert "posts/our-vigil/en.md, line 1" in terminal.shown
    assert "What you typed is kept: posts/our-vigil/en.md" in terminal.shown
    assert (campaign / "posts" / "our-vigil" / "en.md").read_text() == "{{ fact("


def test_a_broken_post_toml_is_what_is_opened(run, campaign, types):
    about = campaign / "posts" / "court-found" / "post.toml"
    right = about.read_text()
    about.write_text(f"titel = 1\n{right}")
    types({"post.toml": [right]})
    with Terminal("posts", "edit", "court-found") as terminal:
        assert terminal.end() == 0
    assert "titel is not a key" in terminal.shown
    assert about.read_text() == right


def test_variables_are_shown_with_their_examples(types):
    types({"en.md": [None]})
    with Terminal("posts", "edit", "rally") as terminal:
        assert terminal.end() == 0
    assert "in front of the town hall" in " ".join(terminal.shown.split())


def test_an_editor_that_is_not_there_is_said_in_words(monkeypatch):
    monkeypatch.setenv("EDITOR", "no-such-editor")
    monkeypatch.delenv("VISUAL", raising=False)
    with Terminal("posts", "edit", "rally") as terminal:
        assert terminal.end() == 2
    assert "EDITOR=nano clarion posts edit rally" in terminal.shown


def test_what_a_post_is_comes_before_its_text(run, types):
    run("posts", "new", "our-vigil")
    types({"post.toml": [None]})
    with Terminal("posts", "edit", "our-vigil", "--about") as terminal:
        assert terminal.end() == 0, terminal.shown
    assert "Next: clarion posts edit our-vigil" in terminal.shown
    assert "there is no text" not in terminal.shown


def test_a_post_toml_that_cannot_be_read_is_edited_again_or_kept(run, campaign, types):
    run("posts", "new", "our-vigil")
    about = campaign / "posts" / "our-vigil" / "post.toml"
    right = about.read_text()
    types({"post.toml": ["titel = 1\n", right, "titel = 2\n"]})
    with Terminal("posts", "edit", "our-vigil", "--about") as terminal:
        terminal.answer("It cannot be read like this. Edit it again?", "y\n")
        assert terminal.end() == 0, terminal.shown
    assert about.read_text() == right
    with Terminal("posts", "edit", "our-vigil", "--about") as terminal:
        terminal.answer("It cannot be read like this. Edit it again?", "n\n")
        assert terminal.end() == 3, terminal.shown
    assert "To go on: clarion posts edit our-vigil --about" in " ".join(terminal.shown.split())
    assert about.read_text() == "titel = 2\n"


def test_a_further_language_is_begun_where_somebody_says_so(campaign, types):
    types({"post.toml": [None]})  # what lacks a warning in German is opened first
    with Terminal("posts", "edit", "court-found", "--lang", "de") as terminal:
        terminal.answer("is not written in de. Begin it?", "y\n")
        terminal.answer(WAITS, "n\n")
        assert terminal.end() == 3, terminal.shown
    home = campaign / "posts" / "court-found"
    assert 'languages = ["en", "ru", "de"]' in (home / "post.toml").read_text()
    assert "warning.de is missing" in " ".join(terminal.shown.split())
    assert "post.toml" in terminal.shown


def test_a_further_language_of_a_post_without_a_warning_is_previewed_at_once(run, campaign, types):
    run("posts", "new", "our-vigil", "--lang", "en")
    config = campaign / "config.toml"
    config.write_text(config.read_text().replace('["en", "ru"]', '["en", "ru", "de"]'))
    types({"de.md": ["Wir erinnern uns an sie alle.\n"]})
    with Terminal("posts", "edit", "our-vigil", "--lang", "de") as terminal:
        terminal.answer("Begin it?", "y\n")
        assert terminal.end() == 0, terminal.shown
    assert "Wir erinnern uns an sie alle." in terminal.shown


def test_a_language_that_nobody_wants_begun_changes_nothing(run, campaign):
    before = (campaign / "posts" / "rally" / "post.toml").read_text()
    with Terminal("posts", "edit", "rally", "--lang", "ru") as terminal:
        terminal.answer("Begin it?", "n\n")
        assert terminal.end() == 2, terminal.shown
    assert "clarion posts edit rally --lang ru" in terminal.shown
    assert (campaign / "posts" / "rally" / "post.toml").read_text() == before
    assert not (campaign / "posts" / "rally" / "ru.md").exists()
