"""Connecting an X account by PIN (OAuth 1.0a): the app's two keys are typed, a person allows the app, a PIN becomes the
account's two keys.

In: a connection, with the app's keys where they are known. Out: an address to open, then the four values that publishing
takes. The requests are signed by tweepy's own signer, on our session: tweepy's login opens sessions of its own, without
a deadline and past an account's proxy. Source: docs.x.com, "PIN-based OAuth".
"""

from __future__ import annotations

import http.client
import logging
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

import requests
import urllib3
from requests_oauthlib import OAuth1

from clarion.errors import AccountBlocked, PublishError, RateLimited, Unavailable
from clarion.networks.base import Connection
from clarion.networks.http import lost
from clarion.networks.logins import Ask, Return, WrongCode
from clarion.networks.x.answers import seconds_to_wait
from clarion.networks.x.options import BASE
from clarion.networks.x.prices import POST, POST_WITH_URL, READ
from clarion.redaction import remember

BEFORE = (
    f"X takes money: ${(POST + READ) / 1e6:g} a post and ${(POST_WITH_URL + READ) / 1e6:g} a post with a link.",
    f"It comes from credits bought there; ${READ / 1e6:g} of it is for reading the post back.",
    "You need an app of your own at console.x.com, set to “Read and write” before you go on.",
    "Log in to the account in your browser first, and only to that one.",
)
ASKS = (
    Ask(key="consumer_key", words="The app's API key (also: consumer key)"),
    Ask(key="consumer_secret", words="Its secret"),
)
CODE: Ask | None = Ask(key="pin", words="PIN from the page", unseen=True)
BROWSER = False
#: Who logs in again gets the same keys (docs.x.com, "Obtaining user access tokens").
SINGLE = False
BY_HAND = (
    "On X, remove your app below Settings, Security and account access, Apps and sessions, Connected apps."
)

_BROKEN = (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException)
#: An account's access token begins with its number.
_ACCOUNTS_OWN = re.compile(r"\d+-")
#: These write keys or signatures at DEBUG.
_TALKATIVE = ("oauthlib", "requests_oauthlib")


def begin(connection: Connection) -> XLogin:
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    return XLogin(connection)


def doubt(key: str, typed: str) -> str | None:
    """The console shows an app's keys and its owner's side by side."""
    if key == "consumer_key" and _ACCOUNTS_OWN.match(typed):
        return "this looks like an account's access token, not like an app's key"
    return None


def revoke(connection: Connection) -> bool:
    """Take the account's keys back. The app itself stays, for other accounts or for another day."""
    secret = connection.secret
    signer = OAuth1(
        secret["consumer_key"], secret["consumer_secret"], secret["access_token"], secret["access_secret"]
    )
    _post(connection, "/1.1/oauth/invalidate_token", signer, "the recall of its keys")
    return True


class XLogin:
    """See `networks.base.Login`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._app: tuple[str, str] = ("", "")
        self._token: tuple[str, str] = ("", "")

    def open(self, given: Mapping[str, str], back: Return | None = None) -> str:
        self._app = given["consumer_key"], given["consumer_secret"]
        remember(*self._app)
        signer = OAuth1(*self._app, callback_uri="oob")
        told = _post(self._connection, "/oauth/request_token", signer, "the app's keys")
        self._token = _pair(told)
        remember(self._token[1])  # the other half stands in the address that a person opens
        return f"{self._connection.base}/oauth/authorize?{urlencode({'oauth_token': self._token[0]})}"

    def finish(self, code: str | None = None) -> Mapping[str, str]:
        remember(code, self._token[0])
        signer = OAuth1(*self._app, *self._token, verifier=(code or "").strip())
        token, secret = _pair(_post(self._connection, "/oauth/access_token", signer, "the PIN"))
        remember(token, secret)
        app_key, app_secret = self._app
        return {
            "consumer_key": app_key,
            "consumer_secret": app_secret,
            "access_token": token,
            "access_secret": secret,
        }


def _post(connection: Connection, path: str, signer: OAuth1, what: str) -> Mapping[str, str]:
    """One signed request of the login; none of them creates a post, so what is unknown may be asked again."""
    try:
        # Signed for the one host that X knows; our session sends it where it really goes.
        answer = connection.http.post(f"{BASE}{path}", auth=signer)
    except _BROKEN as error:
        raise Unavailable(f"{connection.account.server}: {lost(error, connection.http).message}") from error
    if not answer.ok or answer.is_redirect:
        raise _meaning(connection, answer, what)
    return dict(parse_qsl(answer.text))


def _pair(told: Mapping[str, str]) -> tuple[str, str]:
    """The token and its secret."""
    pair = told.get("oauth_token", ""), told.get("oauth_token_secret", "")
    if not all(pair):
        raise Unavailable("X answered the login without a token")
    return pair


def _meaning(connection: Connection, answer: requests.Response, what: str) -> PublishError:
    again = f"clarion accounts login {connection.account.name}"
    if answer.status_code == 429:
        return RateLimited(
            "X wants fewer logins for a while", wait=seconds_to_wait(answer.headers), hint=again
        )
    if answer.status_code in (400, 401) and what == "the PIN":
        return WrongCode("X does not take this PIN: a digit may be wrong, or it is too old", again)
    if answer.status_code in (400, 401, 403):
        return AccountBlocked(
            f"X does not take {what}: they are not right, or the app may not log people in by PIN",
            f"at console.x.com switch on “User authentication”, copy the API key and its secret again, then: {again}",
        )
    return Unavailable(f"X answered {answer.status_code} to {what}", again)
