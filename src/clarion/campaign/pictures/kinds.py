"""What a file is that is no picture, told by its first bytes: so that an error can say more than "broken".

In: bytes that are not a PNG, JPEG, WebP or GIF, whatever the file's name says. Out: what it is and what to do. Pure.
"""

from __future__ import annotations

import re

#: Enough for every mark below. Markup may begin with a comment, so it is searched for, and never further than this.
HEAD = 2048

_AS_PICTURE = "save it as PNG or JPEG and try again"
_OTHERS: tuple[tuple[re.Pattern[bytes], str, str], ...] = tuple(
    (re.compile(mark, re.IGNORECASE | re.DOTALL), what, hint)
    for mark, what, hint in (
        (rb"\s*\Z", "is empty", "choose the picture again"),
        (
            rb".{4}ftyp(?:hei[cfmsx]|hev[cmsx]|mif1|msf1)",
            "is a HEIC photo, which few people could see",
            "save it as JPEG; an iPhone does so under Settings, Camera, Formats, Most Compatible",
        ),
        (rb".{4}ftypavi[fs]", "is an AVIF picture, which few people could see", _AS_PICTURE),
        (rb".{4}ftyp|\x1aE\xdf\xa3|RIFF.{4}AVI ", "is a video", "save one still frame of it as PNG"),
        (
            rb"%PDF-",
            "is a PDF document, not a picture",
            "save the page as PNG, and look at what else stands on it",
        ),
        (
            rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|!--|!DOCTYPE|svg).{0,1800}?<?svg\b|\s*<svg\b",
            "is an SVG drawing, which may carry a script",
            "save it as PNG and try again",
        ),
        (
            rb"(?:\xef\xbb\xbf)?\s*<",
            "is a web page, not a picture",
            "save the picture itself, as PNG or JPEG",
        ),
        (rb"#!", "is a script, not a picture", "do not run it; save the picture itself, as PNG or JPEG"),
        (
            rb"PK[\x03\x05\x07]|Rar!|7z\xbc\xaf|\x1f\x8b",
            "is an archive, not a picture",
            "unpack it and choose the picture in it",
        ),
        (rb"MZ|\x7fELF|\xcf\xfa\xed\xfe", "is a program, not a picture", "do not run it; delete it"),
        (rb"II\*\0|MM\0\*", "is a TIFF picture, which no network takes", _AS_PICTURE),
        (rb"BM.{4}\0\0\0\0", "is a BMP picture, which no network takes", _AS_PICTURE),
        (rb"8BPS", "is a Photoshop document", _AS_PICTURE),
    )
)


def told(raw: bytes) -> tuple[str, str]:
    """What the file is, as the end of a sentence, and the hint that mends it."""
    head = raw[:HEAD]
    for mark, what, hint in _OTHERS:
        if mark.match(head):
            return what, hint
    return "is not a picture Clarion can read", _AS_PICTURE
