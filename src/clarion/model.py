"""The nouns of Clarion, frozen, and the states a delivery may pass through.

Everything here is plain data: no clock, no storage, no network. Times are aware UTC datetimes; ids of posts and
deliveries are 32 hexadecimal characters, random, never reused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol


class State(StrEnum):
    """Where a delivery stands. A post's state is the first of these, in this order, that a delivery of it has."""

    IN_DOUBT = "in_doubt"  # a request went out and nobody knows whether the post exists
    RECALLING = "recalling"  # being taken down
    SENDING = "sending"  # claimed by one worker
    FAILED = "failed"  # the network refused it, or it was tried too often
    PENDING = "pending"  # waits for people
    SCHEDULED = "scheduled"  # approved, waits for its time
    EXPIRED = "expired"  # its time passed
    CANCELLED = "cancelled"  # taken back before it was sent
    SENT = "sent"  # it is up, with a receipt
    RECALLED = "recalled"  # it was up and was taken down
    REPLACED = "replaced"  # an edited post stands in its place


#: Every legal step. The outbox refuses any other, and a test holds this against DESIGN's table.
TRANSITIONS: dict[State, frozenset[State]] = {
    State.PENDING: frozenset({State.SCHEDULED, State.EXPIRED, State.CANCELLED, State.IN_DOUBT}),
    State.SCHEDULED: frozenset(
        {State.SENDING, State.PENDING, State.CANCELLED, State.EXPIRED, State.IN_DOUBT},
    ),
    # Cancelled, recalling: only what was taken back meanwhile.
    State.SENDING: frozenset(
        {State.SENT, State.FAILED, State.SCHEDULED, State.IN_DOUBT, State.CANCELLED, State.RECALLING}
    ),
    State.IN_DOUBT: frozenset({State.SENT, State.SCHEDULED, State.CANCELLED, State.RECALLING}),
    # In doubt, of these: only by an answer that came late, or a restore from before they were tried again.
    State.FAILED: frozenset({State.PENDING, State.CANCELLED, State.IN_DOUBT}),
    State.EXPIRED: frozenset({State.PENDING, State.CANCELLED, State.IN_DOUBT}),
    State.CANCELLED: frozenset({State.PENDING, State.IN_DOUBT}),
    State.SENT: frozenset({State.RECALLING, State.IN_DOUBT, State.REPLACED}),
    State.RECALLING: frozenset({State.RECALLED}),
    State.RECALLED: frozenset(),
    State.REPLACED: frozenset(),
}


def state_of_post(states: list[State]) -> State:
    """The state of a post whose deliveries have these states."""
    return min(states, key=list(State).index)


# ── what will appear ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """A linked span of a text, in UTF-8 bytes."""

    start: int
    end: int
    kind: str  # "link" · "tag" · "mention"
    value: str  # the address, the tag without its #, the handle without its @


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """One image of a part, by the SHA-256 of its final bytes, which the outbox keeps."""

    sha256: str
    mime: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A link card, where the client builds it (Bluesky)."""

    url: str
    title: str
    description: str
    thumb: str | None = None  # sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one create shows: one post of a thread."""

    text: str
    facets: tuple[Facet, ...] = ()
    media: tuple[Media, ...] = ()
    card: Card | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who an account is on its network: what an approval binds to."""

    network: str
    origin: str  # "https://mastodon.example", as `origin_of` writes it; in rehearsal "rehearsal:…"
    remote_id: str


#: Networks on which an id, or a name, is one account's at whatever address: a DID moves from host to host.
ONE_SERVER = ("x", "bluesky")
_ADDRESS = re.compile(r"(https?)://(\[[^\s/?#@\]]+\]|[^\s/?#@:\[\]]+)(?::(\d*))?/*")
_USUAL_PORTS = {"http": 80, "https": 443}


def origin_of(address: str) -> str:
    """A server's address in its one spelling, so that who is known under one is not a stranger under the next.

    Small letters, no dot at the end, no port that goes without saying (RFC 6454, 4). What is no such address stays as it is.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None:
        return address
    scheme, host, port = found.groups()
    host = host.lower().rstrip(".") or host
    return f"{scheme}://{host}" + (f":{int(port)}" if port and int(port) != _USUAL_PORTS[scheme] else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """Exactly what will appear on one account, frozen when queued. Its digest is what people approve."""

    account: Identity
    language: str
    visibility: str = "public"  # "public" · "unlisted"
    replies: str = "everyone"  # "everyone" · "followed" · "mentioned"
    warning: str | None = None  # the content warning; where the network has no field, part 1 begins with it
    labels: tuple[str, ...] = ()
    parts: tuple[Part, ...]
    answers: str | None = None  # id of the delivery this corrects by a reply
    replaces: str | None = None  # id of the delivery this edits


# ── accounts ──────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an account's server takes. Sizes in bytes, lengths in the network's own unit."""

    text: int
    alt: int
    per_url: int = 23
    images: int = 4
    image_bytes: int = 5_000_000
    text_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One configured, owned, disclosed destination, as pinned in the outbox."""

    name: str
    network: str
    handle: str
    server: str  # the live address from the configuration, "https://…"; never used in rehearsal
    identity: Identity
    limits: Limits
    limits_at: datetime | None = None  # when its server was asked for them; None: nobody knows, or rehearsed
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a network says an account is: the answer of `verify`."""

    identity: Identity
    handle: str
    display_name: str
    limits: Limits
    automated: bool | None = (
        None  # whether it discloses that it is automated; None where the network cannot say
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scopes:
    """What our login to an account may do, held against what publishing takes, in the network's own words."""

    lacks: tuple[str, ...] = ()
    exceeds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What a network says of an account, of our login to it and of its server: the answer of `examine`."""

    profile: Profile
    scopes: Scopes | None = None  # None: the network does not say
    ends_at: datetime | None = None  # when the login ends unless it is renewed; None: not by itself
    server_time: datetime | None = None  # the server's clock just now
    software: str | None = None  # "Mastodon 4.5.0"; None: there is only one
    peculiar: str | None = None  # how that software differs where it matters, as a sentence
    rules: tuple[str, ...] = ()  # the server's house rules


# ── deliveries ────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """What readers did with one post, as plain counts: nothing of who they are. None: the network does not say."""

    likes: int | None = None
    reposts: int | None = None
    replies: int | None = None
    quotes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Proof that a delivery is up."""

    remote_id: str  # X: tweet id · Mastodon: status id · Bluesky: at:// address
    url: str
    at: datetime
    cid: str | None = None  # Bluesky: the record's hash, which replies need


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Part `part` (from 1) of a post, as a publisher gets it."""

    id: str
    outbox_id: str
    post_id: str
    entry: int = 0  # the number people know it by
    part: int
    account: Account
    payload: Payload
    generation: int = 0
    first_intent_at: datetime | None = None
    others: frozenset[str] = (
        frozenset()
    )  # remote ids of the account's other deliveries: none of them is this one
    # Sent, if at all, by an outbox that is gone (a restore, another host): found by its content alone, and never absent.
    # `first_intent_at` is then the earliest moment at which it may have gone out.
    intent_lost: bool = False
    tried: bool = False  # an earlier attempt of this generation may have gone out
    root: Receipt | None = None  # part 1's, when part > 1; of a correction, that of the thread it answers
    parent: Receipt | None = None  # part k-1's; of a correction's part 1, what it answers
    orphaned: bool = False  # what it answers was taken down: its network may not show any more what that was
    edits: Receipt | None = None  # what this takes the place of, where the network can edit

    @property
    def content(self) -> Part:
        """What this delivery shows."""
        return self.payload.parts[self.part - 1]


class Allowance(Protocol):
    """How many seconds are left; it runs on while the process is stopped or the machine sleeps."""

    @property
    def left(self) -> float: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """A delivery whose media are on the server, ready for the one unsafe request."""

    delivery: Delivery
    handles: tuple[str, ...] = ()  # per image: X, Mastodon media id; Bluesky: the blob as JSON
    thumb: str | None = None  # the card's picture, likewise
    expires_at: datetime | None = None
    may_begin: Allowance | None = (
        None  # until when the request may go out: the lease, as this process counts it
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check says about one place of a draft."""

    rule: str
    level: str  # "never" · "reason" · "look"
    where: str
    why: str
    mend: str | None = None  # the command or the edit that mends it


#: What a post may have used: what a ledger keeps, and what somebody gave leave for.
UsedKind = Literal["fact", "call", "day", "consent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """A living fact, call or consent that a post used, with the hash of its content then."""

    kind: UsedKind
    id: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Somebody's word for exactly this post in exactly this window."""

    outbox_id: str
    post_id: str
    digest: str
    not_before: datetime
    not_after: datetime
    who: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalPolicy:
    """What a campaign asks for before a post may go."""

    mode: str = "alone"  # "alone" · "team"
    required: int = 1
    sensitive: int = 1
    authors: frozenset[str] = field(
        default_factory=frozenset
    )  # in a team these may not approve: who wrote it
