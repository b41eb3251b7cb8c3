"""Pixels and nothing else: what a picture looks like, upright, in sRGB, without what its transparency hides.

In: a picture as Pillow opened it. Out: a new picture with no memory of the file it came from.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import PIL.Image

    Pixels = PIL.Image.Image

#: EXIF's orientation → what turns the picture upright, as the names of `PIL.Image.Transpose`.
_UPRIGHT = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
_ORIENTATION = 0x0112
#: So little of 255 shows through that nobody sees it.
_UNSEEN = 12


def bare(image: Pixels, *, side: int) -> Pixels:
    """A new picture of the same pixels and nothing else, upright; transparency only where some pixel has it."""
    import PIL.Image

    upright = _UPRIGHT.get(_orientation(image))
    profile = image.info.get("icc_profile")
    pixels = _in_srgb(within(_eight_bits(image), side), profile)
    if upright:
        pixels = pixels.transpose(PIL.Image.Transpose[upright])
    if pixels.mode == "RGBA" and pixels.getchannel("A").getextrema() == (255, 255):
        pixels = pixels.convert("RGB")
    return as_seen(PIL.Image.frombytes(pixels.mode, pixels.size, pixels.tobytes()))


def as_seen(pixels: Pixels) -> Pixels:
    """The picture without what its transparency hides: an eraser takes a face from sight and leaves it in the file."""
    import PIL.Image

    if pixels.mode != "RGBA":
        return pixels
    seen = PIL.Image.new("RGBA", pixels.size, (0, 0, 0, 0))
    seen.paste(pixels, mask=pixels.getchannel("A").point([0] * (_UNSEEN + 1) + [255] * (255 - _UNSEEN)))
    return seen


def _eight_bits(image: Pixels) -> Pixels:
    """RGB, RGBA or CMYK. Sixteen bits of grey become eight: `convert` alone would cut them off at white."""
    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda value: value * (1 / 257), "L")
    if image.mode in ("RGB", "RGBA", "CMYK") and "transparency" not in image.info:
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _in_srgb(image: Pixels, profile: bytes | None) -> Pixels:
    """RGB as a reader without the profile will see it: once it is dropped, nobody else can translate."""
    mode = "RGB" if image.mode == "CMYK" else image.mode
    if profile:
        from PIL import ImageCms

        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            same = ImageCms.profileToProfile(image, source, target, outputMode=mode)
        except (ImageCms.PyCMSError, OSError, ValueError):
            same = None  # a broken profile says nothing about the pixels
        if same:
            return same
    return image.convert(mode)


def _orientation(image: Pixels) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - EXIF that nobody can read says nothing about the pixels
        return 1


def within(pixels: Pixels, side: int) -> Pixels:
    longest = max(pixels.size)
    return pixels if longest <= side else scaled(pixels, side / longest)


def scaled(pixels: Pixels, by: float) -> Pixels:
    from PIL.Image import Resampling

    width, height = (max(1, round(length * by)) for length in pixels.size)
    return pixels.resize((width, height), Resampling.LANCZOS, reducing_gap=2.0)
