"""What a Bluesky token says of itself: a JWT, whose middle anybody can read. Pure.

In: a token. Out: its scope and its end; None where it is not of that shape, or does not say.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

#: What a session may do, by what it was opened with (@atproto/pds 0.5.35, `auth-scope`): the account's own password, an
#: app password that may read direct messages, an app password; and an account that was taken down.
FULL = "com.atproto.access"
PRIVILEGED = "com.atproto.appPassPrivileged"
APP = "com.atproto.appPass"
TAKEN_DOWN = "com.atproto.takendown"


def scope(token: str) -> str | None:
    """What a token says it may do."""
    said = _said(token).get("scope")
    return said if isinstance(said, str) else None


def ends_at(token: str) -> datetime | None:
    """When it is no longer taken."""
    said = _said(token).get("exp")
    if not isinstance(said, int | float):
        return None
    try:
        return datetime.fromtimestamp(said, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _said(token: str) -> Mapping[str, Any]:
    try:
        body = token.split(".")[1]
        said = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}
