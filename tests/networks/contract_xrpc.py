"""Raw calls, answered alike by the rehearsal and by a real Bluesky server: status and the error's name, never its words.

Where the rehearsal asks more than the real server, because readers would see the post broken, both answers stand here: the
day the real one asks it too, this fails and says so.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import pytest
import requests
from PIL import Image

from clarion.networks.bluesky import record
from tests.networks.conftest import MemorySessions
from tests.networks.stage import Stage

POST = {"$type": record.POST, "text": "Hello", "createdAt": "2026-11-21T16:00:00.000Z", "langs": ["en"]}
KEYS = ("3mzkqzkqzkq2a", "3mzkqzkqzkr2a", "3mzkqzkqzks2a")
#: What was never there, as an answer names it.
NEVER = {"uri": f"at://did:plc:a/{record.POST}/{KEYS[0]}", "cid": record.cid(POST)}
FACET = "app.bsky.richtext.facet"
PUT = "com.atproto.repo.putRecord"
DELETE = "com.atproto.repo.deleteRecord"
Said = tuple[int, str | None]
OK: Said = (200, None)
INVALID: Said = (400, "InvalidRequest")


class Raw:
    """Speaks to a stage's server by hand, as its account."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.sessions = stage, MemorySessions()
        stage.connect(sessions=self.sessions).verify()
        self.did = stage.account().identity.remote_id

    @property
    def access(self) -> str:
        return (self.sessions.tokens or {})["access"]

    @property
    def refresh(self) -> str:
        return (self.sessions.tokens or {})["refresh"]

    def post(
        self, name: str, body: object = None, *, token: str | None = None, **more: Any
    ) -> requests.Response:
        """`token` None: the account's; "": none. `body` None: none."""
        token = self.access if token is None else token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= more.pop("headers", {})
        return requests.post(f"{self.stage.url}/xrpc/{name}", json=body, headers=headers, timeout=20, **more)

    def get(self, name: str, *, token: str = "", **query: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.get(f"{self.stage.url}/xrpc/{name}", params=query, headers=headers, timeout=20)

    def put(
        self, key: str = KEYS[0], *, repo: str | None = None, token: str | None = None, **changes: Any
    ) -> requests.Response:
        value = {name: each for name, each in {**POST, **changes}.items() if each is not ...}
        body = {
            "repo": repo or self.did,
            "collection": value.get("$type", record.POST),
            "rkey": key,
            "record": value,
            "validate": True,
            "swapRecord": None,
        }
        return self.post(PUT, body, token=token)

    def upload(self, content: bytes, mime: str) -> requests.Response:
        return self.post("com.atproto.repo.uploadBlob", headers={"Content-Type": mime}, data=content)


def said(answer: requests.Response) -> Said:
    """Status and the error's name."""
    return answer.status_code, answer.json().get("error") if answer.content else None


def facet(start: int, end: int, kind: str = "tag", **value: str) -> dict[str, Any]:
    feature = {"$type": f"{FACET}#{kind}", **(value or {"tag": "x"})}
    return {"facets": [{"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}]}


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (16, 9), "red").save(out, "PNG")
    return out.getvalue()


def images(count: int, blob: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    image = {"image": blob, "alt": "A candle", **changes}
    image = {name: each for name, each in image.items() if each is not ...}
    return {"embed": {"$type": "app.bsky.embed.images", "images": [image] * count}}


def external(**changes: Any) -> dict[str, Any]:
    card = {"uri": "https://example.org", "title": "Title", "description": "", **changes}
    return {"embed": {"$type": "app.bsky.embed.external", "external": card}}


#: What both refuse.
REFUSED: dict[str, dict[str, Any]] = {
    "301 graphemes": {"text": "a" * 301},
    "3,250 bytes": {"text": "👨‍👩‍👧‍👦" * 130},
    "no text": {"text": ...},
    "text that is none": {"text": 5},
    "4 languages": {"langs": ["en", "ru", "de", "fr"]},
    "no language's name": {"langs": ["!!"]},
    "9 tags": {"tags": list("abcdefghi")},
    "a time without its zone": {"createdAt": "2026-11-21T16:00:00"},
    "no time": {"createdAt": ...},
    "words for a time": {"createdAt": "yesterday"},
    "a facet before the text": facet(-1, 2),
    "a facet nowhere": {"facets": [{"features": [{"$type": f"{FACET}#tag", "tag": "x"}]}]},
    "a link to nothing": facet(0, 2, "link", uri="no uri"),
    "a tag of 65": facet(0, 2, tag="x" * 65),
    "labels that are none": {"labels": {"$type": "com.atproto.label.defs#selfLabels", "values": ["x"]}},
    "a reply without a root": {"reply": {"parent": NEVER}},
    "a reply without a hash": {"reply": {"root": {"uri": NEVER["uri"]}, "parent": NEVER}},
    "a card to nothing": external(uri="no uri"),
    "a card without words": external(title=5),
}
#: What the real server takes, though readers see it broken or not at all; the rehearsal refuses it.
BROKEN: dict[str, dict[str, Any]] = {
    "no word": {"text": ""},
    "no language": {"langs": ...},
    "an unknown field": {"mood": "grim"},
    "a facet that ends before it begins": facet(4, 2),
    "a facet beyond the text": facet(0, 99),
    "a facet of no kind": facet(0, 2, "shout"),
    "an unknown label": {
        "labels": {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "sad"}]}
    },
    "an unknown embed": {"embed": {"$type": "app.bsky.embed.smell"}},
    "no image": {"embed": {"$type": "app.bsky.embed.images", "images": []}},
    "a reply to what never was": {"reply": {"root": NEVER, "parent": NEVER}},
}


class XrpcContract:
    @pytest.fixture
    def raw(self, stage: Stage) -> Raw:
        return Raw(stage)

    # ── who is asking ──

    def test_tokens_that_are_not_good(self, raw: Raw, stage: Stage) -> None:
        assert said(raw.put(token="")) == (401, "AuthMissing")
        assert said(raw.put(token="garbage")) == (400, "InvalidToken")
        assert said(raw.put(token=raw.refresh)) == (400, "InvalidToken")
        assert said(raw.post("com.atproto.server.refreshSession")) == (400, "InvalidToken")
        assert said(raw.post("com.atproto.server.refreshSession", token="")) == (401, "AuthMissing")
        assert said(raw.get("com.atproto.server.getSession")) == (401, "AuthMissing")
        stage.expire(raw.sessions)
        assert said(raw.put()) == (400, "ExpiredToken")
        assert said(raw.get("com.atproto.server.getSession", token=raw.access)) == (400, "ExpiredToken")
        assert stage.accepted() == []

    def test_a_refresh_gives_a_new_pair_and_takes_no_body(self, raw: Raw) -> None:
        refresh = "com.atproto.server.refreshSession"
        assert said(raw.post(refresh, {}, token=raw.refresh)) == INVALID
        answer = raw.post(refresh, token=raw.refresh)
        assert said(answer) == OK
        assert {"accessJwt", "refreshJwt", "did", "handle", "active"} <= set(answer.json())
        assert said(raw.put(token=answer.json()["accessJwt"])) == OK

    def test_a_wrong_password(self, raw: Raw, stage: Stage) -> None:
        body = {"identifier": stage.account().handle, "password": "wrong"}
        answer = raw.post("com.atproto.server.createSession", body, token="")
        assert said(answer) == (401, "AuthenticationRequired")

    def test_somebody_elses_repository(self, raw: Raw, stage: Stage) -> None:
        stage.connect("other").verify()
        other = stage.account("other").identity.remote_id
        assert said(raw.put(repo=other)) == (401, "AuthenticationRequired")

    # ── a put ──

    def test_a_put_creates_then_changes_nothing_then_is_in_the_way(self, raw: Raw) -> None:
        first, second, other = raw.put(), raw.put(), raw.put(text="Other")
        assert said(first) == said(second) == OK
        assert set(first.json()) == {"uri", "cid", "commit", "validationStatus"}
        assert set(second.json()) == {"uri", "cid", "validationStatus"}
        assert first.json()["cid"] == second.json()["cid"] == record.cid(POST)
        assert said(other) == (400, "InvalidSwap")

    def test_a_put_is_counted_whatever_it_does(self, raw: Raw) -> None:
        first, second = raw.put(), raw.put()
        left = [int(answer.headers["RateLimit-Remaining"]) for answer in (first, second)]
        assert left == [4998, 4996]
        assert first.headers["RateLimit-Limit"] == "5000"
        assert first.headers["RateLimit-Policy"] == "5000;w=3600"
        assert int(first.headers["RateLimit-Reset"]) > 1_700_000_000
        assert "Retry-After" not in first.headers

    @pytest.mark.parametrize("what", REFUSED)
    def test_what_is_refused(self, raw: Raw, stage: Stage, what: str) -> None:
        assert said(raw.put(**REFUSED[what])) == INVALID
        assert stage.accepted() == []

    @pytest.mark.parametrize("what", BROKEN)
    def test_what_readers_would_see_broken(self, raw: Raw, stage: Stage, what: str) -> None:
        assert said(raw.put(**BROKEN[what])) == (OK if "broken" in stage.lacks else INVALID)

    @pytest.mark.parametrize("key", ["not-a-tid", "3mz", "a/b"])
    def test_a_key_that_is_no_time(self, raw: Raw, key: str) -> None:
        assert said(raw.put(key)) == INVALID

    def test_the_greatest_that_is_taken(self, raw: Raw) -> None:
        assert said(raw.put(text="ы" * 300, langs=["en", "ru", "ce"])) == OK

    def test_a_collection_nobody_knows(self, raw: Raw) -> None:
        assert said(raw.put(**{"$type": "com.example.thing"})) == INVALID

    # ── images ──

    def test_an_upload_is_named_by_its_bytes(self, raw: Raw) -> None:
        answer = raw.upload(png(), "image/png")
        assert answer.json()["blob"] == record.blob(sha256(png()).hexdigest(), "image/png", len(png()))
        assert answer.headers["RateLimit-Policy"] == "1000;w=86400"

    def test_an_upload_that_is_too_large(self, raw: Raw) -> None:
        assert said(raw.upload(png() + bytes(5_300_000), "image/png")) == (413, "PayloadTooLarge")

    def test_images_of_a_post(self, raw: Raw) -> None:
        blob = raw.upload(png(), "image/png").json()["blob"]
        never = record.blob(sha256(b"never").hexdigest(), "image/png", 5)
        assert said(raw.put(**images(5, blob))) == INVALID
        assert said(raw.put(**images(1, blob, alt=...))) == INVALID
        assert said(raw.put(**images(1, blob, aspectRatio={"width": 0, "height": 1}))) == INVALID
        assert said(raw.put(**images(1, never))) == (400, "BlobNotFound")
        assert said(raw.put(**images(4, blob))) == OK
        assert said(raw.put(KEYS[1], **external(thumb=blob))) == OK

    def test_an_image_is_named_as_it_was_uploaded(self, raw: Raw) -> None:
        blob = raw.upload(png(), "image/png").json()["blob"]
        assert said(raw.put(**images(1, {**blob, "size": 1}))) == (400, "InvalidSize")
        assert said(raw.put(**images(1, {**blob, "mimeType": "image/jpeg"}))) == (400, "InvalidMimeType")

    # ── reading, deleting ──

    def test_reading(self, raw: Raw) -> None:
        for key in KEYS:
            raw.put(key)
        where = {"repo": raw.did, "collection": record.POST}
        one = raw.get("com.atproto.repo.getRecord", **where, rkey=KEYS[0])
        assert (one.json()["cid"], one.json()["value"]) == (record.cid(POST), POST)
        gone = raw.get("com.atproto.repo.getRecord", **where, rkey="3mzkqzkqzkt2a")
        assert said(gone) == (400, "RecordNotFound")
        page = raw.get("com.atproto.repo.listRecords", **where, limit="2").json()
        rest = raw.get("com.atproto.repo.listRecords", **where, limit="2", cursor=page["cursor"]).json()
        done = raw.get("com.atproto.repo.listRecords", **where, limit="2", cursor=rest["cursor"]).json()
        keys = [each["uri"].rpartition("/")[2] for each in (*page["records"], *rest["records"])]
        assert keys == sorted(KEYS, reverse=True)
        assert done == {"records": []}
        assert said(raw.get("com.atproto.repo.listRecords", **where, limit="101")) == INVALID

    def test_deleting(self, raw: Raw, stage: Stage) -> None:
        raw.put()
        where = {"repo": raw.did, "collection": record.POST, "rkey": KEYS[0]}
        assert said(raw.post(DELETE, where, token="")) == (401, "AuthMissing")
        first, second = raw.post(DELETE, where), raw.post(DELETE, where)
        assert (said(first), set(first.json())) == (OK, {"commit"})
        assert (said(second), second.json()) == (OK, {})
        assert [each.deleted for each in stage.accepted()] == [True]
        assert set(raw.put().json()) == {"uri", "cid", "commit", "validationStatus"}, "it came back"

    def test_a_thread_gate(self, raw: Raw) -> None:
        raw.put()
        gate: dict[str, Any] = {
            **dict.fromkeys(("text", "langs"), ...),
            "$type": record.GATE,
            "post": f"at://{raw.did}/{record.POST}/{KEYS[0]}",
            "allow": [{"$type": f"{record.GATE}#mentionRule"}],
            "createdAt": POST["createdAt"],
        }
        assert said(raw.put(KEYS[0], **{**gate, "post": "nothing"})) == INVALID
        assert said(raw.put(KEYS[0], **gate)) == OK
