"""Draw previews in words for a terminal: no colour, any width, letters never torn.

In: previews. Out: lines of text, each at most as wide as the terminal (one letter wider, if it is narrower).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import regex
from rich.cells import cell_len

from clarion.composing.measure import MOST
from clarion.networks.base import CARD_LATER
from clarion.review.remarks import Reason, in_words_of

if TYPE_CHECKING:
    from clarion.model import Card
    from clarion.networks.base import ShownImage, ShownPart
    from clarion.review.preview import Preview

_METER = 10
_INDENT = "  "
#: Of a thread that is too long for anybody: so many of its posts are shown.
_BEGINNING = 2
_CLUSTER = regex.compile(r"\X")


def terminal(
    previews: Sequence[Preview],
    *,
    width: int = 80,
    plain: bool = False,
    because: Reason | None = None,
) -> str:
    """The previews for a terminal `width` columns wide. Nothing is said by colour alone, or at all.

    `plain` draws with ASCII only (the texts keep their letters). What the checks say stands at the end, once for all
    of them; `because` is the reason that was given already.
    """
    found = [finding for preview in previews for finding in preview.findings]
    said = [
        line
        for lines in in_words_of(found, because=because)
        for line in (*wrap(lines[0], width), *(w for more in lines[1:] for w in _indented(more, width)))
    ]
    blocks = [*(_lines(preview, width, plain=plain) for preview in previews), *([said] if said else [])]
    return "\n".join("".join(f"{line.rstrip()}\n" for line in block) for block in blocks)


def wrap(text: str, width: int, *, indent: str = "") -> list[str]:
    """A text in lines at most `width` columns wide, by display width; a word too long breaks between graphemes."""
    room = max(1, width - cell_len(indent))
    return [indent + line for paragraph in text.split("\n") for line in _wrapped(paragraph, room)]


def meter(weight: int, limit: int, *, plain: bool) -> str:
    """How full a part is: "187 of 500 ████░░░░░░"; over the limit, by how much."""
    full, empty = ("#", "-") if plain else ("█", "░")
    filled = min(_METER, max(weight * _METER // limit, 1 if weight else 0))  # full only at the limit
    over = f" {weight - limit} too many" if weight > limit else ""
    return f"{weight} of {limit} {full * filled}{empty * (_METER - filled)}{over}"


def _lines(preview: Preview, width: int, *, plain: bool) -> Iterator[str]:
    shown = preview.shown
    yield from wrap(preview.heading.replace("·", "-") if plain else preview.heading, width)
    if shown.at:
        yield from wrap(f"Due {shown.at}", width)
    if shown.warning:
        sign, dash = ("", "-") if plain else ("⚠ ", "—")
        yield from wrap(f"{sign}Warning: {shown.warning} {dash} the reader must open this", width)
    count = len(shown.parts)
    # So many are never one thread and nobody approves them: what is wrong shall not scroll away above them.
    read = shown.parts if count <= MOST else shown.parts[:_BEGINNING]
    for number, part in enumerate(read, 1):
        yield ""
        if count > 1:
            yield f"{number}/{count}"
        yield from _part(part, width, plain=plain)
    if len(read) < count:
        yield ""
        yield from wrap(f"{'...' if plain else '…'} and {count - len(read)} more", width)


def _indented(line: str, width: int) -> list[str]:
    return wrap(line.strip(), width, indent=_INDENT)


def _part(part: ShownPart, width: int, *, plain: bool) -> Iterator[str]:
    yield from wrap("".join(words for words, _ in part.spans), width, indent=_INDENT)
    if part.card:
        yield from _card(part.card, part.card_image, width)
    if part.card_later:
        yield from wrap(f"[Link card] {CARD_LATER}", width, indent=_INDENT)
    for image in part.images:
        size = f"{image.width} x {image.height}"
        yield from wrap(f"[Image {size}] {image.alt}", width, indent=_INDENT)
    if part.weight is not None and part.limit:
        yield _INDENT + meter(part.weight, part.limit, plain=plain)


def _card(card: Card, image: ShownImage | None, width: int) -> Iterator[str]:
    picture = f" [Image {image.width} x {image.height}]" if image else ""
    yield from wrap(f"[Link card]{picture} {card.title}", width, indent=_INDENT)
    if card.description:
        yield from wrap(card.description, width, indent=2 * _INDENT)
    yield from wrap(card.url, width, indent=2 * _INDENT)


def _wrapped(paragraph: str, room: int) -> Iterator[str]:
    line = ""
    for blank, clusters in groupby(_CLUSTER.findall(paragraph), str.isspace):
        piece = "".join(clusters)
        if cell_len(line) + cell_len(piece) <= room:
            line += piece
            continue
        if line.strip():
            yield line
        *whole, line = _torn("" if blank else piece, room)
        yield from whole
    yield line


def _torn(word: str, room: int) -> list[str]:
    lines = [""]
    for cluster in _CLUSTER.findall(word):
        if lines[-1] and cell_len(lines[-1]) + cell_len(cluster) > room:
            lines.append("")
        lines[-1] += cluster
    return lines
