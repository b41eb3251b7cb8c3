"""What an address that a person copied says about a post. Pure, and loose: a wrong one is noticed, not every one refused."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from clarion.model import Account

SHAPE = "https://x.com/NAME/status/1234567890"
_HOSTS = ("x.com", "twitter.com")
_PATH = re.compile(r"/(?P<name>\w{1,15}|i/web)/status/(?P<id>\d{1,20})(/(photo|video)/\d)?/?", re.ASCII)


def remote_id(url: str, account: Account) -> str | None:
    """What X calls the post at this address; None when it is no address of one of this account's posts."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.").removeprefix("mobile.")
    hosts = ("127.0.0.1", "localhost") if account.identity.origin.startswith("rehearsal:") else _HOSTS
    found = _PATH.fullmatch(parts.path)
    if parts.scheme not in ("http", "https") or host not in hosts or found is None:
        return None
    ours = found["name"].casefold() in ("i/web", account.handle.casefold(), account.name.casefold())
    return found["id"] if ours else None
