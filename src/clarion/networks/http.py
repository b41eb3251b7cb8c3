"""The one HTTP session, under every SDK: where deadlines, proxies, redirects and the rehearsal wall live.

In: what a request may cost in time, whether it may leave this machine, and where it really goes.
Out: a `requests.Session` that answers within `seconds` or closes the socket, reads no more of an answer than `MOST`, and
knows whether a request was written. What it gives may be read with `json` whatever a server sends.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import NewConnectionError

from clarion import __version__
from clarion.clock import Deadline
from clarion.errors import OutcomeUnknown, Unavailable
from clarion.model import Allowance
from clarion.redaction import clean, remember_password

USER_AGENT = f"Clarion/{__version__}"
#: An answer must be complete after so many seconds; then the socket is closed.
SECONDS = 30.0
CONNECT_SECONDS = 10.0
#: Of an answer, unpacked. The longest that Clarion asks for, a page of a timeline, has a few hundred thousand bytes.
MOST = 5_000_000
_REPEATABLE = frozenset({"GET", "HEAD"})
_MAX_REDIRECTS = 3
#: So much is unpacked at once of what is read piece by piece.
_PIECE = 8_192
#: Levels in an answer's JSON; networks' have ten or so. SDKs walk them by calling themselves.
_DEEPEST = 60

#: Connects to a host and port within so many seconds; OSError where it cannot or will not.
Dial = Callable[[str, int, float], socket.socket]


class DeadlineExceeded(requests.Timeout):
    """The whole answer was not there in time; the socket was closed."""


class TooLarge(requests.RequestException):
    """An answer has more bytes than anything that was asked for; the socket was closed."""


class NotLoopback(requests.RequestException):
    """A rehearsal request wanted to leave this machine."""


class Session(requests.Session):
    """One account's connection. Not shared between threads: one request is in flight per account.

    `rewrite` is (prefix, replacement): applied after signing, because tweepy signs a hard-coded host.
    `wrote` says whether bytes of the last request may have left: the line between "certainly not created" and
    "unknown". `dial` connects in place of the usual way, where no proxy does: it decides which addresses it takes.
    """

    def __init__(
        self,
        *,
        loopback_only: bool,
        seconds: float = SECONDS,
        proxy: str | None = None,
        rewrite: tuple[str, str] | None = None,
        dial: Dial | None = None,
    ) -> None:
        super().__init__()
        self.trust_env = False  # no .netrc, no proxy from the air: an account says its own
        self.headers["User-Agent"] = USER_AGENT
        self.seconds = seconds
        self.max_redirects = _MAX_REDIRECTS
        self._loopback_only = loopback_only
        self._rewrite = rewrite
        self._wire = _Wire()
        self._may_begin: Allowance | None = None
        #: The server's clock at the last answer; None where it did not say.
        self.server_time: datetime | None = None
        remember_password(proxy)
        if proxy and not loopback_only:
            self.proxies = {"http": proxy, "https": proxy}
        adapter = _Adapter(self._wire, None if self.proxies else dial)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    @property
    def wrote(self) -> bool:
        return self._wire.wrote

    def ahead(self, now: datetime) -> timedelta | None:
        """How far a moment is ahead of the server's clock at the last answer; None where it did not say."""
        return None if self.server_time is None else now - self.server_time

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send, and read the whole answer, within the deadline. SDKs' own timeouts, streams and redirects do not count."""
        kwargs["stream"] = False
        if request.method not in _REPEATABLE:
            kwargs["allow_redirects"] = False
        with self._in_time(request):
            answer = super().send(request, **{**kwargs, "timeout": self._timeout()})
        self.server_time = moment(answer.headers.get("Date", ""))
        return answer

    def read(
        self, url: str, *, most: int, wanted: Callable[[requests.Response], bool], accept: str
    ) -> tuple[requests.Response, bytes]:
        """The head of an answer and, where it is wanted, its body up to a byte more than `most`, unpacked.

        For what a stranger's server gives: its redirects are the caller's to follow, and a packed body may be a bomb.
        """
        request = self.prepare_request(
            requests.Request("GET", url, headers={"Accept": accept, "Accept-Encoding": "gzip"})
        )
        with self._in_time(request):
            answer = super().send(request, stream=True, allow_redirects=False, timeout=self._timeout())
            with answer:
                return answer, _up_to(answer, most + 1) if wanted(answer) else b""

    def _timeout(self) -> tuple[float, float]:
        return min(CONNECT_SECONDS, self.seconds), self.seconds

    @contextmanager
    def _in_time(self, request: requests.PreparedRequest) -> Iterator[None]:
        """One request, where it may go at all: its whole answer is there in time, or the socket is closed."""
        request.url = self._rewritten(request.url or "")
        deadline = Deadline(self.seconds)
        self._wire.reset(deadline, self._may_begin)
        if self._loopback_only and not is_loopback(request.url):
            raise NotLoopback(
                f"rehearsal never leaves this machine; refused {urlsplit(request.url).hostname}"
            )
        timer = threading.Timer(self.seconds, self._wire.cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        except requests.RequestException as error:
            if self._wire.expired or deadline.left <= 0:  # the socket's own timeout may ring first
                raise self._late(request) from error
            raise
        finally:
            timer.cancel()
        if self._wire.expired:  # cut in its head or in a body without a length, an answer still looks whole
            raise self._late(request)

    @contextmanager
    def within(self, allowance: Allowance | None) -> Iterator[None]:
        """Requests in here go out only while they can end before the allowance does: asked once more at the first byte.

        Between a look at the clock and the socket a process may be stopped, or the machine may sleep, for hours.
        """
        self._may_begin = allowance
        try:
            yield
        finally:
            self._may_begin = None

    def _late(self, request: requests.PreparedRequest) -> DeadlineExceeded:
        return DeadlineExceeded(f"no complete answer within {self.seconds:g} s", request=request)

    def _rewritten(self, url: str) -> str:
        if self._rewrite is None:
            return url
        prefix, replacement = self._rewrite
        rest = url.removeprefix(prefix)
        return replacement + rest if rest != url and rest[:1] in ("", "/", "?") else url


def lost(error: Exception, session: Session) -> Unavailable | OutcomeUnknown:
    """What a transport error means: nothing was written → certainly not created; else nobody knows."""
    if session.wrote:
        return OutcomeUnknown(f"the answer was lost: {_short(error)}")
    return Unavailable(f"could not be reached: {_why(error, session)}")


def is_loopback(url: str) -> bool:
    """Whether an address names this machine by number or as "localhost"; nothing is looked up."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def moment(value: str) -> datetime | None:
    """The moment that an answer's header names (RFC 9110, HTTP-date); None where it names none."""
    try:
        found = parsedate_to_datetime(value)
        return found if found.tzinfo else found.replace(tzinfo=UTC)  # "-0000": in UTC, from nowhere
    except (ValueError, TypeError, OverflowError):
        return None


def _why(error: BaseException, session: Session) -> str:
    """Why nobody was met there, in words that say what to look at."""
    cause = _cause(error)
    proxied = bool(session.proxies)
    if isinstance(cause, socket.gaierror):
        if cause.errno == socket.EAI_AGAIN:
            return "no name can be looked up just now; is this machine online?"
        return (
            f"no server has {'the name of its proxy' if proxied else 'this name'}, or this machine is offline"
        )
    if isinstance(cause, ConnectionRefusedError):
        return f"nobody answers {'at its proxy' if proxied else 'there'}"
    return _short(error)


def _short(error: BaseException) -> str:
    cause = _cause(error)
    words = cause.strerror if isinstance(cause, OSError) and cause.errno else None
    text = clean(words or str(cause)) or type(cause).__name__
    return text if len(text) <= 120 else text[:117] + "…"


def _cause(error: BaseException) -> BaseException:
    while cause := error.__cause__ or error.__context__:
        error = cause
    return error


class _Wire:
    """What is known of the request in flight: its socket, whether bytes were written, whether time is up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._deadline = Deadline(0)
        self._may_begin: Allowance | None = None
        self.wrote = False
        self.expired = False

    def reset(self, deadline: Deadline, may_begin: Allowance | None) -> None:
        with self._lock:
            self._socket = None
            self._deadline = deadline
            self._may_begin = may_begin
            self.wrote = self.expired = False

    @property
    def left(self) -> float:
        return max(self._deadline.left, 0.001)

    def writing(self, sock: socket.socket, *, request: bool) -> None:
        """Called with every chunk before it is written. Raises TimeoutError when it must not be."""
        with self._lock:
            self.check()
            if request and not self.wrote and self._may_begin and self._may_begin.left < self._deadline.left:
                raise TimeoutError("the lease would end before the request does")
            self._socket = sock
            self.wrote = self.wrote or request

    def check(self) -> None:
        # Not the timer alone: it stands still while the machine sleeps.
        if self.expired or self._deadline.left <= 0:
            raise TimeoutError("the deadline passed before the request was written")

    def cut(self) -> None:
        """Close the socket under the reader; plain shutdown, because an SSL one would wait for the peer."""
        with self._lock:
            self.expired = True
            if self._socket is not None:
                with suppress(OSError):
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _Answer(requests.Response):
    """An answer whose JSON can be read, or raises JSONDecodeError: never because of how deep or how long it is."""

    #: Where a server does not say. Guessing takes minutes for what fits into MOST.
    apparent_encoding = "utf-8"

    def json(self, **kwargs: Any) -> Any:
        try:
            value = super().json(**kwargs)
        except (ValueError, RecursionError) as error:
            raise requests.JSONDecodeError(f"no JSON: {type(error).__name__}", "", 0) from None
        if _is_deep(value):
            raise requests.JSONDecodeError(f"more than {_DEEPEST} levels of JSON", "", 0)
        return value


class _Adapter(HTTPAdapter):
    """Tells the wire about every connection it writes to, and bounds what is read of every answer."""

    def __init__(self, wire: _Wire, dial: Dial | None) -> None:
        self._wire = wire
        self._dial = dial
        super().__init__(max_retries=0)

    def send(
        self, request: requests.PreparedRequest, stream: bool = False, *args: Any, **kwargs: Any
    ) -> requests.Response:
        """The answer with its body, or its head alone where it is to be streamed and leads nowhere else."""
        answer = super().send(request, True, *args, **kwargs)
        if stream and not answer.is_redirect:
            return answer
        with answer:
            # Of a redirect nobody needs the body, and requests would read all of it.
            body = b"" if stream else _up_to(answer, MOST + 1)
        if len(body) > MOST:
            raise TooLarge(f"it is longer than {MOST:,} bytes", request=request, response=answer)
        vars(answer).update(_content=body, _content_consumed=True)  # as `content` would have it
        return answer

    def build_response(self, *args: Any, **kwargs: Any) -> requests.Response:
        answer = super().build_response(*args, **kwargs)
        answer.__class__ = _Answer  # requests makes no other
        return answer

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self._watch(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        self._watch(manager)
        return manager

    def _watch(self, manager: Any) -> None:
        manager.pool_classes_by_scheme = {
            scheme: _watched_pool(pool, self._wire, self._dial)
            for scheme, pool in manager.pool_classes_by_scheme.items()
        }


def _up_to(answer: requests.Response, size: int) -> bytes:
    body = bytearray()
    for piece in answer.iter_content(_PIECE):
        body += piece
        if len(body) >= size:
            break
    del body[size:]
    return bytes(body)


def _is_deep(value: object) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return False
    return True


def _watched_pool(pool: Any, wire: _Wire, dial: Dial | None) -> Any:
    if getattr(pool, "watched", False):
        return pool

    class Connection(pool.ConnectionCls):  # type: ignore[misc]
        def _new_conn(self) -> Any:
            if dial is None:
                return super()._new_conn()
            try:
                return dial(self.host, self.port, wire.left)
            except OSError as error:
                raise NewConnectionError(self, str(error)) from error

        def connect(self) -> None:
            self.connecting = True  # what a proxy is told meanwhile (CONNECT) is not the request
            try:
                super().connect()
            finally:
                self.connecting = False

        def _tunnel(self) -> None:
            super()._tunnel()
            wire.check()  # a cut proxy answer looks like a good one

        def send(self, data: Any) -> None:
            if self.sock is None:
                self.connect()
            wire.writing(self.sock, request=not getattr(self, "connecting", False))
            super().send(data)

    return type("WatchedPool", (pool,), {"ConnectionCls": Connection, "watched": True})
