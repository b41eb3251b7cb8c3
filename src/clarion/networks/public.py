"""Somebody else's page or picture, read once: bounded in time, bytes and redirects, and never from a private network.

In: an address that stands in a post, the account's proxy, and where a request may go at all. Out: an `Answer`, or
`Unread` with the reason as the end of a sentence. Whoever can make somebody post a link must not be able to make
Clarion ask the router, a cloud's metadata or another machine behind the firewall.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from queue import Empty, SimpleQueue
from urllib.parse import urljoin, urlsplit

import requests

from clarion.clock import Deadline
from clarion.networks.http import DeadlineExceeded, Session

#: All of it, with every redirect, takes no longer: somebody waits for the preview.
SECONDS = 10.0
_MAX_REDIRECTS = 3
#: Longer addresses are no addresses of pages.
_LONGEST = 2_048

_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
#: A name of the public DNS: labels and dots, and an ending that is no number. 127.1, 2130706433 and 0x7f000001 are none.
_NAME = re.compile(rf"(?=.{{4,253}}\Z)(?:{_LABEL}\.)+(?![0-9])[a-z0-9-]{{2,63}}\.?", re.IGNORECASE)
#: Endings of names that only a private network knows (RFC 6761, 6762, 8375; ICANN's reserved "internal").
_PRIVATE = frozenset(
    {"localhost", "local", "localdomain", "internal", "intranet", "lan", "home", "corp", "arpa"}
)
#: Ranges that carry an IPv4 address in its last 32 bits (RFC 4291, 6052).
_CARRY_IPV4 = tuple(map(IPv6Network, ("::ffff:0:0/96", "64:ff9b::/96")))
#: What some Pythons call global, and is not: addresses "compatible" with IPv4 and translated ones (RFC 4291, 2765), a
#: network's own translation (RFC 8215), documentation (RFC 9637), relays that nobody keeps any more (RFC 7526).
_NOT_GLOBAL = tuple(
    map(ip_network, ("::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "3fff::/20", "192.88.99.0/24"))
)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

Address = IPv4Address | IPv6Address


class Unread(Exception):
    """A page that was not read; the message says why, as the end of a sentence."""


def is_public(address: Address) -> bool:
    """Whether an address is of the public internet; one that carries another inside is what both are."""
    if any(address in each for each in _NOT_GLOBAL):
        return False
    if isinstance(address, IPv6Address):
        inner = _carried(address)
        if inner is not None:
            return is_public(inner)
        if address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def looked_up(host: str, port: int) -> Sequence[str]:
    """The addresses that this machine's resolver gives a name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Where a request may go. As it stands: to public addresses, by https and its own port.

    An http address is asked by https, for what comes over plain http may be anybody's words.
    """

    secure: bool = True
    lookup: Callable[[str, int], Sequence[str]] = looked_up
    allows: Callable[[Address], bool] = is_public

    def dial(self, host: str, port: int, seconds: float) -> socket.socket:
        """Connect to an address that was looked up and judged just now: nobody can change it in between.

        One private address among several refuses the name: a server that answers so is up to something.
        """
        deadline = Deadline(seconds)
        addresses = self.lookup(host, port)
        if not addresses or not all(self.allows(_parsed(each)) for each in addresses):
            raise _Private
        for number, address in enumerate(addresses, 1):
            try:
                return socket.create_connection((address, port), timeout=max(deadline.left, 0.001))
            except OSError:
                if number == len(addresses) or deadline.left <= 0:
                    raise
        raise AssertionError("unreachable")

    def proper(self, url: str) -> str:
        """The address as it is asked for. Unread where it names no page of the public web.

        Through a proxy this is all that can be checked: names are looked up behind it (socks5h://), where this machine's
        private addresses mean nothing, and it may not look them up itself, for that would tell who asks.
        """
        try:
            url = requests.Request("GET", url).prepare().url or ""
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except (ValueError, requests.RequestException) as error:
            raise Unread("its address cannot be read") from error
        if len(url) > _LONGEST or parts.scheme not in ("http", "https") or "\\" in url:
            raise Unread("its address is none of a page")
        if not _NAME.fullmatch(host) or host.rstrip(".").rpartition(".")[2] in _PRIVATE:
            raise Unread("its address is none of a public site")
        if parts.username is not None or parts.password is not None:
            raise Unread("its address carries a password")
        if not self.secure:
            return url
        if port not in (None, 443 if parts.scheme == "https" else 80):
            raise Unread(f"its address names port {port}")
        return parts._replace(scheme="https", netloc=host).geturl()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server gave. `body` may be the beginning only; then it is not `whole`."""

    url: str  # after redirects
    mime: str
    charset: str | None
    body: bytes
    whole: bool


def get(
    url: str,
    *,
    kinds: tuple[str, ...],
    most: int,
    proxy: str | None = None,
    reach: Reach | None = None,
    seconds: float = SECONDS,
) -> Answer:
    """What stands at an address: of one of these kinds ("text/html", "image/"), and no more bytes than `most`.

    Raises Unread, whatever the server does.
    """
    asked = _Asked(kinds=kinds, most=most, proxy=proxy, reach=reach or Reach(), deadline=Deadline(seconds))
    answers: SimpleQueue[Answer | Unread] = SimpleQueue()
    # Name servers and handshakes can be slow in ways that no timeout ends: nobody waits for them longer than this.
    reader = threading.Thread(target=lambda: answers.put(_answer(url, asked)), daemon=True)
    reader.start()
    try:
        answer = answers.get(timeout=seconds + 1)
    except Empty:
        raise _too_slow() from None
    reader.join(1)  # a process with a second thread renders without its child
    if isinstance(answer, Unread):
        raise answer
    return answer


class _Private(OSError):
    """A name leads into a private network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    kinds: tuple[str, ...]
    most: int
    proxy: str | None
    reach: Reach
    deadline: Deadline

    def wants(self, answer: requests.Response) -> bool:
        return answer.status_code == 200 and _mime(answer).startswith(self.kinds) and _unpacks(answer)


def _answer(url: str, asked: _Asked) -> Answer | Unread:
    try:
        with Session(loopback_only=False, proxy=asked.proxy, dial=asked.reach.dial) as session:
            return _followed(url, asked, session)
    except Unread as why:
        return why
    except DeadlineExceeded:
        return _too_slow()
    except Exception as error:  # noqa: BLE001  what a stranger's server does must never end a campaign's command
        return Unread(_why(error))


def _followed(url: str, asked: _Asked, session: Session) -> Answer:
    for _ in range(_MAX_REDIRECTS + 1):
        url = asked.reach.proper(url)
        session.seconds = max(asked.deadline.left, 0.001)
        head, body = session.read(
            url, most=asked.most, wanted=asked.wants, accept=", ".join(map(_accepted, asked.kinds))
        )
        if head.status_code not in _REDIRECTS:
            return _judged(url, head, body, asked)
        url = urljoin(url, session.get_redirect_target(head) or url)
    raise Unread(f"it sends readers on more than {_MAX_REDIRECTS} times")


def _judged(url: str, head: requests.Response, body: bytes, asked: _Asked) -> Answer:
    if head.status_code != 200:
        raise Unread(f"it answers {head.status_code}")
    if not _mime(head).startswith(asked.kinds):
        raise Unread(f"it is of the kind {_mime(head)[:40] or 'unknown'}")
    if not _unpacks(head):
        raise Unread("it comes packed in a way that was not asked for")
    whole = len(body) <= asked.most
    charset = requests.utils.get_encoding_from_headers(head.headers) if "charset" in _kind(head) else None
    return Answer(url=url, mime=_mime(head), charset=charset, body=body[: asked.most], whole=whole)


def _kind(head: requests.Response) -> str:
    return head.headers.get("Content-Type", "").casefold()


def _mime(head: requests.Response) -> str:
    return _kind(head).partition(";")[0].strip()


def _unpacks(head: requests.Response) -> bool:
    """Whether its body can be unpacked piece by piece: a bomb packed twice could not."""
    return head.headers.get("Content-Encoding", "identity").strip().casefold() in ("identity", "gzip")


def _accepted(kind: str) -> str:
    return f"{kind}*" if kind.endswith("/") else kind


def _too_slow() -> Unread:
    return Unread("it does not answer in time")


def _why(error: BaseException) -> str:
    """Why a request failed, as people need it. Nothing of the error's own words, which may name a proxy."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, _Private):
            return "its name leads into a private network"
        if isinstance(seen, requests.exceptions.SSLError):
            return "its certificate is not valid"
        seen = _cause(seen)
    return "it cannot be reached" if isinstance(error, requests.RequestException) else "it cannot be read"


def _cause(error: BaseException) -> BaseException | None:
    inner = error.args[0] if error.args and isinstance(error.args[0], BaseException) else None
    return error.__cause__ or error.__context__ or getattr(inner, "reason", None) or inner


def _carried(address: IPv6Address) -> IPv4Address | None:
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if not any(address in each for each in _CARRY_IPV4):
        return None
    return IPv4Address(int(address) & 0xFFFF_FFFF)


def _parsed(address: str) -> Address:
    return ip_address(address.partition("%")[0])  # fe80::1%eth0
