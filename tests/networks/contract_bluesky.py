"""What Bluesky keeps besides: records byte for byte, one commit for one post, logins that last."""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import requests

from clarion.errors import OutcomeUnknown, Unavailable
from clarion.model import Card, Delivery, Receipt, Scopes
from clarion.networks.base import Absent, Publisher, Unsure
from clarion.networks.bluesky import record
from tests.networks.conftest import MemorySessions
from tests.networks.contract import RUSSIAN, TEXT, PublisherContract
from tests.networks.deliveries import chain, delivery_on, in_doubt, intended, one, picture, publish
from tests.networks.stage import Stage

LINKS = "🕯️ Свидетельства: https://example.org/a?b=1&c=2 👩‍👩‍👧 #Чечня #EyesOnChechnya"


class BlueskyContract(PublisherContract):
    network = "bluesky"
    can_double = False  # a put names its record: there is nothing to double

    # ── the record ──

    def test_a_record_has_the_hash_that_we_computed(self, stage: Stage) -> None:
        _, receipt = publish(stage.connect(), delivery_on(stage, LINKS, media=[picture(stage, "red")]))
        (there,) = records(stage, record.POST)
        assert (there["uri"], there["cid"]) == (receipt.remote_id, receipt.cid)
        assert record.cid(there["value"]) == receipt.cid

    def test_links_and_tags_are_marked_in_bytes(self, stage: Stage) -> None:
        publish(stage.connect(), delivery_on(stage, LINKS))
        (there,) = records(stage, record.POST)
        raw = LINKS.encode()
        marked = [
            (raw[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(), facet["features"])
            for facet in there["value"]["facets"]
        ]
        kind = "app.bsky.richtext.facet"
        link = "https://example.org/a?b=1&c=2"
        assert marked == [
            (link, [{"$type": f"{kind}#link", "uri": link}]),
            ("#Чечня", [{"$type": f"{kind}#tag", "tag": "Чечня"}]),
            ("#EyesOnChechnya", [{"$type": f"{kind}#tag", "tag": "EyesOnChechnya"}]),
        ]

    def test_the_language_stands_in_the_record(self, stage: Stage) -> None:
        publish(stage.connect(), delivery_on(stage, RUSSIAN, language="ru"))
        assert records(stage, record.POST)[0]["value"]["langs"] == ["ru"]

    def test_a_label_stands_in_the_record(self, stage: Stage) -> None:
        publish(stage.connect(), delivery_on(stage, TEXT, labels=("graphic-media",)))
        labels = records(stage, record.POST)[0]["value"]["labels"]
        assert labels == {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "graphic-media"}]}

    def test_a_link_card_arrives_with_its_picture(self, stage: Stage) -> None:
        thumb = picture(stage, "blue")
        card = Card(
            url="https://example.org/a", title="Отчёт", description="What was found", thumb=thumb.sha256
        )
        publish(stage.connect(), carded(delivery_on(stage, TEXT), card))
        (external,) = [each["value"]["embed"]["external"] for each in records(stage, record.POST)]
        assert (external["uri"], external["title"], external["description"]) == (
            card.url,
            card.title,
            card.description,
        )
        assert external["thumb"]["ref"]["$link"] == record.blob_cid(thumb.sha256)
        (shown,) = stage.timeline()
        assert shown.parts[0].card_image is not None
        assert shown.parts[0].card_image.src == source(stage.media[thumb.sha256])

    def test_a_thread_names_its_root_and_its_parent_by_their_hashes(self, stage: Stage) -> None:
        publisher = stage.connect()
        receipts: list[Receipt] = []
        for each in chain(stage, ["One", "Two", "Three"]):
            root, parent = (receipts[0], receipts[-1]) if receipts else (None, None)
            receipts.append(publish(publisher, replace(each, root=root, parent=parent))[1])
        replies = [each["value"].get("reply") for each in reversed(records(stage, record.POST))]
        references = [{"uri": each.remote_id, "cid": each.cid} for each in receipts]
        assert replies == [
            None,
            {"root": references[0], "parent": references[0]},
            {"root": references[0], "parent": references[1]},
        ]

    @pytest.mark.parametrize(
        ("replies", "rule"), [("mentioned", "mentionRule"), ("followed", "followingRule")]
    )
    def test_who_may_reply_is_a_second_record_that_goes_with_the_post(
        self, stage: Stage, replies: str, rule: str
    ) -> None:
        publisher = stage.connect()
        delivery, receipt = publish(publisher, delivery_on(stage, TEXT, replies=replies))
        assert publisher.confirm(delivery, receipt)
        assert publisher.confirm(delivery, receipt)
        (gate,) = records(stage, record.GATE)
        assert gate["uri"] == receipt.remote_id.replace(record.POST, record.GATE)
        assert gate["value"]["post"] == receipt.remote_id
        assert gate["value"]["allow"] == [{"$type": f"{record.GATE}#{rule}"}]
        publisher.recall(receipt)
        assert records(stage, record.GATE) == records(stage, record.POST) == []

    # ── one post, one commit ──

    def test_the_same_put_twice_is_one_commit(self, stage: Stage) -> None:
        publisher = stage.connect()
        delivery, first = publish(publisher, delivery_on(stage, TEXT))
        again = publisher.send(publisher.stage(delivery))
        assert again == first
        assert len(stage.accepted()) == 1

    def test_twelve_same_puts_at_once_are_one_commit(self, stage: Stage) -> None:
        sessions = MemorySessions()
        publishers = [stage.connect(sessions=sessions, seconds=20) for _ in range(12)]
        delivery = intended(stage, delivery_on(stage, TEXT))
        staged = publishers[0].stage(delivery)
        receipts = at_once([partial(each.send, staged) for each in publishers])
        assert len({receipt.cid for receipt in receipts}) == 1
        assert len(stage.accepted()) == 1
        assert stage.asked("createSession") == 1

    def test_another_record_in_its_place_is_left_alone(self, stage: Stage) -> None:
        publisher = stage.connect()
        delivery, receipt = publish(publisher, delivery_on(stage, TEXT))
        other = delivery_on(stage, "Another text")
        other = replace(delivery, payload=replace(delivery.payload, parts=other.payload.parts))
        with pytest.raises(OutcomeUnknown, match="InvalidSwap"):
            publisher.send(publisher.stage(other))
        sighting = publisher.find(other, 0, stage.now)
        assert isinstance(sighting, Unsure)
        assert sighting.look_again_in is None, "a person must look"
        assert [each["cid"] for each in records(stage, record.POST)] == [receipt.cid]

    def test_what_was_never_there_is_absent(self, stage: Stage) -> None:
        publisher = stage.connect()
        delivery = intended(stage, delivery_on(stage, TEXT))
        assert isinstance(publisher.find(delivery, 0, stage.now), Absent)
        uri = f"at://{stage.account().identity.remote_id}/{record.POST}/{record.rkey(delivery)}"
        never = Receipt(remote_id=uri, url="https://example.org", at=stage.now)
        assert publisher.confirm(delivery, never) is False
        publisher.recall(never)

    # ── logins ──

    def test_an_expired_login_is_refreshed_and_the_same_put_sent(self, stage: Stage) -> None:
        sessions = MemorySessions()
        publisher = stage.connect(sessions=sessions)
        delivery = intended(stage, delivery_on(stage, TEXT))
        publisher.stage(delivery)
        stage.expire(sessions)
        later = stage.connect(sessions=sessions)
        later.send(later.stage(delivery))
        assert one(stage).text == TEXT
        assert (stage.asked("createSession"), stage.asked("refreshSession")) == (1, 1)
        assert stage.asked("putRecord") == 2

    def test_a_hundred_runs_log_in_once(self, stage: Stage) -> None:
        sessions = MemorySessions()
        for number in range(100):
            publisher = stage.connect(sessions=sessions)
            if number % 20 == 0:
                publish(publisher, delivery_on(stage, f"{TEXT} {number}"))
            else:
                publisher.verify()
        assert (stage.asked("createSession"), stage.asked("refreshSession")) == (1, 0)

    def test_an_app_password_allows_publishing_and_no_more_for_90_days(self, stage: Stage) -> None:
        found = stage.connect().examine()
        assert found.scopes == Scopes()
        assert found.ends_at is not None
        assert found.server_time is not None
        assert 89 <= (found.ends_at - found.server_time).total_seconds() / 86_400 <= 90.1

    def test_two_at_once_refresh_once(self, stage: Stage) -> None:
        sessions = MemorySessions()
        stage.connect(sessions=sessions).verify()
        stage.expire(sessions)
        both = [stage.connect(sessions=sessions, seconds=20) for _ in range(2)]
        sendings = [_ready(stage, each, delivery_on(stage, f"{TEXT} {n}")) for n, each in enumerate(both)]
        at_once(sendings)
        assert (stage.asked("createSession"), stage.asked("refreshSession")) == (1, 1)
        assert len(stage.accepted()) == 2

    def test_a_lost_answer_to_a_refresh_sends_nothing_and_loses_no_login(self, stage: Stage) -> None:
        """The refresh token is spent, and the new ones never came."""
        sessions = MemorySessions()
        publisher = stage.connect(sessions=sessions)
        staged = publisher.stage(delivery_on(stage, TEXT))
        staged = replace(staged, delivery=intended(stage, staged.delivery))
        stage.expire(sessions)
        stage.fault("drop_after", on="other")
        with pytest.raises(Unavailable):
            stage.connect(sessions=sessions).send(staged)
        assert stage.accepted() == []
        stage.connect(sessions=sessions).send(staged)
        assert one(stage).text == TEXT
        assert stage.asked("createSession") <= 2

    # ── what is in doubt ──

    def test_what_was_found_gets_its_gate(self, stage: Stage) -> None:
        publisher = stage.connect()
        delivery = in_doubt(stage, publisher, delivery_on(stage, TEXT, replies="mentioned"), "drop_after")
        publisher.find(delivery, 0, stage.now)
        assert len(records(stage, record.GATE)) == 1


def records(stage: Stage, collection: str) -> list[dict[str, Any]]:
    """What stands in a collection of the account, newest first, as anybody may read it: {"uri", "cid", "value"}."""
    query = {"repo": stage.account().identity.remote_id, "collection": collection, "limit": "100"}
    answer = requests.get(f"{stage.url}/xrpc/com.atproto.repo.listRecords", params=query, timeout=20)
    answer.raise_for_status()
    return list(answer.json()["records"])


def carded(delivery: Delivery, card: Card) -> Delivery:
    """The delivery with a link card on its part."""
    (part,) = delivery.payload.parts
    return replace(delivery, payload=replace(delivery.payload, parts=(replace(part, card=card),)))


def source(png: bytes) -> str:
    """An image as a page holds it."""
    return f"data:image/png;base64,{b64encode(png).decode()}"


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """What they answer, begun together, each in a thread of its own."""
    begin = threading.Barrier(len(calls))
    answers: list[Any] = [None] * len(calls)

    def run(number: int) -> None:
        begin.wait(60)
        answers[number] = calls[number]()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(calls))]
    for each in threads:
        each.start()
    for each in threads:
        each.join(120)
    return answers


def _ready(stage: Stage, publisher: Publisher, delivery: Delivery) -> Callable[[], Receipt]:
    """Staged with the login that both have; to be sent."""
    staged = publisher.stage(delivery)
    staged = replace(staged, delivery=intended(stage, delivery))
    return partial(publisher.send, staged)
