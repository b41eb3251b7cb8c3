"""Never: where a person is to be found. A street and a number, a pair of coordinates, a pin on a map.

In: a passage, read as its skeleton without the splitting of words. Out: remarks that show only the beginning of what they found.
What `call()` prints, an office or a lawyer's door, is no personal address; what a fact prints may be one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from clarion.campaign.checks import spelt
from clarion.campaign.checks.rule import Passage, Remark, Spans, Standards
from clarion.campaign.checks.saying import any_case
from clarion.campaign.rendering.marks import of_calls
from clarion.campaign.skeleton import folded

_WORD = r"[^\W\d_][\w'’.-]{0,30}+"
_NUMBER = r"\d{1,4}\s?[A-Za-zА-Яа-я]?(?:[/-]\d{1,4})?(?![\w%]|:\d)"
_COUNT = rf"(?:№\s?)?(?:{_NUMBER}|(?:{spelt.TENS}|{spelt.SMALL}|one|один)\b)"
_STREET = r"(?:street|avenue|road|lane|boulevard|blvd|terrace|alley|embankment|prospekt|prospect|ulitsa|pereulok|quay|crescent)"
_SHORT = r"(?:St|Ave|Rd|Ln)"
_UL = r"(?:ul|ulitsa|ulica|ulitza|prospekt|prospect|pr-t|pereulok|bulvar|shosse|naberezhnaya|ploshchad|mikrorayon|mkr)"
_NOT_A_NAME = (
    r"(?!(?:in|on|the|at|of|to|men|people|persons|women|a|an|from|down|across|for|and|or|their|our|into|this|that|every|each|by|along|no|"
    r"per|were|was|is|are|hours?|days?|years?|march|rall\w+|protest\w*)\b)"
)
_ULICA = (
    r"(?:ул|пр\.|улиц[аеыу]|пр-т[ае]?|пр-кт|просп|проспект[аеу]?|пер\.|переул(?:ок|ка|ке|ку)|бульвар[аеу]?|б-р|шоссе|"
    r"наб\.|набережн(?:ая|ой|ую)|проезд[аеу]?|площад[ьи]|пл\.|тупик[аеу]?|мкр|микрорайон[аеу]?)"
)
_TOWNS = (
    r"(?:грозн|аргун|гудермес|урус-мартан|шали|ачхой|знаменск|наурск|шелковск|ведено|москв|петербург|махачкал|назран|владикавказ|хасавюрт|пятигорск|ставропол)"
    r"\w{0,5}"
)
_TOWNS_EN = r"(?:grozny|argun|gudermes|urus-martan|shali|moscow|petersburg|makhachkala|nazran|vladikavkaz|khasavyurt|pyatigorsk|stavropol)"
_MONTHS = r"(?:январ|феврал|март|апрел|ма[яй]|июн|июл|август|сентябр|октябр|ноябр|декабр|год|лет|час|человек|мужчин|день|дн)"
_LIVES = (
    r"\b(?:lives?|living|lived|hid(?:es|ing|den)|stay(?:s|ing|ed)|resid(?:es|ing)|sleeps?|shelters?|was seen|can be found|found|kept|held) "
    r"(?:at|in|on|near|off|by|along) "
)
_ADDRESSES = any_case(
    # 221B Baker Street, 10 downing street in London; not "5 men in the street".
    (
        rf"(?<![\w.,/:-])\d{{1,5}}[a-z]?,? (?:{_NOT_A_NAME}{_WORD} ){{1,4}}{_STREET}(?=\s?(?:[,.;:!?)\n»”\"]|$)|\s(?:in|at|near|tonight|today|now|behind|next|flat|apt|and|"
        rf"with|is|was|to|by|on|they|he|she|tomorrow|there)\b)"
    ),
    # ул. Ленина, д. 5 · на проспекте Путина, 12 · улица Ленина, дом пять.
    rf"(?<!\w){_ULICA}\.?\s?(?:{_WORD}\s){{0,3}}{_WORD}\s?,?\s?(?:(?:дом|д\.|№)\s?)?{_NUMBER}(?!\s?{_MONTHS})",
    rf"(?<!\w){_ULICA}\.?\s?(?:{_WORD}\s){{0,3}}{_WORD}\s?,?\s?(?:дом|д\.|корпус|строение)\s?{_COUNT}",
    rf"\b(?:{_UL})\.? (?:{_NOT_A_NAME}{_WORD} ){{0,3}}{_WORD},? (?:(?:d|dom|house|no)\.? )?{_NUMBER}",
    # Baker Street, house twelve · Lenin prospekt no. 5
    rf"\b{_WORD} {_STREET},? (?:house|building|flat|apartment|apt\.?|no\.?|number|block|№|#) ?{_COUNT}",
    # дом 5, кв. 12 · flat 12 · apartment 4B · Wohnung 3.
    rf"(?<!\w)(?:кв\.|квартир[аеуы]|под[ъь]езд[е]?|дом|д\.)\s?(?:№\s?)?{_NUMBER}(?!\s?{_MONTHS})",
    rf"(?<!\w)(?:flat|apartment|apt\.?|wohnung|appartement|piso)\s?(?:(?:no\.?|number|№|#)\s?)?{_NUMBER}",
    # Грозный, Ленина 5
    rf"(?<!\w){_TOWNS}, (?:ул\.? )?(?!(?:суббот|сред|пятниц|площад)){_WORD}(?<=[аяйоых]),? (?:д\.? ?|дом )?{_NUMBER}(?!\s?{_MONTHS})",
    rf"\b{_TOWNS_EN}, (?:ul\.? )?{_WORD}(?<=[ayo]),? {_NUMBER}",
    # улица Ленина без номера дома is a place in a city; "lives in Lenin Street" names a home.
    rf"{_LIVES}(?:{_NOT_A_NAME}{_WORD} ){{1,3}}(?:{_STREET}|st|ave|rd)\b",
    rf"{_LIVES}(?:{_UL})\b",
    r"\b(?:жив[её]т|живут|жил[аи]?|прожива\w{1,5}|скрыва\w{2,5}|пряч[еу]т\w{0,2}|ночу[еюс]т|видели) (?:\w{1,20} )?(?:на|по|в) (?:ул\.?|улице|проспекте|переулке|бульваре|шоссе|набережной)(?!\w)",
    rf"(?<![\w.,/-])\d{{1,4}},?\s(?:rue|avenue|boulevard|calle|via)\s{_WORD}",
)
#: Capitals say that it is a name.
_CASED = (
    re.compile(
        rf"(?<![\w.,/-])\d{{1,5}}[A-Za-z]?,? (?:[A-Z][\w'’.-]{{0,30}}+ ){{1,4}}(?:{_SHORT}|(?i:{_STREET}))\b"
    ),
    # Baker Street 221B; and German, which puts all of it in one word: Hauptstraße 5.
    re.compile(rf"\b[A-Z][\w'’.-]{{1,30}}+ (?:(?i:{_STREET})|{_SHORT}\.?),? {_NUMBER}"),
    re.compile(rf"\b[A-ZÄÖÜ][\w-]{{2,40}}(?:[Ss]tra(?:ß|ss)e|str\.|gasse|allee|platz) {_NUMBER}"),
)
_DECIMALS = r"[-+]?1?\d{1,2}[.]\d{3,10}"
_COORDINATES = any_case(
    rf"(?<![\w.,-])(?:[NS] ?)?[-+]?\d{{1,2}}\.\d{{3,10}}°?(?: ?[NS])?(?: ?[,;/|] ?| )(?:[EW] ?)?{_DECIMALS}(?!\d)",
    r"(?<![\w.,-])[-+]?\d{1,2},\d{3,10}°?(?: ?[NS])?(?: ?[;/|] ?|, | )[-+]?1?\d{1,2},\d{3,10}(?!\d)",
    # To a kilometre: only where Russia and its neighbours are.
    r"(?<![\w.,-])(?:[4-6]\d|7[0-7])\.\d\d ?[,;/|] ?(?:19|[2-9]\d|1[0-7]\d)\.\d\d(?![\d%]|\s?(?:percent|процент))",
    r"\d{1,3}\s?°\s?\d{1,2}\s?[′'’]\s?(?:\d{1,2}(?:[.,]\d{1,6})?\s?(?:[″\"”]|'')\s?)?[NSEWСЮВЗCB](?!\w)",
    r"\d{1,3}[.,]\d{2,10}\s?°\s?[NSEWСЮВЗCB](?!\w)",
    r"\bgeo:-?\d|\b(?:lat(?:itude)?|широт[аеы]|coordinates?|координат\w{1,4}|gps)[:= -]{1,3}-?\d{1,2}[.,°]",
    (
        r"\b(?:maps\.app\.goo\.gl|goo\.gl/maps|google\.[a-z.]{2,6}/maps|maps?\.google\.|maps?\.apple\.com|g\.page/|"
        r"yandex\.[a-z.]{2,7}/(?:maps|navi)|maps?\.yandex\.|ya\.ru/maps|openstreetmap\.org/|osm\.org/|2gis\.[a-z.]{2,6}/|w3w\.co/|what3words\.com/|"
        r"plus\.codes|bing\.com/maps|waze\.com|maps\.me|omaps\.app|organicmaps\.app|wego\.here\.com|share\.here\.com|mapy\.cz|geohack\.)"
    ),
    r"(?<!\w)///[^\W\d_]{2,20}\.[^\W\d_]{2,20}\.[^\W\d_]{2,20}\b",
)
_PLUS_CODE = (re.compile(r"(?<![\w+])[23456789CFGHJMPQRVWX]{4,8}\+[23456789CFGHJMPQRVWX]{2,3}(?![\w+])"),)
_MEND = "Remove it; name a city at most. A public office belongs in posts/calls.toml."
#: One of these stands in whatever the patterns of points find: most texts need not be asked.
_POINTS = re.compile(
    r"\d[.,]\d\d|°|geo|maps|map\.|lat[i:=\s]|широт|coordinate|координат|gps|g\.page|///|osm|2gis|w3w|what3|plus\.codes|waze|here\.com|mapy\.cz|"
    r"[2-9cfghjmpqrvwx]\+[2-9cfghjmpqrvwx]"
)


def address(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """A street with a number, a flat, a house: where somebody lives or hides."""
    yield from _first(
        (*_ADDRESSES, *_CASED), passage, "reads like a street address; it can lead to a person."
    )


def coordinates(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """A point on a map, in figures, in words or as a link."""
    if _POINTS.search(folded(passage.text).small):
        yield from _first(
            (*_COORDINATES, *_PLUS_CODE), passage, "is a point on a map; it can lead to a person."
        )


def _first(patterns: tuple[re.Pattern[str], ...], passage: Passage, why: str) -> Iterator[Remark]:
    plain = folded(passage.text)
    vouched = Spans(of_calls(passage.vouched))
    for pattern in patterns:
        for found in pattern.finditer(plain.text):
            if not vouched.hold(plain.span(*found.span())):
                yield Remark(f'"{found[0].strip()[:6]}…" {why}', _MEND)
                return  # the patterns overlap; one says enough
