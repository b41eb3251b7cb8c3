"""What live means: the one outbox that may publish, the accounts that were verified, their networks' own addresses.

In: the configuration and the campaign's folder on this machine. Out: an outbox, addresses and secrets; or an error that
says why this machine, this address or this secret may not be used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clarion.app.accounts import pinned, stranger
from clarion.errors import AccountBlocked, CampaignError, OutboxError

if TYPE_CHECKING:
    from pathlib import Path

    from clarion.accounts.connections import Connections
    from clarion.accounts.secrets import SecretStore
    from clarion.accounts.verified import Verified
    from clarion.campaign.config import Config
    from clarion.model import Account, Profile
    from clarion.outbox.store import Outbox


def never_went_live() -> AnotherOutbox:
    """What is wrong where somebody wrote the mode by hand: no outbox is named that may publish."""
    return AnotherOutbox(
        'config.toml says mode = "live", but clarion live was never run for this campaign',
        'write mode = "rehearsal" in config.toml, then: clarion live',
    )


class AnotherOutbox(OutboxError):
    """The campaign publishes from another outbox than the one at hand."""


@dataclass(frozen=True, kw_only=True)
class Live:
    """A campaign that is live, or as it will be."""

    config: Config
    state: Path
    secrets: SecretStore
    outbox: Callable[[], Outbox]
    bases: Mapping[str, str]  # networks that tests have on this machine

    @property
    def outbox_path(self) -> Path:
        return self.state / "live.sqlite3"

    @property
    def outbox_url(self) -> str | None:
        return self.config.outbox.url

    def open(self) -> Outbox:
        """The outbox; a local one is made when missing. Raises AnotherOutbox where two would post everything twice."""
        with ExitStack() as undone:
            opened = self._open()
            undone.callback(opened.close)
            self._refuse_a_second(opened.id)
            undone.pop_all()
        return opened

    def accounts(self, outbox: Outbox) -> list[Account]:
        """Those of config.toml that were verified."""
        return [standing.account for standing in pinned(self.config, outbox) if standing.verified_at]

    def base(self, account: Account) -> str:
        """Where requests to an account's network go. Raises AccountBlocked where config.toml names another server now."""
        from clarion import networks

        configured = str(self.config.accounts[account.name].server)
        verified = account.identity.origin
        if account.identity.remote_id and configured != verified:
            # Posts were approved for that account; and config.toml travels, so it must not lead a token elsewhere.
            raise AccountBlocked(
                f"config.toml now says {configured} for “{account.name}”, which was verified at {verified}",
                f'write server = "{verified}", or add the other account under a name of its own',
            )
        if account.network in self.bases:
            return self.bases[account.network]
        return str(getattr(networks.options(account.network), "BASE", configured))

    def secret(self, account: Account) -> Mapping[str, str]:
        """An account's secret. Raises AccountBlocked when it is not the one that was verified here."""
        secret = self._stored(account)
        remote_id = account.identity.remote_id
        if remote_id and not self._verified.knows(account.name, remote_id, secret):
            raise AccountBlocked(
                f"the secret of “{account.name}” is not the one that was verified on this machine",
                f"clarion accounts verify {account.name}",
            )
        return secret

    def refuse_open(self, account: Account) -> None:
        """Raise LeftOpen where other users of this machine may read what opens an account, or say what was verified."""
        from clarion import networks
        from clarion.accounts import files

        self.secrets.refuse_open(account.name, keys=networks.options(account.network).SECRETS)
        files.refuse_open(self._verified_at)

    def verify(self, name: str, connections: Connections) -> Profile:
        """Ask the network who an account is, and pin the answer in the outbox."""
        if name not in self.config.accounts:
            raise CampaignError(
                f"there is no account “{name}” in config.toml", f"clarion accounts add {name}"
            )
        with connections.of(stranger(self.config, name)) as publisher:
            profile = publisher.verify()
        self.keep(name, profile)
        return profile

    def keep(self, name: str, profile: Profile) -> None:
        """Pin what a network said of an account just now, and note with which secret it was asked."""
        from clarion.outbox.accounts import pin

        account = stranger(self.config, name)
        known = replace(account, identity=profile.identity, handle=profile.handle, limits=profile.limits)
        with self.outbox().write() as tx:
            pin(tx, known, verified=True)
        self._verified.remember(name, profile.identity.remote_id, self._stored(account))

    def _open(self) -> Outbox:
        from clarion.accounts.files import make_private_folder
        from clarion.outbox.hosting import grounds, opening
        from clarion.outbox.hosting.host import host_id

        if self.outbox_url:
            return opening.open_postgres(self.outbox_url, copied_from=self.outbox_path)
        grounds.refuse_shared(self.outbox_path)
        if not self.outbox_path.exists():
            self._refuse_a_second(None)
            make_private_folder(self.state)
        return opening.create(self.outbox_path, host=host_id())

    def _refuse_a_second(self, here: str | None) -> None:
        if not self.config.live:
            return  # it is `clarion live` that asks: it writes down which outbox may publish
        named = self.config.campaign.outbox
        if named is None:
            raise never_went_live()
        if named != here:
            raise AnotherOutbox(
                "this campaign publishes from another machine; two would post everything twice",
                "run the command there, or clarion db adopt when that machine has stopped for good",
            )

    @property
    def _verified_at(self) -> Path:
        return self.state / "verified.json"

    @property
    def _verified(self) -> Verified:
        from clarion.accounts.verified import Verified

        return Verified(self._verified_at, self.outbox().id)

    def _stored(self, account: Account) -> Mapping[str, str]:
        from clarion import networks

        return self.secrets.require(account.name, keys=networks.options(account.network).SECRETS)
