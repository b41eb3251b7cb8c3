"""The composition root: one campaign, opened as far as a command asks.

In: where the campaign is. Out: its configuration, outbox, accounts and publishers, each made on first use. Here alone
it is decided what rehearsal and live mean: which outbox, which addresses, which secrets. No setting and no environment
variable redirects a live address; tests give `live_bases` to the constructor.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Self

from clarion.errors import AccountBlocked, CampaignError, OutboxError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from clarion.accounts.connections import Connections
    from clarion.accounts.secrets import SecretFile
    from clarion.accounts.verified import Verified
    from clarion.campaign.config import Config
    from clarion.clock import Clock
    from clarion.model import Account, ApprovalPolicy, Profile
    from clarion.outbox.claims import Terms
    from clarion.outbox.store import Outbox
    from clarion.outbox.tending import NextSlot
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
    ) -> None:
        self.campaign = campaign
        self._as_live = live
        self._simulated = simulated  # the demo's pinned date: rehearsal only
        self._state = state
        self._clock = clock
        self._live_bases = live_bases or {}
        self._seen: object = None  # what config.toml was when a long run last read it

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

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
    def rehearsing(self) -> bool:
        return not (self.config.live or self._as_live)

    @property
    def mode(self) -> str:
        return "rehearsal" if self.rehearsing else "live"

    def as_live(self) -> App:
        """The same campaign as it will be after `clarion live`: for verifying real accounts before."""
        return App(
            campaign=str(self.folder),
            state=self._state,
            clock=self._clock,
            live_bases=self._live_bases,
            live=True,
        )

    @cached_property
    def clock(self) -> Clock:
        from clarion.clock import WallClock

        return self._clock or WallClock()

    @cached_property
    def state(self) -> Path:
        """The campaign's folder on this machine, outside the campaign's own: those get synced and copied."""
        from pathlib import Path

        return Path(self._state or state_root()) / self.config.campaign.id

    @property
    def stop_file(self) -> Path:
        """While it is there, this host sends nothing."""
        return self.folder / "STOP"

    # ── the outbox ────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def outbox_path(self) -> Path:
        return self.state / f"{self.mode}.sqlite3"

    def idle(self) -> bool:
        """Whether there is certainly nothing to publish."""
        return bool(self.rest())

    def rest(self) -> str:
        """Why there is certainly nothing to publish: "idle" or "paused"; "" when there may be. Imports next to nothing."""
        from clarion.campaign.where import locate, peek
        from clarion.outbox.host import host_id
        from clarion.outbox.probe import config_key, rest, rest_postgres

        seen = peek(locate(None, self.campaign))
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
        from clarion.outbox import opening
        from clarion.outbox.host import host_id

        self.config  # noqa: B018 - read, and refused if it is wrong
        seen = peek(str(self.folder))
        opening.check_in(self.outbox, host=host_id(), config=seen[2] if seen else None)

    @cached_property
    def outbox(self) -> Outbox:
        """The outbox of this mode; a local one is made when missing. Accounts of a rehearsal are derived."""
        opened = self._open()
        try:
            self._refuse_a_second_outbox(opened.id)
            if self.rehearsing:
                self._pin_rehearsed(opened)
        except BaseException:
            opened.close()
            raise
        return opened

    @property
    def outbox_url(self) -> str | None:
        """The shared database of a live campaign; the rehearsal's outbox is always local."""
        return None if self.rehearsing else self.config.outbox.url

    def _open(self) -> Outbox:
        from clarion.accounts.files import make_private_folder
        from clarion.outbox import grounds, opening
        from clarion.outbox.host import host_id

        if self.outbox_url:
            return opening.open_postgres(self.outbox_url, copied_from=self.outbox_path)
        if not self.rehearsing:  # a rehearsal may stand anywhere: nobody can read what it posts
            grounds.refuse_shared(self.outbox_path)
        if not self.outbox_path.exists():
            self._refuse_a_second_outbox(None)
            make_private_folder(self.state)
        simulated = self._simulated if self.rehearsing else None
        return opening.create(self.outbox_path, host=host_id(), simulated=simulated)

    def _pin_rehearsed(self, opened: Outbox) -> None:
        from clarion.outbox import accounts

        with opened.read() as tx:
            known = {standing.account.name: standing.account for standing in accounts.standings(tx)}
        derived = [self.rehearsed(name) for name in self.config.accounts]
        changed = [account for account in derived if _differs(known.get(account.name), account)]
        if changed:
            with opened.write() as tx:
                for account in changed:
                    accounts.pin(tx, account, verified=False)

    def _refuse_a_second_outbox(self, here: str | None) -> None:
        if not self.config.live or self._as_live:
            return
        pinned = self.config.campaign.outbox
        if pinned is None:
            raise OutboxError(
                'config.toml says mode = "live", but clarion live was never run for this campaign',
                'write mode = "rehearsal" in config.toml, then: clarion live',
            )
        if pinned != here:
            raise OutboxError(
                "this campaign publishes from another machine; two would post everything twice",
                "run the command there, or clarion db adopt when that machine has stopped for good",
            )

    # ── accounts ──────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def secrets(self) -> SecretFile:
        from clarion.accounts.secrets import SecretFile

        return SecretFile(self.state / "secrets.json")

    def accounts(self) -> list[Account]:
        """The accounts of the configuration that may be posted to: in rehearsal all, live the verified ones."""
        from clarion.outbox.accounts import standings

        with self.outbox.read() as tx:
            found = {standing.account.name: standing for standing in standings(tx)}
        return [
            found[name].account
            for name in self.config.accounts
            if name in found and (self.rehearsing or found[name].verified_at)
        ]

    def accounts_to_preview(self) -> list[Account]:
        """The accounts a preview shows: the pinned ones, else all as configured, with their network's usual limits.

        A volunteer's copy of the folder has no outbox here, or another one: it may preview all the same.
        """
        if self.outbox_path.exists():
            with suppress(OutboxError):
                return self.accounts() or [self.rehearsed(name) for name in self.config.accounts]
        return [self.rehearsed(name) for name in self.config.accounts]

    def rehearsed(self, name: str) -> Account:
        """An account as the rehearsal knows it: derived from its name, marked as rehearsal."""
        from clarion import networks
        from clarion.model import Account, Identity

        config = self.config.accounts[name]
        return Account(
            name=name,
            network=config.network,
            handle=config.handle,
            server=str(config.server),
            identity=Identity(
                network=config.network,
                origin=f"rehearsal:{config.network}",  # not the server: it may still change
                remote_id=networks.rehearsal(config.network).remote_id(name),
            ),
            limits=networks.options(config.network).LIMITS,
        )

    def verify(self, name: str) -> Profile:
        """Ask the real network who this account is, and pin the answer in the live outbox."""
        from dataclasses import replace

        from clarion import networks
        from clarion.model import Identity
        from clarion.outbox.accounts import pin

        if self.rehearsing:
            self._reopen(name)
            with self.as_live() as live:
                return live.verify(name)
        if name not in self.config.accounts:
            raise CampaignError(
                f"there is no account “{name}” in config.toml", f"clarion accounts add {name}"
            )
        account = self.rehearsed(name)
        stranger = Identity(network=account.network, origin=account.server, remote_id="")
        with self.connections.of(replace(account, identity=stranger)) as publisher:
            profile = publisher.verify()
        pinned = replace(account, identity=profile.identity, handle=profile.handle, limits=profile.limits)
        with self.outbox.write() as tx:
            pin(tx, pinned, verified=True)
        keys = networks.options(account.network).SECRETS
        self.verified.remember(name, profile.identity.remote_id, self.secrets.require(name, keys=keys))
        return profile

    def _reopen(self, name: str) -> None:
        """A rehearsed account that a fault closed may go on: it has no secret to verify."""
        from clarion.outbox.accounts import pin

        if name in self.config.accounts and self.outbox_path.exists():
            with self.outbox.write() as tx:
                pin(tx, self.rehearsed(name), verified=True)

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
        from clarion.accounts.connections import Connections
        from clarion.outbox.posts import image

        def media(sha256: str) -> bytes:
            with self.outbox.read() as tx:
                return image(tx, sha256)

        return Connections(
            base=self.base,
            secret=self._secret,
            media=media,
            sessions=self.state / "sessions" / self.mode,
            loopback_only=self.rehearsing,
            proxy=lambda account: self.config.accounts[account.name].proxy,
        )

    def base(self, account: Account) -> str:
        from clarion import networks

        if self.rehearsing:
            return self.rehearsal.urls[account.network]
        configured = str(self.config.accounts[account.name].server)
        verified = account.identity.origin
        if account.identity.remote_id and configured != verified:
            # Posts were approved for that account; and config.toml travels, so it must not lead a token elsewhere.
            raise AccountBlocked(
                f"config.toml now says {configured} for “{account.name}”, which was verified at {verified}",
                f'write server = "{verified}", or add the other account under a name of its own',
            )
        if account.network in self._live_bases:
            return self._live_bases[account.network]
        return str(getattr(networks.options(account.network), "BASE", configured))

    def _secret(self, account: Account) -> Mapping[str, str]:
        from clarion import networks

        if self.rehearsing:
            return networks.rehearsal(account.network).secret(account.name)
        secret = self.secrets.require(account.name, keys=networks.options(account.network).SECRETS)
        remote_id = account.identity.remote_id
        if remote_id and not self.verified.knows(account.name, remote_id, secret):
            raise AccountBlocked(
                f"the secret of “{account.name}” is not the one that was verified on this machine",
                f"clarion accounts verify {account.name}",
            )
        return secret

    @property
    def verified(self) -> Verified:
        from clarion.accounts.verified import Verified

        return Verified(self.state / "verified.json", self.outbox.id)

    def policy(self) -> ApprovalPolicy:
        from clarion.model import ApprovalPolicy

        said = self.config.approval
        return ApprovalPolicy(mode=said.mode, required=said.required, sensitive=said.sensitive)

    def terms(self) -> Terms:
        """What this process claims deliveries under."""
        import os
        import secrets

        from clarion import networks
        from clarion.outbox.claims import Terms
        from clarion.publishing.limits import windows

        used = {account.network for account in self.config.accounts.values()}
        return Terms(
            outbox_id=self.outbox.id,
            worker=f"{os.getpid()}-{secrets.token_hex(4)}",
            lease=self.config.publishing.lease,
            policy=self.policy(),
            accounts=frozenset(account.name for account in self.accounts()),
            windows=windows({network: networks.options(network).WINDOWS for network in used}),
        )

    def next_slot(self) -> NextSlot:
        """Where evergreen posts go that missed their time: the account's next free slot; none is handed out twice."""
        from clarion.composing import slots
        from clarion.outbox.views import taken

        handed_out: set[tuple[str, datetime]] = set()

        def found(name: str, after: datetime) -> datetime | None:
            account = self.config.accounts.get(name)
            if account is None:
                return None
            with self.outbox.read() as tx:
                busy = taken(tx, [name]) | {slot for whose, slot in handed_out if whose == name}
            try:
                slot = slots.next_slot(after, account.slots, self.config.zone(), busy)
            except CampaignError:  # it has no slots, or none is free
                return None
            handed_out.add((name, slot))
            return slot

        return found

    def reread(self) -> None:
        """For long runs: where config.toml changed, forget what was read and opened, for it may name another outbox."""
        from clarion.campaign.where import locate, peek

        self.__dict__.pop("rehearsal", None)  # it stops by itself when nobody asks it anything for a while
        seen = peek(locate(None, self.campaign))
        if seen != self._seen:
            self.close()
            self.__dict__.pop("config", None)
        self._seen = seen

    def who(self) -> str:
        """Who is typing. Raises CampaignError when nobody said."""
        from clarion.accounts.me import who

        found = who()
        if found is None:
            raise CampaignError(
                "Clarion does not know who you are, and approvals carry a name",
                'CLARION_AS="a name or a pseudonym" before the command, or clarion init',
            )
        return found

    def close(self) -> None:
        for name in ("connections", "outbox"):
            with suppress(KeyError):
                self.__dict__.pop(name).close()


def state_root() -> str:
    """Where outboxes live: the user's state folder, by the XDG rule, elsewhere by the system's.

    Spelt out because the idle cron run asks for it: importing platformdirs took longer than the whole probe.
    """
    if sys.platform == "darwin":
        from platformdirs import user_state_dir

        return user_state_dir("clarion")
    said = os.environ.get("XDG_STATE_HOME", "")
    root = said if said.startswith("/") else os.path.expanduser("~/.local/state")  # noqa: PTH111 - as above
    return f"{root}/clarion"


def _differs(known: Account | None, wanted: Account) -> bool:
    if known is None:
        return True
    return (known.handle, known.limits, known.identity) != (wanted.handle, wanted.limits, wanted.identity)
