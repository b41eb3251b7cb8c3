"""Never: a telephone number, an e-mail address. Whoever is reached by it may be traced, called, threatened.

In: a passage. Out: remarks that show only the beginning of what they found, because
findings travel to terminals and logs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from clarion.campaign.checks.rule import Passage, Remark, Standards

# Between the digits of a number people put spaces, dots, hyphens, brackets and slashes, at most three together.
_GAP = r"[\s.()/\-‐-―]{0,3}"
_PHONES = (
    # With its country: +7 928 123-45-67, 0049 30 1234567. Not +1,000, nor the zeros of 10:00 or 1.000.
    re.compile(rf"(?<![\w+])\+(?:{_GAP}\d){{8,15}}(?!\d)"),
    re.compile(rf"(?<![\w+:.,])00(?:{_GAP}\d){{9,13}}(?!\d)"),
    # Russia and Kazakhstan: 8 (928) 123-45-67, 89281234567.
    re.compile(rf"(?<![\w.,:/+-])[78]{_GAP}[3489](?:{_GAP}\d){{2}}(?:{_GAP}\d){{7}}(?![\d/])"),
    # North America: (415) 555-2671, 415.555.2671, 415 555 2671.
    re.compile(r"(?<![\w.,:/+-])\(?\d{3}\)?[\s.-]{1,2}\d{3}[\s.-]\d{4}(?![\d/])"),
    # An area code in brackets that is not a year: (030) 123 45 67.
    re.compile(r"(?<!\d)\((?!(?:19|20)\d\d\))0?\d{2,5}\)[\s-]?\d{2,4}(?:[\s-]?\d{2,4}){1,3}(?![\d/])"),
    # A national number with its leading 0: 030 1234567, 0171/1234567, 020 7946 0958. Not the date 01/04/2017.
    re.compile(r"(?<![\w.,:/-])0[1-9]\d{0,3}[\s/-]\d{3,8}(?:[\s-]\d{2,8}){0,3}(?![\d.:/-])"),
    # A local number as Russians write it: 123-45-67.
    re.compile(r"(?<![\d-])\d{3}[-‐-―]\d{2}[-‐-―]\d{2}(?![\d-])"),
    # Anything that is called one.
    re.compile(
        r"\b(?:tel|telephone|phone|mobile|whats\s?app|viber|тел|телефон|моб|ватсап|вайбер|позвоните|звоните)"
        r"\b[.:]?\s*(?:(?:number|no|номер|по|на|at|on|us|me)\b\.?:?\s*){0,3}\+?\d(?:[\s.()-]{0,2}\d){5,14}",
        re.IGNORECASE,
    ),
)
_PHONE_LINKS = re.compile(
    r"\b(?:tel|sms):\+?\d|\bwa\.me/\+?\d|whatsapp\.com/send/?\?phone=|\bt\.me/\+\d{7}|\bviber://",
    re.IGNORECASE,
)
_LINK = re.compile(r"https?://\S+", re.IGNORECASE)
_LEADING_ZERO = re.compile(r"0[1-9]")

# @name@server is a Mastodon handle and @name one of X: before an address stands no @.
_EMAIL = re.compile(r"(?<![\w.+%@/-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_EMAIL_IN_WORDS = re.compile(
    r"(?<![\w.+-])[\w.+-]+\s*[\[({]\s*(?:at|a|эт|собака)\s*[\])}]\s*[\w-]+(?:\s*(?:\.|[\[({]\s*(?:dot|точка)\s*[\])}])\s*[\w-]+)+",
    re.IGNORECASE,
)


def phone(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """A telephone number, also inside a link that dials."""
    plain = _plain(passage.text)
    for found in _PHONE_LINKS.finditer(plain):
        yield _phone(found[0])
    # The digits of other links are ids of posts and cases. A line between keeps what stands around apart.
    plain = _LINK.sub("\n|\n", plain)
    for pattern in _PHONES:
        for found in pattern.finditer(plain):
            if _could_be_phone(found[0]):
                yield _phone(found[0])
                return  # the patterns overlap; one finding per text says enough


def email(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """An e-mail address, also one written "name (at) host"."""
    plain = _plain(passage.text)
    for pattern in (_EMAIL, _EMAIL_IN_WORDS):
        for found in pattern.finditer(plain):
            yield Remark(
                f'"{_begin(found[0])}" reads like an e-mail address; it can expose whoever owns it.',
                "Remove it, or link a contact page. A Mastodon handle begins with @.",
            )


def _phone(found: str) -> Remark:
    return Remark(
        f'"{_begin(found)}" reads like a telephone number; it can expose whoever owns it.',
        "Remove it, or link a contact page.",
    )


def _could_be_phone(found: str) -> bool:
    digits = sum(letter.isdigit() for letter in found)
    return digits >= 9 or not _LEADING_ZERO.match(found)


def _plain(text: str) -> str:
    """Full-width and circled digits as digits; the marks that make an emoji of a digit gone."""
    return unicodedata.normalize("NFKC", text.replace("\ufe0f", "").replace("\u20e3", ""))


def _begin(found: str) -> str:
    return found.strip()[:4] + "…"
