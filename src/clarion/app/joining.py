"""What connects an account of this campaign to its real network, also while the campaign is still rehearsed.

In: the campaign as it will be when it is live, and an account's name. Out: a `Joining`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from clarion.errors import CampaignError

if TYPE_CHECKING:
    from clarion.accounts.joining import Joining
    from clarion.app import App


def joining(live: App, name: str) -> Joining:
    """See `accounts/joining.py`. `live` is `App.as_live()`. Raises CampaignError for a name that config.toml has not."""
    from clarion.accounts.joining import Joining
    from clarion.accounts.sessions import SessionFile
    from clarion.accounts.verified import Verified
    from clarion.app.accounts import derived
    from clarion.model import Identity

    if name not in live.config.accounts:
        raise CampaignError(f"there is no account “{name}” in config.toml", f"clarion accounts add {name}")
    account = derived(live.config, name)
    stranger = Identity(network=account.network, origin=account.server, remote_id="")
    return Joining(
        account=replace(account, identity=stranger),
        connections=live.connections,
        store=live.secrets,
        outbox=lambda: live.outbox,
        verified=lambda: Verified(live.state / "verified.json", live.outbox.id),
        kept=SessionFile(live.state / "sessions" / live.mode, name),
    )
