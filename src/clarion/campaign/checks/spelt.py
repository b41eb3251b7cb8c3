"""Numbers in words, English and Russian, in every case: their values, and the patterns that find them.

Plain data. "one" and «один» are no numbers here: too much is said with them. Nor are ordinals.
"""

from __future__ import annotations

_EN = "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_EN_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_RU: dict[int, str] = {
    2: "два две двух двум двумя двое двоих двоим двоими",
    3: "три трех трем тремя трое троих троим троими",
    4: "четыре четырех четырем четырьмя четверо четверых четверым четверыми",
    5: "пять пяти пятью пятеро пятерых пятерым",
    6: "шесть шести шестью шестеро шестерых шестерым",
    7: "семь семи семью семеро семерых семерым",
    8: "восемь восьми восемью восьмеро восьмерых",
    9: "девять девяти девятью девятеро девятерых",
    10: "десять десяти десятью десятеро десятерых",
    **{
        number: f"{stem}ь {stem}и {stem}ью"
        for number, stem in enumerate(
            (
                *("одиннадцат", "двенадцат", "тринадцат", "четырнадцат", "пятнадцат"),
                *("шестнадцат", "семнадцат", "восемнадцат", "девятнадцат"),
            ),
            11,
        )
    },
    20: "двадцать двадцати двадцатью",
    30: "тридцать тридцати тридцатью",
    40: "сорок сорока",
    50: "пятьдесят пятидесяти пятьюдесятью",
    60: "шестьдесят шестидесяти шестьюдесятью",
    70: "семьдесят семидесяти семьюдесятью",
    80: "восемьдесят восьмидесяти восемьюдесятью",
    90: "девяносто девяноста",
}
#: Each word that is a number under 100, and the number.
VALUES: dict[str, int] = {
    **{word: number for number, word in enumerate(_EN.split(), 2)},
    **{word: 10 * tens for tens, word in enumerate(_EN_TENS.split(), 2)},
    **{word: number for number, forms in _RU.items() for word in forms.split()},
}
_ONES = {"one": 1, "один": 1, "одного": 1, "одна": 1, "одному": 1, "одной": 1}


def _any(words: list[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


#: 2-19, and the tens with their ones: forty-three, сорок три.
SMALL = _any([word for word, number in VALUES.items() if number < 20])
_TENS = _any([word for word, number in VALUES.items() if number >= 20])
_ORDINAL = (
    r"[\s-](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|"
    r"(?:перв|втор|трет|четверт|пят|шест|седьм|восьм|девят)(?:ый|ой|ого|ому|ым|ом|ая|ую|ое|ые|ых|ый|ий|ьего|ьей|ья))\b"
)
TENS = rf"(?:{_TENS})(?!{_ORDINAL})(?:[\s-](?:one|{_any([*_ONES, *(w for w, n in VALUES.items() if n < 10)])})\b)?"
#: Any number under 100, in digits or in words.
ANY = rf"(?:\d{{1,2}}|(?:{_TENS})(?:[\s-](?:{_any([*_ONES, *(w for w, n in VALUES.items() if n < 10)])}))?|{SMALL}|one)"
LARGE = (
    r"hundreds?|thousands?|millions?|billions?|trillions?|dozens?|scores? of|"
    r"сотн(?:я|и|е|ю|ей|ям|ями|ях)|сотен|полсотни|полтораста|"
    r"тысяч\w{0,3}|полтысячи|миллион\w{0,3}|миллиард\w{0,3}|дюжин\w{0,3}|"
    r"десят(?:ок|ка|ку|ком|ке|ки|ков|кам|ками|ках)|сто|ста|"
    r"(?:две|три|четыре|двух|трех|четырех|двум|трем|четырем)(?:сти|ста|сот|стам)|"
    r"(?:пят|шест|сем|восем|восьм|девят)[ьи]сот|(?:пят|шест|сем|восем|восьм|девят)[ьи]ю?ст\w{1,3}"
)


def value(word: str) -> int:
    """The number that ANY found; 0 for what is none."""
    if word.isdigit():
        return int(word)
    pieces = word.replace("-", " ").split()
    return sum(VALUES.get(piece, _ONES.get(piece, 0)) for piece in pieces)
