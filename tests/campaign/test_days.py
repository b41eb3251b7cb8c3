"""The ledger of days: dates, names, and the facts that they rest on."""

from __future__ import annotations

from datetime import date

import pytest

from clarion.campaign.ledgers.days import Days
from clarion.campaign.ledgers.facts import Facts
from clarion.errors import CampaignError
from tests.campaign.conftest import FACTS, Folder

DAYS = """\
[days.learned]
date = 2017-03-29
name = { en = "the day the Network learned of it", ru = "день, когда об этом узнала сеть" }
fact = "learned"

[days.idahobit]
date = 2005-05-17
name = { en = "the International Day" }
"""

HERE = "posts/one/en.md"
TODAY = date(2026, 11, 21)


def loaded(folder: Folder, days: str = DAYS, facts: str = FACTS) -> Days:
    folder.write("posts/facts.toml", facts)
    folder.write("posts/days.toml", days)
    return Days.load(folder.path, Facts.load(folder.path))


def test_a_day_has_a_date_and_a_name(folder: Folder) -> None:
    days = loaded(folder)
    assert days.get("learned", where=HERE).date == date(2017, 3, 29)
    assert days.name("learned", "ru", where=HERE) == "день, когда об этом узнала сеть"


@pytest.mark.parametrize(
    ("id_", "problem"),
    [
        ("lerned", 'there is no day "lerned" in posts/days.toml'),
        ("idahobit", 'the day "idahobit" has no name in "ru" in posts/days.toml'),
    ],
)
def test_a_day_that_cannot_be_named_names_template_and_ledger(folder: Folder, id_: str, problem: str) -> None:
    with pytest.raises(CampaignError) as caught:
        loaded(folder).name(id_, "ru", where=HERE)
    assert caught.value.message == f"{HERE}: {problem}"


BLOCKED = FACTS.replace("as_of = 2017-03-29", 'as_of = 2017-03-29\nstatus = "blocked"\nwhy = "it was wrong"')
OLD = FACTS.replace("as_of = 2017-03-29", "as_of = 2017-03-29\nreview_by = 2026-01-01")


def test_a_day_is_kept_no_longer_than_the_fact_it_rests_on(folder: Folder) -> None:
    days = loaded(folder)
    used = days.used("learned", "en")
    assert days.broken(used, "en", TODAY) is None
    for facts, why in (
        (BLOCKED, "is blocked: it was wrong"),
        (OLD, "should have been reviewed by 2026-01-01"),
    ):
        days = loaded(folder, facts=facts)
        assert why in (days.broken(used, "en", TODAY) or "")
        with pytest.raises(CampaignError, match="names the day learned"):
            days.get("learned", where=HERE, today=TODAY)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("2017-03-29", "2017-03-30", "has changed"),
        ("the day the Network", "the date the Network", "has changed"),
        ('fact = "learned"', 'status = "blocked"\nwhy = "no"', "is blocked: no"),
        ("[days.learned]", "[days.other]", "is no longer in posts/days.toml"),
    ],
)
def test_a_used_day_is_watched(folder: Folder, old: str, new: str, why: str) -> None:
    used = loaded(folder).used("learned", "en")
    assert why in (loaded(folder, DAYS.replace(old, new, 1)).broken(used, "en", TODAY) or "")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('fact = "learned"', 'fact = "lerned"', 'days.learned.fact names "lerned", which is not in posts/facts.toml'),
        ("date = 2017-03-29", 'date = "29 March"', "days.learned.date"),
        ("date = 2005-05-17", "date = 0001-05-17", "is in the year 1"),
        ('{ en = "the International Day" }', '{ en = "" }', "name.en is empty"),
    ],
)  # fmt: skip
def test_a_ledger_that_is_not_right_names_file_and_key(
    folder: Folder, old: str, new: str, problem: str
) -> None:
    with pytest.raises(CampaignError, match=problem) as caught:
        loaded(folder, DAYS.replace(old, new, 1))
    assert caught.value.message.startswith("posts/days.toml, line ")


def test_without_the_ledger_of_facts_no_day_is_blamed(folder: Folder) -> None:
    loaded(folder)
    (folder.path / "posts/facts.toml").unlink()
    with pytest.raises(CampaignError) as caught:
        Days.load(folder.path, Facts.load(folder.path))
    assert caught.value.message == "posts/facts.toml is missing, and posts/days.toml names facts of it"
    assert (caught.value.hint or "").startswith("bring posts/facts.toml back")


def test_a_day_whose_fact_is_blocked_is_what_is_to_be_removed(folder: Folder) -> None:
    with pytest.raises(CampaignError) as caught:
        loaded(folder, facts=BLOCKED).get("learned", where=HERE)
    assert caught.value.hint == f'remove day("learned") from {HERE}'
    with pytest.raises(CampaignError) as caught:
        loaded(folder, facts=OLD).get("learned", where=HERE, today=TODAY)
    assert "clarion posts confirm learned" in (caught.value.hint or "")
