from __future__ import annotations

from pathlib import Path

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from clarion.model import Finding
from clarion.review.lines import meter, terminal, wrap
from clarion.review.preview import of_composed
from clarion.review.remarks import Reason, in_words_of
from tests.composing.golden import is_golden
from tests.review.conftest import Board

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize(("width", "plain"), [(80, False), (40, True)])
def test_it_shows_every_network_in_words(board: Board, width: int, plain: bool):
    shown = terminal(board.previews(slug="judgment"), width=width, plain=plain)
    assert is_golden(GOLDEN / f"judgment.{width}{'.plain' if plain else ''}.txt", shown)


def test_plain_draws_with_ascii_alone(board: Board):
    shown = terminal(board.previews(text="We remember."), plain=True)
    assert shown.isascii()


def test_a_warning_folds_only_where_the_network_folds(board: Board):
    x, mastodon, bluesky = (
        terminal([preview]) for preview in board.previews(slug="judgment", languages=("en",))
    )
    assert "⚠ Warning: CW: torture — the reader must open this" in mastodon
    for shown in (x, bluesky):
        assert "must open" not in shown
        assert "\n  CW: torture\n" in shown


def test_what_nobody_queues_is_due_at_no_time(board: Board):
    [post] = board.desk.compose(text="We remember.", accounts=("x",))
    zone = board.desk.config.zone()
    assert "Due " in terminal([of_composed(post, zone=zone)])
    assert "Due " not in terminal([of_composed(post, zone=zone, scheduled=False)])


def test_it_says_what_blocks_and_by_how_much(board: Board):
    [shown] = [
        terminal([preview], width=200) for preview in board.previews(text="no " * 200, accounts=("x",))
    ]
    assert "631 of 280 ██████████ 351 too many" in shown
    assert (
        "Blocked: this text: X takes 280 characters and counts 631 here: cut 351.\n  For X, shorten the text"
        in shown
    )


@pytest.mark.parametrize(("posts", "shown"), [(25, 25), (26, 2), (61, 2)])
def test_of_a_thread_that_is_never_one_only_the_beginning_is_shown_before_what_blocks(
    board: Board, posts: int, shown: int
):
    text = "\n---\n".join(f"Post {number} of many." for number in range(1, posts + 1))
    drawn = terminal(board.previews(text=text, accounts=("mastodon",)))
    assert drawn.count(" of many.") == shown
    assert (f"… and {posts - shown} more\n" in drawn) is (shown < posts)
    assert (f"a thread of {posts} posts; more than 25 are never one" in " ".join(drawn.split())) is (
        posts > 25
    )


def test_hidden_characters_are_shown_and_no_control_reaches_the_terminal(board: Board):
    shown = terminal(board.previews(text="safe \u202eevil\u200b \x1b[31mred"))
    assert "⟨U+202E⟩evil⟨U+200B⟩ ⟨U+001B⟩[31mred" in shown
    assert not {"\u202e", "\u200b", "\x1b"} & set(shown)


WORDS = st.text(st.sampled_from("aЖ漢 \n#👩‍👧é\u0301🏳️‍🌈"), max_size=60)


@given(text=WORDS, width=st.integers(4, 40))
def test_wrapping_stays_within_the_width_and_keeps_every_grapheme_whole(text: str, width: int):
    lines = wrap(text, width, indent="  ")
    assert all(cell_len(line) <= width for line in lines)
    words = regex.findall(r"\X", text)
    shown = [cluster for line in lines for cluster in regex.findall(r"\X", line[2:])]
    assert [c for c in shown if not c.isspace()] == [c for c in words if not c.isspace()]


@pytest.mark.parametrize(
    ("weight", "said"),
    [
        (0, "0 of 300 ----------"),
        (1, "1 of 300 #---------"),
        (299, "299 of 300 #########-"),
        (300, "300 of 300 ##########"),
        (301, "301 of 300 ########## 1 too many"),
    ],
)
def test_the_meter_says_how_full(weight: int, said: str):
    assert meter(weight, 300, plain=True) == said


def test_what_is_found_on_every_network_is_said_once_at_the_end(board: Board):
    shown = terminal(board.previews(text="We were 300 people."), width=200)
    _, _, end = shown.rpartition("Bluesky · ")
    assert shown.count("Needs a reason") == end.count("Needs a reason: this text: “300”") == 1
    assert "\n  Let the ledger say it" in end


def test_a_reason_that_was_given_stands_where_it_was_asked_for(board: Board):
    shown = terminal(
        board.previews(text="We were 300 people."),
        width=200,
        because=Reason(whose="yours", words="We counted them"),
    )
    assert "Needs a reason (yours: We counted them): this text: “300”" in shown
    assert "--because" not in shown


def test_what_is_found_in_several_texts_names_them_all(board: Board):
    found = [Finding(rule="a", level="look", where=place, why="Odd", mend="Mend it.") for place in "ab"]
    broken = Finding(rule="b", level="never", where="posts/a", why="posts/a/en.md: there is no text")
    assert in_words_of([*found, broken, found[0]]) == [
        ["Please look: Odd.", "  in a, b", "  Mend it."],
        ["Blocked: posts/a/en.md: there is no text."],
    ]


def test_a_thread_is_called_one(board: Board):
    [shown] = [
        terminal([preview]) for preview in board.previews(text="One.\n---\nTwo.", accounts=("bluesky",))
    ]
    assert shown.startswith("Bluesky · @eyes.example · en · a thread of 2 posts\n")
