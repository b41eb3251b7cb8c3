"""The rehearsal's keys: derived from an account's name, and checked as X checks them. Pure.

In: a request. Out: the account whose OAuth 1.0a signature (RFC 5849, HMAC-SHA1) it carries, or None. The keys are no
secret: they open nothing but a stand-in on this machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from oauthlib.oauth1.rfc5849 import signature
from oauthlib.oauth1.rfc5849.utils import parse_authorization_header

from clarion.networks.base import Request
from clarion.networks.x.options import BASE

_CONSUMER_KEY = "rehearsal-consumer"


def secret(account: str) -> dict[str, str]:
    """The keys the stand-in takes for an account of this name."""
    return {
        "consumer_key": _CONSUMER_KEY,
        "consumer_secret": _derived("consumer secret"),
        "access_token": f"{remote_id(account)}-{account.encode().hex()}",
        "access_secret": _derived("access secret", account),
    }


def remote_id(account: str) -> str:
    """A number as long as X's own."""
    return str(10**18 + int(_derived("id", account)[:14], 16))


def claimed(request: Request) -> str | None:
    """The account whose keys a request names, unchecked."""
    token = _header(request).get("oauth_token", "")
    try:
        account = bytes.fromhex(token.partition("-")[2]).decode()
    except ValueError:
        return None
    return account if account and token == secret(account)["access_token"] else None


def verified(request: Request) -> str | None:
    """The account whose signature a request carries."""
    account = claimed(request)
    header = _header(request)
    if account is None or header.get("oauth_consumer_key") != _CONSUMER_KEY:
        return None
    form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    signed = _Signed(
        http_method=request.method,
        # The host is tweepy's, hard-coded; our session redirects after signing.
        uri=f"{BASE}{request.path}",
        signature=header.get("oauth_signature", ""),
        params=signature.collect_parameters(
            uri_query=request.query,
            body=request.body.decode() if form else None,
            headers={"Authorization": request.headers["authorization"]},
        ),
    )
    keys = secret(account)
    ok = signature.verify_hmac_sha1(signed, keys["consumer_secret"], keys["access_secret"])
    return account if ok else None


@dataclass(frozen=True, slots=True)
class _Signed:
    """What oauthlib's verifier reads."""

    http_method: str
    uri: str
    signature: str
    params: list[tuple[str, str]]


def _header(request: Request) -> dict[str, str]:
    try:
        pairs = parse_authorization_header(request.headers.get("authorization", ""))
    except ValueError:
        return {}
    return {name: signature.utils.unescape(value) for name, value in pairs}


def _derived(*words: str) -> str:
    return sha256("/".join(("clarion rehearsal x", *words)).encode()).hexdigest()
