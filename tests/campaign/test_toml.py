"""Whatever is wrong in a TOML file is said in one sentence: file, line, key, and how to mend it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from clarion.campaign import config, toml
from clarion.campaign.keys import line_of
from clarion.errors import CampaignError
from tests.campaign.conftest import CONFIG, Folder


def refusal(folder: Folder) -> tuple[str, str]:
    with pytest.raises(CampaignError) as caught:
        config.load(folder.path)
    return caught.value.message, caught.value.hint or ""


def test_it_refuses_an_unknown_key_and_names_the_nearest_one(folder: Folder) -> None:
    folder.configured("zone =", "zon =")
    message, hint = refusal(folder)
    assert message == "config.toml, line 4: campaign.zon is not a key that Clarion knows"
    assert hint == 'did you mean "zone"?'


def test_it_refuses_an_unknown_table_and_lists_what_there_is(folder: Folder) -> None:
    folder.write("config.toml", CONFIG + "[zebra]\n")
    message, hint = refusal(folder)
    assert message == "config.toml, line 11: zebra is not a key that Clarion knows"
    assert hint.startswith("the keys here are: campaign, outbox")


def test_it_names_the_account_that_holds_the_wrong_key(folder: Folder) -> None:
    folder.write(
        "config.toml", CONFIG + '[accounts.sky]\nnetwork = "bluesky"\nhandle = "a"\nlanguges = ["en"]\n'
    )
    message, hint = refusal(folder)
    assert message == "config.toml, line 14: accounts.sky.languges is not a key that Clarion knows"
    assert hint == 'did you mean "languages"?'


def test_it_refuses_a_wrong_type_and_shows_how_to_write_it(folder: Folder) -> None:
    folder.configured('["en", "ru"]', '"en"')
    message, hint = refusal(folder)
    assert message == "config.toml, line 5: campaign.languages must be a list, not text"
    assert hint == 'write it like this: languages = ["en"]'


@pytest.mark.parametrize(
    ("table", "line", "hint"),
    [
        ("approval", 'required = "one"', "required = 1"),
        ("approval", 'signed = "no"', "signed = false"),
        ("publishing", 'attempts = "many"', "attempts = 8"),
        ("caps", 'x = "many"', "x = 4"),
    ],
)
def test_a_value_of_the_wrong_type_is_answered_with_the_usual_one(
    folder: Folder, table: str, line: str, hint: str
) -> None:
    folder.write("config.toml", f"{CONFIG}\n[{table}]\n{line}\n")
    assert refusal(folder)[1] == f"write it like this: {hint}"


def test_it_names_the_place_in_a_list(folder: Folder) -> None:
    folder.configured('["en", "ru"]', '["en", 3]')
    assert refusal(folder)[0] == "config.toml, line 5: campaign.languages[1] must be text, not a whole number"


def test_it_refuses_a_missing_key_at_its_table(folder: Folder) -> None:
    folder.configured('handle = "@campaign"\n', "")
    message, hint = refusal(folder)
    assert message == "config.toml, line 7: accounts.masto.handle is missing"
    assert hint == "add handle = … under [accounts.masto]"


def test_it_refuses_a_word_that_is_not_a_choice(folder: Folder) -> None:
    folder.configured('zone = "Europe/Berlin"', 'mode = "rehersal"')
    message, hint = refusal(folder)
    assert message == 'config.toml, line 4: campaign.mode cannot be "rehersal"; it is one of: live, rehearsal'
    assert hint == 'did you mean "rehearsal"?'


def test_it_refuses_a_number_out_of_bounds(folder: Folder) -> None:
    folder.write("config.toml", CONFIG + "[publishing]\nattempts = 0\n")
    assert refusal(folder)[0] == "config.toml, line 12: publishing.attempts must be at least 1"


def test_it_says_at_which_line_the_toml_is_broken(folder: Folder) -> None:
    folder.configured('"Eyes on Chechnya"', "Eyes on Chechnya")
    message, hint = refusal(folder)
    assert message.startswith("config.toml, line 3: this is not valid TOML:")
    assert "straight quotes" in hint


def test_it_refuses_a_file_that_is_not_utf8_and_names_the_line(folder: Folder) -> None:
    folder.write("config.toml", CONFIG.replace("Eyes on Chechnya", "Глаза").encode("cp1251"))
    message, hint = refusal(folder)
    assert message == "config.toml, line 3: this is not UTF-8 text"
    assert hint == "save the file with the encoding UTF-8"


def test_it_reads_a_file_with_a_byte_order_mark_and_windows_line_ends(folder: Folder) -> None:
    folder.write("config.toml", b"\xef\xbb\xbf" + CONFIG.replace("\n", "\r\n").encode())
    assert config.load(folder.path).campaign.id == "abc123"


def test_it_refuses_a_file_nested_beyond_reason(folder: Folder) -> None:
    folder.write("config.toml", "[campaign]\nid = " + "[" * 50_000)
    message, _ = refusal(folder)
    assert message == "config.toml is nested too deeply"


@pytest.mark.parametrize(
    "key", ["a." * 50_000 + "a = 1", "[" + "a." * 50_000 + "a]", '"a" . ' * 50_000 + "b = 1"]
)
def test_it_refuses_a_key_of_too_many_parts_before_it_is_parsed(folder: Folder, key: str) -> None:
    folder.write("config.toml", CONFIG + "\n" + key)
    message, _ = refusal(folder)
    assert message.endswith(": a key has too many parts")


def test_dots_in_words_are_no_parts_of_a_key(folder: Folder) -> None:
    folder.write("config.toml", CONFIG.replace("Eyes on Chechnya", "1.2.3.4.5.6.7.8.9.10"))
    assert config.load(folder.path).campaign.name == "1.2.3.4.5.6.7.8.9.10"


def test_it_refuses_a_number_that_python_does_not_read(folder: Folder) -> None:
    folder.write("config.toml", CONFIG + "\n[caps]\nx = " + "1" * 5_000)
    assert refusal(folder)[0] == "config.toml has a number with thousands of digits"


def test_it_does_not_wait_for_a_pipe(folder: Folder) -> None:
    (folder.path / "config.toml").unlink()
    os.mkfifo(folder.path / "config.toml")
    with pytest.raises(CampaignError, match=r"config\.toml is no plain file"):
        toml.read(folder.path / "config.toml")


def test_it_refuses_a_huge_file(folder: Folder) -> None:
    folder.write("config.toml", CONFIG + "#" * 1_000_000)
    assert refusal(folder)[0] == "config.toml is larger than 1,000 kB"


def test_it_says_that_a_folder_is_not_a_file(folder: Folder) -> None:
    (folder.path / "config.toml").unlink()
    (folder.path / "config.toml").mkdir()
    assert refusal(folder)[0] == "config.toml cannot be read: Is a directory"


@pytest.mark.parametrize(
    ("key", "line"),
    [
        (("a", "b"), 2),
        (("a", "c", "d"), 3),
        (("media", 1, "alt", "ru"), 9),
        (("media", 1, "file"), 7),
        (("z",), None),
    ],
)
def test_it_finds_the_line_of_a_key(key: tuple[str | int, ...], line: int | None) -> None:
    text = '[a]\nb = 1\nc = { d = 2 }\n[[media]]\nfile = "1"\n[[media]]\nfile = "2"\n[media.alt]\nru = "x"\n'
    assert line_of(text, key) == line


def test_it_finds_the_innermost_table_whatever_the_order() -> None:
    assert line_of("[a.b]\nc = 1\n[a]\nd = 2\n", ("a", "b", "missing")) == 1


def test_a_text_is_read_with_plain_line_ends(folder: Folder) -> None:
    assert toml.read_text(folder.write("a.md", b"\xef\xbb\xbfone\r\ntwo\rthree\n")) == "one\ntwo\nthree\n"


def test_reading_the_configuration_imports_nothing_heavy(folder: Folder) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom clarion.campaign import config, where\n"
        f"config.load(where.find(None, {str(folder.path)!r}))\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    heavy = {
        "click",
        "jinja2",
        "PIL",
        "babel",
        "sqlalchemy",
        "rich",
        "requests",
        "regex",
        "difflib",
        "secrets",
    }
    assert heavy.isdisjoint(ran.stdout.split())
