"""How the rehearsal's X lets an app in by PIN (OAuth 1.0a, RFC 5849 and docs.x.com, "PIN-based OAuth"). Pure.

In: requests. Out: form-encoded answers as X gives them: every step's signature is checked, a request token works once, a
PIN has seven digits. As on X, logging in again gives the same keys, until they are taken back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlencode

from clarion.networks.rehearsing import Request, Response
from clarion.networks.x import keys

#: Codes of API v1, which these addresses still answer with.
_BAD_AUTH, _BAD_TOKEN, _NO_CALLBACK = 32, 89, 415


@dataclass(slots=True)
class _State:
    issued: int = 0
    waiting: dict[str, dict[str, Any]] = field(default_factory=dict)  # request token → secret, PIN, account
    generations: dict[str, int] = field(default_factory=dict)  # account → how often its keys were taken back


class OAuth:
    """What people allowed the one app that the rehearsal knows."""

    def __init__(self) -> None:
        self._state = _State()

    def handle(self, request: Request) -> Response | None:
        """The answer to a request of a login; None to any other."""
        step = request.method, request.path
        if step == ("POST", "/oauth/request_token"):
            return self._begin(request)
        if step == ("GET", "/oauth/authorize"):
            return self._page(dict(parse_qsl(request.query)))
        if step == ("POST", "/oauth/authorize"):
            return self._authorise(dict(parse_qsl(request.body.decode())))
        if step == ("POST", "/oauth/access_token"):
            return self._finish(request)
        if step == ("POST", "/1.1/oauth/invalidate_token"):
            return self._invalidate(request)
        return None

    def verified(self, request: Request) -> str | None:
        """The account whose signature a request carries, made with keys that were not taken back."""
        found = keys.verified(request)
        if found is None or found[1] != self._state.generations.get(found[0], 0):
            return None
        return found[0]

    def dump(self) -> dict[str, Any]:
        return asdict(self._state)

    def load(self, state: Mapping[str, Any]) -> None:
        self._state = _State(**state)

    # ── one request ───────────────────────────────────────────────────────────────────────────────────────────

    def _begin(self, request: Request) -> Response:
        said = keys.header(request)
        if said.get("oauth_consumer_key") != keys.CONSUMER[0] or not keys.signed(request, keys.CONSUMER[1]):
            return _refused(401, _BAD_AUTH, "Could not authenticate you.")
        if said.get("oauth_callback") != "oob":
            return _refused(403, _NO_CALLBACK, "Callback URL not approved for this client application.")
        token, secret = self._next("request token"), self._next("request secret")
        self._state.waiting[token] = {"secret": secret, "pin": None, "account": None}
        return _form({"oauth_token": token, "oauth_token_secret": secret, "oauth_callback_confirmed": "true"})

    def _page(self, said: Mapping[str, str]) -> Response:
        token = said.get("oauth_token", "")
        if token not in self._state.waiting:
            return _html(403, "<p>This page needs a request token that is still good.</p>")
        return _html(
            200,
            '<form method="post" action="/oauth/authorize">'
            f'<input type="hidden" name="oauth_token" value="{escape(token)}">'
            '<label>Account <input name="account"></label><button>Authorize app</button></form>',
        )

    def _authorise(self, said: Mapping[str, str]) -> Response:
        known = self._state.waiting.get(said.get("oauth_token", ""))
        if known is None or not said.get("account"):
            return _html(403, "<p>This page needs a request token that is still good.</p>")
        known |= {"account": said["account"], "pin": f"{int(self._next('pin')[:12], 16) % 10**7:07}"}
        return _html(200, f"<p>Go back to the app and type this PIN:</p><code>{known['pin']}</code>")

    def _finish(self, request: Request) -> Response:
        said = keys.header(request)
        known = self._state.waiting.get(said.get("oauth_token", ""))
        if known is None or not keys.signed(request, keys.CONSUMER[1], known["secret"]):
            return _refused(401, _BAD_TOKEN, "Invalid or expired token.")
        if known["pin"] is None or said.get("oauth_verifier") != known["pin"]:
            return _refused(
                401, _BAD_AUTH, "Error processing your OAuth request: Invalid oauth_verifier parameter"
            )
        del self._state.waiting[said["oauth_token"]]
        account = known["account"]
        mine = keys.secret(account, self._state.generations.get(account, 0))
        return _form(
            {
                "oauth_token": mine["access_token"],
                "oauth_token_secret": mine["access_secret"],
                "user_id": keys.remote_id(account),
                "screen_name": account,
            }
        )

    def _invalidate(self, request: Request) -> Response:
        account = self.verified(request)
        if account is None:
            return _refused(401, _BAD_TOKEN, "Invalid or expired token.")
        self._state.generations[account] = self._state.generations.get(account, 0) + 1
        return _json(200, {"access_token": keys.header(request)["oauth_token"]})

    def _next(self, what: str) -> str:
        """The next value of a kind: never the same twice, and the same in every rehearsal."""
        self._state.issued += 1
        return sha256(f"x oauth {what} {self._state.issued}".encode()).hexdigest()[:32]


def _refused(status: int, code: int, message: str) -> Response:
    return _json(status, {"errors": [{"code": code, "message": message}]})


def _json(status: int, body: Mapping[str, Any]) -> Response:
    return Response(
        status=status, headers={"content-type": "application/json"}, body=json.dumps(body).encode()
    )


def _form(said: Mapping[str, str]) -> Response:
    """As X does: form-encoded, and called HTML."""
    return Response(
        status=200, headers={"content-type": "text/html;charset=utf-8"}, body=urlencode(said).encode()
    )


def _html(status: int, body: str) -> Response:
    page = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>X (rehearsal)</title>{body}</html>'
    return Response(status=status, headers={"content-type": "text/html; charset=utf-8"}, body=page.encode())
