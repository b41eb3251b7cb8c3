"""Where a browser brings the code of a login: one page on this machine, for one visit.

In: nothing. Out: an address on 127.0.0.1 at a port that was free, and the code that the browser brought there. What comes
back without the word that was sent along is somebody else's doing, and refused. Others of this machine may come too: each is
listened to for a few seconds and beside the others, so that nobody keeps the browser out.
"""

from __future__ import annotations

import hmac
import socket
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_urlsafe
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from clarion.clock import Deadline
from clarion.errors import CampaignError
from clarion.networks.logins import Return

#: How long somebody may take over the page, in seconds.
PATIENCE = 600.0
#: How long one visit may take, from its first byte to the last of the answer, in seconds.
VISIT = 5.0
_THANKS = b"<!doctype html><meta charset=utf-8><title>Clarion</title><p>Clarion has it. You may close this page.</p>"


class Redirect:
    """Listens from the first moment. Use it in a `with`. `visit`: how long one may take, in seconds."""

    def __init__(self, visit: float = VISIT) -> None:
        self._visit: dict[str, str] | None = None
        self._visiting, self._answered = threading.Lock(), threading.Event()
        self._path = f"/{token_urlsafe(9)}"
        self._server = _Server(("127.0.0.1", 0), self._handler(visit))
        self.back = Return(
            address=f"http://127.0.0.1:{self._server.server_port}{self._path}", state=token_urlsafe(24)
        )

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, seconds: float = PATIENCE) -> str:
        """The code. Raises CampaignError when nobody came in time, or not from this login."""
        deadline = Deadline(seconds)
        while not self._answered.wait(min(deadline.left, 5.0)):
            if deadline.left <= 0:
                raise CampaignError("the browser never came back", "try again without --browser")
        said = self._visit or {}
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
        with self._visiting:
            if parts.path != self._path or self._visit is not None:
                return False
            self._visit = {key: values[0] for key, values in parse_qs(parts.query).items()}
            return True

    def _handler(self, visit: float) -> type[BaseHTTPRequestHandler]:
        redirect = self

        class Handler(BaseHTTPRequestHandler):
            def setup(self) -> None:
                super().setup()
                # Of the whole visit: a timeout of the socket begins anew with every byte.
                self._end = threading.Timer(visit, self._show_out)
                self._end.daemon = True
                self._end.start()

            def finish(self) -> None:
                self._end.cancel()
                super().finish()

            def do_GET(self) -> None:
                known = redirect._visited(self.path)
                try:
                    self._answer(known=known)
                finally:
                    if known:
                        redirect._answered.set()

            def _answer(self, *, known: bool) -> None:
                self.send_response(200 if known else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(_THANKS) if known else 0))
                self.send_header("Referrer-Policy", "no-referrer")
                self.end_headers()
                if known:
                    self.wfile.write(_THANKS)

            def _show_out(self) -> None:
                with suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)

            def log_message(self, *_: Any) -> None:
                """Nothing: the address holds the code."""

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True  # who is still here at the end is not waited for

    def handle_error(self, *_: Any) -> None:
        """Nothing: a visitor who went away, or was shown out."""
