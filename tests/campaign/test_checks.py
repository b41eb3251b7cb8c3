"""One bad example per rule, and the good neighbours that must pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from clarion.campaign import checks
from clarion.campaign.render import literal

BAD = {
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
        "https://wa.me/79281234567",
        "tel:+79281234567",
        "＋７ ９２８ １２３ ４５ ６７",
        "8️⃣9️⃣2️⃣8️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣",
        "In 2017 call 8 928 123 45 67",
    ],
    "e-mail": [
        "Write to help@example.org.",
        "имя@пример.рф",
        "help (at) example (dot) org",
        "mailto:help@example.org",
        "name собака".replace(" собака", " [собака] mail.ru"),
        "https://example.org/?to=help@example.org",
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
        "1\ufe0f",
    ],
    "control": ["a\x1b[2Jb", "a\x00b", "a\tb", "a\u2028b", "a\rb"],
}
GOOD = [
    "On 12.09.2023 and 2023-09-12 and 01/04/2017 and 29 March 2017",
    "2017-03-29 2018-04-01 2023-09-12",
    "Lapunov v. Russia, no. 28834/19, and nos. 12345/20, 08834/19",
    "From 09:00-17:00, at 18:00, doors 10:00 2027",
    "It costs $1,200,000 or 100 000 рублей or € 1.000.000 or 10 000 000",
    "0.12345678 and 1.000.000.000 and +100",
    "https://example.org/?id=89281234567",
    "In (2017) 100 000 men; the years 2017–2018; in 2017 100 000 people",
    "Follow @campaign on X and @campaign@mastodon.example on Mastodon",
    "https://mastodon.example/@campaign/109348394839483948",
    "https://x.com/campaign/status/1234567890123456789",
    "https://hudoc.echr.coe.int/eng?i=001-226445",
    "about 50 members, 130+ evacuated, children-404",
    "#EyesOnChechnya #CloseTheCamps",
    "LGBT+ 2017 2018 2019",
    "🏳️‍🌈 👩🏽‍⚕️ ❤️‍🔥 👨‍👩‍👧‍👦 🏴‍☠️ ☎︎ 1️⃣ #️⃣ 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "Чечня: «не отводите взгляд» — ЛГБТ",
    "Line one\n\nLine two",
]


def rules(text: str, language: str = "en") -> set[str]:
    return {finding.rule for finding in checks.check_text(text, where="here", language=language)}


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, texts in BAD.items() for text in texts])
def test_it_finds_what_may_never_be_posted_and_nothing_else(rule: str, text: str) -> None:
    assert rules(text) == {rule}


@pytest.mark.parametrize("text", GOOD)
def test_it_lets_a_good_neighbour_pass(text: str) -> None:
    assert rules(text) == set()


def test_every_rule_has_a_bad_example() -> None:
    assert set(BAD) == set(checks.TEXT_RULES)


def test_joiners_stay_where_a_script_is_misspelt_without_them() -> None:
    assert rules("می\u200cخواهم", "fa") == set()
    assert rules("क्\u200dष", "hi") == set()
    assert rules("a \u200c b", "fa") == {"zero-width"}


def test_direction_marks_stay_in_a_text_from_right_to_left_but_overrides_never() -> None:
    assert rules("שלום\u200f", "he") == set()
    assert rules("שלום\u202e", "he") == {"bidi"}


def test_a_finding_says_where_and_how_to_mend_but_does_not_repeat_the_number() -> None:
    (finding,) = checks.check_text("Call +7 928 123-45-67", where="posts/one/en.md", language="en")
    assert (finding.level, finding.where) == ("never", "posts/one/en.md")
    assert finding.mend
    assert "123-45-67" not in finding.why


@pytest.mark.parametrize(
    ("rule", "alt"),
    [
        ("alt-missing", "  "),
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
def test_it_finds_an_alt_text_that_tells_nothing(rule: str, alt: str) -> None:
    found = checks.check_alt(alt, file="keep-looking.png", where="here", language="en")
    assert [finding.rule for finding in found] == [rule]


@pytest.mark.parametrize(
    "alt", ["Two hands hold a candle.", "A poster: “Keep looking”", "Плакат «Не отводите взгляд»"]
)
def test_it_lets_a_true_alt_text_pass(alt: str) -> None:
    assert checks.check_alt(alt, file="keep-looking.png", where="here", language="en") == []


def test_a_whole_post_is_checked_to_its_last_corner() -> None:
    post = literal(
        "Fine\n---\nhelp@example.org",
        tags=["#EyesOnChechnya"],
        warning="CW \u200b",
        images=[(Path("a.png"), "a.png")],
    )
    found = {finding.rule: finding.where for finding in checks.check(post, language="en")}
    assert found == {
        "e-mail": "this text, part 2",
        "zero-width": "this text, warning",
        "alt-file-name": "this text, alt text of a.png",
    }


@pytest.mark.parametrize(
    "piece", ["a.", "a@", "1 ", "+1(", "0", "\u200d", "👩\u200d", "name (at) ", " ", "8-", "tel "]
)
def test_checks_come_to_the_end_of_any_text(piece: str) -> None:
    """200,000 characters: what goes back over them would take minutes. `make bench` measures how it grows."""
    text = piece * (200_000 // len(piece)) + " help@example.org"
    assert "e-mail" in {finding.rule for finding in checks.check_text(text, where="here", language="en")}
