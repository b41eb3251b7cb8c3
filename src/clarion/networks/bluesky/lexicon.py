"""What the rehearsal network asks of a record. Pure.

In: a record as a client sent it. Out: nothing, or Invalid with the reason. It asks what the real server asks
(lexicons app.bsky.feed.post and .threadgate, @atproto/pds 0.5.35) and, besides, what the real server takes although
readers then see it broken: empty posts, facets that are inverted, overlap or cut a letter, labels nobody knows,
unknown fields, no language.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import libipld
import regex

from clarion.networks.bluesky import options, record
from clarion.networks.bluesky.text import length

#: Gives (mime, size) of an uploaded blob by its CID, None when there is none.
BlobLookup = Callable[[str], tuple[str, int] | None]

_TID = regex.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
_TIME = regex.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,20})?(Z|[+-]\d\d:\d\d)")
_LANGUAGE = regex.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_ADDRESS = regex.compile(r"https?://[^\s/]\S*")
_FEATURE = "app.bsky.richtext.facet#"
_TAGS = 8
_TAG_GRAPHEMES = 64
_POST_FIELDS = frozenset(
    {"$type", "text", "createdAt", "langs", "facets", "reply", "embed", "labels", "tags"}
)
_GATE_RULES = frozenset(f"{record.GATE}#{rule}" for rule in ("followingRule", "mentionRule", "followerRule"))


class Invalid(Exception):
    """The record would be refused; the argument says why, and `error` how the server names it."""

    def __init__(self, why: str, error: str = "InvalidRequest") -> None:
        super().__init__(why)
        self.error = error


def check(collection: str, key: str, value: Any, blobs: BlobLookup) -> None:
    """Raise Invalid unless the record may stand in this collection under this key."""
    _ask(isinstance(value, dict) and value.get("$type") == collection, f"$type must be {collection}")
    _ask(collection in {record.POST, record.GATE}, f"unknown lexicon type {collection}")
    _ask(_TID.fullmatch(key), "the record key must be a TID")
    try:
        if collection == record.POST:
            _post(value, blobs)
        else:
            _gate(value, key)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise Invalid(f"malformed: {error}") from error


def references(value: Any) -> list[tuple[str, str]]:
    """The (uri, cid) pairs a post answers."""
    reply = value.get("reply", {})
    return [(reply[role]["uri"], reply[role]["cid"]) for role in ("root", "parent") if role in reply]


def _post(post: dict[str, Any], blobs: BlobLookup) -> None:
    _ask(set(post) <= _POST_FIELDS, f"unknown fields {sorted(set(post) - _POST_FIELDS)}")
    text = post.get("text")
    _ask(isinstance(text, str), "text is missing")
    assert isinstance(text, str)
    _ask(length(text) <= options.LIMITS.text, f"text has more than {options.LIMITS.text} graphemes")
    _ask(len(text.encode()) <= (options.LIMITS.text_bytes or 0), "text has too many bytes")
    _ask(text.strip() or "embed" in post, "the post is empty")
    _created(post)
    _ask(post.get("langs"), "the post does not tell its language")
    _list(post, "langs", options.LANGUAGES, lambda item: _LANGUAGE.fullmatch(str(item)))
    _list(post, "tags", _TAGS, lambda item: isinstance(item, str))
    _facets(text, post.get("facets", []))
    if "reply" in post:
        for role in ("root", "parent"):
            _reference(post["reply"].get(role))
    if "embed" in post:
        _embed(post["embed"], blobs)
    if "labels" in post:
        _labels(post["labels"])


def _created(value: dict[str, Any]) -> None:
    at = value.get("createdAt")
    _ask(isinstance(at, str) and _TIME.fullmatch(at), "createdAt must be a time with its zone")
    try:
        datetime.fromisoformat(str(at))
    except ValueError as error:
        raise Invalid("createdAt is not a time") from error


def _facets(text: str, facets: Any) -> None:
    _ask(isinstance(facets, list), "facets must be a list")
    raw = text.encode()
    at = 0
    for facet in facets:
        index, features = facet.get("index", {}), facet.get("features", [])
        start, end = index.get("byteStart"), index.get("byteEnd")
        _ask(isinstance(start, int) and isinstance(end, int), "a facet has no index")
        _ask(0 <= start < end <= len(raw), f"a facet is inverted or out of bounds: {start}–{end}")
        _ask(start >= at, "facets overlap or are out of order")
        _ask(_whole(raw[:start]) and _whole(raw[start:end]), "a facet cuts a character")
        _ask(features, "a facet has no feature")
        for feature in features:
            _feature(feature)
        at = end


def _feature(feature: dict[str, Any]) -> None:
    kind = str(feature.get("$type", "")).removeprefix(_FEATURE)
    if kind == "link":
        _ask(_ADDRESS.fullmatch(str(feature.get("uri", ""))), "a link has no full address")
    elif kind == "tag":
        tag = str(feature.get("tag", ""))
        _ask(tag and length(tag) <= _TAG_GRAPHEMES, "a tag is empty or too long")
    elif kind == "mention":
        _ask(str(feature.get("did", "")).startswith("did:"), "a mention names no DID")
    else:
        raise Invalid(f"unknown facet feature {kind}")


def _embed(embed: Any, blobs: BlobLookup) -> None:
    kind = embed.get("$type")
    if kind == "app.bsky.embed.images":
        images = embed.get("images")
        _ask(isinstance(images, list) and 0 < len(images) <= options.LIMITS.images, "1 to 4 images")
        for image in images:
            _ask(isinstance(image.get("alt"), str), "an image has no alt")
            ratio = image.get("aspectRatio", {"width": 1, "height": 1})
            _ask(
                all(isinstance(ratio.get(k), int) and ratio[k] > 0 for k in ("width", "height")),
                "aspectRatio",
            )
            _blob(image.get("image"), blobs)
    elif kind == "app.bsky.embed.external":
        external = embed.get("external", {})
        _ask(all(isinstance(external.get(k), str) for k in ("uri", "title", "description")), "external")
        _ask(_ADDRESS.fullmatch(external["uri"]), "the card has no full address")
        if "thumb" in external:
            _blob(external["thumb"], blobs)
    else:
        raise Invalid(f"unknown embed {kind}")


def _blob(value: Any, blobs: BlobLookup) -> None:
    _ask(isinstance(value, dict) and value.get("$type") == "blob", "not a blob")
    known = blobs(value.get("ref", {}).get("$link", ""))
    if known is None:
        raise Invalid("no such blob was uploaded", "BlobNotFound")
    if known[0] != value.get("mimeType"):
        raise Invalid("the blob's type is not what was uploaded", "InvalidMimeType")
    if known[1] != value.get("size"):
        raise Invalid("the blob's size is not what was uploaded", "InvalidSize")
    _ask(known[1] <= options.LIMITS.image_bytes, "the image has too many bytes")


def _labels(labels: Any) -> None:
    _ask(labels.get("$type") == "com.atproto.label.defs#selfLabels", "labels must be selfLabels")
    names = {value.get("val") for value in labels.get("values", [])}
    _ask(names <= options.LABELS, f"unknown labels {sorted(map(str, names - options.LABELS))}")


def _gate(gate: dict[str, Any], key: str) -> None:
    _ask(str(gate.get("post", "")).endswith(f"/{record.POST}/{key}"), "the gate's post has another key")
    _list(gate, "allow", 5, lambda rule: rule.get("$type") in _GATE_RULES)
    _created(gate)


def _reference(value: Any) -> None:
    _ask(
        isinstance(value, dict) and str(value.get("uri", "")).startswith("at://"), "a reply lacks its address"
    )
    try:
        libipld.decode_cid(value.get("cid", ""))
    except ValueError as error:
        raise Invalid("a reply lacks its hash") from error


def _list(value: dict[str, Any], name: str, most: int, fits: Callable[[Any], object]) -> None:
    items = value.get(name, [])
    _ask(isinstance(items, list) and len(items) <= most, f"at most {most} {name}")
    _ask(all(fits(item) for item in items), f"an item of {name} is not valid")


def _whole(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _ask(condition: object, why: str) -> None:
    if not condition:
        raise Invalid(why)
