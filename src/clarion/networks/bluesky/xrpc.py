"""Bluesky's calls (XRPC) over our one HTTP session: logins that last, and what an answer means.

In: a Connection. Out: answers as plain data, or a PublishError. A login is kept in the session store and refreshed
there, because a server takes 30 logins in 5 minutes and 300 a day.
"""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
import urllib3

from clarion.clock import Deadline
from clarion.errors import AccountBlocked, OutcomeUnknown, PublishError, RateLimited, Refused, Unavailable
from clarion.networks.base import Connection
from clarion.networks.bluesky import options
from clarion.networks.http import lost, moment
from clarion.redaction import clean, remember

_BROKEN = (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException)
#: A token that a refresh replaces. Both come as 400.
_STALE = frozenset({"ExpiredToken", "InvalidToken"})
_CLOSED = frozenset(
    {
        *("AccountTakedown", "AccountDeactivated", "AccountSuspended", "RepoTakendown", "RepoDeactivated"),
        "AccountNotFound",  # it moved to another server, or was deleted
        *("AuthenticationRequired", "AuthMissing", "AuthRequired", "AuthFactorTokenRequired"),
        *("InsufficientScope", *_STALE),
    }
)
_REFUSED = frozenset({400, 403, 404, 422})
_LONGEST_WAIT = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back. `body` is empty when it was not a JSON object."""

    status: int
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def error(self) -> str:
        """The error's name, as the protocol has it; never its words, which may be translated."""
        return str(self.body.get("error", ""))


class Server:
    """One account's server."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._http = connection.http
        self._tokens: Mapping[str, str] | None = None

    @property
    def repo(self) -> str:
        """The account's DID: the pinned one, else what the login says."""
        pinned = self._connection.account.identity.remote_id
        return pinned if pinned.startswith("did:") else self.login()["did"]

    def login(self) -> Mapping[str, str]:
        """The tokens in use; logs in only where no host process has yet."""
        if self._tokens is None:
            self._tokens = self._stored()
        if self._tokens is None:
            with self._connection.sessions.locked():
                self._tokens = self._stored() or self._create_session()
        return self._tokens

    def read(self, name: str, **params: str) -> Answer:
        """A public query, which needs no login. Raises Unavailable when no answer comes."""
        try:
            return self._request("GET", name, params=params)
        except OutcomeUnknown as error:
            raise Unavailable(error.message) from error

    def call(self, method: str, name: str, *, deadline: Deadline | None = None, **what: Any) -> Answer:
        """A call as the account. An expired token is refreshed once and the same call made again in time.

        Raises OutcomeUnknown when the request was written and no answer came.
        """
        tokens = self.login()
        answer = self._request(method, name, token=tokens["access"], **what)
        if answer.error not in _STALE:
            return answer
        tokens = self._refresh(tokens)
        if deadline is not None and not deadline.allows(self._http.seconds):
            raise Unavailable("the login was renewed, but too late to send in this run")
        return self._request(method, name, token=tokens["access"], **what)

    def safe_call(self, method: str, name: str, **what: Any) -> Answer:
        """A call that publishes nothing and may be repeated: lost answers and strange ones are Unavailable."""
        try:
            return self.call(method, name, **what)
        except OutcomeUnknown as error:
            raise Unavailable(error.message) from error

    def _stored(self) -> Mapping[str, str] | None:
        stored = self._connection.sessions.load()
        if not stored or not all(stored.get(key) for key in ("access", "refresh", "did")):
            return None
        pinned = self._connection.account.identity.remote_id
        return stored if stored["did"] == pinned or not pinned.startswith("did:") else None

    def _refresh(self, stale: Mapping[str, str]) -> Mapping[str, str]:
        with self._connection.sessions.locked():
            stored = self._stored()
            if stored is not None and stored["access"] != stale["access"]:
                self._tokens = stored  # another process was faster
                return stored
            answer = self._session_call("refreshSession", token=stale["refresh"])
            spent = answer.error in _STALE or (answer.status == 401 and answer.error != "AccountTakedown")
            self._tokens = self._create_session() if spent else self._keep(answer)
            return self._tokens

    def _create_session(self) -> Mapping[str, str]:
        account, secret = self._connection.account, self._connection.secret
        if not secret.get("app_password"):
            raise AccountBlocked(
                f"{account.name} has no app password", f"clarion accounts add {account.name}"
            )
        body = {
            "identifier": secret.get("identifier", account.handle),
            "password": secret["app_password"],
        }
        answer = self._session_call("createSession", json=body)
        if answer.status == 401 and answer.error == "AuthenticationRequired":
            raise AccountBlocked(
                f"{account.server} does not take this app password for @{account.handle}: it is mistyped, or it was deleted there",
                f"clarion accounts login {account.name}",
            )
        return self._keep(answer)

    def end(self, refresh: str) -> Answer:
        """Close the session that this refresh token keeps open."""
        return self._session_call("deleteSession", token=refresh)

    def _session_call(self, name: str, **what: Any) -> Answer:
        try:
            return self._request("POST", f"com.atproto.server.{name}", **what)
        except OutcomeUnknown as error:  # a login creates no post
            raise Unavailable(error.message) from error

    def _keep(self, answer: Answer) -> Mapping[str, str]:
        """Store a new pair of tokens; half an answer never replaces a whole one."""
        if not answer.ok:
            raise safe_refusal(answer, "the login")
        tokens = {
            "access": str(answer.body.get("accessJwt", "")),
            "refresh": str(answer.body.get("refreshJwt", "")),
            "did": str(answer.body.get("did", "")),
            "handle": str(answer.body.get("handle", "")),
        }
        remember(tokens["access"], tokens["refresh"])
        if not (tokens["access"] and tokens["refresh"] and tokens["did"]):
            raise Unavailable("the server answered the login without tokens")
        self._connection.sessions.save(tokens)
        return tokens

    def _request(self, method: str, name: str, *, token: str | None = None, **what: Any) -> Answer:
        headers = dict(what.pop("headers", {}))
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        try:
            response = self._http.request(
                method, f"{self._connection.base}/xrpc/{name}", headers=headers, **what
            )
        except _BROKEN as error:
            raise lost(error, self._http) from error
        return Answer(status=response.status_code, headers=response.headers, body=_object(response))


def refusal(answer: Answer, what: str) -> PublishError:
    """What an answer that is not a success means for a request that creates something."""
    said = clean(str(answer.body.get("message", "")))[:160]  # first: half a secret is not known for one
    message = f"Bluesky answered {what} with {answer.status} {answer.error}".rstrip()
    if said:
        message = f"{message}: {said}"
    if answer.status == 429:
        return RateLimited(message, wait=wait(answer.headers))
    if answer.status == 401 or answer.error in _CLOSED:
        return AccountBlocked(message, "clarion accounts verify")
    if answer.error == "InvalidSwap":
        return OutcomeUnknown(
            f"another record already stands where {what} should: {answer.status} InvalidSwap"
        )
    if answer.error == "BlobNotFound":
        return Unavailable(message)  # the upload expired: the next try uploads again
    if answer.status in _REFUSED:
        return Refused(message)
    return OutcomeUnknown(message)


def safe_refusal(answer: Answer, what: str) -> PublishError:
    """The same for a request that publishes nothing: what is unknown there may simply be done again."""
    error = refusal(answer, what)
    if answer.status == 404 and not answer.error:  # not the server's own, but of whoever stands before it
        return Unavailable(error.message)
    if not isinstance(error, OutcomeUnknown):
        return error
    return Refused(error.message) if answer.status == 413 else Unavailable(error.message)


def unseen(answer: Answer, what: str) -> PublishError:
    """The same for a question about an account's own posts: an account that was taken down, deactivated or moved is
    not there to be asked about, which a server calls 400 InvalidRequest (@atproto/pds 0.5.35).
    """
    if answer.status == 400 and answer.error == "InvalidRequest":
        return AccountBlocked(
            f"Bluesky does not show this account to {what}: it was taken down, deactivated or moved",
            "clarion accounts verify",
        )
    return safe_refusal(answer, what)


def wait(headers: Mapping[str, str]) -> float:
    """Seconds to wait after a 429: Retry-After, else RateLimit-Reset (epoch seconds) seen from the server's own Date."""
    date = moment(headers.get("Date", ""))
    after, reset = headers.get("Retry-After", "").strip(), headers.get("RateLimit-Reset", "").strip()
    until = moment(after)
    seconds = options.WAIT_SECONDS
    if after.isdecimal():
        seconds = float(after)
    elif until is not None and date is not None:
        seconds = (until - date).total_seconds()
    elif reset.isdecimal() and date is not None:
        seconds = float(reset) - date.timestamp()
    return min(max(seconds, 1.0), _LONGEST_WAIT)


def _object(response: requests.Response) -> Mapping[str, Any]:
    try:
        body = response.json()
    except requests.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}
