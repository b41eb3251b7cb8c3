"""Publishes on Bluesky, once by design.

In: a Connection and deliveries. Out: staged blobs, receipts, sightings, or a PublishError.
The key and every byte of a record follow from the delivery and its first intent (`record.py`), and a put with
`swapRecord: null` creates or changes nothing: the same put twice is one post. Our own hash of the record is held
against the server's in every answer.

Who may reply is a second record, the thread gate, under the post's key. It is put by `confirm` (and by a `find` that
found), after the post and never in its place: its key needs the first intent, its failure must not put the post in
doubt, and repeating it is harmless. A gate that somebody changed by hand stays as it is.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from clarion.clock import Deadline
from clarion.errors import AccountBlocked, OutcomeUnknown, PublishError, Refused, Unavailable
from clarion.model import Delivery, Examination, Identity, Limits, Metrics, Profile, Receipt, Scopes, Staged
from clarion.networks.base import Absent, Connection, Found, Publisher, Sighting, Unsure, counted
from clarion.networks.bluesky import options, record, tokens
from clarion.networks.bluesky.xrpc import Answer, Server, refusal, safe_refusal, unseen
from clarion.networks.http import is_loopback

log = logging.getLogger(__name__)

#: How far a look by content goes back, in pages of a hundred posts.
_PAGES = 10
_PROFILE = "app.bsky.actor.profile"
_SCOPES = {
    tokens.APP: Scopes(),
    tokens.PRIVILEGED: Scopes(exceeds=("direct messages",)),
    tokens.FULL: Scopes(exceeds=("everything, because it is the account's own password",)),
    tokens.TAKEN_DOWN: Scopes(lacks=("posting: the account was taken down",)),
}


def connect(connection: Connection) -> Publisher:
    """One account's publisher; nothing is sent yet."""
    return BlueskyPublisher(connection)


class BlueskyPublisher:
    """See the module."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._server = Server(connection)
        seconds = connection.http.seconds
        #: A login, a refresh, four images and a card's picture.
        self.stage_seconds = 7 * seconds
        #: A put; where its token had expired, a refresh and the same put, if there is still time.
        self.send_seconds = 2 * seconds
        self.repeat_seconds = options.REPEATABLE_FOR.total_seconds()

    def stage(self, delivery: Delivery) -> Staged:
        self._server.login()
        blobs = {
            digest: self._upload(digest, mime, content) for digest, mime, content in self._images(delivery)
        }
        record_blobs = {digest: json.dumps(blob) for digest, blob in blobs.items()}
        card = delivery.content.card
        return Staged(
            delivery=delivery,
            handles=tuple(record_blobs[item.sha256] for item in delivery.content.media),
            thumb=record_blobs.get(card.thumb) if card and card.thumb else None,
        )

    def send(self, staged: Staged) -> Receipt:
        deadline = Deadline(self.send_seconds)
        delivery = staged.delivery
        post = self._record(delivery)
        put = self._put(record.POST, record.rkey(delivery), post)
        with self._connection.http.within(staged.may_begin):
            answer = self._server.call("POST", "com.atproto.repo.putRecord", json=put, deadline=deadline)
        if not answer.ok:
            raise refusal(answer, "the post")
        if answer.body.get("cid") != record.cid(post):
            raise OutcomeUnknown(f"the server's answer ({answer.status}) does not name the post we sent")
        return self._receipt(delivery, record.cid(post))

    def edit(self, receipt: Receipt, staged: Staged) -> Receipt:
        raise Refused("on Bluesky a post cannot be edited")

    def find(self, delivery: Delivery, looks: int, now: datetime) -> Sighting:
        """By key and hash. Absent is trusted for an hour after the first intent: a repeated put is harmless even
        when the look was stale, but later a post that somebody deleted would come back.
        """
        if delivery.first_intent_at is None:
            return Unsure(look_again_in=None)
        if delivery.intent_lost:
            return self._find_by_content(delivery)
        ours = record.cid(self._record(delivery))
        there = self._cid_at(self._uri(delivery))
        if there == ours:
            receipt = self._receipt(delivery, ours)
            try:
                self._put_gate(delivery, receipt)
            except PublishError as error:
                log.warning("who may reply is not set: %s", error.message, extra={"action": "gate_failed"})
            return Found(receipt=receipt)
        if there is None and now < delivery.first_intent_at + options.REPEATABLE_FOR:
            return Absent()
        return Unsure(look_again_in=None)

    def _find_by_content(self, delivery: Delivery) -> Sighting:
        """Among the account's own posts: the same record but for its time, because the key is not known any more."""
        wanted = {**self._record(delivery), "createdAt": None}
        since = record.created_at(delivery)
        for there in self._own_posts():
            value = there.get("value") or {}
            if str(value.get("createdAt", "")) < since:
                break
            if there.get("uri") not in delivery.others and {**value, "createdAt": None} == wanted:
                return Found(receipt=self._receipt(delivery, str(there["cid"]), str(there["uri"])))
        return Unsure(look_again_in=None)

    def _own_posts(self) -> Iterator[dict[str, Any]]:
        """The account's post records, newest first, as far back as is looked."""
        cursor: dict[str, str] = {}
        for _ in range(_PAGES):
            answer = self._server.read(
                "com.atproto.repo.listRecords",
                repo=self._server.repo,
                collection=record.POST,
                limit="100",
                **cursor,
            )
            records = answer.body.get("records")
            if not answer.ok or not isinstance(records, list):
                raise unseen(answer, "the look through its posts")
            yield from records
            if not answer.body.get("cursor"):
                return
            cursor = {"cursor": str(answer.body["cursor"])}

    def confirm(self, delivery: Delivery, receipt: Receipt) -> bool:
        there = self._cid_at(receipt.remote_id)
        if there is None or receipt.cid not in (None, there):
            return False
        self._put_gate(delivery, receipt)
        return True

    def recall(self, receipt: Receipt) -> None:
        """Done when the server says that nothing is there: it also answers 200 to who deletes what it never had."""
        repo, _, key = _parse(receipt.remote_id)
        for collection in (record.POST, record.GATE):
            answer = self._server.safe_call(
                "POST",
                "com.atproto.repo.deleteRecord",
                json={"repo": repo, "collection": collection, "rkey": key},
            )
            if not answer.ok and answer.error != "RecordNotFound":
                raise safe_refusal(answer, "the recall")
        if self._cid_at(receipt.remote_id) is not None:
            raise Unavailable("Bluesky's server still has the post")

    def metrics(self, receipts: Sequence[Receipt]) -> Mapping[str, Metrics]:
        """A server keeps records and counts nothing: it asks Bluesky's AppView for us, so that nobody else is asked."""
        uris = [receipt.remote_id for receipt in receipts]
        found: dict[str, Metrics] = {}
        for at in range(0, len(uris), options.POSTS):
            answer = self._server.safe_call(
                "GET",
                "app.bsky.feed.getPosts",
                params=[("uris", uri) for uri in uris[at : at + options.POSTS]],
                headers={"atproto-proxy": options.APP_VIEW},
            )
            posts = answer.body.get("posts")
            if not answer.ok or not isinstance(posts, list):
                raise unseen(answer, "the counts")
            found |= {str(post["uri"]): _counts(post) for post in posts if isinstance(post, dict)}
        return found

    def verify(self) -> Profile:
        answer = self._server.safe_call("GET", "com.atproto.server.getSession")
        did, handle = answer.body.get("did"), answer.body.get("handle")
        if not answer.ok or not isinstance(did, str) or not isinstance(handle, str):
            raise unseen(answer, "the question who it is")
        if answer.body.get("active") is False:
            raise AccountBlocked(
                f"Bluesky says that @{handle} is {answer.body.get('status') or 'not active'}",
                "clarion accounts verify",
            )
        profile = self._profile(did)
        account = self._connection.account
        origin = account.identity.origin
        return Profile(
            identity=Identity(
                network="bluesky",
                origin=origin
                if origin.startswith("rehearsal:")
                else _origin(account.server or options.SERVER),
                remote_id=did,
            ),
            handle=handle,
            display_name=str(profile.get("displayName") or handle),
            limits=options.LIMITS,
            automated="bot" in _labels(profile),
        )

    def examine(self) -> Examination:
        """The tokens in use say the rest themselves; asking who we are has renewed them where that was due."""
        profile = self.verify()
        kept = self._server.login()
        return Examination(
            profile=profile,
            scopes=_SCOPES.get(tokens.scope(kept["access"]) or ""),
            ends_at=tokens.ends_at(kept["refresh"]),
            server_time=self._connection.http.server_time,
        )

    # ── blobs ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _images(self, delivery: Delivery) -> Iterator[tuple[str, str, bytes]]:
        """(sha256, mime, bytes) of what the post shows."""
        content = delivery.content
        for item in content.media:
            yield item.sha256, item.mime, self._load(item.sha256)
        if content.card and content.card.thumb and not content.media:
            thumb = self._load(content.card.thumb)
            yield content.card.thumb, str(record.mime_of(thumb)), thumb

    def _load(self, digest: str) -> bytes:
        content = self._connection.media(digest)
        if sha256(content).hexdigest() != digest:
            raise Refused("an image changed since it was frozen")
        if record.mime_of(content) is None:  # a real server takes any bytes by the name we give them
            raise Refused("an image is neither PNG, JPEG nor WebP")
        if len(content) > self._limits.image_bytes:
            raise Refused(f"an image has {len(content)} bytes; Bluesky takes {self._limits.image_bytes}")
        return content

    @property
    def _limits(self) -> Limits:
        return self._connection.account.limits

    def _upload(self, digest: str, mime: str, content: bytes) -> record.Record:
        """Upload one image and hold the server's reference against ours: an altered image would alter the record."""
        answer = self._server.safe_call(
            "POST", "com.atproto.repo.uploadBlob", data=content, headers={"Content-Type": mime}
        )
        if not answer.ok:
            raise safe_refusal(answer, "an image")
        ours = record.blob(digest, mime, len(content))
        if answer.body.get("blob") != ours:
            raise Refused("Bluesky stored an image other than the one we sent")
        return ours

    # ── records ───────────────────────────────────────────────────────────────────────────────────────────────

    def _record(self, delivery: Delivery) -> record.Record:
        """The post; made from the frozen media, not from what was staged, so that a later look makes the same."""
        blobs = {
            digest: record.blob(digest, mime, len(content))
            for digest, mime, content in self._images(delivery)
        }
        return record.post(self._answerable(delivery), blobs)

    def _answerable(self, delivery: Delivery) -> Delivery:
        """A post that a person found has an address and no hash, which what answers it must name: the server has it."""
        return replace(delivery, root=self._whole(delivery.root), parent=self._whole(delivery.parent))

    def _whole(self, receipt: Receipt | None) -> Receipt | None:
        if receipt is None or receipt.cid is not None:
            return receipt
        there = self._cid_at(receipt.remote_id)
        if there is None:
            raise Refused(f"the post before this one is not there: {receipt.url}")
        return replace(receipt, cid=there)

    def _put(self, collection: str, key: str, body: record.Record) -> dict[str, Any]:
        return {
            "repo": self._server.repo,
            "collection": collection,
            "rkey": key,
            "record": body,
            "validate": True,
            "swapRecord": None,  # null, not absent: create or change nothing
        }

    def _put_gate(self, delivery: Delivery, receipt: Receipt) -> None:
        gate = record.gate(delivery, receipt)
        if gate is None:
            return
        body = self._put(record.GATE, _parse(receipt.remote_id)[2], gate)
        answer = self._server.safe_call("POST", "com.atproto.repo.putRecord", json=body)
        if not answer.ok and answer.error != "InvalidSwap":
            raise safe_refusal(answer, "who may reply")

    def _cid_at(self, uri: str) -> str | None:
        """The hash of the record at an address; None when nothing is there."""
        answer = self._get(uri)
        if answer.error == "RecordNotFound":
            return None
        there = answer.body.get("cid")
        if not answer.ok or not isinstance(there, str):
            raise unseen(answer, "the look")
        return there

    def _get(self, uri: str) -> Answer:
        repo, collection, key = _parse(uri)
        return self._server.read("com.atproto.repo.getRecord", repo=repo, collection=collection, rkey=key)

    def _profile(self, did: str) -> dict[str, Any]:
        """The account's profile record; an account without one is fine."""
        answer = self._get(f"at://{did}/{_PROFILE}/self")
        if answer.error == "RecordNotFound":
            return {}
        value = answer.body.get("value")
        if not answer.ok or not isinstance(value, dict):
            raise unseen(answer, "the look at its profile")
        return value

    def _uri(self, delivery: Delivery) -> str:
        return f"at://{self._server.repo}/{record.POST}/{record.rkey(delivery)}"

    def _receipt(self, delivery: Delivery, cid: str, uri: str | None = None) -> Receipt:
        uri = uri or self._uri(delivery)
        base, key = self._connection.base, _parse(uri)[2]
        if is_loopback(base):  # a rehearsal network knows the account by its DID, not by its live handle
            url = f"{base}/profile/{self._server.repo}/post/{key}"
        else:
            url = f"{options.READER}/profile/{self._connection.account.handle}/post/{key}"
        return Receipt(remote_id=uri, url=url, at=record.moment(delivery), cid=cid)


def _counts(post: dict[str, Any]) -> Metrics:
    return counted(
        likes=post.get("likeCount"),
        reposts=post.get("repostCount"),
        replies=post.get("replyCount"),
        quotes=post.get("quoteCount"),
    )


def _parse(uri: str) -> tuple[str, str, str]:
    """(repo, collection, rkey) of an at:// address."""
    parts = uri.removeprefix("at://").split("/")
    if not uri.startswith("at://") or len(parts) != 3:
        raise Refused(f"not an address of a Bluesky post: {uri}")
    return parts[0], parts[1], parts[2]


def _labels(profile: dict[str, Any]) -> set[str]:
    labels = profile.get("labels")
    values = labels.get("values", []) if isinstance(labels, dict) else []
    return {value.get("val", "") for value in values if isinstance(value, dict)}


def _origin(server: str) -> str:
    parts = urlsplit(server)
    return f"{parts.scheme}://{parts.netloc}"
