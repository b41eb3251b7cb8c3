"""Connecting a Mastodon account: Clarion is registered on its server, a person allows it there, a code becomes a token.

In: a connection without a token. Out: an address to open, then the secret: the token, and the app's two values, with
which the token can be taken back. The calls are made on our own session: Mastodon.py knows no PKCE, asks the server for
more than it needs, and hides what it answered.
"""

from __future__ import annotations

import http.client
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlencode

import requests
import urllib3

from clarion.errors import AccountBlocked, Unavailable
from clarion.networks.base import Connection
from clarion.networks.http import lost
from clarion.networks.logins import Ask, Return, WrongCode
from clarion.networks.mastodon import answers, options
from clarion.redaction import remember

NAME = "Clarion"
SCOPES = options.SCOPES
#: The page shows the code instead of sending the browser somewhere (Doorkeeper's "native" redirect).
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"

BEFORE = (
    "Log in to the account in your browser first, and only to that one.",
    "The page then asks whether Clarion may read and write posts for it, and nothing else.",
)
ASKS: tuple[Ask, ...] = ()
CODE = Ask(key="code", words="Code from the page", unseen=True)
BROWSER = True
SINGLE = True
BY_HAND = (
    "On its server, delete Clarion below Preferences, Account, Authorized apps;"
    " a token made by hand below Preferences, Development."
)

_BROKEN = (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException)


def begin(connection: Connection) -> MastodonLogin:
    return MastodonLogin(connection)


def doubt(key: str, typed: str) -> str | None:
    """Nothing of Mastodon's can be told by its look."""
    return None


def revoke(connection: Connection) -> bool:
    """Take the token back. One that was made by hand can only be deleted by hand."""
    secret = connection.secret
    if not (secret.get("client_id") and secret.get("client_secret")):
        return False
    said = {key: secret.get(key, "") for key in ("client_id", "client_secret")}
    _post(
        connection,
        "/oauth/revoke",
        said | {"token": secret.get("access_token", "")},
        "the recall of its token",
    )
    return True


class MastodonLogin:
    """See `networks.base.Login`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._app: dict[str, str] = {}
        self._redirect = OUT_OF_BAND
        #: PKCE (RFC 7636): a code that somebody else caught is worth nothing. Servers before 4.3 ignore it.
        self._verifier = token_urlsafe(48)

    def open(self, given: Mapping[str, str], back: Return | None = None) -> str:
        self._redirect = back.address if back else OUT_OF_BAND
        self._app = self._registered()
        asked = {
            "response_type": "code",
            "client_id": self._app["client_id"],
            "redirect_uri": self._redirect,
            "scope": " ".join(SCOPES),
            "code_challenge": _challenge(self._verifier),
            "code_challenge_method": "S256",
        }
        if back:
            asked["state"] = back.state
        return f"{self._connection.base}/oauth/authorize?{urlencode(asked)}"

    def finish(self, code: str | None = None) -> Mapping[str, str]:
        account = self._connection.account
        remember(code, self._verifier)
        said = {
            "grant_type": "authorization_code",
            "code": (code or "").strip(),
            "redirect_uri": self._redirect,
            "scope": " ".join(SCOPES),
            "code_verifier": self._verifier,
        }
        given = _post(self._connection, "/oauth/token", self._app | said, "the code")
        token = given.get("access_token")
        if not isinstance(token, str) or not token:
            raise Unavailable(f"{account.server} answered the code without a token")
        remember(token)
        granted = str(given.get("scope") or " ".join(SCOPES)).split()
        missing = [scope for scope in SCOPES if not {scope, scope.partition(":")[0]} & set(granted)]
        if missing:
            raise AccountBlocked(
                f"{account.server} did not give Clarion everything it needs: {', '.join(missing)}",
                f"clarion accounts login {account.name}",
            )
        return {"access_token": token, **self._app}

    def _registered(self) -> dict[str, str]:
        """Clarion as an app of its own on this server: nobody else's can be taken away with it."""
        wish = {"client_name": NAME, "redirect_uris": self._redirect, "scopes": " ".join(SCOPES)}
        made = _post(self._connection, "/api/v1/apps", wish, "Clarion as an app")
        app = {key: made.get(key) for key in ("client_id", "client_secret")}
        if not all(isinstance(value, str) and value for value in app.values()):
            raise Unavailable(
                f"{self._connection.account.server} registered no app; is it a Mastodon server?"
            )
        remember(app["client_secret"])
        return {key: str(value) for key, value in app.items()}


def _post(connection: Connection, path: str, form: Mapping[str, str], what: str) -> Mapping[str, Any]:
    """One request of the login; none of them creates a post, so what is unknown may be asked again."""
    try:
        answer = connection.http.post(f"{connection.base}{path}", data=dict(form))
    except _BROKEN as error:
        raise Unavailable(f"{connection.account.server}: {lost(error, connection.http).message}") from error
    if not answer.ok or answer.is_redirect:
        raise _meaning(connection, answer, what)
    try:
        body = answer.json()
    except requests.JSONDecodeError:
        body = None
    return body if isinstance(body, dict) else {}


def _meaning(connection: Connection, answer: requests.Response, what: str) -> Exception:
    account = connection.account
    if answer.status_code in (400, 401) and what == "the code":
        return WrongCode(
            f"{account.server} does not take this code: a character may be missing, or it is too old",
            f"clarion accounts login {account.name}",
        )
    if answer.status_code == 404:
        return AccountBlocked(
            f"{account.server} does not answer as a Mastodon server",
            f"clarion accounts add {account.name} --server https://…",
        )
    error = answers.safe_refusal(answer, what)
    error.hint = error.hint and f"clarion accounts login {account.name}"
    return error


def _challenge(verifier: str) -> str:
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")
