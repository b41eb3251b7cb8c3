"""What every network gives: Protocols and the plain data they exchange.

A network is a folder beside this file. Its `text.py` counts and fits (pure); its `publisher.py` talks to the real
server; its `rehearsal.py` is a strict local stand-in (pure); its `view.html` shows a post as the network does. What a
login is stands in `logins.py`, what a stand-in is in `rehearsing.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from clarion.model import (
    Account,
    Card,
    Delivery,
    Examination,
    Facet,
    Limits,
    Media,
    Metrics,
    Part,
    Payload,
    Profile,
    Receipt,
    Staged,
)

if TYPE_CHECKING:
    from clarion.networks.http import Session

# ── publishing ────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The delivery is up."""

    receipt: Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """The delivery is certainly not up, and sending it again is safe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsure:
    """Nobody can tell yet. `look_again_in` is in seconds; None: a human must look."""

    look_again_in: float | None
    asked: bool = True  # False: the network could not even be asked, which is no look


Sighting = Found | Absent | Unsure


def counted(*, likes: object, reposts: object, replies: object, quotes: object) -> Metrics:
    """What a server says of a post, each a number or not said."""
    told = {"likes": likes, "reposts": reposts, "replies": replies, "quotes": quotes}
    return Metrics(**{name: each if isinstance(each, int) else None for name, each in told.items()})


class Publisher(Protocol):
    """One account on its network. Every method raises only `PublishError`s for what the server or the wire does."""

    #: The longest that `stage` and `send` may take, in seconds: the worker's lease is longer than their sum.
    stage_seconds: float
    send_seconds: float
    #: How long after the first intent the same send may be repeated without making a second post; 0: never.
    repeat_seconds: float

    def stage(self, delivery: Delivery) -> Staged:
        """Upload media and cards: invisible, repeatable."""
        ...

    def send(self, staged: Staged) -> Receipt:
        """The one unsafe request. `staged.delivery.first_intent_at` is set by now."""
        ...

    def edit(self, receipt: Receipt, staged: Staged) -> Receipt:
        """Put a delivery in the place of what the receipt names: the same post, with another text.

        Repeating it is harmless. Refused where the network, or Clarion there, does not edit (`options.EDITS`).
        """
        ...

    def find(self, delivery: Delivery, looks: int, now: datetime) -> Sighting:
        """Look whether a delivery of unknown outcome is up; `looks` counts the looks before this one."""
        ...

    def confirm(self, delivery: Delivery, receipt: Receipt) -> bool:
        """Read back: whether what the receipt names is there."""
        ...

    def recall(self, receipt: Receipt) -> None:
        """Take it down. Repeating is harmless."""
        ...

    def metrics(self, receipts: Sequence[Receipt]) -> Mapping[str, Metrics]:
        """What readers did with these posts, by remote id; a post that is not there (any more) is left out.

        Where the network charges, each post costs `prices.READ`.
        """
        ...

    def verify(self) -> Profile:
        """Who this account is, according to its server, and what the server takes."""
        ...

    def examine(self) -> Examination:
        """The same, and all that a doctor asks: what our login may do and until when, the server's clock and rules.

        Changes nothing there, and reads nothing more that costs money. What a server does not say is left out.
        """
        ...


class MediaLoader(Protocol):
    """Gives the bytes of a media item by its SHA-256."""

    def __call__(self, sha256: str) -> bytes: ...


class SessionStore(Protocol):
    """Keeps one account's short-lived tokens on this host."""

    def load(self) -> Mapping[str, str] | None: ...

    def save(self, tokens: Mapping[str, str]) -> None:
        """Store them; an empty mapping is refused, so that a good token is never overwritten with nothing."""
        ...

    def locked(self) -> AbstractContextManager[None]:
        """Hold this while refreshing, so that two processes do not both spend the refresh token."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """All that a publisher is made of. `base` is where requests really go; only tests and rehearsal differ from live."""

    account: Account
    secret: Mapping[str, str]
    base: str
    http: Session
    sessions: SessionStore
    media: MediaLoader
    resend_when_absent: bool = (
        False  # where the network has no key: what was looked for long enough may go again
    )


class PublisherModule(Protocol):
    """`networks/<name>/publisher.py`."""

    def connect(self, connection: Connection) -> Publisher: ...


# ── text ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftPart:
    """One part as written, before the network's rules."""

    text: str
    media: tuple[Media, ...] = ()
    card: Card | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A rendered text in NFC, tags in place, before the network's rules."""

    parts: tuple[DraftPart, ...]
    warning: str | None = None


class TextModule(Protocol):
    """`networks/<name>/text.py`: pure."""

    def facets(self, text: str) -> list[Facet]:
        """The spans the network will link."""
        ...

    def weigh(self, text: str, *, warning: str | None, limits: Limits) -> int:
        """How much of `limits.text` one part takes, by the network's own count."""
        ...

    def fits_only_newer(self, text: str, *, warning: str | None, limits: Limits) -> bool:
        """Whether a part fits by one way of counting and not by another that the network may use."""
        ...

    def split(self, text: str, limits: Limits, *, warning: str | None = None, tail: str = "") -> list[str]:
        """The parts a text makes where it is too long for one; the text itself where it fits or cannot be split.

        Between two parts, in the text, stands white space or nothing. `warning` and `tail` only take room.
        """
        ...

    def fit(self, draft: Draft, limits: Limits) -> tuple[Part, ...]:
        """The draft as this network gets it: warning line in place, facets frozen where the client makes them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One limit of a network: at most `limit` in any `seconds`, and what each step of publishing costs of it."""

    family: str  # what is counted: "posts", "requests", "media", "points"
    limit: int
    seconds: int
    post: int = 0  # a create and its first read-back
    image: int = 0  # an upload, until the server has worked through it
    look: int = 0  # looking for a post of unknown outcome, or reading one back once more
    recall: int = 0  # taking one down
    shared: bool = False  # by all accounts that use one app


class OptionsModule(Protocol):
    """`networks/<name>/options.py`: facts of the network, as constants."""

    TITLE: str  # "Mastodon"
    LIMITS: Limits
    MOVING: str | None  # why a picture that moves is not taken, as a sentence; None: it is, alone
    SECRETS: tuple[str, ...]  # the keys `accounts add` asks for, in order
    WINDOWS: tuple[Rate, ...]  # the limits that a delivery is admitted by
    CARDS: bool  # whether who posts makes the card below a link; elsewhere the network's own server does
    REPLIES: bool  # whether who posts may say who replies
    EDITS: bool  # whether what is up may be edited
    DISCLOSE: str  # how a person says there that an account is automated, as a sentence


class PricesModule(Protocol):
    """`networks/<name>/prices.py`, where the network charges: pure. In millionths of a US dollar."""

    READ: int  # one look at a post of one's own

    def price(self, payload: Payload) -> int:
        """What publishing a post costs."""
        ...

    def part_price(self, part: Part) -> int:
        """What one of its parts costs."""
        ...

    def upload_price(self, part: Part) -> int:
        """What of that is spent before the create."""
        ...


class AddressModule(Protocol):
    """`networks/<name>/address.py`: pure."""

    SHAPE: str  # an example of what a person may paste

    def remote_id(self, url: str, account: Account) -> str | None:
        """What the network calls the post at an address that a person pasted; None when it is not this account's."""
        ...


# ── showing ───────────────────────────────────────────────────────────────────────────────────────────────────


#: What stands in place of a card that is not there yet.
CARD_LATER = "Made only when this is queued live: Clarion then reads the page."


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownImage:
    """An image ready for a page: `src` is a data: or a relative address."""

    src: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPart:
    """One post of a thread, as a person sees it. `spans` is the text cut into (text, link or None)."""

    spans: tuple[tuple[str, str | None], ...]
    images: tuple[ShownImage, ...] = ()
    card: Card | None = None
    card_image: ShownImage | None = None
    card_later: bool = False  # preview: its link's card is made when the post is queued live
    weight: int | None = None  # preview: what it counts, of `limit`
    limit: int | None = None
    remote_id: str | None = None  # timeline: what the network calls it
    url: str | None = None
    answers: str | None = None  # timeline: the remote id it replies to


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A post as its network shows it: what `view.html` draws, in a preview and on a rehearsal timeline."""

    network: str
    account: str  # display name
    handle: str
    language: str
    parts: tuple[ShownPart, ...]
    warning: str | None = None
    at: str | None = None  # the moment, in words for people


def spans(text: str, facets: Sequence[Facet]) -> tuple[tuple[str, str | None], ...]:
    """Cut a text at its facets: (text, link or None), in order, nothing lost."""
    raw = text.encode()
    cut: list[tuple[str, str | None]] = []
    at = 0
    for facet in facets:
        if facet.start > at:
            cut.append((raw[at : facet.start].decode(), None))
        target = {"link": "", "mention": "@"}.get(facet.kind, "#") + facet.value
        cut.append((raw[facet.start : facet.end].decode(), target))
        at = facet.end
    if at < len(raw):
        cut.append((raw[at:].decode(), None))
    return tuple(cut)
