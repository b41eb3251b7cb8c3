"""What a server may say to a recall while the post is still up: none of it is taken for "it is down"."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from clarion import networks as registry
from clarion.errors import Unavailable
from clarion.model import Receipt
from clarion.networks.base import Connection, Publisher
from clarion.networks.http import Session
from clarion.networks.x.options import BASE
from tests.networks.conftest import MemorySessions, account_on

#: (status, content type, body)
Answer = tuple[int, str, bytes]
PAGE: Answer = (200, "text/html", b"<!doctype html><h1>We are back soon</h1>")
NO_PAGE: Answer = (404, "text/html", b"<html><h1>404 Not Found</h1><hr>nginx</html>")
ID = "1900000000000000000"
IDS = {"bluesky": f"at://{account_on('bluesky').identity.remote_id}/app.bsky.feed.post/3jzfcijpj2z2a"}


def says(body: object, status: int = 200) -> Answer:
    return status, "application/json", json.dumps(body).encode()


def missing(remote_id: str) -> Answer:
    gone = {
        "title": "Not Found Error",
        "type": "https://api.twitter.com/2/problems/resource-not-found",
        "resource_id": remote_id,
    }
    return says({"errors": [gone]})


THERE = {
    "x": says({"data": {"id": ID, "text": "hello"}}),
    "mastodon": says({"id": ID, "content": "hello"}),
    "bluesky": says({"uri": IDS["bluesky"], "cid": "bafy", "value": {}}),
}
GONE = {
    "x": missing(ID),
    "mastodon": says({"error": "Record not found"}, 404),
    "bluesky": says({"error": "RecordNotFound", "message": "m"}, 400),
}


@contextmanager
def answering(network: str, answer: Callable[[bool], Answer]) -> Iterator[Publisher]:
    """A publisher whose server gives these answers to a delete (True), and to who reads."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, kind, body = answer(self.command != "GET")
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = answer  # noqa: N815 - so they are called

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    account, sessions = account_on(network), MemorySessions()
    sessions.save({"access": "a.b.c", "refresh": "r", "did": account.identity.remote_id, "handle": "voice"})
    try:
        with Session(loopback_only=True, seconds=5, rewrite=(BASE, base) if network == "x" else None) as http:
            yield registry.publisher(network).connect(
                Connection(
                    account=account,
                    secret=registry.rehearsal(network).secret("voice"),
                    base=base,
                    http=http,
                    sessions=sessions,
                    media=lambda _sha256: b"",
                )
            )
    finally:
        server.shutdown()
        server.server_close()


def recall(network: str, to_delete: Answer, to_read: Answer) -> None:
    receipt = Receipt(remote_id=IDS.get(network, ID), url="https://one.example/1", at=datetime.now(UTC))
    with answering(network, lambda deletes: to_delete if deletes else to_read) as publisher:
        publisher.recall(receipt)


UNTOLD: list[object] = [None, {}, [], "ok"]
LIES = [
    *((network, PAGE) for network in registry.NAMES),
    *((network, NO_PAGE) for network in registry.NAMES),
    *((network, says(body)) for network in registry.NAMES for body in UNTOLD),
    ("x", says({"data": {"deleted": False}})),
    ("x", says({"data": {"deleted": "true"}})),
    ("x", says({"errors": [{"title": "Not Authorized"}]})),
    ("x", says({"title": "Not Found", "status": 404}, 404)),
    ("mastodon", says({"id": "999"})),
    ("mastodon", says({"error": "Record not found"}, 404)),
    ("bluesky", says({"error": "RecordNotFound"}, 400)),
]


@pytest.mark.parametrize(("network", "lie"), LIES)
@pytest.mark.parametrize("read", ["it is there", "a page", "no page", "nothing readable"])
def test_what_does_not_say_that_it_is_down_is_asked_again(network: str, lie: Answer, read: str) -> None:
    reads = {"it is there": THERE[network], "a page": PAGE, "no page": NO_PAGE, "nothing readable": says({})}
    with pytest.raises(Unavailable):
        recall(network, lie, reads[read])


@pytest.mark.parametrize("network", registry.NAMES)
def test_what_is_not_there_when_asked_for_is_down_whatever_its_delete_was_answered(network: str) -> None:
    recall(network, says({}), GONE[network])


def test_a_post_that_may_not_be_shown_or_another_that_is_missing_is_not_gone() -> None:
    hidden = says(
        {"errors": [{"type": "https://api.x.com/2/problems/not-authorized-for-resource", "value": ID}]}
    )
    for read in (hidden, missing("1800000000000000000")):
        with pytest.raises(Unavailable):
            recall("x", says({}), read)
