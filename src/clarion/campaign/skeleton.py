"""What a text says, however it is spelt: the one form of it that every rule about words reads.

In: a text as it would appear. Out: a skeleton, and for each of its places the place in the text. Accents are off (й stays a
letter of its own; ё is е, because Russian is written both ways), styled letters are plain ones, digits are 0-9, every space,
hyphen and apostrophe is the plain one, and what nobody sees is gone. A letter of another alphabet that looks like one of
its word's own is that one: by the letters that only one of the alphabets has, else by most of the word, else of the text.
Tags and handles are split into their words. Takes time in proportion to the text. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import regex

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A folded text. `small`: the same in small letters, place by place. `places`: of each letter, its place in the text."""

    text: str
    small: str
    places: array[int] | None = None  # None: nothing was folded

    def span(self, start: int, end: int) -> Span:
        """Where in the text a stretch of this stands. `end` is behind its last letter."""
        if self.places is None or start >= end:
            return start, end
        return self.places[start], self.places[end - 1] + 1


@lru_cache(maxsize=16)
def skeleton(text: str) -> Skeleton:
    """The skeleton of a text, its tags, handles and names in one word split: #SixPrisons reads "#Six Prisons"."""
    return _split(folded(text))


@lru_cache(maxsize=16)
def folded(text: str) -> Skeleton:
    """The same without the splitting: for what is no word, such as an address or the digits of a telephone."""
    places: array[int] | None = None
    if _ODD.search(text):
        text, places = _plain(text)
    text = _by_script(text)
    return Skeleton(text, _small(text), places)


def hidden_twins(text: str) -> Iterator[Span]:
    """The words in which letters of two alphabets stand and nobody can see it: every letter of one of them is a twin.

    A name in Latin letters with a Russian ending is none of them: «в Telegramе», as people type it.
    """
    if _LATIN.search(text) and _OTHER.search(text):
        for word in _WORD.finditer(text):
            if _is_hidden(word[0]):
                yield word.span()


# ── letter by letter ──────────────────────────────────────────────────────────────────────────────────────────

#: What need not be looked at, letter by letter.
_ODD = re.compile(r"[^\n -~а-яА-Я«»“”„]|[иИ]\u0306")
#: Accents and what strikes letters through or encircles them; the vowel signs of other scripts are no accents.
_ACCENTS = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u2de0-\u2dff\ua66f\ufe20-\ufe2f]"
)
_UNSEEN = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Co}]")
#: What is the same by its category.
_AS = {"Zs": " ", "Zl": "\n", "Zp": "\n", "Pd": "-", "Cc": ""}
#: What Unicode's own folding would spoil, does not do, or that Russian writes in two ways.
_OWN = {
    **dict.fromkeys("’ʼ＇`´ꞌ", "'"),
    **dict.fromkeys("−⁃˗➖", "-"),
    **dict.fromkeys("。｡", "."),
    **dict.fromkeys("⁄∕", "/"),
    **{kept: kept for kept in "№°″′"},
    **dict.fromkeys("\t\u2800", " "),
    **dict.fromkeys("\x0b\x0c\r\x85", "\n"),
    "º": "°",
    "ё": "е",
    "Ё": "Е",
    "и\u0306": "й",
    "И\u0306": "Й",
    **dict(
        zip(
            "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢɑɡıȷɩøØđĐłŁħŧƒɛꙅ",
            "abcdefghijklmnopqrstuvwyzagijioOdDlLhtfes",
            strict=True,
        )
    ),
    "æ": "ae",
    "œ": "oe",
}
for _first in (0x1F150, 0x1F170):  # white letters in black circles and squares
    _OWN |= {chr(_first + place): chr(ord("A") + place) for place in range(26)}


def _plain(text: str) -> tuple[str, array[int]]:
    pieces: list[str] = []
    places, at = array("l"), 0
    for odd in _ODD.finditer(text):
        start = odd.start()
        plain = _letter(odd[0])
        pieces += (text[at:start], plain)
        places.extend(range(at, start))
        places.extend([start] * len(plain))
        at = odd.end()
    places.extend(range(at, len(text)))
    return "".join((*pieces, text[at:])), places


@lru_cache(maxsize=4_000)
def _letter(odd: str) -> str:
    """What one odd letter is in plain ones; "" for what cannot be seen."""
    if odd in _OWN:
        return _OWN[odd]
    kind = unicodedata.category(odd)
    if kind in _AS:
        return _AS[kind]
    if _UNSEEN.match(odd) or _ACCENTS.match(odd):
        return ""
    return str(unicodedata.decimal(odd)) if kind == "Nd" else _unstyled(odd, kind)


def _unstyled(odd: str, kind: str) -> str:
    plain = unicodedata.normalize("NFKC", odd)
    if plain == odd and kind == "No" and (value := unicodedata.numeric(odd)) == int(value):
        return str(int(value))  # ❶ has no plain form of Unicode's
    if len(plain) > 1 or plain != odd:
        return "".join(_letter(each) if _ODD.match(each) else each for each in plain)
    apart = unicodedata.normalize("NFD", odd)
    bare = _ACCENTS.sub("", apart)
    return bare if len(bare) < len(apart) else odd


# ── word by word: one alphabet ────────────────────────────────────────────────────────────────────────────────

_LATIN = re.compile(r"[A-Za-z]")
_CYRILLIC = re.compile(r"[\u0400-\u052f]")
#: Cyrillic, Greek, Armenian, Cherokee, Coptic, Lisu: where the twins of Latin letters are.
_OTHER = re.compile(r"[\u0370-\u058f\u13a0-\u13ff\u2c80-\u2cff\ua4d0-\ua4ff]")
_WORD = re.compile(r"[^\W\d_]+")
#: Twins that nobody can tell apart, in Latin and elsewhere.
_EXACT = {
    **dict(zip("АВЕКМНОРСТУХІЅЈԌԚԜаеорсухіѕјһԁԛԝӏүґ", "ABEKMHOPCTYXISJGQWaeopcyxisjhdqwlyr", strict=True)),
    **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹϳονϲ", "ABEZHIKMNOPTYXCjovc", strict=True)),
    **dict(zip("օսհԼՕՏ", "ouhLOS", strict=True)),
    **dict(zip("ᎪᏴᏟᎠᎬᏀᎻᎫᏦᏞᎷᏢᎡᏚᎢᏙᏔᏃ", "ABCDEGHJKLMPRSTVWZ", strict=True)),
    **dict(zip("ⲟⲞⲣⲢⲥⲤⲭⲬ", "oOpPcCxX", strict=True)),
    **dict(zip("ꓮꓐꓚꓓꓰꓝꓖꓧꓲꓙꓗꓡꓟꓠꓳꓑꓣꓢꓔꓴꓦꓪꓫꓬꓜ", "ABCDEFGHIJKLMNOPRSTUVWXYZ", strict=True)),
}
#: Twins only between the other letters of a word.
_NEARLY = {
    **dict(zip("вкмнтгпиьзчбѵєё", "bkmhtrnub34bvee", strict=True)),
    **dict(zip("αβεγικμνοπρστυχωηδ", "abeyikmvonpstuxwnd", strict=True)),
    "զ": "q",
    "ո": "n",
}
_TO_LATIN = str.maketrans({**_NEARLY, **_EXACT})
_TO_LATIN_EXACT = str.maketrans(_EXACT)
_TO_CYRILLIC_EXACT = {
    **dict(zip("ABEKMHOPCTYXaeopcyx", "АВЕКМНОРСТУХаеорсух", strict=True)),
    **dict(zip("ΑΒΕΚΜΗΟΡΤΥΧο", "АВЕКМНОРТУХо", strict=True)),
}
_TO_CYRILLIC = str.maketrans(
    {
        **dict(zip("kmtnbruihgvIN3αεικμντρκ", "кмтпьгиингвИИзаеикмптрк", strict=True)),
        "і": "и",
        "І": "И",
        "ї": "и",
        **_TO_CYRILLIC_EXACT,
    }
)
_LATIN_TWINS = frozenset(_TO_CYRILLIC_EXACT) & frozenset(map(chr, range(128)))
#: Russian endings, behind a name in Latin letters.
_ENDING = re.compile(
    r"[A-Za-z]*[A-Z][A-Za-z]*(?:[аеоуыия]|ом|ем|ой|ей|ов|ам|ах|ами|ами|овск\w+|шн\w+|к[аиуе]|ки)"
)


def _by_script(text: str) -> str:
    """Each word in one alphabet. As long as before, place by place."""
    if not _OTHER.search(text):
        return text
    latin = len(_LATIN.findall(text))
    if not latin and not _FOREIGN.search(text):
        return text
    mostly_latin = latin > len(_CYRILLIC.findall(text))
    return _WORD.sub(lambda word: _one_script(word[0], mostly_latin), text)


#: Of what no Russian word is made, in a text without a Latin letter: і is и, Greek and the rest are what they look like.
_FOREIGN = re.compile(r"[\u0370-\u03ffіІїЇѕһԁԛԝӏј\u0530-\u058f\u13a0-\u13ff\u2c80-\u2cff\ua4d0-\ua4ff]")


@lru_cache(maxsize=2_000)
def _one_script(word: str, mostly_latin: bool) -> str:
    if word.isascii():
        # A whole word of twins, such as CCCP in Latin letters, is read as the text around it is.
        alike = not mostly_latin and len(word) > 1 and _LATIN_TWINS.issuperset(word)
        return word.translate(_TO_CYRILLIC) if alike else word
    if not _LATIN.search(word):
        if mostly_latin and all(letter in _EXACT for letter in word):
            return word.translate(_TO_LATIN_EXACT)
        if not _CYRILLIC.search(word):
            return word
        return word.translate(_TO_CYRILLIC)
    return word.translate(_TO_LATIN if _is_latin(word, mostly_latin) else _TO_CYRILLIC)


def _is_latin(word: str, mostly_latin: bool) -> bool:
    """Whether a mixed word is a Latin one: by the letters that have no twin, then by all, then by the text."""
    own = sum(_LATIN.match(each) is not None and each not in _LATIN_TWINS for each in word)
    others = sum(_OTHER.match(each) is not None and each not in _EXACT for each in word)
    if own != others:
        return own > others
    latin = len(_LATIN.findall(word))
    return mostly_latin if 2 * latin == len(word) else 2 * latin > len(word)


@lru_cache(maxsize=2_000)
def _is_hidden(word: str) -> bool:
    if word.isascii() or not (_LATIN.search(word) and _OTHER.search(word)) or _ENDING.fullmatch(word):
        return False
    latin = _LATIN.findall(word)
    others = _OTHER.findall(word)
    return _LATIN_TWINS.issuperset(latin) or all(each in _EXACT for each in others)


# ── tags and handles ──────────────────────────────────────────────────────────────────────────────────────────

_TAG = re.compile(r"[#@][^\W_]\w*")
#: Between two words of one: closeThe, LGBTRights, 100Men; elsewhere than in tags only the first of them.
_SEAM = re.compile(
    r"_+|(?<=[a-zа-я])(?=[A-ZА-Я])|(?<=[A-ZА-Я])(?=[A-ZА-Я][a-zа-я])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])"
)
_SPLIT = re.compile(r"[#@][^\W_]\w*|_+| {2,}|(?<=[a-zа-я])(?=[A-ZА-Я])")


def _split(whole: Skeleton) -> Skeleton:
    text = whole.text
    pieces: list[str] = []
    cuts: list[int] = []
    at = 0
    for found in _SPLIT.finditer(text):
        seams = _seams(found[0]) if found[0][:1] in ("#", "@") else ((0, len(found[0])),)
        for start, end in seams:
            pieces.append(text[at : found.start() + start])
            cuts += (found.start() + start, found.start() + end)
            at = found.start() + end
    if not cuts:
        return whole
    text = " ".join((*pieces, text[at:]))
    return Skeleton(text, _small(text), _moved(whole.places, cuts, len(whole.text)))


@lru_cache(maxsize=500)
def _seams(tag: str) -> tuple[Span, ...]:
    return tuple(seam.span() for seam in _SEAM.finditer(tag))


def _moved(places: array[int] | None, cuts: list[int], length: int) -> array[int]:
    """The places once each cut is a space of its own; it stands where what follows it stands."""
    before = places if places is not None else array("l", range(length))
    moved, at = array("l"), 0
    for start, end in zip(cuts[::2], cuts[1::2], strict=True):
        moved.extend(before[at:start])
        moved.append(before[min(start, length - 1)])
        at = end
    moved.extend(before[at:])
    return moved


def _small(text: str) -> str:
    small = text.lower()
    return small if len(small) == len(text) else "".join(each.lower()[0] for each in text)
