"""The accounts a campaign posts to: as config.toml names them, and as the outbox knows them.

In: the configuration and, where there is one, the outbox. Out: `Account`s to compose for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clarion.campaign.config import Config
    from clarion.model import Account
    from clarion.outbox.accounts import Standing
    from clarion.outbox.store import Outbox


def derived(config: Config, name: str) -> Account:
    """An account as the rehearsal knows it: derived from its name and marked as rehearsed, with its network's usual limits."""
    from clarion import networks
    from clarion.model import Account, Identity

    written = config.accounts[name]
    return Account(
        name=name,
        network=written.network,
        handle=written.handle,
        server=str(written.server),
        identity=Identity(
            network=written.network,
            origin=f"rehearsal:{written.network}",  # not the server: it may still change
            remote_id=networks.rehearsal(written.network).remote_id(name),
        ),
        limits=networks.options(written.network).LIMITS,
    )


def stranger(config: Config, name: str) -> Account:
    """An account whose network has not said yet who it is: the secret at hand may be anybody's."""
    from dataclasses import replace

    from clarion.model import Identity

    account = derived(config, name)
    return replace(account, identity=Identity(network=account.network, origin=account.server, remote_id=""))


def pinned(config: Config, outbox: Outbox) -> list[Standing]:
    """The rows of the accounts that config.toml names, in its order."""
    from clarion.outbox.accounts import standings

    with outbox.read() as tx:
        found = {standing.account.name: standing for standing in standings(tx)}
    return [found[name] for name in config.accounts if name in found]
