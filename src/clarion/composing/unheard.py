"""Which accounts say a text in fewer languages than it is written in: nobody should miss it in silence.

In: the configuration, the accounts asked and the languages of the text. Out: a sentence per account.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from clarion.campaign.config import Config
from clarion.model import Account


def unheard(
    config: Config, accounts: Iterable[Account], languages: Collection[str], networks: Collection[str]
) -> list[str]:
    """What people are told. `networks`: those the text is for; of the others nobody expects it."""
    said = []
    for account in accounts:
        spoken = config.languages(account.name)
        missing = [language for language in languages if language not in spoken]
        if missing and account.network in networks:
            said.append(
                f"Not on {account.name} in {', '.join(missing)}: it takes {', '.join(spoken)}, "
                f"by languages under [accounts.{account.name}] in config.toml."
            )
    return said
