from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clarion import networks
from clarion.composing.compose import Request, compose
from clarion.composing.freeze import folds_warning
from clarion.digest import canonical, digest, restore
from clarion.errors import CampaignError
from tests.composing.conftest import DUE, Desk, account

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
PIECES = st.one_of(
    WORDS,
    st.sampled_from(
        ["#Чечня", "https://example.org/a?b=1", "@a@b.example", "\r\n---\n", "e\u0301", "👩‍👩‍👧", "\u202e"]
    ),
)


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("campaign"))


@pytest.mark.parametrize("network", networks.NAMES)
def test_what_is_frozen_equals_its_own_canonical_round_trip(standing: Desk, network: str):
    config, card = standing.config, standing.folder / "posts/judgment/card.png"

    @settings(max_examples=60, deadline=None)
    @given(
        text=st.lists(PIECES, min_size=1, max_size=6).map("".join),
        warning=WORDS,
        alt=WORDS,
        pictured=st.booleans(),
    )
    def holds(text: str, warning: str, alt: str, pictured: bool) -> None:
        request = Request(
            text=text, warning=warning, images=((card, alt),) if pictured else (), languages=("ru",)
        )
        try:
            [post] = compose(
                request, folder=Path(), config=config, accounts=[account(network)], due=DUE, now=DUE
            )
        except CampaignError:
            return  # there is no text at all
        stored = canonical(post.payload)
        assert restore(stored) == post.payload
        assert digest(restore(stored)) == post.digest

    holds()


def test_a_change_of_any_word_changes_the_digest(desk: Desk):
    [one] = desk.compose(text="We remember.", accounts=("mastodon",))
    [same] = desk.compose(text="We remember.", accounts=("mastodon",))
    [other] = desk.compose(text="We remember!", accounts=("mastodon",))
    assert one.digest == same.digest != other.digest


def test_only_mastodon_hides_a_text_behind_its_warning():
    assert {name for name in networks.NAMES if folds_warning(account(name))} == {"mastodon"}
