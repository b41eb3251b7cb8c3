"""A post drawn as Bluesky shows it: everything said in words, nothing fetched, nothing trusted."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from clarion.model import Card
from clarion.networks import view
from clarion.networks.base import Shown, ShownImage, ShownPart

PART = ShownPart(
    spans=(("Смотри ", None), ("example.org", "https://example.org"), (" ", None), ("#Чечня", "#Чечня")),
    weight=187,
    limit=300,
)
SHOWN = Shown(
    network="bluesky", account="Eyes", handle="eyes.example", language="ru", parts=(PART,), at="12 Sept, 9:00"
)
IMAGE = ShownImage(src="data:image/png;base64,AAAA", alt='A candle "burning"', width=3, height=2)


def drawn(*parts: ShownPart) -> str:
    return str(view.draw(replace(SHOWN, parts=parts) if parts else SHOWN))


def test_it_shows_who_when_and_what_with_its_language() -> None:
    page = drawn()
    for words in ("Eyes", "@eyes.example", "12 Sept, 9:00", 'lang="ru"', ">E</span>"):
        assert words in page
    assert '<a class="bluesky-link" href="https://example.org"' in page
    assert '<span class="bluesky-tag">#Чечня</span>' in page


def test_the_text_keeps_its_white_space_exactly() -> None:
    text = re.search(r'<p class="bluesky-text"[^>]*>(.*?)</p>', drawn(), re.DOTALL)
    assert text is not None
    assert re.sub(r"<[^>]+>", "", text[1]) == "Смотри example.org #Чечня"


def test_the_length_is_said_in_numbers_and_too_long_not_by_colour_alone() -> None:
    assert "187 / 300" in drawn()
    assert "312 / 300 (12 too long)" in drawn(replace(PART, weight=312))
    assert "/ 300" not in drawn(replace(PART, weight=None, limit=None))


def test_an_image_carries_its_alt_text_and_shows_it_without_a_script() -> None:
    page = drawn(replace(PART, images=(IMAGE,)))
    assert 'alt="A candle &#34;burning&#34;"' in page
    assert re.search(r"<details[^>]*><summary[^>]*>ALT</summary><p[^>]*>A candle &#34;burning&#34;</p>", page)


def test_a_link_card_names_its_host() -> None:
    card = Card(url="https://example.org/b", title="Приговор", description="ЕСПЧ")
    page = drawn(replace(PART, card=card, card_image=IMAGE))
    for words in ("Приговор", "ЕСПЧ", ">example.org</span>", 'href="https://example.org/b"'):
        assert words in page


def test_a_thread_is_numbered_and_joined_by_a_line() -> None:
    page = drawn(PART, PART, PART)
    assert "2/3" in page
    assert page.count("bluesky-line") == 2
    assert "bluesky-line" not in drawn()


@pytest.mark.parametrize("target", ["javascript:alert(1)", "data:text/html,x", "//example.org"])
def test_only_web_addresses_become_links(target: str) -> None:
    assert "href" not in drawn(ShownPart(spans=(("x", target),)))
    assert "href" not in drawn(ShownPart(spans=(), card=Card(url=target, title="t", description="d")))


def test_content_is_escaped() -> None:
    hostile = "<script>\"'&"
    page = str(
        view.draw(
            Shown(
                network="bluesky",
                account=hostile,
                handle=hostile,
                language=hostile,
                at=hostile,
                parts=(
                    ShownPart(
                        spans=((hostile, None), (hostile, f"https://{hostile}")),
                        images=(replace(IMAGE, alt=hostile),),
                        card=Card(url=f"https://{hostile}", title=hostile, description=hostile),
                        remote_id=hostile,
                        url=hostile,
                    ),
                ),
            )
        )
    )
    assert "<script" not in page
    assert "\"'&" not in page


def test_the_style_touches_nothing_else_and_fetches_nothing() -> None:
    css = str(view.styles(["bluesky"]))
    selectors = [one.strip() for rule in re.findall(r"([^{}]+)\{", css) for one in rule.split(",")]
    assert selectors
    assert all(selector.startswith(".bluesky-") for selector in selectors)
    assert "url(" not in css
    assert "@import" not in css


def test_colours_have_the_contrast_that_wcag_asks_for() -> None:
    css = str(view.styles(["bluesky"]))
    on_white = set(re.findall(r"[{;] color: (#[0-9a-f]{3,6})", css)) - {"#fff"}
    behind_white = set(re.findall(r"background: (#[0-9a-f]{6}); color: #fff", css))
    assert on_white
    assert behind_white
    assert all(contrast(colour) >= 4.5 for colour in on_white | behind_white)


def contrast(colour: str) -> float:
    """Against white, by WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
