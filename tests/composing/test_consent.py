"""Who is told of with consent is asked before each time: queueing asks for it, and a check of all templates does not."""

from __future__ import annotations

from datetime import date

from clarion.campaign import config
from clarion.campaign.denied import NOBODY
from clarion.composing.everywhere import Everywhere
from tests.composing.conftest import DUE, FACTS, Desk
from tests.ledgers import fact

ASKED = fact(
    "artist",
    wording={"en": "an artist spoke in a video"},
    source="A newspaper",
    date=date(2020, 3, 29),
    as_of=date(2020, 3, 29),
    consent="The Artist",
)


def with_the_artist(desk: Desk, text: str) -> None:
    desk.write("posts/facts.toml", FACTS + ASKED)
    desk.write("posts/video/post.toml", 'title = "A"\npurpose = "A"\nlanguages = ["en"]\n')
    desk.write("posts/video/en.md", text)


def test_a_post_that_tells_of_somebody_with_consent_waits_for_the_answer(desk: Desk) -> None:
    with_the_artist(desk, '{{ fact("artist")|sentence }}.\n')
    for post in desk.compose(slug="video"):
        [finding] = [each for each in post.findings if each.rule == "consent"]
        assert (finding.level, finding.why) == (
            "reason",
            "It tells of The Artist, who is asked before each time.",
        )
        assert post.sensitive


def test_nobody_is_asked_for_a_post_about_something_else(desk: Desk) -> None:
    with_the_artist(desk, '{{ fact("judgment")|sentence }}.\n')
    assert not [
        each for post in desk.compose(slug="video") for each in post.findings if each.rule == "consent"
    ]


def test_a_check_of_all_templates_asks_nobody(desk: Desk) -> None:
    with_the_artist(desk, '{{ fact("artist")|sentence }}.\n')
    every = Everywhere.of(desk.folder, config.load(desk.folder), desk.accounts, denied=NOBODY, now=DUE)
    [(_, found)] = every.findings(["video"])
    assert "consent" not in {finding.rule for finding in found}
