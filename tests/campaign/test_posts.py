"""The posts Clarion ships with: complete, careful, and short enough everywhere, today and in years to come."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import combinations
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from clarion import networks
from clarion.campaign import bundled, checks, domains, figures, plain, templates
from clarion.campaign.ledgers.ledger import Ledger
from clarion.campaign.pictures import media
from clarion.campaign.rendering import render
from clarion.campaign.rendering.render import Asked, Rendered

ROOT = bundled.posts().parent
LEDGER = Ledger.load(ROOT)
TAGS = ("#EyesOnChechnya", "#CloseTheCamps")
SLUGS = templates.names(ROOT)
BERLIN = ZoneInfo("Europe/Berlin")
#: As shipped, with the place that example links lead to: when a post is queued, its real link is judged.
STANDARDS = checks.Standards(domains=domains.KNOWN | {"example.org"}, figures=figures.load(ROOT))


#: The templates of the campaign and their languages. Letters, petitions and gifts are never asked for in Russian.
WRITTEN = {
    "breaking": ["en"],
    "contact-mission": ["en"],
    "contact-representative": ["en"],
    "correction": ["en"],
    "court-found": ["en", "ru"],
    "day-1-april": ["en", "ru"],
    "day-29-march": ["en", "ru"],
    "donate": ["en"],
    "faq": ["en", "ru"],
    "intro": ["en", "ru"],
    "myth-fix": ["en"],
    "osce-found": ["en"],
    "petition-history": ["en"],
    "petition-live": ["en"],
    "rally": ["en"],
    "rally-thanks": ["en"],
    "safety-note-russia": ["ru", "en"],
    "stay-informed": ["en", "ru"],
    "un-experts": ["en", "ru"],
    "video-hrf": ["en"],
    "video-kolesov": ["en", "ru"],
    "video-unchechen": ["en"],
    "volunteer-kit": ["en"],
    "what-happened": ["en", "ru"],
    "write-letter": ["en"],
}


@dataclass(frozen=True)
class Case:
    slug: str
    language: str
    network: str
    wording: int

    def render(self, year: int = 2027) -> Rendered:
        return rendered(year)[self]

    @property
    def template(self) -> templates.Template:
        return templates.load(ROOT, self.slug)


@cache
def rendered(year: int) -> dict[Case, Rendered]:
    """Every case on the anniversary of a year, its variables filled with the example's values."""
    asked = [
        Asked(
            template=case.template,
            ledger=LEDGER,
            language=case.language,
            network=case.network,
            variables=case.template.about.example,
            examples=frozenset(case.template.about.example.values()),
            due=datetime(year, 3, 29, 9, tzinfo=BERLIN),
            tags=TAGS,
            wording=case.wording,
        )
        for case in CASES
    ]
    found = dict(zip(CASES, render.render_all(asked), strict=True))
    return {case: post for case, post in found.items() if isinstance(post, Rendered)}


CASES = [
    Case(slug, language, network, wording)
    for slug in SLUGS
    for template in [templates.load(ROOT, slug)]
    for language in template.languages
    for network in networks.NAMES
    for wording in range(1, template.wordings(language) + 1)
]


def test_the_posts_of_the_campaign_are_there_in_their_languages() -> None:
    assert {slug: list(templates.load(ROOT, slug).languages) for slug in SLUGS} == WRITTEN


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("year", [2027, 2028, 2037])
def test_every_post_fits_its_network(case: Case, year: int) -> None:
    post = case.render(year)
    limits = networks.options(case.network).LIMITS
    text = networks.text(case.network)
    for number, part in enumerate(post.parts, 1):
        warning = post.warning if number == 1 or case.network == "mastodon" else None
        assert text.weigh(part, warning=warning, limits=limits) <= limits.text, part


@pytest.mark.parametrize("case", CASES, ids=str)
def test_no_check_finds_anything_in_a_shipped_post(case: Case) -> None:
    found = checks.check(case.render(), language=case.language, network=case.network, by=STANDARDS)
    assert found == []


@pytest.mark.parametrize("case", CASES, ids=str)
def test_both_tags_stand_at_the_end_of_part_one(case: Case) -> None:
    assert case.render().parts[0].endswith("\n\n" + " ".join(TAGS))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_number_in_a_shipped_post_comes_from_the_ledger_or_a_date(case: Case) -> None:
    source = case.template.text(case.language, case.network, case.wording).read_text("utf-8")
    assert not any(letter.isdigit() for letter in source)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_post_that_uses_a_sensitive_fact_carries_a_warning(case: Case) -> None:
    post = case.render()
    facts, calls = dict(LEDGER.facts.items()), dict(LEDGER.calls.items())
    sensitive = any(
        (used.kind == "fact" and facts[used.id].sensitive)
        or (used.kind == "call" and calls[used.id].sensitive)
        for used in post.used
    )
    assert not sensitive or post.warning


@pytest.mark.parametrize("language", ["en", "ru"])
def test_prose_does_not_say_camps(language: str) -> None:
    for case in CASES:
        if case.language == language:
            prose = " ".join(case.render().parts).replace("#CloseTheCamps", "").casefold()
            assert "camp" not in prose
            assert "лагер" not in prose


@pytest.mark.parametrize("case", CASES, ids=str)
def test_only_two_posts_are_threads_and_none_is_on_x(case: Case) -> None:
    thread = case.slug in ("what-happened", "write-letter") and case.network != "x"
    assert len(case.render().parts) == (4 if thread else 1)


@pytest.mark.parametrize("slug", SLUGS)
def test_every_variable_has_an_example_that_leads_nowhere(slug: str) -> None:
    template = templates.load(ROOT, slug)
    assert render.asked_by(template) == set(template.about.example)
    links = [value for value in template.about.example.values() if "://" in value]
    assert all(link.startswith("https://example.org/") for link in links)


@pytest.mark.parametrize("slug", SLUGS)
def test_what_comes_round_again_has_three_wordings_that_are_not_alike(slug: str) -> None:
    template = templates.load(ROOT, slug)
    for language in template.languages:
        count = template.wordings(language)
        assert count == (3 if template.about.evergreen else 1)
        texts = [Case(slug, language, "x", wording).render().parts[0] for wording in range(1, count + 1)]
        assert all(_likeness(one, other) < 0.6 for one, other in combinations(texts, 2))


def test_what_comes_round_again_asks_for_nothing_to_be_filled_in_first() -> None:
    for slug in SLUGS:
        template = templates.load(ROOT, slug)
        if template.about.evergreen and slug != "safety-note-russia":  # its lawyer's page may be left out
            assert not template.about.example


def test_a_safety_note_goes_out_without_a_lawyers_page_too() -> None:
    template = templates.load(ROOT, "safety-note-russia")
    for language in template.languages:
        for wording in (1, 2, 3):
            post = render.render(
                template,
                ledger=LEDGER,
                language=language,
                network="x",
                variables={},
                due=datetime(2026, 11, 21, tzinfo=BERLIN),
                tags=TAGS,
                wording=wording,
            )
            assert "http" not in post.parts[0]


def test_nothing_in_russian_asks_for_more_than_to_be_safe() -> None:
    """Whoever shares from Russia, or gives there, risks prison."""
    asks = ("подпиш", "подел", "репост", "расскаж", "пересыл", "пожертв", "теги")
    for case in CASES:
        text = "\n".join(case.render().parts)
        if case.language == "ru" and any(ask in text.casefold() for ask in asks):
            assert "в России" in text.replace("В России", "в России"), text


def test_letters_petitions_and_gifts_are_not_asked_of_anybody_in_russia() -> None:
    for id_, call in LEDGER.calls.items():
        if call.kind in ("letter", "petition", "donate"):
            assert call.forbidden("ru"), id_
            assert call.audience == "outside-russia", id_


def test_what_is_never_said_stands_in_the_ledger_with_why() -> None:
    blocked = {id_ for id_, fact in LEDGER.facts.items() if fact.status == "blocked" and fact.why}
    assert {"killed-four", "genocide", "six-prisons", "burke", "protest-application", "trend"} <= blocked


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


def test_a_tag_alone_is_never_all_that_is_said() -> None:
    for case in CASES:
        text = case.render().parts[0]
        assert all(plain.has_tag(text, tag) for tag in TAGS)
        assert len(text) > 100


def _likeness(one: str, other: str) -> float:
    """The share of five-letter runs that two texts have in common, without their tags and the case of letters."""
    runs = [
        {text[at : at + 5] for at in range(len(text) - 4)}
        for text in (each.casefold().rsplit("\n\n#", 1)[0] for each in (one, other))
    ]
    return len(runs[0] & runs[1]) / len(runs[0] | runs[1])


@pytest.mark.parametrize(("slug", "name"), [("petition-live", "closes"), ("rally", "on")])
@pytest.mark.parametrize(("day", "said"), [("2027-03-28", False), ("2027-03-29", True)])
def test_nobody_is_asked_for_what_is_over_when_the_post_goes_out(
    slug: str, name: str, day: str, *, said: bool
) -> None:
    template = templates.load(ROOT, slug)
    asked = Asked(
        template=template,
        ledger=LEDGER,
        language="en",
        network="mastodon",
        variables={**template.about.example, name: day},
        due=datetime(2027, 3, 29, 9, tzinfo=BERLIN),
        tags=TAGS,
    )
    [post] = render.render_all([asked])
    assert isinstance(post, Rendered) == said


@pytest.mark.parametrize("slug", ["petition-live", "donate"])
def test_a_page_that_the_ledger_has_too_is_not_said_twice(tmp_path: Path, slug: str) -> None:
    template, id_ = templates.load(ROOT, slug), slug.partition("-")[0]
    values = template.about.example
    page = next(value for value in values.values() if str(value).startswith("https://"))
    shutil.copytree(ROOT / "posts", tmp_path / "posts")
    calls = tmp_path / "posts" / "calls.toml"
    kept = calls.read_text().replace(f"[calls.{id_}]\n", f'[calls.{id_}]\nlink = "{page}"\n')
    for text in (calls.read_text(), kept):
        calls.write_text(text)
        post = render.render(
            template,
            ledger=Ledger.load(tmp_path),
            language="en",
            network="mastodon",
            variables=values,
            due=datetime(2027, 3, 29, 9, tzinfo=BERLIN),
            tags=(),
        )
        assert "\n".join(post.parts).count(str(page)) == 1
