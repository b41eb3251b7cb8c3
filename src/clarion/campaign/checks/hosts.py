"""Where links lead: hosts that look like others, hosts nobody decided on, links that hide or follow their readers.

In: a passage and the hosts the campaign knows. Out: remarks.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import regex

from clarion.campaign.checks.rule import Passage, Remark, Spans, Standards, live
from clarion.campaign.domains import Link, known, plain
from clarion.campaign.rendering.marks import of_calls
from clarion.campaign.tracking import follows
from clarion.errors import CampaignError

#: Characters of a host, by RFC 1035, and of one that is longer those that are shown.
_LONGEST, _SHOWN = 253, 40
#: They lead anywhere, and count who came.
SHORTENERS = frozenset(
    {
        *(
            "bit.ly",
            "buff.ly",
            "clck.ru",
            "cutt.ly",
            "dlvr.it",
            "goo.gl",
            "ift.tt",
            "is.gd",
            "lnkd.in",
            "ow.ly",
            "rb.gy",
        ),
        *(
            "rebrand.ly",
            "shorturl.at",
            "t.co",
            "t.ly",
            "tiny.cc",
            "tinyurl.com",
            "trib.al",
            "u.to",
            "v.gd",
            "vk.cc",
        ),
    }
)
_SCRIPTS = {
    "Latin": regex.compile(r"\p{Latin}"),
    "Cyrillic": regex.compile(r"\p{Cyrillic}"),
    "Greek": regex.compile(r"\p{Greek}"),
    "Armenian": regex.compile(r"\p{Armenian}"),
    "Georgian": regex.compile(r"\p{Georgian}"),
    "Cherokee": regex.compile(r"\p{Cherokee}"),
    "other": regex.compile(r"(?=\p{L})[^\p{Latin}\p{Cyrillic}\p{Greek}\p{Armenian}\p{Georgian}\p{Cherokee}]"),
}
#: Letters of other scripts that nobody can tell from a Latin one.
_TWINS = frozenset("авеикмнорстухѕіјһԁԛԝӏьԍзα" + "βγικνορτυχωϲϳέόά")


def false_host(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """A host that looks like another one: scripts mixed in a name, a twin of a Latin name, a mask before an @."""
    for link in live(passage.text, passage.network):
        if why := _false(link):
            yield Remark(
                f'"{link.host or link.address}" {why}', "Type the address by hand, from a page you trust."
            )


def unknown_domain(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """A link to a place that nobody of the campaign has decided on. A call's own link was decided on in the ledger."""
    vouched = Spans(of_calls(passage.vouched))
    hosts = {
        link.host
        for link in live(passage.text, passage.network)
        if link.host and not vouched.hold((link.start, link.end)) and not _false(link)
    }
    for host in sorted({_plain(host).removeprefix("www.") for host in hosts}):
        if not _known(host, standards.domains):
            yield Remark(
                f"Nobody has decided yet that links may lead to {host}.", f"clarion links allow {host}"
            )


def shortener(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """A shortened link: nobody sees where it leads, and somebody counts who follows it."""
    for link in live(passage.text, passage.network):
        if _known(link.host, SHORTENERS):
            yield Remark(
                f"{link.host} hides where the link leads and counts who follows it.",
                "Write the whole address.",
            )


def tracking(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """What in an address tells its owner who passed it on. Composing takes it out of what goes to the networks."""
    for link in live(passage.text, passage.network):
        if names := follows(link.address):
            shown = ", ".join(names)
            yield Remark(
                f"The link to {link.host} carried {shown}, which follows readers; it is taken out.",
                "Copy addresses without what stands behind the question mark.",
            )


def require_honest(host: str) -> None:
    """Raise CampaignError for a host that looks like another one: allowed once, it would be trusted for ever."""
    if why := _unlike(host):
        raise CampaignError(
            f"“{_written(host)}” ({host}) {why.rstrip('.')}",
            "type the address by hand, from a page you trust",
        )


def _false(link: Link) -> str | None:
    """Why a host is not what it seems; None for an honest one."""
    if "@" in link.address.partition("://")[2].partition("/")[0] or "\\" in link.address:
        return "hides its true host behind another one."
    return _unlike(link.host)


@lru_cache(maxsize=2_000)
def _unlike(host: str) -> str | None:
    """Why the letters of a host are not what they seem. Every rule asks, and a text says the same host often."""
    host = _written(host)
    if unicodedata.normalize("NFKC", host) != host:
        return "is written with look-alike characters."
    labels = host.split(".")
    for label in labels:
        scripts = [name for name, letters in _SCRIPTS.items() if letters.search(label)]
        if len(scripts) > 1:
            return f"mixes {' and '.join(scripts)} letters in one name."
        letters = {letter for letter in label.casefold() if letter.isalpha()}
        if letters and letters <= _TWINS and labels[-1].isascii():
            return "looks like a name in Latin letters and is not."
    return None


@lru_cache(maxsize=2_000)
def _known(host: str, domains: frozenset[str]) -> bool:
    return len(host) <= _LONGEST and known(host, domains)


@lru_cache(maxsize=2_000)
def _plain(host: str) -> str:
    """A host as the wire has it. No name server has a longer one, and that one is shown by its beginning."""
    return plain(host) if len(host) <= _LONGEST else f"{host[:_SHOWN]}…"


def _written(host: str) -> str:
    """A host with the letters that a browser may show for it."""
    if "xn--" not in host.casefold():
        return host
    try:
        return ".".join(
            label[4:].encode("ascii").decode("punycode") if label.casefold().startswith("xn--") else label
            for label in host.split(".")
        )
    except UnicodeError:
        return host
