"""Checks that do no harm: what a text, an alt text, a post may never carry.

In: a text and where it stands. Out: findings, each with a rule id, the place, why, and the edit that mends it. One
small function per rule; a new rule is a function in the file of its subject and a line in `TEXT_RULES` or `ALT_RULES`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from clarion.campaign.checks import alt, hidden, personal
from clarion.campaign.render import Rendered
from clarion.model import Finding

TextRule = Callable[[str, str, str], Iterator[Finding]]

#: Every rule for a text: (text, where, language) → findings.
TEXT_RULES: dict[str, TextRule] = {
    "phone": personal.phone,
    "e-mail": personal.email,
    "bidi": hidden.bidi,
    "zero-width": hidden.zero_width,
    "control": hidden.control,
}
#: Every rule for an alt text besides: (alt text, file name, where) → findings.
ALT_RULES: dict[str, TextRule] = {
    "alt-missing": alt.missing,
    "alt-file-name": alt.file_name,
    "alt-image-of": alt.image_of,
}


def check_text(text: str, *, where: str, language: str) -> list[Finding]:
    """What the rules find in one text as it would appear."""
    return [finding for rule in TEXT_RULES.values() for finding in rule(text, where, language)]


def check_alt(text: str, *, file: str, where: str, language: str) -> list[Finding]:
    """What the rules find in the alt text of an image file."""
    found = [finding for rule in ALT_RULES.values() for finding in rule(text, file, where)]
    return found + check_text(text, where=where, language=language)


def check(rendered: Rendered, *, language: str) -> list[Finding]:
    """Everything of a rendered post: its parts, its warning, its images' alt texts."""
    found: list[Finding] = []
    several = len(rendered.parts) > 1
    for number, part in enumerate(rendered.parts, 1):
        where = f"{rendered.where}, part {number}" if several else rendered.where
        found += check_text(part, where=where, language=language)
    if rendered.warning:
        found += check_text(rendered.warning, where=f"{rendered.where}, warning", language=language)
    for path, alt_text in rendered.images:
        where = f"{rendered.where}, alt text of {path.name}"
        found += check_alt(alt_text, file=path.name, where=where, language=language)
    return found
