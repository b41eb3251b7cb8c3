"""Tables of a campaign's config.toml, as tests want them.

In: what a test says of a campaign or an account, as plain values. Out: TOML text, one line a key.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.ledgers import table


def campaign(id_: str, *, languages: Sequence[str], tags: Sequence[str], **more: Any) -> str:
    """The table of the campaign itself, which is named as its id is."""
    known = {"id": id_, "name": id_, "zone": "Europe/Berlin", "languages": languages, "tags": tags}
    return table("campaign", {**known, **more})


def account(name: str, *, network: str, handle: str, server: str | None = None, **more: Any) -> str:
    """The table of one account."""
    return table(f"accounts.{name}", {"network": network, "handle": handle, "server": server, **more})


def one_each(domain: str) -> str:
    """An account on each network, called as its network: `eyes` on the servers of this domain. X is the last."""
    return (
        account("mastodon", network="mastodon", handle="eyes", server=f"https://mastodon.{domain}")
        + account("bluesky", network="bluesky", handle=f"eyes.{domain}")
        + account("x", network="x", handle="eyes")
    )


def rewrite_accounts(folder: Path, accounts: str) -> None:
    """Put these accounts where a new campaign has those of the example."""
    path = folder / "config.toml"
    path.write_text(path.read_text().partition("[accounts.")[0] + accounts)
