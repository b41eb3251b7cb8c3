"""With a reason: a number that nobody vouches for. Wrong numbers have hurt this campaign more than anything else.

In: a passage with the spans that a ledger or a date filter printed, read as its skeleton. Out: remarks. Not numbers: what stands
in links and handles, a time of day, the place of a part in a thread or of a point in a list, dates in the named source, names
such as Children-404. In words a number is one from twenty on; below, only where it counts people who were harmed: too much is
said with "two friends" and "one person".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from clarion.campaign.checks import spelt
from clarion.campaign.checks.rule import Passage, Remark, Span, Standards, links
from clarion.campaign.checks.saying import compiled, words
from clarion.campaign.skeleton import Skeleton, folded

_NUMBER = re.compile(r"\d++(?:[.,:/ _-]\d++)*+(?:\s?%|\+)?")
#: Names that have a number in them; two capitals and a digit or two are one: 3D, A4, B2B, MP3, WW2.
_NAMES = re.compile(
    r"\b(?:[Cc]hildren|[Дд]ети)[- ]?404\b|\b[Cc][Oo][Vv][Ii][Dd]-?19\b|\b24/7\b|\b[GГ]-?20\b|\b2?S?LGBT[QIA]*2?S?\+|\bi18n\b|\ba11y\b|"
    r"(?<![\w#.,])(?:[A-ZА-Я]{1,3}-?\d{1,2}[A-ZА-Я]{0,2}|\d[A-ZА-Я]{1,3}|\d[a-zа-я])(?![\w-])"
)
_COUNTED = r"(?:%|per\b|percent|процент|men\b|people|persons|victims|killed|dead|gays?\b|lgbt|человек|мужчин|убит|погиб|геев|million|thousand)"
_HOUR = r"(?:[01]?\d|2[0-3])"
_TIME = re.compile(
    rf"(?<![\w:.,]){_HOUR}:[0-5]\d(?:\s?[ap]\.?m\b\.?)?(?![\w:])(?!\s?{_COUNTED})|\b(?:1[0-2]|[1-9])(?:[.:][0-5]\d)?\s?[ap]\.?m\b\.?"
    rf"|\b(?:at|from|until|till|by|to|и|в|с|до|к|um|ab)\s{_HOUR}\.[0-5]\d(?![\w.])(?!\s?{_COUNTED})",
    re.IGNORECASE,
)
#: The first of a line: a point of a list, or which part of a thread this is; what goes on in small letters is a sentence.
_POINT = re.compile(r"^\s*+(?:\(?\d{1,2}/\d{1,2}\)?|\(?\d{1,2}[.)])(?=\s*+$|\s++[^\sa-zа-я\d])", re.MULTILINE)
_PART = re.compile(r"(?<![:=])\s\(?(\d{1,2})/(\d{1,2})\)?(?=[^\S\n]*+$)", re.MULTILINE)
_MOST_PARTS = 25
#: A tag may end in a year; one of digits alone is a number, and no network links it.
_TAG = re.compile(r"#[^\W\d]++(?:(?:19|20)\d\d(?!\w))?(?!\w)|@\w[\w.-]*+(?:@[\w.-]++)?")
_IN_SOURCE = re.compile(
    r"(?:\b\d{1,2}(?:st|nd|rd|th)?\.?\s+)?(?:\b[^\W\d_]{3,9}\.?\s+)?(?:\b\d{1,2},\s+)?\b(?:19|20)\d\d\b(?!\s*+(?:men|people|victims|человек|мужчин))"
    r"|\b(?:no|nos|ua|case|pp?|vol|art|para|№)\.?\s?\d[\d/.-]*+|№\s?\d[\d/.-]*+",
    re.IGNORECASE,
)
_HARM = (
    r"(?:kill\w*|murder\w*|detain\w*|tortur\w*|abduct\w*|kidnap\w*|disappear\w*|missing|arrest\w*|imprison\w*|dead|died|beaten|held|jailed|executed|"
    r"vanish\w*|shot|seized|rounded up|уби(?:т|л|й)\w*|погиб\w*|задерж\w+|пыт\w+|похи(?:щ|т)\w+|пропал\w*|исчез\w*|арест\w+|изби\w+|удержива\w+|казн\w+|"
    r"умер\w*|расстрел\w+)"
)
_PEOPLE = (
    r"(?:men|people|persons?|victims?|gays?|lgbt\w*|homosexuals?|chechens?|detainees|prisoners|boys|guys|youths|brothers|of them|of those|others|more|"
    r"were|was|have|человек\w*|люд\w+|мужчин\w*|ге(?:й|я|ев|и)|парн\w+|чеченц\w+|жертв\w*|задержанн\w+|юнош\w*|из них)"
)
_OTHERWISE = (
    r"that|why|how|when|since|after|before|years?|months?|weeks?|days?|hours?|times|reports?|reporters?|experts?|sources?|journalists?|friends?|"
    r"лет|год\w*|месяц\w*|недел\w*|дн\w*|час\w*|раза?|доклад\w*|источник\w*|эксперт\w*|после|журналист\w*"
)
_SMALL = rf"(?<![\w-])({spelt.SMALL})(?![\w-])"
#: The number is the first group.
_IN_WORDS = (
    rf"\b((?:{spelt.LARGE}|{spelt.TENS}))(?!\w)",
    rf"{_SMALL} (?:(?:{words(3, but=_OTHERWISE)}){_PEOPLE} (?:{words(4, but=_OTHERWISE)}))?{_HARM}\b",
    (
        rf"\b{_HARM} (?:(?:at|least|about|some|up|to|already|over|more|than|nearly|almost|не|менее|около|уже|почти|более|как минимум) ){{0,3}}"
        rf"{_SMALL}(?! (?:{_OTHERWISE})\b)"
    ),
    rf"(?<![\w-])((?:one|один|{spelt.SMALL}|{spelt.TENS}) (?:out of|in every|in|из) (?:every )?(?:{spelt.SMALL}|{spelt.TENS}|hundred|ста|сотни))(?!\w)",
    (
        r"\b((?:a|one|two|three|four)[\s-](?:third|quarter|fifth|tenth)s? of|half of (?:all |the )?(?:gay|men|people|chechens)|"
        r"кажд\w+ (?:втор|трет|четверт|пят|десят)\w{2,3}(?= (?:гей|мужчин|чечен|человек|из)|\W{0,3}$)|(?:треть|четверть|половин[ауы]) (?:всех )?(?:геев|мужчин|людей|чеченцев|задержанных))\b"
    ),
)
_SHOWN = 3


def number(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """A figure in a text that comes from no fact, day, call or date filter."""
    found = [passage.text[start:end].strip() for start, end in loose(passage)]
    if found:
        shown = ", ".join(f"“{each}”" for each in dict.fromkeys(found[:_SHOWN]))
        more = " and more" if len(found) > _SHOWN else ""
        yield Remark(
            f"{shown}{more}: no fact stands behind it.",
            'Let the ledger say it: {{ fact("…") }}, from clarion posts facts. Or say why it is right: --because "…"',
        )


def loose(passage: Passage) -> list[Span]:
    """The places of the numbers that nobody vouches for, in order."""
    plain = folded(passage.text)
    said = [match.span() for match in _NUMBER.finditer(plain.text)]
    if _SOME.search(plain.small):
        said += [match.span(1) for pattern in _IN_WORDS for match in compiled(pattern).finditer(plain.small)]
    if not said:
        return []
    covered = _covered(passage, plain)
    return sorted(place for span in set(said) if not _all(covered, place := plain.span(*span), passage.text))


#: Nothing else begins a number in words.
_SOME = re.compile(
    rf"\b(?:{spelt.SMALL}|half of|third|quarter|one in|one out|один из|кажд|треть|четверть|половин)|ty\b|hundred|thousand|illion|dozen|score|дцат|сорок|десят|девяност|сот|ст[оа]|тысяч|милли|дюжин"
)


def _covered(passage: Passage, plain: Skeleton) -> bytearray:
    """What is vouched for or is no number, letter by letter of the text."""
    names = [
        match.span() for pattern in (_NAMES, _TIME, _POINT, _TAG) for match in pattern.finditer(plain.text)
    ]
    names += [match.span() for match in _PART.finditer(plain.text) if _is_part(match, plain.small)]
    spans = [*passage.vouched, *((link.start, link.end) for link in links(passage.text)), *_source(passage)]
    covered = bytearray(len(passage.text))
    for start, end in (*spans, *(plain.span(*name) for name in names)):
        covered[start:end] = b"\1" * (min(end, len(covered)) - start)
    return covered


def _is_part(found: re.Match[str], small: str) -> bool:
    """Whether 2/5 at a line's end says which part this is, and not how many of how many."""
    part, of = int(found[1]), int(found[2])
    harmed = compiled(rf"\b{_HARM}\s*+\Z").search(small, max(found.start() - 20, 0), found.start())
    return 0 < part <= of <= _MOST_PARTS and not harmed


def _source(passage: Passage) -> Iterator[Span]:
    """The dates and numbers of a page or case in the named source, where the text names it."""
    at = passage.text.find(passage.source) if passage.source else -1
    if passage.source and at >= 0:
        for match in _IN_SOURCE.finditer(passage.source):
            yield at + match.start(), at + match.end()


def _all(covered: bytearray, span: Span, text: str) -> bool:
    """Whether every digit and letter of a span is covered: a date may be made of two pieces that are vouched for."""
    return all(covered[place] for place in range(*span) if text[place].isalnum())
