"""Never: where a person is to be found. A street and a number, a pair of coordinates, a pin on a map.

In: a passage. Out: remarks that show only the beginning of what they found. What `call()` prints, an office or a
lawyer's door, is no personal address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from clarion.campaign.checks.rule import Passage, Remark, Spans, Standards
from clarion.campaign.marks import of_calls

_WORD = r"[^\W\d_][\w'’.-]{0,30}+"
_NUMBER = r"\d{1,4}\s?[A-Za-zА-Яа-я]?(?:[/-]\d{1,4})?(?![\w%])"
_ADDRESSES = (
    # 221B Baker Street, 10 Downing St., 1600 Pennsylvania Avenue.
    re.compile(
        r"(?<![\w.,/-])\d{1,5}[A-Za-z]?,?[ \t]+(?:[A-Z][\w'’.-]{0,30}+[ \t]+){1,4}"
        r"(?:Street|St|Avenue|Ave|Road|Rd|Lane|Boulevard|Blvd|Terrace|Alley|Embankment|Prospekt|Prospect|Ulitsa|Pereulok)\b"
    ),
    # ул. Ленина, д. 5 · на проспекте Путина, 12 · переулок Мира 3.
    re.compile(
        r"\b(?:ул\.|улиц[аеыу]|пр-т[ае]?|пр-кт|просп\.|проспект[аеу]?|пер\.|переул(?:ок|ка|ке|ку)|бульвар[аеу]?|б-р|шоссе|"
        r"наб\.|набережн(?:ая|ой|ую)|проезд[аеу]?|площад[ьи]|пл\.|тупик[аеу]?|мкр\.?|микрорайон[аеу]?)\s*"
        rf"(?:{_WORD}\s+){{0,3}}{_WORD}\s*+(?:,\s*+)?(?:(?:дом|д\.)\s*+)?{_NUMBER}",
        re.IGNORECASE,
    ),
    # дом 5, кв. 12 · flat 12 · apartment 4B · Wohnung 3.
    re.compile(
        rf"(?<!\w)(?:кв\.|квартир[аеуы]|под[ъь]езд[е]?|дом|д\.)\s*+(?:№\s*+)?{_NUMBER}", re.IGNORECASE
    ),
    re.compile(
        rf"(?<!\w)(?:flat|apartment|apt\.?|wohnung|appartement|piso)\s*+(?:(?:no\.?|number|№|#)\s*+)?{_NUMBER}",
        re.IGNORECASE,
    ),
    # улица Ленина без номера дома is a place in a city; "lives in Lenin Street" names a home.
    re.compile(
        r"\b(?:lives?|living|hid(?:es|ing)|stay(?:s|ing)?) (?:at|in|on) (?:[A-Z]\w{0,30}+ ){1,3}(?:Street|St|Road|Avenue)\b"
    ),
    re.compile(
        r"\b(?:жив[её]т|прожива\w{1,5}|скрыва\w{2,5}) (?:на|по|в) (?:ул\.|улице|проспекте|переулке)",
        re.IGNORECASE,
    ),
    # Hauptstraße 5, rue de la Paix 12 is rarer: German and its neighbours put the number behind.
    re.compile(rf"\b[A-ZÄÖÜ]\w{{2,30}}(?:stra(?:ß|ss)e|str\.|gasse|allee|platz)\s+{_NUMBER}"),
    re.compile(rf"(?<![\w.,/-])\d{{1,4}},?\s+(?:rue|avenue|boulevard|calle|via)\s+{_WORD}", re.IGNORECASE),
)
_COORDINATES = (
    re.compile(
        r"(?<![\w.,-])[-+]?\d{1,2}\.\d{3,10}°?(?:\s*+[NS])?(?:\s*+[,;/]\s*+|\s++)[-+]?1?\d{1,2}\.\d{3,10}(?!\d)"
    ),
    re.compile(r"\d{1,3}\s?°\s?\d{1,2}\s?[′'’]\s?(?:\d{1,2}(?:\.\d{1,6})?\s?[″\"”]\s?)?[NSEWСЮВЗ](?!\w)"),
    re.compile(r"\d{1,3}\.\d{2,10}\s?°\s?[NSEWСЮВЗ](?!\w)"),
    re.compile(r"\bgeo:-?\d", re.IGNORECASE),
    re.compile(
        r"\b(?:maps\.app\.goo\.gl|goo\.gl/maps|google\.[a-z.]{2,6}/maps|maps\.google\.|maps\.apple\.com|"
        r"yandex\.[a-z]{2,3}/(?:maps|navi)|ya\.ru/maps|openstreetmap\.org/|osm\.org/|2gis\.[a-z]{2,3}/|w3w\.co/|what3words\.com/)",
        re.IGNORECASE,
    ),
    re.compile(r"(?<!\w)///[a-z]{2,20}\.[a-z]{2,20}\.[a-z]{2,20}\b"),
    re.compile(
        r"(?<![\w+])[23456789CFGHJMPQRVWX]{4,8}\+[23456789CFGHJMPQRVWX]{2,3}(?![\w+])"
    ),  # Open Location Code
)
_MEND = "Remove it; name a city at most. A public office belongs in posts/calls.toml."


def address(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """A street with a number, a flat, a house: where somebody lives or hides."""
    yield from _first(_ADDRESSES, passage, "reads like a street address; it can lead to a person.")


def coordinates(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """A point on a map, in figures, in words or as a link."""
    yield from _first(_COORDINATES, passage, "is a point on a map; it can lead to a person.")


def _first(patterns: tuple[re.Pattern[str], ...], passage: Passage, why: str) -> Iterator[Remark]:
    vouched = Spans(of_calls(passage.vouched))
    for pattern in patterns:
        for found in pattern.finditer(passage.text):
            if not vouched.hold(found.span()):
                yield Remark(f'"{found[0].strip()[:6]}…" {why}', _MEND)
                return  # the patterns overlap; one says enough
