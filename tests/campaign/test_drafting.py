from __future__ import annotations

import re
from shutil import copytree

import pytest

from clarion.campaign import bundled, drafting, templates
from clarion.errors import CampaignError

_EXAMPLE = re.compile(r"^# (?=\[|[\w-]+ = )", re.MULTILINE)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "posts").mkdir()
    return tmp_path


def test_a_new_post_has_a_text_for_each_language_and_can_be_read(folder):
    drafting.begin(folder, "our-vigil", ["en", "ru"])
    template = templates.load(folder, "our-vigil")
    assert template.about.title == "Our vigil"
    assert sorted(path.name for path in template.texts.values()) == ["en.md", "ru.md"]


def test_every_line_that_is_offered_is_valid_when_it_is_used(folder):
    about = drafting.begin(folder, "our-vigil", ["en", "ru", "pt-BR"]) / "post.toml"
    offered = about.read_text()
    about.write_text(_EXAMPLE.sub("", offered))
    (about.parent / "picture.png").write_bytes(b"")
    read = templates.load(folder, "our-vigil").about
    unset = templates.About(title="", purpose="", languages=())
    same = {name for name in read.__struct_fields__ if getattr(read, name) == getattr(unset, name)}
    assert same == {"purpose", "networks", "audience", "card", "link_card"}


def test_a_post_like_another_has_all_of_it_under_its_own_title(folder):
    shipped = bundled.posts() / "stay-informed"
    copytree(shipped, folder / "posts" / "stay-informed")
    made = drafting.begin_like(folder, "keep-looking", "stay-informed")
    assert {path.name for path in made.iterdir()} == {path.name for path in shipped.iterdir()}
    template = templates.load(folder, "keep-looking")
    assert template.about.title == "Stay informed (keep-looking)"
    assert template.about.media == templates.load(folder, "stay-informed").about.media


@pytest.mark.parametrize("there", ["folder", "file", "link"])
def test_what_is_there_is_not_touched(folder, there):
    taken = folder / "posts" / "our-vigil"
    if there == "folder":
        taken.mkdir()
    elif there == "file":
        taken.write_text("mine")
    else:
        taken.symlink_to("nowhere")
    with pytest.raises(CampaignError, match="is there already"):
        drafting.begin(folder, "our-vigil", ["en"])
    assert [path.name for path in (folder / "posts").iterdir()] == ["our-vigil"]


@pytest.mark.parametrize("slug", ["Our-Vigil", "../out", "", "12", "-x", "a b", ".x", "x" * 80])
def test_a_name_that_cannot_be_typed_or_means_an_entry_is_refused(folder, slug):
    with pytest.raises(CampaignError, match="cannot name a post"):
        drafting.begin(folder, slug, ["en"])
    assert not list((folder / "posts").iterdir())


def test_a_failure_leaves_nothing_behind(folder):
    (folder / "posts" / "broken").mkdir()
    (folder / "posts" / "broken" / "post.toml").write_text("[")
    with pytest.raises(CampaignError):
        drafting.begin_like(folder, "our-vigil", "broken")
    with pytest.raises(ValueError, match="null"):
        drafting.begin(folder, "our-vigil", ["e\0n"])
    assert [path.name for path in (folder / "posts").iterdir()] == ["broken"]
