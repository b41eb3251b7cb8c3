"""One form for all the ways to spell a text, with its places; and what is left as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.campaign.skeleton import folded, hidden_twins, skeleton
from tests.counting import at_most


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (
            "genоcide, ｇｅｎｏｃｉｄｅ, 𝐠𝐞𝐧𝐨𝐜𝐢𝐝𝐞, ɢᴇɴᴏᴄɪᴅᴇ, génocide",
            "genocide, genocide, genocide, genocide, genocide",
        ),
        ("геноци́д, гeнoцiд, гено\u0336цид", "геноцид, геноцид, геноцид"),
        ("gen\U0001d173o\u200bci\U000e0041de", "genocide"),
        ("Кадырoв, Kадыров", "Кадыров, Кадыров"),
        ("ёлка и\u0306 й їжак", "елка й й ижак"),
        ("ѕіх prisons", "six prisons"),
        ("В CCCP говорили об этом", "В СССР говорили об этом"),
        ("16‑year‑old\u00a0boy, 16–летний", "16-year-old boy, 16-летний"),
        ("4️⃣ ¹⁰⁰ ⑳⓪ ❶ ٤", "4 100 200 1 4"),
        ("don’t a\u2003 \u2800b\tc", "don't a b c"),
        ("№ 5, 43°19′N", "№ 5, 43°19′N"),
        ("#ChechenGenocide #SixPrisons #НайдиМарию", "#Chechen Genocide #Six Prisons #Найди Марию"),
        (
            "@MariaPetrova anti-gay_genocide #100Men #LGBTRights",
            "@Maria Petrova anti-gay genocide #100 Men #LGBT Rights",
        ),
        ("İstanbul, ﬁve", "Istanbul, five"),
    ],
)
def test_a_text_has_one_plain_form(text: str, plain: str) -> None:
    assert skeleton(text).text == plain


@pytest.mark.parametrize(
    "text",
    [
        "Plain words, 12.",
        "Не отводите взгляд",
        "ЛГБТ, OSCE и ООН",
        "Wi-Fi на 3D",
        "a\n\nb",
        "हिन्दी",
        "한국어",
    ],
)
def test_what_is_plain_already_stays(text: str) -> None:
    assert skeleton(text).text == text


def test_a_place_leads_back_to_the_text() -> None:
    text = "Да… stop the #ChechenGenо\u0301cide"
    plain = skeleton(text)
    at = plain.small.index("genocide")
    start, end = plain.span(at, at + len("genocide"))
    assert text[start:end] == "Genо\u0301cide"


def test_folding_alone_splits_nothing() -> None:
    assert folded("@Maria_Petrova ｘ").text == "@Maria_Petrova x"


@pytest.mark.parametrize(
    ("text", "words"),
    [("genоcide", ["genоcide"]), ("fоur Mаy", ["fоur", "Mаy"]), ("пожeртвуйте", ["пожeртвуйте"])],
)
def test_a_word_of_two_alphabets_that_nobody_can_see_is_found(text: str, words: list[str]) -> None:
    assert [text[start:end] for start, end in hidden_twins(text)] == words


@pytest.mark.parametrize(
    "text", ["в Telegramе и YouTubeом", "VKонтакте", "LGBT-люди", "10 µg", "SMSка", "мой iPhone и her Айфон"]
)
def test_names_in_two_alphabets_as_people_type_them_are_not(text: str) -> None:
    assert list(hidden_twins(text)) == []


@given(st.text(st.sampled_from("aéёйи\u0306\u0301о𝐠_ #@1Aж\u200d’\n…½\u00a0ﬁİі"), max_size=40))
def test_every_letter_of_it_has_a_place_in_the_text(text: str) -> None:
    plain = skeleton(text)
    assert len(plain.small) == len(plain.text)
    spans = [plain.span(at, at + 1) for at in range(len(plain.text))]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert spans == sorted(spans)


@pytest.mark.parametrize("piece", ["é", "\u200d", "#A", "aB", "fо", "_ ", "ё", "𝐠", "½", "#aB1_"])
def test_it_takes_steps_in_proportion_to_the_text(piece: str) -> None:
    text = piece * (12_000 // len(piece))
    with at_most(15 * 12_000):
        skeleton(text)
