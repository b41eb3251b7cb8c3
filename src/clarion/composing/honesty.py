"""An honest amplifier: whether two texts are alike, and what that means for the accounts that say them. Pure.

In: frozen payloads, and what was said before. Out: fingerprints, which are the same in every process and version, and
findings. Likeness is the Jaccard index of 5-character shingles of the words alone, in one form for all ways to spell them.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import blake2b, shake_128

from clarion.campaign.checks import found
from clarion.campaign.skeleton import folded, skeleton
from clarion.model import Account, Finding, Payload
from clarion.outbox.limits.fingerprints import REACH, Fingerprint, Said

#: In characters.
SHINGLE = 5
#: From here on two texts are alike.
ALIKE = 0.8
#: The same text on one account needs a reason, and later still a look.
REASON, LOOK = timedelta(days=7), timedelta(days=30)

# Two texts with likeness s share a band with probability p = s⁴, and two of twenty, which is what makes a candidate, with
# 1 - (1 - p)²⁰ - 20 p (1 - p)¹⁹: 0.9996 at 0.8, 0.012 at 0.3, 0.000002 at 0.1. One of twenty would be 0.15 at 0.3.
_BANDS, _ROWS = 20, 4
_HASHES = _BANDS * _ROWS
#: So many shingles are hashed at a time: memory stays small however long the text is.
_SOME = 512

_LINK = re.compile(r"(?:https?://|(?<!\w)www\.)\S+")
_TAG = re.compile(r"[#＃]\w+")
_WORD = re.compile(r"[^\W\d_]+")
_SPACED = re.compile(r"\b(?:[^\W\d_] ){2,}[^\W\d_]\b")
#: A text of more tags than any post has says what it says in tags.
_TAGS = 4


def words(payload: Payload) -> str:
    """What a post says: its words in small plain letters, however it spells them. A warning in the text does not count.

    Of a text that is all links, tags and digits the links and digits stay; "" when there is nothing but tags.
    """
    first, *rest = [part.text for part in payload.parts]
    whole = "\n".join([first.removeprefix(payload.warning or ""), *rest])
    said = _without_links(whole)
    said = skeleton(said).small if len(_TAG.findall(said)) > _TAGS else folded(_TAG.sub(" ", said)).small
    letters = " ".join(_WORD.findall(said))
    if not letters:
        return " ".join(_TAG.sub("", folded(whole).small).split())
    return _SPACED.sub(lambda apart: apart[0].replace(" ", ""), letters)


def shingles(text: str) -> frozenset[int]:
    """The hashes (32 bits) of a text's shingles; a text that is shorter is one."""
    return _sketch(text)[0]


def jaccard(one: frozenset[int], other: frozenset[int]) -> float:
    """What two sets have in common, of all that they have: 0 to 1."""
    both = len(one & other)
    return both / (len(one) + len(other) - both) if both else 0.0


def minhash(text: str) -> tuple[int, ...]:
    """The least hash of any shingle, for each of 80 ways to hash: equal in as many places as two texts are alike."""
    return _sketch(text)[1]


def fingerprint(payload: Payload, network: str) -> Fingerprint | None:
    """What is kept of a post; None when it says nothing. Only those of one network ever have a band in common.

    Whatever language they say they are in: the same words are in the same one.
    """
    said = words(payload)
    if not said:
        return None
    return sketched(*_sketch(said), network=network, language=payload.language)


def sketched(names: frozenset[int], least: Sequence[int], *, network: str, language: str) -> Fingerprint:
    """The fingerprint of a text with these shingles and least hashes."""
    return Fingerprint(
        language=language,
        shingles=names,
        bands=tuple(_band(least[row : row + _ROWS], f"{network} {row}") for row in range(0, _HASHES, _ROWS)),
    )


def judge(mark: Fingerprint, account: Account, due: datetime, said: Iterable[Said]) -> list[Finding]:
    """What a post is found to repeat, of what was said on its network; the nearest in time of each kind."""
    alike = sorted(
        (each for each in said if jaccard(mark.shingles, each.shingles) >= ALIKE),
        key=lambda each: abs(each.due - due),
    )
    where = f"{account.name}, {mark.language}"
    elsewhere = [each for each in alike if each.account != account.name and abs(each.due - due) <= REACH]
    here = [each for each in alike if each.account == account.name]
    findings = [_second_account(each, due, where) for each in elsewhere[:1]]
    return [*findings, *_repeated(here, due, where)]


def _second_account(said: Said, due: datetime, where: str) -> Finding:
    return found(
        "alike-account",
        where=where,
        why=f"{_which(said)} says nearly the same on {said.account}, {_apart(said.due, due)}:"
        " two accounts of one network never do.",
        mend="Say it in other words, or leave this account out: name the others with --to.",
    )


def _repeated(here: Sequence[Said], due: datetime, where: str) -> list[Finding]:
    if not here or abs(here[0].due - due) > LOOK:
        return []
    why = f"{_which(here[0])} says nearly the same on this account, {_apart(here[0].due, due)}."
    if abs(here[0].due - due) > REASON:
        mend = "Other words are read again, and so is a later time (--at)."
        return [found("repeat-30", where=where, why=why, mend=mend)]
    mend = 'Say it in other words or at a later time (--at), or say why it is right: --because "…"'
    return [found("repeat-7", where=where, why=why, mend=mend)]


def _which(said: Said) -> str:
    return "A post" if said.number is None else f"#{said.number}"


def _apart(other: datetime, due: datetime) -> str:
    days = abs(other - due).days
    if not days:
        return "within a day"
    return f"{days} day{'' if days == 1 else 's'} {'before' if other < due else 'after'}"


# ── shingles ──────────────────────────────────────────────────────────────────────────────────────────────────


def _without_links(text: str) -> str:
    """Without addresses, also those that people write without https://."""
    return " ".join(token for token in _LINK.sub(" ", text).split() if not _is_bare_link(token))


def _is_bare_link(token: str) -> bool:
    host, slash, _ = token.partition("/")
    return bool(slash) and "." in host


@lru_cache(
    maxsize=32
)  # a text goes to several networks, and is compared twice: when it is shown and when it is queued
def _sketch(text: str) -> tuple[frozenset[int], tuple[int, ...]]:
    pieces = list({text[at : at + SHINGLE] for at in range(max(1, len(text) - SHINGLE + 1))})
    names: set[int] = set()
    least: tuple[int, ...] = ()
    for start in range(0, len(pieces), _SOME):
        name, *columns = zip(*map(_hashes, pieces[start : start + _SOME]), strict=True)
        names.update(name)
        least = tuple(map(min, columns)) if not least else tuple(map(min, least, map(min, columns)))
    return frozenset(names), least


def _hashes(piece: str) -> tuple[int, ...]:
    """A shingle's name, and its place in each of the orders. SHAKE gives as many bits as are asked for."""
    return struct.unpack(f"<{1 + _HASHES}I", shake_128(piece.encode()).digest(4 * (1 + _HASHES)))


def _band(rows: Sequence[int], scope: str) -> int:
    """One number for a few places of a sketch, as a database keeps it: 64 bits with a sign."""
    packed = struct.pack(f"<{len(rows)}I", *rows) + scope.encode()
    return int.from_bytes(blake2b(packed, digest_size=8).digest(), "little", signed=True)
