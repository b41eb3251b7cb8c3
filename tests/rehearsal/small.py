"""The smallest network: what is posted to /create is accepted; the account stands in a header."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict
from datetime import datetime

from clarion.networks.base import Shown, ShownPart
from clarion.networks.rehearsing import Accepted, Request, Response


class Small:
    def __init__(self) -> None:
        self._accepted: list[Accepted] = []
        self.requests: list[Request] = []
        self.quirks: list[frozenset[str]] = []
        self.took = threading.Event()  # whether anything was accepted

    def handle(self, request: Request, now: datetime, quirks: frozenset[str] = frozenset()) -> Response:
        self.requests.append(request)
        self.quirks.append(quirks)
        if request.path == "/broken":
            raise RuntimeError("a secret of the inside")
        if self.is_create(request):
            self._accepted.append(
                Accepted(
                    account=self.account_of(request) or "",
                    remote_id=str(len(self._accepted) + 1),
                    text=request.body.decode(errors="replace")[:100],
                    warning=None,
                    language=None,
                    answers=None,
                    images=(),
                    at=now.isoformat(),
                )
            )
            self.took.set()
        return Response(status=200, headers={"content-type": "text/plain"}, body=b"ok")

    def account_of(self, request: Request) -> str | None:
        return request.headers.get("x-account")

    def is_create(self, request: Request) -> bool:
        return request.method == "POST" and request.path == "/create"

    def accepted(self) -> list[Accepted]:
        return self._accepted

    def timeline(self, account: str | None = None) -> list[Shown]:
        return [
            Shown(
                network="small",
                account=one.account,
                handle=one.account,
                language="en",
                parts=(
                    ShownPart(
                        spans=((one.text, None),),
                        remote_id=f"at://small/{one.remote_id}",
                        url=f"https://small.example/post/{one.remote_id}",
                    ),
                ),
            )
            for one in reversed(self._accepted)
        ]

    def dump(self) -> bytes:
        return json.dumps([asdict(one) for one in self._accepted]).encode()

    def load(self, state: bytes) -> None:
        self._accepted = [Accepted(**{**one, "images": tuple(one["images"])}) for one in json.loads(state)]
