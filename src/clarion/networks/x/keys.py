"""The rehearsal's keys: derived from an account's name, and checked as X checks them. Pure.

In: a request. Out: the account whose OAuth 1.0a signature (RFC 5849, HMAC-SHA1) it carries, or None. The keys are no
secret: they open nothing but a stand-in on this machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from oauthlib.oauth1.rfc5849 import signature
from oauthlib.oauth1.rfc5849.utils import parse_authorization_header

from clarion.networks.rehearsing import Request
from clarion.networks.x.options import BASE


def secret(account: str, generation: int = 0) -> dict[str, str]:
    """The keys the stand-in takes for an account of this name; after each recall of them it gives out the next ones."""
    renewed = f"z{generation}" if generation else ""
    return {
        "consumer_key": CONSUMER[0],
        "consumer_secret": CONSUMER[1],
        "access_token": f"{remote_id(account)}-{account.encode().hex()}{renewed}",
        "access_secret": _derived("access secret", account, renewed),
    }


def remote_id(account: str) -> str:
    """A number as long as X's own."""
    return str(10**18 + int(_derived("id", account)[:14], 16))


def claimed(request: Request) -> str | None:
    """The account whose keys a request names, unchecked."""
    named = _named(request)
    return None if named is None else named[0]


def verified(request: Request) -> tuple[str, int] | None:
    """The account whose signature a request carries, and the generation of its keys."""
    named = _named(request)
    if named is None or header(request).get("oauth_consumer_key") != CONSUMER[0]:
        return None
    account, generation = named
    ok = signed(request, CONSUMER[1], secret(account, generation)["access_secret"])
    return (account, generation) if ok else None


def signed(request: Request, consumer_secret: str, token_secret: str = "") -> bool:
    """Whether a request carries the signature that these two make."""
    form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    signed_by = _Signed(
        http_method=request.method,
        # The host is tweepy's, hard-coded; our session redirects after signing.
        uri=f"{BASE}{request.path}",
        signature=header(request).get("oauth_signature", ""),
        params=signature.collect_parameters(
            uri_query=request.query,
            body=request.body.decode() if form else None,
            headers={"Authorization": request.headers.get("authorization", "")},
        ),
    )
    return bool(signature.verify_hmac_sha1(signed_by, consumer_secret, token_secret))


def header(request: Request) -> dict[str, str]:
    """What a request's Authorization says: oauth_consumer_key and the rest; empty when it is of another kind."""
    try:
        pairs = parse_authorization_header(request.headers.get("authorization", ""))
    except ValueError:
        return {}
    return {name: signature.utils.unescape(value) for name, value in pairs}


def _named(request: Request) -> tuple[str, int] | None:
    token = header(request).get("oauth_token", "")
    name, _, renewed = token.partition("-")[2].partition("z")
    try:
        account, generation = bytes.fromhex(name).decode(), int(renewed or "0")
    except ValueError:
        return None
    known = account and token == secret(account, generation)["access_token"]
    return (account, generation) if known else None


@dataclass(frozen=True, slots=True)
class _Signed:
    """What oauthlib's verifier reads."""

    http_method: str
    uri: str
    signature: str
    params: list[tuple[str, str]]


def _derived(*words: str) -> str:
    return sha256("/".join(("clarion rehearsal x", *filter(None, words))).encode()).hexdigest()


#: The one app that the rehearsal knows: its key and its secret.
CONSUMER = ("rehearsal-consumer", _derived("consumer secret"))
