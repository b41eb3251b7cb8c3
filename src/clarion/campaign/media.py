"""Images, made anew from their pixels: what a camera or an editor wrote beside the picture never leaves the machine.

In: the bytes of a PNG, JPEG, WebP or GIF. Out: an `Image` without EXIF, XMP, IPTC, colour profile, text or thumbnail,
small enough for every network; or CheckFailed. The same input gives the same bytes.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING

from clarion.errors import CheckFailed

if TYPE_CHECKING:
    import PIL.Image

    Pixels = PIL.Image.Image

#: Looked at before anything is decoded.
MAX_RAW = 50_000_000
#: A picture of more pixels is a mistake or a bomb: phones make 50 million.
MAX_PIXELS = 64_000_000
#: The longer side, at most. Networks show less.
MAX_SIDE = 4096
#: The longer side of a picture that has to lose something anyway.
FITTED_SIDE = 2048
#: Bluesky's older servers take no more (networks.md); one size for all, so that one approval shows one picture.
MAX_BYTES = 1_000_000

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_QUALITIES = (90, 85, 80, 75)
_SMALLER = 0.8
_MIME = {"PNG": "image/png", "JPEG": "image/jpeg"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture as it will be published."""

    bytes: bytes
    mime: str
    width: int
    height: int
    sha256: str


def reencode(raw: bytes, *, name: str) -> Image:
    """A picture made anew. `name` is what messages call it.

    Raises CheckFailed for what is no picture, is broken, moves, or is too large to be opened safely.
    """
    if len(raw) > MAX_RAW:
        raise CheckFailed(f"{name} is larger than {MAX_RAW // 1_000_000} MB", "save it smaller and try again")
    pixels, was_png = _decoded(raw, name)
    pixels = _within(pixels, MAX_SIDE)
    kept = _as_png(pixels) if was_png or pixels.mode == "RGBA" else _as_jpeg(pixels, _QUALITIES[:1])
    return kept or _fitted(_within(pixels, FITTED_SIDE))


def _decoded(raw: bytes, name: str) -> tuple[Pixels, bool]:
    """The pixels, upright, in RGB or RGBA; and whether they came without loss, as in a PNG."""
    import PIL.Image
    from PIL import ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of large pictures; the limit here is lower
            with PIL.Image.open(BytesIO(raw), formats=_FORMATS) as image:
                _require_still(image, name)
                _require_size(image, name)
                image.draft(
                    None, (FITTED_SIDE, FITTED_SIDE)
                )  # a huge JPEG is decoded at half its size or less
                image.load()
                upright = ImageOps.exif_transpose(image)
                return _bare(_in_srgb(upright), name), image.format in ("PNG", "GIF")
    except CheckFailed:
        raise
    except UnidentifiedImageError as error:
        raise CheckFailed(
            f"{name} is not a picture Clarion can read", "save it as PNG or JPEG and try again"
        ) from error
    except PIL.Image.DecompressionBombError as error:
        raise _too_many_pixels(name) from error
    except Exception as error:  # decoders of broken files raise whatever they stumble over
        raise CheckFailed(
            f"{name} is broken: {error}", "save it again as PNG or JPEG and try again"
        ) from error


def _require_still(image: Pixels, name: str) -> None:
    # A JPEG with several pictures is a photo with its preview; the others would move.
    if image.format != "MPO" and getattr(image, "is_animated", False):
        raise CheckFailed(
            f"{name} moves; moving pictures can make people ill and cannot be made anew safely",
            "save one still frame of it as PNG",
        )


def _require_size(image: Pixels, name: str) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise _too_many_pixels(name)
    if image.mode.startswith(("I", "F")):
        raise CheckFailed(f"{name} has more than 8 bits per colour", "save it as an ordinary PNG or JPEG")


def _too_many_pixels(name: str) -> CheckFailed:
    return CheckFailed(
        f"{name} has more than {MAX_PIXELS // 1_000_000} million pixels",
        f"make it at most {MAX_SIDE} pixels wide",
    )


def _in_srgb(image: Pixels) -> Pixels:
    """Colours as a reader without the profile will see them: once it is dropped, nobody else can translate."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA", "CMYK"):
        return image
    from PIL import ImageCms

    mode = "RGB" if image.mode == "CMYK" else image.mode
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        same = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image  # a broken profile says nothing about the pixels
    return same or image


def _bare(image: Pixels, name: str) -> Pixels:
    """A new picture of the same pixels and nothing else; transparency only where some pixel has it."""
    import PIL.Image

    see_through = image.has_transparency_data
    pixels = image.convert("RGBA" if see_through else "RGB")
    if see_through and pixels.getchannel("A").getextrema() == (255, 255):
        pixels = pixels.convert("RGB")
    return PIL.Image.frombytes(pixels.mode, pixels.size, pixels.tobytes())


def _within(pixels: Pixels, side: int) -> Pixels:
    longest = max(pixels.size)
    return pixels if longest <= side else _scaled(pixels, side / longest)


def _scaled(pixels: Pixels, by: float) -> Pixels:
    from PIL.Image import Resampling

    width, height = (max(1, round(length * by)) for length in pixels.size)
    return pixels.resize((width, height), Resampling.LANCZOS)


def _fitted(pixels: Pixels) -> Image:
    """Under the limit of bytes: first by quality, then by size. Transparency is kept, so such a picture only shrinks."""
    while True:
        kept = _as_png(pixels) if pixels.mode == "RGBA" else _as_jpeg(pixels, _QUALITIES)
        if kept:
            return kept
        pixels = _scaled(pixels, _SMALLER)


def _as_png(pixels: Pixels) -> Image | None:
    """The picture without loss, if it fits. The quick try first: the thorough one takes seconds on a photo."""
    if len(_encoded(pixels, "PNG", compress_level=1)) > 2 * MAX_BYTES:
        return None
    encoded = _encoded(pixels, "PNG", compress_level=9)
    return _image(encoded, "PNG", pixels) if len(encoded) <= MAX_BYTES else None


def _as_jpeg(pixels: Pixels, qualities: Sequence[int]) -> Image | None:
    """The picture at the best of these qualities that fits."""
    for quality in qualities:
        encoded = _encoded(pixels, "JPEG", quality=quality, optimize=True)
        if len(encoded) <= MAX_BYTES:
            return _image(encoded, "JPEG", pixels)
    return None


def _encoded(pixels: Pixels, kind: str, **options: int) -> bytes:
    out = BytesIO()
    pixels.save(out, kind, **options)
    return out.getvalue()


def _image(encoded: bytes, kind: str, pixels: Pixels) -> Image:
    return Image(
        bytes=encoded,
        mime=_MIME[kind],
        width=pixels.width,
        height=pixels.height,
        sha256=sha256(encoded).hexdigest(),
    )
