"""Never: an image that some readers cannot see. Its alt text says what it shows, in the post's language.

In: an alt text, the file's name, where it stands. Out: findings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from clarion.model import Finding

_SUFFIX = re.compile(r"\.(?:png|jpe?g|gif|webp|heic|avif|tiff?|bmp|svg)$", re.IGNORECASE)
_CAMERA = re.compile(
    r"(?:IMG|DSC[NF]?|PXL|MVIMG|WhatsApp Image|Screen ?shot|Снимок экрана|image|photo|фото)[\s_-]*[\d\s._:atв-]*",
    re.IGNORECASE,
)
_IMAGE_OF = re.compile(
    r"\s*(?:(?:an?|the|this)\s+)?(?:image|picture|graphic)\s+(?:of|shows|showing)\b"
    r"|\s*(?:на\s+(?:этой\s+)?(?:картинке|изображении)|изображение\b|картинка\b)",
    re.IGNORECASE,
)


def missing(text: str, file: str, where: str) -> Iterator[Finding]:
    """No alt text at all."""
    if not text.strip():
        yield _finding(
            "alt-missing", where, f"{file} has no alt text; some readers would not know what it shows."
        )


def file_name(text: str, file: str, where: str) -> Iterator[Finding]:
    """The name of a file in place of an alt text."""
    said = text.strip()
    names = {file.casefold(), PurePath(file).stem.casefold()}
    one_word = " " not in said and _SUFFIX.search(said)
    if said and (one_word or said.casefold() in names or _CAMERA.fullmatch(said)):
        yield _finding(
            "alt-file-name", where, f"The alt text of {file} is a file name; it tells readers nothing."
        )


def image_of(text: str, file: str, where: str) -> Iterator[Finding]:
    """An alt text that begins "image of": readers' software says so itself."""
    if _IMAGE_OF.match(text):
        yield _finding(
            "alt-image-of", where, f'The alt text of {file} begins like "image of"; that is already said.'
        )


def _finding(rule: str, where: str, why: str) -> Finding:
    return Finding(
        rule=rule,
        level="never",
        where=where,
        why=why,
        mend='Say what it shows: --alt "…", or alt in post.toml.',
    )
