"""Names that must never be posted: found in every case and both alphabets, and not to be read back."""

from __future__ import annotations

import pytest

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
    ],
)
def test_a_name_is_found_in_every_form(name: str, said: str) -> None:
    assert list(Denied(KEY).adding([name]).find(said))


@pytest.mark.parametrize(
    "said", ["Иван и Пётр Иванов", "Иван", "Ivanov", "В иве", "a van of ivory", "Иванович Петров"]
)
def test_another_name_is_not(said: str) -> None:
    assert not list(Denied(KEY).adding(["Иван Иванов"]).find(said))


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
