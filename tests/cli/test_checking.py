"""What an organiser meets: reasons asked for and kept, links allowed, names denied, the check of all templates."""

from __future__ import annotations

import json
import stat

import pytest


@pytest.fixture(autouse=True)
def campaign(run, here, monkeypatch):
    monkeypatch.setenv("CLARION_AS", "vera")
    run("init", "--yes")
    return here


def test_an_ordinary_text_needs_nothing_more(run):
    assert "approved" in run("say", "They are not alone.", "--yes").stdout


def test_a_number_waits_for_a_reason_which_is_kept(run):
    refused = run("say", "We were 300 people.", "--yes", code=3)
    assert '--because "…"' in refused.stderr
    assert "Nothing is queued" in run("queue", "list").stderr
    run("say", "We were 300 people.", "--yes", "--because", "  I counted\nthem myself ")
    assert "I counted them myself" in run("queue", "show", "1").stdout
    assert json.loads(run("queue", "show", "1", "--json").stdout)["because"] == "I counted them myself"


def test_a_reason_is_said_in_words(run):
    assert "in words" in run("say", "We were 300.", "--yes", "--because", " ! ", code=2).stderr


def test_no_reason_lets_through_what_never_goes_out(run):
    run("say", "Write to help@example.org about it.", "--yes", "--because", "The address is ours", code=3)


def test_a_host_is_allowed_once_and_the_file_keeps_its_comments(run, campaign):
    run("say", "Read it all at https://news.example.com/x today.", "--yes", code=3)
    run("links", "allow", "https://www.example.com/whatever")
    assert "example.com" in run("links").stdout.split()
    assert (campaign / "posts/links.toml").read_text().startswith("#")
    assert "already" in run("links", "allow", "news.example.com").stderr
    run("say", "Read it all at https://news.example.com/x today.", "--yes")


def test_what_is_no_host_is_refused(run):
    run("links", "allow", "no host", code=2)
    for twin in ("gооgle.com", "xn--80ak6aa92e.com"):  # Cyrillic letters
        assert "type the address by hand" in run("links", "allow", twin, code=2).stderr
    run("links", "allow", "пример.рф")


def test_denied_names_come_by_a_pipe_and_stay_unreadable(run, home, campaign):
    assert "1 name" in run("people", "deny", "--file", "-", stdin="Иван Тохтаров\n").stdout
    kept = [path for path in home.rglob("denied.*") if path.suffix in {".json", ".key"}]
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
    assert len(kept) == 2
    blocked = run("say", "We heard from Ivan Tokhtarov.", "--yes", code=3)
    assert "on the list of people in danger" in " ".join(blocked.stderr.split())
    assert json.loads(run("people", "denied", "--json").stdout) == {"names": 1}


@pytest.mark.parametrize(
    "text", ["Our friend Aslan Tokhtarov is hiding.", "Aslan\n---\nTokhtarov is hiding."]
)
def test_what_is_queued_and_names_somebody_goes_no_further(run, text):
    run("say", text, "--to", "mastodon", "--at", "in 2 hours", "--yes")
    run("say", "They are not alone.", "--to", "mastodon", "--at", "in 3 hours", "--yes")
    said = run("people", "deny", "--file", "-", stdin="Aslan Tokhtarov\n").stdout
    assert "#1 has one of these names and will not go out: clarion queue cancel 1" in " ".join(said.split())
    states = {entry["number"]: entry["state"] for entry in json.loads(run("queue", "list", "--json").stdout)}
    assert states == {1: "pending", 2: "scheduled"}
    assert "people in danger" in run("approve", "1", "--yes", code=3).stderr
    assert json.loads(run("queue", "show", "1", "--json").stdout)["state"] == "pending"


def test_a_name_is_never_an_argument(run):
    run("people", "deny", "Иван", code=2)
    assert "--file -" in run("people", "deny", code=2).stderr


def test_the_rules_are_listed(run):
    rules = json.loads(run("posts", "check", "--rules", "--json").stdout)
    assert {"phone", "number", "camps"} <= {rule["rule"] for rule in rules}
    assert "with a reason" in run("posts", "check", "--rules").stdout


def test_findings_are_marked_as_github_reads_them(run, campaign):
    (campaign / "posts" / "stay-informed" / "en.2.md").write_text("100% of it: write to help@example.org.\n")
    lines = run("posts", "check", "stay-informed", "--format", "github", code=3).stdout.splitlines()
    assert any(line.startswith("::error file=posts/stay-informed/en.2.md,title=e-mail::") for line in lines)
    assert any(
        line.startswith("::warning file=posts/stay-informed/en.2.md,title=number::“100%25”") for line in lines
    )
