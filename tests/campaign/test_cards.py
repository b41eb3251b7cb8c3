"""A card says all that it shows in its alt text, in letters that everybody can read, and looks the same each time."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from clarion.campaign.ledgers.facts import Facts
from clarion.campaign.pictures import media
from clarion.campaign.pictures.cards import HEIGHT, MARGIN, WIDTH, Asked, Card, draw
from clarion.campaign.pictures.colours import CONTRAST, Colour, Colours, contrast
from clarion.campaign.pictures.lettering import fitted
from clarion.errors import CheckFailed

TAGS = ("#EyesOnChechnya", "#CloseTheCamps")
QUOTE = Card(
    text="“They are not a mistake and they are not alone.”",
    attribution="Artem Kolesov, violinist, 29 March 2017",
    source="NPR, 17 April 2017",
    tags=TAGS,
)
FIGURE = Card(
    figure="9 лет",
    text="прошло с тех пор, как Российская ЛГБТ-сеть впервые узнала о задержаниях в Чечне — 29 марта 2017 года",
    source="Российская ЛГБТ-сеть",
    tags=TAGS,
)
LONG = Card(
    text="ЕСПЧ единогласно признал Россию ответственной за пытки, дискриминацию и отсутствие расследования. "
    * 3,
    source="Европейский суд по правам человека, «Лапунов против России», жалоба № 28834/19, 12 сентября 2023 года",
    tags=TAGS,
)
WORD = Card(text="Человеконенавистничество" * 5 + " ё й і ї Ы", tags=TAGS)


def seen(card: Card, colours: Colours | None = None) -> Image.Image:
    with Image.open(BytesIO(draw(card, colours or Colours()))) as image:
        return image.convert("RGB")


def wrapped(text: str, **limits: int) -> list[str]:
    box = {"width": 1000, "height": 500, "largest": 60, "smallest": 40, "weight": 600} | limits
    lines = fitted(text, **box)
    assert lines is not None
    return [line.replace("\u00a0", " ") for line in lines.lines]


@pytest.mark.parametrize("card", [QUOTE, FIGURE, LONG, WORD], ids=["quote", "figure", "long", "one word"])
def test_a_card_is_1200_by_675_and_nothing_touches_its_margin(card: Card) -> None:
    image = seen(card)
    assert image.size == (WIDTH, HEIGHT) == (1200, 675)
    ground = Image.new("RGB", image.size, Colours().background.rgb)
    from PIL import ImageChops

    left, top, right, bottom = ImageChops.difference(image, ground).getbbox() or (0, 0, 0, 0)
    assert left >= MARGIN - 4  # a letter may hang over by a hair, as the top of an r does
    assert right <= WIDTH - MARGIN + 4
    assert top >= 70
    assert bottom <= HEIGHT - 60


def test_the_same_card_gives_the_same_bytes() -> None:
    assert draw(FIGURE, Colours()) == draw(FIGURE, Colours())


def test_its_alt_text_is_all_that_stands_on_it() -> None:
    assert QUOTE.alt == (
        "“They are not a mistake and they are not alone.”\nArtem Kolesov, violinist, 29 March 2017.\n"
        "NPR, 17 April 2017.\n#EyesOnChechnya #CloseTheCamps"
    )
    assert FIGURE.alt.startswith("9 лет прошло с тех пор")


def test_a_figure_has_its_words_beside_it_where_they_fit_and_below_it_where_not() -> None:
    few = seen(
        Card(figure="10 years", text="since the first report on the detentions in Chechnya", tags=TAGS)
    )
    many = seen(Card(figure="1,234,567,890", text="people stood for those who cannot", tags=TAGS))
    beside = (820, 100, WIDTH - MARGIN, 480)  # a figure above its words ends left of it
    assert _filled(few, beside)
    assert not _filled(many, (WIDTH - 200, 340, WIDTH - MARGIN, 480))


def _filled(image: Image.Image, box: tuple[int, int, int, int]) -> bool:
    return len(image.crop(box).getcolors(100_000) or ()) > 10


@pytest.mark.parametrize("part", ["text", "attribution", "source", "figure", "tags"])
def test_every_word_of_the_alt_text_is_drawn(part: str) -> None:
    whole = Card(text="Text", attribution="By", source="Source", figure="9", tags=TAGS)
    other = {"text": "Next", "attribution": "My", "source": "Course", "figure": "8", "tags": ("#Other",)}[
        part
    ]
    fields = {name: getattr(whole, name) for name in ("text", "attribution", "source", "figure", "tags")}
    assert draw(Card(**(fields | {part: other})), Colours()) != draw(whole, Colours())


def test_as_an_image_it_is_made_anew_like_every_other_and_fits_every_network() -> None:
    raw = draw(LONG, Colours())
    image = media.reencode(raw, name="the card", limit=1_000_000)
    assert (image.mime, image.width, image.height) == ("image/png", WIDTH, HEIGHT)
    assert len(image.bytes) < 200_000


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("name", ["ecthr", "un-experts", "network-learned"])
def test_the_longest_facts_of_the_campaign_fit_on_a_card(name: str, language: str) -> None:
    fact = Facts.load(Path(__file__).parents[2]).get(name, where="this test")
    assert draw(Card(text=fact.wording[language], source=fact.source, tags=TAGS), Colours())


# ── colours ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#0000ff", "#ffffff", 8.59)],
)
def test_contrast_is_counted_as_wcag_does(one: str, other: str, found: float) -> None:
    assert contrast(Colour(one), Colour(other)) == pytest.approx(found, abs=0.005)


def test_the_colours_that_come_with_clarion_can_be_read() -> None:
    ours = Colours()
    found = [contrast(colour, ours.background) for colour in (ours.text, ours.accent, ours.quiet)]
    assert min(found) >= CONTRAST
    assert list(ours.faint()) == []


def test_what_is_drawn_has_the_contrast_of_its_colours() -> None:
    colours = {colour for _, colour in seen(QUOTE).getcolors(WIDTH * HEIGHT) or ()}
    for wanted in (Colours().text, Colours().accent, Colours().quiet, Colours().background):
        assert wanted.rgb in colours


def test_colours_that_cannot_be_read_are_refused() -> None:
    with pytest.raises(CheckFailed, match=r"the card's text has a contrast of 1\.2"):
        draw(QUOTE, Colours(text=Colour("#1a2540")))


# ── letters ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("letters", ["ё й і ї Ы ґ є ў", "« » “ ” „ ‘ ’ — – … №", "Әң ӏ қ", "ä ñ ç ß œ"])
def test_the_letters_of_our_languages_are_there(letters: str) -> None:
    assert draw(Card(text=letters), Colours())


@pytest.mark.parametrize(("letter", "shown"), [("🕯", "“🕯”"), ("漢", "“漢”")])
def test_a_letter_that_is_missing_is_named_and_never_an_empty_box(letter: str, shown: str) -> None:
    with pytest.raises(CheckFailed, match=f"the letters of image cards have no {shown}"):
        draw(Card(text=f"Light {letter}"), Colours())


def test_short_words_and_numbers_stay_with_what_follows() -> None:
    lines = wrapped(
        "Новая газета сообщила о задержаниях в Чечне 1 апреля 2017 года и назвала источник", width=600
    )
    assert not [line for line in lines if line.split()[-1] in {"о", "в", "и", "1", "2017"}]


def test_a_dash_never_begins_a_line() -> None:
    assert not [
        line
        for width in range(200, 900, 50)
        for line in wrapped("Это было давно — и это было вчера — и сегодня", width=width, height=900)
        if line.startswith("—")
    ]


def test_lines_are_about_equally_long() -> None:
    lines = wrapped("They are not a mistake and they are not alone and never were at all", width=1000)
    assert min(map(len, lines)) > 0.6 * max(map(len, lines))


def test_no_letter_of_a_long_word_is_lost() -> None:
    assert "".join(wrapped("Человеконенавистничество" * 4, width=500)) == "Человеконенавистничество" * 4


def test_a_line_that_somebody_ended_ends_there() -> None:
    assert wrapped("One.\nTwo.") == ["One.", "Two."]


@pytest.mark.parametrize(
    ("card", "what"),
    [
        (Card(text="слово " * 110), "the text"),
        (Card(text="a.a." * 25_000), "the text"),
        (Card(text="x", source="источник " * 40), "the source"),
        (Card(text="x", figure="9" * 60), "the figure"),
    ],
    ids=["words", "100 kB", "source", "figure"],
)
def test_what_does_not_fit_is_named(card: Card, what: str) -> None:
    with pytest.raises(CheckFailed, match=f"{what} is too long for an image card"):
        draw(card, Colours())


# ── [card] in post.toml ───────────────────────────────────────────────────────────────────────────────────────


def test_a_figure_needs_its_figure_in_every_language() -> None:
    asked = Asked(kind="figure", text={"en": "years", "ru": "лет"}, figure={"en": "9"})
    assert (asked.lacks("en"), asked.lacks("ru")) == (None, "figure")
    assert Asked(text={"en": "Look."}).lacks("ru") == "text"


def test_a_quote_shows_no_figure() -> None:
    assert Asked(text={"en": "Look."}, figure={"en": "9"}).words("en") == {"text": "Look."}


def test_a_card_without_a_text_is_refused() -> None:
    with pytest.raises(CheckFailed, match="the image card has no text"):
        Card.of({"text": " \n"}, TAGS)
