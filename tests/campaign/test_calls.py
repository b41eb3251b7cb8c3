"""The ledger of calls: words, links, last days, and languages in which a call is never made."""

from __future__ import annotations

from datetime import date

import pytest

from clarion.campaign.ledgers.calls import Calls
from clarion.errors import CampaignError
from tests.campaign.conftest import Folder
from tests.ledgers import call

CALLS = "".join(
    (
        call(
            "letter",
            kind="letter",
            wording={"en": "write a letter to the Chairman"},
            link="https://letters.example/how",
            audience="outside-russia",
            never=["ru"],
        ),
        call(
            "petition",
            kind="petition",
            wording={"en": "sign the petition", "ru": "подпишите петицию"},
            link={"en": "https://petition.example/en"},
            closes_on=date(2026, 12, 31),
        ),
        call("give", kind="donate", wording={"en": "give to those who shelter people"}, owner="A fund"),
        call(
            "gone",
            kind="watch",
            wording={"en": "watch the video"},
            status="blocked",
            why="consent was taken back",
        ),
    )
)

HERE = "posts/one/en.md"
TODAY = date(2026, 11, 21)


@pytest.fixture
def calls(folder: Folder) -> Calls:
    folder.write("posts/calls.toml", CALLS)
    return Calls.load(folder.path)


def changed(folder: Folder, old: str, new: str) -> Calls:
    assert old in CALLS
    folder.write("posts/calls.toml", CALLS.replace(old, new, 1))
    return Calls.load(folder.path)


def test_a_call_is_said_with_its_link_where_there_is_one(calls: Calls) -> None:
    assert (
        calls.said("letter", "en", where=HERE)
        == "write a letter to the Chairman: https://letters.example/how"
    )
    assert calls.said("petition", "ru", where=HERE) == "подпишите петицию"
    assert calls.link("petition", "en", where=HERE) == "https://petition.example/en"


@pytest.mark.parametrize(
    ("id_", "language", "problem"),
    [
        ("leter", "en", 'there is no call "leter" in posts/calls.toml'),
        ("gone", "en", 'the call "gone" is blocked in posts/calls.toml: consent was taken back'),
        ("letter", "de", 'the call "letter" has no wording in "de" in posts/calls.toml'),
        ("letter", "ru", 'the call "letter" must never be said in "ru", says posts/calls.toml'),
        ("give", "ru", 'the call "give" must never be said in "ru", says posts/calls.toml'),
        ("give", "ru-RU", 'the call "give" must never be said in "ru-RU", says posts/calls.toml'),
    ],
)
def test_a_call_that_may_not_be_made_names_template_and_ledger(
    calls: Calls, id_: str, language: str, problem: str
) -> None:
    with pytest.raises(CampaignError) as caught:
        calls.wording(id_, language, where=HERE)
    assert caught.value.message == f"{HERE}: {problem}"
    assert caught.value.hint


def test_a_slip_of_the_finger_is_answered_with_the_call_that_was_meant(calls: Calls) -> None:
    with pytest.raises(CampaignError) as caught:
        calls.get("leter", where=HERE)
    assert caught.value.hint == 'did you mean "letter"?'


def test_a_link_that_is_not_there_is_an_error_where_it_is_asked_for_alone(calls: Calls) -> None:
    with pytest.raises(CampaignError, match=r'has no link for "ru" in posts/calls\.toml'):
        calls.link("petition", "ru", where=HERE)


def test_a_call_is_made_on_its_last_day_and_never_after(calls: Calls) -> None:
    used = calls.used("petition", "en")
    calls.said("petition", "en", where=HERE, today=date(2026, 12, 31))
    assert calls.broken(used, "en", date(2026, 12, 31)) is None
    with pytest.raises(CampaignError, match=r"closed on 2026-12-31, says posts/calls\.toml"):
        calls.said("petition", "en", where=HERE, today=date(2027, 1, 1))
    assert calls.broken(used, "en", date(2027, 1, 1)) == 'the call "petition" closed on 2026-12-31'


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("[calls.letter]", "[calls.letters]", "is no longer in posts/calls.toml"),
        ("https://letters.example/how", "https://letters.example/now", "has changed"),
        ("write a letter", "send a letter", "has changed"),
        ('owner = "A group"', 'owner = "Another group"', "has changed"),
        ('"outside-russia"', '"everyone"', "has changed"),
        (
            'never = ["ru"]',
            'never = ["ru"]\nstatus = "blocked"\nwhy = "it is over"',
            "is blocked: it is over",
        ),
        ('never = ["ru"]', 'never = ["ru"]\ncloses_on = 2026-11-20', "closed on 2026-11-20"),
    ],
)
def test_a_used_call_is_watched(folder: Folder, calls: Calls, old: str, new: str, why: str) -> None:
    used = calls.used("letter", "en")
    assert why in (changed(folder, old, new).broken(used, "en", TODAY) or "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("checked_on = 2026-11-01\naudience", "checked_on = 2026-11-20\naudience"),
        ('never = ["ru"]', 'never = ["ru"]\ncloses_on = 2027-01-01'),
    ],
)
def test_a_look_and_a_later_end_void_nothing(folder: Folder, calls: Calls, old: str, new: str) -> None:
    used = calls.used("letter", "en")
    assert changed(folder, old, new).broken(used, "en", TODAY) is None


def test_a_call_nobody_looked_at_for_half_a_year_is_due(calls: Calls) -> None:
    call = calls.get("letter", where=HERE)
    assert not call.overdue(date(2027, 4, 30))
    assert call.overdue(date(2027, 5, 1))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"give to those who shelter people" }', '"give", ru = "дайте" }', "a call to donate is never made in it"),
        ('{ en = "write a letter to the Chairman" }', '{ ru = "пишите" }', '"never" names this language'),
        ("https://letters.example/how", "http://letters.example", "is not the address of a page"),
        ("https://letters.example/how", "https://who@letters.example", "is not the address of a page"),
        ("https://letters.example/how", "https://letters.example/a b", "is not the address of a page"),
        ("https://letters.example/how", "https://[", "is not the address of a page"),
        ('kind = "letter"', 'kind = "leter"', "calls.letter.kind"),
        ('audience = "outside-russia"', 'audience = "abroad"', "calls.letter.audience"),
        ("closes_on = 2026-12-31", "closes_on = 9999-12-31", "is in the year 9999"),
        ("closes_on = 2026-12-31", "closed_on = 2026-12-31", "is not a key"),
        ('why = "consent was taken back"', "", "why is missing"),
    ],
)  # fmt: skip
def test_a_ledger_that_is_not_right_names_file_and_key(
    folder: Folder, old: str, new: str, problem: str
) -> None:
    with pytest.raises(CampaignError, match=problem) as caught:
        changed(folder, old, new)
    assert caught.value.message.startswith("posts/calls.toml, line ")


def test_other_words_for_a_link_are_answered_with_it(folder: Folder) -> None:
    with pytest.raises(CampaignError) as caught:
        changed(folder, "link = ", "page = ")
    assert caught.value.hint == 'did you mean "link"?'


def test_a_campaign_without_calls_says_that_the_ledger_is_missing(folder: Folder) -> None:
    with pytest.raises(CampaignError, match=r"cannot be looked up, because posts/calls\.toml is missing"):
        Calls.load(folder.path).get("letter", where=HERE)
