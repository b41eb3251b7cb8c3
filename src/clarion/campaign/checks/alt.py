"""Never: an image that some readers cannot see. Its alt text says what it shows, in the post's language.

In: an alt text as a passage, with its file's name. Out: remarks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from clarion.campaign.checks.rule import Passage, Remark, Standards
from clarion.campaign.skeleton import folded

_SAY = 'Say what it shows: --alt "…", or alt in post.toml.'
_SUFFIX = re.compile(
    r"\.(?:png|jpe?g|gif|webp|heic|avif|tiff?|bmp|svg)\W{0,3}(?:\(?(?:\d{1,4}|copy|копия)\)?)?\W{0,3}$",
    re.IGNORECASE,
)
_CAMERA = re.compile(
    r"(?:IMG|DSC[NF]?|PXL|MVIMG|WhatsApp Image|Screen ?shot|Снимок экрана|image|photo|picture|фото|скриншот)[\d\s._:at()в-]*",
    re.IGNORECASE,
)
_WHAT = r"(?:image|picture|graphic|screen ?shot|photo(?:graph)?|pic)"
_IMAGE_OF = re.compile(
    r"\W{0,5}(?:(?:this|here|it)(?: is|'s|’s)? )?(?:(?:an?|the|this|that|our|my) )?(?:\w{1,20} )?"
    r"(?:image|picture|graphic) ?(?:of|shows?|showing|with|depict\w*|that|which|:|-|—)"
    rf"|\W{{0,5}}(?:in|on) (?:this|the) {_WHAT}\b|\W{{0,5}}{_WHAT} ?[:—-]|\W{{0,5}}(?:the|this) {_WHAT} shows?\b"
    r"|\W{0,5}(?:это )?(?:на (?:этой |этом )?(?:картинке|изображении|фото(?:графии)?|снимке|скриншоте)\b|"
    r"изображение\b|картинка\b|фото(?:графия)? ?[:—-])",
    re.IGNORECASE,
)
#: What people type because something must stand there.
_PLACEHOLDER = re.compile(
    r"\W{0,5}(?:alt(?: ?text)?|альт(?:ернативный)?(?: ?текст)?|image|picture|photo|pic|graphic|logo|text|description|caption|"
    r"none|nothing|n/?a|todo|tbd|test|x{2,9}|картинка|изображение|фото(?:графия)?|описание|текст|подпись|нет|тест)\W{0,5}",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"[^\W_]")
#: Of an alphabet, not of a script whose letters are words.
_ALPHABET = re.compile(r"[\u0000-\u058f\u2000-\u206f]*")
_FEWEST = 3


def missing(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """No alt text at all, or a sign or a word in its place."""
    said = folded(passage.text).text.strip()
    fewest = _FEWEST if _ALPHABET.fullmatch(said) else 1
    if len(_LETTERS.findall(said)) < fewest or _PLACEHOLDER.fullmatch(said):
        yield Remark(f"{passage.file} has no alt text; some readers would not know what it shows.", _SAY)


def file_name(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """The name of a file in place of an alt text."""
    said, file = folded(passage.text).text.strip(), passage.file
    names = {file.casefold(), PurePath(file).stem.casefold()}
    named = said.casefold() in names or _SUFFIX.search(said) or _CAMERA.fullmatch(said)
    if said and named and not _PLACEHOLDER.fullmatch(said):
        yield Remark(f"The alt text of {file} is a file name; it tells readers nothing.", _SAY)


def image_of(passage: Passage, standards: Standards) -> Iterator[Remark]:
    """An alt text that begins "image of": readers' software says so itself."""
    said = folded(passage.text).text
    if _IMAGE_OF.match(said) and not _PLACEHOLDER.fullmatch(said):
        yield Remark(f'The alt text of {passage.file} begins like "image of"; that is already said.', _SAY)
