"""Takes this process's secrets out of whatever is written: errors, logs, tracebacks, what a terminal shows.

In: every secret value as soon as it is known (`remember`), and any text (`clean`, `without_known`). Out: the text without
them, however they are spelled. Stands below everything, so that an error is clean from its making on: its message may hold
a server's words, goes into the outbox, and a server may send back what it was sent. Imports nothing before it is used.
"""

from __future__ import annotations

from _thread import allocate_lock  # what `threading` makes of it costs an import in every idle run
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from re import Pattern

STANDS_FOR = "[secret]"
#: What is shorter cannot be told from ordinary words. X's PIN has seven digits.
LEAST = 7
#: A short value of letters alone may be a word of ours ("clarion"): only where it stands as a password is it taken out.
_LEAST_OF_LETTERS = 12
#: A secret cut short at the end of a text is known by so many characters of it.
_LEAST_CUT = 12
#: The oldest are forgotten: a worker that runs for months is given new tokens every two hours.
_MOST = 500


class _Known:
    """Each secret value with its spellings, the last remembered at the end.

    Accounts go side by side in threads: whoever reads has a whole set, which nobody changes any more.
    """

    def __init__(self) -> None:
        self._lock = allocate_lock()
        self._spelled: dict[str, tuple[str, ...]] = {}
        self.spellings: tuple[str, ...] = ()

    def add(self, value: str) -> None:
        with self._lock:
            spelled = dict(self._spelled)
            spelled[value] = spelled.pop(value, ()) or _spellings(value)
            while len(spelled) > _MOST:
                del spelled[next(iter(spelled))]
            self._spelled = spelled
            self.spellings = tuple(each for spellings in spelled.values() for each in spellings)


_FIELDS = (
    "access_?token|refresh_?token|client_secret|code_verifier|consumer_(?:key|secret)|app_password|password|accessJwt"
    "|refreshJwt|oauth_(?:token|token_secret|verifier|signature|consumer_key|nonce)"
)
_SHAPES = (
    # Authorization: Bearer … · 'Cookie': '…' · b'Authorization': b'…'
    (
        (
            r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)\b([\"']?\s*[:=]\s*)"
            r"(b?\"[^\"\n]*\"|b?'[^'\n]*'|[^\n]+)"
        ),
        rf"\1\2{STANDS_FOR}",
    ),
    (r"(?i)\b(Bearer|Basic|DPoP)\s+[A-Za-z0-9._~+/=-]{12,}", rf"\1 {STANDS_FOR}"),
    (r"\bOAuth\s+oauth_[^\n]*", f"OAuth {STANDS_FOR}"),
    (r"://([^\s/:@]*):[^\s/@]+@", rf"://\1:{STANDS_FOR}@"),
    (r"\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?", STANDS_FOR),  # a signed token (RFC 7519)
    # access_token=… · "client_secret": "…"
    (rf"(?i)\b({_FIELDS})\b(=|[\"']\s*:\s*[\"'])([^\s\"'&,;)}}}}]{{6,}})", rf"\1\2{STANDS_FOR}"),
)
_shapes: list[tuple[Pattern[str], str]] = []
_known = _Known()


def remember(*values: str | None) -> None:
    """These are secrets of this process from now on."""
    for value in values:
        plain = (value or "").strip()
        if len(plain) < LEAST or (plain.isalpha() and len(plain) < _LEAST_OF_LETTERS):
            continue
        _known.add(plain)


def remember_password(url: str | None) -> None:
    """The password in an address, of a proxy or a database, is a secret of this process from now on."""
    from urllib.parse import unquote, urlsplit

    try:
        password = urlsplit(url or "").password
    except ValueError:
        return
    remember(password, unquote(password or ""))


def clean(text: str) -> str:
    """A text of any origin, without our secrets and without whatever has the shape of one."""
    text = _without_cut(without_known(text))
    for shape, instead in _known_shapes():
        text = shape.sub(instead, text)
    return text


def without_known(text: str) -> str:
    """A text of our own, without our secrets. An address to open in a browser keeps what it needs."""
    for spelling in _known.spellings:
        if spelling in text:
            text = text.replace(spelling, STANDS_FOR)
    return text


def _without_cut(text: str) -> str:
    """A secret's beginning, at the end of a text that was cut short."""
    whole = text.rstrip("….")
    for spelling in _known.spellings:
        at = whole.rfind(spelling[:_LEAST_CUT]) if len(spelling) > _LEAST_CUT else -1
        # X's tokens begin with the account's number, which is public.
        if at >= 0 and spelling.startswith(whole[at:]) and not whole[at:].isdigit():
            return whole[:at] + STANDS_FOR
    return text


def _spellings(value: str) -> tuple[str, ...]:
    """As it is, as addresses, forms, JSON, Python and HTML write it, and in base64; the longest first."""
    import html
    import json
    import re
    from urllib.parse import quote, quote_plus

    quoted = quote(value, safe="")
    spelled = {value, quoted, quote(value), quote_plus(value), quote(quoted, safe=""), html.escape(value)}
    spelled |= {json.dumps(value)[1:-1], repr(value)[1:-1], repr(value.encode())[2:-1]}
    spelled.add(re.sub("%..", lambda escape: escape[0].lower(), quoted))
    return tuple(sorted(spelled | _in_base64(value.encode()), key=len, reverse=True))


def _in_base64(value: bytes) -> set[str]:
    """Its inner characters in base64, wherever it begins in what was encoded: "user:password", a cookie, a whole body."""
    from base64 import b64encode

    found = set()
    for before in range(3):
        whole = b64encode(b"\0" * before + value).decode().rstrip("=")
        after = (before + len(value)) % 3
        inner = whole[(0, 2, 3)[before] : len(whole) - (1 if after else 0)]
        found |= {inner, inner.replace("+", "-").replace("/", "_")}
    return {inner for inner in found if len(inner) >= LEAST}


def _known_shapes() -> list[tuple[Pattern[str], str]]:
    """What a secret looks like that nobody remembered: (where, what stands there instead)."""
    if not _shapes:
        import re

        _shapes[:] = [(re.compile(shape), instead) for shape, instead in _SHAPES]
    return _shapes
