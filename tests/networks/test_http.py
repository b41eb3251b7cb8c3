"""The one session, against servers on 127.0.0.1 that misbehave on the wire."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import pytest
import requests

from clarion.errors import OutcomeUnknown, Unavailable
from clarion.networks.http import (
    MOST,
    DeadlineExceeded,
    NotLoopback,
    Session,
    TooLarge,
    is_loopback,
    lost,
    moment,
)

#: Longer than any machine takes over a deadline asked for here: only code that is wrong waits for it.
PATIENCE = 60.0
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """Takes connections one after another; `answer(connection)` does what it likes with each."""

    def __init__(self, answer: Callable[[socket.socket], None]) -> None:
        self._answer = answer
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.heads: list[bytes] = []
        self._over = threading.Event()
        self._cut = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                self.heads.append(read_head(connection))
                try:
                    self._answer(connection)
                except ConnectionError:
                    self._cut = True
                finally:
                    self._over.set()

    def was_cut(self) -> bool:
        """Whether whoever asked closed the connection before the answer was over."""
        assert self._over.wait(PATIENCE)
        return self._cut

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()


def read_head(connection: socket.socket) -> bytes:
    """The head of a request, and its body as far as it came along."""
    connection.settimeout(5)
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(65536)
        if not piece:
            break
        head += piece
    return head


@contextmanager
def serving(answer: Callable[[socket.socket], None]) -> Iterator[Server]:
    server = Server(answer)
    try:
        yield server
    finally:
        server.close()


@contextmanager
def session(
    seconds: float = 3.0, *, loopback_only: bool = True, proxy: str | None = None
) -> Iterator[Session]:
    with Session(loopback_only=loopback_only, seconds=seconds, proxy=proxy) as made:
        yield made


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def ok(connection: socket.socket) -> None:
    connection.sendall(OK)


def trickle(connection: socket.socket, head: bytes, piece: bytes = b"x") -> None:
    """Many times longer than a deadline asked for here, counted in pieces: where the machine stalls, this does, too."""
    connection.sendall(head)
    for _ in range(100):
        connection.sendall(piece)
        time.sleep(0.05)


def trickle_without_length(connection: socket.socket) -> None:
    trickle(connection, b"HTTP/1.1 200 OK\r\n\r\n")


def trickle_body(connection: socket.socket) -> None:
    trickle(connection, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")


def trickle_head(connection: socket.socket) -> None:
    trickle(connection, b"HTTP/1.1 200 OK\r\n", b"X-A: 1\r\n")


def silence(connection: socket.socket) -> None:
    connection.settimeout(PATIENCE / 3)
    while connection.recv(65536):
        pass
    raise ConnectionError("whoever asked is gone")


@pytest.mark.parametrize("answer", [trickle_body, trickle_without_length, trickle_head, silence])
def test_it_cuts_an_answer_that_is_not_whole_at_the_deadline(answer: Callable[[socket.socket], None]) -> None:
    # Long enough that a machine which stands still for a moment has written its request all the same.
    with serving(answer) as server, session(1.2) as http:
        with pytest.raises(DeadlineExceeded):
            http.post(server.url, data="a", timeout=60)
        assert server.was_cut()
        assert http.wrote


def test_a_streamed_body_is_cut_at_the_deadline_too() -> None:
    with serving(trickle_body) as server, session(0.4) as http:
        with pytest.raises(DeadlineExceeded):
            http.get(server.url, stream=True)
        assert server.was_cut()


def test_a_request_after_one_that_was_cut_is_answered() -> None:
    answers = iter([silence, ok])

    def answer(connection: socket.socket) -> None:
        next(answers)(connection)

    with serving(answer) as server, session(0.3) as http:
        with pytest.raises(DeadlineExceeded):
            http.post(server.url)
        http.seconds = 5
        assert http.post(server.url).text == "ok"


def test_a_body_the_server_does_not_read_is_cut_at_the_deadline() -> None:
    raised = threading.Event()

    def answer(connection: socket.socket) -> None:
        if raised.wait(PATIENCE / 3):
            raise ConnectionError("it did not wait for the server to read")

    with serving(answer) as server, session(0.4) as http:
        with pytest.raises(DeadlineExceeded):
            http.post(server.url, data=b"x" * 20_000_000)
        raised.set()
        assert server.was_cut()


@pytest.mark.parametrize(
    "url",
    [
        "https://mastodon.social/api/v1/statuses",
        "http://192.0.2.1/",
        "http://10.0.0.1/",
        "http://127.0.0.1.example/",
        "http://localhost.example/",
        "http://user@example.org:80/",
        "http://0.0.0.0/",
    ],
)
def test_a_rehearsal_never_leaves_this_machine(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*args: object, **kwargs: object) -> None:
        raise AssertionError("a name was looked up, or a socket opened")

    monkeypatch.setattr(socket, "getaddrinfo", never)
    monkeypatch.setattr(socket.socket, "connect", never)
    with session() as http:
        with pytest.raises(NotLoopback):
            http.get(url)
        assert not http.wrote


def test_a_rehearsal_is_not_led_away_by_a_redirect() -> None:
    away = b"HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n"

    def answer(connection: socket.socket) -> None:
        connection.sendall(away)

    with serving(answer) as server, session() as http, pytest.raises(NotLoopback):
        http.get(server.url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:80/", "http://localhost/", "http://[::1]:8/", "http://127.9.9.9/"]
)
def test_this_machine_is_known_by_its_names(url: str) -> None:
    assert is_loopback(url)


@pytest.mark.parametrize("status", [b"301", b"302", b"303", b"307", b"308"])
def test_a_post_is_never_redirected(status: bytes) -> None:
    def answer(connection: socket.socket) -> None:
        connection.sendall(
            b"HTTP/1.1 " + status + b" Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
        )

    with serving(answer) as server, session() as http:
        assert http.post(server.url, allow_redirects=True).status_code == int(status)
        assert len(server.heads) == 1


@pytest.mark.parametrize(
    ("cause", "says"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "nobody answers there"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "no server has this name"),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), "is this machine online?"),
        (OSError(113, "No route to host"), "No route to host"),
    ],
)
def test_why_nobody_was_met_is_said_in_words(cause: OSError, says: str) -> None:
    error = requests.ConnectionError("[Errno 1] somewhere")
    error.__cause__ = cause
    with session() as http:
        found = lost(error, http)
    assert says in found.message
    assert "Errno" not in found.message


def test_a_refused_connection_is_certainly_not_created() -> None:
    with session() as http:
        with pytest.raises(requests.ConnectionError) as caught:
            http.post(f"http://127.0.0.1:{free_port()}/")
        assert not http.wrote
        assert isinstance(lost(caught.value, http), Unavailable)


PACKED = gzip.compress(b" " * (4 * MOST))


def packed(status: bytes, *more: bytes) -> Callable[[socket.socket], None]:
    lines = (b"HTTP/1.1 " + status, b"Content-Encoding: gzip", b"Content-Length: %d" % len(PACKED), *more)
    return lambda connection: connection.sendall(b"\r\n".join((*lines, b"", PACKED)))


def endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(10_000):
        connection.sendall(b"x" * 10_000)


@pytest.mark.parametrize("answer", [packed(b"200 OK"), packed(b"500 Oops"), endless])
def test_an_answer_longer_than_any_that_is_asked_for_is_cut(answer: Callable[[socket.socket], None]) -> None:
    with serving(answer) as server, session(20) as http:
        for ask in (http.post, http.get):
            with pytest.raises(TooLarge) as caught:
                ask(server.url)
            assert isinstance(lost(caught.value, http), OutcomeUnknown)


def test_what_leads_elsewhere_is_followed_and_never_unpacked() -> None:
    moved = packed(b"302 Found", b"Location: /elsewhere", b"Connection: close")
    answers = iter([moved, ok, moved])

    def answer(connection: socket.socket) -> None:
        next(answers)(connection)

    with serving(answer) as server, session(20) as http:
        with pytest.raises(TooLarge):
            http.get(server.url)
        http.close()
        assert http.get(f"{server.url}/b").text == "ok"
        head, body = http.read(f"{server.url}/c", most=10, wanted=lambda _: True, accept="*/*")
        assert (head.status_code, head.content, body) == (302, b"", b"")


def test_an_answer_as_long_as_may_be_is_whole() -> None:
    def answer(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % MOST + b"x" * MOST)

    with serving(answer) as server, session(20) as http:
        assert len(http.get(server.url).content) == MOST


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b"[" * 80 + b"]" * 80, b"9" * 5_000, b"", b"<html>", b"\xff\xfe"]
)
def test_what_is_no_json_is_called_so(body: bytes) -> None:
    def answer(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    with serving(answer) as server, session() as http:
        given = http.get(server.url)
        with pytest.raises(requests.JSONDecodeError):
            given.json()


@pytest.mark.parametrize(
    "value", ["soon", "", "Sat, 21 Nov 2026 17:00:00 +99999999999999999999", "9" * 5_000]
)
def test_a_date_that_is_none_is_none(value: str) -> None:
    assert moment(value) is None


def test_a_date_from_nowhere_is_in_utc() -> None:
    assert moment("Sat, 21 Nov 2026 17:00:00 -0000") == datetime(2026, 11, 21, 17, tzinfo=UTC)


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def eof(connection: socket.socket) -> None:
    pass


def half_an_answer(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")


@pytest.mark.parametrize("answer", [reset, eof, half_an_answer])
def test_an_answer_lost_after_writing_is_unknown(answer: Callable[[socket.socket], None]) -> None:
    with serving(answer) as server, session() as http:
        with pytest.raises(requests.RequestException) as caught:
            http.post(server.url, data="a")
        assert http.wrote
        assert isinstance(lost(caught.value, http), OutcomeUnknown)
        assert len(server.heads) == 1  # never written twice


def test_what_an_earlier_request_wrote_is_not_held_against_the_next() -> None:
    with serving(ok) as server, session() as http:
        http.post(server.url)
        assert http.wrote
        with pytest.raises(requests.ConnectionError):
            http.post(f"http://127.0.0.1:{free_port()}/")
        assert not http.wrote


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_proxies_of_the_environment_are_ignored(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with serving(ok) as server:
        for loopback_only in (True, False):
            with session(loopback_only=loopback_only) as http:
                assert http.get(server.url).text == "ok"


def test_an_accounts_proxy_is_used() -> None:
    with serving(ok) as proxy, session(loopback_only=False, proxy=proxy.url) as http:
        assert http.get("http://somewhere.example/x").text == "ok"
        assert proxy.heads[0].startswith(b"GET http://somewhere.example/x HTTP/1.1")


def test_a_proxy_that_is_down_lets_nothing_past() -> None:
    down = f"http://127.0.0.1:{free_port()}"
    with serving(ok) as server, session(loopback_only=False, proxy=down) as http:
        with pytest.raises(requests.ConnectionError):
            http.get(server.url)
        assert b"".join(server.heads) == b""
        assert not http.wrote


def test_a_tunnel_that_a_proxy_refuses_is_certainly_not_created() -> None:
    def refuse(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")

    with serving(refuse) as proxy, session(loopback_only=False, proxy=proxy.url) as http:
        with pytest.raises(requests.ConnectionError) as caught:
            http.post("https://somewhere.example/x")
        assert proxy.heads[0].startswith(b"CONNECT somewhere.example:443 ")
        assert isinstance(lost(caught.value, http), Unavailable)


def test_a_proxy_that_never_opens_its_tunnel_is_cut_at_the_deadline() -> None:
    with serving(trickle_head) as proxy, session(0.4, loopback_only=False, proxy=proxy.url) as http:
        with pytest.raises(DeadlineExceeded):
            http.post("https://somewhere.example/x")
        assert proxy.was_cut()
        assert not http.wrote


def test_a_rehearsal_uses_no_proxy_at_all() -> None:
    down = f"http://127.0.0.1:{free_port()}"
    with serving(ok) as server, session(loopback_only=True, proxy=down) as http:
        assert http.get(server.url).text == "ok"


def rewriting(server: Server) -> Session:
    return Session(loopback_only=True, seconds=3, rewrite=("https://api.example", server.url))


def test_it_rewrites_where_a_signed_request_goes() -> None:
    with serving(ok) as server, rewriting(server) as http:
        assert http.get("https://api.example/2/x").text == "ok"
        assert server.heads[0].startswith(b"GET /2/x HTTP/1.1")


@pytest.mark.parametrize(
    "url", ["https://api.example.evil/2/x", "https://other.example/", "http://api.example/"]
)
def test_it_rewrites_no_other_host(url: str) -> None:
    with serving(ok) as server, rewriting(server) as http, pytest.raises(NotLoopback):
        http.get(url)


def test_it_says_who_it_is() -> None:
    with serving(ok) as server, session() as http:
        http.get(server.url)
    assert b"User-Agent: Clarion/" in server.heads[0]


class Lease:
    """Seconds left, as a test says."""

    def __init__(self, left: float) -> None:
        self.left = left


def test_a_request_that_would_outlive_its_lease_is_never_written() -> None:
    """A process that was stopped between a look at the clock and the socket wakes up too late."""
    with serving(ok) as server, session(seconds=5) as http:
        with http.within(Lease(left=1)), pytest.raises(requests.RequestException) as error:
            http.post(server.url, data="late")
        assert isinstance(lost(error.value, http), Unavailable)
        assert b"".join(server.heads) == b""
        with http.within(Lease(left=60)):
            assert http.post(server.url, data="in time").ok
