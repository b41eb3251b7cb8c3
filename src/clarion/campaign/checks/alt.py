"""Never: an image that some readers cannot see. Its alt text says what it shows, in the post's language.

In: an alt text as a passage, with its file's name. Out: remarks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from clarion.campaign.checks.rule import Passage, Remark, Standards

_SAY = 'Say what it shows: --alt "…", or alt in post.toml.'
_SUFFIX = re.compile(r"\.(?:png|jpe?g|gif|webp|heic|avif|tiff?|bmp|svg)$", re.IGNORECASE)
_CAMERA = re.compile(
    r"(?:IMG|DSC[NF]?|PXL|MVIMG|WhatsApp Image|Screen ?shot|Снимок экрана|image|photo|фото)[\d\s._:atв-]*",
    re.IGNORECASE,
)
_IMAGE_OF = re.compile(
    r"\s*(?:(?:an?|the|this)\s+)?(?:image|picture|graphic)\s+(?:of|shows|showing)\b"
    r"|\s*(?:на\s+(?:этой\s+)?(?:картинке|изображении)|изображение\b|картинка\b)",
    re.IGNORECASE,
)


def missing(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """No alt text at all."""
    if not passage.text.strip():
        yield Remark(f"{passage.file} has no alt text; some readers would not know what it shows.", _SAY)


def file_name(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """The name of a file in place of an alt text."""
    said, file = passage.text.strip(), passage.file
    names = {file.casefold(), PurePath(file).stem.casefold()}
    one_word = " " not in said and _SUFFIX.search(said)
    if said and (one_word or said.casefold() in names or _CAMERA.fullmatch(said)):
        yield Remark(f"The alt text of {file} is a file name; it tells readers nothing.", _SAY)


def image_of(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """An alt text that begins "image of": readers' software says so itself."""
    if _IMAGE_OF.match(passage.text):
        yield Remark(f'The alt text of {passage.file} begins like "image of"; that is already said.', _SAY)
