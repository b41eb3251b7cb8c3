"""The images of one command: read once, made anew from pixels, drawn where a card is asked for; each network gets what it takes.

In: rendered texts with the paths of their images, of a template's folder or as somebody typed them. Out: `Shown`, the
final bytes with their alt text, known by their SHA-256; and findings where a network does not take what moves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from clarion import networks
from clarion.campaign import toml
from clarion.campaign.pictures import cards, media
from clarion.campaign.pictures.cards import Card
from clarion.campaign.pictures.colours import Colours
from clarion.campaign.pictures.media import Image, Picture
from clarion.campaign.rendering.render import Rendered
from clarion.errors import CampaignError
from clarion.model import Account, Finding, Media

#: So many pictures are kept open between networks; a post has at most four images.
_OPEN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One image of a post, as one network gets it."""

    image: Image
    alt: str

    @property
    def media(self) -> Media:
        image = self.image
        return Media(
            sha256=image.sha256, mime=image.mime, alt=self.alt, width=image.width, height=image.height
        )


class Pictures:
    """Reads each path and draws each card once. Memory holds the pixels of a few at a time."""

    def __init__(self, colours: Colours | None = None, tags: Sequence[str] = ()) -> None:
        self._colours = colours or Colours()
        self._tags = tags
        self._open: dict[Path | Card, Picture] = {}

    def of(self, rendered: Rendered, account: Account) -> tuple[Shown, ...]:
        """The card, then the images, in the bytes that the account's server takes.

        CampaignError when a file cannot be read, CheckFailed when it is no safe picture or the card's words do not fit.
        """
        return tuple(
            Shown(image=self._image(source, account), alt=alt) for source, alt in self._sources(rendered)
        )

    def findings(self, rendered: Rendered, account: Account) -> Iterator[Finding]:
        """Where the network does not take a picture that moves, and why."""
        sources = self._sources(rendered)
        options = networks.options(account.network)
        for source, _ in sources:
            if not self._opened(source).moves:
                continue
            name = source.name if isinstance(source, Path) else "the card"
            why = options.MOVING
            if why is None and len(sources) > 1:
                why = (
                    f"{options.TITLE} takes a picture that moves only alone, and this post has {len(sources)}"
                )
            if why:
                yield Finding(
                    rule="moving",
                    level="never",
                    where=rendered.where,
                    why=f"{name} moves: {why}.",
                    mend="Save one still frame of it as PNG, or post it elsewhere: --to ACCOUNT",
                )

    def _sources(self, rendered: Rendered) -> list[tuple[Path | Card, str]]:
        drawn: list[tuple[Path | Card, str]] = []
        if rendered.card:
            card = Card.of(rendered.card, self._tags)
            drawn.append((card, card.alt))
        return [*drawn, *rendered.images]

    def _image(self, source: Path | Card, account: Account) -> Image:
        picture = self._opened(source)
        if picture.moves and networks.options(account.network).MOVING is None:
            return picture.moving()
        return picture.fitted(account.limits.image_bytes)

    def _opened(self, source: Path | Card) -> Picture:
        picture = self._open.pop(source, None) or self._read(source)
        self._open[source] = picture  # the one used last stands last
        if len(self._open) > _OPEN:
            del self._open[next(iter(self._open))]
        return picture

    def _read(self, source: Path | Card) -> Picture:
        if isinstance(source, Card):
            return media.read(cards.draw(source, self._colours), name="the card")
        if source.exists() and not source.is_file():
            raise CampaignError(f"{toml.shown(source)} is not a file", "name the picture itself")
        return media.read(toml.read_bytes(source, media.MAX_RAW), name=source.name)
