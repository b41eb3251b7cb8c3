"""Images leave as pixels and nothing else, small enough for every network; what cannot be trusted is refused."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from clarion.campaign import media
from clarion.errors import CheckFailed

GPS = "GPS-SECRET"
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">XMP-SECRET</x:xmpmeta>'
#: Nothing but these may stand in a PNG that leaves.
PNG_CHUNKS = {b"IHDR", b"IDAT", b"IEND"}
#: APPn segments other than JFIF's own, and comments, carry metadata.
JPEG_METADATA = {0xE0 + number for number in range(1, 16)} | {0xFE}


def picture(mode: str = "RGB", size: tuple[int, int] = (120, 80)) -> Image.Image:
    image = Image.new(mode, size, (200, 30, 30, 90)[: len(mode)])
    image.paste((20, 20, 200, 255)[: len(mode)], (0, 0, size[0] // 2, size[1] // 2))
    return image


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def noise(size: tuple[int, int], mode: str = "RGB") -> Image.Image:
    """Pixels that do not compress, the same each time."""
    want = size[0] * size[1] * len(mode)
    state, out = 1, bytearray()
    while len(out) < want:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        out += struct.pack("<Q", state ^ (state >> 29))
    return Image.frombytes(mode, size, bytes(out[:want]))


def exif(orientation: int = 1) -> bytes:
    data = Image.Exif()
    data[0x0112] = orientation
    data[0x010F] = "CAMERA-SECRET"
    gps = data.get_ifd(0x8825)
    gps[29] = GPS
    gps[2] = (43.0, 19.0, 5.0)
    return data.tobytes()


def loaded_jpeg(orientation: int = 1) -> bytes:
    """A JPEG with GPS, maker, XMP, a colour profile with text, IPTC and a comment."""
    raw = saved(
        picture(),
        "JPEG",
        exif=exif(orientation),
        xmp=XMP,
        icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        comment=b"COMMENT-SECRET",
    )
    iptc = b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x10\x1c\x02\x50\x00\x0bIPTC-SECRET"
    return raw[:2] + b"\xff\xed" + struct.pack(">H", len(iptc) + 2) + iptc + raw[2:]


def loaded_png(image: Image.Image) -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "TEXT-SECRET")
    text.add_text("Comment", "ZTXT-SECRET", zip=True)
    text.add_itxt("XML:com.adobe.xmp", XMP.decode())
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return (
        saved(image, "PNG", pnginfo=text, exif=exif(), icc_profile=profile, dpi=(72, 72)) + b"TRAILING-SECRET"
    )


def png_chunks(raw: bytes) -> set[bytes]:
    kinds, at = set(), 8
    while at < len(raw):
        (length,) = struct.unpack(">I", raw[at : at + 4])
        kinds.add(raw[at + 4 : at + 8])
        at += 12 + length
    return kinds


def jpeg_markers(raw: bytes) -> set[int]:
    kinds, at = set(), 2
    while raw[at + 1] != 0xDA:
        kinds.add(raw[at + 1])
        at += 2 + struct.unpack(">H", raw[at + 2 : at + 4])[0]
    return kinds


def opened(image: media.Image) -> Image.Image:
    with Image.open(BytesIO(image.bytes)) as again:
        again.load()
        return again.copy()


def test_nothing_that_a_camera_wrote_is_left_in_a_jpeg() -> None:
    raw = loaded_jpeg()
    for secret in (b"SECRET", b"xmpmeta", b"ICC_PROFILE", b"Exif", b"IPTC-SECRET", b"COMMENT-SECRET"):
        assert secret in raw
    out = media.reencode(raw, name="a.jpg")
    assert out.mime == "image/jpeg"
    assert jpeg_markers(out.bytes).isdisjoint(JPEG_METADATA)
    for secret in (b"SECRET", b"xmp", b"ICC", b"Exif", b"8BIM", b"GPS"):
        assert secret not in out.bytes


def test_nothing_that_an_editor_wrote_is_left_in_a_png() -> None:
    raw = loaded_png(picture())
    assert {b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"iCCP", b"pHYs"} <= png_chunks(
        raw.removesuffix(b"TRAILING-SECRET")
    )
    out = media.reencode(raw, name="a.png")
    assert out.mime == "image/png"
    assert png_chunks(out.bytes) == PNG_CHUNKS
    assert b"SECRET" not in out.bytes


def test_the_pixels_of_a_png_stay_as_they_are() -> None:
    out = media.reencode(saved(picture("RGBA"), "PNG"), name="a.png")
    assert opened(out).tobytes() == picture("RGBA").tobytes()


def test_a_picture_stands_upright() -> None:
    out = media.reencode(loaded_jpeg(orientation=6), name="a.jpg")
    assert (out.width, out.height) == (80, 120)
    assert opened(out).size == (80, 120)
    red, _, blue = opened(out).getpixel((75, 5))  # type: ignore[misc]  # the blue corner moved to the right
    assert blue > red


def profile_that_swaps_red_and_blue() -> bytes:
    """An sRGB profile whose primaries point at each other's data: lcms makes no other RGB profile by itself."""
    raw = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    red, blue = raw.index(b"rXYZ", 128), raw.index(b"bXYZ", 128)
    swapped = bytearray(raw)
    swapped[red + 4 : red + 12], swapped[blue + 4 : blue + 12] = (
        raw[blue + 4 : blue + 12],
        raw[red + 4 : red + 12],
    )
    return bytes(swapped)


def test_colours_are_translated_before_their_profile_is_dropped() -> None:
    raw = saved(picture(), "PNG", icc_profile=profile_that_swaps_red_and_blue())
    red, _, blue = opened(media.reencode(raw, name="a.png")).getpixel((100, 70))  # type: ignore[misc]
    assert blue > 150 > red


def test_a_broken_profile_does_not_keep_the_picture_out() -> None:
    out = media.reencode(saved(picture(), "PNG", icc_profile=b"not a profile"), name="a.png")
    assert png_chunks(out.bytes) == PNG_CHUNKS


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P"])
def test_every_ordinary_kind_of_png_is_read(mode: str) -> None:
    assert media.reencode(saved(picture("RGBA").convert(mode), "PNG"), name="a.png").mime == "image/png"


def test_a_jpeg_for_printing_is_read() -> None:
    assert media.reencode(saved(picture().convert("CMYK"), "JPEG"), name="a.jpg").mime == "image/jpeg"


def test_the_same_picture_gives_the_same_bytes() -> None:
    raw = loaded_jpeg()
    first, second = media.reencode(raw, name="a.jpg"), media.reencode(raw, name="b.jpg")
    assert first == second
    assert first.sha256 == second.sha256


def test_a_small_picture_keeps_its_size() -> None:
    out = media.reencode(saved(picture(), "PNG"), name="a.png")
    assert (out.width, out.height) == (120, 80)


def test_a_large_photo_is_fitted_under_a_million_bytes() -> None:
    out = media.reencode(saved(noise((1500, 1500)), "PNG"), name="a.png")
    assert len(out.bytes) <= media.MAX_BYTES
    assert out.mime == "image/jpeg"
    assert opened(out).size == (out.width, out.height)


def test_a_large_transparent_picture_shrinks_and_stays_transparent() -> None:
    out = media.reencode(saved(noise((800, 800), "RGBA"), "PNG"), name="a.png")
    assert len(out.bytes) <= media.MAX_BYTES
    assert opened(out).mode == "RGBA"
    assert out.width < 800


def test_a_very_wide_picture_is_brought_to_a_sane_width() -> None:
    out = media.reencode(saved(picture(size=(9000, 30)), "PNG"), name="a.png")
    assert (out.width, out.height) == (4096, 14)


def moving(kind: str) -> bytes:
    return saved(picture(), kind, save_all=True, append_images=[picture().rotate(90)], duration=100)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_it_refuses_a_moving_picture(kind: str) -> None:
    with pytest.raises(CheckFailed, match="moves") as caught:
        media.reencode(moving(kind), name="a.gif")
    assert caught.value.hint == "save one still frame of it as PNG"


def bomb(side: int) -> bytes:
    """A PNG that says it is huge, in a few hundred bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"#!/bin/sh\nrm -rf /\n", "is not a picture Clarion can read"),
        (b"", "is not a picture Clarion can read"),
        (b"\x89PNG\r\n\x1a\n<script>alert(1)</script>", "a.png is"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "is not a picture Clarion can read"),
        (saved(picture(), "TIFF"), "is not a picture Clarion can read"),
        (saved(noise((64, 64)), "PNG")[:-600], "is broken"),
        (saved(noise((64, 64)), "JPEG")[:-600], "is broken"),
        (bomb(30_000), "more than 64 million pixels"),
        (bomb(9_000), "more than 64 million pixels"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50_000_000, "is larger than 50 MB"),
        (saved(Image.new("I;16", (8, 8)), "PNG"), "more than 8 bits"),
    ],
    ids=[
        "script",
        "empty",
        "PNG that is a script",
        "SVG",
        "TIFF",
        "cut PNG",
        "cut JPEG",
        "bomb",
        "small bomb",
        "50 MB",
        "16 bits",
    ],
)
def test_it_refuses_what_is_no_safe_picture_in_one_sentence(raw: bytes, said: str) -> None:
    with pytest.raises(CheckFailed) as caught:
        media.reencode(raw, name="a.png")
    assert said in caught.value.message
    assert caught.value.hint
