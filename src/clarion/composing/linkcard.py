"""The cards below links, on a network that takes them from whoever posts: a title, a description, a picture.

In: the texts of a post's parts, and what the campaign wrote of its links. Out: `Linked`, the cards frozen with the post,
their pictures, and what the checks found. Words of the campaign's own win, and then nothing is fetched; else the page is
read once, through the account's proxy. A page that cannot be read costs its card, never the post.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from clarion import networks
from clarion.campaign import checks, toml
from clarion.campaign.checks import Passage, Standards
from clarion.campaign.pictures import media
from clarion.campaign.pictures.media import Image, Picture
from clarion.campaign.rendering.marks import Span
from clarion.campaign.rendering.render import Rendered
from clarion.campaign.tracking import stretches, without
from clarion.clock import Deadline
from clarion.composing.opengraph import DESCRIPTION, TITLE, read
from clarion.errors import CheckFailed
from clarion.model import Account, Card, Finding
from clarion.networks import graphemes

if TYPE_CHECKING:
    from clarion.networks.public import Answer, Reach

#: The head of a page stands at its beginning: what comes later is not read.
_PAGE, _PICTURE = 512_000, 5_000_000
#: All the pages of one command take no longer: a thread may have a link in each of its parts.
_SECONDS = 60.0
_MOST = {"title": TITLE, "description": DESCRIPTION}


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A card in the campaign's own words: "title", and it may be "description"; and what in each is vouched for."""

    words: Mapping[str, str]
    vouched: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    image: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """What the links of one post got, per part: a card, or none."""

    cards: tuple[Card | None, ...]
    images: Mapping[str, tuple[str, bytes]]  # sha256 → (mime, final bytes)
    findings: tuple[Finding, ...]
    later: frozenset[int]  # the parts, from 1, whose page is read only when the post is queued live


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What a page gave: words and a picture, or why not."""

    words: Mapping[str, str] = field(default_factory=dict)
    picture: Picture | None = None
    lacks: str | None = None  # why there is no card, or no picture, as the end of a sentence


class Pages:
    """The pages that the posts of one command link to, each read once per proxy."""

    def __init__(self, reach: Reach | None = None, tell: Callable[[str], None] | None = None) -> None:
        """`reach`: where requests may go, when that is not the public web. `tell` gets a sentence before each."""
        self._reach = reach
        self._tell = tell
        self._deadline: Deadline | None = None
        self._read: dict[tuple[str, str | None], _Read] = {}

    def read(self, url: str, proxy: str | None) -> _Read:
        """What the page at an address says of itself. Never raises for what a server does."""
        key = (url, proxy)
        if key not in self._read:
            if self._tell:
                self._tell(f"Reading the page at {_host(url)}, for the link's card …")
            self._read[key] = self._fetched(url, proxy)
        return self._read[key]

    def _fetched(self, url: str, proxy: str | None) -> _Read:
        from clarion.networks import public

        try:
            page = self._got(url, ("text/html", "application/xhtml+xml"), _PAGE, proxy)
        except public.Unread as why:
            return _Read(lacks=str(why))
        said = read(page.body, page.charset)
        if said is None:
            return _Read(lacks="it has no title that can be read")
        words = {"title": said.title, "description": said.description}
        if said.image is None:
            return _Read(words=words)
        try:
            return _Read(words=words, picture=self._picture(_joined(page.url, said.image), proxy))
        except public.Unread as why:
            return _Read(words=words, lacks=str(why))
        except CheckFailed as why:
            return _Read(words=words, lacks=why.message)

    def _picture(self, url: str, proxy: str | None) -> Picture:
        from clarion.networks.public import Unread

        answer = self._got(url, ("image/",), _PICTURE, proxy)
        if not answer.whole:
            raise Unread(f"it is larger than {_PICTURE // 1_000_000} MB")
        return media.read(answer.body, name="it")

    def _got(self, url: str, kinds: tuple[str, ...], most: int, proxy: str | None) -> Answer:
        from clarion.networks import public

        self._deadline = self._deadline or Deadline(_SECONDS)
        seconds = min(public.SECONDS, self._deadline.left)
        if seconds <= 0:
            raise public.Unread(f"the pages before it took {_SECONDS:g} seconds")
        return public.get(url, kinds=kinds, most=most, proxy=proxy, reach=self._reach, seconds=seconds)


@dataclass(kw_only=True)
class LinkCards:
    """Makes the cards of one command's posts."""

    by: Standards
    pages: Pages | None = None  # None: no page is read, and its card is made later
    _opened: dict[Path, Picture] = field(default_factory=dict, repr=False)

    def of(
        self,
        texts: Sequence[str],
        rendered: Rendered,
        own: Mapping[str, Own],
        *,
        account: Account,
        language: str,
        proxy: str | None = None,
        pictured: bool = False,
        typed: bool = False,
    ) -> Linked:
        """The cards of a post's parts, which are `texts`; `own` by the page it is for. `pictured`: part 1 has images.

        CampaignError, CheckFailed where a picture of the campaign's own cannot be read.
        """
        if not networks.options(account.network).CARDS:
            return Linked(cards=(None,) * len(texts), images={}, findings=(), later=frozenset())
        own = {without(page, stretches(page)): card for page, card in own.items()}
        links = [_first_link(text, account) for text in texts]
        first = next((link for link in links if link), None)
        if first and rendered.link_card:
            template = Own(words=rendered.link_card, vouched=rendered.link_vouched, image=rendered.link_image)
            own = {**own, first: template}
        if pictured:
            links[0] = None  # a post shows its images or a card
        maker = _Maker(
            cards=self,
            rendered=rendered,
            own=own,
            account=account,
            language=language,
            proxy=proxy,
            typed=typed,
        )
        if rendered.link_card and (first is None or first not in links):
            maker.unshown("pictures leave no room for it" if first else "the text has no link")
        return maker.linked(links)

    def opened(self, path: Path) -> Picture:
        """A picture of the campaign's own, read once."""
        if path not in self._opened:
            self._opened[path] = media.read(toml.read_bytes(path, media.MAX_RAW), name=path.name)
        return self._opened[path]


@dataclass(kw_only=True)
class _Maker:
    """Makes the cards of one post."""

    cards: LinkCards
    rendered: Rendered
    own: Mapping[str, Own]
    account: Account
    language: str
    proxy: str | None
    typed: bool
    images: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    findings: dict[Finding, None] = field(default_factory=dict)

    def linked(self, links: Sequence[str | None]) -> Linked:
        made = [self._card(link) if link else None for link in links]
        later = [
            number
            for number, link in enumerate(links, 1)
            if link and link not in self.own and not self.cards.pages
        ]
        return Linked(
            cards=tuple(made),
            images=self.images,
            findings=tuple(self.findings),
            later=frozenset(later),
        )

    def unshown(self, why: str) -> None:
        """The template's own card has no place in this post."""
        found = f"The card of [link_card] is not shown: {why}."
        self._add([checks.found("no-card", where=self.rendered.where, why=found)])

    def _card(self, url: str) -> Card | None:
        if own := self.own.get(url):
            self._add(self._checked(own.words, own.vouched, "link card"))
            self._add(self._too_long(own.words))
            picture = self.cards.opened(own.image) if own.image else None
            return self._made(url, own.words, picture)
        return self._fetched(url, self.cards.pages) if self.cards.pages else None

    def _fetched(self, url: str, pages: Pages) -> Card | None:
        page, host = pages.read(url, self.proxy), _host(url)
        if page.lacks:
            card = "A link's card has no picture" if page.words else "A link has no card"
            self._add([self._lacking(f"{card} ({host}): {page.lacks}.")])
        if not page.words:
            return None
        found = self._checked(page.words, {}, f"the card that {host} gives its link")
        self._add(_with_mend(each, self._mend()) for each in found)
        if page.picture:
            self._add([self._undeclared(host)])
        return self._made(url, page.words, page.picture)

    def _made(self, url: str, words: Mapping[str, str], picture: Picture | None) -> Card:
        image = picture.fitted(self.account.limits.image_bytes) if picture else None
        if image:
            self.images[image.sha256] = (image.mime, image.bytes)
        return Card(
            url=url,
            title=words["title"],
            description=words.get("description", ""),
            thumb=_name(image),
        )

    def _checked(
        self, words: Mapping[str, str], vouched: Mapping[str, tuple[Span, ...]], what: str
    ) -> Iterator[Finding]:
        for name, text in words.items():
            passage = Passage(
                text=text,
                where=f"{self.rendered.where}, {what}",
                language=self.language,
                network=self.account.network,
                vouched=tuple(vouched.get(name, ())),
                source=self.rendered.source,
                gives=self.rendered.gives,
            )
            yield from checks.check_passage(passage, self.cards.by)

    def _too_long(self, words: Mapping[str, str]) -> Iterator[Finding]:
        for name, text in words.items():
            if (count := graphemes.count(text)) > _MOST[name]:
                why = f"The {name} of a link's card has room for {_MOST[name]:,} characters, and this has {count:,}."
                where = f"{self.rendered.where}, link card"
                yield checks.found("over-long", where=where, why=why, mend=f"Shorten the {name}.")

    def _undeclared(self, host: str) -> Finding:
        """A page's picture is often a face, and a terminal does not show it."""
        return checks.found(
            "people-in-photo",
            where=self.rendered.where,
            why=f"The card has the picture that {host} gives it: may everybody on it be shown?",
            mend=f"Open the page and look. {self._mend()}",
        )

    def _lacking(self, why: str) -> Finding:
        return checks.found("no-card", where=self.rendered.where, why=why, mend=self._mend())

    def _mend(self) -> str:
        if self.typed:
            return "A template may have a card of its own: [link_card] in its post.toml."
        return "Write a card of your own: [link_card] in post.toml."

    def _add(self, findings: Iterator[Finding] | Sequence[Finding]) -> None:
        self.findings.update(dict.fromkeys(findings))


def _first_link(text: str, account: Account) -> str | None:
    facets = networks.text(account.network).facets(text)
    return next((facet.value for facet in facets if facet.kind == "link"), None)


def _host(url: str) -> str:
    return urlsplit(url).hostname or url


def _joined(base: str, address: str) -> str:
    from clarion.networks.public import Unread

    try:
        return urljoin(base, address)
    except ValueError as error:
        raise Unread("its address cannot be read") from error


def _name(image: Image | None) -> str | None:
    return image.sha256 if image else None


def _with_mend(finding: Finding, mend: str) -> Finding:
    return replace(finding, mend=mend)
