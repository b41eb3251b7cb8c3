"""What rehearsal means: an outbox of its own, always a local file; accounts derived from their names; the local networks.

In: the configuration and the campaign's folder on this machine. Out: an outbox, addresses and secrets from which nothing
leaves the machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from clarion.app.accounts import derived, pinned

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from clarion.campaign.config import Config
    from clarion.model import Account
    from clarion.outbox.store import Outbox
    from clarion.rehearsal.running import Running


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """A campaign that is rehearsed."""

    config: Config
    state: Path
    networks: Callable[[], Running]
    simulated: datetime | None = None  # the outbox's time, when it is not the clock's
    outbox_url: ClassVar[None] = None

    @property
    def outbox_path(self) -> Path:
        return self.state / "rehearsal.sqlite3"

    def open(self) -> Outbox:
        """The outbox, made when missing, with a row for every account of the configuration."""
        from clarion.accounts.files import make_private_folder
        from clarion.outbox.hosting import opening
        from clarion.outbox.hosting.host import host_id

        # On any disk, also a shared one: a second outbox posts nothing twice that anybody can read.
        if not self.outbox_path.exists():
            make_private_folder(self.state)
        with ExitStack() as undone:
            opened = opening.create(self.outbox_path, host=host_id(), simulated=self.simulated)
            undone.callback(opened.close)
            self._pin(opened)
            undone.pop_all()
        return opened

    def accounts(self, outbox: Outbox) -> list[Account]:
        """All of config.toml."""
        return [standing.account for standing in pinned(self.config, outbox)]

    def base(self, account: Account) -> str:
        """Where the local network of an account answers."""
        return self.networks().urls[account.network]

    def secret(self, account: Account) -> Mapping[str, str]:
        """What the local network takes for a secret."""
        from clarion import networks

        return networks.rehearsal(account.network).secret(account.name)

    def refuse_open(self, account: Account) -> None:
        """Nothing: what the local network takes for a secret is none."""

    def reopen(self, name: str, outbox: Outbox) -> None:
        """Let an account go on that a rehearsed fault closed: it has no secret to verify."""
        from clarion.outbox.accounts import pin

        with outbox.write() as tx:
            pin(tx, derived(self.config, name), verified=True)

    def _pin(self, opened: Outbox) -> None:
        from clarion.outbox.accounts import pin

        known = {standing.account.name: standing.account for standing in pinned(self.config, opened)}
        wanted = [derived(self.config, name) for name in self.config.accounts]
        changed = [account for account in wanted if _differs(known.get(account.name), account)]
        if changed:
            with opened.write() as tx:
                for account in changed:
                    pin(tx, account, verified=False)


def _differs(known: Account | None, wanted: Account) -> bool:
    if known is None:
        return True
    return (known.handle, known.limits, known.identity) != (wanted.handle, wanted.limits, wanted.identity)
