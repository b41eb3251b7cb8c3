"""Never: a telephone number, an e-mail address. Whoever is reached by it may be traced, called, threatened.

In: a passage, read as its skeleton without the splitting of words. Out: remarks that show only the beginning of what they found,
because findings travel to terminals and logs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from clarion.campaign.checks.rule import Passage, Remark, Standards
from clarion.campaign.checks.saying import any_case
from clarion.campaign.skeleton import folded

# Between the digits of a number people put spaces, dots, hyphens, brackets and more, at most three together.
_GAP = r"[ .()/_·•|~*-]{0,3}"
_WIDE_GAP = r"[ .()/_·•|~*:-]{0,3}"
_PHONES = any_case(
    # With its country: +7 928 123-45-67, 0049 30 1234567. Not +1,000, nor the zeros of 10:00 or 1.000.
    rf"(?<![\w+])\+(?:{_WIDE_GAP}\d){{8,15}}(?!\d)",
    rf"(?<![\w+:.,])00(?:{_GAP}\d){{9,13}}(?!\d)",
    # Russia and Kazakhstan: 8 (928) 123-45-67, 89281234567; a mobile without the 8: 928-123-45-67.
    rf"(?<![\w.,:/+-])[78]{_GAP}[3489](?:{_GAP}\d){{2}}(?:{_GAP}\d){{7}}(?![\d/])",
    r"(?<![\w.,:/+#-])\(?9\d\d\)?[ .·_-]{0,2}\d{3}[ .·_-]{0,2}\d\d[ .·_-]{0,2}\d\d(?![\d/%])",
    # North America: (415) 555-2671, 415.555.2671, 415 555 2671.
    r"(?<![\w.,:/+-])\(?\d{3}\)?[ .-]{1,2}\d{3}[ .-]\d{4}(?![\d/])",
    # An area code in brackets that is not a year: (030) 123 45 67.
    r"(?<!\d)\((?!(?:19|20)\d\d\))0?\d{2,5}\)[ -]?\d{2,4}(?:[ -]?\d{2,4}){1,3}(?![\d/])",
    # A national number with its leading 0: 030 1234567, 0171/1234567, 020 7946 0958. Not the date 01/04/2017.
    r"(?<![\w.,:/-])0[1-9]\d{0,3}[ /-]\d{3,8}(?:[ -]\d{2,8}){0,3}(?![\d.:/-])",
    # A local number as Russians write it: 123-45-67; and one that is spelt digit by digit.
    r"(?<![\d-])\d{3}-\d{2}-\d{2}(?![\d-])",
    r"(?<![\w.,-])(?:\d[ ._·-]{1,2}){9,14}\d(?![\w.,-]?\d)",
    # Anything that is called one.
    (
        r"\b(?:tel|telephone|phone|mobile|whats\s?app|viber|signal|тел|телефон|моб|ватсап|вайбер|позвоните|звоните|набер\w{1,3})"
        r"\b[.:]?\s?(?:(?:number|no|is|номер|по|на|at|on|us|me)\b\.?:?\s?){0,3}\+?\d(?:[ .()_-]{0,2}\d){5,14}"
    ),
)
_PHONE_LINKS = re.compile(
    r"\b(?:tel|sms|callto):\+?\d|\bwa\.me/\+?\d|whatsapp\.com/send/?\?phone=|\bt\.me/\+\d{7}|\bviber://|\bsignal\.me/|"
    r"(?:[?&#/;](?:tel|phone|mobile|number|p|call|wa)[=/]|%2b|=\+|/\+)\+?\d{9,15}(?!\d)",
    re.IGNORECASE,
)
_LINK = re.compile(r"https?://\S+", re.IGNORECASE)
_LEADING_ZERO = re.compile(r"0[1-9]")

_AT = r"(?:at|a|эт|ат|собака|собачка|гав)"
_DOT = r"(?:dot|точка|тчк|punkt)"
_HOST = r"[\w-]{1,63}+"
_EMAILS = any_case(
    # @name@server is a Mastodon handle and @name one of X: before an address stands no @.
    rf"(?<![\w.+%@/-])[\w.+%-]+@{_HOST}(?:\.{_HOST})+",
    rf"(?<![\w.+%@/-])[\w.+-]{{1,64}}+ @ {_HOST}(?:\.{_HOST})+",
    # name (at) host · name[at]host (dot) org
    rf"(?<![\w.+-])[\w.+-]{{1,64}}+ ?[\[({{<] ?(?:{_AT}|@) ?[\])}}>] ?{_HOST}(?: ?(?:\.|[\[({{<] ?{_DOT} ?[\])}}>]| {_DOT} ) ?{_HOST}){{1,5}}",
    r"(?<![\w.+-])[a-z0-9.+-]{1,64}_at_[a-z0-9-]{1,63}(?:_dot_[a-z0-9-]{1,63}){1,5}",
    # name at host dot org · имя собака почта.рф
    rf"(?<![\w.+-])[\w.+-]{{1,64}}+ {_AT} {_HOST}(?: {_DOT} {_HOST}){{1,5}}\b",
    rf"(?<![\w.+-])[\w.+-]{{1,64}}+ (?-i:AT) {_HOST}(?:\.{_HOST}){{1,5}}",
    rf"(?<![\w.+-])[\w.+-]{{1,64}}+ (?:собака|собачка|гав) {_HOST}(?:\.{_HOST}){{1,5}}",
)


def phone(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """A telephone number, also inside a link that dials."""
    plain = folded(passage.text).text
    for found in _PHONE_LINKS.finditer(plain):
        yield _phone(found[0])
    # The digits of other links are ids of posts and cases. A line between keeps what stands around apart.
    plain = _LINK.sub("\n|\n", plain)
    if sum(map(str.isdigit, plain)) < _FEWEST:
        return
    for pattern in _PHONES:
        for found in pattern.finditer(plain):
            if _could_be_phone(found[0]):
                yield _phone(found[0])
                return  # the patterns overlap; one finding per text says enough


#: No telephone number has fewer digits.
_FEWEST = 6


def email(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """An e-mail address, also one written "name (at) host"."""
    plain = folded(passage.text).text
    if "%40" in plain:
        plain = unquote(plain)
    at, spelt = "@" in plain, _SPELT_AT.search(plain)
    for number, pattern in enumerate(_EMAILS):
        if spelt if number > 1 else at:
            for found in pattern.finditer(plain):
                yield Remark(
                    f'"{_begin(found[0])}" reads like an e-mail address; it can expose whoever owns it.',
                    "Remove it, or link a contact page. A Mastodon handle begins with @.",
                )


_SPELT_AT = re.compile(
    rf"[\[({{<] ?(?:{_AT}|@) ?[\])}}>]|(?<!\w){_DOT}(?!\w)|_dot_|соба[чк]|гав|(?-i: AT )", re.IGNORECASE
)


def _phone(found: str) -> Remark:
    return Remark(
        f'"{_begin(found)}" reads like a telephone number; it can expose whoever owns it.',
        "Remove it, or link a contact page.",
    )


def _could_be_phone(found: str) -> bool:
    digits = sum(letter.isdigit() for letter in found)
    return digits >= 9 or not _LEADING_ZERO.match(found)


def _begin(found: str) -> str:
    return found.strip()[:4] + "…"
