"""Images, made anew from their pixels: what a camera or an editor wrote beside the picture never leaves the machine.

In: the bytes of a PNG, JPEG, WebP or GIF. Out: a `Picture`, which gives an `Image` without EXIF, XMP, IPTC, colour
profile, text, thumbnail or comment, in as many bytes as a network takes; or CheckFailed. The same input gives the same
bytes. Time and memory are bounded by the limits below, whatever a file claims to be.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from math import sqrt
from typing import TYPE_CHECKING

from clarion.campaign.pictures.kinds import told
from clarion.campaign.pictures.pixels import bare, scaled, within
from clarion.errors import CheckFailed

if TYPE_CHECKING:
    import PIL.Image

    from clarion.campaign.pictures.moving import Moving

    Pixels = PIL.Image.Image

#: Looked at before anything is decoded.
MAX_RAW = 50_000_000
#: A picture of more pixels is a mistake or a bomb: phones make photos of 50 million, and JPEG alone can be opened at
#: half its size.
MAX_PIXELS = 24_000_000
MAX_JPEG = 64_000_000
#: The longer side, at most: 4096 × 4096 is what the narrowest server takes (Mastodon up to 4.2: 16,777,216 pixels).
MAX_SIDE = 4096
#: The longer side of a picture that has to lose something anyway. Networks show no more.
FITTED_SIDE = 2048
#: The longer side of the smallest picture that is worth showing.
_LEAST = 128
#: What every network takes (networks.md: Bluesky's older servers).
MAX_BYTES = 1_000_000

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_QUALITIES = (90, 85, 80, 75)
#: PNG is packed thoroughly up to so many pixels; a larger one would take seconds.
_THOROUGH = 1_500_000
_MIME = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture as it will be published."""

    bytes: bytes
    mime: str
    width: int
    height: int
    sha256: str


class Picture:
    """The bare pixels of one picture. It is packed as often as there are different limits, and no more."""

    def __init__(
        self, pixels: Pixels, *, lossless: bool, size: int = 0, moving: Moving | None = None
    ) -> None:
        """`size`: how many bytes these very pixels took without loss, or 0 where that is not known."""
        self._pixels = pixels
        self._size = size
        self._lossless = lossless or pixels.mode == "RGBA"
        self._moving = moving
        self._packed: dict[tuple[int, int, str], bytes] = {}
        self._gif: bytes | None = None

    @property
    def moves(self) -> bool:
        return self._moving is not None

    def moving(self) -> Image:
        """All of a picture that moves, as a GIF, however large."""
        from clarion.campaign.pictures.moving import as_gif

        assert self._moving is not None
        self._gif = self._gif or as_gif(self._moving)
        return _image(self._gif, "GIF", self._moving.frames[0].size)

    def fitted(self, limit: int) -> Image:
        """The picture, or the first frame of one that moves, in `limit` bytes: as it is where that fits."""
        whole = self._as_png(self._pixels, limit) if self._lossless else None
        if whole or self._pixels.mode == "RGBA":
            return whole or self._smaller(limit)
        return self._as_jpeg(self._pixels, limit) or self._smaller(limit)

    def _smaller(self, limit: int) -> Image:
        """By quality, then by size. Transparency is kept, so such a picture only shrinks.

        It ends at _LEAST pixels, fitted or not: what a server would still refuse then, is for the checks to say.
        """
        pixels = within(self._pixels, FITTED_SIDE)
        pack = self._as_png if pixels.mode == "RGBA" else self._as_jpeg
        while not (kept := pack(pixels, limit if max(pixels.size) > _LEAST else MAX_RAW)):
            sizes = [len(raw) for (*side, _), raw in self._packed.items() if tuple(side) == pixels.size]
            pixels = scaled(pixels, min(0.9, sqrt(limit / min(sizes, default=self._size))))
        return kept

    def _as_png(self, pixels: Pixels, limit: int) -> Image | None:
        """The picture without loss, if it fits. No packing makes half of what another has made."""
        if pixels is self._pixels and self._size > 2 * limit:
            return None
        encoded = self._pack(pixels, "PNG", 1)
        if pixels.width * pixels.height <= _THOROUGH and len(encoded) <= 2 * limit:
            encoded = self._pack(pixels, "PNG", 9)
        return _image(encoded, "PNG", pixels.size) if len(encoded) <= limit else None

    def _as_jpeg(self, pixels: Pixels, limit: int) -> Image | None:
        """The picture at the best quality that fits; at full size none but the best is tried where it is far too large."""
        for quality in _QUALITIES:
            encoded = self._pack(pixels, "JPEG", quality)
            if len(encoded) <= limit:
                return _image(encoded, "JPEG", pixels.size)
            if len(encoded) > 2 * limit:
                break
        return None

    def _pack(self, pixels: Pixels, kind: str, effort: int) -> bytes:
        key = (*pixels.size, f"{kind}{effort}")
        if key not in self._packed:
            out = BytesIO()
            if kind == "PNG":
                pixels.save(out, kind, compress_level=effort)
            else:
                pixels.save(out, kind, quality=effort, optimize=True)
            self._packed[key] = out.getvalue()
        return self._packed[key]


def reencode(raw: bytes, *, name: str, limit: int = MAX_BYTES) -> Image:
    """A still picture made anew, in `limit` bytes. `name` is what messages call it. Raises CheckFailed as `read` does."""
    return read(raw, name=name).fitted(limit)


def read(raw: bytes, *, name: str) -> Picture:
    """The picture in a file. `name` is what messages call it; what it ends in means nothing.

    Raises CheckFailed for what is no picture, is broken, flashes, or is too large to be opened safely.
    """
    if len(raw) > MAX_RAW:
        raise CheckFailed(f"{name} is larger than {MAX_RAW // 1_000_000} MB", "save it smaller and try again")
    import PIL.Image

    with _explained(raw, name), PIL.Image.open(BytesIO(raw), formats=_FORMATS) as image:
        _require_size(image, name)
        moving = _moving(image, name)
        if moving:
            return Picture(within(moving.frames[0], MAX_SIDE), lossless=True, moving=moving)
        image.draft(None, (MAX_SIDE, MAX_SIDE))  # a huge JPEG is decoded at half its size or less
        image.load()
        pixels, lossless = bare(image, side=MAX_SIDE), image.format in ("PNG", "GIF")
        same = lossless and image.size in (pixels.size, pixels.size[::-1])
        return Picture(pixels, lossless=lossless, size=len(raw) if same else 0)


@contextmanager
def _explained(raw: bytes, name: str) -> Iterator[None]:
    """Turn whatever a decoder raises into one sentence."""
    from PIL import UnidentifiedImageError
    from PIL.Image import DecompressionBombError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of large pictures; the limit here is lower
            yield
    except CheckFailed:
        raise
    except UnidentifiedImageError as error:
        what, hint = told(raw)
        raise CheckFailed(f"{name} {what}", hint) from error
    except DecompressionBombError as error:
        raise _too_many_pixels(name) from error
    except Exception as error:  # decoders of broken files raise whatever they stumble over
        raise CheckFailed(
            f"{name} is broken, or only half of it came over", "save it again as PNG or JPEG and try again"
        ) from error


def _require_size(image: Pixels, name: str) -> None:
    width, height = image.size
    most = MAX_JPEG if image.format in ("JPEG", "MPO") else MAX_PIXELS
    if width * height > most:
        raise _too_many_pixels(name, most)


def _too_many_pixels(name: str, most: int = MAX_PIXELS) -> CheckFailed:
    return CheckFailed(
        f"{name} has more than {most // 1_000_000} million pixels",
        f"make it at most {MAX_SIDE} pixels wide",
    )


def _moving(image: Pixels, name: str) -> Moving | None:
    # A JPEG with several pictures is a photo with its preview; the others would move.
    if image.format == "MPO" or not getattr(image, "is_animated", False):
        return None
    if image.format != "GIF":
        raise CheckFailed(
            f"{name} moves, and no network takes a {image.format} that does",
            "save one still frame of it as PNG",
        )
    from clarion.campaign.pictures.moving import frames_of

    return frames_of(image, name)


def _image(encoded: bytes, kind: str, size: tuple[int, int]) -> Image:
    return Image(
        bytes=encoded,
        mime=_MIME[kind],
        width=size[0],
        height=size[1],
        sha256=sha256(encoded).hexdigest(),
    )
