"""What templates may call: facts, calls and days in words, dates and counts as each language writes them."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from clarion.campaign.ledgers.ledger import Ledger
from clarion.campaign.rendering.marks import Count, Said
from clarion.campaign.rendering.words import Words, sentence
from clarion.errors import CampaignError
from tests.campaign.conftest import Folder
from tests.ledgers import call, day

DUE = datetime(2027, 3, 29, 9, 5, tzinfo=ZoneInfo("Europe/Berlin"))

CALLS = "".join(
    (
        call(
            "watch",
            kind="watch",
            wording={"en": "watch the video", "ru": "посмотрите видео"},
            link={"en": "https://example.org/en", "ru": "https://example.org/ru"},
        ),
        call("inform", kind="inform", wording={"en": "tell a friend"}),
        call(
            "donate",
            kind="donate",
            wording={"en": "give to those who help"},
            link="https://example.org/give",
        ),
    )
)

LEARNED = {"en": "the day the Network learned", "ru": "день, когда узнала сеть"}
DAYS = day("learned", date=date(2017, 3, 29), name=LEARNED, fact="learned")


@pytest.fixture
def ledger(folder: Folder) -> Ledger:
    folder.write("posts/calls.toml", CALLS)
    folder.write("posts/days.toml", DAYS)
    return Ledger.load(folder.path)


def words(ledger: Ledger, language: str = "en", due: datetime = DUE) -> Words:
    return Words(ledger=ledger, language=language, due=due, where="posts/one/en.md")


def number(count: int) -> Count:
    return Count(count)


# ── the ledger ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_call_is_its_wording_and_its_link_where_it_has_one(ledger: Ledger) -> None:
    assert words(ledger).call("watch") == "watch the video: https://example.org/en"
    assert words(ledger, "ru").call("watch") == "посмотрите видео: https://example.org/ru"
    assert words(ledger).call("inform") == "tell a friend"
    assert words(ledger).call_link("donate") == "https://example.org/give"


def test_everything_of_the_ledger_is_remembered_once_in_the_order_of_first_use(ledger: Ledger) -> None:
    said = words(ledger)
    said.day_name("learned")
    said.call_link("watch")
    said.fact("learned")
    said.day("learned")
    said.fact_date("learned")
    said.rely_on("call", "inform")
    assert [(used.kind, used.id) for used in said.used] == [
        ("day", "learned"),
        ("call", "watch"),
        ("fact", "learned"),
        ("call", "inform"),
    ]


def test_what_the_ledger_says_is_vouched_for(ledger: Ledger) -> None:
    said = words(ledger)
    day = said.day("learned")
    for words_ in (
        said.fact("learned"),
        said.call("watch"),
        said.call_link("watch"),
        said.day_name("learned"),
    ):
        assert isinstance(words_, Said)
    assert day.written() == "29 March 2017"
    assert isinstance(day.written(), Said)


@pytest.mark.parametrize(
    ("name", "id_", "said"),
    [
        ("call", "wacth", 'posts/one/en.md: there is no call "wacth" in posts/calls.toml'),
        ("day", "lerned", 'posts/one/en.md: there is no day "lerned" in posts/days.toml'),
        ("day_name", "lerned", 'posts/one/en.md: there is no day "lerned" in posts/days.toml'),
        (
            "call_link",
            "inform",
            'posts/one/en.md: the call "inform" has no link for "en" in posts/calls.toml',
        ),
    ],
)
def test_what_is_not_in_the_ledger_is_said_naming_both_places(
    ledger: Ledger, name: str, id_: str, said: str
) -> None:
    with pytest.raises(CampaignError) as caught:
        words(ledger).functions[name](id_)
    assert caught.value.message == said
    assert caught.value.hint


def test_nobody_is_asked_for_money_in_russian(ledger: Ledger) -> None:
    for name in ("call", "call_link"):
        with pytest.raises(CampaignError, match='must never be said in "ru"'):
            words(ledger, "ru").functions[name]("donate")
    with pytest.raises(CampaignError, match='must never be said in "ru"'):
        words(ledger, "ru").rely_on("call", "donate")


# ── dates and counts ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("language", "date", "years"),
    [
        ("en", "29 March 2027", "10 years"),
        ("ru", "29 марта 2027", "10 лет"),
        ("de", "29. März 2027", "10 Jahre"),
        ("fr", "29 mars 2027", "10 ans"),
        ("es", "29 de marzo de 2027", "10 años"),
    ],
)
def test_every_language_writes_dates_and_years_in_its_own_way(
    ledger: Ledger, language: str, date: str, years: str
) -> None:
    said = words(ledger, language)
    assert said.date(DUE) == date
    assert said.years(said.years_since("2017-03-29")) == years


@pytest.mark.parametrize(
    ("count", "noun"),
    [(1, "год"), (2, "года"), (5, "лет"), (11, "лет"), (12, "лет"), (21, "год"), (22, "года"), (111, "лет")],
)
def test_a_russian_noun_has_the_form_its_count_asks_for(ledger: Ledger, count: int, noun: str) -> None:
    assert words(ledger, "ru").plural(number(count), "год", "года", "лет") == f"{count} {noun}"


@pytest.mark.parametrize(
    ("language", "forms", "one", "none", "many"),
    [
        ("en", ("man", "men"), "1 man", "0 men", "1,500 men"),
        ("de", ("Mann", "Männer"), "1 Mann", "0 Männer", "1.500 Männer"),
        ("fr", ("homme", "hommes"), "1 homme", "0 homme", "1\u202f500 hommes"),
        ("es", ("hombre", "hombres"), "1 hombre", "0 hombres", "1.500 hombres"),
    ],
)
def test_a_noun_follows_the_plural_rules_of_its_language(
    ledger: Ledger, language: str, forms: tuple[str, str], one: str, none: str, many: str
) -> None:
    said = words(ledger, language)
    assert [said.plural(number(count), *forms) for count in (1, 0, 1500)] == [one, none, many]


def test_a_form_for_millions_falls_back_to_the_last(ledger: Ledger) -> None:
    assert words(ledger, "fr").plural(number(1_000_000), "homme", "hommes").endswith(" hommes")


@pytest.mark.parametrize(
    ("language", "forms"), [("ru", ("год", "года")), ("en", ("man", "men", "men")), ("en", ())]
)
def test_a_wrong_number_of_forms_is_refused_with_their_order(
    ledger: Ledger, language: str, forms: tuple[str, ...]
) -> None:
    with pytest.raises(CampaignError, match="forms of its noun") as caught:
        words(ledger, language).plural(number(3), *forms)
    order = {"ru": "one, few, many", "en": "one, other"}
    assert caught.value.hint == f"give them in this order: {order[language]}"


@pytest.mark.parametrize(
    ("language", "count", "gender", "said"),
    [
        ("en", 1, "", "1st"),
        ("en", 2, "", "2nd"),
        ("en", 3, "", "3rd"),
        ("en", 9, "", "9th"),
        ("en", 11, "", "11th"),
        ("en", 22, "", "22nd"),
        ("ru", 9, "f", "9-я"),
        ("ru", 9, "m", "9-й"),
        ("ru", 9, "", "9-й"),
        ("ru", 3, "n", "3-е"),
        ("de", 9, "", "9."),
        ("fr", 1, "", "1er"),
        ("fr", 1, "f", "1re"),
        ("fr", 9, "f", "9e"),
        ("es", 9, "f", "9.ª"),
        ("es", 9, "", "9.º"),
    ],
)
def test_a_place_in_a_row_is_written_as_the_language_writes_it(
    ledger: Ledger, language: str, count: int, gender: str, said: str
) -> None:
    assert words(ledger, language).ordinal(number(count), *([gender] if gender else [])) == said


def test_a_gender_or_a_language_without_ordinals_is_refused(ledger: Ledger) -> None:
    with pytest.raises(CampaignError, match="en has no gender 'f'"):
        words(ledger).ordinal(number(9), "f")
    with pytest.raises(CampaignError, match="no ordinals are known for the language uk"):
        words(ledger, "uk").ordinal(number(9))


def test_a_time_is_of_the_due_time_or_as_somebody_wrote_it(ledger: Ledger) -> None:
    assert words(ledger).time(DUE) == "09:05"
    assert words(ledger).time("18:00") == "18:00"
    with pytest.raises(CampaignError, match="'six' is no time of day"):
        words(ledger).time("six")


def test_a_count_is_vouched_for_only_where_it_follows_from_a_date_of_the_ledger(ledger: Ledger) -> None:
    said = words(ledger)
    for write in (said.years, said.ordinal, lambda count: said.plural(count, "man", "men")):
        assert isinstance(write(said.years_since(date(2017, 3, 29))), Said)
        assert not isinstance(write(100), Said)
        assert not isinstance(write(said.years_since("1926-11-01")), Said)


def test_what_is_told_as_of_a_day_is_told_of_a_day_that_has_been(ledger: Ledger) -> None:
    assert words(ledger).past("2017-03-29") == "2017-03-29"
    with pytest.raises(CampaignError, match="2031-01-01 is after the post's own day"):
        words(ledger).past("2031-01-01")


def test_a_day_that_is_over_when_the_post_goes_out_is_refused(ledger: Ledger) -> None:
    today = DUE.date()
    assert words(ledger).ahead(f"{today}") == f"{today}"
    with pytest.raises(CampaignError, match=r"2017-03-29 is before the post's own day, .*: it would be over"):
        words(ledger).ahead("2017-03-29")
    tried = Words(ledger=ledger, language="en", due=DUE, where="one", examples=frozenset({"2017-03-29"}))
    assert tried.ahead("2017-03-29") == "2017-03-29"


@pytest.mark.parametrize("count", ["9", True, -1, 1.5])
def test_only_whole_numbers_are_counts(ledger: Ledger, count: int) -> None:
    with pytest.raises(CampaignError, match="is not a count"):
        words(ledger).years(count)


@pytest.mark.parametrize(
    ("text", "made"),
    [("one", "One"), ("“она", "“Она"), ("«ёлка", "«Ёлка"), ("1 апреля", "1 апреля"), ("", ""), ("…", "…")],
)
def test_a_sentence_begins_with_a_capital(text: str, made: str) -> None:
    assert sentence(text) == made
