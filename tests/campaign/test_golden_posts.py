"""Every shipped text as each network gets it, on the campaign's pinned day, in files that a review can read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from clarion import networks
from clarion.campaign import bundled, templates
from clarion.campaign.ledgers.ledger import Ledger
from clarion.campaign.rendering import render
from clarion.campaign.rendering.render import Rendered
from clarion.campaign.templates import Template
from clarion.networks.base import Draft, DraftPart
from tests.composing.golden import is_golden

ROOT = bundled.posts().parent
LEDGER = Ledger.load(ROOT)
GOLDEN = Path(__file__).parent / "golden"
#: The anniversary that the demo shows, too.
DUE = datetime(2027, 3, 29, 9, tzinfo=ZoneInfo("Europe/Berlin"))
TAGS = ("#EyesOnChechnya", "#CloseTheCamps")
WRITTEN = [
    (slug, language) for slug in templates.names(ROOT) for language in templates.load(ROOT, slug).languages
]


@pytest.mark.parametrize(("slug", "language"), WRITTEN)
def test_a_shipped_text_reads_as_it_was_reviewed(slug: str, language: str) -> None:
    template = templates.load(ROOT, slug)
    assert is_golden(GOLDEN / f"{slug}.{language}.txt", "\n".join(_lines(template, language)))


def test_no_reviewed_text_is_left_of_a_post_that_is_gone() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == {
        f"{slug}.{language}" for slug, language in WRITTEN
    }


def _lines(template: Template, language: str) -> Iterator[str]:
    for wording in range(1, template.wordings(language) + 1):
        for network in networks.NAMES:
            post = render.render(
                template,
                ledger=LEDGER,
                language=language,
                network=network,
                variables=template.about.example,
                due=DUE,
                tags=TAGS,
                wording=wording,
            )
            yield from _shown(post, network, f"══ {network} · wording {wording}")


def _shown(post: Rendered, network: str, title: str) -> Iterator[str]:
    limits, text = networks.options(network).LIMITS, networks.text(network)
    draft = Draft(parts=tuple(DraftPart(text=part) for part in post.parts), warning=post.warning)
    yield title
    if post.warning:
        yield f"warning: {post.warning}"
    yield from (f"picture {file.name}: {alt}" for file, alt in post.images)
    if post.card:
        yield f"card: {' / '.join(post.card.values())}"
    for number, part in enumerate(text.fit(draft, limits), 1):
        folded = post.warning if network == "mastodon" else None
        weight = text.weigh(part.text, warning=folded, limits=limits)
        yield from (f"── {number}: {weight} of {limits.text}", part.text, "")
