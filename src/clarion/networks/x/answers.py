"""What X's answers, and answers that never came, mean for a delivery.

In: an exception of tweepy, of requests, or of reading what they gave. Out: one of the five `PublishError`s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import requests
import tweepy

from clarion.errors import (
    AccountBlocked,
    OutcomeUnknown,
    PublishError,
    RateLimited,
    Refused,
    Unavailable,
)
from clarion.model import Delivery
from clarion.networks.http import Session, lost, moment
from clarion.networks.x.options import WINDOW_SECONDS
from clarion.redaction import clean

#: The one place where words decide: a duplicate has no code of its own in API v2 (in v1 it was 187).
_DUPLICATE = "duplicate content"
_DUPLICATE_CODE = 187
#: Problem types (the last part of their address) that are about the account or the app, not about this post.
_ACCOUNT_PROBLEMS = frozenset(
    {
        "client-forbidden",
        "credits-depleted",
        "oauth1-permissions",
        "unsupported-authentication",
        "usage-capped",
    }
)
#: The same in the codes of API v1, which still appear: bad or withdrawn keys, suspended, locked, no write permission.
_ACCOUNT_CODES = frozenset({32, 64, 89, 99, 135, 215, 226, 261, 326, 453})
#: "Over the daily limit for posts", as a 403.
_DAILY_CODE = 185
_BUCKETS = ("x-rate-limit", "x-user-limit-24hour", "x-app-limit-24hour")
#: Seconds since 1970, and nothing that a number can also be: nan, inf, 5,000 digits.
_SECONDS = re.compile(r"[0-9]{1,12}")
_LONGEST_WAIT = 24 * 3600.0


def meaning(
    error: Exception, http: Session, *, account: str, creating: Delivery | None = None
) -> PublishError | None:
    """What an exception means; None when it is nobody's answer, but our own fault.

    Only a create can leave an unknown outcome: reads, uploads and deletes may simply be repeated.
    """
    found: PublishError
    if isinstance(error, tweepy.HTTPException):
        found = _of_answer(error, account, creating)
    elif isinstance(error, requests.RequestException):
        found = lost(error, http)
    elif http.wrote:
        found = OutcomeUnknown(f"X's answer could not be read ({type(error).__name__})")
    else:
        return None
    if creating is None and isinstance(found, OutcomeUnknown):
        return Unavailable(found.message)
    return found


def seconds_to_wait(headers: Mapping[str, str]) -> float:
    """Seconds until the latest of the exhausted limits opens, by the server's own clock."""
    now = moment_of(headers)
    exhausted = [bucket for bucket in _BUCKETS if headers.get(f"{bucket}-remaining") == "0"]
    latest = max(_reset(headers, bucket) for bucket in exhausted or _BUCKETS[:1])
    if now is None or not latest:
        return WINDOW_SECONDS
    return min(max(latest - now.timestamp() + 1, 1.0), _LONGEST_WAIT)


def moment_of(headers: Mapping[str, str]) -> datetime | None:
    """The server's clock when it answered."""
    return moment(headers.get("date", ""))


def tidied(answer: requests.Response, *_args: object, **_kwargs: object) -> None:
    """A hook of the session: takes away resets that are no numbers. tweepy fails to read one, and hides the 429."""
    for bucket in _BUCKETS:
        if not _SECONDS.fullmatch(answer.headers.get(f"{bucket}-reset", "0")):
            del answer.headers[f"{bucket}-reset"]


def _of_answer(error: tweepy.HTTPException, account: str, creating: Delivery | None) -> PublishError:
    status = error.response.status_code
    body = _body(error.response)
    detail = _detail(error, body)
    if status in {401, 402} or (status in {400, 403, 429} and _is_about_account(error, body)):
        mend = "login" if status == 401 else "verify"  # keys that are dead, or credits that somebody buys
        return AccountBlocked(
            f"X does not let this account post: {detail}", hint=f"clarion accounts {mend} {account}"
        )
    if status == 429 or (status == 403 and _DAILY_CODE in error.api_codes):
        wait = seconds_to_wait(error.response.headers)
        return RateLimited("X wants fewer requests for a while", wait=wait)
    if status == 403 and _is_duplicate(error, detail) and creating and _was_tried(creating):
        return OutcomeUnknown("X says this text is already up: an earlier attempt may have put it there")
    if status in {400, 403, 404, 422}:
        return Refused(f"X refused it: {detail}")
    return OutcomeUnknown(f"X answered {status}")


def _was_tried(delivery: Delivery) -> bool:
    return delivery.tried or delivery.generation > 0


def _is_duplicate(error: tweepy.HTTPException, detail: str) -> bool:
    return _DUPLICATE_CODE in error.api_codes or _DUPLICATE in detail.lower()


def _is_about_account(error: tweepy.HTTPException, body: Mapping[str, Any]) -> bool:
    problem = str(body.get("type", "")).rsplit("/", 1)[-1]
    return problem in _ACCOUNT_PROBLEMS or not _ACCOUNT_CODES.isdisjoint(error.api_codes)


def _detail(error: tweepy.HTTPException, body: Mapping[str, Any]) -> str:
    """X's own words, on one line."""
    said = (
        body.get("detail") or next(iter(error.api_messages), None) or f"status {error.response.status_code}"
    )
    return clean(" ".join(str(said).split()))[:200]  # first: half a secret is not known for one


def _body(response: requests.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except requests.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def _reset(headers: Mapping[str, str], bucket: str) -> float:
    """When a limit opens, in seconds since 1970; 0 when X does not say."""
    said = headers.get(f"{bucket}-reset", "")
    return float(said) if _SECONDS.fullmatch(said) else 0.0
