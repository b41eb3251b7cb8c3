"""The real Mastodon.py against the rehearsal network, over HTTP."""

from __future__ import annotations

import hashlib
import io
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from PIL import Image

from clarion.errors import AccountBlocked, OutcomeUnknown, RateLimited, Refused, Unavailable
from clarion.model import Delivery, Media, Part, Payload, Receipt, Staged
from clarion.networks.base import Absent, Found, Publisher, Shown, Unsure
from clarion.networks.mastodon import answers, readback, rehearsal
from clarion.networks.mastodon.publisher import idempotency_key
from clarion.networks.rehearsing import Accepted, Request, Response
from clarion.rehearsal.world import World
from tests.networks.conftest import Connected, Networks, account_on

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


def delivery(*parts: Part | str, part: int = 1, parent: Receipt | None = None, **more) -> Delivery:
    account = account_on("mastodon")
    payload = Payload(
        account=account.identity,
        language=more.pop("language", "en"),
        warning=more.pop("warning", None),
        replies=more.pop("replies", "everyone"),
        visibility=more.pop("visibility", "public"),
        parts=tuple(Part(text=each) if isinstance(each, str) else each for each in parts),
    )
    fields: dict[str, Any] = {
        "id": f"{part:032x}",
        "outbox_id": "f" * 32,
        "post_id": "a" * 32,
        "first_intent_at": NOW,
    }
    return Delivery(account=account, payload=payload, part=part, parent=parent, **fields | more)


def send(publisher: Publisher, asked: Delivery) -> Receipt:
    return publisher.send(publisher.stage(asked))


def picture(connect: Connected, alt: str = "Флаг") -> Media:
    out = io.BytesIO()
    Image.new("RGB", (30, 20), "purple").save(out, "PNG")
    sha256 = hashlib.sha256(out.getvalue()).hexdigest()
    connect.media[sha256] = out.getvalue()
    return Media(sha256=sha256, mime="image/png", alt=alt, width=30, height=20)


@pytest.fixture
def mastodon(networks: Networks) -> Networks:
    networks.now = NOW
    return networks


@pytest.fixture
def publisher(mastodon: Networks, connect: Connected):
    return connect("mastodon")


# ── what arrives ──────────────────────────────────────────────────────────────────────────────────────────────


def test_it_publishes_exactly_what_was_frozen(mastodon, publisher):
    text = "Чечня: суд установил пытки.\n\nИсточник — https://example.org/суд?a=1&b=2 #EyesOnChechnya"
    receipt = send(publisher, delivery(text, language="ru", warning="насилие", visibility="unlisted"))
    (taken,) = mastodon.accepted("mastodon")
    assert mastodon.world._machine("mastodon")._statuses[taken.remote_id].visibility == "unlisted"
    assert (taken.text, taken.warning, taken.language) == (text, "насилие", "ru")
    assert (taken.remote_id, taken.key) == (receipt.remote_id, idempotency_key(delivery(text)))
    assert receipt.at == NOW
    assert receipt.url == f"{mastodon.urls['mastodon']}/@voice/{receipt.remote_id}"


def test_only_a_warning_makes_a_post_sensitive(mastodon, publisher):
    send(publisher, delivery("Quiet"))
    send(publisher, delivery("Loud", warning="violence", id="2" * 32))
    assert [each.sensitive for each in mastodon.world._machine("mastodon")._statuses.values()] == [
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("replies", "quotes"), [("everyone", None), ("followed", "followers"), ("mentioned", "nobody")]
)
def test_who_may_quote_follows_who_may_reply(mastodon, publisher, replies, quotes):
    send(publisher, delivery("Hello", replies=replies))
    (status,) = mastodon.world._machine("mastodon")._statuses.values()
    assert status.quotes == quotes


def test_a_thread_is_linked_and_every_part_carries_the_warning(mastodon, publisher):
    first = send(publisher, delivery("One", "Two", warning="violence"))
    send(publisher, delivery("One", "Two", warning="violence", part=2, parent=first))
    one, two = mastodon.accepted("mastodon")
    assert (one.answers, two.answers) == (None, first.remote_id)
    assert (one.warning, two.warning) == ("violence", "violence")


def test_an_image_arrives_with_its_alt_text_once_the_server_is_ready(mastodon, connect, publisher):
    media = picture(connect)
    send(publisher, delivery(Part(text="Look", media=(media,))))
    (taken,) = mastodon.accepted("mastodon")
    assert taken.images == ((media.sha256, "Флаг"),)


def test_an_image_that_changed_is_not_uploaded(connect, publisher):
    media = picture(connect)
    connect.media[media.sha256] += b"x"
    with pytest.raises(Refused):
        publisher.stage(delivery(Part(text="Look", media=(media,))))


def test_an_image_the_server_cannot_read_is_refused(connect, publisher):
    content = b"not an image"
    sha256 = hashlib.sha256(content).hexdigest()
    connect.media[sha256] = content
    media = Media(sha256=sha256, mime="image/png", alt="", width=1, height=1)
    with pytest.raises(Refused):
        publisher.stage(delivery(Part(text="Look", media=(media,))))


# ── what goes wrong ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_bad_token_blocks_the_account(connect):
    with pytest.raises(AccountBlocked):
        send(connect("mastodon", secret={"access_token": "wrong"}), delivery("Hello"))


def test_a_missing_token_says_what_to_type(connect):
    with pytest.raises(AccountBlocked) as caught:
        connect("mastodon", secret={})
    assert caught.value.hint == "clarion accounts add voice"


def test_a_text_too_long_is_refused(mastodon, publisher):
    with pytest.raises(Refused):
        send(publisher, delivery("x" * 501))
    assert mastodon.accepted("mastodon") == []


def test_a_reply_to_a_deleted_post_is_refused(mastodon, publisher):
    first = send(publisher, delivery("One", "Two"))
    publisher.recall(first)
    with pytest.raises(Refused):
        send(publisher, delivery("One", "Two", part=2, parent=first))


@pytest.mark.parametrize(("kind", "wait"), [("429", 60), ("429_bare", 300)])
def test_too_many_requests_says_how_long_to_wait(mastodon, publisher, kind, wait):
    mastodon.fault("mastodon", kind)
    with pytest.raises(RateLimited) as caught:
        send(publisher, delivery("Hello"))
    assert caught.value.wait == wait
    assert mastodon.accepted("mastodon") == []


@pytest.mark.parametrize("kind", ["500_before", "500_after", "drop_before", "drop_after", "hang_after"])
def test_an_answer_that_says_nothing_certain_leaves_the_outcome_unknown(mastodon, connect, kind):
    mastodon.fault("mastodon", kind)
    with pytest.raises(OutcomeUnknown):
        send(connect("mastodon", seconds=0.5), delivery("Hello"))
    assert len(mastodon.accepted("mastodon")) == kind.endswith("after")


def test_a_server_that_is_down_took_nothing(mastodon, publisher):
    mastodon.stop()
    with pytest.raises(Unavailable):
        publisher.send(Staged(delivery=delivery("Hello")))


@pytest.mark.parametrize("kind", ["500_before", "drop_before"])
def test_a_failed_upload_may_be_tried_again(mastodon, connect, publisher, kind):
    mastodon.fault("mastodon", kind, on="other")
    with pytest.raises(Unavailable):
        publisher.stage(delivery(Part(text="Look", media=(picture(connect),))))


# ── looking ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["drop_after", "500_after"])
@pytest.mark.parametrize("warning", [None, "насилие"])
def test_a_post_whose_answer_was_lost_is_found(mastodon, connect, publisher, kind, warning):
    asked = delivery(Part(text="  Взгляд \n", media=(picture(connect),)), warning=warning)
    mastodon.fault("mastodon", kind)
    with pytest.raises(OutcomeUnknown):
        send(publisher, asked)
    sighting = publisher.find(asked, 0, NOW)
    assert isinstance(sighting, Found)
    assert sighting.receipt.remote_id == mastodon.accepted("mastodon")[0].remote_id


def test_a_lost_reply_is_found_behind_its_parent_only(mastodon, publisher):
    first = send(publisher, delivery("One", "Same"))
    send(publisher, delivery("Same", id="9" * 32))
    asked = delivery("One", "Same", part=2, parent=first)
    assert publisher.find(asked, 1, NOW) == Absent()
    receipt = send(publisher, asked)
    assert publisher.find(asked, 1, NOW) == Found(receipt=receipt)


def test_a_reply_whose_parent_was_taken_down_is_found_though_it_answers_nothing_any_more(publisher):
    first = send(publisher, delivery("One", "Same"))
    asked = delivery("One", "Same", part=2, parent=first)
    receipt = send(publisher, asked)
    publisher.recall(first)
    assert publisher.find(asked, 1, NOW) == Absent()
    assert publisher.find(replace(asked, orphaned=True), 1, NOW) == Found(receipt=receipt)


@pytest.mark.parametrize(
    "other",
    [
        delivery("Hello!"),
        delivery("Hello", warning="violence"),
        delivery("Hello, https://example.org/x"),
    ],
)
def test_another_post_is_not_taken_for_it(publisher, other):
    send(publisher, other)
    assert publisher.find(delivery("Hello", id="9" * 32), 1, NOW) == Absent()


def test_the_same_words_with_an_image_are_another_post(connect, publisher):
    send(publisher, delivery(Part(text="Hello", media=(picture(connect),))))
    assert publisher.find(delivery("Hello", id="9" * 32), 1, NOW) == Absent()


def test_an_older_post_of_the_same_words_is_not_taken_for_it(mastodon, publisher):
    send(publisher, delivery("Hello"))
    mastodon.now = later = NOW + timedelta(minutes=10)
    asked = delivery("Hello", id="9" * 32, first_intent_at=later)
    assert publisher.find(asked, 1, later) == Absent()


@pytest.mark.parametrize("ahead", [3, 20])
def test_a_clock_that_is_ahead_hides_no_post(mastodon, publisher, ahead):
    """Not every server knows a repeat by its key."""
    ours = NOW + timedelta(minutes=ahead)
    asked = delivery("Hello", first_intent_at=ours)
    mastodon.fault("mastodon", "drop_after")
    with pytest.raises(OutcomeUnknown):
        send(publisher, asked)
    assert isinstance(publisher.find(asked, 1, ours + timedelta(seconds=20)), Found)


def test_a_clock_that_fell_behind_hides_no_post(mastodon, publisher):
    receipt = send(publisher, delivery("Hello"))
    mastodon.now = NOW + timedelta(minutes=10)
    assert publisher.find(delivery("Hello"), 1, NOW + timedelta(minutes=1)) == Found(receipt=receipt)


def test_it_is_found_behind_many_newer_posts(mastodon, publisher):
    receipt = send(publisher, delivery("Hello"))
    token = rehearsal.secret("voice")["access_token"]
    for number in range(45):
        form = urlencode({"status": f"Number {number}", "spoiler_text": "quiz", "visibility": "public"})
        headers = {"authorization": f"Bearer {token}"}
        request = Request(method="POST", path="/api/v1/statuses", headers=headers, body=form.encode())
        assert mastodon.world.handle("mastodon", request).status == 200
    assert publisher.find(delivery("Hello"), 0, NOW) == Found(receipt=receipt)


def test_absent_takes_two_looks_and_less_than_50_minutes(publisher):
    asked = delivery("Hello")
    assert publisher.find(asked, 0, NOW) == Unsure(look_again_in=10)
    assert publisher.find(asked, 1, NOW) == Absent()
    assert publisher.find(asked, 1, NOW + timedelta(minutes=49, seconds=59)) == Absent()
    assert publisher.find(asked, 1, NOW + timedelta(minutes=50)) == Unsure(look_again_in=None)
    assert publisher.find(asked, 0, NOW + timedelta(minutes=50)) == Unsure(look_again_in=None)


def test_without_an_intent_nobody_can_tell(publisher):
    assert publisher.find(delivery("Hello", first_intent_at=None), 1, NOW) == Unsure(look_again_in=None)


def test_a_look_that_fails_is_no_absence(mastodon, publisher):
    mastodon.fault("mastodon", "500_before", on="other")
    with pytest.raises(Unavailable):
        publisher.find(delivery("Hello"), 1, NOW)


def test_a_stale_timeline_cannot_double_a_post(mastodon, publisher):
    """What the lagging read hides, the key holds together."""
    asked = delivery("Hello")
    mastodon.fault("mastodon", "drop_after")
    mastodon.fault("mastodon", "stale_reads", count=None)
    with pytest.raises(OutcomeUnknown):
        send(publisher, asked)
    assert publisher.find(asked, 1, NOW) == Absent()
    receipt = send(publisher, asked)
    assert [each.remote_id for each in mastodon.accepted("mastodon")] == [receipt.remote_id]


def test_a_post_accepted_late_is_seen_by_the_second_look(mastodon, publisher):
    asked = delivery("Hello")
    mastodon.fault("mastodon", "accept_late", seconds=0.5)
    with pytest.raises(OutcomeUnknown):
        send(publisher, asked)
    assert publisher.find(asked, 0, NOW) == Unsure(look_again_in=10)
    patience = time.monotonic() + 10
    while not mastodon.accepted("mastodon"):
        assert time.monotonic() < patience
        time.sleep(0.05)
    assert isinstance(publisher.find(asked, 1, NOW), Found)


def test_the_same_key_twice_is_one_post(mastodon, publisher):
    asked = delivery("Hello")
    assert send(publisher, asked) == send(publisher, asked)
    assert len(mastodon.accepted("mastodon")) == 1


def test_a_repeated_key_answered_500_is_found(mastodon, publisher):
    asked = delivery("Hello")
    receipt = send(publisher, asked)
    mastodon.fault("mastodon", "key_repeat_500")
    with pytest.raises(OutcomeUnknown):
        send(publisher, asked)
    assert publisher.find(asked, 0, NOW) == Found(receipt=receipt)


def test_the_key_follows_from_outbox_delivery_and_generation():
    keys = {
        idempotency_key(delivery("Hello", **more))
        for more in ({}, {"generation": 1}, {"id": "2" * 32}, {"outbox_id": "e" * 32})
    }
    assert len(keys) == 4
    assert idempotency_key(delivery("Hello")) == idempotency_key(delivery("Other words"))


def test_a_post_dropped_in_silence_is_not_confirmed(mastodon, publisher):
    asked = delivery("Hello")
    mastodon.fault("mastodon", "silent_drop")
    assert not publisher.confirm(asked, send(publisher, asked))
    assert publisher.confirm(asked, send(publisher, asked))


def test_recall_takes_it_down_and_repeating_is_harmless(mastodon, publisher):
    receipt = send(publisher, delivery("Hello"))
    publisher.recall(receipt)
    publisher.recall(receipt)
    assert [each.deleted for each in mastodon.accepted("mastodon")] == [True]
    assert mastodon.timeline("mastodon") == []


def test_verify_says_who_this_is_and_what_the_server_takes(publisher):
    profile = publisher.verify()
    account = account_on("mastodon")
    assert (profile.identity, profile.handle, profile.automated) == (account.identity, "voice", True)
    assert profile.limits == account.limits


# ── servers unlike ours ───────────────────────────────────────────────────────────────────────────────────────


class Canned:
    """A server that says what it was told to say, by method and path."""

    def __init__(self, said: dict[tuple[str, str], Response]) -> None:
        self._said = said

    def handle(self, request: Request, now: datetime, quirks: frozenset[str] = frozenset()) -> Response:
        return self._said.get((request.method, request.path), Response(status=404, body=b'{"error": "no"}'))

    def account_of(self, request: Request) -> str | None:
        return "voice"

    def is_create(self, request: Request) -> bool:
        return request.method == "POST"

    def accepted(self) -> list[Accepted]:
        return []

    def timeline(self, account: str | None = None) -> list[Shown]:
        return []

    def dump(self) -> bytes:
        return b""

    def load(self, state: bytes) -> None:
        pass


@pytest.fixture
def told() -> dict[tuple[str, str], Response]:
    return {}


@pytest.fixture
def canned(told):
    running = Networks(World(new={"mastodon": lambda: Canned(told)}))
    running.start()
    running.now = NOW
    connected = Connected(running)
    yield connected("mastodon")
    connected.close()
    running.stop()


def answer(status: int, body: object = None, **headers: str) -> Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status=status, headers={"content-type": "application/json", **named}, body=raw)


CREATE = ("POST", "/api/v1/statuses")
WHO = ("GET", "/api/v1/accounts/verify_credentials")


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (answer(400, {"error": "Bad"}), Refused),
        (answer(404, {"error": "Запись не найдена"}), Refused),
        (answer(422, {"error": "Validation failed"}), Refused),
        (answer(401, {"error": "revoked"}), AccountBlocked),
        (answer(429, {"error": "Slow"}), RateLimited),
        (answer(429, {"error": "Slow"}, x_ratelimit_reset="soon"), RateLimited),
        (answer(408, {"error": "Late"}), OutcomeUnknown),
        (answer(409, {"error": "Conflict"}), OutcomeUnknown),
        (answer(500, {"error": "Oops"}), OutcomeUnknown),
        (answer(502, b"<html>"), OutcomeUnknown),
        (answer(503, {"error": "Busy"}), OutcomeUnknown),
        (answer(520, b""), OutcomeUnknown),
        (answer(301, b"", location="/api/v1/statuses"), OutcomeUnknown),
        (answer(200, b"<html>Welcome</html>"), OutcomeUnknown),
        (answer(200, b""), OutcomeUnknown),
        (answer(200, []), OutcomeUnknown),
        (answer(200, {}), OutcomeUnknown),
        (answer(200, "ok"), OutcomeUnknown),
        (answer(202, {"id": None}), OutcomeUnknown),
        (answer(202, {"id": "9" * 5_000, "created_at": "2026-12-01T12:00:05.000Z"}), OutcomeUnknown),
        (answer(200, {"id": "1"}, x_ratelimit_reset="soon"), OutcomeUnknown),
    ],
)
def test_it_classifies_by_status_alone(told, canned, response, error):
    told[CREATE] = response
    with pytest.raises(error) as caught:
        send(canned, delivery("Hello"))
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("who", "error"),
    [
        (answer(200, {"id": "1", "username": "voice"}), Refused),
        (answer(403, {"error": "Your login is currently disabled"}), AccountBlocked),
        (answer(401, {"error": "revoked"}), AccountBlocked),
        (answer(500, {"error": "Oops"}), Unavailable),
        (answer(429, {"error": "Slow"}), RateLimited),
    ],
)
def test_a_403_is_the_posts_fault_only_where_the_account_is_in_good_standing(told, canned, who, error):
    told[CREATE] = answer(403, {"error": "This action is not allowed"})
    told[WHO] = who
    with pytest.raises(error):
        send(canned, delivery("Hello"))


def test_a_403_for_a_missing_permission_blocks_the_account(told, canned):
    told[CREATE] = answer(403, {"error": "scopes"}, www_authenticate='Bearer error="insufficient_scope"')
    told[WHO] = answer(200, {"id": "1", "username": "voice"})
    with pytest.raises(AccountBlocked):
        send(canned, delivery("Hello"))


def test_without_a_source_the_content_is_compared(told, canned):
    content = (
        '<p>Hi <span class="h-card"><a href="https://s.example/@ann">@<span>ann</span></a></span><br />'
        '<a href="https://example.org/long"><span class="invisible">https://</span>'
        '<span class="ellipsis">example.org/lo</span><span class="invisible">ng</span></a> &amp; more</p>'
    )
    status: dict[str, Any] = {
        "id": "01HX",
        "created_at": "2026-12-01T12:00:05.000Z",
        "in_reply_to_id": None,
        "media_attachments": [],
        "spoiler_text": "",
        "content": content,
        "url": "https://s.example/@voice/01HX",
    }
    path = f"/api/v1/accounts/{account_on('mastodon').identity.remote_id}/statuses"
    told["GET", path] = answer(200, [status])
    text = "Hi @ann@s.example\nhttps://example.org/long & more"
    sighting = canned.find(delivery(text), 0, NOW)
    assert isinstance(sighting, Found)
    assert sighting.receipt.remote_id == "01HX"


def test_without_a_source_another_warning_is_another_post(told, canned):
    status = {"created_at": "2026-12-01T12:00:05.000Z", "spoiler_text": "quiz", "content": "<p>Hi</p>"}
    old = {"id": "1", "created_at": "2026-12-01T09:00:00.000Z"}
    path = f"/api/v1/accounts/{account_on('mastodon').identity.remote_id}/statuses"
    told["GET", path] = answer(200, [status | {"id": "2"}, old])
    assert canned.find(delivery("Hi", warning="violence"), 1, NOW) == Absent()
    assert isinstance(canned.find(delivery("Hi", warning="quiz"), 1, NOW), Found)


def test_a_timeline_that_never_ends_is_no_absence(told, canned):
    status = {"id": "1", "created_at": "2026-12-01T12:00:05.000Z", "spoiler_text": "other"}
    path = f"/api/v1/accounts/{account_on('mastodon').identity.remote_id}/statuses"
    told["GET", path] = answer(200, [status])
    with pytest.raises(Unavailable):
        canned.find(delivery("Hello"), 1, NOW)


def test_a_server_that_does_not_say_its_limits_gets_upstreams(told, canned):
    told[WHO] = answer(200, {"id": "1", "username": "voice"})
    told["GET", "/api/v2/instance/"] = answer(200, {"configuration": {"statuses": {"max_characters": 5000}}})
    limits = canned.verify().limits
    assert (limits.text, limits.alt, limits.per_url) == (5000, 1500, 23)


# ── small things ──────────────────────────────────────────────────────────────────────────────────────────────

_DATE = "Tue, 01 Dec 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"X-RateLimit-Reset": "2026-12-01T12:05:30.500000Z", "Date": _DATE}, 330.5),
        ({"X-RateLimit-Reset": "1796126460", "Date": _DATE}, 60),
        ({"X-RateLimit-Reset": "2026-12-01T11:00:00.000000Z", "Date": _DATE}, 1),
        ({"X-RateLimit-Reset": "2029-12-01T11:00:00.000000Z", "Date": _DATE}, 86_400),
        ({"X-RateLimit-Reset": "2026-12-01T12:05:30.500000Z"}, 300),
        ({"X-RateLimit-Reset": "later", "Date": _DATE}, 300),
        ({"X-RateLimit-Reset": "2026-12-01T12:05:30.500000Z", "Date": "today"}, 300),
        ({"Date": _DATE}, 300),
        ({}, 300),
    ],
)
def test_the_wait_is_seen_from_the_servers_own_clock(headers, seconds):
    assert answers.wait(headers) == seconds


def test_html_is_read_as_text():
    assert readback.plain("<p>One<br />two</p><p>three &lt;3</p>") == "One\ntwo\nthree <3"
    assert readback.plain("AT&T & Q&A &amp") == "AT&T & Q&A &"


@pytest.mark.parametrize("torn", ["<a ", "<meta ", "<!--", "<![<![", "<![CDATA[", "</a", "<"])
def test_torn_markup_costs_nothing_and_ends_nothing(torn):
    assert readback.plain(f"<p>One</p>{torn * 300_000}").startswith("One")
