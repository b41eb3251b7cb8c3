"""What Mastodon's answers mean. In: what Mastodon.py raised, and the HTTP answer behind it. Out: a `PublishError`.

Classified by the HTTP status, never by words: a server's messages are translated, and the library's exceptions hide
the code (a 429's headers, a 200 whose headers it could not read).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import requests

from clarion.errors import AccountBlocked, OutcomeUnknown, PublishError, RateLimited, Refused, Unavailable
from clarion.networks.http import moment
from clarion.networks.mastodon.options import WAIT_SECONDS
from clarion.redaction import clean

#: A payload so answered is never taken, and was not.
_REFUSED = frozenset({400, 403, 404, 422})
_LONGEST_WAIT = 86_400.0
#: Where reset times are written as seconds since 1970 (some servers and mocks), they are longer than a year.
_EPOCH_DIGITS = 9


def refusal(answer: requests.Response, what: str) -> PublishError:
    """What an answer means that is not the success it should be, to a request that creates something."""
    status = answer.status_code
    message = f"Mastodon did not take {what}: {status}{_said(answer)}"
    if status == 429:
        return RateLimited(message, wait=wait(answer.headers))
    if status == 401 or (status == 403 and "WWW-Authenticate" in answer.headers):
        return AccountBlocked(message, "clarion accounts verify")
    if status in _REFUSED:
        return Refused(message)
    return OutcomeUnknown(f"Mastodon's answer to {what} says nothing certain: {status}{_said(answer)}")


def safe_refusal(answer: requests.Response, what: str) -> PublishError:
    """The same for a request that publishes nothing: what is unknown there may simply be asked again."""
    error = refusal(answer, what)
    if not isinstance(error, OutcomeUnknown):
        return error
    return Refused(error.message) if answer.status_code == 413 else Unavailable(error.message)


def says_missing(answer: requests.Response | None) -> bool:
    """Whether it is the server's own 404, which is JSON with an error: not the page of whoever stands before it."""
    return answer is not None and answer.status_code == 404 and _said(answer) != ""


def wait(headers: Mapping[str, str]) -> float:
    """Seconds to wait after a 429: X-RateLimit-Reset (ISO 8601 or epoch seconds) seen from the answer's own Date."""
    reset, date = _moment(headers.get("X-RateLimit-Reset", "")), moment(headers.get("Date", ""))
    if reset is None or date is None:
        return WAIT_SECONDS
    return min(max((reset - date).total_seconds(), 1.0), _LONGEST_WAIT)


def _moment(value: str) -> datetime | None:
    value = value.strip()
    try:
        if value.isdecimal() and len(value) > _EPOCH_DIGITS:
            return datetime.fromtimestamp(int(value), UTC)
        found = datetime.fromisoformat(value)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _said(answer: requests.Response) -> str:
    """The server's own words, for people, cut short."""
    try:
        body = answer.json()
    except requests.JSONDecodeError:
        return ""
    said = body.get("error") if isinstance(body, dict) else None
    return f" {clean(said)[:160]}" if isinstance(said, str) else ""
