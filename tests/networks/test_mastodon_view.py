from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from clarion.networks import view
from clarion.networks.base import Shown, ShownImage, ShownPart, spans
from clarion.networks.mastodon import text

PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACw="


def shown(*parts: ShownPart, warning: str | None = None, account: str = "voice") -> Shown:
    return Shown(
        network="mastodon",
        account=account,
        handle="voice",
        language="ru",
        parts=parts,
        warning=warning,
        at="1 Dec 2026",
    )


def part(words: str, **more) -> ShownPart:
    return ShownPart(spans=spans(words, text.facets(words)), **more)


class Seen(HTMLParser):
    """What stands where: each text and image with the elements around it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[tuple[str, list[str]]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        assert self.open == [], "an element is not closed"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "img":
            self.words.append((f"img:{dict(attrs)['alt']}", [name for name, _ in self.open]))
        elif tag != "meta":
            self.open.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        if data.strip():
            self.words.append((data.strip(), [name for name, _ in self.open]))

    def around(self, words: str) -> list[str]:
        return next(around for text, around in self.words if words in text)


def test_the_fold_speaks_russian_for_a_russian_post_and_english_for_others():
    russian = shown(part("Помним."), warning="Осторожно")
    assert '<span class="mastodon-more mastodon-closed" lang="ru">Показать</span>' in view.draw(russian)
    german = view.draw(replace(russian, language="de"))
    assert "Show more" in german
    assert "Показать" not in german


def test_a_warning_folds_text_and_images_away():
    image = ShownImage(src=PIXEL, alt="Флаг", width=1, height=1)
    seen = Seen(view.draw(shown(part("Суд признал", images=(image,)), warning="насилие")))
    assert "summary" in seen.around("насилие")
    for hidden in ("Суд признал", "img:Флаг"):
        assert "details" in seen.around(hidden)
        assert "summary" not in seen.around(hidden)


def test_every_part_of_a_thread_is_folded():
    html = view.draw(shown(part("One"), part("Two"), warning="violence"))
    assert html.count('<details class="mastodon-fold">') == 2
    assert "1/2" in html
    assert "2/2" in html


def test_nothing_is_folded_without_a_warning():
    assert "mastodon-fold" not in view.draw(shown(part("Hello")))


def test_links_and_tags_are_told_from_text_and_only_addresses_are_followed():
    seen = Seen(view.draw(shown(part("See https://example.org/суд #Чечня @ann javascript://a.com/"))))
    links = [attrs["href"] for tag, attrs in seen.tags if tag == "a"]
    assert links == ["https://example.org/суд"]
    assert "a" in seen.around("https://example.org/суд")


def test_text_is_escaped_and_carries_its_language():
    html = view.draw(shown(part("<script>alert(1)</script> & ok"), account="<b>x", warning="<i>w"))
    assert "<script" not in html
    assert "<b>" not in html
    assert "<i>" not in html
    assert '<p class="mastodon-text" lang="ru" dir="auto">&lt;script&gt;' in html


def test_alt_text_can_be_read_by_all():
    image = ShownImage(src=PIXEL, alt='A "banner"', width=1, height=1)
    seen = Seen(view.draw(shown(part("Look", images=(image,)))))
    assert "summary" in seen.around("ALT")
    assert "details" in seen.around('A "banner"') or "figure" in seen.around('A "banner"')


@pytest.mark.parametrize(("weight", "words"), [(187, "187 / 500"), (512, "512 / 500 (12 too long)")])
def test_length_is_said_in_words(weight, words):
    html = view.draw(shown(part("Hello", weight=weight, limit=500)))
    assert words in re.sub(r"\s+", " ", html)


def test_a_weight_of_nothing_is_shown_and_no_weight_is_not():
    assert "0 / 500" in view.draw(shown(part("", weight=0, limit=500)))
    assert "mastodon-count" not in view.draw(shown(part("Hello")))


def test_the_styles_touch_nothing_else_and_fetch_nothing():
    css = view.styles(["mastodon"])
    selectors = [each.strip() for rule in re.findall(r"([^{}]+)\{", css) for each in rule.split(",")]
    assert selectors
    assert all(selector.startswith(".mastodon-") for selector in selectors)
    assert "url(" not in css
    assert "@import" not in css


def _luminance(colour: str) -> float:
    digits = colour if len(colour) == 6 else "".join(digit * 2 for digit in colour)
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_colour_of_text_stands_out():
    for rule in re.findall(r"\{([^}]+)\}", view.styles(["mastodon"])):
        colour = re.search(r"(?<![-\w])color: #([0-9a-f]+)", rule)
        if colour:
            ground = re.search(r"background: #([0-9a-f]+)", rule)
            light = sorted([_luminance(colour[1]), _luminance(ground[1] if ground else "fff")])
            assert (light[1] + 0.05) / (light[0] + 0.05) >= 4.5, rule
