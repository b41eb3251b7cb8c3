"""The fact ledger: what it refuses to be, and when a fact no longer holds."""

from __future__ import annotations

from datetime import date

import pytest

from clarion.campaign.ledgers.facts import Facts
from clarion.errors import CampaignError
from tests.campaign.conftest import FACTS, Folder

REVIEW_BY = date(2027, 11, 1)  # of english-only


@pytest.mark.parametrize(
    ("today", "overdue", "lapsed"),
    [
        (date(2027, 11, 1), False, False),
        (date(2027, 11, 2), True, False),
        (date(2028, 1, 30), True, False),
        (date(2028, 1, 31), True, True),
    ],
)
def test_a_fact_may_be_used_with_a_reason_for_90_days_after_its_review_and_then_never(
    folder: Folder, today: date, *, overdue: bool, lapsed: bool
) -> None:
    facts = Facts.load(folder.path)
    fact = facts.get("english-only", where="posts/one/en.md")
    assert (fact.overdue(today), fact.lapsed(today)) == (overdue, lapsed)
    broken = facts.broken(facts.used("english-only", "en"), "en", today)
    assert (broken is not None) is lapsed


def test_a_fact_that_is_too_old_is_an_error_that_names_template_ledger_and_command(folder: Folder) -> None:
    with pytest.raises(CampaignError) as caught:
        Facts.load(folder.path).wording(
            "english-only", "en", where="posts/one/en.md", today=date(2028, 1, 31)
        )
    assert caught.value.message.startswith("posts/one/en.md: ")
    assert "posts/facts.toml" in caught.value.message
    assert caught.value.hint is not None
    assert "clarion posts confirm english-only" in caught.value.hint


def test_confirming_a_fact_changes_nothing_for_posts_that_used_it(folder: Folder) -> None:
    used = Facts.load(folder.path).used("english-only", "en")
    confirmed = FACTS.replace("checked_on = 2026-11-01\nreview_by = 2027-11-01", "checked_on = 2028-01-01")
    folder.write("posts/facts.toml", confirmed)
    assert confirmed != FACTS
    assert Facts.load(folder.path).broken(used, "en", date(2030, 1, 1)) is None


def test_a_new_wording_in_one_language_leaves_posts_in_the_other(folder: Folder) -> None:
    before = Facts.load(folder.path)
    folder.write("posts/facts.toml", FACTS.replace("сеть узнала об этом", "сеть узнала"))
    after = Facts.load(folder.path)
    today = date(2026, 11, 2)
    assert after.broken(before.used("learned", "en"), "en", today) is None
    assert "has changed" in (after.broken(before.used("learned", "ru"), "ru", today) or "")


def test_a_fact_that_nobody_must_read_again_never_grows_old(folder: Folder) -> None:
    fact = Facts.load(folder.path).get("learned", where="here", today=date(2126, 1, 1))
    assert not fact.overdue(date(2126, 1, 1))


HISTORY = """
[facts.told]
wording = { en = "100 people had been helped by March 2018", ru = "помогли 100 людям к марту 2018 года" }
source = "The Network"
date = 2018-03-20
as_of = 2018-03-31
checked_on = 2026-11-01
status = "history"
"""


def test_history_is_told_with_its_year_in_every_language(folder: Folder) -> None:
    folder.write("posts/facts.toml", HISTORY)
    assert Facts.load(folder.path).ids() == ["told"]
    folder.write("posts/facts.toml", HISTORY.replace(" к марту 2018 года", ""))
    with pytest.raises(
        CampaignError, match=r"facts\.told\.wording\.ru is history, and does not say of which"
    ):
        Facts.load(folder.path)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("[facts.learned]", '[facts."Not an id"]', "nobody can type"),
        ('{ en = "said in English" }', "{}", "english-only.wording is empty"),
        ('{ en = "said in English" }', '{ english = "said" }', "is no language"),
        ('"said in English"', '"  "', "wording.en is empty"),
        ('"said in English"', '"said\\nin English"', r"cannot be seen \(U\+000A\)"),
        ('"said in English"', '"said in \\u202eEnglish"', r"cannot be seen \(U\+202E\)"),
        ('"said in English"', '"said in \\ue000English"', r"cannot be seen \(U\+E000\)"),
        ('source = "Somebody"', 'source = " "', "source is empty"),
        ('why = "it is false"', 'why = " "', "why is missing"),
        ("review_by = 2027-11-01", "review_by = 9999-12-31", "is in the year 9999"),
        ('source = "Somebody"', 'source = "Somebody"\nconsent = " "', "consent is empty"),
        ('source = "Somebody"', 'source = "Somebody"\nwas = "ok"', "was is there, but it is not blocked"),
        ("review_by = 2027-11-01", "reviewed_by = 2027-11-01", "is not a key"),
    ],
)
def test_a_ledger_that_is_not_right_names_file_and_key(
    folder: Folder, old: str, new: str, problem: str
) -> None:
    assert old in FACTS
    folder.write("posts/facts.toml", FACTS.replace(old, new, 1))
    with pytest.raises(CampaignError, match=problem) as caught:
        Facts.load(folder.path)
    assert caught.value.message.startswith("posts/facts.toml, line ")
