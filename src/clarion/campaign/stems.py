"""Names in all their forms: Иванова, Ивановым, Ivanov and Ivanof's are looked for as one.

In: a word. Out: stems in plain Latin letters; two words that may be forms of one name have a stem in common. Rough on
purpose: a list of names that harm must rather find one too many than miss one. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_LETTERS = str.maketrans(
    dict(
        zip(
            "абвгдежзийклмнопрстуфхцчшщъыьэюяіїєґӏ",
            (
                *("a", "b", "v", "g", "d", "e", "zh", "z", "i", "i", "k", "l", "m", "n", "o", "p", "r", "s"),
                *(
                    "t",
                    "u",
                    "f",
                    "h",
                    "c",
                    "ch",
                    "sh",
                    "sh",
                    "",
                    "i",
                    "",
                    "e",
                    "u",
                    "a",
                    "i",
                    "i",
                    "e",
                    "g",
                    "",
                ),
            ),
            strict=True,
        )
    )
)
#: Ways to write one sound in Latin letters, longest first; what stands right is how `_LETTERS` writes it.
_SOUNDS = tuple(
    (re.compile(written), sound)
    for written, sound in (
        (r"shch|sch(?=[aeiou])", "sh"),
        (r"tch|tsch", "ch"),
        (r"kh", "h"),
        (r"ph", "f"),
        (r"ts|tz", "c"),
        (r"x", "ks"),
        (r"w", "v"),
        (r"ck|q|c(?![h])", "k"),
        (r"z", "s"),
        (r"[yij]+([aeou])", r"\1"),
        (r"[yj]", "i"),
        (r"(.)\1+", r"\1"),
    )
)
#: What a name ends with in the nominative, and in the other cases of Russian besides.
_NOMINATIVE = ("ий", "ый", "ой", "ая", "яя", "а", "я", "й", "ь", "о", "е")
_CASES = (
    *("ого", "его", "ому", "ему", "ыми", "ими", "ами", "ями", "иях"),
    *("ый", "ий", "ой", "ей", "ая", "яя", "ую", "юю", "ым", "им", "ом", "ем", "ою", "ею", "ах", "ях", "ию"),
    *("а", "я", "у", "ю", "ы", "и", "е", "о", "й", "ь"),
)
#: The same in Latin letters; in a text an English genitive may stand behind.
_LATIN_NOMINATIVE = ("iya", "ija", "ia", "ya", "ja", "a", "y", "i", "iy", "yi", "ii", "ij")
_LATIN_CASES = (*_LATIN_NOMINATIVE, "'s", "’s", "s", "a's", "a’s", "y's", "y’s", "i's", "i’s", "ia's", "ia’s")
#: The vowel that comes and goes: Павел, Павла; Пётр, Лев, Льва.
_FLEETING = re.compile(r"(?<=[бвгджзклмнпрстфхцчшщ])[ео](?=[вглкмнрц]$)")
_AS_H = re.compile(r"(?<!s)ch|x")
_SHORTEST = 2
_WORD = re.compile(r"[^\W\d_]+(?:['’ʼ-][^\W\d_]+)*")


def words(text: str) -> list[tuple[str, int, int]]:
    """The words of a text with their places. The parts of a double name are words of their own."""
    found = []
    for match in _WORD.finditer(text):
        start = match.start()
        for piece in match[0].split("-"):
            found.append((piece, start, start + len(piece)))
            start += len(piece) + 1
    return found


@lru_cache(maxsize=20_000)
def of_name(word: str) -> frozenset[str]:
    """The stems of a name as it stands in a list: in the nominative."""
    return _stems(word, _NOMINATIVE, _LATIN_NOMINATIVE)


@lru_cache(maxsize=20_000)
def of_word(word: str) -> frozenset[str]:
    """The stems of a word in a text: it may stand in any case."""
    return _stems(word, _CASES, _LATIN_CASES)


def _stems(word: str, endings: tuple[str, ...], latin: tuple[str, ...]) -> frozenset[str]:
    plain = _plain(word)
    cyrillic = any("а" <= letter <= "ӿ" for letter in plain)
    shorter = {plain[: -len(end)] for end in (endings if cyrillic else latin) if plain.endswith(end)}
    stems = {plain, *(stem for stem in shorter if len(stem) >= _SHORTEST)}
    if cyrillic:
        stems |= {_FLEETING.sub("", stem) for stem in stems}
    else:  # one sound of Russian and Chechen, as German and as Chechen itself write it
        stems |= {_AS_H.sub("h", stem) for stem in stems}
    return frozenset(sound for stem in stems if len(sound := _sound(stem)) >= _SHORTEST)


def _plain(word: str) -> str:
    """Small letters without accents; ё is е, й stays."""
    kept = unicodedata.normalize("NFKC", word).casefold().replace("й", "\0")
    bare = "".join(
        letter for letter in unicodedata.normalize("NFD", kept) if not unicodedata.combining(letter)
    )
    return bare.replace("\0", "й").strip("'’ʼ")


def _sound(stem: str) -> str:
    sound = stem.translate(_LETTERS).replace("'", "").replace("’", "").replace("ʼ", "")
    for written, plainly in _SOUNDS:
        sound = written.sub(plainly, sound)
    return sound
