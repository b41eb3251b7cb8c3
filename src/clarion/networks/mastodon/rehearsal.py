"""A local stand-in for a Mastodon server: a state machine, strict by what the real ones enforce. Pure.

In: requests, a moment, misbehaviours asked for. Out: answers as Mastodon 4.5 gives them, all it ever accepted, the
timeline. Accounts need no set-up: token and id follow from the account's name.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from clarion.networks.base import Shown, ShownImage, ShownPart, spans
from clarion.networks.mastodon import editing, entities, options, rules, text
from clarion.networks.mastodon.entities import Status, Upload, remote_id
from clarion.networks.mastodon.oauth import OAuth, secret
from clarion.networks.mastodon.wire import Params, Refusal, answer, params
from clarion.networks.rehearsing import Accepted, Request, Response

__all__ = ["new", "remote_id", "secret"]

#: Quirks: how long a read lags behind, and how close two creates are to count as concurrent.
_STALE = timedelta(seconds=60)
_CONCURRENT = timedelta(seconds=5)


def new() -> Server:
    return Server()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """One request, understood."""

    account: str  # "" when nobody's
    params: Params
    id: str  # what the path names
    key: str | None
    base: str
    now: datetime
    quirks: frozenset[str]


class Server:
    """See `networks.base.Rehearsal`."""

    def __init__(self) -> None:
        self._statuses: dict[str, Status] = {}
        self._uploads: dict[str, Upload] = {}
        self._keys: dict[str, tuple[str, str]] = {}  # account and key → status id, when
        self._hits: dict[str, list[float]] = {}  # family and account → when, in seconds since 1970
        self._last_id = 0
        self._oauth = OAuth()

    # ── what the carrier asks ─────────────────────────────────────────────────────────────────────────────────

    def handle(self, request: Request, now: datetime, quirks: frozenset[str] = frozenset()) -> Response:
        try:
            return self._handle(request, now, quirks)
        except Refusal as refusal:
            return refusal.response()

    def account_of(self, request: Request) -> str | None:
        return self._oauth.account_of(request)

    def is_create(self, request: Request) -> bool:
        return request.method == "POST" and request.path.rstrip("/") == "/api/v1/statuses"

    def accepted(self) -> list[Accepted]:
        return [
            Accepted(
                account=each.account,
                remote_id=each.id,
                text=editing.first(each).text,
                warning=editing.first(each).warning or None,
                language=each.language,
                answers=each.answers,
                images=tuple(
                    (hashlib.sha256(media.content).hexdigest(), media.alt) for media in self._media(each)
                ),
                at=each.at,
                key=each.key,
                deleted=each.deleted,
            )
            for each in self._statuses.values()
        ]

    def timeline(self, account: str | None = None) -> list[Shown]:
        return [
            self._shown(each)
            for each in reversed(self._statuses.values())
            if not each.deleted and account in (None, each.account)
        ]

    def dump(self) -> bytes:
        uploads = [
            asdict(each) | {"content": b64encode(each.content).decode()} for each in self._uploads.values()
        ]
        plain = {
            "statuses": [asdict(each) for each in self._statuses.values()],
            "uploads": uploads,
            "keys": self._keys,
            "hits": self._hits,
            "last_id": self._last_id,
            "oauth": self._oauth.dump(),
        }
        return json.dumps(plain).encode()

    def load(self, state: bytes) -> None:
        plain = json.loads(state)
        uploads = [Upload(**each | {"content": b64decode(each["content"])}) for each in plain["uploads"]]
        self._statuses = {each["id"]: editing.loaded(each) for each in plain["statuses"]}
        self._uploads = {each.id: each for each in uploads}
        self._keys = {key: (status, at) for key, (status, at) in plain["keys"].items()}
        self._hits = plain["hits"]
        self._last_id = plain["last_id"]
        self._oauth.load(plain.get("oauth", {}))

    # ── one request ───────────────────────────────────────────────────────────────────────────────────────────

    def _handle(self, request: Request, now: datetime, quirks: frozenset[str]) -> Response:
        if (let_in := self._oauth.handle(request, now)) is not None:
            return let_in
        route, named = _route(request)
        account = self.account_of(request)
        if account is None and (route.private or "authorization" in request.headers):
            raise Refusal(401, "The access token is invalid", {"www-authenticate": "Bearer"})
        self._oauth.require(request)
        headers = rules.count(self._hits, account or "", route.family, now)
        call = _Call(
            account=account or "",
            params=params(request),
            id=named,
            key=request.headers.get("idempotency-key") or None,
            base=f"http://{request.headers.get('host', 'localhost')}",
            now=now,
            quirks=quirks,
        )
        try:
            response = route.answer(self, call)
        except Refusal as refusal:
            response = refusal.response()
        return Response(status=response.status, headers={**headers, **response.headers}, body=response.body)

    # ── posts ─────────────────────────────────────────────────────────────────────────────────────────────────

    def create(self, call: _Call) -> Response:
        earlier = self._earlier(call)
        if earlier is not None:
            if "key_repeat_500" in call.quirks:
                raise Refusal(500, "Something went wrong on our end")
            return self._status(self._present(earlier), call)
        status = self._checked(call)
        if "silent_drop" in call.quirks:
            return answer(entities.status(status, (), None, call.base))
        self._take(status, call)
        if "accept_twice" in call.quirks:
            again = Status(**asdict(status) | {"id": self._next_id(call.now)})
            self._statuses[again.id] = again
        return self._status(status, call)

    def _earlier(self, call: _Call) -> str | None:
        """The post that this account made with the same key within the hour, whatever its body was."""
        if call.key is None or call.quirks & {"key_ignored", "key_expired"}:
            return None
        status, at = self._keys.get(f"{call.account}:{call.key}", (None, call.now.isoformat()))
        age = call.now - datetime.fromisoformat(at)
        racing = "key_set_after" in call.quirks and age < _CONCURRENT
        return None if racing or age >= options.KEY_LASTS else status

    def _checked(self, call: _Call) -> Status:
        """The post a request asks for, if the server would take it. Raises Refusal."""
        said = call.params
        words, warning = (said.one("status") or "").strip(), (said.one("spoiler_text") or "").strip()
        if not words:  # as upstream: a warning alone becomes the text
            words, warning = warning, ""
        media = said.many("media_ids")
        rules.check_text(words, warning, media)
        rules.check_choices(said)
        self._check_media(call.account, media)
        parent = said.one("in_reply_to_id")
        if parent is not None and not self._is_up(parent):
            raise Refusal(404, "The post you are trying to reply to does not appear to exist.")
        return Status(
            id=self._next_id(call.now),
            account=call.account,
            text=words,
            warning=warning,
            language=said.one("language"),
            visibility=said.one("visibility") or "",
            sensitive=said.flag("sensitive") or bool(warning),
            answers=parent,
            media=media,
            at=call.now.astimezone(UTC).isoformat(),
            key=call.key,
            quotes=said.one("quote_approval_policy"),
        )

    def _check_media(self, account: str, media: list[str]) -> None:
        for each in media:
            upload = self._uploads.get(each)
            if upload is None or upload.account != account or upload.used or media.count(each) > 1:
                raise Refusal(422, f"Media {each} not found or already attached to another post")
            if not upload.ready:
                raise Refusal(422, "Cannot attach files that have not finished processing. Try again soon!")

    def _take(self, status: Status, call: _Call) -> None:
        self._statuses[status.id] = status
        for each in status.media:
            self._uploads[each].used = True
        if call.key is not None and "key_ignored" not in call.quirks:
            self._keys[f"{call.account}:{call.key}"] = (status.id, call.now.isoformat())

    def show(self, call: _Call) -> Response:
        return self._status(self._present(call.id), call)

    def source(self, call: _Call) -> Response:
        status = self._own(call)
        return answer({"id": status.id, "text": status.text, "spoiler_text": status.warning})

    def edit(self, call: _Call) -> Response:
        status = self._own(call)
        editing.apply(status, call.params, self._uploads, call.now)
        return self._status(status, call)

    def history(self, call: _Call) -> Response:
        return answer(editing.history(self._present(call.id), call.base))

    def delete(self, call: _Call) -> Response:
        status = self._own(call)
        if "recall_ignored" in call.quirks:
            return answer({})
        status.deleted = True
        gone = json.loads(self._status(status, call).body)
        return answer(gone | {"text": status.text})

    def account_statuses(self, call: _Call) -> Response:
        """GET /api/v1/accounts/:id/statuses, newest first."""
        said, names = call.params, {each.account for each in self._statuses.values()} | {call.account}
        if call.id not in {remote_id(name) for name in names}:
            raise Refusal(404, "Record not found")
        limit = min(max(1, said.number("limit", 20)), options.PAGE)
        rows = [each for each in self._statuses.values() if self._is_listed(each, call)]
        if (after := said.one("min_id")) is not None:
            rows = [each for each in rows if int(each.id) > int(after)][:limit]
        page = rows[::-1][:limit]
        shown = [json.loads(self._status(each, call).body) for each in page]
        return answer(shown, headers=entities.pages(f"{call.base}/api/v1/accounts/{call.id}/statuses", page))

    def _is_listed(self, each: Status, call: _Call) -> bool:
        said, at = call.params, datetime.fromisoformat(each.at)
        return (
            not each.deleted
            and remote_id(each.account) == call.id
            and (each.visibility in ("public", "unlisted") or each.account == call.account)
            and not (said.flag("exclude_replies") and each.answers)
            and not (said.flag("only_media") and not each.media)
            and not ("stale_reads" in call.quirks and at > call.now - _STALE)
            and int(each.id) < said.number("max_id", int(each.id) + 1)
            and int(each.id) > said.number("since_id", 0)
        )

    # ── images, account, instance ─────────────────────────────────────────────────────────────────────────────

    def upload(self, call: _Call) -> Response:
        content, alt = call.params.file or b"", call.params.one("description") or ""
        mime, width, height = rules.check_upload(call.params.file, alt)
        upload = Upload(
            id=self._next_id(call.now),
            account=call.account,
            content=content,
            mime=mime,
            width=width,
            height=height,
            alt=alt,
        )
        self._uploads[upload.id] = upload
        return answer(entities.attachment(upload, call.base), status=202)

    def upload_state(self, call: _Call) -> Response:
        """Not ready when first asked, ready when asked again: no clock, so that simulated time may stand still."""
        upload = self._uploads.get(call.id)
        if upload is None or upload.account != call.account or upload.used:
            raise Refusal(404, "Record not found")
        response = answer(entities.attachment(upload, call.base), status=200 if upload.ready else 206)
        upload.ready = True
        return response

    def me(self, call: _Call) -> Response:
        source = {"privacy": "public", "sensitive": False, "language": None, "note": "", "fields": []}
        return answer(entities.account(call.account, call.base) | {"source": source})

    # ── below ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _next_id(self, now: datetime) -> str:
        """Like Mastodon's: milliseconds and a counter, always growing."""
        self._last_id = max(self._last_id + 1, int(now.timestamp() * 1000) << 16)
        return str(self._last_id)

    def _is_up(self, status: str) -> bool:
        return status in self._statuses and not self._statuses[status].deleted

    def _present(self, status: str) -> Status:
        if not self._is_up(status):
            raise Refusal(404, "Record not found")
        return self._statuses[status]

    def _own(self, call: _Call) -> Status:
        status = self._present(call.id)
        if status.account != call.account:
            raise Refusal(404, "Record not found")
        return status

    def _media(self, status: Status) -> list[Upload]:
        return [self._uploads[each] for each in status.media]

    def _status(self, status: Status, call: _Call) -> Response:
        parent = self._statuses[status.answers] if status.answers and self._is_up(status.answers) else None
        replies = sum(each.answers == status.id and not each.deleted for each in self._statuses.values())
        return answer(entities.status(status, self._media(status), parent, call.base, replies=replies))

    def _shown(self, status: Status) -> Shown:
        part = ShownPart(
            spans=spans(status.text, text.facets(status.text)),
            images=tuple(
                ShownImage(
                    src=f"data:{each.mime};base64,{b64encode(each.content).decode()}",
                    alt=each.alt,
                    width=each.width,
                    height=each.height,
                )
                for each in self._media(status)
            ),
            remote_id=status.id,
            url=entities.path(status),
            answers=status.answers,
        )
        at = datetime.fromisoformat(status.at)
        return Shown(
            network="mastodon",
            account=status.account,
            handle=status.account,
            language=status.language or "en",
            parts=(part,),
            warning=status.warning or None,
            at=f"{at.day} {at:%b %Y, %H:%M} UTC",
        )


# ── routes ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Route:
    method: str
    path: re.Pattern[str]
    answer: Callable[[Server, _Call], Response]
    private: bool = True
    family: str = "requests"


def _at(method: str, path: str, answer: Callable[[Server, _Call], Response], **more: Any) -> _Route:
    return _Route(method, re.compile(path.replace("<id>", "([0-9]+)")), answer, **more)


def _domain(call: _Call) -> str:
    return call.base.removeprefix("http://")


_ROUTES = (
    _at("POST", "/api/v1/statuses", Server.create, family="statuses"),
    _at("GET", "/api/v1/statuses/<id>", Server.show, private=False),
    _at("GET", "/api/v1/statuses/<id>/source", Server.source),
    _at("GET", "/api/v1/statuses/<id>/history", Server.history, private=False),
    _at("PUT", "/api/v1/statuses/<id>", Server.edit, family="statuses"),
    _at("DELETE", "/api/v1/statuses/<id>", Server.delete, family="deletes"),
    _at("GET", "/api/v1/accounts/verify_credentials", Server.me),
    _at("GET", "/api/v1/accounts/<id>/statuses", Server.account_statuses, private=False),
    _at("POST", "/api/v2/media", Server.upload, family="media"),
    _at("GET", "/api/v1/media/<id>", Server.upload_state),
    _at("GET", "/api/v2/instance", lambda _, call: answer(entities.instance(_domain(call))), private=False),
    _at(
        "GET", "/api/v1/instance", lambda _, call: answer(entities.instance_v1(_domain(call))), private=False
    ),
    _at("GET", "/api/v1/instance/rules", lambda _, call: answer(entities.rules()), private=False),
)


def _route(request: Request) -> tuple[_Route, str]:
    path = request.path.rstrip("/")
    for route in _ROUTES:
        found = route.path.fullmatch(path)
        if found and route.method == request.method:
            return route, found[1] if route.path.groups else ""
    raise Refusal(404, "Record not found")
