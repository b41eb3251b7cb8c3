"""Networks that answer with whatever hurts: each publisher says what it means, and nothing else is raised.

Real publishers and their SDKs, real sockets. A create stays unknown; whatever may be repeated is asked again later.
"""

from __future__ import annotations

import gzip
import io
import json
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from clarion import networks as registry
from clarion.errors import OutcomeUnknown, PublishError, RateLimited, Unavailable
from clarion.model import Delivery, Receipt
from clarion.networks.base import Absent, Connection, Found, Publisher, Unsure
from clarion.networks.http import MOST, Session
from clarion.networks.x.options import BASE
from tests.networks.conftest import MemorySessions, account_on
from tests.networks.deliveries import delivery_on, intended
from tests.networks.stage import RehearsalStage
from tests.networks.test_x_publisher import delivery as on_x

JSON = {"Content-Type": "application/json"}
DEEP = b'{"data": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"
#: Few enough levels for Python's parser; an SDK that walks them by calling itself still falls.
HALF_DEEP = b'{"data": ' + b"[" * 400 + b"]" * 400 + b"}"
BOMB = gzip.compress(b" " * (20 * MOST))
NUMBER = b'{"data": ' + b"9" * 5_000 + b"}"
PACKED = JSON | {"Content-Encoding": "gzip"}


@contextmanager
def answering(
    network: str, body: object, *, status: int = 200, headers: dict[str, str] = JSON, resend: bool = False
) -> Iterator[Publisher]:
    """The publisher of a network that says one thing to every request."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response_only(status) if "Date" in headers else self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(raw))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815  http.server looks for these names

        def log_message(self, *_args: object) -> None:
            pass

        def handle(self) -> None:
            with suppress(OSError):  # whoever asked did not want all of it
                super().handle()
            self.wfile = io.BytesIO()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    base = f"http://127.0.0.1:{server.server_port}"
    try:
        with Session(
            loopback_only=True, seconds=20, rewrite=(BASE, base) if network == "x" else None
        ) as http:
            yield registry.publisher(network).connect(
                Connection(
                    account=account_on(network),
                    secret=registry.rehearsal(network).secret("voice"),
                    base=base,
                    http=http,
                    sessions=logged_in(network),
                    media=lambda _sha256: b"",
                    resend_when_absent=resend,
                )
            )
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def logged_in(network: str) -> MemorySessions:
    sessions = MemorySessions()
    if network == "bluesky":
        did = account_on("bluesky").identity.remote_id
        sessions.save({"access": "a.b.c", "refresh": "r.s.t", "did": did, "handle": "voice"})
    return sessions


def delivery(network: str) -> Delivery:
    stage = RehearsalStage(network)
    try:
        return intended(None, delivery_on(stage, "They are not alone."))
    finally:
        stage.close()


def receipt(network: str) -> Receipt:
    record = f"at://{account_on('bluesky').identity.remote_id}/app.bsky.feed.post/3jzfcijpj2z2a"
    remote_id = record if network == "bluesky" else "1900000000000000000"
    return Receipt(remote_id=remote_id, url="https://one.example/1", at=datetime.now(UTC))


def calls(network: str, publisher: Publisher) -> dict[str, Callable[[], object]]:
    what, there = delivery(network), receipt(network)
    return {
        "send": lambda: publisher.send(publisher.stage(what)),
        "find": lambda: publisher.find(what, 9, datetime.now(UTC)),
        "confirm": lambda: publisher.confirm(what, there),
        "recall": lambda: publisher.recall(there),
        "metrics": lambda: publisher.metrics([there]),
        "verify": publisher.verify,
    }


def came(call: Callable[[], object]) -> object:
    try:
        return call()
    except PublishError as error:
        return type(error)


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("body", [DEEP, HALF_DEEP, NUMBER], ids=["deep", "half as deep", "a number"])
@pytest.mark.parametrize("network", registry.NAMES)
def test_json_that_no_parser_takes_ends_nothing(network: str, body: bytes, status: int) -> None:
    with answering(network, body, status=status) as publisher:
        said = {name: came(call) for name, call in calls(network, publisher).items()}
    if status == 200:
        assert said["send"] is OutcomeUnknown
        assert said["verify"] is Unavailable
        assert not isinstance(said["find"], Absent | Found)
        assert said["confirm"] in (False, Unavailable)


#: Objects where lists belong, numbers where texts belong, and the other way round.
ODD: tuple[object, ...] = (
    *(
        [],
        {},
        None,
        5,
        "x",
        [5],
        {"data": 5},
        {"data": [{"id": "x"}]},
        {"meta": [], "errors": 5},
        {"error": 5},
    ),
    {"id": "5", "username": "a", "configuration": 5, "rules": 5, "media_attachments": 5, "created_at": 5},
    {"id": 5, "username": [], "text": 5, "favourites_count": "x"},
    {"uri": 5, "cid": 5, "value": 5, "did": 5, "handle": [], "records": [5], "posts": [5], "feed": 5},
)


@pytest.mark.parametrize("status", [200, 403])
@pytest.mark.parametrize("body", ODD, ids=str)
@pytest.mark.parametrize("network", registry.NAMES)
def test_an_answer_of_any_shape_ends_nothing(network: str, body: object, status: int) -> None:
    with answering(network, body, status=status) as publisher:
        for call in (*calls(network, publisher).values(), publisher.examine):
            came(call)


@pytest.mark.parametrize("network", registry.NAMES)
def test_an_answer_that_unpacks_to_more_than_was_asked_for_is_not_read(network: str) -> None:
    with answering(network, BOMB, headers=PACKED) as publisher:
        tracemalloc.start()
        try:
            said = {name: came(call) for name, call in calls(network, publisher).items()}
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert said.pop("send") is OutcomeUnknown
    assert set(said.values()) == {Unavailable}
    assert most < 10 * MOST


RESETS = [
    ("bluesky", {"RateLimit-Reset": "9" * 5_000, "Date": "Sat, 21 Nov 2026 17:00:00 GMT"}),
    ("bluesky", {"Retry-After": "Sat, 21 Nov 2026 17:00:00 -0000"}),
    ("bluesky", {"Retry-After": "Sat, 21 Nov 2026 17:00:00 +99999999999999999999"}),
    ("mastodon", {"X-RateLimit-Reset": "9" * 5_000}),
    ("mastodon", {"X-RateLimit-Reset": "9999-12-31T23:59:59-14:00"}),
    *(
        ("x", {"x-rate-limit-remaining": "0", "x-rate-limit-reset": reset})
        for reset in ("nan", "inf", "-inf", "9" * 5_000, "1774785600.5", "soon")
    ),
    ("x", {"x-app-limit-24hour-remaining": "0", "x-app-limit-24hour-reset": "nan"}),
]


@pytest.mark.parametrize(("network", "headers"), RESETS)
def test_a_429_whose_reset_is_no_moment_is_a_429(network: str, headers: dict[str, str]) -> None:
    with answering(network, {}, status=429, headers=JSON | headers) as publisher:
        with pytest.raises(RateLimited) as caught:
            calls(network, publisher)["send"]()
        assert timedelta(0) < timedelta(seconds=caught.value.wait) <= timedelta(days=1)


# ── X: what proves that a post is not there ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("body", "sighting"),
    [
        ({"meta": {"result_count": 0}}, Absent()),
        ({"data": [], "meta": {"result_count": 0}}, Absent()),
        ({"errors": [{"title": "Not Authorized", "detail": "protected"}]}, Unavailable),
        ({"errors": [{"title": "t"}], "meta": {"result_count": 0}}, Unavailable),
        ({}, Unavailable),
        ([], Unavailable),
        ({"meta": {}}, Unavailable),
        ({"data": [], "meta": {"result_count": 7}}, Unavailable),
        # More pages than one look reads: people look, for each of these costs money.
        ({"meta": {"result_count": 0, "next_token": "n"}}, Unsure(look_again_in=None)),
    ],
)
def test_x_absent_is_only_what_a_whole_answer_does_not_show(body: object, sighting: Any) -> None:
    now = datetime.now(UTC)
    what = on_x(tried=True, first_intent_at=now - timedelta(seconds=130))
    with answering("x", body, resend=True) as publisher:
        assert came(lambda: publisher.find(what, 3, now)) == sighting


def test_x_absent_takes_an_answer_that_says_what_time_it_is() -> None:
    now = datetime.now(UTC)
    what = on_x(tried=True, first_intent_at=now - timedelta(seconds=130))
    nothing = {"meta": {"result_count": 0}}
    with answering("x", nothing, headers=JSON | {"Date": "soon"}, resend=True) as publisher:
        assert publisher.find(what, 3, now) == Unsure(look_again_in=None)


# ── Mastodon: what a receipt may hold ─────────────────────────────────────────────────────────────────────────


def kept(**made: object) -> object:
    with answering("mastodon", {"created_at": "2026-11-21T17:00:00Z", **made}) as publisher:
        return came(calls("mastodon", publisher)["send"])


@pytest.mark.parametrize("name", ["../../../oauth/x?a=", "1/2", "1\n", "٣", "a" * 201, [1], {"a": 1}, None])
def test_an_id_that_is_none_is_an_unknown_outcome(name: object) -> None:
    assert kept(id=name) is OutcomeUnknown


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "https://mastodon.example.evil.example/@voice/5",
        "https://mastodon.example@evil.example/5",
        "http://mastodon.example/@voice/5",
        "https://mastodon.example/\x1b]0;owned\x07",
        "https://mastodon.example/" + "a" * 2_048,
        5,
    ],
)
def test_an_address_elsewhere_is_not_kept(url: object) -> None:
    made = kept(id="5", url=url)
    assert isinstance(made, Receipt)
    assert made.url.startswith("http://127.0.0.1:")
    assert made.url.endswith("/@voice/5")


def test_an_address_on_the_accounts_server_is_kept() -> None:
    url = "https://mastodon.example/@voice/01JD-x_y?a=%20#b"
    made = kept(id="01JD-x_y", url=url)
    assert isinstance(made, Receipt)
    assert made.url == url


@pytest.mark.parametrize(
    "page", [["x"], [None], [{"id": "5", "created_at": "2026-11-21T17:00:00", "media_attachments": 5}]]
)
def test_a_page_of_what_are_no_posts_shows_nothing(page: list[object]) -> None:
    with answering("mastodon", page) as publisher:
        found = came(calls("mastodon", publisher)["find"])
    assert not isinstance(found, Absent | Found)
