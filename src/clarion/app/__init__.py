"""The composition root: one campaign, opened as far as a command asks.

In: where the campaign is. Out: its configuration, outbox, accounts and publishers, each made on first use. What depends
on whether it is rehearsed or live (which outbox, which addresses, which secrets) stands in `rehearsal.py` and `live.py`,
and nowhere else. No setting and no environment variable redirects a live address; tests give `live_bases` to the
constructor.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Self

from clarion.errors import CampaignError, OutboxError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from clarion.accounts.connections import Connections
    from clarion.accounts.files import LeftOpen
    from clarion.accounts.secrets import SecretStore
    from clarion.app.live import Live
    from clarion.app.rehearsal import Rehearsal
    from clarion.campaign.config import Config
    from clarion.campaign.denied import Denied
    from clarion.campaign.persons import Deed
    from clarion.clock import Clock
    from clarion.composing.linkcard import Pages
    from clarion.model import Account, ApprovalPolicy, Profile
    from clarion.networks.public import Reach
    from clarion.outbox.claiming.claims import Terms
    from clarion.outbox.claiming.tending import NextSlot
    from clarion.outbox.store import Outbox
    from clarion.rehearsal.running import Running


class App:
    """A campaign on this machine. `close` it, or use it in a `with`."""

    def __init__(
        self,
        *,
        campaign: str | None = None,
        state: Path | None = None,
        clock: Clock | None = None,
        live_bases: Mapping[str, str] | None = None,
        live: bool = False,
        simulated: datetime | None = None,
        reach: Reach | None = None,
    ) -> None:
        self.campaign = campaign
        self._as_live = live
        self._simulated = simulated  # the demo's pinned date: rehearsal only
        self._state = state
        self._clock = clock
        self._live_bases = live_bases or {}
        self._reach = reach
        self._seen: object = None  # what config.toml was when a long run last read it

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close what is open. What is asked for again is opened again."""
        for name in ("connections", "outbox"):
            with suppress(KeyError):
                self.__dict__.pop(name).close()

    # ── the campaign ──────────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def folder(self) -> Path:
        from clarion.campaign.where import find

        return find(None, self.campaign)

    @cached_property
    def config(self) -> Config:
        from clarion.campaign.config import load

        return load(self.folder)

    @property
    def stop_file(self) -> Path:
        """While it is there, this host sends nothing."""
        from clarion.campaign.where import STOP

        return self.folder / STOP

    @cached_property
    def clock(self) -> Clock:
        from clarion.clock import WallClock

        return self._clock or WallClock()

    def who(self, to: Deed | None = None) -> str:
        """Who is typing. Raises CampaignError when nobody said, or where `[people]` names others.

        `to`: what the name must have leave for; ApprovalError where it has none to approve. None: any name, as for what
        stops a post.
        """
        from clarion.accounts.me import who
        from clarion.campaign import persons

        found = who()
        if found is None:
            raise CampaignError(
                "Clarion does not know who you are, and approvals carry a name",
                'CLARION_AS="a name or a pseudonym" before the command, or clarion init',
            )
        if to is not None:
            persons.require(self.config.people, found, to)
        return found

    def may_approve(self, who: str) -> bool:
        """Whether `who` may approve what they wrote themselves."""
        from clarion.campaign import persons

        return self.policy().mode == "alone" and persons.may(self.config.people, who, "approve")

    # ── rehearsal or live ─────────────────────────────────────────────────────────────────────────────────────

    @property
    def rehearsing(self) -> bool:
        return not (self.config.live or self._as_live)

    @property
    def mode(self) -> str:
        return "rehearsal" if self.rehearsing else "live"

    @property
    def _chosen(self) -> Rehearsal | Live:
        return self._rehearsal if self.rehearsing else self._live

    @property
    def _rehearsal(self) -> Rehearsal:
        from clarion.app.rehearsal import Rehearsal

        return Rehearsal(
            config=self.config,
            state=self.state,
            networks=lambda: self.rehearsal,
            simulated=self._simulated,
        )

    @property
    def _live(self) -> Live:
        from clarion.app.live import Live

        return Live(
            config=self.config,
            state=self.state,
            secrets=self.secrets,
            outbox=lambda: self.outbox,
            bases=self._live_bases,
        )

    def as_live(self) -> App:
        """The same campaign as it will be after `clarion live`: for verifying real accounts before."""
        return App(
            campaign=str(self.folder),
            state=self._state,
            clock=self._clock,
            live_bases=self._live_bases,
            live=True,
            reach=self._reach,
        )

    def pages(self, tell: Callable[[str], None] | None = None) -> Pages | None:
        """What reads the pages that posts link to, for their cards; a rehearsal never leaves this machine and has none.

        `tell` gets a sentence before each is read. Only a constructor can let it reach other than the public web.
        """
        from clarion.composing.linkcard import Pages

        return None if self.rehearsing else Pages(self._reach, tell)

    # ── the outbox ────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def state(self) -> Path:
        """The campaign's folder on this machine, outside the campaign's own: those get synced and copied."""
        from pathlib import Path

        from clarion.campaign.where import state_root

        return Path(self._state or state_root()) / self.config.campaign.id

    @property
    def outbox_path(self) -> Path:
        """Where the local outbox of this mode is, or would be."""
        return self._chosen.outbox_path

    @property
    def outbox_url(self) -> str | None:
        """The shared database of a live campaign; the rehearsal's outbox is always local."""
        return self._chosen.outbox_url

    @cached_property
    def outbox(self) -> Outbox:
        """The outbox of this mode; a local one is made when missing."""
        return self._chosen.open()

    def rest(self) -> str:
        """Why there is nothing to publish: "stopped" on this host, "paused" or "idle"; "" when there may be something.

        Imports next to nothing. Where it is stopped the outbox is not touched: somebody may be mending it.
        """
        from clarion.campaign.where import locate, peek, state_root, stopped
        from clarion.outbox.hosting.host import host_id
        from clarion.outbox.probe import config_key, rest, rest_postgres

        folder = locate(None, self.campaign)
        if stopped(folder):
            return "stopped"
        seen = peek(folder)
        if seen is None:
            return ""
        campaign_id, mode, stamp, url = seen
        if mode == "live" and url:
            return rest_postgres(url, key=config_key(host_id()), config=stamp)
        home = f"{self._state or state_root()}/{campaign_id}"
        return rest(f"{home}/{mode}.sqlite3", host=host_id(), config=stamp)

    def check_in(self) -> None:
        """Note that publish ran here, and that this config.toml was read in full and is good.

        Idle runs leave the heartbeat themselves, and need not read a configuration again that has not changed.
        """
        from clarion.campaign.where import peek
        from clarion.outbox.hosting import opening
        from clarion.outbox.hosting.host import host_id

        self.config  # noqa: B018 - read, and refused if it is wrong
        seen = peek(str(self.folder))
        opening.check_in(self.outbox, host=host_id(), config=seen[2] if seen else None)

    def reread(self) -> None:
        """For long runs: where config.toml changed, forget what was read and opened, for it may name another outbox."""
        from clarion.campaign.where import locate, peek

        self.__dict__.pop("rehearsal", None)  # it stops by itself when nobody asks it anything for a while
        seen = peek(locate(None, self.campaign))
        if seen != self._seen:
            self.close()
            self.__dict__.pop("config", None)
        self._seen = seen

    # ── accounts ──────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def secrets(self) -> SecretStore:
        """Where this campaign keeps its accounts' secrets."""
        from clarion.accounts.stores import opened

        return opened(self.config.secrets.store, folder=self.state, campaign=self.config.campaign.id)

    def denied(self) -> Denied:
        """The names that are never posted, as this machine keeps them."""
        from clarion.app.denied import load

        return load(self.state)

    def accounts(self) -> list[Account]:
        """The accounts of the configuration that may be posted to: in rehearsal all, live the verified ones."""
        return self._chosen.accounts(self.outbox)

    def accounts_to_preview(self) -> list[Account]:
        """The accounts a preview shows: the pinned ones, else all as configured, with their network's usual limits.

        A volunteer's copy of the folder has no outbox here, or another one: it may preview all the same. A database
        that config.toml names must answer; OutboxError when it does not.
        """
        return self._pinned() or [self.rehearsed(name) for name in self.config.accounts]

    def _pinned(self) -> list[Account]:
        from clarion.app.live import AnotherOutbox

        if not (self.outbox_url or self.outbox_path.exists()):
            return []
        try:
            return self.accounts()
        except OutboxError as error:
            if self.outbox_url is None or isinstance(error, AnotherOutbox):
                return []
            # Even where it is only busy: that is for cron to keep quiet about, and here somebody waits for an answer.
            raise OutboxError(error.message, error.hint) from error

    def rehearsed(self, name: str) -> Account:
        """An account as the rehearsal knows it."""
        from clarion.app.accounts import derived

        return derived(self.config, name)

    def verify(self, name: str) -> Profile:
        """Ask the real network who this account is, and pin the answer in the live outbox."""
        if not self.rehearsing:
            return self._live.verify(name, self.connections)
        if name in self.config.accounts and self.outbox_path.exists():
            self._rehearsal.reopen(name, self.outbox)
        with self.as_live() as live:
            return live.verify(name)

    def keep(self, name: str, profile: Profile) -> None:
        """Pin in the live outbox what the real network said of an account just now."""
        self._live.keep(name, profile)

    # ── publishing ────────────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def rehearsal(self) -> Running:
        """The local networks, started when none runs."""
        from clarion.accounts.files import make_private_folder
        from clarion.rehearsal.running import ensure

        make_private_folder(self.rehearsal_folder)
        return ensure(self.rehearsal_folder)

    @property
    def rehearsal_folder(self) -> Path:
        return self.state / "rehearsal"

    @cached_property
    def connections(self) -> Connections:
        """The accounts' publishers."""
        from clarion import logs
        from clarion.accounts.connections import Connections
        from clarion.outbox.entries.posts import image

        logs.guard()

        def media(sha256: str) -> bytes:
            with self.outbox.read() as tx:
                return image(tx, sha256)

        return Connections(
            base=self.base,
            secret=self._chosen.secret,
            refuse_open=self._chosen.refuse_open,
            media=media,
            sessions=self.state / "sessions" / self.mode,
            loopback_only=self.rehearsing,
            proxy=lambda account: self.config.accounts[account.name].proxy,
            resend=lambda account: self.config.accounts[account.name].resend_when_absent,
        )

    def left_open(self) -> dict[str, LeftOpen]:
        """Which accounts no run opens, because other users of this machine may read what opens them; and what is wrong."""
        return self.connections.left_open(self.accounts())

    def base(self, account: Account) -> str:
        """The address to which an account's requests go."""
        return self._chosen.base(account)

    def policy(self) -> ApprovalPolicy:
        """Whose approval a post needs."""
        from clarion.model import ApprovalPolicy

        said = self.config.approval
        return ApprovalPolicy(mode=said.mode, required=said.required, sensitive=said.sensitive)

    def terms(self, *, to_send: bool = True) -> Terms:
        """What this process claims deliveries under. Who only takes down needs no ledger that can be read."""
        import os
        from secrets import token_hex

        from clarion import networks
        from clarion.app.budgets import budgets
        from clarion.app.opening import openable
        from clarion.app.standing import standings
        from clarion.composing import rules
        from clarion.outbox.claiming.claims import Terms
        from clarion.publishing.limits import windows

        house = rules.of(self.config)
        used = {account.network for account in self.config.accounts.values()}
        return Terms(
            outbox_id=self.outbox.id,
            worker=f"{os.getpid()}-{token_hex(4)}",
            lease=self.config.publishing.lease,
            policy=self.policy(),
            accounts=openable(self.accounts(), self.left_open(), to_send=to_send),
            windows=windows({network: networks.options(network).WINDOWS for network in used}),
            standings=standings(self.folder, self.config) if to_send else {},
            caps=house.caps,
            quiet={name: quiet.until for name, quiet in house.quiet.items()},
            budgets=budgets(self.config),
        )

    def next_slot(self) -> NextSlot:
        """Where evergreen posts go that missed their time."""
        from clarion.app.slots import next_slot

        return next_slot(self.config, self.outbox)
