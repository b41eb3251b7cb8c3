"""The record a delivery becomes: the same for ever, and hashed as the server hashes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from clarion.errors import Refused
from clarion.model import Card, Delivery, Facet, Media, Part, Payload, Receipt
from clarion.networks.bluesky import record

from .conftest import account_on

AT = datetime(2026, 9, 12, 9, 0, 0, 123456, tzinfo=UTC)
SHA = "5" * 64

#: A record and the hash that a real server (@atproto/pds 0.5.35) gave it.
REAL: dict[str, Any] = {
    "$type": "app.bsky.feed.post",
    "text": (
        "CW: torture, killing\n\nСегодня 🕯️ день памяти. #Чечня 🏳️‍🌈 #EyesOnChechnya, "
        "https://example.org/путь?a=1. e.org"
    ),
    "langs": ["ru"],
    "createdAt": "2026-11-21T09:44:27.836Z",
    "facets": [
        {
            "index": {"byteStart": 68, "byteEnd": 79},
            "features": [{"$type": "app.bsky.richtext.facet#tag", "tag": "Чечня"}],
        },
        {
            "index": {"byteStart": 95, "byteEnd": 110},
            "features": [{"$type": "app.bsky.richtext.facet#tag", "tag": "EyesOnChechnya"}],
        },
        {
            "index": {"byteStart": 112, "byteEnd": 144},
            "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://example.org/путь?a=1"}],
        },
        {
            "index": {"byteStart": 146, "byteEnd": 151},
            "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://e.org"}],
        },
    ],
    "embed": {
        "$type": "app.bsky.embed.images",
        "images": [
            {
                "alt": "Свеча",
                "image": {
                    "$type": "blob",
                    "ref": {"$link": "bafkreicxhpu7r3vavco4ggrteeg74cafkuld64zvbk4uibywv4mq4hysre"},
                    "mimeType": "image/png",
                    "size": 636,
                },
                "aspectRatio": {"width": 300, "height": 200},
            }
        ],
    },
    "labels": {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "graphic-media"}]},
}


def delivery(number: int = 1, *parts: Part, **changes: Any) -> Delivery:
    account = account_on("bluesky")
    payload = Payload(
        account=account.identity, language="en", parts=parts or (Part(text="one"), Part(text="two"))
    )
    plain = Delivery(
        id="a" * 32,
        outbox_id="o",
        post_id="p",
        part=number,
        account=account,
        payload=payload,
        first_intent_at=AT,
    )
    return replace(plain, **changes)


def test_the_hash_of_a_record_with_an_image_is_the_one_a_real_server_gave() -> None:
    assert record.cid(REAL) == "bafyreigb5blndztfprejbt7bl2ubdlfv5yqnm45bxmiguwvugbmqaq6254"


def test_a_blob_is_named_by_the_hash_of_its_bytes() -> None:
    """`x` and the CID that multiformats tools give its raw block."""
    assert record.blob_cid(sha256(b"x").hexdigest()) == (
        "bafkreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"
    )
    ((digest, alt),) = record.shown_images(REAL)
    assert record.blob_cid(digest) == REAL["embed"]["images"][0]["image"]["ref"]["$link"]
    assert alt == "Свеча"


def test_key_and_time_follow_from_delivery_generation_and_first_intent_only() -> None:
    same = delivery(tried=True, root=None)
    assert record.rkey(delivery()) == record.rkey(same)
    assert record.post(delivery(), {}) == record.post(same, {})
    others = {
        record.rkey(delivery(id="b" * 32)),
        record.rkey(delivery(generation=1)),
        record.rkey(delivery(first_intent_at=AT + timedelta(microseconds=1))),
    }
    assert record.rkey(delivery()) not in others
    assert len(others) == 3


def test_a_key_is_a_tid_that_carries_the_moment() -> None:
    key = record.rkey(delivery())
    assert len(key) == 13
    number = 0
    for letter in key:
        number = number * 32 + "234567abcdefghijklmnopqrstuvwxyz".index(letter)
    early = int(AT.timestamp()) * 1_000_000 + 123456 - (number >> 10)
    assert 0 <= early < 2**19


def test_posts_whose_intents_fall_into_one_tick_do_not_meet() -> None:
    keys = {record.rkey(delivery(id=f"{n:032x}", post_id=f"{n:032x}")) for n in range(2000)}
    assert len(keys) == 2000


def test_parts_of_one_tick_are_a_millisecond_apart_and_keep_their_order() -> None:
    one, two = delivery(1), delivery(2)
    assert record.created_at(one) == "2026-09-12T09:00:00.123Z"
    assert record.created_at(two) == "2026-09-12T09:00:00.124Z"
    assert record.rkey(one) < record.rkey(two)


def test_a_record_has_no_time_before_the_first_intent() -> None:
    with pytest.raises(ValueError, match="first intent"):
        record.rkey(delivery(first_intent_at=None))


def test_a_reply_names_root_and_parent_by_address_and_hash() -> None:
    root = Receipt(remote_id="at://did:plc:x/app.bsky.feed.post/1", url="u", at=AT, cid="c1")
    parent = Receipt(remote_id="at://did:plc:x/app.bsky.feed.post/2", url="u", at=AT, cid="c2")
    post = record.post(delivery(2, root=root, parent=parent), {})
    assert post["reply"] == {
        "root": {"uri": root.remote_id, "cid": "c1"},
        "parent": {"uri": parent.remote_id, "cid": "c2"},
    }


def test_a_later_part_without_its_parent_is_refused() -> None:
    with pytest.raises(Refused):
        record.post(delivery(2), {})
    with pytest.raises(Refused):
        record.post(delivery(2, parent=Receipt(remote_id="at://x/y/z", url="u", at=AT)), {})


def test_images_leave_no_room_for_a_card() -> None:
    card = Card(url="https://example.org", title="T", description="D", thumb=SHA)
    blob = record.blob(SHA, "image/png", 9)
    image = Media(sha256=SHA, mime="image/png", alt="A candle", width=3, height=2)
    both = record.post(delivery(1, Part(text="x", media=(image,), card=card)), {SHA: blob})
    assert both["embed"]["images"] == [
        {"image": blob, "alt": "A candle", "aspectRatio": {"width": 3, "height": 2}}
    ]
    alone = record.post(delivery(1, Part(text="x", card=card)), {SHA: blob})
    assert alone["embed"]["external"] == {
        "uri": "https://example.org",
        "title": "T",
        "description": "D",
        "thumb": blob,
    }


def test_facets_and_labels_are_written_and_mentions_are_not() -> None:
    part = Part(
        text="#a @b.test",
        facets=(
            Facet(start=0, end=2, kind="tag", value="a"),
            Facet(start=3, end=10, kind="mention", value="b.test"),
        ),
    )
    plain = delivery(1, part)
    post = record.post(replace(plain, payload=replace(plain.payload, labels=("graphic-media",))), {})
    assert [facet["features"] for facet in post["facets"]] == [
        [{"$type": "app.bsky.richtext.facet#tag", "tag": "a"}]
    ]
    assert post["labels"]["values"] == [{"val": "graphic-media"}]
    assert "facets" not in record.post(delivery(1, Part(text="plain")), {})


@pytest.mark.parametrize(
    ("replies", "rule"), [("followed", "followingRule"), ("mentioned", "mentionRule"), ("everyone", None)]
)
def test_a_gate_says_who_may_reply(replies: str, rule: str | None) -> None:
    plain = delivery()
    limited = replace(plain, payload=replace(plain.payload, replies=replies))
    receipt = Receipt(remote_id="at://did:plc:x/app.bsky.feed.post/1", url="u", at=AT, cid="c")
    gate = record.gate(limited, receipt)
    assert (gate and gate["allow"]) == (rule and [{"$type": f"app.bsky.feed.threadgate#{rule}"}])
    assert record.gate(replace(limited, part=2), receipt) is None
    assert record.gate(replace(limited, parent=receipt, root=receipt), receipt) is None
