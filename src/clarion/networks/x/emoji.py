"""Which runs of characters X counts as one emoji, by two lists. Pure.

In: a text. Out: its weight without regard to links, in X's units. The one list is that of X's published counter
(twitter-text 3.1.0, which knows Unicode 11); the other adds what Unicode has listed since. A run on neither counts
character by character. Emoji of one character weigh 2 anyhow, so only runs of several stand here.
"""

from __future__ import annotations

import re

import regex

_JOINER, _AS_EMOJI, _SKIN = "\u200d", "\ufe0f", "[🏻-🏿]"

#: One unit; everything else weighs two.
_HEAVY = re.compile("[^\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]+")
#: Where runs stand: all that they are made of, and more.
_AMONG = re.compile("[#*0-9©®\u200d\u2030-\U0010ffff]{2,}")
#: What every run holds one of.
_IN_RUNS = re.compile("[\u200d\u20e3\ufe0f🇦-🇿🏻-🏿\U000e007f]")

#: Regions that have a flag: a first letter, and those that may follow it (ISO 3166, and a few that Unicode adds).
_REGIONS = (
    *("A CDEFGILMOQRSTUWXZ", "B ABDEFGHIJLMNOQRSTVWYZ", "C ACDFGHIKLMNOPRUVWXYZ", "D EGJKMOZ", "E ACEGHRSTU"),
    *(
        "F IJKMOR",
        "G ABDEFGHILMNPQRSTUWY",
        "H KMNRTU",
        "I CDELMNOQRST",
        "J EMOP",
        "K EGHIMNPRWYZ",
        "L ABCIKRSTUVY",
    ),
    *("M ACDEFGHKLMNOPQRSTUVWXYZ", "N ACEFGILOPRUZ", "O M", "P AEFGHKLMNRSTWY", "Q A", "R EOSUW"),
    *(
        "S ABCDEGHIJKLMNORSTVXYZ",
        "T ACDFGHJKLMNORTVWZ",
        "U AGMNSYZ",
        "V ACEGINU",
        "W FS",
        "X K",
        "Y ET",
        "Z AMW",
    ),
)
_NATIONS = ("gbeng", "gbsct", "gbwls")

#: Shown as text unless U+FE0F follows, or so in older lists.
_TEXT = (
    r"[[\p{Emoji}--\p{Emoji_Presentation}--[\#*0-9♾⚧]]"
    r"⌚⌛◽◾☔☕♈-♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛔⛪⛲⛳⛵⛺⛽❗⬛⬜⭐⭕🀄🈚🈯]"
)
_TEXT_WITH_SKIN = "[🏋🏌🕴🕵🖐☝⛷⛹✌✍]"
#: These take a skin tone by lists newer than Unicode 11.
_NEWLY_WITH_SKIN = "👪-👭👯💏💑🤌🤏🤝🤼🥷🦻🧍-🧏🫃-🫅🫰-🫺"

_ROLES = rf"(?:[⚕⚖✈]{_AS_EMOJI}|[🌾🍳🎓🎤🎨🏫🏭💻💼🔧🔬🚀🚒🦰-🦳])"  # worn or held, and kinds of hair
_CHILDREN = f"(?:👦{_JOINER}👦|👧{_JOINER}[👦👧]|[👦👧])"
_GENDER = f"{_JOINER}[♀♂]{_AS_EMOJI}"
_TURNED = f"{_JOINER}➡{_AS_EMOJI}"
_ADULT = f"[👨👩🧑]{_SKIN}?"


def _flag(letters: str) -> str:
    return "".join(chr(ord(letter) - ord("A") + ord("🇦")) for letter in letters)


def _tagged(name: str) -> str:
    return "🏴" + "".join(chr(0xE0000 + ord(letter)) for letter in name) + "\U000e007f"


_KNOWN = (
    rf"[👨👩]{_SKIN}?{_JOINER}{_ROLES}",
    rf"[🏋🏌🕴🕵⛹](?:{_SKIN}|{_AS_EMOJI}){_GENDER}",
    rf"[🏃🏄🏊👮👱👳👷💁💂💆💇🙅-🙇🙋🙍🙎🚣🚴-🚶🤦🤵🤷-🤹🤽🤾🦸🦹🧖-🧝]{_SKIN}?{_GENDER}",
    rf"[👯🤼🧞🧟]{_GENDER}",
    rf"(?:👨{_JOINER}❤{_AS_EMOJI}{_JOINER}(?:💋{_JOINER})?👨|👩{_JOINER}❤{_AS_EMOJI}{_JOINER}(?:💋{_JOINER})?[👨👩])",
    rf"(?:👨{_JOINER}[👨👩]|👩{_JOINER}👩|[👨👩]){_JOINER}{_CHILDREN}",
    rf"🏳{_AS_EMOJI}{_JOINER}🌈|🏴{_JOINER}☠{_AS_EMOJI}|👁{_JOINER}🗨",
    rf"[\#*0-9]{_AS_EMOJI}?\u20E3",
    rf"{_TEXT_WITH_SKIN}{_AS_EMOJI}?{_SKIN}",
    rf"{_TEXT}{_AS_EMOJI}",
    rf"[\p{{Emoji_Modifier_Base}}--[{_NEWLY_WITH_SKIN}]]{_SKIN}",
    "|".join(map(_tagged, _NATIONS)),
    "|".join(f"{_flag(letters[0])}[{_flag(letters[2:])}]" for letters in _REGIONS),
)
#: Before the known ones, because they may begin with one of those.
_NEWER = (
    rf"{_ADULT}{_JOINER}(?:❤{_AS_EMOJI}{_JOINER}💋|❤{_AS_EMOJI}|[🤝🐰🫯]){_JOINER}{_ADULT}",
    rf"🫱{_SKIN}{_JOINER}🫲{_SKIN}",
    rf"🧑{_JOINER}(?:🧑{_JOINER})?🧒(?:{_JOINER}🧒)?",
    rf"🧑{_SKIN}?{_JOINER}(?:{_ROLES}|[🎄🩰])|{_ADULT}{_JOINER}(?:🍼|[🦯🦼🦽](?:{_TURNED})?)",
    rf"[🏃🚶🧎]{_SKIN}?(?:{_GENDER})?{_TURNED}",
    rf"[👯👰🤼🧍-🧏🧔]{_SKIN}?{_GENDER}",
    rf"🏳{_AS_EMOJI}{_JOINER}⚧{_AS_EMOJI}|👁{_AS_EMOJI}{_JOINER}🗨{_AS_EMOJI}|⛓{_AS_EMOJI}{_JOINER}💥",
    rf"❤{_AS_EMOJI}{_JOINER}[🔥🩹]|🍄{_JOINER}🟫|🍋{_JOINER}🟩|🐈{_JOINER}⬛|🐕{_JOINER}🦺|🐦{_JOINER}[⬛🔥]",
    rf"🐻{_JOINER}❄{_AS_EMOJI}|😮{_JOINER}💨|😵{_JOINER}💫|😶{_JOINER}🌫{_AS_EMOJI}|🙂{_JOINER}[↔↕]{_AS_EMOJI}",
)
_NEWER_LAST = (rf"\p{{Emoji_Modifier_Base}}{_SKIN}", f"[♾⚧]{_AS_EMOJI}", _flag("CQ"))

_KNOWN_RUN = regex.compile("|".join(_KNOWN), regex.VERSION1)
_LISTED_RUN = regex.compile("|".join((*_NEWER, *_KNOWN, *_NEWER_LAST)), regex.VERSION1)


def weight(text: str, *, newer: bool) -> int:
    """What a text without links weighs; `newer`: emoji listed since Unicode 11 count as one, too."""
    total = _plain(text)
    if _IN_RUNS.search(text):
        run = _LISTED_RUN if newer else _KNOWN_RUN
        for piece in _AMONG.findall(text):
            rest, count = run.subn("", piece) if _IN_RUNS.search(piece) else (piece, 0)
            total += 2 * count + _plain(rest) - _plain(piece) if count else 0
    return total


def _plain(text: str) -> int:
    return len(text) + sum(map(len, _HEAVY.findall(text)))
