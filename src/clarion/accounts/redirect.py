"""Where a browser brings the code of a login: one page on this machine, for one visit.

In: nothing. Out: an address on 127.0.0.1 at a port that was free, and the code that the browser brought there. What comes
back without the word that was sent along is somebody else's doing, and refused.
"""

from __future__ import annotations

import hmac
from http.server import BaseHTTPRequestHandler, HTTPServer
from secrets import token_urlsafe
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from clarion.clock import Deadline
from clarion.errors import CampaignError
from clarion.networks.base import Return

#: How long somebody may take over the page, in seconds.
PATIENCE = 600.0
_THANKS = b"<!doctype html><meta charset=utf-8><title>Clarion</title><p>Clarion has it. You may close this page.</p>"


class Redirect:
    """Listens from the first moment. Use it in a `with`."""

    def __init__(self) -> None:
        self._visit: dict[str, str] | None = None
        self._path = f"/{token_urlsafe(9)}"
        self._server = HTTPServer(("127.0.0.1", 0), self._handler())
        self.back = Return(
            address=f"http://127.0.0.1:{self._server.server_port}{self._path}", state=token_urlsafe(24)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.server_close()

    def wait(self, seconds: float = PATIENCE) -> str:
        """The code. Raises CampaignError when nobody came in time, or not from this login."""
        deadline = Deadline(seconds)
        while self._visit is None:
            if deadline.left <= 0:
                raise CampaignError("the browser never came back", "try again without --browser")
            self._server.timeout = min(deadline.left, 5.0)
            self._server.handle_request()
        said = self._visit
        if not hmac.compare_digest(said.get("state", "").encode(), self.back.state.encode()):
            raise CampaignError(
                "the browser came back from another login than this one; nothing is kept", "try again"
            )
        if "code" not in said:
            raise CampaignError("the page says that Clarion is not allowed in; nothing is kept", None)
        return said["code"]

    def _visited(self, address: str) -> bool:
        """Take the one visit that counts; False for any other, as for a browser's wish for an icon."""
        parts = urlsplit(address)
        if parts.path != self._path or self._visit is not None:
            return False
        self._visit = {key: values[0] for key, values in parse_qs(parts.query).items()}
        return True

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        redirect = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 5.0  # of a visitor that says nothing

            def do_GET(self) -> None:
                known = redirect._visited(self.path)
                self.send_response(200 if known else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(_THANKS) if known else 0))
                self.send_header("Referrer-Policy", "no-referrer")
                self.end_headers()
                if known:
                    self.wfile.write(_THANKS)

            def log_message(self, *_: Any) -> None:
                """Nothing: the address holds the code."""

        return Handler
