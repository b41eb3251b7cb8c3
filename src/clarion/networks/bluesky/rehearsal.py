"""A local Bluesky server (PDS) for rehearsal: a pure state machine, strict by the rules in `lexicon.py`.

In: requests as plain data and the time. Out: answers as the real server gives them (@atproto/pds 0.5.35): sessions
with tokens that expire and refresh tokens used once, puts with `swapRecord`, blobs, points and rate limits.
Any account may log in with the password that follows from its name. `createRecord` is not offered: nothing of ours
may depend on it. Quirks: "stale_reads" hides posts of the last minute from reads; "silent_drop" answers a put as
taken and keeps nothing; "recall_ignored" does the same for a delete.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

from clarion.networks.base import Shown
from clarion.networks.bluesky import lexicon, options, passwords, record
from clarion.networks.bluesky.passwords import letters as _letters
from clarion.networks.bluesky.timeline import counts, shown
from clarion.networks.bluesky.wire import Failure, as_json, bearer, field_of
from clarion.networks.rehearsing import Accepted, Request, Response

_XRPC = "/xrpc/"
_UPLOAD_BYTES = 5_000_000  # what the server takes at all; what a post may show is less
_STALE = timedelta(seconds=60)
_PAGE = 100
_PROFILE = "app.bsky.actor.profile"


def new() -> Bluesky:
    return Bluesky()


def secret(account: str) -> dict[str, str]:
    """Derived from the name, so that nothing has to be set up."""
    return {"app_password": passwords.app_password(account), "identifier": account}


def remote_id(account: str) -> str:
    return f"did:plc:{_letters(f'bluesky did {account}', 24)}"


def handle_of(account: str) -> str:
    return f"{account}.test"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """One request, read."""

    request: Request
    now: datetime
    quirks: frozenset[str]
    query: dict[str, str]
    account: str = ""  # whose token it carries
    token: str = ""

    def body(self) -> dict[str, Any]:
        if not self.request.headers.get("content-type", "").startswith("application/json"):
            raise Failure(400, "InvalidRequest", "the body must be application/json")
        try:
            body = json.loads(self.request.body)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise Failure(400, "InvalidRequest", "the body must be a JSON object")
        return body


@dataclass(slots=True)
class _State:
    """All that a server remembers, as JSON would have it."""

    issued: int = 0
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)  # DID → name
    records: dict[str, dict[str, Any]] = field(default_factory=dict)  # at:// → what is there, oldest first
    answered: list[list[str]] = field(default_factory=list)  # every (uri, cid) a put was answered with
    blobs: dict[str, dict[str, str]] = field(default_factory=dict)  # DID/CID → mime, base64
    spent: dict[str, list[float]] = field(default_factory=dict)  # bucket → [window's end, points]
    accepted: list[dict[str, Any]] = field(default_factory=list)


class Bluesky:
    """See the module."""

    def __init__(self) -> None:
        self._state = _State()
        self._routes: dict[tuple[str, str], tuple[Callable[[_Call], Response], str]] = {
            ("GET", "com.atproto.server.describeServer"): (self._describe, ""),
            ("POST", "com.atproto.server.createSession"): (self._create_session, ""),
            ("POST", "com.atproto.server.refreshSession"): (self._refresh_session, "refresh"),
            ("POST", "com.atproto.server.deleteSession"): (self._delete_session, "refresh"),
            ("GET", "com.atproto.server.getSession"): (self._get_session, "access"),
            ("POST", "com.atproto.repo.uploadBlob"): (self._upload, "access"),
            ("POST", "com.atproto.repo.putRecord"): (self._put, "access"),
            ("POST", "com.atproto.repo.deleteRecord"): (self._delete, "access"),
            ("GET", "com.atproto.repo.getRecord"): (self._get, ""),
            ("GET", "com.atproto.repo.listRecords"): (self._list, ""),
            ("GET", "app.bsky.feed.getPosts"): (self._posts, "access"),
        }

    # ── the Rehearsal protocol ────────────────────────────────────────────────────────────────────────────────

    def handle(self, request: Request, now: datetime, quirks: frozenset[str] = frozenset()) -> Response:
        route = self._routes.get((request.method, request.path.removeprefix(_XRPC)))
        if route is None or not request.path.startswith(_XRPC):
            return as_json(501, {"error": "MethodNotImplemented", "message": "Method Not Implemented"})
        handler, scope = route
        try:
            call = _Call(request=request, now=now, quirks=quirks, query=dict(parse_qsl(request.query)))
            return handler(self._authorised(call, scope) if scope else call)
        except Failure as failure:
            return failure.response

    def account_of(self, request: Request) -> str | None:
        known = self._state.tokens.get(bearer(request))
        if known is not None:
            return str(known["account"])
        if request.path.endswith(".createSession"):
            return self._named(field_of(request, "identifier") or "")
        return self._state.accounts.get(dict(parse_qsl(request.query)).get("repo", ""))

    def is_create(self, request: Request) -> bool:
        put = request.method == "POST" and request.path == f"{_XRPC}com.atproto.repo.putRecord"
        return put and field_of(request, "collection") == record.POST

    def accepted(self) -> list[Accepted]:
        return [
            Accepted(**{**taken, "images": tuple((digest, alt) for digest, alt in taken["images"])})
            for taken in self._state.accepted
        ]

    def timeline(self, account: str | None = None) -> list[Shown]:
        posts = [
            shown(uri, there, name=there["account"], handle=handle_of(there["account"]), source=self._source)
            for uri, there in self._state.records.items()
            if f"/{record.POST}/" in uri and account in (None, there["account"])
        ]
        return posts[::-1]

    def dump(self) -> bytes:
        return json.dumps(asdict(self._state), ensure_ascii=False).encode()

    def load(self, state: bytes) -> None:
        self._state = _State(**json.loads(state))

    # ── sessions ──────────────────────────────────────────────────────────────────────────────────────────────

    def _authorised(self, call: _Call, scope: str) -> _Call:
        token = bearer(call.request)
        if not token:
            raise Failure(401, "AuthMissing", "Authentication Required")
        known = self._state.tokens.get(token)
        if known is None or known["scope"] != scope:
            raise Failure(400, "InvalidToken", "Token could not be verified")
        if call.now.timestamp() >= known["until"]:
            raise Failure(400, "ExpiredToken", "Token has expired")
        return _Call(
            request=call.request,
            now=call.now,
            quirks=call.quirks,
            query=call.query,
            account=known["account"],
            token=token,
        )

    def _describe(self, call: _Call) -> Response:
        return as_json(
            200, {"did": "did:web:localhost", "availableUserDomains": [".test"], "inviteCodeRequired": False}
        )

    def _create_session(self, call: _Call) -> Response:
        body = call.body()
        account = self._named(str(body.get("identifier", "")))
        headers = self._spend(
            call, {f"day/{account}": options.LOGIN_DAY, f"short/{account}": options.LOGIN_SHORT}, 1
        )
        scope = passwords.scope_of(account, body.get("password"))
        if not account or scope is None:
            raise Failure(401, "AuthenticationRequired", "Invalid identifier or password", headers)
        self._state.accounts[remote_id(account)] = account
        return as_json(200, self._tokens(account, call.now, scope), headers)

    def _named(self, identifier: str) -> str:
        """The account that a name, a handle or a DID means."""
        return self._state.accounts.get(identifier) or identifier.removesuffix(".test")

    def _refresh_session(self, call: _Call) -> Response:
        if call.request.body:
            raise Failure(400, "InvalidRequest", "A request body was provided when none was expected")
        known = self._state.tokens[call.token]
        if known["used"]:
            raise Failure(400, "ExpiredToken", "Token has been revoked")
        known["used"] = True
        return as_json(200, self._tokens(call.account, call.now, known.get("opened", passwords.APP)))

    def _delete_session(self, call: _Call) -> Response:
        self._state.tokens[call.token]["used"] = True
        return Response(status=200)

    def _get_session(self, call: _Call) -> Response:
        return as_json(200, _who(call.account))

    def _tokens(self, account: str, now: datetime, opened: str) -> dict[str, Any]:
        """A new pair; `opened`: what the password allows with which the session began."""
        self._state.issued += 1
        made = {}
        for scope, seconds in (("access", options.ACCESS_SECONDS), ("refresh", options.REFRESH_SECONDS)):
            until = now.timestamp() + seconds
            says = opened if scope == "access" else "com.atproto.refresh"
            token = passwords.token(says, of=remote_id(account), number=self._state.issued, until=until)
            known = {"account": account, "scope": scope, "until": until, "used": False, "opened": opened}
            self._state.tokens[token] = known
            made[f"{scope}Jwt"] = token
        return made | _who(account)

    # ── records ───────────────────────────────────────────────────────────────────────────────────────────────

    def _put(self, call: _Call) -> Response:
        headers = self._spend_points(call, "put")
        body = call.body()
        uri = self._address(call, body)
        value: Any = body.get("record")
        self._check(call, body["collection"], body["rkey"], value)
        cid, there = record.cid(value), self._state.records.get(uri)
        answer = {"uri": uri, "cid": cid, "validationStatus": "valid"}
        if there is not None and there["cid"] == cid:
            return as_json(200, answer, headers)
        if "swapRecord" in body and body["swapRecord"] != (there and there["cid"]):
            raise Failure(400, "InvalidSwap", f"Record was at {there and there['cid']}", headers)
        self._state.answered.append([uri, cid])
        if "silent_drop" not in call.quirks:
            self._store(call, uri, cid, value, created=there is None)
        return as_json(200, answer | {"commit": _commit(cid, call.now)}, headers)

    def _store(self, call: _Call, uri: str, cid: str, value: dict[str, Any], *, created: bool) -> None:
        self._state.records[uri] = {
            "account": call.account,
            "cid": cid,
            "value": value,
            "at": call.now.isoformat(),
        }
        if created and value["$type"] == record.POST:
            taken = Accepted(
                account=call.account,
                remote_id=uri,
                text=value["text"],
                warning=None,
                language=next(iter(value.get("langs", [])), None),
                answers=value.get("reply", {}).get("parent", {}).get("uri"),
                images=tuple(record.shown_images(value)),
                at=call.now.isoformat(),
                key=uri.rpartition("/")[2],
            )
            self._state.accepted.append(asdict(taken))

    def _delete(self, call: _Call) -> Response:
        headers = self._spend_points(call, "delete")
        uri = self._address(call, call.body())
        if "recall_ignored" in call.quirks or self._state.records.pop(uri, None) is None:
            return as_json(200, {}, headers)
        for taken in self._state.accepted:
            taken["deleted"] = taken["deleted"] or taken["remote_id"] == uri
        return as_json(200, {"commit": _commit(uri, call.now)}, headers)

    def _get(self, call: _Call) -> Response:
        repo, collection, key = (call.query.get(name, "") for name in ("repo", "collection", "rkey"))
        uri = f"at://{repo}/{collection}/{key}"
        there = self._visible(call).get(uri)
        if there is None and (collection, key) == (_PROFILE, "self") and repo in self._state.accounts:
            there = _profile(self._state.accounts[repo])
        if there is None:
            raise Failure(400, "RecordNotFound", f"Could not locate record: {uri}")
        return as_json(200, {"uri": uri, "cid": there["cid"], "value": there["value"]})

    def _list(self, call: _Call) -> Response:
        prefix = f"at://{call.query.get('repo', '')}/{call.query.get('collection', '')}/"
        mine = [(uri, there) for uri, there in self._visible(call).items() if uri.startswith(prefix)]
        mine.sort(reverse=call.query.get("reverse") != "true")  # keys are TIDs: by time, newest first
        cursor, limit = call.query.get("cursor"), int(call.query.get("limit", "50"))
        if not 1 <= limit <= _PAGE:
            raise Failure(400, "InvalidRequest", f"integer too big (maximum {_PAGE}, got {limit}) at $.limit")
        if cursor:
            mine = mine[[uri.rpartition("/")[2] for uri, _ in mine].index(cursor) + 1 :]
        page = [{"uri": uri, "cid": there["cid"], "value": there["value"]} for uri, there in mine[:limit]]
        more = {"cursor": page[-1]["uri"].rpartition("/")[2]} if page else {}  # also after the last one
        return as_json(200, {"records": page, **more})

    def _posts(self, call: _Call) -> Response:
        wanted = [value for name, value in parse_qsl(call.request.query) if name == "uris"]
        if not 1 <= len(wanted) <= options.POSTS:
            raise Failure(400, "InvalidRequest", f"uris must have 1 to {options.POSTS} elements")
        return as_json(200, {"posts": counts(wanted, self._state.records)})

    def _visible(self, call: _Call) -> dict[str, dict[str, Any]]:
        if "stale_reads" not in call.quirks:
            return self._state.records
        return {
            uri: there
            for uri, there in self._state.records.items()
            if datetime.fromisoformat(there["at"]) <= call.now - _STALE
        }

    def _address(self, call: _Call, body: dict[str, Any]) -> str:
        did = remote_id(call.account)
        if body.get("repo") not in (did, handle_of(call.account)):
            raise Failure(401, "AuthenticationRequired", "Authentication Required")
        if not all(isinstance(body.get(name), str) and body[name] for name in ("collection", "rkey")):
            raise Failure(400, "InvalidRequest", "collection and rkey are required")
        return f"at://{did}/{body['collection']}/{body['rkey']}"

    def _check(self, call: _Call, collection: str, key: str, value: Any) -> None:
        def blob(cid: str) -> tuple[str, int] | None:
            known = self._state.blobs.get(f"{remote_id(call.account)}/{cid}")
            return known and (known["mime"], len(base64.b64decode(known["content"])))  # type: ignore[return-value]

        try:
            lexicon.check(collection, key, value, blob)
        except lexicon.Invalid as invalid:
            raise Failure(400, invalid.error, f"Invalid {collection} record: {invalid}") from invalid
        for reference in lexicon.references(value):
            if list(reference) not in self._state.answered:
                raise Failure(400, "InvalidRequest", "the post it answers was never here")

    # ── blobs ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _upload(self, call: _Call) -> Response:
        headers = self._spend(call, {f"upload/{call.account}": options.UPLOAD_DAY}, 1)
        content = call.request.body
        if len(content) > _UPLOAD_BYTES:
            raise Failure(413, "PayloadTooLarge", "request entity too large", headers)
        mime = record.mime_of(content)
        if mime is None or mime != call.request.headers.get("content-type"):
            raise Failure(400, "InvalidMimeType", "the bytes are not what the type says", headers)
        blob = record.blob(sha256(content).hexdigest(), mime, len(content))
        self._state.blobs[f"{remote_id(call.account)}/{blob['ref']['$link']}"] = {
            "mime": mime,
            "content": base64.b64encode(content).decode(),
        }
        return as_json(200, {"blob": blob}, headers)

    def _source(self, account: str, cid: str) -> str:
        """A blob as a data: address."""
        blob = self._state.blobs[f"{remote_id(account)}/{cid}"]
        return f"data:{blob['mime']};base64,{blob['content']}"

    # ── rates ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _spend_points(self, call: _Call, kind: str) -> dict[str, str]:
        buckets = {f"hour/{call.account}": options.WRITE_HOUR, f"days/{call.account}": options.WRITE_DAY}
        return self._spend(call, buckets, options.POINTS[kind])

    def _spend(self, call: _Call, buckets: dict[str, tuple[int, int]], cost: int) -> dict[str, str]:
        """Take points from fixed windows; the headers tell of the one with least left."""
        now, told = call.now.timestamp(), []
        for name, (limit, seconds) in buckets.items():
            window = self._state.spent.get(name)
            if window is None or now >= window[0]:
                window = self._state.spent[name] = [now + seconds, 0]
            window[1] += cost
            told.append((limit - window[1], limit, seconds, window[0]))
        left, limit, seconds, reset = min(told)
        headers = {
            "ratelimit-limit": str(limit),
            "ratelimit-remaining": str(max(0, int(left))),
            "ratelimit-reset": str(int(reset)),
            "ratelimit-policy": f"{limit};w={seconds}",
        }
        if left < 0:
            after = {"retry-after": str(max(1, int(reset - now)))}
            raise Failure(429, "RateLimitExceeded", "Rate Limit Exceeded", headers | after)
        return headers


def _who(account: str) -> dict[str, Any]:
    return {"did": remote_id(account), "handle": handle_of(account), "active": True}


def _profile(account: str) -> dict[str, Any]:
    labels = {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "bot"}]}
    value = {"$type": _PROFILE, "displayName": account, "labels": labels}
    return {"cid": record.cid(value), "value": value}


def _commit(seed: str, now: datetime) -> dict[str, str]:
    return {"cid": record.cid({"commit": seed, "at": now.isoformat()}), "rev": _letters(now.isoformat(), 13)}
