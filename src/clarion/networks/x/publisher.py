"""Publishes on X through tweepy: one account, one request at a time.

In: a connection (keys, where requests go, the one HTTP session). Out: receipts, sightings, and only `PublishError`s
for what X or the wire does. X has no idempotency key: what may have gone out is looked for, never sent again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import requests
import tweepy

from clarion.clock import Deadline
from clarion.errors import OutcomeUnknown, PublishError, Refused, Unavailable
from clarion.model import Delivery, Examination, Identity, Media, Metrics, Profile, Receipt, Scopes, Staged
from clarion.networks.base import Absent, Connection, Found, Sighting, Unsure
from clarion.networks.http import USER_AGENT
from clarion.networks.x import answers, readback
from clarion.networks.x.options import BASE, LIMITS, ORIGIN, PAGE, WEB

#: A look found nothing: look again 5, 30 and 120 s after the first, then a human must. X's lag is not published.
LOOK_AGAIN = (5.0, 25.0, 90.0)
#: An account may ask for it (`resend_when_absent`): what none of these looks found is sent again, so long after the first try.
RESEND_FOR = timedelta(hours=1)
#: How far this outbox's clock and X's may differ.
SKEW = timedelta(minutes=2)
#: By X's `Date`: half of it, for the moment of a look is read before its request, which takes a while.
AHEAD = SKEW / 2
#: Pages of 100 posts read at most in one look: each post read costs money.
_PAGES = 3
#: One appended piece of an upload (X takes up to 5 MB).
_PIECE = 4 * 1024 * 1024
_REPLIES = {"everyone": None, "followed": "following", "mentioned": "mentionedUsers"}
#: Says what the keys may do (docs.x.com, "App permissions"); not promised for v2, so it may be missing.
_LEVEL = "x-access-level"
_SCOPES = {
    "read": Scopes(lacks=("write",)),
    "read-write": Scopes(),
    "read-write-directmessages": Scopes(exceeds=("direct messages",)),
}
#: These write keys or signatures at DEBUG.
_TALKATIVE = ("tweepy", "oauthlib", "requests_oauthlib")


def connect(connection: Connection) -> XPublisher:
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    secret = connection.secret
    client = tweepy.Client(
        consumer_key=secret["consumer_key"],
        consumer_secret=secret["consumer_secret"],
        access_token=secret["access_token"],
        access_token_secret=secret["access_secret"],
        return_type=dict,  # its models warn and raise on answers that are merely unusual
        wait_on_rate_limit=False,
    )
    client.session.close()
    client.session = connection.http  # tweepy's own has no timeout and goes to the hard-coded host
    client.user_agent = USER_AGENT
    return XPublisher(client, connection)


class XPublisher:
    """See `networks.base.Publisher`."""

    stage_seconds = 180.0

    def __init__(
        self, client: tweepy.Client, connection: Connection, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self._connection = connection
        self._http = connection.http
        self._http.hooks["response"] = [answers.tidied]
        self._account = connection.account
        self._sleep = sleep
        self.send_seconds = connection.http.seconds
        # No key: never blind. Where its owner asks for it, what was looked for long enough may go again, for an hour.
        self.repeat_seconds = RESEND_FOR.total_seconds() if connection.resend_when_absent else 0.0

    # ── publishing ────────────────────────────────────────────────────────────────────────────────────────────

    def stage(self, delivery: Delivery) -> Staged:
        upload = _Upload(self._client, self._http.seconds, Deadline(self.stage_seconds), self._sleep)
        handles, lifetimes = [], []
        for media in delivery.content.media:
            data = self._connection.media(media.sha256)
            with self._translated():
                handle, lifetime = upload.image(media, data)
            handles.append(handle)
            lifetimes.append(lifetime)
        # Each alt text costs money, so none is written before all images are up: what fails until then is free.
        for handle, media in zip(handles, delivery.content.media, strict=True):
            with self._translated():
                upload.describe(handle, media)
        expiries = [lifetime for lifetime in lifetimes if lifetime is not None]
        return Staged(delivery=delivery, handles=tuple(handles), expires_at=min(expiries, default=None))

    def send(self, staged: Staged) -> Receipt:
        delivery = staged.delivery
        if delivery.part > 1 and delivery.parent is None:
            raise ValueError("a later part of a thread needs the part before it")
        with self._translated(creating=delivery), self._http.within(staged.may_begin):
            answer = self._client.create_tweet(
                text=delivery.content.text or None,
                media_ids=list(staged.handles) or None,
                in_reply_to_tweet_id=delivery.parent.remote_id if delivery.parent else None,
                # X sets who may reply on the first post of a thread; the rest follow it.
                reply_settings=None if delivery.parent else _REPLIES[delivery.payload.replies],
            )
            return self._receipt(_id_of(answer))

    def edit(self, receipt: Receipt, staged: Staged) -> Receipt:
        raise Refused("on X a post cannot be edited")

    def find(self, delivery: Delivery, looks: int, now: datetime) -> Sighting:
        """Among the account's own posts since the first intent, by text, what it answers and its images.

        Absent rests on that time alone. So the look that decides it goes an hour further back, for the outbox's clock may
        have been ahead then and be right by now: what would be the post but for its time is a person's to judge.
        """
        whole = namesake = False
        decides = looks >= len(LOOK_AGAIN) and self._may_resend(delivery, now)
        with self._translated():
            for posts, last in self._own_posts(delivery, RESEND_FOR if decides else SKEW):
                whole = last
                for post in posts:
                    if post["id"] in delivery.others or not _is(post, delivery):
                        continue
                    if _in_time(post, delivery):
                        return Found(receipt=self._receipt(post["id"]))
                    namesake = True
        if looks < len(LOOK_AGAIN):
            return Unsure(look_again_in=LOOK_AGAIN[looks])
        absent = decides and whole and not namesake and self._clock_is_right(now)
        return Absent() if absent else Unsure(look_again_in=None)

    def _may_resend(self, delivery: Delivery, now: datetime) -> bool:
        """Whether it may go again, though X has no key that would keep it from appearing twice."""
        if delivery.intent_lost or delivery.first_intent_at is None:
            return False
        return (now - delivery.first_intent_at).total_seconds() < self.repeat_seconds

    def _clock_is_right(self, now: datetime) -> bool:
        """Whether X says so: asked for posts since a moment that lies ahead of its own clock, it shows none."""
        ahead = self._http.ahead(now)
        return ahead is not None and ahead <= AHEAD

    def confirm(self, delivery: Delivery, receipt: Receipt) -> bool:
        with self._translated():
            try:
                answer = self._client.get_tweet(receipt.remote_id, user_auth=True)
            except tweepy.NotFound:
                return False
            return bool((answer.get("data") or {}).get("id") == receipt.remote_id)

    def recall(self, receipt: Receipt) -> None:
        """X says that it deleted it, or, asked for it, that there is no such post: no other answer proves anything."""
        with self._translated():
            try:
                answer = self._client.delete_tweet(receipt.remote_id)
            except tweepy.NotFound:
                answer = {}
            if (answer.get("data") or {}).get("deleted") is not True and not self._is_gone(receipt.remote_id):
                raise Unavailable("X does not say that it took the post down")

    def _is_gone(self, remote_id: str) -> bool:
        try:
            return readback.says_missing(self._client.get_tweet(remote_id, user_auth=True), remote_id)
        except tweepy.NotFound:  # a post that is missing is told in a 200: this is of no post
            return False

    def metrics(self, receipts: Sequence[Receipt]) -> Mapping[str, Metrics]:
        found: dict[str, Metrics] = {}
        ids = [receipt.remote_id for receipt in receipts]
        for at in range(0, len(ids), PAGE):
            with self._translated():
                answer = self._client.get_tweets(
                    ids[at : at + PAGE], user_auth=True, tweet_fields=["public_metrics"]
                )
                found |= {post["id"]: readback.counts(post) for post in answer.get("data") or ()}
        return found

    def verify(self) -> Profile:
        with self._translated():
            me = self._client.get_me()["data"]
            pinned = self._account.identity.origin
            origin = pinned if pinned.startswith("rehearsal:") else ORIGIN
            return Profile(
                identity=Identity(network="x", origin=origin, remote_id=me["id"]),
                handle=me["username"],
                display_name=me["name"],
                limits=LIMITS,
            )

    def examine(self) -> Examination:
        """One request: what it may do stands in the header of every answer to keys of this kind."""
        levels: list[str] = []
        self._http.hooks["response"].append(lambda answer, **_: levels.append(answer.headers.get(_LEVEL, "")))
        try:
            profile = self.verify()
        finally:
            self._http.hooks["response"].pop()
        return Examination(
            profile=profile, scopes=_SCOPES.get(levels[-1]), server_time=self._http.server_time
        )

    # ── reading ───────────────────────────────────────────────────────────────────────────────────────────────

    def _own_posts(
        self, delivery: Delivery, before: timedelta
    ) -> Iterator[tuple[Sequence[dict[str, Any]], bool]]:
        """The account's posts since so long before the first attempt, newest first, and whether these are the last.

        Raises Unavailable after a page that does not show all of what it counts: what is not there proves nothing.
        """
        since: dict[str, Any] = {}
        if delivery.parent:
            since["since_id"] = delivery.parent.remote_id
        elif delivery.first_intent_at:
            since["start_time"] = delivery.first_intent_at - before
        for _ in range(_PAGES):
            answer = self._client.get_users_tweets(
                delivery.account.identity.remote_id,
                user_auth=True,
                max_results=PAGE,
                exclude=["retweets"],
                tweet_fields=["attachments", "created_at", "entities", "note_tweet", "referenced_tweets"],
                **since,
            )
            posts, meta = answer.get("data") or [], answer.get("meta") or {}
            since["pagination_token"] = meta.get("next_token")
            yield posts, not since["pagination_token"]
            if answer.get("errors") or meta.get("result_count") != len(posts):
                raise Unavailable("X's answer to the look does not show all of the account's posts")
            if not since["pagination_token"]:
                return

    def _receipt(self, remote_id: str) -> Receipt:
        base = self._connection.base
        web = WEB if base == BASE else base
        return Receipt(
            remote_id=remote_id, url=f"{web}/i/web/status/{remote_id}", at=readback.created_at(remote_id)
        )

    @contextmanager
    def _translated(self, creating: Delivery | None = None) -> Iterator[None]:
        """Turn whatever tweepy, requests or an odd answer raises into what it means."""
        try:
            yield
        except PublishError:
            raise
        except Exception as error:
            found = answers.meaning(error, self._http, account=self._account.name, creating=creating)
            if found is None:
                raise
            raise found from error


class _Upload:
    """Uploads images by the v2 endpoints, which tweepy does not have, signed by tweepy's own signer."""

    def __init__(
        self, client: tweepy.Client, seconds: float, deadline: Deadline, sleep: Callable[[float], None]
    ) -> None:
        self._client = client
        self._seconds = seconds
        self._deadline = deadline
        self._sleep = sleep

    def image(self, media: Media, data: bytes) -> tuple[str, Any]:
        """Upload one image. Its media id, and when X forgets it."""
        kind = {"media_type": media.mime, "media_category": "tweet_image", "total_bytes": len(data)}
        started = self._call("POST", "/2/media/upload/initialize", json=kind).json()["data"]
        handle = str(started["id"])
        for index, at in enumerate(range(0, len(data), _PIECE)):
            self._append(handle, index, data[at : at + _PIECE])
        finished = self._call("POST", f"/2/media/upload/{handle}/finalize")
        self._wait_until_processed(handle, finished.json()["data"])
        now = answers.moment_of(finished.headers)
        lifetime = finished.json()["data"].get("expires_after_secs") or started.get("expires_after_secs")
        return handle, now + timedelta(seconds=lifetime) if now and lifetime else None

    def describe(self, handle: str, media: Media) -> None:
        """Write an uploaded image's alt text, where it has one."""
        if media.alt:
            alt = {"id": handle, "metadata": {"alt_text": {"text": media.alt}}}
            self._call("POST", "/2/media/metadata", json=alt)

    def _append(self, handle: str, index: int, piece: bytes) -> None:
        self._in_time()
        signer = tweepy.OAuth1UserHandler(
            self._client.consumer_key,
            self._client.consumer_secret,
            self._client.access_token,
            self._client.access_token_secret,
        )
        with self._client.session.post(
            f"{BASE}/2/media/upload/{handle}/append",
            data={"segment_index": str(index)},
            files={"media": ("media", piece, "application/octet-stream")},
            auth=signer.apply_auth(),
        ) as response:
            if not response.ok:
                raise tweepy.HTTPException(response)

    def _wait_until_processed(self, handle: str, status: dict[str, Any]) -> None:
        while (info := status.get("processing_info")) and info["state"] != "succeeded":
            if info["state"] == "failed":
                raise Unavailable("X could not process an image")
            self._sleep(min(float(info.get("check_after_secs", 1)), max(self._deadline.left, 0)))
            asked = {"command": "STATUS", "media_id": handle}
            status = self._call("GET", "/2/media/upload", params=asked).json()["data"]

    def _call(self, method: str, route: str, **content: Any) -> requests.Response:
        self._in_time()
        response: requests.Response = self._client.request(method, route, user_auth=True, **content)
        return response

    def _in_time(self) -> None:
        if not self._deadline.allows(self._seconds):
            raise Unavailable("uploading the images took too long")


def _id_of(answer: Any) -> str:
    """The id in the answer to a create. An answer without one proves nothing."""
    remote_id = ((answer or {}).get("data") or {}).get("id")
    if not (isinstance(remote_id, str) and remote_id.isdecimal()):
        raise OutcomeUnknown("X answered without the id of a post")
    return remote_id


def _is(post: dict[str, Any], delivery: Delivery) -> bool:
    """Whether a post of the account is this delivery, but for its time: same place in a thread, text, images."""
    parent = delivery.parent.remote_id if delivery.parent else None
    if readback.answers(post) not in ((parent, None) if delivery.orphaned else (parent,)):
        return False
    if readback.images(post) != len(delivery.content.media):
        return False
    text = readback.typed(post)
    if delivery.parent:
        text = text.removeprefix(f"@{delivery.account.handle.removeprefix('@')} ")
    return readback.comparable(text) == readback.comparable(delivery.content.text)


def _in_time(post: dict[str, Any], delivery: Delivery) -> bool:
    """Whether a post was made since the delivery's first attempt."""
    intent = delivery.first_intent_at
    return intent is None or readback.created_at(post["id"]) >= intent - SKEW
