"""The three ledgers together: one answer to whether what a post used still holds."""

from __future__ import annotations

from datetime import date

import pytest

from clarion.campaign.ledgers.ledger import Ledger
from clarion.model import Used
from tests.campaign.conftest import FACTS, Folder
from tests.campaign.test_calls import CALLS
from tests.campaign.test_days import DAYS

TODAY = date(2026, 11, 21)


@pytest.fixture
def ledger(folder: Folder) -> Ledger:
    folder.write("posts/calls.toml", CALLS)
    folder.write("posts/days.toml", DAYS)
    return Ledger.load(folder.path)


def test_what_was_used_of_each_ledger_holds_until_that_one_changes(folder: Folder, ledger: Ledger) -> None:
    used = [
        ledger.used("fact", "learned", "en"),
        ledger.used("call", "letter", "en"),
        ledger.used("day", "learned", "en"),
    ]
    assert [ledger.broken(each, "en", TODAY) for each in used] == [None, None, None]
    folder.write("posts/facts.toml", FACTS.replace("the Network learned", "the Network heard"))
    folder.write("posts/calls.toml", CALLS.replace("write a letter", "send a letter"))
    folder.write("posts/days.toml", DAYS.replace("2017-03-29", "2017-03-28"))
    now = Ledger.load(folder.path)
    assert all("has changed" in (now.broken(each, "en", TODAY) or "") for each in used)


def test_one_id_may_be_a_fact_and_a_day(ledger: Ledger) -> None:
    assert ledger.used("fact", "learned", "en").hash != ledger.used("day", "learned", "en").hash


def test_what_no_ledger_keeps_is_no_ledgers_affair(ledger: Ledger) -> None:
    assert ledger.broken(Used(kind="consent", id="video", hash="0"), "en", TODAY) is None


def test_a_campaign_may_have_no_ledger_at_all(folder: Folder) -> None:
    (folder.path / "posts/facts.toml").unlink()
    ledger = Ledger.load(folder.path)
    assert (ledger.facts.ids(), ledger.calls.ids(), ledger.days.ids()) == ([], [], [])
    assert ledger.standing(["en"]) == {}


def test_the_plain_standing_says_what_broken_says(ledger: Ledger) -> None:
    standing = ledger.standing(["en", "ru"])
    for (kind, id_, language), (hash_, until) in standing.items():
        used = ledger.used(kind, id_, language)
        assert used.hash == hash_
        for today in (TODAY, date(2027, 6, 1), date(2036, 1, 1)):
            why = until.why if until and today > until.last else None
            assert ledger.broken(used, language, today) == why
    assert len(standing) == 2 * (3 + 4 + 2)


def test_a_day_is_as_late_for_review_as_its_fact(folder: Folder, ledger: Ledger) -> None:
    used = [ledger.used("fact", "learned", "en"), ledger.used("day", "learned", "en")]
    used.append(ledger.used("call", "letter", "en"))
    assert [ledger.unreviewed(each, TODAY) for each in used] == [None, None, None]
    folder.write(
        "posts/facts.toml", FACTS.replace("as_of = 2017-03-29", "as_of = 2017-03-29\nreview_by = 2026-11-20")
    )
    late = ("learned", date(2026, 11, 20))
    assert [Ledger.load(folder.path).unreviewed(each, TODAY) for each in used] == [late, late, None]
