from __future__ import annotations

import json

import pytest


@pytest.fixture(autouse=True)
def campaign(run, here):
    run("init", "--yes")
    return here


@pytest.fixture
def broken(campaign):
    about = campaign / "posts" / "court-found" / "post.toml"
    about.write_text("titel = 1\n" + about.read_text())


def test_the_shipped_templates_are_clean(run):
    assert "0 findings" in run("posts", "check").stderr


def test_a_template_that_cannot_be_read_is_a_finding_and_the_others_are_still_checked(run, broken, campaign):
    (campaign / "posts" / "stay-informed" / "en.2.md").write_text("Write to help@example.org about it.\n")
    found = json.loads(run("posts", "check", "--json", code=3).stdout)
    assert {(each["slug"], each["rule"], each["level"]) for each in found} == {
        ("court-found", "broken", "never"),
        ("stay-informed", "e-mail", "never"),
    }
    assert "titel is not a key" in next(each["why"] for each in found if each["slug"] == "court-found")


def test_one_wording_that_does_not_render_hides_no_other(run, campaign):
    posts = campaign / "posts" / "stay-informed"
    (posts / "en.md").write_text("{{ range(3) }}\n")
    (posts / "en.3.md").write_text("Write to help@example.org about it.\n")
    found = json.loads(run("posts", "check", "stay-informed", "--json", code=3).stdout)
    assert [each["rule"] for each in found] == ["broken", "e-mail"]


def test_a_wording_that_only_one_language_has_is_no_fault(run, campaign):
    (campaign / "posts" / "court-found" / "en.2.md").write_text("The Court has ruled.\n")
    run("posts", "check", "court-found")


def test_what_no_account_takes_is_worth_a_look_and_blocks_nothing(run, campaign):
    config = campaign / "config.toml"
    config.write_text(config.read_text().replace('["en", "ru"]', '["de"]').replace('["en"]', '["de"]'))
    found = json.loads(run("posts", "check", "court-found", "--json").stdout)
    assert [each["level"] for each in found] == ["look"]


def test_a_broken_ledger_is_said_once(run, campaign):
    (campaign / "posts" / "facts.toml").write_text("[facts\n")
    assert run("posts", "check", code=2).stderr.count("facts.toml") == 1


def test_a_template_that_is_not_there_is_no_finding(run):
    assert 'did you mean "court-found"' in run("posts", "check", "court-fund", code=2).stderr


@pytest.mark.parametrize(
    "typed", ["FAQ", "posts/faq", "./posts/faq/", "./faq", "faq/", "posts/faq/en.2.md", "{here}/posts/faq"]
)
def test_a_template_is_found_as_a_shell_completes_it_and_in_capitals(run, campaign, typed):
    name = typed.format(here=campaign)
    assert run("posts", "show", name).stdout.startswith("faq:")
    assert "1 template checked" in run("posts", "check", name).stderr
    assert "Mastodon" in run("preview", name).stdout
    run("queue", "add", name, "--yes")
    assert json.loads(run("queue", "list", "--json").stdout)[0]["title"] == "faq"


@pytest.mark.parametrize("typed", ["posts/", "../faq", "posts", "Court-Fuond"])
def test_a_path_that_is_no_template_is_said_so(run, typed):
    assert "there is no template" in run("queue", "add", typed, code=2).stderr


def test_the_list_shows_a_broken_template_in_words_and_goes_on(run, broken):
    shown = run("posts", "list").stdout
    assert "broken: posts/court-found/post.toml" in shown
    assert "Stay informed" in shown
    rows = {row["slug"]: row for row in json.loads(run("posts", "list", "--json").stdout)}
    assert "titel" in rows["court-found"]["broken"]
    assert rows["stay-informed"]["broken"] is None
