"""Files as they should not be: cut short, in another encoding, in circles, out of the folder, far too long."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from clarion.campaign import templates
from clarion.campaign.ledgers.ledger import Ledger
from clarion.campaign.rendering import render
from clarion.campaign.rendering.render import Rendered
from clarion.errors import CampaignError
from tests.campaign.conftest import FACTS, POST, Folder
from tests.campaign.test_words import CALLS, DAYS

DUE = datetime(2027, 3, 29, 9, 30, tzinfo=ZoneInfo("Europe/Berlin"))
TEXT = """\
{% set it = fact("learned") %}{# a note #}
{% if it %}{{ it|sentence }}: «Привет» {% include "_piece.md" %}
---
{% endif %}{{ call("watch") }}, {{ day("learned")|years_since|years }}.
"""


def outcome(folder: Folder, variables: Mapping[str, str] | None = None) -> Rendered | CampaignError:
    """What becomes of a folder, from reading its files on. Anything but these two is a traceback."""
    try:
        return render.render(
            templates.load(folder.path, "one"),
            ledger=Ledger.load(folder.path),
            language="en",
            network="x",
            variables=variables or {},
            due=DUE,
            tags=(),
        )
    except CampaignError as error:
        return error


def refusal(folder: Folder, variables: Mapping[str, str] | None = None) -> str:
    found = outcome(folder, variables)
    assert isinstance(found, CampaignError)
    assert "\n" not in found.message
    assert found.hint
    return found.message


@pytest.fixture
def whole(folder: Folder) -> Folder:
    folder.write("posts/calls.toml", CALLS)
    folder.write("posts/days.toml", DAYS)
    folder.write("posts/one/_piece.md", "— a piece\n")
    folder.write("posts/one/post.toml", POST + '[warning]\nen = "CW: torture"\nru = "Осторожно"\n')
    folder.write("posts/one/en.md", TEXT)
    return folder


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("posts/one/en.md", TEXT),
        ("posts/one/post.toml", POST + '[warning]\nen = "CW: torture"\nru = "Осторожно"\n'),
        ("posts/facts.toml", FACTS),
        ("posts/calls.toml", CALLS),
        ("posts/days.toml", DAYS),
    ],
)
def test_a_file_cut_short_anywhere_is_read_or_refused_in_one_line(
    whole: Folder, name: str, content: str
) -> None:
    raw = content.encode()
    for length in range(0, len(raw), 7 if len(raw) < 500 else 23):
        whole.write(name, raw[:length])
        found = outcome(whole)
        assert isinstance(found, Rendered) or ("\n" not in found.message and "posts/" in found.message)


def test_a_file_cut_inside_a_letter_is_no_utf8(whole: Folder) -> None:
    raw = TEXT.encode()
    whole.write("posts/one/en.md", raw[: raw.index("П".encode()) + 1])
    assert refusal(whole) == "posts/one/en.md, line 2: this is not UTF-8 text"


def test_a_piece_in_another_encoding_is_named(whole: Folder) -> None:
    whole.write("posts/one/_piece.md", "Привет".encode("cp1251"))
    assert refusal(whole) == "posts/one/_piece.md, line 1: this is not UTF-8 text"


def test_windows_line_ends_make_the_same_post(whole: Folder) -> None:
    before = outcome(whole)
    whole.write("posts/one/en.md", TEXT.replace("\n", "\r\n"))
    whole.write("posts/facts.toml", FACTS.replace("\n", "\r\n"))
    assert outcome(whole) == before
    assert isinstance(before, Rendered)


@pytest.mark.parametrize("piece", ["a.", "{{", "{% if a %}", "{{ a }}", "((", "---\n", "\u202e", "\0"])
def test_a_text_of_100_kb_is_refused_before_it_is_read_as_a_template(whole: Folder, piece: str) -> None:
    whole.write("posts/one/en.md", piece * (100_000 // len(piece)))
    assert refusal(whole) == "posts/one/en.md, line 1: this file is longer than 64,000 characters"


def test_a_value_of_100_kb_is_refused(whole: Folder) -> None:
    whole.write("posts/one/en.md", "{{ a }}")
    assert (
        refusal(whole, {"a": "a." * 50_000}) == "posts/one/en.md: this renders to more than 20,000 characters"
    )


@pytest.mark.parametrize("variables", [{}, {"a": "1"}])
def test_pieces_that_include_each_other_are_refused(whole: Folder, variables: Mapping[str, str]) -> None:
    whole.write("posts/one/en.md", '{{ a|default("") }}{% include "_a.md" %}')
    whole.write("posts/one/_a.md", '{% include "_b.md" %}')
    whole.write("posts/one/_b.md", '{% include "_a.md" %}')
    assert "more than 50 files are included" in refusal(whole, variables)


def test_what_is_asked_for_is_read_once_however_often_it_is_included(whole: Folder) -> None:
    for number in range(40):
        whole.write(f"posts/one/_{number}.md", f'{{% include "_{number + 1}.md" %}}' * 2)
    whole.write("posts/one/_40.md", "{{ place }}")
    whole.write("posts/one/en.md", '{% include "_0.md" %}{{ name }}')
    assert render.asked_by(templates.load(whole.path, "one")) == {"place", "name"}


@pytest.mark.parametrize("source", ["{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}", "{{ a", "{% for %}"])
def test_a_broken_template_is_refused_also_when_asked_what_it_asks_for(whole: Folder, source: str) -> None:
    whole.write("posts/one/en.md", source)
    with pytest.raises(CampaignError, match=r"posts/one/en\.md"):
        render.asked_by(templates.load(whole.path, "one"))


@pytest.mark.parametrize("name", ["_secret.md", "_up.md", "_loop.md", "_folder.md", "_pipe.md"])
def test_an_include_that_leads_elsewhere_is_not_there(whole: Folder, name: str) -> None:
    one = whole.path / "posts" / "one"
    (one / "_secret.md").symlink_to("/etc/passwd")
    (one / "_up.md").symlink_to("../two/_piece.md")
    (one / "_loop.md").symlink_to("_loop.md")
    (one / "_folder.md").mkdir()
    os.mkfifo(one / "_pipe.md")
    whole.write("posts/two/_piece.md", "a piece of another post")
    whole.write("posts/one/en.md", f'{{% include "{name}" %}}')
    assert refusal(whole) == f'posts/one/en.md, line 1: there is no piece "{name}" to include'


def test_partials_that_are_a_link_out_of_posts_are_not_there(whole: Folder, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.md").write_text("secret")
    (whole.path / "posts" / "_partials").symlink_to(tmp_path / "outside")
    whole.write("posts/one/en.md", '{% include "secret.md" %}')
    assert refusal(whole) == 'posts/one/en.md, line 1: there is no piece "secret.md" to include'


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1e400 - 1e400", "1e400|years"])
def test_a_number_beyond_all_numbers_is_refused(whole: Folder, number: str) -> None:
    whole.write("posts/one/en.md", f"{{{{ {number} }}}}")
    assert refusal(whole) == "posts/one/en.md, line 1: this number is too large"


@pytest.mark.parametrize("name", ["en.md", "en.x.md"])
@pytest.mark.parametrize("variables", [{}, {"a": "1"}])
def test_a_text_that_is_a_pipe_is_refused(whole: Folder, name: str, variables: Mapping[str, str]) -> None:
    (whole.path / "posts/one" / name).unlink(missing_ok=True)
    os.mkfifo(whole.path / "posts/one" / name)
    assert f"posts/one/{name}" in refusal(whole, variables)


# ── cards ─────────────────────────────────────────────────────────────────────────────────────────────────────

CARD = '[card]\nkind = "figure"\nfigure = { en = "{{ day(\\"learned\\")|years_since }}", ru = "9" }\n'


def test_the_words_of_a_card_are_rendered_with_what_is_vouched_for(whole: Folder) -> None:
    whole.write(
        "posts/one/post.toml", POST + CARD + 'text = { en = "years since 2017, {{ who }}", ru = "лет" }\n'
    )
    found = outcome(whole, {"who": "you"})
    assert isinstance(found, Rendered)
    assert found.card == {"figure": "10", "text": "years since 2017, you"}
    assert found.card_vouched == {"figure": ((0, 2),), "text": ()}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "{{ fact('wrong') }}",
            'posts/one/en.md: the fact "wrong" is blocked in posts/facts.toml: it is false',
        ),
        ("{{ who }}", 'posts/one/post.toml: "who" has no value'),
        ("{% for %}", "posts/one/post.toml: Expected an expression, got 'end of statement block'"),
        ("{{ range(3) }}", "posts/one/post.toml: there is no range(…) in templates"),
    ],
)
def test_the_words_of_a_card_keep_to_the_same_language(whole: Folder, text: str, said: str) -> None:
    whole.write("posts/one/post.toml", POST + CARD + f'text = {{ en = "{text}", ru = "лет" }}\n')
    assert refusal(whole).startswith(said)


def test_a_card_that_lacks_a_language_is_refused(whole: Folder) -> None:
    whole.write("posts/one/post.toml", POST + CARD + 'text = { en = "years" }\n')
    assert refusal(whole) == "posts/one/post.toml, line 7: card.text.ru is missing"
