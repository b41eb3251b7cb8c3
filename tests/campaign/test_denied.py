"""Names that must never be posted: found in every case and both alphabets, and not to be read back."""

from __future__ import annotations

import pytest

from clarion.campaign.checks import Passage, Standards, check_passage
from clarion.campaign.denied import NOBODY, Denied, names_in
from clarion.errors import CampaignError

KEY = b"k" * 32


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Иван Иванов", "видели Ивана Иванова"),
        ("Иван Иванов", "говорили с Иваном Ивановым"),
        ("Иван Иванов", "Ivan Ivanov was seen"),
        ("Ivan Ivanov", "об Иванове Иване"),
        ("Мария Петрова", "письмо Марии Петровой"),
        ("Maria Petrova", "о Марию Петрову"),
        ("Алексей Ковальский", "с Алексеем Ковальским"),
        ("Алексей Ковальский", "Aleksey Kovalskiy’s letter"),
        ("Павел Лев", "у Павла Льва"),
        ("Фёдор Тарамов", "ФЕДОРА ТАРАМОВА"),
        ("Ислам Хатуев", "Исламу Хатуеву"),
        ("Khasan Tokhtarov", "Хасана Тохтарова"),
        ("Ilya Zhukov", "Илью Жукова"),
        ("Илья", "Илье помогли"),
        ("Анна-Мария Ли", "Анне-Марии Ли"),
        ("Мария Петрова", "Мария Ивановна Петрова"),
        ("Мария Петрова", "Мария «Маша» Петрова"),
        ("Мария Петрова", "Петрова М. Мария"),
        ("Мария Петрова", "мария ивановна петрова"),
        ("Мария Петрова", "Мари́я Петро́ва"),
        ("Мария Петрова", "Маpия Петрова"),
        ("Maria Petrova", "ᴍᴀʀɪᴀ ᴘᴇᴛʀᴏᴠᴀ"),
        ("Maria Petrova", "𝐌𝐚𝐫𝐢𝐚 𝐏𝐞𝐭𝐫𝐨𝐯𝐚"),
        ("Мария Петрова", "#МарияПетрова"),
        ("Мария Петрова", "#НайдиМариюПетрову"),
        ("Мария Петрова", "@MariaPetrova"),
        ("Мария Петрова", "ask MariaPetrova"),
        ("Мария Петрова", "Мария_Петрова"),
        (
            "Мария Петрова",
            "https://ru.wikipedia.org/wiki/%D0%9C%D0%B0%D1%80%D0%B8%D1%8F_%D0%9F%D0%B5%D1%82%D1%80%D0%BE%D0%B2%D0%B0",
        ),
        ("Мария Петрова", "https://example.org/?q=Maria%20Petrova"),
        ("Zelimkhan Ahmadov", "Zelimxan Akhmadov"),
        ("Zelimkhan Ahmadov", "Selimchan Achmadow"),
        ("Зелимхан Ахмадов", "Selimchan Achmadow"),
        ("Иван Карамазов", "Ivan Karamasow"),
        ("Ivan Karamasow", "Ивана Карамазова"),
    ],
)
def test_a_name_is_found_in_every_form(name: str, said: str) -> None:
    assert list(Denied(KEY).adding([name]).find(said))


@pytest.mark.parametrize(
    "said",
    [
        "Иван и Пётр Иванов",
        "Иван",
        "Ivanov",
        "В иве",
        "a van of ivory",
        "Иванович Петров",
        "Иван с братом Ивановым",
        "Иван, Пётр и Иванов",
    ],
)
def test_another_name_is_not(said: str) -> None:
    assert not list(Denied(KEY).adding(["Иван Иванов"]).find(said))


@pytest.mark.parametrize("said", ["Song for Ivanov", "И. Иванов", "с Ивановым", "#Иванов", "Иван и Пётр"])
def test_a_part_of_a_name_is_told_where_it_is_written_as_a_name(said: str) -> None:
    assert list(Denied(KEY).adding(["Иван Иванов"]).parts(said))


def test_a_word_in_small_letters_and_a_name_of_one_word_are_no_parts() -> None:
    assert not list(Denied(KEY).adding(["Роза Мир"]).parts("Мы хотим мира"))
    assert not list(Denied(KEY).adding(["Иванов"]).parts("с Ивановым"))


def test_a_given_name_alone_is_not_taken_for_somebody() -> None:
    by = Standards(denied=Denied(KEY).adding(["Аслан Магомадов"]))
    for text, told in [("Aslan reads tonight", False), ("Aslan and Magomadov read", True)]:
        found = check_passage(Passage(text=text, where="here", language="en"), by)
        assert ("may-be-denied" in {each.rule for each in found}) == told
    [one] = [each for each in found if each.rule == "may-be-denied"]
    assert "agomadov" not in one.why + (one.mend or "")


def test_the_place_of_a_name_is_its_place_in_the_text() -> None:
    said = "Да 𝐌𝐚𝐫𝐢𝐚\u200b 𝐏𝐞𝐭𝐫𝐨𝐯𝐚!"
    [(start, end)] = Denied(KEY).adding(["Maria Petrova"]).find(said)
    assert (start, end) == (3, len(said) - 1)


def test_nothing_of_a_name_stands_in_what_is_kept() -> None:
    kept = Denied(KEY).adding(["Maria Petrova"])
    assert b"aria" not in kept.dumps()
    assert "etrov" not in repr(kept)
    assert len(Denied.loads(kept.dumps(), KEY)) == 1
    assert Denied(b"x" * 32).adding(["Maria Petrova"]).dumps() != kept.dumps()


def test_a_list_comes_back_as_it_was_kept() -> None:
    kept = Denied.loads(Denied(KEY).adding(["Maria Petrova"]).dumps(), KEY)
    assert list(kept.find("Мария Петрова")) == [(0, 13)]
    assert len(kept.adding(["Maria Petrova"])) == 1
    assert not list(NOBODY.find("Мария Петрова"))


@pytest.mark.parametrize(("content", "key"), [(b"{", KEY), (b"[]", KEY), (b'{"names": [[["a"]]]}', None)])
def test_a_damaged_list_stops_everything(content: bytes, key: bytes | None) -> None:
    with pytest.raises(CampaignError, match="damaged"):
        Denied.loads(content, key)


@pytest.mark.parametrize("name", ["", "12", "a b", "one two three four five six"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(CampaignError):
        Denied(KEY).adding([name])


def test_a_file_has_a_name_on_a_line() -> None:
    assert names_in("# who\r\nMaria Petrova\n\n  Иван  \n") == ["Maria Petrova", "Иван"]
