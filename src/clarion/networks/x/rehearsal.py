"""A strict local X: API v2 with signatures, limits, media and t.co, as a pure state machine.

In: an HTTP request and the time. Out: the answer X would give, and what readers would see. It forgets nothing it
accepted: its count is the oracle of every once-only proof.

Quirks: "stale_reads" hides the last minute from the account's timeline; "forget_duplicates" takes the same text
again, as X does once its unpublished window has passed; "accept_twice" makes two posts of one create; "recall_ignored" deletes nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from clarion.networks.base import Shown
from clarion.networks.rehearsing import Accepted, Request, Response
from clarion.networks.x import keys
from clarion.networks.x.oauth import OAuth
from clarion.networks.x.options import CREATES, READS
from clarion.networks.x.posts import Call, Posts
from clarion.networks.x.problems import Problem, answer, json_of
from clarion.networks.x.throttle import Throttle
from clarion.networks.x.uploads import Uploads

secret = keys.secret
remote_id = keys.remote_id


def new() -> XRehearsal:
    return XRehearsal()


class XRehearsal:
    """See `networks.base.Rehearsal`."""

    def __init__(self) -> None:
        self.uploads = Uploads()
        self.posts = Posts(self.uploads)
        self._throttle = Throttle()
        self._oauth = OAuth()

    def handle(self, request: Request, now: datetime, quirks: frozenset[str] = frozenset()) -> Response:
        limits: dict[str, str] = {}
        try:
            if (let_in := self._oauth.handle(request)) is not None:
                return let_in
            name, budget, run, named = _route(request)
            account = self._oauth.verified(request)
            if account is None:
                raise Problem(401, "Unauthorized")
            limits = self._throttle.spend(f"{account} {name}", budget, now)
            call = Call(account=account, request=request, now=now, quirks=quirks, named=named)
            return answer(*run(self, call), now=now, headers=limits | _LEVEL)
        except Problem as problem:
            return answer(problem.status, problem.body, now=now, headers={**limits, **problem.headers})

    def account_of(self, request: Request) -> str | None:
        return keys.claimed(request)

    def is_create(self, request: Request) -> bool:
        return (request.method, request.path) == ("POST", "/2/tweets")

    def accepted(self) -> list[Accepted]:
        return self.posts.accepted()

    def timeline(self, account: str | None = None) -> list[Shown]:
        return self.posts.timeline(account)

    def dump(self) -> bytes:
        state = {
            "posts": self.posts.dump(),
            "uploads": self.uploads.dump(),
            "throttle": self._throttle.dump(),
            "oauth": self._oauth.dump(),
        }
        return json.dumps(state).encode()

    def load(self, state: bytes) -> None:
        plain = json.loads(state)
        self.posts.load(plain["posts"])
        self.uploads.load(plain["uploads"])
        self._throttle.load(plain["throttle"])
        self._oauth.load(plain.get("oauth", {}))


_Run = Callable[[XRehearsal, Call], tuple[int, dict[str, Any]]]
_WINDOW = 15 * 60
#: What the rehearsal's keys may do.
_LEVEL = {"x-access-level": "read-write"}
#: Calls per user and window, as docs.x.com says under "Rate limits".
_ROUTES: tuple[tuple[str, str, tuple[int, int], _Run], ...] = (
    ("POST", r"/2/tweets", CREATES, lambda x, call: x.posts.create(call)),
    ("DELETE", r"/2/tweets/(\d{1,19})", (50, _WINDOW), lambda x, call: x.posts.delete(call)),
    ("GET", r"/2/tweets", READS, lambda x, call: x.posts.several(call)),
    ("GET", r"/2/tweets/(\d{1,19})", READS, lambda x, call: x.posts.get(call)),
    ("GET", r"/2/users/me", (75, _WINDOW), lambda x, call: x.posts.me(call)),
    ("GET", r"/2/users/(\d{1,19})/tweets", READS, lambda x, call: x.posts.of_user(call)),
    (
        "POST",
        r"/2/media/upload/initialize",
        (1875, _WINDOW),
        lambda x, call: x.uploads.initialize(call.account, json_of(call.request), call.now),
    ),
    (
        "POST",
        r"/2/media/upload/(\d{1,19})/append",
        (1875, _WINDOW),
        lambda x, call: x.uploads.append(call.named, call.account, call.request),
    ),
    (
        "POST",
        r"/2/media/upload/(\d{1,19})/finalize",
        (1875, _WINDOW),
        lambda x, call: x.uploads.finalize(call.named, call.account),
    ),
    (
        "GET",
        r"/2/media/upload",
        (1000, _WINDOW),
        lambda x, call: x.uploads.status(call.query.get("media_id", ""), call.account),
    ),
    (
        "POST",
        r"/2/media/metadata",
        (500, _WINDOW),
        lambda x, call: x.uploads.describe(call.account, json_of(call.request)),
    ),
)


def _route(request: Request) -> tuple[str, tuple[int, int], _Run, str]:
    for method, pattern, budget, run in _ROUTES:
        found = re.fullmatch(pattern, request.path)
        if found and method == request.method:
            return f"{method} {pattern}", budget, run, (found.groups() or ("",))[0]
    raise Problem(404, "Not Found")
