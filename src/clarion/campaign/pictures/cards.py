"""Image cards: a sentence, or a figure with its words, as a picture that can be read without a click.

In: `[card]` of a template's post.toml, or a text somebody typed; the campaign's colours. Out: a `Card`, whose alt text is
all that stands on it, and its PNG of 1200 × 675 pixels. The same card gives the same bytes on one machine. Colours that
cannot be read well are refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Literal

import msgspec

from clarion.campaign.pictures.colours import CONTRAST, Colour, Colours
from clarion.campaign.plain import clean
from clarion.campaign.toml import Table
from clarion.errors import CheckFailed

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

    from clarion.campaign.pictures.lettering import Lines

    _Block = tuple[Lines, Colour]

WIDTH, HEIGHT = 1200, 675
MARGIN = 88

Kind = Literal["quote", "figure"]

#: Sizes of letters in pixels, largest and smallest. At a phone's width a third of them is left.
_TEXT = (88, 34)
_FIGURE = (200, 90)
_BESIDE_FIGURE = (58, 40)
_BELOW_FIGURE = (52, 36)
_BY = (36, 30)
_SOURCE = (28, 24)
_TAGS = (31, 24)
#: Between the figure or the text and what belongs to it; between those and the foot; around the foot's thin line, and
#: between the source and the tags.
_NEAR, _FAR, _RULE, _APART = 46, 44, 30, 24
#: How wide a figure may be that has its words beside it, and how far they stand from it.
_MOST_OF_FIGURE, _BESIDE = 580, 56
#: The short stroke at the top: wide, high.
_STROKE = (72, 6)
_TOP = 72
#: No card takes more; fitting a longer text would only take time.
_MOST = 700


class Asked(Table, frozen=True, kw_only=True):
    """`[card]` in post.toml. Words per language; they may use fact() and its like, as the text does."""

    kind: Kind = "quote"
    text: dict[str, str]
    figure: dict[str, str] = msgspec.field(default_factory=dict)
    attribution: dict[str, str] = msgspec.field(default_factory=dict)
    source: dict[str, str] = msgspec.field(default_factory=dict)

    def words(self, language: str) -> dict[str, str]:
        """What is written in a language, by the names that `Card` has; a part that is not written is not there."""
        parts = {
            "figure": self.figure if self.kind == "figure" else {},
            "text": self.text,
            "attribution": self.attribution,
            "source": self.source,
        }
        return {name: written[language] for name, written in parts.items() if written.get(language)}

    def lacks(self, language: str) -> str | None:
        """The part that a language must have and has not."""
        needed = ("figure", "text") if self.kind == "figure" else ("text",)
        return next((name for name in needed if not getattr(self, name).get(language, "").strip()), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What stands on a card. Words are NFC and plain."""

    text: str
    figure: str | None = None
    attribution: str | None = None
    source: str | None = None
    tags: tuple[str, ...] = ()

    @classmethod
    def of(cls, words: Mapping[str, str], tags: Sequence[str]) -> Card:
        """A card of what `Asked.words` gave, once it is rendered. CheckFailed where no text is left."""
        said = {name: clean(text) for name, text in words.items()}
        if not said.get("text"):
            raise CheckFailed("the image card has no text", "write something for it to say")
        return cls(
            text=said["text"],
            figure=said.get("figure"),
            attribution=said.get("attribution"),
            source=said.get("source"),
            tags=tuple(tags),
        )

    @property
    def alt(self) -> str:
        """All that stands on it, in the order of reading: a figure goes on in its words, a sentence ends with its mark."""
        said = (" ".join(each for each in (self.figure, self.text) if each), self.attribution, self.source)
        return "\n".join([*(_ended(part) for part in said if part), *filter(None, [" ".join(self.tags)])])


def draw(card: Card, colours: Colours) -> bytes:
    """The card as a PNG. CheckFailed where its words do not fit, its letters are missing, or its colours are too faint."""
    from PIL import Image, ImageDraw

    from clarion.campaign.pictures.lettering import FINE, require_letters

    for name, found in colours.faint():
        raise CheckFailed(
            f"the card's {name} has a contrast of {found:.1f} on its background; people need {CONTRAST}",
            f"choose another {name} under [cards] in config.toml",
        )
    require_letters(card.alt)
    large = Image.new("RGB", (WIDTH * FINE, HEIGHT * FINE), colours.background.rgb)
    page = _Page(ImageDraw.Draw(large), colours)
    page.body(card, until=page.foot(card))
    out = BytesIO()
    large.reduce(FINE).save(
        out, "PNG", compress_level=1
    )  # `media` packs it thoroughly, as every other picture
    return out.getvalue()


class _Page:
    """One card being drawn, from its foot upward."""

    def __init__(self, pen: ImageDraw, colours: Colours) -> None:
        self._pen = pen
        self._colours = colours

    def foot(self, card: Card) -> int:
        """The tags on the last line, the source above them, a thin line above both. Returns where the foot begins."""
        tags = self._set(" ".join(card.tags), _TAGS, "the tags", most=1) if card.tags else None
        source = self._set(card.source, _SOURCE, "the source", most=2) if card.source else None
        top = HEIGHT - _TOP
        if tags:
            top -= tags.height
            self._write(tags, top, self._colours.accent)
        if source:
            top -= source.height + (_APART if tags else 0)
            self._write(source, top, self._colours.quiet)
        if tags or source:
            top -= _RULE
            self._bar(top, WIDTH - 2 * MARGIN, 2, _between(self._colours))
        return top

    def body(self, card: Card, *, until: int) -> None:
        """The figure, the words and who said them, as large as they may be, in the middle of what the foot leaves."""
        begin = _TOP + _STROKE[1] + _FAR
        self._bar(_TOP, *_STROKE, self._colours.accent.rgb)
        room = until - _FAR - begin
        for column, left in self._side_by_side(card, room) or [(self._stacked(card, room), MARGIN)]:
            height = sum(block.height for block, _ in column) + _NEAR * (len(column) - 1)
            top = begin + (room - height) // 2
            for block, colour in column:
                self._write(block, top, colour, left)
                top += block.height + _NEAR

    def _side_by_side(self, card: Card, room: int) -> list[tuple[list[_Block], int]] | None:
        """The figure on the left, its words beside it; each with where it begins. None where they need the whole width."""
        figure = card.figure and self._fit(card.figure, _FIGURE, width=_MOST_OF_FIGURE, height=room, most=1)
        if not figure:
            return None
        left = MARGIN + figure.width + _BESIDE
        width = WIDTH - MARGIN - left
        by = card.attribution and self._fit(card.attribution, _BY, width=width, height=room, most=2)
        if card.attribution and not by:
            return None
        more = [(by, self._colours.quiet)] if by else []
        rest = room - sum(block.height + _NEAR for block, _ in more)
        text = self._fit(card.text, _BESIDE_FIGURE, width=width, height=rest)
        if not text:
            return None
        return [([(figure, self._colours.accent)], MARGIN), ([(text, self._colours.text), *more], left)]

    def _stacked(self, card: Card, room: int) -> list[_Block]:
        by = self._set(card.attribution, _BY, "the attribution", most=2) if card.attribution else None
        figure = self._set(card.figure, _FIGURE, "the figure", most=1) if card.figure else None
        left = room - sum(block.height + _NEAR for block in (by, figure) if block)
        text = self._set(card.text, _BELOW_FIGURE if figure else _TEXT, "the text", height=left)
        shown = ((figure, self._colours.accent), (text, self._colours.text), (by, self._colours.quiet))
        return [(block, colour) for block, colour in shown if block]

    def _set(
        self, words: str, sizes: tuple[int, int], what: str, *, height: int = HEIGHT, most: int = 99
    ) -> Lines:
        found = self._fit(words, sizes, width=WIDTH - 2 * MARGIN, height=height, most=most)
        if not found:
            raise CheckFailed(
                f"{what} is too long for an image card ({len(words)} characters)", f"shorten {what}"
            )
        return found

    def _fit(
        self, words: str, sizes: tuple[int, int], *, width: int, height: int, most: int = 99
    ) -> Lines | None:
        from clarion.campaign.pictures.lettering import NORMAL, STRONG, fitted

        if len(words) > _MOST:
            return None
        return fitted(
            words,
            width=width,
            height=height,
            largest=sizes[0],
            smallest=sizes[1],
            weight=STRONG if sizes in (_TEXT, _FIGURE, _TAGS) else NORMAL,
            most=most,
        )

    def _write(self, block: Lines, top: int, colour: Colour, left: int = MARGIN) -> None:
        from clarion.campaign.pictures.lettering import FINE, capital, font

        letters = font(block.size, block.weight)
        stands = top + capital(block.size, block.weight)
        for number, line in enumerate(block.lines):
            place = (left * FINE, (stands + number * block.leading) * FINE)
            self._pen.text(place, line, font=letters, fill=colour.rgb, anchor="ls")

    def _bar(self, top: int, wide: int, high: int, colour: tuple[int, int, int]) -> None:
        from clarion.campaign.pictures.lettering import FINE

        left, upper, right, lower = (value * FINE for value in (MARGIN, top, MARGIN + wide, top + high))
        self._pen.rectangle((left, upper, right - 1, lower - 1), fill=colour)


def _ended(words: str) -> str:
    """Words that a voice ends before it goes on: with a mark at their end, before or after a closing quotation mark."""
    last = words.rstrip("”»“’\"')")[-1:]
    return words if last in (".", "!", "?", "…", ":", ";") else f"{words}."


def _between(colours: Colours) -> tuple[int, int, int]:
    """A line's colour, between the background and the quiet text: a line carries no meaning and needs no contrast."""
    red, green, blue = (
        round(0.7 * under + 0.3 * over)
        for under, over in zip(colours.background.rgb, colours.quiet.rgb, strict=True)
    )
    return red, green, blue
