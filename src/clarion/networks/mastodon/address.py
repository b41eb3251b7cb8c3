"""What an address that a person copied says about a post. Pure, and loose: a wrong one is noticed, not every one refused."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from clarion.model import Account

SHAPE = "https://mastodon.example/@NAME/1234567890"
_PATH = re.compile(r"(/deck|/web)?/(@|users/)(?P<name>[^/@]+)(@[^/]+)?(/statuses)?/(?P<id>\w+)/?", re.ASCII)


def remote_id(url: str, account: Account) -> str | None:
    """What the account's server calls the post at this address; None when it is no address of this account's posts."""
    parts = urlsplit(url)
    rehearsal = account.identity.origin.startswith("rehearsal:")
    hosts = ("127.0.0.1", "localhost") if rehearsal else (urlsplit(account.identity.origin).hostname,)
    found = _PATH.fullmatch(unquote(parts.path))
    if parts.scheme not in ("http", "https") or parts.hostname not in hosts or found is None:
        return None
    handle = account.handle.removeprefix("@").partition("@")[0]
    ours = found["name"].casefold() in (handle.casefold(), account.name.casefold())
    return found["id"] if ours else None
