"""Reading a stranger's page: where it may be, and what it may do to whoever reads it.

The servers stand on 127.0.0.1, which is refused as it should be: what is allowed is passed in, and so are the names.
"""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from clarion.networks import public
from clarion.networks.public import Answer, Reach, Unread, get, is_public
from tests.networks.test_http import PATIENCE, Server, read_head, serving, trickle

HTML = ("text/html", "application/xhtml+xml")
PAGE = b"<title>The judgment</title>"


def answer(body: bytes = PAGE, *, status: str = "200 OK", **headers: str) -> Callable[[socket.socket], None]:
    said = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body))}
    said |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in said.items())

    def give(connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 {status}\r\n{head}Connection: close\r\n\r\n".encode() + body)

    return give


def sends_on(to: str) -> Callable[[socket.socket], None]:
    return answer(b"", status="302 Found", Location=to)


def here(*addresses: str) -> Reach:
    """Every name leads to this machine, or to these addresses; only 127.0.0.1 is taken, on any port, over plain http."""
    return Reach(
        secure=False,
        lookup=lambda _host, _port: addresses or ("127.0.0.1",),
        allows=lambda address: str(address) == "127.0.0.1",
    )


def read(server: Server, *, reach: Reach | None = None, most: int = 100_000, seconds: float = 5.0) -> Answer:
    url = f"http://page.example:{urlsplit(server.url).port}/a"
    return get(url, reach=reach or here(), kinds=HTML, most=most, seconds=seconds)


def why(server: Server, *, reach: Reach | None = None, seconds: float = 5.0) -> str:
    with pytest.raises(Unread) as caught:
        read(server, reach=reach, seconds=seconds)
    return str(caught.value)


def self_signed(folder: Path) -> Path:
    """A certificate for page.example that nobody vouches for, with its key."""
    pytest.importorskip("cryptography")
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "page.example")])
    made = (
        x509.CertificateBuilder(
            name,
            name,
            key.public_key(),
            1,
            datetime(2026, 1, 1, tzinfo=UTC),
            datetime(2099, 1, 1, tzinfo=UTC),
        )
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("page.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = Encoding.PEM
    path = folder / "server.pem"
    path.write_bytes(key.private_bytes(pem, PrivateFormat.PKCS8, NoEncryption()) + made.public_bytes(pem))
    return path


# ── where a page may be ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::ffff:0:10.0.0.1"),
        *(
            "64:ff9b:1::808:808",
            "3fff::1",
            "192.88.99.1",
            "::ffff:192.88.99.1",
            "::8.8.8.8",
            "::ffff:0:8.8.8.8",
        ),
        *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:c0a8:101::1"),
        "2001:0:4136:e378:8000:63bf:f5ff:fffe",  # Teredo, its client at 10.0.0.1
    ],
)
def test_no_private_address_is_public(address: str):
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_a_public_address_is_public(address: str):
    assert is_public(ip_address(address))


def test_what_stands_at_a_name_is_read():
    with serving(answer()) as server:
        found = read(server)
    assert (found.mime, found.charset, found.body, found.whole) == ("text/html", "utf-8", PAGE, True)
    assert b"Host: page.example:" in server.heads[0]
    assert b"User-Agent: Clarion/" in server.heads[0]


def test_a_name_that_leads_to_this_machine_is_not_even_connected_to():
    with serving(answer()) as server:
        assert why(server, reach=Reach(secure=False, lookup=lambda *_: ["127.0.0.1"])).endswith(
            "private network"
        )
        assert server.heads == []


def test_one_private_address_among_others_refuses_the_name():
    with serving(answer()) as server:
        assert why(server, reach=here("127.0.0.1", "10.0.0.1")).endswith("private network")
        assert server.heads == []


def test_a_name_that_changes_its_mind_is_connected_where_it_was_judged():
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])  # rebound by the second look
    looks: list[str] = []

    def lookup(host: str, _port: int) -> list[str]:
        looks.append(host)
        return next(answers)

    with serving(answer()) as server:
        reach = Reach(secure=False, lookup=lookup, allows=lambda address: str(address) == "127.0.0.1")
        assert read(server, reach=reach).body == PAGE
    assert looks == ["page.example"]


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::1]", "[::ffff:127.0.0.1]"),
        *(
            "localhost",
            "router",
            "printer.local",
            "db.internal",
            "nas.lan",
            "a.localhost",
            "1.0.0.127.in-addr.arpa",
        ),
        *("169.254.169.254", "93.184.216.34", "page.example.1", "①②⑦.⓪.⓪.①"),
    ],
)
@pytest.mark.parametrize("secure", [True, False])
def test_no_number_and_no_name_of_a_private_network_is_a_site(host: str, secure: bool):
    with pytest.raises(Unread, match="its address"):
        Reach(secure=secure).proper(f"http://{host}/")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://page.example/", "its address is none of a page"),
        ("file:///etc/passwd", "its address is none of a page"),
        ("data:text/html,x", "its address is none of a page"),
        ("https://page.example:8443/", "its address names port 8443"),
        ("http://page.example:443/", "its address names port 443"),
        ("https://me:secret@page.example/", "its address carries a password"),
        ("https://page.example/" + "a" * 3000, "its address is none of a page"),
        ("https://[page.example/", "its address cannot be read"),
        ("", "its address cannot be read"),
    ],
)
def test_only_pages_of_public_sites_are_asked_for(url: str, reason: str):
    with pytest.raises(Unread, match=reason):
        Reach().proper(url)


def test_plain_http_is_asked_by_https():
    assert Reach().proper("http://page.example/a?b=1") == "https://page.example/a?b=1"
    assert Reach().proper("http://page.example:80/") == "https://page.example/"
    assert Reach().proper("https://пример.испытание/") == "https://xn--e1afmkfd.xn--80akhbyknj4f/"


# ── redirects ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_three_redirects_are_followed_and_a_fourth_is_not():
    def turn(connection: socket.socket) -> None:
        left = turns.pop()
        (sends_on(f"/{left}") if left else answer())(connection)

    turns = [0, 1, 2, 3]
    with serving(turn) as server:
        assert read(server).url.endswith("/1")
    turns = [0, 1, 2, 3, 4]
    with serving(turn) as server:
        assert why(server) == "it sends readers on more than 3 times"


@pytest.mark.parametrize(
    "to", ["http://127.0.0.1/", "http://[::1]/", "file:///etc/passwd", "http://localhost/"]
)
def test_a_redirect_is_judged_as_the_first_address_was(to: str):
    with serving(sends_on(to)) as server:
        assert why(server).startswith("its address is none of a")


def test_a_redirect_into_a_private_network_is_not_followed():
    reach = Reach(
        secure=False,
        lookup=lambda host, _port: ["127.0.0.1" if host == "page.example" else "10.0.0.1"],
        allows=lambda address: str(address) == "127.0.0.1",
    )
    with serving(sends_on("http://inside.example/")) as server:
        assert why(server, reach=reach) == "its name leads into a private network"


# ── what a server may do ──────────────────────────────────────────────────────────────────────────────────────


def test_a_page_that_trickles_ends_at_the_deadline_of_all_of_it():
    def slow(connection: socket.socket) -> None:
        trickle(connection, b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")

    with serving(slow) as server:
        assert why(server, seconds=0.4) == "it does not answer in time"
        assert server.was_cut()


def test_a_name_server_that_never_answers_is_not_waited_for():
    never = socket.socketpair()
    reach = Reach(secure=False, lookup=lambda *_: [never[0].recv(9).decode()])
    try:
        with pytest.raises(Unread, match="it does not answer in time"):
            get("http://page.example/", kinds=HTML, most=9, reach=reach, seconds=0.1)
    finally:
        never[1].close()  # the thread that waits for it ends
        never[0].close()


def test_no_more_is_read_than_was_asked_for():
    with serving(answer(b"x" * 2_000_000)) as server:
        found = read(server, most=1_000)
    assert (len(found.body), found.whole) == (1_000, False)


def test_a_packed_page_is_unpacked_and_a_bomb_is_not():
    with serving(answer(gzip.compress(PAGE), Content_Encoding="gzip")) as server:
        assert read(server).body == PAGE
    with serving(answer(gzip.compress(bytes(200_000_000)), Content_Encoding="gzip")) as server:
        assert len(read(server, most=1_000).body) == 1_000
    for packed in ("br", "gzip, gzip", "deflate"):
        with serving(answer(gzip.compress(PAGE), Content_Encoding=packed)) as server:
            assert why(server) == "it comes packed in a way that was not asked for"


@pytest.mark.parametrize(
    ("give", "reason"),
    [
        (answer(status="404 Not Found"), "it answers 404"),
        (answer(Content_Type="application/pdf"), "it is of the kind application/pdf"),
        (answer(Content_Type=""), "it is of the kind unknown"),
        (lambda connection: connection.sendall(b"not http at all\r\n\r\n"), "it cannot be reached"),
        (lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\nx"), "it cannot be reached"),
        (answer(b"no gzip", Content_Encoding="gzip"), "it cannot be reached"),
    ],
)  # fmt: skip
def test_what_is_no_page_says_why(give: Callable[[socket.socket], None], reason: str):
    with serving(give) as server:
        assert why(server) == reason


def test_a_server_without_a_good_certificate_is_not_believed(tmp_path: Path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    asked: list[str | None] = []
    context.sni_callback = lambda _connection, name, _context: asked.append(name)

    def shake_hands() -> None:
        with suppress(OSError), listening.accept()[0] as connection, context.wrap_socket(connection, True):
            pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=shake_hands, daemon=True)
        thread.start()
        url = f"https://page.example:{listening.getsockname()[1]}/"
        with pytest.raises(Unread, match="its certificate is not valid"):
            get(url, kinds=HTML, most=9, reach=here(), seconds=20)
        thread.join(PATIENCE)
    assert asked == ["page.example"]  # the name that stands in the post, whatever address it leads to


def test_no_cookie_goes_back():
    with serving(answer(Set_Cookie="who=you; Path=/")) as server:
        read(server)
        read(server)
    assert b"who=you" not in b"".join(server.heads)


# ── through a proxy ───────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def proxied(give: Callable[[socket.socket], None]) -> Iterator[Server]:
    with serving(give) as server:
        yield server


def test_a_proxy_is_asked_by_name_and_nothing_is_looked_up_here():
    def lookup(host: str, _port: int) -> list[str]:
        raise AssertionError(f"{host} was looked up on this machine")

    with proxied(answer()) as proxy:
        found = get(
            "http://page.example/a",
            kinds=HTML,
            most=1_000,
            proxy=proxy.url,
            reach=Reach(secure=False, lookup=lookup),
            seconds=5,
        )
    assert found.body == PAGE
    assert proxy.heads[0].startswith(b"GET http://page.example/a HTTP/1.1")


def test_a_proxy_is_not_asked_for_numbers_and_private_names():
    with proxied(answer()) as proxy:
        for host in ("127.0.0.1", "169.254.169.254", "2130706433", "router", "db.internal"):
            with pytest.raises(Unread, match="none of a public site"):
                get(f"http://{host}/", kinds=HTML, most=9, proxy=proxy.url, reach=Reach(secure=False))
        assert proxy.heads == []


def test_a_socks_proxy_gets_the_name_and_looks_it_up_itself():
    asked: list[bytes] = []

    def serve() -> None:
        with listening.accept()[0] as connection:
            connection.settimeout(PATIENCE)
            connection.recv(9)
            connection.sendall(b"\x05\x00")
            asked.append(connection.recv(300))
            connection.sendall(b"\x05\x00\x00\x01" + bytes(6))
            read_head(connection)
            answer()(connection)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        proxy = f"socks5h://127.0.0.1:{listening.getsockname()[1]}"
        reach = Reach(secure=False, lookup=lambda *_: ["10.0.0.1"])
        found = get("http://page.example/a", kinds=HTML, most=1_000, proxy=proxy, reach=reach, seconds=20)
        thread.join(PATIENCE)
    assert found.body == PAGE
    assert asked == [b"\x05\x01\x00\x03\x0cpage.example\x00\x50"]


def test_a_proxy_that_is_not_there_is_not_gone_around():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with serving(answer()) as server, pytest.raises(Unread, match="it cannot be reached"):
        get(
            f"http://page.example:{urlsplit(server.url).port}/",
            kinds=HTML,
            most=9,
            proxy=f"socks5h://127.0.0.1:{port}",
            reach=here(),
            seconds=3,
        )
    assert server.heads == []


def test_nothing_a_request_raises_comes_out_as_an_error():
    def lookup(_host: str, _port: int) -> list[str]:
        raise RuntimeError("anything")

    with pytest.raises(Unread, match="it cannot be read"):
        get("http://page.example/", kinds=HTML, most=9, reach=Reach(secure=False, lookup=lookup))
    assert public.SECONDS == 10.0
