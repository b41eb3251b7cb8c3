"""The campaign's configuration: where it is, and what `config.toml` says, typed and strict.

In: a folder. Out: a frozen `Config`, or a CampaignError with file, line, key and hint. Read by every command and by
any cron run that is not idle, so nothing heavy is imported here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import time, timedelta, tzinfo
from pathlib import Path
from typing import Annotated, Literal, Self

import msgspec
from msgspec import Meta

from clarion.campaign import proper, quiet, toml
from clarion.campaign.nearest import did_you_mean
from clarion.campaign.pictures.colours import CONTRAST, Colours
from clarion.campaign.toml import Document, Table
from clarion.campaign.where import FILE
from clarion.errors import CampaignError
from clarion.model import ONE_SERVER, origin_of
from clarion.networks import NAMES as NETWORKS

#: Posts per account, language and day: the default, and what no campaign may go above (content.md, "honest").
CAP = 4
MOST = 8
#: The most that a month may be allowed to cost, in US dollars: what is more was not meant.
DEAREST_MONTH = 1_000_000
#: How long after its time a post may still go out, when nothing else is said.
LATE = timedelta(hours=2)
LATE_EVERGREEN = timedelta(hours=12)
#: The shortest lease: longer than the longest upload and request of any network together.
LEASE = timedelta(minutes=5)

#: The shortest window of an approval: cron comes every minute.
SHORTEST_WINDOW = timedelta(minutes=5)
#: Networks that would take a repeat for a second post.
_KEYLESS = ("x",)
_SERVERS = {"x": "https://x.com", "bluesky": "https://bsky.social"}
_TAG = re.compile(r"#\w*[^\W\d]\w*")
_PROXY = re.compile(r"(socks5h|https?)://\S+")
_DAY = "Mon|Tue|Wed|Thu|Fri|Sat|Sun"
_TIME = r"([01]\d|2[0-3]):[0-5]\d"
_SLOT = re.compile(rf"({_DAY})([-–]({_DAY}))? {_TIME}")
_QUIET = re.compile(rf"{_TIME}[-–]{_TIME}")
_LENGTHS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Duration(timedelta):
    """A length of time, written "30m", "12h", "2d" or "1h30m"."""

    @classmethod
    def parse(cls, written: object) -> Self:
        """Raises ValueError with what to write instead."""
        if not isinstance(written, str) or not re.fullmatch(r"(\d{1,6}[smhd]){1,4}", written):
            raise ValueError('write a length of time such as "30m", "12h" or "2d"')
        return cls(seconds=sum(int(n) * _LENGTHS[unit] for n, unit in re.findall(r"(\d+)([smhd])", written)))


class Slot(str):
    """A weekly time to publish, in the campaign's zone: "Mon-Fri 09:00", "Sat 11:30"."""

    __slots__ = ()

    @classmethod
    def parse(cls, written: object) -> Self:
        if not isinstance(written, str) or not _SLOT.fullmatch(written):
            raise ValueError('write a slot such as "Mon-Fri 09:00" or "Sat 11:30"')
        return cls(written.replace("–", "-"))


class Quiet(str):
    """A daily span in which nothing goes out, in the campaign's zone: "22:00-07:00"."""

    __slots__ = ()

    @classmethod
    def parse(cls, written: object) -> Self:
        if not isinstance(written, str) or not _QUIET.fullmatch(written):
            raise ValueError('write a quiet time such as "22:00-07:00"')
        return cls(written.replace("–", "-"))


class Campaign(Table, frozen=True, kw_only=True):
    id: str  # random, short, written by `clarion init`: names the outbox on this machine
    name: str
    mode: Literal["rehearsal", "live"] = "rehearsal"
    outbox: str | None = None  # written by `clarion live`: the one outbox that may publish
    zone: str = "UTC"
    languages: tuple[str, ...] = ("en",)
    tags: tuple[str, ...] = ("#EyesOnChechnya", "#CloseTheCamps")


class Outbox(Table, frozen=True, kw_only=True):
    url: str | None = None  # none: a file in the user's state folder


class Secrets(Table, frozen=True, kw_only=True):
    store: Literal["file", "environment", "keyring", "credentials"] = "file"


class Approval(Table, frozen=True, kw_only=True):
    mode: Literal["alone", "team"] = "alone"
    required: Annotated[int, Meta(ge=1)] = 1
    sensitive: Annotated[int, Meta(ge=1)] = 1
    signed: bool = False
    window: Duration | None = None  # none: two hours, or the post's `late` when that is longer


class Person(Table, frozen=True, kw_only=True):
    role: Literal["organiser", "author", "approver"] = "organiser"
    key: str | None = None  # Ed25519, public


class Publishing(Table, frozen=True, kw_only=True):
    late: Duration | None = None  # none: 2 h, evergreen 12 h
    lease: Duration = Duration(minutes=5)
    attempts: Annotated[int, Meta(ge=1, le=20)] = 8


class Notify(Table, frozen=True, kw_only=True):
    urls: tuple[str, ...] = ()
    digest: Literal["never", "daily", "weekly"] = "never"


class Account(Table, frozen=True, kw_only=True):
    """One owned, disclosed destination. `server` and `threads` are filled from the network when not written."""

    network: str
    handle: str
    server: str | None = None
    owner: str | None = None
    purpose: str | None = None
    languages: tuple[str, ...] = ()  # none: the campaign's
    disclosure: str | None = None
    visibility: Literal["public", "unlisted"] = "public"
    replies: Literal["everyone", "followed", "mentioned"] = "everyone"
    slots: tuple[Slot, ...] = (Slot("Mon-Fri 09:00"),)
    quiet: tuple[Quiet, ...] = ()
    late: Duration | None = None
    threads: bool | None = None
    links: Literal["call", "always", "never"] = (
        "call"  # as the text has them; always: also the page of a call not printed; never: X charges more for one
    )
    monthly_cap_usd: float | None = None
    resend_when_absent: bool = False
    proxy: str | None = None

    def __post_init__(self) -> None:
        fill = msgspec.structs.force_setattr
        fill(self, "handle", self.handle.strip().removeprefix("@"))
        fill(self, "server", origin_of((self.server or _SERVERS.get(self.network, "")).rstrip("/")))
        if self.threads is None:  # self-replies by API are undocumented on X: opt in (networks.md)
            fill(self, "threads", self.network != "x")

    @property
    def whom(self) -> tuple[str, str | None, str]:
        """Whom it is, and on which server where names are a server's own: two accounts with the same are one."""
        server = None if self.network in ONE_SERVER else self.server
        return self.network, server, self.handle.casefold()

    @property
    def monthly_cap(self) -> int | None:
        """The most it may spend in a month, in millionths of a US dollar, as prices are counted; None: without end."""
        return None if self.monthly_cap_usd is None else round(self.monthly_cap_usd * 1_000_000)


class Config(Table, frozen=True, kw_only=True):
    """The whole of `config.toml`."""

    campaign: Campaign
    outbox: Outbox = Outbox()
    secrets: Secrets = Secrets()
    approval: Approval = Approval()
    people: dict[str, Person] = msgspec.field(default_factory=dict)
    caps: dict[str, Annotated[int, Meta(ge=1)]] = msgspec.field(default_factory=dict)
    publishing: Publishing = Publishing()
    notify: Notify = Notify()
    cards: Colours = Colours()
    accounts: dict[str, Account] = msgspec.field(default_factory=dict)

    @property
    def live(self) -> bool:
        return self.campaign.mode == "live"

    def cap(self, network: str) -> int:
        """The most posts per account, language and day on a network."""
        return self.caps.get(network, CAP)

    def languages(self, account: str) -> tuple[str, ...]:
        """The languages an account speaks."""
        return self.accounts[account].languages or self.campaign.languages

    def late(self, account: str, template: timedelta | None = None, *, evergreen: bool = False) -> timedelta:
        """How long after its due time a post may go out: the template's word, the account's, the campaign's."""
        for said in (template, self.accounts[account].late, self.publishing.late):
            if said is not None:
                return said
        return LATE_EVERGREEN if evergreen else LATE

    def zone(self) -> tzinfo:
        """The campaign's time zone, known to exist since `load`."""
        return proper.zone(self.campaign.zone)


def load(folder: Path) -> Config:
    """The configuration of the campaign in `folder`."""
    document = toml.read(folder / FILE)
    config = document.typed(Config)
    _check_campaign(document, config.campaign)
    _check_names(document, "people", config.people)
    _check_names(document, "accounts", config.accounts)
    for network, cap in config.caps.items():
        _check_network(document, ("caps", network), network)
        if cap > MOST:
            raise document.error(
                ("caps", network), f"is {cap}, but never more than {MOST} a day", f"{network} = {CAP}"
            )
    for name, account in config.accounts.items():
        _check_account(document, name, account)
    for colour, found in config.cards.faint():
        raise document.error(
            ("cards", colour),
            f"has a contrast of {found:.1f} on the background; people need {CONTRAST}",
            f'{colour} = "{getattr(Colours(), colour)}", or a darker background',
        )
    _check_twins(document, config)
    _check_promises(document, config)
    _check_quiet(document, config)
    return config


def _check_campaign(document: Document, campaign: Campaign) -> None:
    if not proper.NAME.fullmatch(campaign.id):
        raise document.error(
            ("campaign", "id"), "may have small letters a-z, digits and - only", f'id = "{proper.new_id()}"'
        )
    if not campaign.name.strip():
        raise document.error(("campaign", "name"), "is empty", 'name = "Eyes on Chechnya"')
    if not campaign.languages:
        raise document.error(("campaign", "languages"), "is empty", 'languages = ["en"]')
    _check_languages(document, ("campaign", "languages"), campaign.languages)
    try:
        proper.zone(campaign.zone)
    except CampaignError as error:
        raise document.error(
            ("campaign", "zone"), f'is "{campaign.zone}", which is no time zone', error.hint
        ) from error
    for place, tag in enumerate(campaign.tags):
        if not _TAG.fullmatch(tag):
            raise document.error(
                ("campaign", "tags", place),
                f'is "{tag}", which no network links',
                'tags = ["#EyesOnChechnya"]',
            )


def _check_names(document: Document, table: str, names: Iterable[str]) -> None:
    for name in names:
        if not proper.NAME.fullmatch(name):
            raise document.error(
                (table, name), "may have small letters a-z, digits and - only", f"[{table}.vera]"
            )


def _check_account(document: Document, name: str, account: Account) -> None:
    key = ("accounts", name)
    _check_network(document, (*key, "network"), account.network)
    if not account.handle:
        raise document.error((*key, "handle"), "is empty", 'handle = "yourname"')
    if not account.server:
        raise document.error(
            (*key, "server"), "is missing", 'add the account\'s server: server = "https://…"'
        )
    if not proper.SERVER.fullmatch(account.server):
        raise document.error(
            (*key, "server"),
            "must be https:// and a host, nothing more",
            'server = "https://mastodon.example"',
        )
    if account.proxy and not _PROXY.fullmatch(account.proxy):
        raise document.error(
            (*key, "proxy"), "must begin with socks5h:// or http://", 'proxy = "socks5h://127.0.0.1:9050"'
        )
    if account.monthly_cap_usd is not None and not 0 <= account.monthly_cap_usd <= DEAREST_MONTH:
        raise document.error(
            (*key, "monthly_cap_usd"),
            f"must be an amount in US dollars, {DEAREST_MONTH} at most",
            "monthly_cap_usd = 5; or remove the line, where nothing is to stop it",
        )
    _check_languages(document, (*key, "languages"), account.languages)


def _check_network(document: Document, key: tuple[str, ...], network: str) -> None:
    if network not in NETWORKS:
        known = f"Clarion knows: {', '.join(NETWORKS)}"
        raise document.error(
            key, f'names no network Clarion knows: "{network}"', did_you_mean(network, NETWORKS, known)
        )


def _check_languages(document: Document, key: tuple[str, ...], languages: tuple[str, ...]) -> None:
    for place, language in enumerate(languages):
        if not proper.LANGUAGE.fullmatch(language):
            raise document.error(
                (*key, place), f'is "{language}", which is not a language code', 'languages = ["en", "ru"]'
            )


def _check_promises(document: Document, config: Config) -> None:
    # A setting for safety that is read and does nothing would be a false promise.
    if config.publishing.lease < LEASE:
        raise document.error(
            ("publishing", "lease"), "is shorter than uploading images and sending may take", 'lease = "5m"'
        )
    if config.approval.signed:
        raise document.error(
            ("approval", "signed"), "asks for what this Clarion cannot do yet", "remove the line"
        )
    if config.approval.window is not None and config.approval.window < SHORTEST_WINDOW:
        raise document.error(
            ("approval", "window"), "is too short for an approval to be of use", 'window = "2h"'
        )
    for name, account in config.accounts.items():
        if account.resend_when_absent and account.network not in _KEYLESS:
            raise document.error(
                ("accounts", name, "resend_when_absent"),
                f"does nothing here: {account.network} takes a repeat for the same post anyway",
                "remove the line",
            )


def _check_quiet(document: Document, config: Config) -> None:
    """A quiet time must leave some of the day, and the slots must lie in what it leaves."""
    for name, account in config.accounts.items():
        key, hours = ("accounts", name, "quiet"), quiet.quiet(account.quiet, config.zone())
        if any(start == end for start, end in hours.spans) or hours.always():
            raise document.error(key, "leaves no time of the day", 'quiet = ["22:00-07:00"]')
        for place, slot in enumerate(account.slots):
            if hours.covers(time.fromisoformat(slot.rpartition(" ")[2])):
                raise document.error(
                    ("accounts", name, "slots", place),
                    f'is "{slot}", in the quiet time of the account: nothing ever goes out then',
                    "move the slot, or the quiet time",
                )


def _check_twins(document: Document, config: Config) -> None:
    # Two entries for one account would post everything twice, each under its own caps and limits.
    seen: dict[tuple[str, str | None, str], str] = {}
    for name, account in config.accounts.items():
        other = seen.setdefault(account.whom, name)
        if other != name:
            raise document.error(
                ("accounts", name), f"is the same account as accounts.{other}", "keep one of the two"
            )
