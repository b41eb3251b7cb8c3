"""What addresses carry that follows people: parameters that say who passed a link on, and by which campaign.

In: a text, or an address. Out: the text without them, and the stretches that were taken out. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from clarion.campaign.domains import links
from clarion.campaign.rendering.marks import Span, like

_NAMES = re.compile(
    r"utm_\w+|fbclid|gclid|gclsrc|dclid|wbraid|gbraid|msclkid|yclid|ysclid|ymclid|twclid|ttclid|igshid|igsh|mc_[ce]id|"
    r"_hsenc|_hsmi|hsCtaTracking|mkt_tok|vero_id|oly_(?:anon|enc)_id|wickedid|s_cid|ref_src|ref_url|__twitter_impression|"
    r"_openstat|at_campaign|at_medium|ns_campaign|ns_mchannel|ncid|cmpid|rb_clickid|spm|share_id|fb_(?:action|source)_?\w*",
    re.IGNORECASE,
)
#: What stands between two of a list.
_BETWEEN = re.compile(r"[&;?]")
#: On these hosts a short name means it; elsewhere "si" or "s" may be what the page needs.
_ON_HOST = {
    "youtube.com": {"si", "feature", "pp"},
    "youtu.be": {"si", "feature", "pp"},
    "x.com": {"s", "t"},
    "twitter.com": {"s", "t"},
    "open.spotify.com": {"si"},
    "instagram.com": {"img_index_src"},
}


def follows(address: str) -> list[str]:
    """The names of what follows readers in one address."""
    return [unquote(address[start:end].strip("?&;#").partition("=")[0]) for start, end in _found(address)]


def stretches(text: str) -> list[tuple[int, int]]:
    """Where a text has to be cut, in order."""
    return [
        (link.start + start, link.start + end) for link in links(text) for start, end in _found(link.address)
    ]


def without(text: str, cuts: list[tuple[int, int]]) -> str:
    """The text without these stretches."""
    pieces, at = [], 0
    for start, end in cuts:
        pieces.append(text[at:start])
        at = end
    return "".join(pieces) + text[at:]


def moved(span: Span, cuts: list[Span]) -> Span:
    """A span of the text as it stands after the cuts."""
    start, end = (
        place - sum(min(place, stop) - first for first, stop in cuts if first < place) for place in span
    )
    return like(span, start, end)


def _found(address: str) -> list[Span]:
    """The stretches of one address to take out: each with the mark behind it, or with the one before it when it is last."""
    host = address.partition("://")[2].partition("/")[0].casefold()
    local = _ON_HOST.get(host.partition(":")[0].removeprefix("www.").removeprefix("m."), set())
    return [cut for begins, ends in _lists(address) for cut in _cuts(address, begins, ends, local)]


def _lists(address: str) -> Iterator[Span]:
    """Where an address lists names and values: behind a ";" of its path, behind the "?", behind the "#"."""
    path = address.find("://") + 3
    marks = [place for mark in ";?#" if (place := address.find(mark, path)) >= 0]
    fragment = address.find("#", path)
    query = address.find("?", path, fragment if fragment >= 0 else len(address))
    ends = sorted(place for place in (query, fragment, len(address)) if place >= 0)
    for place in sorted({min(marks), query, fragment} if marks else ()):
        if place >= 0:
            yield place, next(end for end in ends if end > place)


def _cuts(address: str, begins: int, ends: int, local: set[str]) -> list[Span]:
    pieces, at = [], begins + 1
    for piece in _BETWEEN.split(address[begins + 1 : ends]):
        name = unquote(piece.partition("=")[0])
        pieces.append((at, at + len(piece), bool(_NAMES.fullmatch(name)) or name in local))
        at += len(piece) + 1
    if not any(bad for _, _, bad in pieces):
        return []
    if all(bad for _, _, bad in pieces):
        return [(begins, ends)]
    last_good = max(number for number, (_, _, bad) in enumerate(pieces) if not bad)
    return [
        (start, stop + 1) if number < last_good else (start - 1, stop)
        for number, (start, stop, bad) in enumerate(pieces)
        if bad
    ]
