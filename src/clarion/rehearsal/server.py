"""Carries the rehearsal networks over HTTP on 127.0.0.1: one port for each and one to steer them, in one process.

In: a `World` and bound sockets. Out: answers as the networks give them, or the faults that were asked for: closed
sockets, silence, wrong clocks. Only this file of the rehearsal knows starlette and uvicorn.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, cast
from urllib.parse import quote, urlsplit

import uvicorn
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response as WebResponse
from uvicorn.protocols.http.h11_impl import H11Protocol

from clarion.networks.rehearsing import Request, Response
from clarion.rehearsal.steering import steer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import Message, Receive, Scope, Send

    from clarion.rehearsal.world import World

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
CONTROL = "control"
MAX_BODY = 25_000_000
#: How often, in seconds, it is asked whether the servers are still wanted.
_LOOK = 2.0
_LOOPBACK = ("127.0.0.1", "localhost")


def bind(names: tuple[str, ...], wanted: Mapping[str, int]) -> dict[str, socket.socket]:
    """A socket on 127.0.0.1 for each name: on the wanted port where that is free, else on any."""
    return {name: _bind(wanted.get(name, 0)) for name in names}


def _bind(port: int) -> socket.socket:
    # The protocol is named: asyncio sends small answers at once only where it is, else 40 ms later.
    sock = socket.socket(proto=socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((HOST, port))
        # Two sockets may both bind a port with SO_REUSEADDR; only listening settles whose it is.
        sock.listen()
    except OSError:
        sock.close()
        if port == 0:
            raise
        return _bind(0)
    return sock


class Carrier:
    """The running servers. `run` blocks; `stop` may be called from any thread."""

    def __init__(
        self,
        world: World,
        sockets: Mapping[str, socket.socket],
        *,
        idle: float | None = None,
        wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        self._world = world
        self._sockets = dict(sockets)
        self._ports = {sock.getsockname()[1]: name for name, sock in sockets.items()}
        self.urls = {name: f"http://{HOST}:{port}" for port, name in self._ports.items()}
        self._idle = idle
        self._wanted = wanted
        self._server = _Server(
            uvicorn.Config(
                self._app,
                http=_Protocol,
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="error",
                access_log=False,
                date_header=False,
                server_header=False,
                proxy_headers=False,
                interface="asgi3",
                timeout_keep_alive=75,
            )
        )
        self._timers: set[asyncio.TimerHandle] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._last = 0.0

    def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Serve until stopped or idle; `ready` is called once requests are taken."""
        asyncio.run(self._run(ready))

    def stop(self) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # it stopped by itself meanwhile
                self._loop.call_soon_threadsafe(self._server.stop)

    async def _run(self, ready: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()
        self._watch()
        self._server.when_ready = ready
        try:
            await self._server.serve(sockets=list(self._sockets.values()))
        finally:
            for timer in self._timers:
                timer.cancel()

    def _watch(self) -> None:
        """Stop when idle for too long, or when nobody can want this any more."""
        now = asyncio.get_running_loop().time()
        if not self._wanted() or (self._idle is not None and now - self._last >= self._idle):
            self._server.stop()
            return
        left = _LOOK if self._idle is None else min(_LOOK, self._last + self._idle - now)
        self._after(left, self._watch)

    def _after(self, seconds: float, call: Callable[[], object]) -> None:
        def run() -> None:
            self._timers.discard(timer)
            call()

        timer = asyncio.get_running_loop().call_later(seconds, run)
        self._timers.add(timer)

    # ── one request ──

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._last = asyncio.get_running_loop().time()
        port = scope["server"][1]
        name = self._ports[port]
        try:
            if not _welcome(scope, port):
                response: WebResponse = WebResponse("Only for this machine.\n", 403)
            else:
                response = await self._network(name, scope, receive)
        except _Gone:
            return
        except Exception:
            log.exception("the rehearsal %s failed on %s %s", name, scope["method"], scope["path"])
            response = WebResponse("The rehearsal network failed; its log says why.\n", 500)
        await response(scope, receive, send)

    async def _network(self, name: str, scope: Scope, receive: Receive) -> WebResponse:
        request = await _read(scope, receive)
        if request is None:
            return WebResponse("Too large.\n", 413)
        if name == CONTROL:
            return self._steer(request)
        return self._page(name, request) or await self._answer(name, request, scope, receive)

    def _steer(self, request: Request) -> WebResponse:
        response = steer(self._world, self.urls, request)
        if request.path == "/stop" and response.status == 200:
            asyncio.get_running_loop().call_soon(self._server.stop)
        return _as_web(response, self._world.now())

    async def _answer(self, name: str, request: Request, scope: Scope, receive: Receive) -> WebResponse:
        """Handle a request with the fault that strikes it, if any."""
        struck = self._world.strike(name, request)
        fault, quirks = struck.fault, struck.quirks
        kind = fault.kind if fault else ""
        seconds = fault.seconds if fault else 0.0
        if kind == "500_before" or kind.startswith("429"):
            return self._refusal(kind, seconds)
        if kind == "accept_late":
            self._after(seconds, lambda: self._world.handle(name, request, quirks))
        if kind in ("hang", "slow"):
            await _silence(receive, seconds)
        if kind in ("drop_before", "accept_late", "hang"):
            await _close(scope, receive)
        response = self._world.handle(name, request, quirks)
        if kind == "hang_after":
            await _silence(receive, seconds)
        if kind in ("drop_after", "hang_after"):
            await _close(scope, receive)
        if kind == "500_after":
            return self._refusal(kind, seconds)
        shift = timedelta(seconds=seconds if kind == "clock_shifted" else 0)
        return _as_web(response, self._world.now() + shift)

    def _refusal(self, kind: str, seconds: float) -> WebResponse:
        now = self._world.now() + timedelta(seconds=seconds if kind == "429_shifted" else 0)
        if kind.startswith("500"):
            return _as_web(Response(status=500, body=b"<h1>Something went wrong</h1>"), now)
        reset = now + timedelta(seconds=-3600 if kind == "429_wrong" else 60)
        headers = {} if kind == "429_bare" else _too_many(reset)
        headers["content-type"] = "application/json"
        return _as_web(Response(status=429, headers=headers, body=b'{"error": "Too many requests"}'), now)

    def _page(self, name: str, request: Request) -> WebResponse | None:
        """The timeline, or the way from a shown post's own address to its place there."""
        from clarion.rehearsal.timeline import anchor

        if request.method != "GET" or "authorization" in request.headers:
            return None
        if request.path == "/":
            return HTMLResponse(self._world.page(name))
        for shown in self._world.timeline(name):
            for part in shown.parts:
                if part.url and part.remote_id and urlsplit(part.url).path == request.path:
                    return RedirectResponse("/#" + quote(anchor(part.remote_id), safe=""), 303)
        return None


# ── the wire ──────────────────────────────────────────────────────────────────────────────────────────────────


class _Gone(Exception):
    """The connection was closed on purpose."""


class _Protocol(H11Protocol):
    """Puts its transport where a fault can close it without an answer."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.app_state = {**self.app_state, "transport": transport}
        super().connection_made(transport)


class _Server(uvicorn.Server):
    """A uvicorn server without its ticks, signals and patience: it stops when told, at once."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._stopping = asyncio.Event()
        self.when_ready: Callable[[], None] = lambda: None

    def stop(self) -> None:
        self._stopping.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        self.when_ready()
        await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await asyncio.sleep(0)  # let the answer to /stop leave
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.close()
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)


def _welcome(scope: Scope, port: int) -> bool:
    """Only this machine, by its own name: a web page elsewhere cannot reach in by rebinding a name or by a form."""
    headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
    allowed = {f"{name}:{port}" for name in _LOOPBACK}
    if headers.get("host") not in allowed:
        return False
    origin = headers.get("origin")
    return origin is None or origin in {f"http://{name}" for name in allowed}


async def _read(scope: Scope, receive: Receive) -> Request | None:
    """The request as it was sent; None when its body is too large."""
    body = bytearray()
    async for chunk in _chunks(receive):
        body += chunk
        if len(body) > MAX_BODY:
            return None
    return Request(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers={key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]},
        body=bytes(body),
    )


async def _chunks(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        yield cast("bytes", message.get("body", b""))
        if not message.get("more_body"):
            return


async def _silence(receive: Receive, seconds: float) -> None:
    """Say nothing for so long, or until the client gives up."""
    with suppress(asyncio.TimeoutError):
        await asyncio.wait_for(_disconnected(receive), seconds)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _close(scope: Scope, receive: Receive) -> None:
    """Close the socket without an answer. Never returns."""
    scope["state"]["transport"].abort()
    await _disconnected(receive)
    raise _Gone


def _as_web(response: Response, now: datetime) -> WebResponse:
    answer = WebResponse(response.body, response.status, dict(response.headers))
    if "date" not in answer.headers:
        answer.headers["date"] = format_datetime(now.astimezone(UTC), usegmt=True)
    if response.status == 204:
        del answer.headers["content-length"]
    return answer


def _too_many(until: datetime) -> dict[str, str]:
    """When to come back, as each network says it: their headers' names all differ."""
    epoch = str(int(until.timestamp()))
    return {
        "x-rate-limit-limit": "100",
        "x-rate-limit-remaining": "0",
        "x-rate-limit-reset": epoch,
        "x-ratelimit-limit": "300",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": until.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "ratelimit-limit": "5000",
        "ratelimit-remaining": "0",
        "ratelimit-reset": epoch,
        "ratelimit-policy": "5000;w=3600",
    }
