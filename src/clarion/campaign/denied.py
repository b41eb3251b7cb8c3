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
from itertools import combinations, permutations
from urllib.parse import unquote

from clarion.campaign import domains, stems
from clarion.campaign.skeleton import skeleton
from clarion.errors import CampaignError

#: In the campaign's folder of secrets on this machine.
LIST_FILE, KEY_FILE = "denied.json", "denied.key"
KEY_BYTES = 32
#: Words of one name: a name, a father's name, a family's name, and one to spare.
_LONGEST = 5
_SHORTEST = 3
_MOST = 10_000
#: Words that may stand between those of a name: a father's name, an initial, what friends say.
_BETWEEN = 2
#: Where one of these stands between, it is two people.
_AND = frozenset(
    [
        "и",
        "а",
        "но",
        "или",
        "да",
        "с",
        "со",
        "у",
        "к",
        "and",
        "or",
        "but",
        "with",
        "nor",
        "of",
        "to",
        "by",
        "und",
        "et",
        "y",
    ]
)


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
        """The places of names in a text, in any order of their words, with others between; in its links too."""
        if not self.names:
            return
        bones = skeleton(text)
        yield from (bones.span(*place) for place in self._places(bones.text))
        for link in domains.links(text) if "%" in text else ():
            if next(self._places(skeleton(unquote(link.address)).text), None):
                yield link.start, link.end

    def parts(self, text: str) -> Iterator[tuple[int, int]]:
        """The places of words, written as names are, that are one word of a longer name: it may be that person."""
        if not self._of_longer:
            return
        bones = skeleton(text)
        for word, start, end in stems.words(bones.text):
            if word[0].isupper() and self._hashes(stems.of_word(word)) & self._of_longer:
                yield bones.span(start, end)

    def _places(self, text: str) -> Iterator[tuple[int, int]]:
        words = stems.words(text)
        hashes = {word: self._hashes(stems.of_word(word)) & self._all for word, _, _ in words}
        said = [hashes[word] for word, _, _ in words]
        for first, found in enumerate(said):
            if not found:
                continue
            for size, names in self._by_size.items():
                onward = [at for at in range(first + 1, min(first + size + _BETWEEN, len(said))) if said[at]]
                for chosen in combinations(onward, size - 1):
                    places = (first, *chosen)
                    if _one_name(words, places) and any(
                        _is([said[at] for at in places], name) for name in names
                    ):
                        yield words[first][1], words[places[-1]][2]

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

    @cached_property
    def _of_longer(self) -> frozenset[str]:
        return frozenset(each for name in self.names if len(name) > 1 for word in name for each in word)


NOBODY = Denied(b"")


def _one_name(words: list[tuple[str, int, int]], places: tuple[int, ...]) -> bool:
    """Whether what stands between the words of a name may belong to it: small words between large ones do not."""
    large = words[places[0]][0][0].isupper()
    between = [words[at][0] for at in range(places[0], places[-1]) if at not in places]
    return all(word.lower() not in _AND and (word[0].isupper() or not large) for word in between)


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
