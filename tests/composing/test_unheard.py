"""What an account does not say is told, and what one network cannot take names the way without it."""

from __future__ import annotations

import pytest

from clarion.composing.compose import require_clean
from clarion.composing.unheard import unheard
from clarion.errors import CheckFailed
from tests.composing.conftest import CONFIG, Desk

ENGLISH = CONFIG.replace('network = "x"\n', 'network = "x"\nlanguages = ["en"]\n')
ALL = ("x", "mastodon", "bluesky")


def test_an_account_that_does_not_take_a_language_is_named_with_what_changes_it(desk: Desk) -> None:
    desk.write("config.toml", ENGLISH)
    assert unheard(desk.config, desk.accounts, ("en", "ru"), ALL) == [
        "Not on x in ru: it takes en, by languages under [accounts.x] in config.toml."
    ]
    assert unheard(desk.config, desk.accounts, ("en",), ALL) == []
    assert unheard(desk.config, desk.accounts, ("en", "ru"), ("mastodon",)) == []


def test_what_only_one_network_cannot_take_goes_to_the_others(desk: Desk) -> None:
    posts = desk.compose(text="We look and we remember. " * 12)
    with pytest.raises(CheckFailed) as caught:
        require_clean(posts)
    assert "leave that out: --to mastodon --to bluesky" in (caught.value.hint or "")
    [long] = [each for post in posts for each in post.findings if each.rule == "over-long"]
    assert long.mend == (
        "For X, shorten the text; or threads = true under [accounts.x] in config.toml makes it a thread."
    )
    [thread] = [each for post in posts for each in post.findings if each.rule == "threaded"]
    assert thread.why == "It is too long for one post on Bluesky: it goes out as a thread of 2."


def test_what_no_network_can_take_is_only_to_be_mended(desk: Desk) -> None:
    with pytest.raises(CheckFailed) as caught:
        require_clean(desk.compose(text="Call +7 928 123-45-67."))
    assert "--to" not in (caught.value.hint or "")
