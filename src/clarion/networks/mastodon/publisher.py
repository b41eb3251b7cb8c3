"""Publishes on Mastodon through Mastodon.py: one account, one request at a time.

In: a connection (a token, where requests go, the one HTTP session). Out: receipts, sightings, and only `PublishError`s
for what the server or the wire does. Every create carries an Idempotency-Key that follows from outbox, delivery and
generation; but servers forget, ignore or trip over it, so what may have gone out is looked for first.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import mastodon
import requests
import tenacity

from clarion.clock import Deadline
from clarion.errors import AccountBlocked, OutcomeUnknown, PublishError, Refused, Unavailable
from clarion.model import Delivery, Examination, Identity, Media, Metrics, Profile, Receipt, Scopes, Staged
from clarion.networks.base import Absent, Connection, Found, Sighting, Unsure
from clarion.networks.http import USER_AGENT, lost
from clarion.networks.mastodon import answers, options, readback, software

#: A first look that found nothing may have come too early: look again after so many seconds.
LOOK_AGAIN = 10.0
#: Pages of a timeline read at most in one look.
_PAGES = 10
#: The longest a server may take over one image.
_READY_SECONDS = 60.0
_WHO = "the question who this account is"
_EXTENSIONS = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/gif": ".gif"}


def connect(connection: Connection) -> MastodonPublisher:
    """One account's publisher; nothing is sent yet."""
    token = connection.secret.get("access_token")
    if not token:
        name = connection.account.name
        raise AccountBlocked(f"{name} has no access token", f"clarion accounts add {name}")
    api = mastodon.Mastodon(
        access_token=token,
        api_base_url=connection.base,
        session=connection.http,
        request_timeout=connection.http.seconds,
        ratelimit_method="throw",  # the default sleeps inside
        version_check_mode="none",
        mastodon_version="4.0.0",
        user_agent=USER_AGENT,
    )
    # In mode "none" the version above is not read, and a media upload would first ask for the instance, twice.
    api.mastodon_major = 4
    return MastodonPublisher(api, connection)


class MastodonPublisher:
    """See `networks.base.Publisher`."""

    stage_seconds = 180.0

    def __init__(
        self, api: mastodon.Mastodon, connection: Connection, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._api = api
        self._connection = connection
        self._http = connection.http
        self._account = connection.account
        self._sleep = sleep
        self._answer: requests.Response | None = None
        self._http.hooks["response"] = [self._keep]  # its exceptions hide the headers
        #: The create; and after a 403 the question whose fault it was.
        self.send_seconds = 2 * connection.http.seconds
        self.repeat_seconds = options.REPEATABLE_FOR.total_seconds()

    # ── publishing ────────────────────────────────────────────────────────────────────────────────────────────

    def stage(self, delivery: Delivery) -> Staged:
        if delivery.edits:
            return Staged(delivery=delivery, handles=self._kept(delivery, delivery.edits))
        deadline = Deadline(self.stage_seconds)
        handles = [self._upload(media, deadline) for media in delivery.content.media]
        return Staged(delivery=delivery, handles=tuple(handles))

    def send(self, staged: Staged) -> Receipt:
        delivery = staged.delivery
        payload = delivery.payload
        with self._asking("the post", unsafe=True), self._http.within(staged.may_begin):
            status = self._api.status_post(
                delivery.content.text,
                in_reply_to_id=delivery.parent.remote_id if delivery.parent else None,
                media_ids=list(staged.handles) or None,
                sensitive=True if payload.warning else None,  # Hollo refuses "0"
                visibility=payload.visibility,
                spoiler_text=payload.warning,
                language=payload.language,
                idempotency_key=idempotency_key(delivery),
                quote_approval_policy=options.QUOTE_POLICY.get(payload.replies),
            )
        return self._receipt(delivery, status)

    def edit(self, receipt: Receipt, staged: Staged) -> Receipt:
        """The same request twice changes nothing more. Left out, the images would go, and so would their words."""
        content, payload = staged.delivery.content, staged.delivery.payload
        described = [
            self._api.generate_media_edit_attributes(handle, description=media.alt)
            for handle, media in zip(staged.handles, content.media, strict=True)
        ]
        with self._asking("the edit", unsafe=True), self._http.within(staged.may_begin):
            status = self._api.status_update(
                receipt.remote_id,
                content.text,
                spoiler_text=payload.warning,
                sensitive=True if payload.warning else None,
                media_attributes=described or None,
                quote_approval_policy=options.QUOTE_POLICY.get(payload.replies),
            )
        return self._edited(staged.delivery, receipt, status)

    def find(self, delivery: Delivery, looks: int, now: datetime) -> Sighting:
        """Among the account's own posts since the first intent, by text, warning, what it answers and its images.

        An edit is looked for where it would be: it is there, or the edited post is as it was, and may be edited again.
        """
        if delivery.edits:
            there = self._reads(delivery, delivery.edits.remote_id)
            if there is None:
                return Unsure(look_again_in=None)  # what it edits is gone
            return Found(receipt=delivery.edits) if there else Absent()
        if delivery.first_intent_at is None:
            return Unsure(look_again_in=None)
        for status, since in self._own_statuses(delivery.first_intent_at, now):
            if str(status.get("id")) in delivery.others:
                continue
            if readback.resembles(delivery, status, since) and self._same_text(delivery, status):
                return Found(receipt=self._receipt(delivery, status))
        if delivery.intent_lost or now >= delivery.first_intent_at + options.REPEATABLE_FOR:
            return Unsure(look_again_in=None)  # the server forgets the key: a repeat might double it
        return Absent() if looks else Unsure(look_again_in=LOOK_AGAIN)

    def confirm(self, delivery: Delivery, receipt: Receipt) -> bool:
        if delivery.edits:
            return bool(self._reads(delivery, receipt.remote_id))
        status = self._ask("the read-back", lambda: self._api.status(receipt.remote_id), missing={})
        return str(status.get("id")) == receipt.remote_id

    def recall(self, receipt: Receipt) -> None:
        """The answer is the post that was deleted, or, asked for it, the server has none: nothing else proves it."""
        remote_id = receipt.remote_id
        gone = self._ask("the recall", lambda: self._api.status_delete(remote_id), missing={})
        if str(gone.get("id")) == remote_id:
            return
        there = self._ask("the look", lambda: self._api.status(remote_id), missing={})
        if there or not answers.says_missing(self._answer):
            raise Unavailable("Mastodon does not say that it took the post down")

    def metrics(self, receipts: Sequence[Receipt]) -> Mapping[str, Metrics]:
        ids = [receipt.remote_id for receipt in receipts]
        read = {each: self._ask("the counts", partial(self._api.status, each), missing={}) for each in ids}
        return {each: readback.counts(status) for each, status in read.items() if status}

    def verify(self) -> Profile:
        return self._profile(self._who(), self._instance())

    def examine(self) -> Examination:
        me, instance = self._who(), self._instance()
        runs = software.named(instance)
        return Examination(
            profile=self._profile(me, instance),
            scopes=self._scopes(),
            server_time=self._http.server_time,
            software=runs,
            peculiar=software.peculiar(runs),
            rules=tuple(str(_object(rule).get("text")) for rule in readback.listed(instance.get("rules"))),
        )

    def _profile(self, me: Mapping[str, Any], instance: Mapping[str, Any]) -> Profile:
        if not me.get("id") or not me.get("username"):
            raise Unavailable("Mastodon's answer does not say who this account is")
        origin = self._account.identity.origin
        return Profile(
            identity=Identity(
                network="mastodon",
                origin=origin if origin.startswith("rehearsal:") else _origin(self._account.server),
                remote_id=str(me["id"]),
            ),
            handle=str(me["username"]),
            display_name=str(me.get("display_name") or me["username"]),
            limits=software.limits(instance),
            automated=bool(me.get("bot")),
        )

    # ── images ────────────────────────────────────────────────────────────────────────────────────────────────

    def _upload(self, media: Media, deadline: Deadline) -> str:
        """Upload one image, its alt text with it, and wait until the server has worked through it; its id."""
        content = self._connection.media(media.sha256)
        if hashlib.sha256(content).hexdigest() != media.sha256:
            raise Refused("an image changed since it was frozen")
        if not deadline.allows(2 * self._http.seconds):
            raise Unavailable("there was no time left to upload an image safely")
        with self._asking("an image"):
            made = self._api.media_post(
                content,
                mime_type=media.mime,
                description=media.alt,
                file_name=f"image{_EXTENSIONS.get(media.mime, '')}",
                synchronous=False,
            )
        made = _object(made)
        if not made.get("id"):
            raise Unavailable("Mastodon took an image and did not say what it calls it")
        if not self._ready(made):
            self._await(str(made["id"]), deadline)
        return str(made["id"])

    def _await(self, media_id: str, deadline: Deadline) -> None:
        waiting = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda made: not self._ready(made)),
            wait=tenacity.wait_exponential(multiplier=0.2, max=5),
            stop=tenacity.stop_after_delay(min(_READY_SECONDS, deadline.left - self._http.seconds))
            | tenacity.stop_after_attempt(20),
            sleep=self._sleep,
        )
        try:
            waiting(self._ask, "an image", lambda: self._api.media(media_id))
        except tenacity.RetryError as error:
            raise Unavailable("Mastodon still works on an image; it goes with the next run") from error

    def _ready(self, made: Mapping[str, Any]) -> bool:
        return self._status_code == 200 and bool(made.get("url"))

    def _kept(self, delivery: Delivery, edited: Receipt) -> tuple[str, ...]:
        """What the server calls the images of a post that keeps them when it is edited."""
        if not delivery.content.media:
            return ()
        status = self._ask("the post to be edited", lambda: self._api.status(edited.remote_id))
        handles = tuple(
            str(_object(each).get("id")) for each in readback.listed(status.get("media_attachments"))
        )
        if len(handles) != len(delivery.content.media):
            raise Refused("the post to be edited has not the images it had when it was queued")
        return handles

    # ── looking ───────────────────────────────────────────────────────────────────────────────────────────────

    def _own_statuses(self, intent: datetime, now: datetime) -> Iterator[tuple[Mapping[str, Any], datetime]]:
        """The account's posts since an intent, newest first, each with that moment by its server's clock, at the earliest:
        not every server knows a repeat by its key, so no clock may hide a post. Raises Unavailable when there are too many.
        """
        account, last = self._account.identity.remote_id, None
        for _ in range(_PAGES):
            with self._asking("the look"):
                page = self._api.account_statuses(
                    account, exclude_reblogs=True, limit=options.PAGE, max_id=last
                )
            if not isinstance(page, list):
                raise Unavailable("Mastodon answered the look with something else than a list of posts")
            since = intent - options.SKEW - max(self._http.ahead(now) or timedelta(0), timedelta(0))
            for status in map(_object, page):
                yield status, since
                made, last = status.get("created_at"), status.get("id")
            if not page or (readback.is_moment(made) and made < since):
                return
        raise Unavailable("too many posts since then to look through")

    def _same_text(self, delivery: Delivery, status: Mapping[str, Any]) -> bool:
        source = self._ask("the look", lambda: self._api.status_source(status["id"]), missing={})
        if "text" in source:
            return readback.same_source(delivery, source)
        return readback.same_content(delivery, status)

    def _reads(self, delivery: Delivery, remote_id: str) -> bool | None:
        """Whether the post of that id reads as this delivery does; None where there is no such post."""
        source = self._ask("the look", lambda: self._api.status_source(remote_id), missing={})
        if "text" in source:
            return readback.same_source(delivery, source)
        status = self._ask("the look", lambda: self._api.status(remote_id), missing={})
        return readback.same_content(delivery, status) if status.get("id") else None

    def _edited(self, delivery: Delivery, edited: Receipt, status: Any) -> Receipt:
        receipt = self._receipt(delivery, status)
        if receipt.remote_id != edited.remote_id:
            raise OutcomeUnknown("Mastodon's answer names another post than the edited one")
        return receipt

    def _receipt(self, delivery: Delivery, status: Any) -> Receipt:
        """Raises OutcomeUnknown unless it is a status with an id, and one that can be kept and asked for."""
        status = _object(status)
        remote_id = str(status.get("id") or "")
        if not readback.ID.fullmatch(remote_id):
            raise OutcomeUnknown("Mastodon's answer does not name the post")
        made = status.get("created_at")
        at = made if readback.is_moment(made) else delivery.first_intent_at
        if at is None:
            raise OutcomeUnknown("Mastodon's answer does not say when it made the post")
        base = self._connection.base
        shown = readback.address(status.get("url"), base, self._account.server)
        return Receipt(remote_id=remote_id, url=shown or f"{base}/@{self._account.handle}/{remote_id}", at=at)

    def _instance(self) -> Mapping[str, Any]:
        """What the server says of itself; nothing where it is too old to."""
        return self._ask("the question what the server takes", self._api.instance_v2, missing={})

    def _scopes(self) -> Scopes | None:
        """By the app that the token is one of; servers before 4.3, and others, refuse to say in ways of their own."""
        try:
            app = self._ask("the question what we may do", self._api.app_verify_credentials)
        except PublishError:  # who we are was told just now: the login is good
            return None
        return software.scopes(app)

    # ── asking ────────────────────────────────────────────────────────────────────────────────────────────────

    def _ask(
        self, what: str, call: Callable[[], Any], *, missing: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        """A request that may be repeated; its answer, or `missing` for a 404 where that is given."""
        try:
            with self._asking(what):
                return _object(call())
        except Refused:
            if missing is None or self._status_code != 404:
                raise
            return missing

    @contextmanager
    def _asking(self, what: str, *, unsafe: bool = False) -> Iterator[None]:
        """Translate all that one request may raise. `unsafe`: it may create a post, so what is unknown stays so."""
        self._answer = None
        try:
            yield
        except mastodon.MastodonNetworkError as error:
            meaning = lost(error, self._http)
            raise (meaning if unsafe else Unavailable(meaning.message)) from error
        except mastodon.MastodonError as error:
            raise self._meaning(error, what, unsafe=unsafe) from error
        except PublishError:
            raise
        except Exception as error:  # Mastodon.py guesses what an answer is, and may stumble over any
            if self._status_code is None:
                raise
            said = f"Mastodon's answer to {what} could not be read ({type(error).__name__})"
            raise (OutcomeUnknown if unsafe else Unavailable)(said) from error

    def _meaning(self, error: mastodon.MastodonError, what: str, *, unsafe: bool) -> PublishError:
        if self._answer is None:
            return Refused(f"Mastodon.py does not send {what}: {error}")
        meaning = (answers.refusal if unsafe else answers.safe_refusal)(self._answer, what)
        if self._status_code == 403 and isinstance(meaning, Refused):
            return self._whose_fault(meaning, what)
        if self._status_code == 401:  # the token is dead: asking again mends nothing
            meaning.hint = f"clarion accounts login {self._account.name}"
        return meaning

    def _whose_fault(self, refused: Refused, what: str) -> PublishError:
        """A 403 may be for this post or for this account, and says which only in words. So ask who we are: a login
        that was disabled may not even ask that. Nothing was created either way.
        """
        if what != _WHO:
            try:
                self._who()
            except (AccountBlocked, Unavailable) as error:
                return type(error)(refused.message, error.hint)
            except PublishError as error:
                return error
            return refused
        return AccountBlocked(refused.message, "clarion accounts verify")

    def _who(self) -> Mapping[str, Any]:
        return self._ask(_WHO, self._api.account_verify_credentials)

    def _keep(self, answer: requests.Response, *_args: object, **_kwargs: object) -> None:
        self._answer = answer

    @property
    def _status_code(self) -> int | None:
        return None if self._answer is None else self._answer.status_code


def idempotency_key(delivery: Delivery) -> str:
    """The same for every repeat of a delivery's generation, in this outbox alone."""
    message = f"{delivery.id}:{delivery.generation}".encode()
    return hmac.new(delivery.outbox_id.encode(), message, hashlib.sha256).hexdigest()


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _origin(server: str) -> str:
    parts = urlsplit(server)
    return f"{parts.scheme}://{parts.netloc}"
