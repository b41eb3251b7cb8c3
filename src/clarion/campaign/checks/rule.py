"""What a check is made of: the passage it reads, what the campaign measures by, what it remarks, and the rule itself.

Plain data. A rule's function is pure: passage and standards in, remarks out. Its id, its class and why it exists stand
in one place, the table of `table.py`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from typing import Literal

from clarion import networks
from clarion.campaign import domains
from clarion.campaign.denied import NOBODY, Denied
from clarion.campaign.domains import KNOWN, Link

Span = tuple[int, int]
Level = Literal["never", "reason", "look"]
#: What of a post a passage is. "seam": where one part goes over into the next. "post": all its parts together.
Kind = Literal["part", "seam", "warning", "alt", "post"]

#: The tags of this campaign, when nothing else is configured.
TAGS = ("#EyesOnChechnya", "#CloseTheCamps")


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A text of a post as it would appear, and what a rule may ask about it. Places are in characters of `text`."""

    text: str
    where: str
    language: str
    kind: Kind = "part"
    network: str | None = None
    vouched: tuple[Span, ...] = ()  # what a ledger or a date filter printed
    file: str = ""  # of an alt text: the picture's name
    source: str | None = None
    gives: bool = (
        False  # its post makes a call to give: the ledger answers for who gets it, and for its links
    )
    grounded: bool = False  # its words are from a ledger, or somebody's own: they need name no further source


@dataclass(frozen=True, slots=True, kw_only=True)
class Standards:
    """What this campaign measures a text by, beside the rules."""

    denied: Denied = NOBODY
    domains: frozenset[str] = KNOWN
    figures: frozenset[str] = frozenset()  # stems of the names of public figures
    tags: tuple[str, ...] = TAGS
    handles: frozenset[str] = field(default_factory=frozenset)  # the campaign's own accounts, casefolded


@dataclass(frozen=True, slots=True)
class Remark:
    """What a rule found: one sentence, and the edit or command that mends it."""

    why: str
    mend: str | None = None


Find = Callable[[Passage, Standards], Iterable[Remark]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. `find` is None where the answer is not in the text: composing, the ledger or the outbox finds it."""

    id: str
    level: Level
    why: str  # one sentence, for the person who met it
    find: Find | None = None
    of: frozenset[Kind] = frozenset({"part", "warning", "alt"})


@lru_cache(maxsize=4)
def links(text: str) -> tuple[Link, ...]:
    """The links of a text, in order. Every second rule asks for those of the same text, one after the other."""
    return tuple(domains.links(text))


@lru_cache(maxsize=4)
def live(text: str, network: str | None) -> tuple[Link, ...]:
    """All that a reader can follow: the links of a text, and those to other hosts that the network makes besides."""
    found = links(text)
    if network is None:
        return found
    seen = {link.host for link in found}
    besides = [link for link in _made(text, network) if link.host not in seen]
    return tuple(sorted((*found, *besides), key=lambda link: link.start))


def _made(text: str, network: str) -> Iterator[Link]:
    """The links as the network itself finds them, their places counted in characters."""
    raw, read, start = text.encode(), 0, 0
    for facet in networks.text(network).facets(text):
        start += len(raw[read : facet.start].decode())
        read = facet.start
        if facet.kind == "link":
            end = start + len(raw[facet.start : facet.end].decode())
            yield Link(start, end, facet.value, domains.host_of(facet.value))


class Spans:
    """Spans of a text, ordered once: a pasted text may have thousands of links, and ask of every word."""

    def __init__(self, spans: Iterable[Span]) -> None:
        ordered = sorted(spans)
        self._starts = [start for start, _ in ordered]
        self._ends = list(accumulate((end for _, end in ordered), max))

    def hold(self, place: Span) -> bool:
        """Whether a place lies wholly in one of them."""
        before = bisect_right(self._starts, place[0])
        return before > 0 and place[1] <= self._ends[before - 1]
