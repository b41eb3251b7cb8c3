"""The timeline page, with each network's own view."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from clarion import networks
from clarion.networks.base import Shown, ShownImage, ShownPart
from clarion.networks.view import draw, styles
from clarion.rehearsal.timeline import anchor, page

VOID = {"meta", "img", "br", "hr", "input", "link", "wbr"}
IMAGE = ShownImage(src="data:image/png;base64,AAAA", alt='A "sign" & a <hand>', width=16, height=9)


def shown(network: str, text: str = "Hello", *, remote_id: str = "1", answers: str | None = None) -> Shown:
    part = ShownPart(
        spans=((text, None), ("#CloseTheCamps", "#CloseTheCamps")),
        images=(IMAGE,),
        remote_id=remote_id,
        url=f"https://{network}.example/{remote_id}",
        answers=answers,
    )
    return Shown(
        network=network, account="Voice", handle="voice", language="ru", parts=(part,), at="1 Jan 2026"
    )


class Page(HTMLParser):
    """What a browser would find: ids, addresses, and whether every tag is closed in turn."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.sources: list[str] = []
        self.fragments: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {key: value or "" for key, value in attrs}
        self.tags.append(tag)
        if tag not in VOID:
            self._open.append(tag)
        if "id" in found:
            self.ids.append(found["id"])
        if "src" in found:
            self.sources.append(found["src"])
        if found.get("href", "").startswith("#"):
            self.fragments.append(found["href"][1:])

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


@pytest.fixture(params=networks.NAMES)
def network(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_it_says_that_nothing_is_public(network: str) -> None:
    assert "Rehearsal — nothing here is public" in page(network, [])
    assert "Rehearsal — nothing here is public" in page(network, [shown(network)])


def test_it_is_whole_in_itself_and_runs_nothing(network: str) -> None:
    html = page(network, [shown(network)])
    found = Page(html)
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'" in html
    assert not {"script", "link", "iframe", "object", "form"} & set(found.tags)
    assert all(source.startswith("data:") for source in found.sources)
    assert not re.search(r"url\(|@import", html)
    assert {"header", "main", "footer", "h1"} <= set(found.tags)


def test_what_a_post_says_cannot_become_markup(network: str) -> None:
    html = page(network, [shown(network, "<script>alert(1)</script>&lt;")])
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;lt;" in html


def test_posts_stand_in_the_order_given_each_with_one_place(network: str) -> None:
    posts = [shown(network, remote_id=name) for name in ("at://did/3", "2", "1")]
    found = Page(page(network, posts))
    places = [name for name in found.ids if name.startswith("post-")]
    assert places == [anchor("at://did/3"), anchor("2"), anchor("1")]
    assert len(set(found.ids)) == len(found.ids)


def test_an_answer_links_to_the_post_it_answers(network: str) -> None:
    found = Page(page(network, [shown(network, remote_id="2", answers="1"), shown(network, remote_id="1")]))
    links = [fragment for fragment in found.fragments if fragment != "posts"]
    assert len(links) == 1
    assert set(links) <= set(found.ids)


def test_the_styles_of_all_networks_can_stand_on_one_page() -> None:
    css = styles()
    assert "<" not in css
    for name in networks.NAMES:
        assert f".{name}-post" in css


def test_a_view_is_drawn_from_what_is_shown(network: str) -> None:
    html = draw(shown(network, "Привет"))
    assert "Привет" in html
    assert 'lang="ru"' in html
    assert "A &#34;sign&#34; &amp; a &lt;hand&gt;" in html
