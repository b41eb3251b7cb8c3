"""What a template folder must hold, and how what is missing is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from clarion.campaign import templates
from clarion.errors import CampaignError
from tests.campaign.conftest import POST, Folder


def refusal(folder: Folder, slug: str = "one") -> tuple[str, str]:
    with pytest.raises(CampaignError) as caught:
        templates.load(folder.path, slug)
    return caught.value.message, caught.value.hint or ""


def test_it_lists_folders_with_a_post_toml(folder: Folder) -> None:
    folder.write("posts/two/post.toml", POST)
    folder.write("posts/_partials/sign-off.md", "")
    assert templates.names(folder.path) == ["one", "two"]


def test_it_refuses_an_unknown_template_and_names_the_nearest(folder: Folder) -> None:
    assert refusal(folder, "onne") == ('there is no template "onne"', 'did you mean "one"?')


@pytest.mark.parametrize("slug", ["../one", "/etc", "", ".", "one/../one"])
def test_it_refuses_a_slug_that_is_a_path(folder: Folder, slug: str) -> None:
    assert refusal(folder, slug)[0] == f'there is no template "{slug}"'


def test_it_refuses_a_language_without_its_file(folder: Folder) -> None:
    (folder.path / "posts/one/ru.md").unlink()
    assert refusal(folder) == (
        "posts/one/post.toml, line 3: languages names ru, but there is no ru.md",
        "write posts/one/ru.md",
    )


def test_it_refuses_a_gap_in_the_wordings(folder: Folder) -> None:
    folder.write("posts/one/en.3.md", "Hi.")
    assert "there is no en.2.md" in refusal(folder)[0]


def test_it_refuses_a_file_of_an_unnamed_language(folder: Folder) -> None:
    folder.write("posts/one/de.md", "Hallo.")
    assert refusal(folder)[0] == "posts/one/de.md: no language of post.toml has a file of this name"


def test_it_refuses_a_file_for_an_unknown_network(folder: Folder) -> None:
    folder.write("posts/one/en.mastodo.md", "Hi.")
    assert refusal(folder) == (
        'posts/one/en.mastodo.md: "mastodo" is no network',
        'did you mean "mastodon"?',
    )


def test_it_refuses_a_warning_that_one_language_lacks(folder: Folder) -> None:
    folder.write("posts/one/post.toml", POST + '[warning]\nen = "CW"\n')
    assert refusal(folder)[0] == "posts/one/post.toml, line 4: warning.ru is missing"


def test_it_refuses_a_picture_without_alt_text_in_a_language(folder: Folder) -> None:
    folder.write("posts/one/a.png", b"")
    folder.write("posts/one/post.toml", POST + '[[media]]\nfile = "a.png"\nalt = { en = "A candle" }\n')
    assert refusal(folder) == (
        "posts/one/post.toml, line 6: media[0].alt.ru is missing",
        "say in ru what a.png shows",
    )


def test_it_refuses_a_picture_that_is_not_there(folder: Folder) -> None:
    folder.write("posts/one/post.toml", POST + '[[media]]\nfile = "a.png"\nalt = { en = "A", ru = "Б" }\n')
    assert refusal(folder)[0] == "posts/one/post.toml, line 5: media[0].file names a.png, which is not there"


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", ".hidden.png", "sub/a.png"])
def test_it_refuses_a_picture_of_another_folder(folder: Folder, name: str) -> None:
    folder.write("posts/secret.png", b"")
    folder.write(
        "posts/one/post.toml", POST + f'[[media]]\nfile = "{name}"\nalt = {{ en = "A", ru = "Б" }}\n'
    )
    assert refusal(folder)[0] == f"posts/one: {name} is not in this folder"


def test_it_refuses_a_link_that_leads_out_of_the_folder(folder: Folder, tmp_path: Path) -> None:
    secret = folder.write("secret.txt", "token")
    (folder.path / "posts/one/en.md").unlink()
    (folder.path / "posts/one/en.md").symlink_to(secret)
    assert refusal(folder)[0] == "posts/one: en.md is not in this folder"


def test_it_refuses_a_template_that_is_a_link_out_of_posts(folder: Folder) -> None:
    (folder.path / "posts/one").rename(folder.path / "elsewhere")
    (folder.path / "posts/one").symlink_to(folder.path / "elsewhere")
    assert refusal(folder)[0] == "posts/one is a link to another folder"


def test_posts_itself_may_be_a_link(folder: Folder) -> None:
    (folder.path / "posts").rename(folder.path / "elsewhere")
    (folder.path / "posts").symlink_to(folder.path / "elsewhere")
    assert templates.load(folder.path, "one").slug == "one"


def test_a_warning_is_a_line_and_no_text(folder: Folder) -> None:
    long = "torture " * 38
    folder.write("posts/one/post.toml", POST + f'[warning]\nen = "{long}"\nru = "Насилие"\n')
    assert refusal(folder)[0].endswith("warning.en is longer than 300 characters")


def test_it_knows_what_a_variable_is_filled_with_for_show(folder: Folder) -> None:
    folder.write("posts/one/post.toml", POST + '[example]\nplace = "Berlin"\n')
    assert templates.load(folder.path, "one").about.example == {"place": "Berlin"}


def test_it_refuses_an_example_for_what_every_template_knows(folder: Folder) -> None:
    folder.write("posts/one/post.toml", POST + '[example]\ndue = "2027-03-29"\n')
    assert refusal(folder)[0] == (
        "posts/one/post.toml, line 5: example.due is there, but every template knows it"
    )


def test_it_refuses_an_unknown_audience(folder: Folder) -> None:
    folder.write("posts/one/post.toml", POST + 'audience = "inside-russia"\n')
    assert "audience" in refusal(folder)[0]


def test_a_network_has_its_own_wording_where_there_is_one(folder: Folder) -> None:
    folder.write("posts/one/en.x.md", "Short.")
    folder.write("posts/one/en.2.md", "Again.")
    template = templates.load(folder.path, "one")
    assert template.text("en", "x").name == "en.x.md"
    assert template.text("en", "mastodon").name == "en.md"
    assert template.text("en", "x", 2).name == "en.2.md"
    assert (template.wordings("en"), template.wordings("ru")) == (2, 1)


def test_it_refuses_a_language_or_wording_that_is_not_written(folder: Folder) -> None:
    template = templates.load(folder.path, "one")
    with pytest.raises(CampaignError, match="not written in de; it is in en, ru"):
        template.text("de", "x")
    with pytest.raises(CampaignError, match="has no wording 2 in ru; it has 1"):
        template.text("ru", "x", 2)
