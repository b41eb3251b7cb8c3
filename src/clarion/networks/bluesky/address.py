"""What an address that a person copied says about a post. Pure, and loose: a wrong one is noticed, not every one refused."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from clarion.model import Account
from clarion.networks.bluesky import record

SHAPE = "https://bsky.app/profile/NAME/post/3kabcdefgh2xy"
_PATH = re.compile(r"/profile/(?P<who>[^/]+)/post/(?P<key>[\w.~:-]{1,512})/?", re.ASCII)
_URI = re.compile(rf"at://(?P<who>[^/]+)/{re.escape(record.POST)}/(?P<key>[\w.~:-]{{1,512}})", re.ASCII)


def remote_id(url: str, account: Account) -> str | None:
    """The at:// address of the post; None when it is no address of one of this account's posts."""
    found = _URI.fullmatch(url) if url.startswith("at://") else _on_a_page(url, account)
    did = account.identity.remote_id
    if found is None or found["who"].casefold() not in (did.casefold(), account.handle.casefold()):
        return None
    return f"at://{did}/{record.POST}/{found['key']}"


def _on_a_page(url: str, account: Account) -> re.Match[str] | None:
    """Any reader of Bluesky shows posts under the same path; in rehearsal only this machine's does."""
    parts = urlsplit(url)
    if account.identity.origin.startswith("rehearsal:") and parts.hostname not in ("127.0.0.1", "localhost"):
        return None
    return _PATH.fullmatch(unquote(parts.path)) if parts.scheme in ("http", "https") else None
