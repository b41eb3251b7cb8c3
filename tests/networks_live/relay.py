"""A real server as the rehearsal's carrier sees a network: what arrives is handed on, what comes back is given back.

So every fault of the carrier (a lost answer, silence, a 429 …) can befall a real server too, before or after it did its
work. What the server took is read from its own books, by `Books`.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

from clarion.networks.base import Shown
from clarion.networks.rehearsing import Accepted, Request, Response

_SECONDS = 30.0
#: Of one connection, not of the message.
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host"})


class Books(Protocol):
    """What a real server knows of one test's accounts."""

    def accepted(self) -> list[Accepted]: ...

    def timeline(self) -> list[Shown]: ...


class Relay:
    """See `networks.base.Rehearsal`. It remembers nothing: the server does."""

    def __init__(self, url: str, books: Books, is_create: Callable[[Request], bool]) -> None:
        self._address = urlsplit(url).netloc
        self._books = books
        self.is_create = is_create

    def handle(self, request: Request, now: datetime, quirks: frozenset[str] = frozenset()) -> Response:
        connection = http.client.HTTPConnection(self._address, timeout=_SECONDS)
        try:
            path = f"{request.path}?{request.query}" if request.query else request.path
            headers = {name: value for name, value in request.headers.items() if name not in _HOP}
            connection.request(request.method, path, request.body or None, headers)
            answer = connection.getresponse()
            kept = {name.lower(): value for name, value in answer.getheaders() if name.lower() not in _HOP}
            return Response(status=answer.status, headers=kept, body=answer.read())
        finally:
            connection.close()

    def account_of(self, request: Request) -> str | None:
        return None

    def accepted(self) -> list[Accepted]:
        return self._books.accepted()

    def timeline(self, account: str | None = None) -> list[Shown]:
        return [shown for shown in self._books.timeline() if account in (None, shown.account)]

    def dump(self) -> bytes:
        return b""

    def load(self, state: bytes) -> None:
        raise NotImplementedError("a real server is not put back")
