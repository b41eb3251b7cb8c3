"""One bad example per rule at least, each caught by exactly that rule, and the good neighbours that must pass."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from clarion.campaign import checks, figures
from clarion.campaign.checks import Passage, Standards
from clarion.campaign.denied import Denied
from clarion.campaign.rendering.marks import CallSpan
from clarion.campaign.rendering.render import literal

DENIED = Denied(b"k" * 32).adding(["Laman Tokhtar"])
BY = Standards(
    denied=DENIED,
    domains=frozenset({"example.org", "mastodon.example", "coe.int", "bit.ly", "x.com", "пример.рф"})
    | {"xn--e1afmkfd.xn--p1ai"},
    figures=figures.of(figures.PUBLIC),
    handles=frozenset({"campaign", "campaign@mastodon.example"}),
)
#: What may never be said, by the rule that finds it. A pair is (text, language).
BAD: dict[str, list[str | tuple[str, str]]] = {
    "phone": [
        "Call +7 928 123-45-67 tonight",
        "8 (928) 123-45-67",
        "Звоните 89281234567",
        "+49 30 901820",
        "0049 30 1234567",
        "(415) 555-2671",
        "415-555-2671",
        "030 1234567",
        "020 7946 0958",
        "тел. 123-45-67",
        "Ask for her at 123-45-67",
        "phone: 5552671",
        "tel:+79281234567",
        "＋７ ９２８ １２３ ４５ ６７",
        "In the year call 8 928 123 45 67",
    ],
    "e-mail": [
        "Write to help@example.org.",
        "имя@пример.рф",
        "help (at) example (dot) org",
        "mailto:help@example.org",
        "name [собака] почта [точка] рф",
        "See https://example.org/?to=help@example.org there",
    ],
    "address": [
        "He is at 12 Baker Street tonight",
        "Он на улице Ленина, д. 5",
        "Ищите его: ул. Мира 3",
        "flat 12, second door",
        "кв. 7, второй этаж",
        "Hauptstraße 5",
        "She lives in Lenin Street",
        "Он живёт на улице с часами",
    ],
    "coordinates": [
        "It is at 43.3180, 45.6980",
        "43°19′N 45°41′E",
        "geo:43,45",
        "See ///filled.count.soap there",
        "Plus code 8H6J8M+2X",
    ],
    "denied-name": [
        "Laman Tokhtar is safe",
        "Говорят о Ламане Тохтаре",
        "Тохтара Ламана ищут",
        "with Laman’s friend, Tokhtar Laman",
    ],
    "minor-age": [
        "a sixteen-year-old was taken",
        "the boy was seventeen years old",
        "aged fifteen",
        "шестнадцатилетний подросток",
    ],
    "victim-details": [
        "His brother was detained",
        "Мать убитого говорит",
        "He was strangled",
        "A man aged thirty was tortured",
        "Artem Kolesov lives with his sick mother",
    ],
    "four-killed": ["Four men were reported killed.", "They killed four.", "Четверо убиты.", "Убиты четверо"],
    "genocide": ["Stop the genocide", ("Это геноцид", "ru")],
    "six-prisons": ["There are six secret prisons.", "Шесть тайных тюрем"],
    "before-ramadan": [
        "They want it done before Ramadan.",
        "Ahead of the start of Ramadan",
        "до начала Рамадана",
    ],
    "honour-killings": [
        "Honour killings are a Chechen tradition.",
        "In their culture, honor killing is common.",
        "Убийства чести — обычай в Чечне",
    ],
    "burke": [
        "All that is necessary for the triumph of evil is that good men do nothing.",
        "Evil wins when good people do nothing",
        "Для торжества зла достаточно молчать",
    ],
    "prohibited-in-russia": [
        "Homosexuality is prohibited in Russia.",
        "Being gay is illegal in Russia",
        "Russia has banned homosexuality",
        "Гомосексуальность в России запрещена",
    ],
    "help-it-trend": [
        "Help it trend!",
        "Let's make this trend tonight",
        "Go viral with us",
        "Выведем это в тренды",
    ],
    "protest-cause": [
        "An application for a pride parade triggered the purge.",
        "It was caused by a request for a march permit for the protest, an application to march",
        "Заявка на парад вызвала аресты",
    ],
    "perpetrators-words": [
        "Kadyrov said: “These are devils, not people.”",
        "“We have none of them,” said a spokesman of Kadyrov.",
        "You cannot detain people who do not exist",
        "У нас нет геев",
    ],
    "donate-in-russian": [
        ("Пожертвуйте нам сейчас", "ru"),
        ("Переведите деньги тем, кто бежит", "ru"),
        ("Вот реквизиты", "ru"),
        ("Помогите рублём", "en"),
    ],
    "asks-for-money": [
        "Please send money to our PayPal anna-flees, for she flees.",
        "Donate now to help people leave: https://example.org/donate",
        "Whoever helps them leave: https://example.org/donate",
        "They live from what you give, on Patreon",
    ],
    "bidi": ["safe \u202egnp.exe", "a\u2066b\u2069", "a\u200fb"],
    "zero-width": [
        "Chech\u200bnya",
        "Chech\u200dnya",
        "Chech\u200cnya",
        "Chech\u00adnya",
        "\ufeffChechnya",
        "Chechnya\ufe0f",
        "mark\U000e0041\U000e0042",
        "wo\u2060rd",
        "a\U0001d173b \U0001bca0 \ufff9 \U00013430 \u2800",
        "\ue000",
        "\U0010fff0",
        "\u0378",
        "😀\U000e0061\U000e0062\U000e007f",
        "😀\u200d😀\u200d🙈",
        "a" + "\u0301" * 8,
    ],
    "mixed-script": ["Mаking a difference", "Не мoлчите"],
    "control": ["a\x1b[mb", "a\x00b", "a\tb", "a\u2028b", "a\rb"],
    "false-host": [
        "Read https://www.раурal.com/ with care",  # Cyrillic and Latin
        "Read https://сосо.com now",  # Cyrillic twins of Latin letters
        "Read https://example.org@evil.example/ now",
        "Read https://xn--80ak6aa92e.com/ now",
        "Read example．org or https://example．org/ now",
    ],
    "template-code": [
        "It stands {{there",
        'We know that {{ fact("detained") }}.',
        "{% if due %}Now",
        "Look {# nobody sees this #}",
    ],
    "number": [
        "On 12 September 2023 a court spoke",
        "100 men",
        "40% of them",
        "hundreds of men",
        "сотни людей",
        "40+ and 5th",
        "it was 10 years old then",
        "Three men were reported killed.",
        "Сорок мужчин пропали под Аргуном",
        "In one night:#400",
    ],
    "unknown-domain": [
        "Read more at https://somewhere.example.net/page",
        "Read more at somewhere.info now, please",
    ],
    "mention": ["Look, @somebody", "Thank you @name@server.social for this"],
    "personal-name": ["Ask Maxim for it", "Anna Petrova told us", "Рассказал Аслан", "Here is Boris Ivanov"],
    "may-be-denied": [
        "Song for Tokhtar tonight",
        "L. Tokhtar is with us",
        ("Мы с Тохтаром", "ru"),
        "Laman’s song",
    ],
    "private-details": [
        "He was thirty years old",
        "Мужчина тридцати лет",
        "His parents were told when he was detained",
    ],
    "camps": ["They were held in camps", "Их держали в лагере"],
    "emoji": ["Look 🕯️🕯️🕯️", "👩‍❤️‍💋‍👩 👨🏽‍🚀 🏴‍☠️", "🇩🇪🇫🇷🇪🇸", "🫩 🪾 \U0001fadc 🫆"],
    "capitals": ["THIS IS NOW", "НЕ МОЛЧИТЕ"],
    "shortener": ["Read more here, it is long: https://bit.ly/abc"],
    "tracking": [
        "Read more: https://example.org/?a=1&utm_source=x",
        "https://example.org/?fbclid=1 and more words",
    ],
}
ON_BLUESKY = {"unlinked-tag": ["They say “#EyesOnChechnya”", "#EyesOnChechnya’s"]}
WHOLE: dict[str, list[str | tuple[str, str]]] = {
    "link-only": ["https://example.org/page #EyesOnChechnya #CloseTheCamps", "see example.org"],
    "many-tags": ["Words enough for a post #One #Two #EyesOnChechnya #CloseTheCamps"],
    "lone-tag": ["Words enough for a post #CloseTheCamps"],
    "other-alphabet": [
        "Сегодня в Берлине мы выходим на площадь #EyesOnChechnya https://example.org/page",
        ("Today in Berlin we go to the square", "ru"),
    ],
    "no-source": ["Words enough for a post"],
}
GOOD = [
    "They are not a mistake and they are not alone.",
    "From 09:00-17:00, at 18:00, doors open at 6 pm",
    "https://example.org/?id=89281234567 is what to read",
    "Follow @campaign on X and @campaign@mastodon.example on Mastodon",
    "https://mastodon.example/@campaign/109348394839483948",
    "https://x.com/campaign/status/1234567890123456789",
    "https://hudoc.echr.coe.int/eng?i=001-226445",
    "https://пример.рф/страница",
    "It is called Children-404, and it is there 24/7",
    "#EyesOnChechnya #CloseTheCamps",
    "LGBT OSCE CW ЕСПЧ ООН",
    "Мы есть в Telegramе и на YouTubeе",
    "1. Read it\n2. Tell one person",
    "Read this first 1/4",
    "🏳️‍🌈 👩🏽‍⚕️",
    "❤️‍🔥 ☎︎ 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "Чечня: «не отводите взгляд» — ЛГБТ",
    "Line one\n\nLine two",
    "Men were reported killed.",
    "Secret prisons; one prison; detention.",
    "Ramadan Mubarak to all who fast",
    "Do not say honour killings.",
    "Good people do something",
    "A court called the movement extremist in Russia",
    "It became a trend to look away",
    "They protest, and the application was refused",
    "Kadyrov denied it. “They are not alone,” said a violinist.",
    "Igor Kochetkov and Елена Милашина reported it",
    "The tag is nine years old, and the judgment too",
    "Десятилетний срок",
    "The road to the court; a street in a town; Baker Street",
    "Не переводите деньги и не делайте репостов",
    "Give what you can, if you are outside Russia",
    "In spring people donated to the Network, and donors in Russia risk prison",
    "If you are in Russia, do not send money and do not donate",
    "On 9 May Street parades are held".replace("9 May ", ""),
    "They wrote { } and {a set}, %} and #}",
    "A laman is no name, and Taman is another",
    "The boys, and what they said",
]


def rules(text: str, language: str = "en", **more: object) -> set[str]:
    passage = replace(Passage(text=text, where="here", language=language), **more)  # type: ignore[arg-type]
    return {finding.rule for finding in checks.check_passage(passage, BY)}


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, texts in BAD.items() for text in texts])
def test_it_finds_what_its_rule_is_for_and_nothing_else(rule: str, text: str | tuple[str, str]) -> None:
    words, language = text if isinstance(text, tuple) else (text, "en")
    assert rules(words, language) - _SECOND.get(rule, set()) == {rule}


#: Where a thing is wrong in two ways, the other way.
_SECOND = {
    "phone": {"number"},
    "address": {"number"},
    "coordinates": {"number"},
    "victim-details": {"number"},
    "private-details": {"number"},
    "four-killed": {"number"},
}


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, texts in WHOLE.items() for text in texts])
def test_it_finds_what_is_wrong_with_a_whole_post(rule: str, text: str | tuple[str, str]) -> None:
    words, language = text if isinstance(text, tuple) else (text, "en")
    assert rules(words, language, kind="post", grounded=rule != "no-source") == {rule}


@pytest.mark.parametrize("text", ON_BLUESKY["unlinked-tag"])
def test_it_finds_a_tag_that_a_network_would_not_link(text: str) -> None:
    assert rules(text, network="bluesky") == {"unlinked-tag"}
    assert rules("They say #EyesOnChechnya, and #Чечня", network="bluesky") == set()


@pytest.mark.parametrize("text", GOOD)
def test_it_lets_a_good_neighbour_pass(text: str) -> None:
    assert rules(text) == set()


@pytest.mark.parametrize(
    "text",
    [
        "Read it at https://example.org/page: the court has ruled.",
        "Words enough for a post #Чечня #EyesOnChechnya #CloseTheCamps",
        "Words enough for a post",
        "They wrote «Дети-404» on the wall",
        "Да, Привет",
        ("Мы читаем Human Rights Watch и ждём #EyesOnChechnya #CloseTheCamps", "ru"),
        ("Не закриваймо очей на це", "uk"),
        ("Sveti ljudi u Srbiji", "sr"),
        ("見ないふりをしないで、チェチェンを見て", "ja"),
    ],
)
def test_it_lets_a_good_post_pass(text: str | tuple[str, str]) -> None:
    words, language = text if isinstance(text, tuple) else (text, "en")
    assert rules(words, language, kind="post", grounded=True) == set()


@pytest.mark.parametrize(
    ("text", "language", "named"),
    [
        ("Не закриваймо очі, їх чують", "en", "--lang uk"),
        ("Не закрывайте глаза", "de-CH", "--lang ru"),
        ("Do not look away", "ru", "--lang en"),
    ],
)
def test_the_language_that_a_text_looks_like_is_named(text: str, language: str, named: str) -> None:
    passage = Passage(text=text, where="here", language=language, kind="post", grounded=True)
    [found] = checks.check_passage(passage, BY)
    assert named in (found.mend or "")


def test_every_rule_that_reads_a_text_has_a_bad_example() -> None:
    alt = {rule.id for rule in checks.RULES if rule.of == {"alt"}}
    reading = {rule.id for rule in checks.RULES if rule.find} - alt
    assert reading - {"undated-count"} == {*BAD, *WHOLE, *ON_BLUESKY}


def test_every_rule_has_one_id_one_class_and_one_sentence() -> None:
    assert len({rule.id for rule in checks.RULES}) == len(checks.RULES)
    for rule in checks.RULES:
        assert rule.why.endswith(".")
        assert rule.level in {"never", "reason", "look"}


# ── what depends on more than the text ────────────────────────────────────────────────────────────────────────


def test_views_and_signatures_are_never_told_as_if_they_were_of_today() -> None:
    assert rules("Over 2,500 people have signed") == {"undated-count", "number"}
    assert rules("500 000 просмотров", "ru") == {"undated-count", "number"}
    assert rules("In 2017 over 2,500 people signed") == {"number"}


def test_a_number_passes_where_a_ledger_or_a_filter_printed_it() -> None:
    text = "more than 100 men, on 12 September 2023"
    assert rules(text, vouched=((0, 17), (22, 39))) == set()
    assert rules(text, vouched=((0, 17),)) == {"number"}
    assert rules("12 September 2023", vouched=((0, 2), (3, 12), (13, 17))) == set()


def test_a_year_in_the_named_source_is_no_claim() -> None:
    assert (
        rules("They were tortured.\n\nNovaya Gazeta, April 2017", source="Novaya Gazeta, April 2017") == set()
    )


def test_a_place_that_a_call_prints_is_no_persons_and_one_of_a_fact_may_be() -> None:
    text = "Write to 12 Baker Street"
    assert rules(text, vouched=(CallSpan(9, 24),)) == set()
    assert rules(text, vouched=((9, 24),)) == {"address"}


def test_money_is_asked_for_by_a_call_of_the_ledger_alone() -> None:
    text = "Safe Passage: donate what you can, https://example.org/give"
    assert rules(text) == {"asks-for-money"}
    assert rules(text, vouched=((0, len(text)),)) == {"asks-for-money"}
    assert rules(text, vouched=(CallSpan(14, len(text)),)) == set()
    assert rules(f"Please {text}", gives=True) == set()  # beside a call to give, for which the ledger answers
    assert rules(f"{text}, or via PayPal", gives=True) == {"asks-for-money"}


def test_a_link_that_a_call_prints_was_decided_on_in_the_ledger() -> None:
    text = "Sign it: https://somewhere.example.net/page"
    assert rules(text, vouched=(CallSpan(0, len(text)),)) == set()
    assert rules(text, vouched=((0, len(text)),)) == {"unknown-domain"}


def test_a_minors_age_is_found_in_figures_and_behind_a_name() -> None:
    for text in [
        "16-year-old",
        "a boy (14)",
        "Masha, 16, was there",
        "Маше 16 лет",
        "16-летняя",
        "в возрасте 15 лет",
    ]:
        assert "minor-age" in rules(text), text


def test_joiners_stay_where_a_script_is_misspelt_without_them() -> None:
    assert rules("می\u200cخواهم", "fa") == set()
    assert rules("क्\u200dष", "hi") == set()
    assert rules("a \u200c b", "fa") == {"zero-width"}


def test_direction_marks_stay_in_a_text_from_right_to_left_but_overrides_never() -> None:
    assert rules("שלום\u200f", "he") == set()
    assert rules("שלום\u202e", "he") == {"bidi"}


def test_a_finding_says_where_and_how_to_mend_but_does_not_repeat_what_exposes() -> None:
    passage = Passage(text="Laman Tokhtar: +7 928 123-45-67", where="posts/one/en.md", language="en")
    found = {finding.rule: finding for finding in checks.check_passage(passage, BY)}
    assert (found["phone"].level, found["phone"].where) == ("never", "posts/one/en.md")
    assert found["phone"].mend
    assert "123-45-67" not in found["phone"].why
    assert "Tokhtar" not in found["denied-name"].why


def test_a_hint_has_braces_for_those_alone_who_write_a_template() -> None:
    post = literal("100 men, and four were killed", tags=[])
    mends = {
        typed: {each.rule: each.mend or "" for each in checks.check(post, language="en", typed=typed)}
        for typed in (True, False)
    }
    assert mends[True]["number"].startswith("Let the ledger say it: clarion posts facts. Or say why")
    assert mends[True]["four-killed"] == "Say what is known: clarion posts facts killed"
    assert '{{ fact("…") }}' in mends[False]["number"]
    assert '{{ fact("killed") }}' in mends[False]["four-killed"]


# ── alt texts, whole posts ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("rule", "alt"),
    [
        ("alt-missing", "  "),
        ("alt-missing", "x"),
        ("alt-missing", "—"),
        ("alt-missing", "alt text"),
        ("alt-missing", "Картинка."),
        ("alt-file-name", "IMG_1234.jpg (1)"),
        ("alt-file-name", "photo.jpg."),
        ("alt-file-name", "a rally in may.png"),
        ("alt-image-of", "This is an image of a rally"),
        ("alt-image-of", "Image: rally"),
        ("alt-image-of", "На фото — изображение плаката"),
        ("alt-image-of", "In this photo, people stand"),
        ("alt-file-name", "keep-looking.png"),
        ("alt-file-name", "keep-looking"),
        ("alt-file-name", "IMG_20170401.jpg"),
        ("alt-file-name", "IMG 2017 04 01"),
        ("alt-file-name", "Screenshot 2017-04-01 at 10.00.00"),
        ("alt-image-of", "An image of a rally"),
        ("alt-image-of", "Изображение плаката"),
        ("phone", "A poster with +7 928 123-45-67"),
    ],
)
def test_it_finds_an_alt_text_that_tells_nothing_or_too_much(rule: str, alt: str) -> None:
    assert rules(alt, kind="alt", file="keep-looking.png") == {rule}


@pytest.mark.parametrize(
    "alt",
    [
        "Two hands hold a candle.",
        "A poster: “Keep looking”",
        "Плакат «Не отводите взгляд»",
        "100 on a sign",
        "示威",
        "A photo of two hands",
        "Pictures of candles on a wall",
    ],
)
def test_it_lets_a_true_alt_text_pass(alt: str) -> None:
    assert rules(alt, kind="alt", file="keep-looking.png") == set()


def test_a_whole_post_is_checked_to_its_last_corner() -> None:
    post = literal(
        "Fine\n---\nhelp@example.org",
        tags=["#EyesOnChechnya"],
        warning="CW \u200b",
        images=[(Path("a.png"), "a.png")],
    )
    found = {finding.rule: finding.where for finding in checks.check(post, language="en", typed=True)}
    assert found == {
        "e-mail": "this text, part 2",
        "zero-width": "this text, warning",
        "alt-file-name": "this text, alt text of a.png",
    }


def test_what_follows_readers_is_taken_out_of_links_and_told() -> None:
    post = literal("Read https://example.org/a?id=7&utm_source=x&fbclid=2#top and more", tags=[])
    clean, told = checks.untracked(post)
    assert clean.parts == ("Read https://example.org/a?id=7#top and more",)
    assert [finding.rule for finding in told] == ["tracking"]
    assert "utm_source, fbclid" in told[0].why


@pytest.mark.parametrize(
    ("address", "clean"),
    [
        ("https://example.org/#utm_source=x", "https://example.org/"),
        ("https://example.org/a;utm_source=x?b=1", "https://example.org/a?b=1"),
        ("https://example.org/?%75tm_source=x&a=1", "https://example.org/?a=1"),
        ("https://example.org/?a=1;utm_source=x#top", "https://example.org/?a=1#top"),
        ("https://example.org?utm_source=x", "https://example.org"),
        ("https://example.org/#part?fbclid=1", "https://example.org/#part"),
        ("https://example.org/a;b?c=d&e#:~:text=f", "https://example.org/a;b?c=d&e#:~:text=f"),
    ],
)
def test_what_follows_readers_is_found_wherever_an_address_lists_it(address: str, clean: str) -> None:
    post, _ = checks.untracked(literal(f"Read {address} and more", tags=[]))
    assert post.parts == (f"Read {clean} and more",)


def test_spans_that_are_vouched_for_move_with_the_text() -> None:
    post = literal("See https://example.org/?utm_source=x for 100 men", tags=[])
    at = post.parts[0].index("100")
    clean, _ = checks.untracked(replace(post, vouched=(((at, at + 7),),)))
    ((start, end),) = clean.vouched[0]
    assert clean.parts[0][start:end] == "100 men"


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "a.",
            "a@",
            "1 ",
            "+1(",
            "0",
            "\u200d",
            "👩\u200d",
            "name (at) ",
            " ",
            "8-",
            "tel ",
            "ул. ",
            "A ",
            "Anna ",
        ),
        *(
            "не ",
            "“",
            "killed ",
            "evil to ",
            "http://a",
            ")",
            "#a",
            "@a",
            "four ",
            "1,",
            "good ",
            "application ",
        ),
        *(
            "https://x.org/?utm_a=1&",
            "kadyrov “",
            "1 Street ",
            "сбор ",
            "year old ",
            "a\u0301",
            "12 A ",
            "🇩🇪",
            "1/2 ",
        ),
    ],
)
def test_checks_come_to_the_end_of_any_text(piece: str) -> None:
    """100,000 characters: what goes back over them would take minutes. `make bench` measures how it grows."""
    text = piece * (100_000 // len(piece)) + " help@example.org"
    assert "e-mail" in rules(text, "ru", network="bluesky")
