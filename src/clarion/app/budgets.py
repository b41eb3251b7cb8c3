"""What accounts may spend: the prices of their networks, and the cap that config.toml sets.

In: the configuration. Out: a budget for each account whose network charges, as a claim takes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from clarion import networks
from clarion.outbox.limits.money import Budget

if TYPE_CHECKING:
    from clarion.campaign.config import Account, Config


def budgets(config: Config) -> dict[str, Budget]:
    """By account; those of networks that cost nothing have none."""
    found = {name: budget(account) for name, account in config.accounts.items()}
    return {name: each for name, each in found.items() if each is not None}


def budget(account: Account) -> Budget | None:
    """The budget of one account."""
    prices = networks.prices(account.network)
    if prices is None:
        return None
    return Budget(
        part=prices.part_price,
        uploads=prices.upload_price,
        read=prices.READ,
        cap=account.monthly_cap,
    )
