"""Publishing on Bluesky, over real HTTP, against the rehearsal network and its faults: once, and never in the dark."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from clarion.errors import AccountBlocked, OutcomeUnknown, RateLimited, Refused, Unavailable
from clarion.model import Card, Delivery, Media, Payload, Receipt
from clarion.networks.base import Absent, Draft, DraftPart, Found, Publisher, Unsure
from clarion.networks.bluesky import options, record, rehearsal, text, xrpc
from clarion.networks.rehearsing import Request, Response
from clarion.rehearsal.world import World

from .conftest import Connected, MemorySessions, Networks, account_on
from .fronts import Front

AT = datetime(2026, 9, 12, 9, 0, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n" + b"pixels"
SHA = sha256(PNG).hexdigest()
IMAGE = Media(sha256=SHA, mime="image/png", alt="Свеча", width=3, height=2)
WORDS = "Сегодня 🕯️ #Чечня 🏳️‍🌈 #EyesOnChechnya https://example.org/путь"


def delivery(*parts: DraftPart, warning: str | None = None, **changes: Any) -> Delivery:
    """Part 1 of a post, its intent written at AT."""
    account = account_on("bluesky")
    draft = Draft(parts=parts or (DraftPart(text=WORDS),), warning=warning)
    payload = Payload(
        account=account.identity, language="ru", parts=text.fit(draft, options.LIMITS), **changes
    )
    return Delivery(
        id="a" * 32, outbox_id="o", post_id="p", part=1, account=account, payload=payload, first_intent_at=AT
    )


def publish(publisher: Publisher, what: Delivery) -> Receipt:
    return publisher.send(publisher.stage(what))


def later(first: Delivery, receipt: Receipt, number: int) -> Delivery:
    return replace(first, id=f"{number}" * 32, part=number, root=receipt, parent=receipt)


# ── what appears ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_text_with_cyrillic_tags_and_emoji_arrives_with_its_links(
    networks: Networks, connect: Connected
) -> None:
    publisher = connect("bluesky")
    receipt = publish(publisher, delivery())
    (taken,) = networks.accepted("bluesky")
    assert (taken.text, taken.language, taken.remote_id) == (WORDS, "ru", receipt.remote_id)
    (shown,) = networks.timeline("bluesky")
    assert [span for span in shown.parts[0].spans if span[1]] == [
        ("#Чечня", "#Чечня"),
        ("#EyesOnChechnya", "#EyesOnChechnya"),
        ("https://example.org/путь", "https://example.org/путь"),
    ]
    assert publisher.confirm(delivery(), receipt)


def test_a_thread_is_chained_by_address_and_hash(networks: Networks, connect: Connected) -> None:
    publisher = connect("bluesky")
    first = delivery(DraftPart(text="one"), DraftPart(text="two"), DraftPart(text="three"))
    one = publish(publisher, first)
    two = publish(publisher, later(first, one, 2))
    publish(publisher, replace(later(first, one, 3), parent=two))
    assert [taken.answers for taken in networks.accepted("bluesky")] == [None, one.remote_id, two.remote_id]


def test_image_alt_text_warning_and_label_arrive(networks: Networks, connect: Connected) -> None:
    connect.media[SHA] = PNG
    post = delivery(
        DraftPart(text="День памяти", media=(IMAGE,)), warning="Осторожно: насилие", labels=("graphic-media",)
    )
    publish(connect("bluesky"), post)
    (taken,) = networks.accepted("bluesky")
    assert taken.images == ((SHA, "Свеча"),)
    assert taken.text == "Осторожно: насилие\n\nДень памяти"
    state = json.loads(networks.world._machine("bluesky").dump())
    (there,) = state["records"].values()
    assert there["value"]["labels"]["values"] == [{"val": "graphic-media"}]


def test_a_card_arrives_with_its_picture(networks: Networks, connect: Connected) -> None:
    connect.media[SHA] = PNG
    card = Card(url="https://example.org/b", title="Приговор", description="ЕСПЧ", thumb=SHA)
    publish(connect("bluesky"), delivery(DraftPart(text="см.", card=card)))
    (shown,) = networks.timeline("bluesky")
    assert shown.parts[0].card == replace(card, thumb=None)
    assert shown.parts[0].card_image is not None


def test_the_receipt_opens_on_the_local_timeline(networks: Networks, connect: Connected) -> None:
    receipt = publish(connect("bluesky"), delivery())
    (shown,) = networks.timeline("bluesky")
    assert receipt.url == f"{networks.urls['bluesky']}{shown.parts[0].url}"


# ── once only ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_put_twice_is_one_post(networks: Networks, connect: Connected) -> None:
    one, two = connect("bluesky"), connect("bluesky")
    assert publish(one, delivery()) == publish(two, delivery())
    assert len(networks.accepted("bluesky")) == 1


@pytest.mark.parametrize(
    ("fault", "landed"),
    [("drop_before", False), ("drop_after", True), ("500_before", False), ("500_after", True)],
)
def test_a_lost_answer_is_unknown_and_then_looked_for(
    networks: Networks, connect: Connected, fault: str, landed: bool
) -> None:
    publisher = connect("bluesky")
    staged = publisher.stage(delivery())
    networks.fault("bluesky", fault)
    with pytest.raises(OutcomeUnknown):
        publisher.send(staged)
    sighting = connect("bluesky").find(delivery(), 0, AT)
    if landed:
        assert isinstance(sighting, Found)
        assert publisher.confirm(delivery(), sighting.receipt)
    else:
        assert sighting == Absent()
    assert publish(publisher, delivery()).cid
    assert len(networks.accepted("bluesky")) == 1


def test_a_hang_past_the_deadline_is_unknown(networks: Networks, connect: Connected) -> None:
    publisher = connect("bluesky", seconds=0.3)
    staged = publisher.stage(delivery())
    networks.fault("bluesky", "hang_after", seconds=2)
    with pytest.raises(OutcomeUnknown):
        publisher.send(staged)
    assert isinstance(publisher.find(delivery(), 0, AT), Found)


def test_absence_is_trusted_for_an_hour_only(networks: Networks, connect: Connected) -> None:
    publisher = connect("bluesky")
    assert publisher.find(delivery(), 0, AT + timedelta(minutes=59)) == Absent()
    assert publisher.find(delivery(), 0, AT + timedelta(minutes=60)) == Unsure(look_again_in=None)
    assert publisher.find(replace(delivery(), first_intent_at=None), 0, AT) == Unsure(look_again_in=None)


def test_another_record_in_its_place_waits_for_a_human(networks: Networks, connect: Connected) -> None:
    publisher = connect("bluesky")
    publish(publisher, delivery())
    other = delivery(DraftPart(text="Something else"))
    with pytest.raises(OutcomeUnknown, match="InvalidSwap"):
        publish(publisher, other)
    assert publisher.find(other, 0, AT) == Unsure(look_again_in=None)
    assert [taken.text for taken in networks.accepted("bluesky")] == [WORDS]


def test_a_stale_look_leads_to_the_same_put_and_still_one_post(
    networks: Networks, connect: Connected
) -> None:
    publisher = connect("bluesky")
    publish(publisher, delivery())
    networks.fault("bluesky", "stale_reads")
    assert publisher.find(delivery(), 0, AT) == Absent()
    publish(publisher, delivery())
    assert len(networks.accepted("bluesky")) == 1


def test_a_silent_drop_is_seen_by_the_read_back(networks: Networks, connect: Connected) -> None:
    publisher = connect("bluesky")
    staged = publisher.stage(delivery())
    networks.fault("bluesky", "silent_drop")
    assert not publisher.confirm(delivery(), publisher.send(staged))


def test_the_read_back_holds_the_hash_against_the_receipt(networks: Networks, connect: Connected) -> None:
    publisher = connect("bluesky")
    receipt = publish(publisher, delivery())
    assert not publisher.confirm(delivery(), replace(receipt, cid="bafyother"))
    assert publisher.confirm(delivery(), replace(receipt, cid=None))


# ── who may reply, and taking down ────────────────────────────────────────────────────────────────────────────


def test_the_gate_is_put_after_the_post_and_goes_with_it(networks: Networks, connect: Connected) -> None:
    publisher = connect("bluesky")
    post = delivery(replies="followed")
    receipt = publish(publisher, post)
    assert records(networks) == {record.POST}
    assert publisher.confirm(post, receipt)
    assert publisher.confirm(post, receipt)
    assert records(networks) == {record.POST, record.GATE}
    publisher.recall(receipt)
    publisher.recall(receipt)
    assert records(networks) == set()
    assert not publisher.confirm(post, receipt)
    assert [taken.deleted for taken in networks.accepted("bluesky")] == [True]


def records(networks: Networks) -> set[str]:
    state = json.loads(networks.world._machine("bluesky").dump())
    return {uri.split("/")[3] for uri in state["records"]}


# ── logins ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_hundred_publishers_log_in_once(networks: Networks, connect: Connected) -> None:
    sessions = MemorySessions()
    for _ in range(100):
        connect("bluesky", sessions=sessions).stage(delivery())
    assert issued(networks) == 1


def issued(networks: Networks) -> int:
    return int(json.loads(networks.world._machine("bluesky").dump())["issued"])


def test_an_expired_token_is_refreshed_once_and_the_same_put_made_again(
    networks: Networks, connect: Connected
) -> None:
    networks.now = AT
    sessions = MemorySessions()
    publisher = connect("bluesky", sessions=sessions)
    staged = publisher.stage(delivery())
    before = dict(sessions.tokens or {})
    networks.now = AT + timedelta(hours=2)
    receipt = publisher.send(staged)
    assert publisher.confirm(delivery(), receipt)
    assert issued(networks) == 2
    assert sessions.tokens is not None
    assert sessions.tokens["refresh"] != before["refresh"]
    assert len(networks.accepted("bluesky")) == 1


def test_a_token_another_process_refreshed_is_used_as_it_is(networks: Networks, connect: Connected) -> None:
    networks.now = AT
    sessions = MemorySessions()
    one, two = connect("bluesky", sessions=sessions), connect("bluesky", sessions=sessions)
    one.verify()
    two.verify()
    networks.now = AT + timedelta(hours=2)
    one.verify()
    two.verify()
    assert issued(networks) == 2


def test_a_spent_refresh_token_leads_to_one_login(networks: Networks, connect: Connected) -> None:
    networks.now = AT
    sessions = MemorySessions()
    connect("bluesky", sessions=sessions).verify()
    networks.now = AT + timedelta(days=91)
    connect("bluesky", sessions=sessions).verify()
    assert issued(networks) == 2


@pytest.mark.parametrize("fault", ["500_before", "drop_before", "drop_after"])
def test_a_failed_refresh_keeps_the_stored_tokens(networks: Networks, connect: Connected, fault: str) -> None:
    networks.now = AT
    sessions = MemorySessions()
    publisher = connect("bluesky", sessions=sessions)
    staged = publisher.stage(delivery())
    before = dict(sessions.tokens or {})
    networks.now = AT + timedelta(hours=2)
    networks.fault("bluesky", fault, on="other")
    with pytest.raises(Unavailable):
        publisher.send(staged)
    assert sessions.tokens == before
    assert networks.accepted("bluesky") == []
    publish(publisher, delivery())


def test_a_wrong_password_blocks_the_account(networks: Networks, connect: Connected) -> None:
    with pytest.raises(AccountBlocked, match="does not take this app password") as raised:
        connect("bluesky", secret={"app_password": "wrong", "identifier": "voice"}).stage(delivery())
    assert raised.value.hint == "clarion accounts login voice"
    assert "wrong" not in raised.value.message
    with pytest.raises(AccountBlocked, match="no app password"):
        connect("bluesky", secret={}).stage(delivery())


def test_verify_says_who_the_account_is(networks: Networks, connect: Connected) -> None:
    profile = connect("bluesky").verify()
    assert profile.identity == account_on("bluesky").identity
    assert profile.automated is True
    assert profile.limits == options.LIMITS


# ── refusals and media ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("fault", "seconds"), [("429", 60), ("429_bare", 300)])
def test_a_429_says_how_long_to_wait(
    networks: Networks, connect: Connected, fault: str, seconds: int
) -> None:
    publisher = connect("bluesky")
    staged = publisher.stage(delivery())
    networks.fault("bluesky", fault)
    with pytest.raises(RateLimited) as raised:
        publisher.send(staged)
    assert seconds - 2 <= raised.value.wait <= seconds
    assert networks.accepted("bluesky") == []


def test_what_is_no_post_of_bluesky_is_not_taken_down(networks: Networks, connect: Connected) -> None:
    with pytest.raises(Refused, match="not an address"):
        connect("bluesky").recall(Receipt(remote_id="https://bsky.app/profile/x/post/y", url="u", at=AT))


def test_a_text_over_the_limit_is_refused(networks: Networks, connect: Connected) -> None:
    with pytest.raises(Refused, match="300 graphemes"):
        publish(connect("bluesky"), delivery(DraftPart(text="a" * 301)))


def test_no_server_is_certainly_not_created(networks: Networks, connect: Connected) -> None:
    publisher = connect("bluesky")
    staged = publisher.stage(delivery())
    networks.stop()
    with pytest.raises((Unavailable, OutcomeUnknown)):
        publisher.send(staged)  # the kept connection: bytes may have left
    with pytest.raises(Unavailable):
        connect("bluesky", sessions=MemorySessions()).stage(delivery())


def test_a_lost_upload_is_only_unavailable(networks: Networks, connect: Connected) -> None:
    connect.media[SHA] = PNG
    publisher = connect("bluesky")
    publisher.verify()
    networks.fault("bluesky", "drop_after", on="other")
    with pytest.raises(Unavailable):
        publisher.stage(delivery(DraftPart(text="x", media=(IMAGE,))))


def test_an_image_that_changed_or_is_too_large_is_never_uploaded(
    networks: Networks, connect: Connected
) -> None:
    connect.media[SHA] = b"other bytes"
    with pytest.raises(Refused, match="changed"):
        connect("bluesky").stage(delivery(DraftPart(text="x", media=(IMAGE,))))
    large = PNG + bytes(1_000_000)
    digest = sha256(large).hexdigest()
    connect.media[digest] = large
    with pytest.raises(Refused, match="bytes"):
        connect("bluesky").stage(delivery(DraftPart(text="x", media=(replace(IMAGE, sha256=digest),))))


# ── answers no real server should give ────────────────────────────────────────────────────────────────────────


class Odd(Front):
    """The rehearsal network, but puts are answered with `answer` and questions with `reads`, where they are given."""

    def __init__(self) -> None:
        super().__init__(rehearsal.new())
        self.answer: Response | None = None
        self.reads: Response | None = None

    def handle(self, request: Request, now: datetime, quirks: frozenset[str] = frozenset()) -> Response:
        given = self.answer if self.is_create(request) else self.reads if request.method == "GET" else None
        return given or super().handle(request, now, quirks)


@pytest.fixture
def odd() -> Iterator[tuple[Odd, Publisher]]:
    server = Odd()
    running = Networks(World(new={"bluesky": lambda: server}))
    running.start()
    connected = Connected(running)
    yield server, connected("bluesky")
    connected.close()
    running.stop()


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b"", OutcomeUnknown),
        (200, b"<html>", OutcomeUnknown),
        (200, b"[]", OutcomeUnknown),
        (200, b'{"uri": "at://x/y/z", "cid": "bafyother"}', OutcomeUnknown),
        (202, b"{}", OutcomeUnknown),
        (302, b"", OutcomeUnknown),
        (409, b"{}", OutcomeUnknown),
        (502, b"<html>", OutcomeUnknown),
        (400, b'{"error": "InvalidRequest"}', Refused),
        (403, b"{}", Refused),
        (404, b"", Refused),
        (422, b"{}", Refused),
        (400, b'{"error": "BlobNotFound"}', Unavailable),
        (401, b"", AccountBlocked),
        (403, b'{"error": "AccountTakedown"}', AccountBlocked),
        (401, b'{"error": "AccountDeactivated"}', AccountBlocked),
        (403, b'{"error": "AccountNotFound"}', AccountBlocked),
        (400, b'{"error": "ExpiredToken"}', AccountBlocked),
        (429, b"", RateLimited),
    ],
)
def test_each_answer_has_its_meaning(
    odd: tuple[Odd, Publisher], status: int, body: bytes, error: type[Exception]
) -> None:
    server, publisher = odd
    server.answer = Response(status=status, headers={"location": "/elsewhere"}, body=body)
    with pytest.raises(error):
        publish(publisher, delivery())


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, b'{"error": "InvalidRequest", "message": "Could not find repo"}', AccountBlocked),
        (401, b"", AccountBlocked),
        (429, b"", RateLimited),
        (502, b"<html>", Unavailable),
        (200, b"[]", Unavailable),
    ],
)
def test_each_answer_to_a_question_has_its_meaning(
    odd: tuple[Odd, Publisher], status: int, body: bytes, error: type[Exception]
) -> None:
    """A server that shows an account no longer says InvalidRequest: nothing is known of its posts, none was refused."""
    server, publisher = odd
    sent = delivery()
    receipt = publish(publisher, sent)
    server.reads = Response(status=status, body=body)
    for ask in (
        lambda: publisher.find(sent, 0, AT),
        lambda: publisher.find(replace(sent, intent_lost=True), 0, AT),
        lambda: publisher.confirm(sent, receipt),
        publisher.verify,
    ):
        with pytest.raises(error):
            ask()


def test_an_account_that_is_not_active_is_blocked(odd: tuple[Odd, Publisher]) -> None:
    server, publisher = odd
    there = {"did": "did:plc:a", "handle": "a.test", "active": False, "status": "deactivated"}
    server.reads = Response(status=200, body=json.dumps(there).encode())
    with pytest.raises(AccountBlocked, match="deactivated"):
        publisher.verify()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 300),
        ({"Retry-After": "17"}, 17),
        ({"Retry-After": "Sat, 12 Sep 2026 09:00:30 GMT", "Date": "Sat, 12 Sep 2026 09:00:00 GMT"}, 30),
        ({"RateLimit-Reset": str(int(AT.timestamp()) + 90), "Date": "Sat, 12 Sep 2026 09:00:00 GMT"}, 90),
        ({"RateLimit-Reset": str(int(AT.timestamp()) + 90)}, 300),
        ({"RateLimit-Reset": "soon", "Date": "never"}, 300),
        ({"Retry-After": "0"}, 1),
        ({"Retry-After": "99999999"}, 86_400),
    ],
)
def test_the_wait_is_read_from_the_servers_own_clock(headers: dict[str, str], seconds: float) -> None:
    assert xrpc.wait(headers) == seconds
