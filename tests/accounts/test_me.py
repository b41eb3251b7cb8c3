from __future__ import annotations

import pytest

from clarion.accounts import me
from clarion.errors import CampaignError


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("CLARION_AS", raising=False)
    return tmp_path


def test_nobody_is_guessed():
    assert me.who() is None


def test_a_name_is_remembered_and_the_rest_of_the_file_kept():
    me.place().parent.mkdir(parents=True)
    me.place().write_text("# mine\n[other]\nkey = 1\n")
    me.remember("  Вера ")
    assert me.who() == "Вера"
    assert "# mine\n[other]\nkey = 1\n" in me.place().read_text()


def test_the_environment_goes_first(monkeypatch):
    me.remember("Vera")
    monkeypatch.setenv("CLARION_AS", "Nadja")
    assert me.who() == "Nadja"
    monkeypatch.setenv("CLARION_AS", " ")
    assert me.who() == "Vera"


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 61, "a\u202eb", "a\u200bb"])
def test_it_refuses_a_name_that_does_not_show_as_one_line(name):
    with pytest.raises(CampaignError):
        me.remember(name)
    assert me.who() is None


@pytest.mark.parametrize("broken", ["[me", "[me]\nname = 3", "me = 3"])
def test_a_broken_file_is_named_and_left_alone(broken):
    me.place().parent.mkdir(parents=True)
    me.place().write_text(broken)
    for ask in (me.who, lambda: me.remember("Vera")):
        with pytest.raises(CampaignError) as caught:
            ask()
        assert str(me.place()) in caught.value.message
    assert me.place().read_text() == broken
