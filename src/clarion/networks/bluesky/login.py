"""Connecting a Bluesky account: an app password, tried at once; the session it opens is kept and refreshed.

In: a connection whose session store is empty. Out: the app password as the secret; the tokens stand in the store. The
account's own password is refused even where the server takes it: it could change the e-mail address or delete the account.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from clarion.errors import AccountBlocked, PublishError
from clarion.networks.base import Connection
from clarion.networks.bluesky import tokens as jwt
from clarion.networks.bluesky.xrpc import Server, safe_refusal
from clarion.networks.logins import Ask, Return
from clarion.redaction import remember

_WHERE = "Settings, Privacy and security, App passwords"
BEFORE = (
    f"Make an app password for Clarion alone, in the Bluesky app: {_WHERE}.",
    "Never type the account's own password here.",
)
ASKS = (Ask(key="app_password", words="App password"),)
CODE: Ask | None = None
BROWSER = False
SINGLE = True
BY_HAND = f"In the Bluesky app, delete Clarion's app password: {_WHERE}."

#: As every server makes them (@atproto/pds, `app-passwords`).
_SHAPE = re.compile(r"[a-z0-9]{4}(-[a-z0-9]{4}){3}")


def begin(connection: Connection) -> BlueskyLogin:
    return BlueskyLogin(connection)


def doubt(key: str, typed: str) -> str | None:
    if key != "app_password" or _SHAPE.fullmatch(typed):
        return None
    return "this does not look like an app password (xxxx-xxxx-xxxx-xxxx); the account's own must not be kept here"


def revoke(connection: Connection) -> bool:
    """End the kept session. The app password is a person's to delete: nothing that was opened with it can."""
    _end(connection)
    return False


class BlueskyLogin:
    """See `networks.base.Login`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(self, given: Mapping[str, str], back: Return | None = None) -> None:
        remember(given["app_password"])
        self._connection = replace(self._connection, secret={"app_password": given["app_password"]})

    def finish(self, code: str | None = None) -> Mapping[str, str]:
        account = self._connection.account
        tokens = Server(self._connection).login()
        if jwt.scope(tokens["access"]) == jwt.FULL:
            _end(self._connection)
            raise AccountBlocked(
                f"this is the own password of @{account.handle}, which opens everything; it is not kept",
                f"make an app password ({_WHERE}), then: clarion accounts login {account.name}",
            )
        return dict(self._connection.secret)


def _end(connection: Connection) -> None:
    """Close the session that the store holds, if any."""
    tokens = connection.sessions.load()
    if not tokens or not tokens.get("refresh"):
        return
    answer = Server(connection).end(tokens["refresh"])
    if not answer.ok and answer.status not in (400, 401):  # those: it was over already
        error: PublishError = safe_refusal(answer, "the end of the session")
        raise error
