"""How the rehearsal's Mastodon lets apps in: registration, the page that asks, codes, tokens and what they allow. Pure.

In: requests and a moment. Out: answers as Mastodon 4.5 (Doorkeeper) gives them: exact redirect addresses, codes used once
within ten minutes, PKCE by S256 alone, scopes of the app and no others. Any account may be logged in to on the page:
it asks for the name.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from clarion.networks.mastodon.options import SCOPES
from clarion.networks.mastodon.wire import Params, Refusal, answer, params
from clarion.networks.rehearsing import Request, Response

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
_CODE_LASTS = timedelta(minutes=10)
_SCOPES = frozenset(
    {
        *("read", "write", "follow", "push", "profile"),
        *(f"read:{what}" for what in ("accounts", "statuses", "notifications", "search", "lists", "filters")),
        *(f"write:{what}" for what in ("accounts", "statuses", "media", "notifications", "lists", "filters")),
    }
)
#: What a token must allow, by method and path; the broader scope of the same kind does too. What is not here is public.
_NEEDS = (
    ("POST", r"/api/v1/statuses", "write:statuses"),
    ("PUT", r"/api/v1/statuses/[^/]+", "write:statuses"),
    ("DELETE", r"/api/v1/statuses/[^/]+", "write:statuses"),
    ("GET", r"/api/v1/statuses/.+", "read:statuses"),
    ("GET", r"/api/v1/accounts/verify_credentials", "read:accounts"),
    ("GET", r"/api/v1/accounts/[^/]+/statuses", "read:statuses"),
    ("POST", r"/api/v2/media", "write:media"),
    ("GET", r"/api/v1/media/.+", "write:media"),
)


def secret(account: str) -> dict[str, str]:
    """The token taken for this account without any login: it says the name, and a checksum that it is no typing error."""
    name = urlsafe_b64encode(account.encode()).decode().rstrip("=")
    return {"access_token": f"rehearsal.{name}.{sha256(name.encode()).hexdigest()[:16]}"}


@dataclass(slots=True)
class _State:
    issued: int = 0
    apps: dict[str, dict[str, Any]] = field(default_factory=dict)
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)


class OAuth:
    """The apps of one server, and what people allowed them."""

    def __init__(self) -> None:
        self._state = _State()

    def handle(self, request: Request, now: datetime) -> Response | None:
        """The answer to a request that is about letting an app in; None to any other. Raises Refusal."""
        known: dict[tuple[str, str], Callable[[], Response]] = {
            ("POST", "/api/v1/apps"): lambda: self._register(params(request)),
            ("GET", "/oauth/authorize"): lambda: _page(self._asked(dict(parse_qsl(request.query)))),
            ("POST", "/oauth/authorize"): lambda: self._authorise(
                dict(parse_qsl(request.body.decode())), now
            ),
            ("GET", "/oauth/authorize/native"): lambda: _shown_code(request),
            ("POST", "/oauth/token"): lambda: self._token(params(request), now),
            ("POST", "/oauth/revoke"): lambda: self._revoke(params(request)),
            ("GET", "/api/v1/apps/verify_credentials"): lambda: self._app(request),
        }
        found = known.get((request.method, request.path.rstrip("/")))
        return None if found is None else found()

    def account_of(self, request: Request) -> str | None:
        """Whose token a request carries, unless it was taken back."""
        token = _bearer(request)
        known = self._state.tokens.get(token)
        if known is not None:
            return None if known["revoked"] else str(known["account"])
        return _derived_for(token)

    def require(self, request: Request) -> None:
        """Refuse what a token that was given out here does not allow."""
        known = self._state.tokens.get(_bearer(request))
        if known is None:
            return
        for method, path, scope in _NEEDS:
            if request.method == method and re.fullmatch(path, request.path.rstrip("/")):
                if not {scope, scope.partition(":")[0]} & set(known["scopes"]):
                    raise Refusal(403, "This action is outside the authorized scopes")
                return

    def dump(self) -> dict[str, Any]:
        return asdict(self._state)

    def load(self, state: Mapping[str, Any]) -> None:
        self._state = _State(**state)

    # ── one request ───────────────────────────────────────────────────────────────────────────────────────────

    def _register(self, said: Params) -> Response:
        name, scopes = said.one("client_name") or "", (said.one("scopes") or "read").split()
        redirects = " ".join(said.many("redirect_uris")).split()
        if not name or not redirects:
            raise Refusal(422, "Validation failed: Application name can't be blank")
        if any(each != OUT_OF_BAND and not urlsplit(each).netloc for each in redirects):
            raise Refusal(422, "Validation failed: Redirect URI must be an absolute URI.")
        if not set(scopes) <= _SCOPES:
            raise Refusal(422, "Validation failed: Scopes doesn't match configured on the server.")
        client = self._next("client")
        app = {"secret": self._next("client secret"), "name": name, "scopes": scopes, "redirects": redirects}
        self._state.apps[client] = app
        return answer(
            {
                "id": str(self._state.issued),
                "name": name,
                "website": None,
                "scopes": scopes,
                "redirect_uris": redirects,
                "redirect_uri": "\n".join(redirects),
                "client_id": client,
                "client_secret": app["secret"],
                "client_secret_expires_at": 0,
            }
        )

    def _app(self, request: Request) -> Response:
        """The app that a token is one of; the one that needs no login allows what publishing takes."""
        if self.account_of(request) is None:
            raise Refusal(401, "The access token is invalid", {"www-authenticate": "Bearer"})
        known = self._state.tokens.get(_bearer(request))
        app = self._state.apps[known["client"]] if known else {"name": "Clarion", "scopes": list(SCOPES)}
        return answer({"id": "1", "name": app["name"], "website": None, "scopes": app["scopes"]})

    def _asked(self, said: Mapping[str, str]) -> dict[str, str]:
        """What an app asks a person for, if it may. An error is shown, and never sent to an address nobody registered."""
        app = self._state.apps.get(said.get("client_id", ""))
        scopes = said.get("scope", "read").split()
        if app is None:
            raise Refusal(401, "Client authentication failed due to unknown client")
        if said.get("redirect_uri") not in app["redirects"]:
            raise Refusal(400, "The redirect uri included is not valid.")
        if said.get("response_type") != "code" or not set(scopes) <= set(app["scopes"]):
            raise Refusal(400, "The requested scope is invalid, unknown, or malformed.")
        if "code_challenge" in said and said.get("code_challenge_method") != "S256":
            raise Refusal(400, "The code_challenge_method must be S256.")
        known = ("client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method")
        return {
            **{key: said[key] for key in known if key in said},
            "app": app["name"],
            "response_type": "code",
        }

    def _authorise(self, said: Mapping[str, str], now: datetime) -> Response:
        asked = self._asked(said)
        native = asked["redirect_uri"] == OUT_OF_BAND
        state = {"state": asked["state"]} if "state" in asked else {}
        if said.get("allow") != "yes" or not said.get("account"):
            if native:
                raise Refusal(401, "The resource owner or authorization server denied the request.")
            return _redirect(asked["redirect_uri"], {"error": "access_denied", **state})
        code = self._next("code")
        self._state.codes[code] = {
            "client": asked["client_id"],
            "account": said["account"],
            "redirect": asked["redirect_uri"],
            "scopes": asked.get("scope", "read").split(),
            "challenge": asked.get("code_challenge"),
            "until": (now + _CODE_LASTS).isoformat(),
        }
        to = "/oauth/authorize/native" if native else asked["redirect_uri"]
        return _redirect(to, {"code": code, **state})

    def _token(self, said: Params, now: datetime) -> Response:
        client = self._client(said)
        known = self._state.codes.pop(said.one("code") or "", None)  # used once, rightly or wrongly
        verifier = said.one("code_verifier") or ""
        if (
            said.one("grant_type") != "authorization_code"
            or known is None
            or known["client"] != client
            or known["redirect"] != said.one("redirect_uri")
            or now >= datetime.fromisoformat(known["until"])
            or known["challenge"] not in (None, _challenge(verifier))
        ):
            raise Refusal(400, "invalid_grant")
        token = self._next("token")
        held = {"account": known["account"], "client": client, "scopes": known["scopes"], "revoked": False}
        self._state.tokens[token] = held
        scope = " ".join(known["scopes"])
        body = {
            "access_token": token,
            "token_type": "Bearer",
            "scope": scope,
            "created_at": int(now.timestamp()),
        }
        return answer(body)

    def _revoke(self, said: Params) -> Response:
        client = self._client(said)
        known = self._state.tokens.get(said.one("token") or "")
        if known is not None:
            if known["client"] != client:
                raise Refusal(403, "unauthorized_client")
            known["revoked"] = True
        return answer({})

    def _client(self, said: Params) -> str:
        client = said.one("client_id") or ""
        app = self._state.apps.get(client)
        if app is None or app["secret"] != said.one("client_secret"):
            raise Refusal(401, "invalid_client")
        return client

    def _next(self, what: str) -> str:
        """The next value of a kind: never the same twice, and the same in every rehearsal."""
        self._state.issued += 1
        return sha256(f"mastodon oauth {what} {self._state.issued}".encode()).hexdigest()[:43]


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def _derived_for(token: str) -> str | None:
    """The account for which `secret` makes this token."""
    try:
        _, name, _ = token.split(".")
        account = urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode()
    except ValueError:
        return None
    return account if secret(account)["access_token"] == token else None


def _challenge(verifier: str) -> str:
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")


def _page(asked: Mapping[str, str]) -> Response:
    hidden = "".join(
        f'<input type="hidden" name="{escape(key)}" value="{escape(value)}">'
        for key, value in asked.items()
        if key != "app"
    )
    wants = "".join(f"<li>{escape(scope)}</li>" for scope in asked.get("scope", "read").split())
    return _html(
        f"<h1>{escape(asked['app'])} would like to use your account</h1><ul>{wants}</ul>"
        f'<form method="post" action="/oauth/authorize">{hidden}<label>Account <input name="account"></label>'
        '<button name="allow" value="yes">Authorize</button><button name="allow" value="no">Deny</button></form>'
    )


def _shown_code(request: Request) -> Response:
    code = dict(parse_qsl(request.query)).get("code", "")
    return _html(f"<p>Copy this code, and paste it where it is asked for:</p><code>{escape(code)}</code>")


def _html(body: str) -> Response:
    page = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Mastodon (rehearsal)</title>{body}</html>'
    return Response(status=200, headers={"content-type": "text/html; charset=utf-8"}, body=page.encode())


def _redirect(to: str, said: Mapping[str, str]) -> Response:
    mark = "&" if "?" in to else "?"
    return Response(status=302, headers={"location": f"{to}{mark}{urlencode(said)}"})
