"""What is vouched for is known to the letter, whatever is done to the text around it; nothing vouches for itself."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.campaign import templates
from clarion.campaign.ledgers.ledger import Ledger
from clarion.campaign.plain import parts_of
from clarion.campaign.rendering import marks, render
from clarion.campaign.rendering.marks import CLOSE, OPEN, OPEN_CALL, CallSpan, Span
from clarion.campaign.rendering.render import Rendered
from clarion.errors import CampaignError
from tests.campaign.conftest import Folder
from tests.campaign.test_words import CALLS, DAYS

DUE = datetime(2027, 3, 29, 9, 30, tzinfo=ZoneInfo("Europe/Berlin"))


def rendered(folder: Folder, source: str, variables: Mapping[str, str] | None = None) -> Rendered:
    folder.write("posts/calls.toml", CALLS)
    folder.write("posts/days.toml", DAYS)
    folder.write("posts/one/en.md", source)
    return render.render(
        templates.load(folder.path, "one"),
        ledger=Ledger.load(folder.path),
        language="en",
        network="mastodon",
        variables=variables or {},
        due=DUE,
        tags=("#EyesOnChechnya", "#CloseTheCamps"),
    )


def vouched(post: Rendered) -> list[list[str]]:
    """The words that are vouched for, part by part."""
    return [
        [part[start:end] for start, end in spans]
        for part, spans in zip(post.parts, post.vouched, strict=True)
    ]


# ── what is vouched for ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('{{ fact("learned") }}', "the Network learned of it on 29 March 2017"),
        ('{{ fact("learned")|sentence }}', "The Network learned of it on 29 March 2017"),
        ('{{ fact("learned")|upper }}', "THE NETWORK LEARNED OF IT ON 29 MARCH 2017"),
        ('{{ fact("learned")|trim|title|lower }}', "the network learned of it on 29 march 2017"),
        ('{% set it = fact("learned") %}{{ it }}', "the Network learned of it on 29 March 2017"),
        ('{{ nothing|default(fact("learned")) }}', "the Network learned of it on 29 March 2017"),
        ('{{ call("watch") }}', "watch the video: https://example.org/en"),
        ('{{ call_link("watch") }}', "https://example.org/en"),
        ('{{ day("learned") }}', "29 March 2017"),
        ('{{ day("learned")|date }}', "29 March 2017"),
        ('{{ fact_date("learned")|date }}', "29 March 2017"),
        ('{{ day_name("learned") }}', "the day the Network learned"),
        ("{{ due|date }}", "29 March 2027"),
        ("{{ due|time }}", "09:30"),
        ('{{ "2027-05-17"|date }}', "17 May 2027"),
        ('{{ day("learned")|years_since }}', "10"),
        ('{{ day("learned")|years_since|years }}', "10 years"),
        ('{{ day("learned")|years_since|ordinal }}', "10th"),
        ('{{ day("learned")|years_since|plural("man", "men") }}', "10 men"),
    ],
)
def test_what_the_ledger_and_the_dates_print_is_vouched_for(folder: Folder, source: str, said: str) -> None:
    post = rendered(folder, f"Look: {source}, 5 of them.")
    assert post.parts[0].startswith(f"Look: {said}, 5 of them.")
    assert vouched(post) == [[said]]


@pytest.mark.parametrize(
    "source",
    [
        "100",
        "{{ 100 }}",
        '{{ "100" }}',
        "{{ 100|years }}",
        "{{ 100|ordinal }}",
        '{{ 100|plural("man", "men") }}',
        '{{ day("learned")|years_since + 90 }}',
        '{{ fact("learned")|length }}',
        '{{ fact("learned")|first }}',
        '{{ day("learned").year }}',
        '{{ "1926-11-01"|years_since }}',
        '{{ "1926-11-01"|years_since|plural("man", "men") }}',
        '{{ "19:45"|time }}',
        '{% for letter in fact("learned") %}{{ letter }}{% endfor %}',
        "{{ count }}",
        "{{ count|upper }}",
        "{{ count|sentence }}",
    ],
)
def test_a_number_of_the_template_or_of_whoever_fills_it_is_not(folder: Folder, source: str) -> None:
    assert vouched(rendered(folder, source, {"count": "100"} if "count" in source else None)) == [[]]


def test_what_a_call_prints_is_known_as_such_through_filters_and_tidying(folder: Folder) -> None:
    source = 'A  \n\n\n{{ call("watch")|sentence }}, {{ fact("learned") }}'
    calls = [[isinstance(span, CallSpan) for span in spans] for spans in rendered(folder, source).vouched]
    assert calls == [[True, False]]


def test_the_tags_that_are_added_are_not_vouched_for(folder: Folder) -> None:
    post = rendered(folder, '{{ day("learned") }}')
    assert post.parts == ("29 March 2017\n\n#EyesOnChechnya #CloseTheCamps",)
    assert vouched(post) == [["29 March 2017"]]


def test_what_is_vouched_for_is_known_part_by_part_and_in_pieces(folder: Folder) -> None:
    folder.write("posts/one/_piece.md", '{{ day("learned") }}')
    source = 'A {{ fact("learned") }}  \n\n\n\n b {% include "_piece.md" %}.\n--- \nCafe\u0301 {{ due|time }}\n---\nNo.'
    assert vouched(rendered(folder, source)) == [
        ["the Network learned of it on 29 March 2017", "29 March 2017"],
        ["09:30"],
        [],
    ]


def test_a_condition_sees_words_and_not_marks(folder: Folder) -> None:
    source = '{% if "Network" in fact("learned") and call_link("watch") == "https://example.org/en" %}yes{% endif %}'
    assert rendered(folder, source).parts[0].startswith("yes")


def test_nothing_that_was_typed_is_vouched_for() -> None:
    assert render.literal("One.\n---\nTwo, 100.", tags=()).vouched == ((), ())


# ── nobody vouches for himself ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("mark", [OPEN, CLOSE, OPEN_CALL])
@pytest.mark.parametrize("form", ["one{}100", '{{{{ "{}100" }}}}', "{{% if 1 %}}{}{{% endif %}}"])
def test_a_template_that_carries_a_mark_is_refused(folder: Folder, mark: str, form: str) -> None:
    with pytest.raises(CampaignError, match=r"en\.md, line [12]: the character U\+10FFF\d is private"):
        rendered(folder, "One.\n" + form.format(mark))


def test_a_mark_spelt_with_an_escape_is_refused(folder: Folder) -> None:
    with pytest.raises(CampaignError, match="is private"):
        rendered(folder, '{{ "\\U0010fff0100\\U0010fff1" }}')
    with pytest.raises(CampaignError, match="is private"):
        rendered(folder, '{% set a = "\\U0010fff0" %}{{ a|upper }}100')


@pytest.mark.parametrize("mark", [OPEN, CLOSE, OPEN_CALL])
def test_a_value_that_carries_a_mark_is_refused(folder: Folder, mark: str) -> None:
    with pytest.raises(CampaignError) as caught:
        rendered(folder, "{{ count }}", {"count": f"{mark}100"})
    assert caught.value.message.startswith('the value of "count": the character U+10FFF')


def test_half_a_character_is_refused(folder: Folder) -> None:
    with pytest.raises(CampaignError, match=r"en\.md, line 1: this prints half a character"):
        rendered(folder, '{{ "\\ud800" }}')


def test_digits_cannot_be_trimmed_off_a_fact(folder: Folder) -> None:
    with pytest.raises(CampaignError):
        rendered(folder, '{{ fact("learned")|trim("7") }}')


# ── whatever the text ─────────────────────────────────────────────────────────────────────────────────────────

#: Letters that melt together, that vanish, and that cut parts.
WILD = st.text(
    st.sampled_from("aé1e\u0301\u0327\u1100\u1161\u11a8 \t\n-👩\u200d\u0915\u093c\u2126"), max_size=12
)


@given(st.lists(st.tuples(WILD, st.booleans()), min_size=1, max_size=8))
def test_marks_change_nothing_of_the_text_and_find_their_words(pieces: list[tuple[str, bool]]) -> None:
    marked = "".join(f"{OPEN}{text}{CLOSE}" if vouches else text for text, vouches in pieces)
    text, spans = marks.lift(marked)
    assert text == "".join(text for text, _ in pieces)
    assert [text[start:end] for start, end in spans] == [text for text, vouches in pieces if vouches]
    try:
        parts = parts_of(text, where="here")
    except CampaignError:
        return
    followed = marks.follow(text, spans, parts)
    for part, found in zip(parts, followed, strict=True):
        assert all(0 <= start < end <= len(part) for start, end in found)
    assert letters(parts, followed) == expected(text, spans)


def letters(parts: tuple[str, ...], followed: tuple[tuple[Span, ...], ...]) -> str:
    """All that is vouched for, decomposed, without what separates words."""
    said = "".join(
        part[start:end] for part, spans in zip(parts, followed, strict=True) for start, end in spans
    )
    return unicodedata.normalize("NFD", "".join(said.split()))


def expected(text: str, spans: tuple[Span, ...]) -> str:
    """The same from the text before anything was done to it: an accent belongs to what stands before it."""
    vouches = [any(start <= place < end for start, end in spans) for place in range(len(text))]
    for place, letter in enumerate(text):
        if unicodedata.category(letter)[0] == "M" or "\u1160" <= letter <= "\u11ff":
            vouches[place] = place > 0 and vouches[place - 1]
    said, at = "", 0
    for line in text.split("\n"):
        if line.rstrip(" \t") != "---":
            said += "".join(letter for place, letter in enumerate(line, at) if vouches[place])
        at += len(line) + 1
    return unicodedata.normalize("NFD", "".join(said.split()))
