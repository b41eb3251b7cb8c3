"""A delivery as the exact record Bluesky will store, with its key and its hash. Pure.

In: a delivery whose first intent is set, and the sizes of its images. Out: rkey, record as JSON, CID.
All of it follows from what the outbox keeps, so that a put repeated after any crash is the same put byte for byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import libipld

from clarion.clock import micros
from clarion.errors import Refused
from clarion.model import Card, Delivery, Facet, Media, Receipt

POST = "app.bsky.feed.post"
GATE = "app.bsky.feed.threadgate"

Record = dict[str, Any]
#: Blobs by the SHA-256 of their bytes, as `blob` makes them.
Blobs = Mapping[str, Record]

# atproto.com/specs/tid: 53 bits of microseconds, 10 bits that keep clocks apart, in sortable base 32.
_TID_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"
_TID_LENGTH = 13
# atproto.com/specs/data-model: CIDv1, then the codec, then SHA-256 of 32 bytes.
_CBOR = b"\x01\x71\x12\x20"
_RAW = b"\x01\x55\x12\x20"

# A mention would need the handle resolved to a DID; Clarion notifies nobody.
_FEATURES = {"link": "uri", "tag": "tag"}
_GATE_RULES = {"followed": f"{GATE}#followingRule", "mentioned": f"{GATE}#mentionRule"}


def rkey(delivery: Delivery) -> str:
    """The record's key: a TID, about the moment of the first intent.

    A key that another delivery holds would leave this one in doubt for ever, so two deliveries whose intents fall into
    one tick of the clock must not meet: up to half a second is taken off by the post's id, the same for all its parts,
    which keeps them in order, and the low bits come from delivery id and generation.
    """
    early = int.from_bytes(sha256(delivery.post_id.encode()).digest()[:4], "big") & 0x7FFFF
    seed = sha256(f"{delivery.id}:{delivery.generation}".encode()).digest()
    number = (micros(moment(delivery)) - early) << 10 | int.from_bytes(seed[:2], "big") & 0x3FF
    letters = (number >> 5 * place & 0x1F for place in reversed(range(_TID_LENGTH)))
    return "".join(_TID_LETTERS[value] for value in letters)


def created_at(delivery: Delivery) -> str:
    """`createdAt`, in whole milliseconds of UTC as the official client writes it."""
    return _written(moment(delivery))


def moment(delivery: Delivery) -> datetime:
    """The first intent, one millisecond later per part: parts sent within one tick still keep their order."""
    if delivery.first_intent_at is None:
        raise ValueError("a record's key and time follow from the first intent, which this delivery has not")
    return delivery.first_intent_at + timedelta(milliseconds=delivery.part - 1)


def post(delivery: Delivery, blobs: Blobs) -> Record:
    """The app.bsky.feed.post record. Raises Refused when the post it answers has no hash to refer to."""
    content = delivery.content
    record: Record = {
        "$type": POST,
        "text": content.text,
        "createdAt": created_at(delivery),
        "langs": [delivery.payload.language],
    }
    if facets := [_facet(facet) for facet in content.facets if facet.kind in _FEATURES]:
        record["facets"] = facets
    if reply := _reply(delivery):
        record["reply"] = reply
    if embed := _embed(content.media, content.card, blobs):
        record["embed"] = embed
    if delivery.payload.labels:
        record["labels"] = {
            "$type": "com.atproto.label.defs#selfLabels",
            "values": [{"val": label} for label in delivery.payload.labels],
        }
    return record


def gate(delivery: Delivery, receipt: Receipt) -> Record | None:
    """Who may reply to a post that is up; it shares the post's rkey. None where everyone may.

    Gates stand on part 1 only: the thread below inherits it. What answers another post is below that one's.
    """
    rule = _GATE_RULES.get(delivery.payload.replies)
    if rule is None or delivery.part != 1 or delivery.parent is not None:
        return None
    return {
        "$type": GATE,
        "post": receipt.remote_id,
        "allow": [{"$type": rule}],
        "createdAt": _written(receipt.at),
    }


def blob(digest: str, mime: str, size: int) -> Record:
    """The reference to an uploaded blob, by the SHA-256 of its bytes."""
    return {"$type": "blob", "ref": {"$link": blob_cid(digest)}, "mimeType": mime, "size": size}


def blob_cid(digest: str) -> str:
    return libipld.encode_cid(_RAW + bytes.fromhex(digest))


def shown_images(post: Record) -> list[tuple[str, str]]:
    """(sha256 of the bytes, alt) of each image of a post record."""
    images = post.get("embed", {}).get("images", [])
    return [(_digest(image["image"]["ref"]["$link"]), image["alt"]) for image in images]


def cid(record: Record) -> str:
    """The hash a server gives this record: of its DAG-CBOR form, where a `$link` is a real link."""
    return libipld.encode_cid(_CBOR + sha256(libipld.encode_dag_cbor(_linked(record))).digest())


def mime_of(content: bytes) -> str | None:
    """The kind of an image, by its first bytes, as servers decide it."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    return None


def _written(at: datetime) -> str:
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def _linked(value: Any) -> Any:
    """JSON to DAG-CBOR: `{"$link": cid}` becomes the CID's bytes, which libipld writes as a link."""
    if isinstance(value, dict):
        if set(value) == {"$link"}:
            return libipld.decode_multibase(value["$link"])[1]
        return {key: _linked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_linked(item) for item in value]
    return value


def _digest(blob_cid: str) -> str:
    return bytes(libipld.decode_cid(blob_cid)["hash"]["digest"]).hex()


def _facet(facet: Facet) -> Record:
    feature = {"$type": f"app.bsky.richtext.facet#{facet.kind}", _FEATURES[facet.kind]: facet.value}
    return {"index": {"byteStart": facet.start, "byteEnd": facet.end}, "features": [feature]}


def _reply(delivery: Delivery) -> Record | None:
    parent = delivery.parent
    if parent is None and delivery.part == 1:
        return None
    if parent is None:
        raise Refused("the part before this one has no receipt, so this one cannot answer it")
    return {"root": _reference(delivery.root or parent), "parent": _reference(parent)}


def _reference(receipt: Receipt) -> Record:
    if receipt.cid is None:
        raise Refused("the receipt of the post before this one lacks the hash that Bluesky asks for")
    return {"uri": receipt.remote_id, "cid": receipt.cid}


def _embed(media: tuple[Media, ...], card: Card | None, blobs: Blobs) -> Record | None:
    if media:
        return {"$type": "app.bsky.embed.images", "images": [_image(item, blobs) for item in media]}
    if card is None:
        return None
    external: Record = {"uri": card.url, "title": card.title, "description": card.description}
    if card.thumb is not None:
        external["thumb"] = blobs[card.thumb]
    return {"$type": "app.bsky.embed.external", "external": external}


def _image(item: Media, blobs: Blobs) -> Record:
    return {
        "image": blobs[item.sha256],
        "alt": item.alt,
        "aspectRatio": {"width": item.width, "height": item.height},
    }
