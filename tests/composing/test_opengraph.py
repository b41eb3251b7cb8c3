"""What a page says of itself, whoever wrote it."""

from __future__ import annotations

import pytest

from clarion.campaign.checks import Passage, check_passage
from clarion.composing.opengraph import PIECES, Said, plain, read
from clarion.networks import graphemes

RU = "Суд нашёл пытки"


def page(head: str) -> bytes:
    return f"<!doctype html><html><head>{head}</head><body><title>Not this</title></body>".encode()


def said(head: str, charset: str | None = "utf-8") -> Said | None:
    return read(page(head), charset)


def test_open_graph_comes_first_then_the_title_and_the_description():
    plainly = '<title>Old</title><meta name="description" content="Older">'
    graph = '<meta property="og:title" content="New"><meta property="og:description" content="Newer">'
    image = '<meta property="og:image" content="/a.png">'
    assert said(plainly) == Said(title="Old", description="Older")
    assert said(plainly + graph + image) == Said(title="New", description="Newer", image="/a.png")
    assert said('<meta property="og:title" content=" "><title>Old</title>') == Said(title="Old")


@pytest.mark.parametrize(
    "head", ["", "<title> \n </title>", "<title>\u200b\u202e</title>", "<p>words</p>", "<title>never closed"]
)
def test_a_page_without_a_title_says_nothing(head: str):
    assert said(head) is None


def test_of_two_the_first_counts_and_a_drawing_has_no_say():
    twice = '<meta property="og:title" content="One"><meta property="og:title" content="Two">'
    assert said(twice) == Said(title="One")
    assert said("<svg><title>Icon</title></svg>") is None
    assert said("<title>A</title><svg><title>B</title></svg>") == Said(title="A")
    assert said('<meta property="og:title" content="A" content="B">') == Said(title="A")


def test_entities_are_read_once_and_markup_stays_text():
    assert said("<title>A &amp; B &#8212; &lt;b&gt; &amp;lt;</title>") == Said(title="A & B — <b> &lt;")


@pytest.mark.parametrize(
    ("encoding", "declared", "served"),
    [
        ("windows-1251", '<meta charset="windows-1251">', None),
        ("windows-1251", '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">', None),
        ("windows-1251", "", "windows-1251"),
        ("koi8-r", '<meta charset="windows-1251">', "KOI8-R"),  # the server's word comes before the page's
        ("utf-8", "", None),
        ("utf-8-sig", '<meta charset="windows-1251">', None),  # its own mark comes before both
        ("utf-16", "", None),
    ],
)
def test_letters_are_read_as_the_page_or_its_server_says(encoding: str, declared: str, served: str | None):
    assert read(f"{declared}<title>{RU}</title>".encode(encoding), served) == Said(title=RU)


@pytest.mark.parametrize("charset", ["utf-8", None, "no-such-thing", "rot13", "idna", "base64", "\udcff"])
def test_letters_that_are_lost_are_not_guessed(charset: str | None):
    assert read(b"<title>" + RU.encode("windows-1251") + b"</title>", charset) is None


def test_latin_1_is_read_as_browsers_read_it():
    assert read("<title>“Quoted”</title>".encode("cp1252"), "iso-8859-1") == Said(title="“Quoted”")


def test_one_broken_letter_elsewhere_loses_nothing():
    assert read(b"<title>Fine</title><p>\xff\xfe\x80", None) == Said(title="Fine")


HIDDEN = "\u202eevil\u202c \u200bzero\u200d width\ufeff \x00null\x1b[m \u2066iso\u2069 soft\u00adhyphen \u3164 \U000e0041tag\r\n\tend"


def test_nothing_hidden_is_left_that_a_check_would_find():
    clean = plain(HIDDEN, 300)
    assert clean == "evil zero width null [m iso softhyphen tag end"
    assert check_passage(Passage(text=clean, where="w", language="en")) == []
    assert check_passage(Passage(text=HIDDEN, where="w", language="en"))  # else this proves nothing


def test_words_become_nfc():
    assert plain("cafe\u0301", 9) == "caf\u00e9"


def test_long_words_end_between_letters():
    family = "👩‍👩‍👧"  # its joiners are taken out: three letters are left, each whole
    assert plain("é" * 300, 300) == "é" * 300
    cut = plain("é" * 301, 300)
    assert (graphemes.count(cut), cut[-2:]) == (300, "é…")
    assert plain("🇷🇺" * 9, 4) == "🇷🇺" * 3 + "…"
    assert plain(family, 300) == "👩👩👧"
    assert plain("a" + "\u0301" * 100_000, 300) == "a"  # the mountain of marks over it is taken away


@pytest.mark.parametrize(
    "piece",
    ["<", "<!--", "<a ", "<![", "<!", "<?", "&#", "<title>", "<meta ", "<script>", "</", "<a b='", '<meta content="', "\x00"],
)  # fmt: skip
def test_half_a_million_of_anything_is_read_and_is_no_error(piece: str):
    body = (piece * (512_000 // len(piece))).encode()
    assert read(body, None) is None
    found = read(b"<title>Before</title>" + body, None)
    assert found is not None
    assert found.title == "Before"


def many(unit: str) -> bytes:
    return f"<title>A</title>{unit * (PIECES // 2)}".encode()


@pytest.mark.parametrize(
    "unit",
    ["<a></a>", "<a/>", "<", "<!----><!>", "<?><?>", "<![if]><![if]>", "</a>x", "<!doctype><!doctype>"],
)
def test_a_page_of_endless_pieces_is_read_no_further(unit: str):
    graph = b'<meta property="og:title" content="B">'
    assert read(many("<p>") + graph, None) == Said(title="B")
    assert read(many(unit * 2) + graph, None) == Said(title="A")
