"""Where an account's posts carry links: as the text has them, in each, or in none. Nothing is changed in silence."""

from __future__ import annotations

import pytest

from clarion.composing.compose import Composed, Request
from tests.composing.conftest import CONFIG, Desk

PAGE = "https://hudoc.echr.coe.int/eng"
CALLS = f"""
[calls.read]
kind = "inform"
wording = {{ en = "find the judgment", ru = "найдите решение" }}
link = "{PAGE}"
owner = "The Court"
checked_on = 2026-01-01
"""
TAGS = "#EyesOnChechnya #CloseTheCamps"


def said(desk: Desk, links: str | None, text: str, *, post: str = "", to: str = "x") -> Composed:
    setting = f'links = "{links}"\n' if links else ""
    desk.write("config.toml", CONFIG + setting)
    desk.write("posts/calls.toml", CALLS)
    desk.write(
        "posts/ask/post.toml", f'title = "Ask"\npurpose = "Ask"\nsource = "x"\nlanguages = ["en"]\n{post}'
    )
    desk.write("posts/ask/en.md", text)
    return one(desk, slug="ask", to=to)


def one(desk: Desk, *, slug: str | None = None, text: str | None = None, to: str = "x") -> Composed:
    [post] = desk.composed(Request(slug=slug, text=text, accounts=(to,), languages=("en",)))
    return post


def text(post: Composed) -> str:
    return post.payload.parts[0].text


def found(post: Composed) -> list[tuple[str, str, str]]:
    return [(finding.rule, finding.level, finding.why) for finding in post.findings]


@pytest.mark.parametrize("links", [None, "call"])
def test_as_it_is_a_post_carries_the_links_its_text_has(desk: Desk, links: str | None):
    post = said(desk, links, 'Please {{ call("read") }}')
    assert (text(post), found(post)) == (f"Please find the judgment: {PAGE}\n\n{TAGS}", [])
    assert (
        text(said(desk, links, "Nothing to follow.", post='calls = ["read"]\n'))
        == f"Nothing to follow.\n\n{TAGS}"
    )


def test_never_leaves_out_the_link_of_a_call_and_says_so(desk: Desk):
    post = said(desk, "never", 'Please {{ call("read") }}\n\n{{ call("read")|sentence }}.')
    assert text(post) == f"Please find the judgment\n\nFind the judgment.\n\n{TAGS}"
    assert found(post) == [
        ("link-left-out", "look", f'{PAGE} is left out on x: links = "never" under [accounts.x].')
    ]


def test_the_other_accounts_of_a_network_keep_it(desk: Desk):
    assert PAGE in text(said(desk, "never", 'Please {{ call("read") }}', to="mastodon"))


@pytest.mark.parametrize("written", ["{{ call_link('read') }}", PAGE, "hudoc.echr.coe.int"])
def test_never_refuses_a_link_that_a_person_wrote_and_says_what_to_write(desk: Desk, written: str):
    post = said(desk, "never", f"Read what the Court has found, here: {written}")
    assert "hudoc.echr.coe.int" in text(post)  # it is blocked, not changed
    [finding] = post.findings
    assert (finding.rule, finding.level) == ("no-link", "never")
    assert finding.why.startswith("x carries no links, and this has https://hudoc.echr.coe.int")
    assert finding.mend == (
        'Write posts/ask/en.x.md without it, or remove links = "never" under [accounts.x] in config.toml.'
    )


def test_never_refuses_a_link_that_is_typed(desk: Desk):
    desk.write("config.toml", CONFIG + 'links = "never"\n')
    [finding] = one(desk, text=f"Read what the Court has found, here: {PAGE}").findings
    assert (finding.rule, finding.level) == ("no-link", "never")
    assert (finding.mend or "").startswith("Say it without the link, or remove")


def test_always_adds_the_page_of_a_call_before_the_tags_and_says_so(desk: Desk):
    post = said(desk, "always", "The Court has ruled.", post='calls = ["read"]\n')
    assert text(post) == f"The Court has ruled.\n\n{PAGE}\n\n{TAGS}"
    assert found(post) == [
        ("link-left-out", "look", f'{PAGE} is added on x: links = "always" under [accounts.x].')
    ]


def test_always_adds_it_to_the_last_part_of_a_thread(desk: Desk):
    desk.write("config.toml", CONFIG)
    post = said(desk, "always", "The Court has ruled.\n---\nThree years ago.", post='calls = ["read"]\n')
    assert [part.text for part in post.payload.parts] == [
        f"The Court has ruled.\n\n{TAGS}",
        f"Three years ago.\n\n{PAGE}",
    ]


def test_always_adds_none_where_there_is_one_and_looks_where_there_can_be_none(desk: Desk):
    post = said(desk, "always", 'Please {{ call("read") }}')
    assert (text(post), found(post)) == (f"Please find the judgment: {PAGE}\n\n{TAGS}", [])
    post = said(desk, "always", "The Court has ruled.")
    assert text(post) == f"The Court has ruled.\n\n{TAGS}"
    assert [(rule, level) for rule, level, _ in found(post)] == [("link-left-out", "look")]
