"""Every answer that a network is known to give, and what becomes of the delivery: one row a fact.

The real publisher over a real socket, the real worker, a real outbox. What each network is known to do stands in
`docs/networks/`; how its answers are told apart in detail, in test_x_publisher, test_mastodon_publisher,
test_bluesky_publisher.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from clarion import networks as registry
from clarion.errors import AccountBlocked, OutcomeUnknown, PublishError, RateLimited, Refused, Unavailable
from clarion.networks.base import Absent, Found, Unsure
from tests.desk import Desk
from tests.networks.answering import AWAY, CLOSED, OPEN, WAITS, Place, Says, says

FAILED, SCHEDULED, IN_DOUBT, SENT = "failed", "scheduled", "in_doubt", "sent"


def problem(name: str, status: int = 403) -> Says:
    return says(
        status,
        {"title": "t", "status": status, "type": f"https://api.x.com/2/problems/{name}", "detail": "d"},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    network: str
    fact: str
    create: (
        Says | str | None
    )  # an answer to the create, or a fault of the wire or the server (rehearsal/faults.py)
    error: type[PublishError] | None  # what the publisher makes of it
    state: str  # where the delivery stands then
    account: str = OPEN  # may others of the account go? WAITS: a while; CLOSED: after `accounts verify`
    wait: float | None = None  # seconds, where the network says how long


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The create was lost, then it is looked for."""

    network: str
    fact: str
    lost: str  # how: "drop_before" nothing arrived, "drop_after" it is up
    look: Says | str | None  # what the look is answered
    sighting: type  # or the PublishError that the publisher makes of it
    state: str
    account: str = OPEN
    after: timedelta = timedelta(0)  # how long after the create
    looks: int = 1  # how many in a row

    @property
    def person(self) -> bool:
        """Whether nobody but a person can tell: then it is not looked for again."""
        return self.fact.endswith("a person")


def row(
    network: str, fact: str, create: Says | str, error: Any, state: str, account: str = OPEN, **more: Any
) -> Row:
    return Row(network=network, fact=fact, create=create, error=error, state=state, account=account, **more)


DATE = "Sun, 29 Mar 2026 12:00:00 GMT"
EPOCH = 1774785600  # the same
HTML = b"<!doctype html><h1>Welcome</h1>"


def of_x() -> list[Row]:
    def x(*cells: Any, **more: Any) -> Row:
        return row("x", *cells, **more)

    used_up = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(EPOCH + 60)}
    day = {"x-user-limit-24hour-remaining": "0", "x-user-limit-24hour-reset": str(EPOCH + 7200)}
    return [
        x("400, 404, 422: certainly not created", says(400, {}), Refused, FAILED),
        x("404", says(404, {}), Refused, FAILED),
        x("422", says(422, {}), Refused, FAILED),
        x("403 for this post: refused", problem("not-authorized-for-resource"), Refused, FAILED),
        x("a duplicate that nothing of ours came before: refused",
          says(403, {"detail": "You are not allowed to create a Tweet with duplicate content."}), Refused, FAILED),
        x("401: the keys are dead", says(401, b"no JSON"), AccountBlocked, SCHEDULED, CLOSED),
        x("out of credits is a pause, not a failure", problem("credits-depleted", 402), AccountBlocked, SCHEDULED, CLOSED),
        x("an app that may only read", problem("oauth1-permissions"), AccountBlocked, SCHEDULED, CLOSED),
        x("an app that X closed", problem("client-forbidden"), AccountBlocked, SCHEDULED, CLOSED),
        x("a locked account, by the code of API v1", says(403, {"errors": [{"code": 326, "message": "m"}]}),
          AccountBlocked, SCHEDULED, CLOSED),
        x("429 waits until the limit opens, epoch seconds", says(429, {}, **used_up), RateLimited, SCHEDULED, WAITS, wait=61),
        x("of several limits used up, the latest", says(429, {}, **used_up, **day), RateLimited, SCHEDULED, WAITS, wait=7201),
        x("a 429 that does not say: a whole window", "429_bare", RateLimited, SCHEDULED, WAITS, wait=900),
        x("the day's posts are used up, as a 403", says(403, {"errors": [{"code": 185, "message": "m"}]}),
          RateLimited, SCHEDULED, WAITS, wait=900),
        x("5xx: nobody knows", says(503, {}), OutcomeUnknown, IN_DOUBT),
        x("409: nobody knows", says(409, {}), OutcomeUnknown, IN_DOUBT),
        x("a redirect of a POST is not followed", says(307, b"", location="/2/tweets"), OutcomeUnknown, IN_DOUBT),
        x("JSONDecodeError on a garbled 201: the post may exist", says(201, b'{"data": {"id": "19'), OutcomeUnknown, IN_DOUBT),
        x("HTTP 200 with only errors gives no data", says(200, {"errors": [{"title": "t"}]}), OutcomeUnknown, IN_DOUBT),
        x("AttributeError on list-shaped error bodies", says(400, [{"message": "m"}]), OutcomeUnknown, IN_DOUBT),
        x("a 2xx without an id", says(201, {"data": {}}), OutcomeUnknown, IN_DOUBT),
        x("a reset before anything was read", "drop_before", OutcomeUnknown, IN_DOUBT),
        x("silence past the deadline", "hang_after", OutcomeUnknown, IN_DOUBT),
        x("taken", None, None, SENT),
    ]  # fmt: skip


def of_mastodon() -> list[Row]:
    def m(*cells: Any, **more: Any) -> Row:
        return row("mastodon", *cells, **more)

    iso = {"x-ratelimit-reset": "2026-03-29T12:01:30.123456Z", "date": DATE}
    return [
        m("400 is a plain MastodonAPIError: by its code", says(400, {"error": "no"}), Refused, FAILED),
        m("404", says(404, {"error": "no"}), Refused, FAILED),
        m("422, in any language", says(422, {"error": "Проверка не удалась"}), Refused, FAILED),
        m("403 in words, the account in good standing", says(403, {"error": "no"}), Refused, FAILED),
        m("403 that asks for another scope", says(403, {"error": "no"}, www_authenticate="Bearer"),
          AccountBlocked, SCHEDULED, CLOSED),
        m("401: the token was taken back", says(401, {"error": "revoked"}), AccountBlocked, SCHEDULED, CLOSED),
        m("429: the reset is ISO 8601 with microseconds", says(429, {}, **iso), RateLimited, SCHEDULED, WAITS, wait=90),
        m("some servers send epoch", says(429, {}, x_ratelimit_reset=str(EPOCH + 45), date=DATE),
          RateLimited, SCHEDULED, WAITS, wait=45),
        m("no Retry-After, no reset", "429_bare", RateLimited, SCHEDULED, WAITS, wait=300),
        m("“Hit rate limit” raised for a 200 whose headers it cannot read", says(200, {"id": "1"}, x_ratelimit_reset="soon"),
          OutcomeUnknown, IN_DOUBT),
        m("408: nobody knows", says(408, {}), OutcomeUnknown, IN_DOUBT),
        m("409: nobody knows", says(409, {}), OutcomeUnknown, IN_DOUBT),
        m("520: nobody knows", says(520), OutcomeUnknown, IN_DOUBT),
        m("500, perhaps for a repeated key (4.6.0)", says(500, {"error": "no"}), OutcomeUnknown, IN_DOUBT),
        m("200 + HTML: two args, no code", says(200, HTML), OutcomeUnknown, IN_DOUBT),
        m("301 on POST becomes GET and returns []", says(301, b"", location="/api/v1/statuses"), OutcomeUnknown, IN_DOUBT),
        m("an empty list where a status should be", says(200, []), OutcomeUnknown, IN_DOUBT),
        m("a status without an id", says(200, {}), OutcomeUnknown, IN_DOUBT),
        m("a 200 may be a lie: an id that was never stored", "silent_drop", None, IN_DOUBT),
        m("a reset before anything was read", "drop_before", OutcomeUnknown, IN_DOUBT),
        m("silence past the deadline", "hang_after", OutcomeUnknown, IN_DOUBT),
        m("taken", None, None, SENT),
    ]  # fmt: skip


def of_bluesky() -> list[Row]:
    def b(*cells: Any, **more: Any) -> Row:
        return row("bluesky", *cells, **more)

    def named(status: int, error: str) -> Says:
        return says(status, {"error": error, "message": "m"})

    return [
        b("400: the record is not valid", named(400, "InvalidRequest"), Refused, FAILED),
        b("403", says(403, {}), Refused, FAILED),
        b("404", says(404), Refused, FAILED),
        b("422", says(422, {}), Refused, FAILED),
        b("another record stands there: stop", named(400, "InvalidSwap"), OutcomeUnknown, IN_DOUBT),
        b("an upload expired: upload again", named(400, "BlobNotFound"), Unavailable, SCHEDULED),
        b("ExpiredToken: refresh, the same put", named(400, "ExpiredToken"), None, SENT),
        b("401", says(401), AccountBlocked, SCHEDULED, CLOSED),
        b("taken down", named(403, "AccountTakedown"), AccountBlocked, SCHEDULED, CLOSED),
        b("moved to another server", named(400, "AccountNotFound"), AccountBlocked, SCHEDULED, CLOSED),
        b("429 with Retry-After on new servers", says(429, {}, retry_after="40"), RateLimited, SCHEDULED, WAITS, wait=40),
        b("RateLimit-Reset in epoch seconds", says(429, {}, ratelimit_reset=str(EPOCH + 70), date=DATE),
          RateLimited, SCHEDULED, WAITS, wait=70),
        b("a 429 that does not say", "429_bare", RateLimited, SCHEDULED, WAITS, wait=300),
        b("5xx: nobody knows", says(502, HTML), OutcomeUnknown, IN_DOUBT),
        b("409: nobody knows", says(409, {}), OutcomeUnknown, IN_DOUBT),
        b("a redirect of a POST is not followed", says(308, b"", location="/xrpc/x"), OutcomeUnknown, IN_DOUBT),
        b("a cid that is not ours", says(200, {"uri": "at://x/y/z", "cid": "bafyother"}), OutcomeUnknown, IN_DOUBT),
        b("a 2xx without a cid", says(200, {}), OutcomeUnknown, IN_DOUBT),
        b("a closed connection, whatever it is called", "drop_before", OutcomeUnknown, IN_DOUBT),
        b("silence past the deadline", "hang_after", OutcomeUnknown, IN_DOUBT),
        b("taken", None, None, SENT),
    ]  # fmt: skip


AT_ALL = [
    row(name, "it cannot be reached: certainly not created", AWAY, Unavailable, SCHEDULED)
    for name in registry.NAMES
]
TABLE = [*of_x(), *of_mastodon(), *of_bluesky(), *AT_ALL]


def look(
    network: str,
    fact: str,
    lost: str,
    answer: Says | str | None,
    sighting: type,
    state: str,
    *more: Any,
    **rest: Any,
) -> Look:
    account = more[0] if more else OPEN
    return Look(
        network=network,
        fact=fact,
        lost=lost,
        look=answer,
        sighting=sighting,
        state=state,
        account=account,
        **rest,
    )


_HOUR, _SOME = timedelta(minutes=61), timedelta(minutes=5)
LOOKS = [
    *(look(name, "it is up: by what it says, or by its key", "drop_after", None, Found, SENT) for name in registry.NAMES),
    *(look(name, "a look that is answered 5xx is no absence", "drop_after", says(502, HTML), Unavailable, IN_DOUBT)
      for name in registry.NAMES),
    *(look(name, "a look that meets a 429 makes the whole account wait", "drop_after", "429", RateLimited, IN_DOUBT, WAITS)
      for name in registry.NAMES),
    look("x", "401: the account waits for people", "drop_after", says(401), AccountBlocked, IN_DOUBT, CLOSED),
    look("x", "read-after-write lag is unknown: look again", "drop_before", None, Unsure, IN_DOUBT),
    look("x", "still absent after 2 min: a person", "drop_before", None, Unsure, IN_DOUBT, looks=4),
    look("mastodon", "401: the account waits for people", "drop_after", says(401, {}), AccountBlocked, IN_DOUBT, CLOSED),
    look("mastodon", "look first", "drop_before", None, Unsure, IN_DOUBT),
    look("mastodon", "then retry with the same key", "drop_before", None, Absent, SCHEDULED, looks=2),
    look("mastodon", "the key is kept 1 h: later, a person", "drop_before", None, Unsure, IN_DOUBT, after=_HOUR),
    look("bluesky", "an account that is not shown is closed", "drop_after", says(400, {"error": "InvalidRequest"}),
         AccountBlocked, IN_DOUBT, CLOSED),
    look("bluesky", "a missing record = 400 RecordNotFound: the same put again", "drop_before", None, Absent, SCHEDULED),
    look("bluesky", "later a deleted post would come back: a person", "drop_before", None, Unsure, IN_DOUBT, after=_HOUR),
    look("bluesky", "another record under our key: a person", "drop_after", says(200, {"cid": "bafyother", "value": {}}),
         Unsure, IN_DOUBT, after=_SOME),
]  # fmt: skip


def _named(case: Row | Look) -> str:
    return f"{case.network}: {case.fact}"


@pytest.mark.parametrize("case", TABLE, ids=_named)
def test_an_answer_to_a_create(case: Row, sqlite_desk: Desk) -> None:
    place = Place(case.network, sqlite_desk, seconds=1 if case.create == "hang_after" else 5)
    try:
        place.answer(case.create, "create")
        place.run()
        [error] = place.publisher.came or [None]
        assert (type(error) if error else None) is case.error
        if case.wait is not None:
            assert isinstance(error, RateLimited)
            assert abs(error.wait - case.wait) < 2
        assert place.stands() == ([case.state], case.account)
    finally:
        place.close()


@pytest.mark.parametrize("case", LOOKS, ids=_named)
def test_an_answer_to_a_look(case: Look, sqlite_desk: Desk) -> None:
    place = Place(case.network, sqlite_desk)
    try:
        place.answer(case.lost, "create")
        place.run()
        assert place.stands() == ([IN_DOUBT], OPEN)
        place.answer(case.look, "other")
        for again in range(case.looks):
            place.later(max(case.after, timedelta(minutes=again)))
            place.publisher.came.clear()
            place.run()
        [came] = place.publisher.came
        assert type(came) is case.sighting
        if isinstance(came, Unsure):
            assert (came.look_again_in is None) == case.person
        assert place.stands() == ([case.state], case.account)
    finally:
        place.close()
