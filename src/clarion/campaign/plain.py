"""Plain text as posts have it: cleaned, cut into parts, with the campaign's tags in place.

In: what a person wrote or a template rendered to. Out: parts in Unicode NFC, without trailing space. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from clarion.errors import CampaignError

#: Far more than any thread needs, and little enough for every rule that reads it.
MOST = 20_000

_NEXT_PART = re.compile(r"^---[ \t]*$", re.MULTILINE)
_GAP = re.compile(r"\n{3,}")
_TAGS_ONLY = re.compile(r"#\w+(?: +#\w+)*")


def parts_of(text: str, *, where: str) -> tuple[str, ...]:
    """The parts of a text: a line `---` starts the next one. CampaignError when one is empty, or all is too long."""
    if len(text) > MOST:
        raise CampaignError(f"{where}: this is {len(text):,} characters long", f"stay under {MOST:,}")
    parts = tuple(clean(part) for part in _NEXT_PART.split(text.replace("\r\n", "\n").replace("\r", "\n")))
    for number, part in enumerate(parts, 1):
        if not part:
            problem = "there is no text" if len(parts) == 1 else f"part {number} is empty"
            raise CampaignError(
                f"{where}: {problem}", "write something; a line --- stands only between two parts"
            )
    return parts


def starts(text: str) -> list[int]:
    """Where the parts of a text, its lines ended by a plain line feed, begin: behind each line `---`."""
    return [0, *(line.end() for line in _NEXT_PART.finditer(text))]


def clean(text: str) -> str:
    """NFC, no space at the end of a line, no empty lines around, never two empty lines together."""
    lines = (line.rstrip() for line in unicodedata.normalize("NFC", text).split("\n"))
    return _GAP.sub("\n\n", "\n".join(lines)).strip("\n")


def with_tags(text: str, tags: Iterable[str]) -> str:
    """The text with each tag it lacks at its end: on its last line when that has only tags, else on a line of its own."""
    missing = [tag for tag in tags if not has_tag(text, tag)]
    if not missing:
        return text
    ends_in_tags = _TAGS_ONLY.fullmatch(text.rsplit("\n", 1)[-1])
    return text + (" " if ends_in_tags else "\n\n") + " ".join(missing)


def has_tag(text: str, tag: str) -> bool:
    """Whether a text has a tag where networks link it, in any case of letters."""
    return re.search(rf"(?<!\S){re.escape(tag)}(?!\w)", text, re.IGNORECASE) is not None
