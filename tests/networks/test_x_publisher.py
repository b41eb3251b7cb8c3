"""The X publisher with the real tweepy, against the rehearsal's X over real sockets."""

from __future__ import annotations

import io
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from PIL import Image

from clarion.errors import AccountBlocked, OutcomeUnknown, RateLimited, Refused, Unavailable
from clarion.model import Delivery, Media, Part, Payload, Receipt
from clarion.networks.base import Absent, Connection, Found, Unsure
from clarion.networks.http import Session
from clarion.networks.x import answers, keys, readback
from clarion.networks.x.options import BASE
from clarion.networks.x.publisher import LOOK_AGAIN
from clarion.networks.x.publisher import connect as connect_x
from tests.networks.conftest import Connected, MemorySessions, account_on

TEXT = "More than 100 men were reported detained https://example.org/report?a=1&b=2 #EyesOnChechnya <3"
RUSSIAN = "Более 100 человек задержаны. example.org/чечня #Чечня"


def delivery(*texts: str, part: int = 1, media: tuple[Media, ...] = (), **changes: Any) -> Delivery:
    account = account_on("x")
    payload = Payload(
        account=account.identity,
        language="en",
        parts=tuple(Part(text=text, media=media) for text in texts or (TEXT,)),
    )
    made = Delivery(
        id="d" * 32,
        outbox_id="o" * 32,
        post_id="p" * 32,
        part=part,
        account=account,
        payload=payload,
        first_intent_at=datetime.now(UTC),
    )
    return replace(made, **changes)


def post(publisher: Any, what: Delivery) -> Receipt:
    receipt = publisher.send(publisher.stage(what))
    assert isinstance(receipt, Receipt)
    return receipt


# ── what works ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("text", [TEXT, RUSSIAN, "Café & «ёлки»\n\nсвободу"])
def test_it_posts_a_text_and_reads_it_back(networks, connect, text):
    publisher, before = connect("x"), datetime.now(UTC)
    receipt = post(publisher, delivery(text))
    (taken,) = networks.accepted("x")
    assert (taken.account, taken.text, taken.remote_id) == ("voice", text, receipt.remote_id)
    assert receipt.url == f"{networks.urls['x']}/i/web/status/{receipt.remote_id}"
    assert before - timedelta(seconds=1) < receipt.at <= datetime.now(UTC)  # networks say it in whole seconds
    assert publisher.confirm(delivery(text), receipt)


def test_it_chains_a_thread(networks, connect):
    publisher = connect("x")
    first = post(publisher, delivery("one", "two"))
    post(publisher, delivery("one", "two", part=2, root=first, parent=first))
    one, two = networks.accepted("x")
    assert (one.answers, two.answers) == (None, one.remote_id)


def test_it_refuses_to_tear_a_thread(networks, connect):
    publisher = connect("x")
    with pytest.raises(ValueError, match="part before"):
        post(publisher, delivery("one", "two", part=2))
    assert networks.accepted("x") == []


def noise(connect: Connected) -> Media:
    """An image that the publisher may load."""
    buffer = io.BytesIO()
    Image.effect_noise((64, 48), 80).convert("RGB").save(buffer, "PNG")
    data = buffer.getvalue()
    hashed = sha256(data).hexdigest()
    connect.media[hashed] = data
    return Media(sha256=hashed, mime="image/png", alt="Шум: a square of noise", width=64, height=48)


def broken(connect: Connected) -> Media:
    """One that X does not take."""
    connect.media["0" * 64] = b"\x89PNG\r\n\x1a\n not a picture"
    return Media(sha256="0" * 64, mime="image/png", alt="a", width=1, height=1)


def test_it_posts_images_with_their_alt_texts(networks, connect):
    media, publisher = noise(connect), connect("x")
    staged = publisher.stage(delivery("with a picture", media=(media,)))
    assert staged.expires_at is not None
    assert timedelta(hours=23) < staged.expires_at - datetime.now(UTC) < timedelta(hours=25)
    publisher.send(staged)
    assert networks.accepted("x")[0].images == ((media.sha256, "Шум: a square of noise"),)
    assert isinstance(publisher.find(staged.delivery, 0, datetime.now(UTC)), Found)


def test_it_sets_who_may_reply_on_the_first_post_only():
    sent: list[bytes] = []
    answer = b'{"data": {"id": "1900000000000000000", "text": "x"}}'
    with scripted(b"HTTP/1.1 201 Created\r\n", answer, seen=sent) as publisher:
        what = delivery("one", "two")
        what = replace(what, payload=replace(what.payload, replies="mentioned"))
        receipt = post(publisher, what)
        post(publisher, replace(what, part=2, parent=receipt))
    assert (b"mentionedUsers" in sent[0], b"reply_settings" in sent[1]) == (True, False)


def test_it_says_who_the_account_is(networks, connect):
    profile = connect("x").verify()
    assert profile.identity == account_on("x").identity
    assert profile.handle == "voice"


def test_it_takes_a_post_down_and_again(networks, connect):
    publisher = connect("x")
    receipt = post(publisher, delivery())
    publisher.recall(receipt)
    publisher.recall(receipt)
    publisher.recall(replace(receipt, remote_id="1"))
    assert networks.accepted("x")[0].deleted
    assert not publisher.confirm(delivery(), receipt)
    assert networks.timeline("x") == []


def test_a_live_receipt_names_x():
    with Session(loopback_only=True) as http:
        connection = Connection(
            account=account_on("x"),
            secret=keys.secret("voice"),
            base=BASE,
            http=http,
            sessions=MemorySessions(),
            media=lambda _sha256: b"",
        )
        receipt = connect_x(connection)._receipt("1900000000000000000")
    assert receipt.url == "https://x.com/i/web/status/1900000000000000000"


# ── what is doubtful ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["drop_after", "500_after", "hang_after"])
@pytest.mark.parametrize("text", [TEXT, RUSSIAN])
def test_a_lost_answer_is_unknown_and_then_found(networks, connect, kind, text):
    publisher = connect("x", seconds=1.0)
    what = delivery(text)
    networks.fault("x", kind, seconds=2)
    with pytest.raises(OutcomeUnknown):
        post(publisher, what)
    sighting = publisher.find(what, 0, datetime.now(UTC))
    assert isinstance(sighting, Found)
    assert sighting.receipt.remote_id == networks.accepted("x")[0].remote_id


@pytest.mark.parametrize("kind", ["drop_before", "500_before"])
def test_what_is_not_found_is_looked_for_and_then_left_to_people(networks, connect, kind):
    publisher = connect("x", seconds=1.0)
    networks.fault("x", kind)
    with pytest.raises(OutcomeUnknown):
        post(publisher, delivery())
    waits = [publisher.find(delivery(), looks, datetime.now(UTC)) for looks in range(5)]
    assert waits == [Unsure(look_again_in=each) for each in (*LOOK_AGAIN, None, None)]


@pytest.mark.parametrize(
    ("resend", "after", "lost", "last"),
    [
        (True, timedelta(minutes=2), False, Absent()),
        (True, timedelta(hours=1), False, Unsure(look_again_in=None)),
        (True, timedelta(minutes=2), True, Unsure(look_again_in=None)),
        (False, timedelta(minutes=2), False, Unsure(look_again_in=None)),
    ],
)
def test_where_its_owner_asks_what_no_look_of_two_minutes_found_goes_again_within_the_hour(
    networks, connect, resend, after, lost, last
):
    publisher = connect("x", resend=resend)
    networks.now = datetime(2026, 4, 1, 12, tzinfo=UTC)
    what = delivery(first_intent_at=networks.now, intent_lost=lost)
    networks.now += after
    for looks in range(len(LOOK_AGAIN)):
        assert publisher.find(what, looks, networks.now) == Unsure(look_again_in=LOOK_AGAIN[looks])
    assert publisher.find(what, len(LOOK_AGAIN), networks.now) == last
    assert (publisher.repeat_seconds > 0) is resend


@pytest.mark.parametrize(
    ("then", "now"),
    [(3, 3), (3, 0), (58, 0), (90, 90)],
    ids=["fast", "mended since", "by an hour", "by more"],
)
def test_a_clock_that_was_ahead_does_not_make_what_is_up_absent(networks, connect, then, now):
    """The outbox's clock, ahead of X's by so many minutes at the first try, and at the look that decides."""
    publisher = connect("x", resend=True, seconds=1.0)
    networks.now = datetime(2026, 4, 1, 12, tzinfo=UTC)
    what = delivery(first_intent_at=networks.now + timedelta(minutes=then))
    networks.fault("x", "drop_after")
    with pytest.raises(OutcomeUnknown):
        post(publisher, what)
    networks.now += timedelta(minutes=2)
    assert publisher.find(what, len(LOOK_AGAIN), networks.now + timedelta(minutes=now)) == Unsure(
        look_again_in=None
    )


@pytest.mark.parametrize(("ahead", "sure"), [(-1800, True), (50, True), (70, False)])
def test_absent_takes_a_clock_that_is_not_ahead_by_xs_own_word(networks, connect, ahead, sure):
    publisher = connect("x", resend=True)
    networks.now = datetime(2026, 4, 1, 12, tzinfo=UTC)
    ours = networks.now + timedelta(seconds=ahead)
    what = delivery(first_intent_at=ours - timedelta(minutes=3))
    found = publisher.find(what, len(LOOK_AGAIN), ours)
    assert found == (Absent() if sure else Unsure(look_again_in=None))


def test_what_another_delivery_sent_within_the_hour_is_not_what_was_up_before(networks, connect):
    publisher = connect("x", resend=True)
    networks.now = datetime(2026, 4, 1, 12, tzinfo=UTC)
    before = post(publisher, delivery())
    networks.now += timedelta(minutes=20)
    what = delivery(first_intent_at=networks.now - timedelta(minutes=3))
    assert publisher.find(what, 9, networks.now) == Unsure(look_again_in=None)
    assert publisher.find(replace(what, others=frozenset({before.remote_id})), 9, networks.now) == Absent()


def test_what_answered_a_post_that_is_gone_is_found_without_its_answer(networks, connect):
    """X may not show any more what it answered."""
    publisher = connect("x")
    gone = post(publisher, delivery("one"))
    post(publisher, delivery("two"))
    lost = delivery("one", "two", part=2, root=gone, parent=gone)
    now = datetime.now(UTC)
    assert not isinstance(publisher.find(lost, 0, now), Found)
    assert isinstance(publisher.find(replace(lost, orphaned=True), 0, now), Found)


def test_it_finds_a_post_that_the_timeline_showed_late(networks, connect):
    publisher = connect("x")
    networks.now = datetime(2026, 4, 1, 12, tzinfo=UTC)
    what = delivery(first_intent_at=networks.now)
    post(publisher, what)
    networks.fault("x", "stale_reads", count=None)
    assert publisher.find(what, 0, networks.now) == Unsure(look_again_in=LOOK_AGAIN[0])
    networks.now += timedelta(seconds=61)
    assert isinstance(publisher.find(what, 1, networks.now), Found)


def test_it_does_not_take_an_older_post_of_the_same_text_for_its_own(networks, connect):
    publisher = connect("x")
    networks.now = datetime(2026, 4, 1, 12, tzinfo=UTC)
    post(publisher, delivery())
    later = networks.now + timedelta(hours=3)
    assert isinstance(publisher.find(delivery(first_intent_at=later), 9, later), Unsure)


def test_it_does_not_take_a_reply_elsewhere_for_its_own(networks, connect):
    publisher = connect("x")
    first = post(publisher, delivery("one", "two"))
    other = post(publisher, delivery("another"))
    what = delivery("one", "two", part=2, root=first, parent=first)
    post(publisher, what)
    assert isinstance(publisher.find(what, 0, datetime.now(UTC)), Found)
    assert isinstance(publisher.find(replace(what, parent=other), 9, datetime.now(UTC)), Unsure)


def test_it_looks_past_the_first_page(networks, connect):
    publisher = connect("x")
    networks.now = datetime(2026, 4, 1, 12, tzinfo=UTC)
    what = delivery(first_intent_at=networks.now)
    post(publisher, what)
    networks.now += timedelta(minutes=16)
    for index in range(100):
        post(publisher, delivery(f"another {index}", first_intent_at=networks.now))
    assert isinstance(publisher.find(what, 0, networks.now), Found)


# ── what is refused ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_duplicate_is_refused_at_first_and_doubtful_after_an_attempt(networks, connect):
    publisher = connect("x")
    post(publisher, delivery())
    with pytest.raises(Refused, match="duplicate"):
        post(publisher, delivery())
    for changed in (delivery(generation=1), delivery(tried=True)):
        with pytest.raises(OutcomeUnknown):
            post(publisher, changed)
    assert len(networks.accepted("x")) == 1


def test_an_overlong_text_is_refused(networks, connect):
    with pytest.raises(Refused):
        post(connect("x"), delivery("я" * 281))


@pytest.mark.parametrize("key", ["consumer_key", "consumer_secret", "access_token", "access_secret"])
def test_a_wrong_key_blocks_the_account(networks, connect, key):
    publisher = connect("x", secret={**keys.secret("voice"), key: "wrong"})
    with pytest.raises(AccountBlocked) as caught:
        post(publisher, delivery())
    assert caught.value.hint == "clarion accounts login voice"
    assert networks.accepted("x") == []


def test_too_many_requests_say_how_long_to_wait(networks, connect):
    publisher = connect("x")
    networks.now = datetime(2026, 4, 1, 12, tzinfo=UTC)  # far from this machine's clock
    for index in range(100):
        post(publisher, delivery(f"number {index}"))
    networks.now += timedelta(minutes=5)
    with pytest.raises(RateLimited) as caught:
        post(publisher, delivery("one too many"))
    assert 599 <= caught.value.wait <= 603
    networks.now += timedelta(minutes=10, seconds=1)
    post(publisher, delivery("one too many"))


def test_a_bare_429_waits_a_whole_window(networks, connect):
    networks.fault("x", "429_bare")
    with pytest.raises(RateLimited) as caught:
        post(connect("x"), delivery())
    assert caught.value.wait == 900


def test_a_server_that_is_not_there_is_unavailable(networks, connect):
    publisher = connect("x")
    networks.stop()
    with pytest.raises(Unavailable):
        post(publisher, delivery())
    with pytest.raises(Unavailable):
        publisher.find(delivery(), 0, datetime.now(UTC))


def test_no_alt_text_is_paid_for_before_every_image_is_up(networks, connect):
    with pytest.raises(Refused):
        connect("x").stage(delivery(media=(noise(connect), broken(connect))))
    uploads = networks.world._machine("x").uploads.dump()
    assert [(each["ready"], each["alt"]) for each in uploads] == [(True, ""), (False, "")]


def test_trouble_while_uploading_is_never_doubtful(networks, connect):
    media = broken(connect)
    for kind in ("drop_after", "500_after"):
        networks.fault("x", kind, on="other")
        with pytest.raises(Unavailable):
            connect("x").stage(delivery(media=(media,)))
    with pytest.raises(Refused):
        connect("x").stage(delivery(media=(media,)))


# ── odd answers ───────────────────────────────────────────────────────────────────────────────────────────────


class Bytes(HTTPServer):
    """Answers every request with the same bytes."""

    def __init__(self, head: bytes, body: bytes, seen: list[bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.head, self.body, self.seen = head, body, seen


class _Answer(BaseHTTPRequestHandler):
    server: Bytes

    def do_POST(self) -> None:
        self.server.seen.append(self.rfile.read(int(self.headers.get("content-length", 0))))
        length = b"content-length: %d\r\nconnection: close\r\n\r\n" % len(self.server.body)
        self.wfile.write(self.server.head + length + self.server.body)
        self.close_connection = True

    do_GET = do_DELETE = do_POST  # noqa: N815 - names of the base class

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - likewise
        pass


@contextmanager
def scripted(head: bytes, body: bytes, seen: list[bytes] | None = None) -> Iterator[Any]:
    """A publisher whose network answers with exactly these bytes."""
    server = Bytes(head, body, [] if seen is None else seen)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    base = f"http://127.0.0.1:{server.server_port}"
    with Session(loopback_only=True, seconds=2, rewrite=(BASE, base)) as http:
        yield connect_x(
            Connection(
                account=account_on("x"),
                secret=keys.secret("voice"),
                base=base,
                http=http,
                sessions=MemorySessions(),
                media=lambda _sha256: b"",
            )
        )
    server.shutdown()
    server.server_close()
    thread.join()


PROBLEM = b'{"title": "t", "status": 403, "type": "https://api.twitter.com/2/problems/%s", "detail": "d"}'


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (b"201 Created", b'{"data": {"id": "19000', OutcomeUnknown),
        (b"201 Created", b"<html>", OutcomeUnknown),
        (b"201 Created", b"[]", OutcomeUnknown),
        (b"201 Created", b"null", OutcomeUnknown),
        (b"201 Created", b'{"data": {"id": 17}}', OutcomeUnknown),
        (b"200 OK", b'{"errors": [{"title": "Odd"}]}', OutcomeUnknown),
        (b"400 Bad Request", b'[{"message": "a list"}]', OutcomeUnknown),
        (b"409 Conflict", b"{}", OutcomeUnknown),
        (b"302 Found\r\nlocation: /elsewhere", b"", OutcomeUnknown),
        (b"500 Oops", b"<html>", OutcomeUnknown),
        (b"503 Unavailable", b"{}", OutcomeUnknown),
        (b"400 Bad Request", b"{}", Refused),
        (
            b"400 Bad Request",
            b'{"errors": [{"code": 215, "message": "Bad Authentication data"}]}',
            AccountBlocked,
        ),
        (b"401 Unauthorized", b"not json", AccountBlocked),
        (b"402 Payment Required", PROBLEM % b"credits-depleted", AccountBlocked),
        (b"403 Forbidden", PROBLEM % b"credits-depleted", AccountBlocked),
        (b"403 Forbidden", PROBLEM % b"client-forbidden", AccountBlocked),
        (b"403 Forbidden", PROBLEM % b"oauth1-permissions", AccountBlocked),
        (b"403 Forbidden", PROBLEM % b"not-authorized-for-resource", Refused),
        (b"403 Forbidden", b'{"errors": [{"code": 326, "message": "locked"}]}', AccountBlocked),
        (b"403 Forbidden", b'{"errors": [{"code": 185, "message": "daily"}]}', RateLimited),
        (b"404 Not Found", b"", Refused),
        (b"422 Unprocessable", b"{}", Refused),
        (b"429 Too Many", PROBLEM % b"usage-capped", AccountBlocked),
        (b"429 Too Many", b"{}", RateLimited),
    ],
)
def test_what_an_answer_to_a_create_means(status, body, meaning):
    with scripted(b"HTTP/1.1 " + status + b"\r\n", body) as publisher, pytest.raises(meaning) as caught:
        post(publisher, delivery())
    assert caught.value.__cause__ is not None or meaning is OutcomeUnknown


@pytest.mark.parametrize("status", [b"500 Oops", b"200 OK", b"418 Teapot"])
def test_no_read_is_ever_doubtful(status):
    with scripted(b"HTTP/1.1 " + status + b"\r\n", b"<html>") as publisher:
        for ask in (
            publisher.verify,
            lambda: publisher.find(delivery(), 0, datetime.now(UTC)),
            lambda: publisher.confirm(delivery(), Receipt(remote_id="1", url="", at=datetime.now(UTC))),
            lambda: publisher.recall(Receipt(remote_id="1", url="", at=datetime.now(UTC))),
        ):
            with pytest.raises(Unavailable):
                ask()


def test_a_request_that_hangs_is_cut_at_the_deadline():
    listening = socket.create_server(("127.0.0.1", 0))
    base = f"http://127.0.0.1:{listening.getsockname()[1]}"
    with listening, Session(loopback_only=True, seconds=0.3, rewrite=(BASE, base)) as http:
        publisher = connect_x(
            Connection(
                account=account_on("x"),
                secret=keys.secret("voice"),
                base=base,
                http=http,
                sessions=MemorySessions(),
                media=lambda _sha256: b"",
            )
        )
        with pytest.raises(OutcomeUnknown):
            post(publisher, delivery())


def test_the_latest_exhausted_limit_decides_the_wait():
    headers = {
        "date": "Wed, 01 Apr 2026 12:00:00 GMT",
        "x-rate-limit-remaining": "99",
        "x-rate-limit-reset": "1775045700",  # 12:15
        "x-user-limit-24hour-remaining": "0",
        "x-user-limit-24hour-reset": "1775052000",  # 14:00
        "x-app-limit-24hour-remaining": "0",
        "x-app-limit-24hour-reset": "1775048400",  # 13:00
    }
    assert answers.seconds_to_wait(headers) == 2 * 3600 + 1
    assert answers.seconds_to_wait({}) == 900


def test_it_undoes_what_x_does_to_a_text():
    post_ = {
        "text": "See https://t.co/AAAAAAAAAA &amp; more &lt;3 https://t.co/BBBBBBBBBB",
        "entities": {
            "urls": [
                {"url": "https://t.co/AAAAAAAAAA", "expanded_url": "http://Example.org/%D1%87"},
                {
                    "url": "https://t.co/BBBBBBBBBB",
                    "expanded_url": "https://x.com/voice/status/1/photo/1",
                    "media_key": "3_1",
                },
            ]
        },
    }
    assert readback.comparable(readback.typed(post_)) == readback.comparable("See example.org/ч & more <3")
    assert readback.comparable("See example.org/a") != readback.comparable("See example.org/b")


def test_it_does_not_trust_a_timeline_that_goes_back_too_far():
    old = b'{"data": [{"id": "1500000000000000000", "text": "Hello"}], "meta": {"result_count": 1}}'
    with scripted(b"HTTP/1.1 200 OK\r\n", old) as publisher:
        assert isinstance(publisher.find(delivery("Hello"), 9, datetime.now(UTC)), Unsure)
        assert isinstance(
            publisher.find(delivery("Hello", first_intent_at=None), 9, datetime.now(UTC)), Found
        )
