"""Names that must never be posted: people who would be in danger.

In: names, as somebody types them at a prompt or in a file. Out: a list that can be asked whether a text has one of them,
in any Russian case, in Cyrillic or in Latin letters, and that cannot be read back: it keeps keyed hashes of stems. Bytes
only: `accounts.files` keeps them, mode 0600, and the key beside them.
"""

from __future__ import annotations

import hmac
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import permutations

from clarion.campaign import stems
from clarion.errors import CampaignError

#: In the campaign's folder of secrets on this machine.
LIST_FILE, KEY_FILE = "denied.json", "denied.key"
KEY_BYTES = 32
#: Words of one name: a name, a father's name, a family's name, and one to spare.
_LONGEST = 5
_SHORTEST = 3
_MOST = 10_000


#: One name: for each of its words the hashes of the stems it may be read as.
Name = tuple[frozenset[str], ...]


@dataclass(frozen=True)
class Denied:
    """The list, and the key its hashes are made with."""

    key: bytes
    names: tuple[Name, ...] = ()

    def __repr__(self) -> str:
        return f"<{len(self.names)} names that are never posted>"

    def __len__(self) -> int:
        return len(self.names)

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """The places of names in a text, in any order of their words."""
        if not self.names:
            return
        words = stems.words(unicodedata.normalize("NFC", text))
        hashes = {word: self._hashes(stems.of_word(word)) & self._all for word, _, _ in words}
        for size, names in self._by_size.items():
            for first in range(len(words) - size + 1):
                window = words[first : first + size]
                said = [hashes[word] for word, _, _ in window]
                if all(said) and any(_is(said, name) for name in names):
                    yield window[0][1], window[-1][2]

    def adding(self, names: Iterable[str]) -> Denied:
        """The list with more names. CampaignError for what is no name."""
        return Denied(self.key, tuple(dict.fromkeys((*self.names, *map(self._name, names)))))

    def dumps(self) -> bytes:
        """As a file keeps it."""
        return json.dumps(
            {"names": [[sorted(word) for word in name] for name in self.names]}, indent=1
        ).encode()

    @classmethod
    def loads(cls, content: bytes | None, key: bytes | None) -> Denied:
        """The list of a file and its key; an empty one where there is none. CampaignError when they are damaged."""
        if content is None:
            return cls(key or b"")
        try:
            names = tuple(
                tuple(frozenset(map(str, word)) for word in name) for name in json.loads(content)["names"]
            )
        except (ValueError, KeyError, TypeError):
            names = None
        if names is None or (names and (key is None or len(key) != KEY_BYTES)):
            # Without it a dangerous name would pass unseen: nothing goes on.
            raise CampaignError(
                f"the list of names that are never posted is damaged, or its key is lost ({LIST_FILE}, {KEY_FILE})",
                "bring both back from a backup, or give the names again: clarion people deny --anew",
            ) from None
        return cls(key or b"", names)

    def _name(self, name: str) -> Name:
        said = [word for word, _, _ in stems.words(unicodedata.normalize("NFC", name))]
        if not 1 <= len(said) <= _LONGEST or max(map(len, said)) < _SHORTEST:
            raise CampaignError(
                f"a name has one to {_LONGEST} words of letters",
                "give one name at a time, as in: Maria Petrova",
            )
        return tuple(self._hashes(stems.of_name(word)) for word in said)

    def _hashes(self, found: Iterable[str]) -> frozenset[str]:
        return frozenset(hmac.new(self.key, stem.encode(), sha256).hexdigest() for stem in found)

    @cached_property
    def _by_size(self) -> dict[int, list[Name]]:
        sizes: dict[int, list[Name]] = {}
        for name in self.names:
            sizes.setdefault(len(name), []).append(name)
        return sizes

    @cached_property
    def _all(self) -> frozenset[str]:
        return frozenset(each for name in self.names for word in name for each in word)


NOBODY = Denied(b"")


def names_in(written: str) -> list[str]:
    """The names of a file: one on a line; empty lines and lines that begin with # are none."""
    lines = (line.strip() for line in re.split(r"[\r\n]+", written))
    names = [line for line in lines if line and not line.startswith("#")]
    if len(names) > _MOST:
        raise CampaignError(f"these are {len(names):,} names", "give those who are in danger, not a census")
    return names


def _is(said: list[frozenset[str]], name: Name) -> bool:
    """Whether these words are that name, in some order."""
    return any(all(map(frozenset.intersection, said, order)) for order in permutations(name))
