"""The posts Clarion ships with: complete, careful, and short enough everywhere, today and in years to come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from clarion import networks
from clarion.campaign import bundled, checks, media, plain, render, templates
from clarion.campaign.ledger import Ledger
from clarion.campaign.render import Rendered

ROOT = bundled.posts().parent
LEDGER = Ledger.load(ROOT)
TAGS = ("#EyesOnChechnya", "#CloseTheCamps")
SLUGS = templates.names(ROOT)
BERLIN = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True)
class Case:
    slug: str
    language: str
    network: str
    wording: int

    def render(self, year: int = 2026) -> Rendered:
        template = templates.load(ROOT, self.slug)
        return render.render(
            template,
            ledger=LEDGER,
            language=self.language,
            network=self.network,
            variables=template.about.example,
            due=datetime(year, 3, 29, 9, tzinfo=BERLIN),
            tags=TAGS,
            wording=self.wording,
        )


CASES = [
    Case(slug, language, network, wording)
    for slug in SLUGS
    for template in [templates.load(ROOT, slug)]
    for language in template.languages
    for network in networks.NAMES
    for wording in range(1, template.wordings(language) + 1)
]


def test_the_four_posts_are_there() -> None:
    assert SLUGS == ["court-found", "day-29-march", "stay-informed", "what-happened"]


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("year", [2026, 2027, 2036])
def test_every_post_fits_its_network(case: Case, year: int) -> None:
    post = case.render(year)
    limits = networks.options(case.network).LIMITS
    text = networks.text(case.network)
    for number, part in enumerate(post.parts, 1):
        warning = post.warning if number == 1 else None
        assert text.weigh(part, warning=warning, limits=limits) <= limits.text, part


@pytest.mark.parametrize("case", CASES, ids=str)
def test_no_check_finds_anything_in_a_shipped_post(case: Case) -> None:
    assert checks.check(case.render(), language=case.language) == []


@pytest.mark.parametrize("case", CASES, ids=str)
def test_both_tags_stand_at_the_end_of_part_one(case: Case) -> None:
    assert case.render().parts[0].endswith("\n\n" + " ".join(TAGS))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_number_in_a_shipped_post_comes_from_the_ledger_or_a_date(case: Case) -> None:
    source = (
        templates.load(ROOT, case.slug).text(case.language, case.network, case.wording).read_text("utf-8")
    )
    assert not any(letter.isdigit() for letter in source.replace("day-29-march", ""))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_post_that_uses_a_sensitive_fact_carries_a_warning(case: Case) -> None:
    post = case.render()
    sensitive = any(LEDGER.facts.get(used.id, where=case.slug).sensitive for used in post.used)
    assert not sensitive or post.warning


@pytest.mark.parametrize("language", ["en", "ru"])
def test_prose_does_not_say_camps(language: str) -> None:
    for case in CASES:
        if case.language == language:
            prose = " ".join(case.render().parts).replace("#CloseTheCamps", "").casefold()
            assert "camp" not in prose
            assert "лагер" not in prose


def test_what_happened_is_a_thread_and_one_post_on_x() -> None:
    for language in ("en", "ru"):
        assert len(Case("what-happened", language, "mastodon", 1).render().parts) == 4
        assert len(Case("what-happened", language, "x", 1).render().parts) == 1


def test_the_anniversary_counts_its_years() -> None:
    assert "\n\n10 years on, " in Case("day-29-march", "en", "x", 1).render(2027).parts[0]
    assert "Спустя 14 лет " in Case("day-29-march", "ru", "x", 1).render(2031).parts[0]
    assert "Спустя 21 год " in Case("day-29-march", "ru", "x", 1).render(2038).parts[0]


def test_stay_informed_has_three_wordings_and_its_picture() -> None:
    template = templates.load(ROOT, "stay-informed")
    assert template.about.evergreen
    assert [template.wordings(language) for language in ("en", "ru")] == [3, 3]
    ((path, alt),) = template.images("ru")
    picture = media.reencode(path.read_bytes(), name=path.name)
    assert (picture.mime, picture.width, picture.height) == ("image/png", 1200, 675)
    assert path.stat().st_size <= 100_000
    for words in ("Keep looking", "Не отводите взгляд", *TAGS):
        assert words in alt


def test_wordings_of_one_post_differ() -> None:
    for language in ("en", "ru"):
        texts = {Case("stay-informed", language, "x", wording).render().parts[0] for wording in (1, 2, 3)}
        assert len(texts) == 3


def test_a_tag_alone_is_never_all_that_is_said() -> None:
    for case in CASES:
        text = case.render().parts[0]
        assert all(plain.has_tag(text, tag) for tag in TAGS)
        assert len(text) > 100
