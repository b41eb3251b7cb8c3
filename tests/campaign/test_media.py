"""Images leave as pixels and nothing else, small enough for every network; what cannot be trusted is refused."""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from io import BytesIO
from random import Random

import pytest
from PIL import Image, ImageCms, ImageSequence, PngImagePlugin

from clarion.campaign.pictures import media
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
    return Image.frombytes(mode, size, Random(1).randbytes(size[0] * size[1] * len(mode)))


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


def gif_blocks(raw: bytes) -> list[bytes]:
    """The label of each extension of a GIF, with its application's name: "fe" is a comment, "ff" an application's data."""
    at = 13 + (3 << (raw[10] & 7) + 1 if raw[10] & 0x80 else 0)
    found = []
    while raw[at] != 0x3B:
        if raw[at] == 0x21:
            label = raw[at + 1]
            found.append(raw[at + 3 : at + 14] if label == 0xFF else bytes([label]))
            at += 2
        else:
            at += 10 + (3 << (raw[at + 9] & 7) + 1 if raw[at + 9] & 0x80 else 0) + 1
        while raw[at]:
            at += raw[at] + 1
        at += 1
    return found


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


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("WEBP", {"lossless": True, "exact": True})])
@pytest.mark.parametrize("alpha", [0, 1, 12])
def test_what_an_eraser_hid_is_gone_and_not_only_out_of_sight(
    kind: str, options: dict[str, bool], alpha: int
) -> None:
    image = Image.new("RGBA", (40, 40), (200, 10, 10, 255))
    image.paste((201, 11, 11, alpha), (0, 0, 20, 20))
    out = opened(media.reencode(saved(image, kind, **options), name="a.png"))
    assert (out.getpixel((5, 5)), out.getpixel((30, 30))) == ((0, 0, 0, 0), (200, 10, 10, 255))


def test_a_frame_hides_nothing_either() -> None:
    frames = [Image.new("P", (40, 40), 0), Image.new("P", (40, 40), 1)]
    for frame in frames:
        frame.putpalette([201, 11, 11, 0, 0, 255])
    raw = saved(
        frames[0],
        "GIF",
        save_all=True,
        append_images=frames[1:],
        duration=[500, 500],
        transparency=0,
        disposal=2,
    )
    out = media.read(raw, name="a.gif").moving()
    assert bytes((201, 11, 11)) in raw
    assert bytes((201, 11, 11)) not in out.bytes


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


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_nothing_but_pixels_leaves_whatever_kind_it_came_in(kind: str) -> None:
    with_text = {"JPEG": {"comment": b"COMMENT-SECRET"}, "GIF": {"comment": b"COMMENT-SECRET"}}.get(kind, {})
    described = {} if kind == "GIF" else {"exif": exif(), "xmp": XMP}
    raw = saved(picture(), kind, **with_text, **described) + b"PK\x03\x04<script>TRAILING-SECRET"
    assert b"SECRET" in raw
    out = media.reencode(raw, name="a.png").bytes
    for secret in (b"SECRET", b"Exif", b"xmp", b"PK\x03\x04", b"script", b"Software", b"Pillow"):
        assert secret not in out


def test_the_kind_is_told_by_the_bytes_and_not_by_the_name() -> None:
    assert media.reencode(saved(picture(), "JPEG"), name="a.png").mime == "image/jpeg"
    assert media.reencode(saved(picture(), "PNG"), name="a.jpg").mime == "image/png"


def test_sixteen_bits_of_grey_become_eight() -> None:
    deep = Image.frombytes("I;16", (8, 8), struct.pack("<8H", *[0x8000] * 4, *[0] * 4) * 8)
    small = opened(media.reencode(saved(deep, "PNG"), name="a.png"))
    assert (small.getpixel((0, 0)), small.getpixel((7, 7))) == ((127, 127, 127), (0, 0, 0))


def test_a_palette_with_a_see_through_colour_stays_see_through() -> None:
    image = picture().convert("P")
    raw = saved(image, "PNG", transparency=image.getpixel((0, 0)))
    again = opened(media.reencode(raw, name="a.png"))
    assert again.mode == "RGBA"
    assert [again.getchannel("A").getpixel(place) for place in ((0, 0), (119, 79))] == [0, 255]


def test_exif_that_nobody_can_read_does_not_keep_the_picture_out() -> None:
    out = media.reencode(saved(picture(), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff"), name="a.jpg")
    assert (out.width, out.height) == (120, 80)


def test_a_picture_that_fits_is_the_same_on_every_network() -> None:
    small = media.read(saved(picture(), "PNG"), name="a.png")
    assert small.fitted(1_000_000) == small.fitted(16_000_000)


def test_a_picture_is_made_smaller_only_where_a_network_asks_for_it() -> None:
    photo = media.read(saved(noise((1500, 1500)), "PNG"), name="a.png")
    kept, quality, less = photo.fitted(16_000_000), photo.fitted(5_000_000), photo.fitted(1_000_000)
    assert (kept.mime, kept.width) == ("image/png", 1500)
    assert (quality.mime, quality.width) == ("image/jpeg", 1500)
    assert less.width < 1500
    assert [len(out.bytes) <= limit for out, limit in ((quality, 5_000_000), (less, 1_000_000))] == [True] * 2


def test_however_small_the_limit_it_ends() -> None:
    assert len(media.reencode(saved(noise((400, 300)), "PNG"), name="a.png", limit=8_000).bytes) <= 8_000
    assert 0 < media.reencode(saved(noise((400, 300)), "PNG"), name="a.png", limit=1).width <= 128
    assert 0 < media.reencode(saved(noise((400, 300), "RGBA"), "PNG"), name="a.png", limit=1).width <= 128


# ── what moves ────────────────────────────────────────────────────────────────────────────────────────────────


def moving(kind: str = "GIF", stands: int = 400, count: int = 4, **options: object) -> bytes:
    """A bar that wanders to the right over a grey ground."""
    frames = [Image.new("RGB", (120, 80), (90, 90, 90)) for _ in range(count)]
    for number, frame in enumerate(frames):
        frame.paste((20, 20, 160), (10 * (number % 10), 0, 10 * (number % 10) + 10, 80))
    return saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=stands, loop=0, **options)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_it_refuses_what_moves_and_is_no_gif(kind: str) -> None:
    with pytest.raises(CheckFailed, match=r"a\.gif moves, and no network takes") as caught:
        media.reencode(moving(kind), name="a.gif")
    assert caught.value.hint == "save one still frame of it as PNG"


def test_a_moving_gif_is_made_anew_with_its_frames_and_nothing_else() -> None:
    raw = moving(comment=b"COMMENT-SECRET")
    assert b"\xfe" in gif_blocks(raw)
    read = media.read(raw, name="a.gif")
    out = read.moving()
    assert (read.moves, out.mime, out.width, out.height) == (True, "image/gif", 120, 80)
    assert set(gif_blocks(out.bytes)) == {b"NETSCAPE2.0", b"\xf9"}
    with Image.open(BytesIO(out.bytes)) as again:
        seen = [frame.convert("RGB").getpixel((25, 40)) for frame in ImageSequence.Iterator(again)]
        assert seen == [(90, 90, 90), (90, 90, 90), (20, 20, 160), (90, 90, 90)]
        assert (again.info["duration"], again.info["loop"]) == (400, 0)
    assert b"SECRET" not in out.bytes


def test_a_still_of_what_moves_is_its_first_frame() -> None:
    still = media.read(moving(), name="a.gif").fitted(1_000_000)
    assert still.mime == "image/png"
    assert opened(still).getpixel((5, 40)) == (20, 20, 160)


def flashing(stands: int, dark: int = 0, light: int = 255, part: float = 1.0) -> bytes:
    first, second = (Image.new("RGB", (96, 54), (tone, tone, tone)) for tone in (dark, light))
    first.paste((light, light, light), (int(96 * part), 0, 96, 54))
    return saved(first, "GIF", save_all=True, append_images=[second], duration=stands, loop=0)


def test_what_flashes_more_than_three_times_a_second_is_refused() -> None:
    with pytest.raises(CheckFailed, match="flashes more than 3 times in a second"):
        media.read(flashing(100), name="a.gif")


@pytest.mark.parametrize(
    "calm",
    [flashing(200), flashing(100, dark=120, light=140), flashing(100, dark=245), flashing(100, part=0.2)],
    ids=["slow", "hardly a change", "bright all the time", "a small part"],
)
def test_what_changes_calmly_is_not_refused(calm: bytes) -> None:
    assert media.read(calm, name="a.gif").moves


def test_a_moving_picture_without_end_is_refused() -> None:
    with pytest.raises(CheckFailed, match="moves for longer than can be made anew") as caught:
        media.read(moving(count=302), name="a.gif")
    assert "cut it shorter" in (caught.value.hint or "")


# ── what is no picture, or not a safe one ─────────────────────────────────────────────────────────────────────


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


HEIC = b"\0\0\0\x24ftypheic\0\0\0\0mif1heic" + bytes(64)
REFUSED = {
    "script": (b"#!/bin/sh\nrm -rf /\n", "is a script, not a picture"),
    "page": (b"<!DOCTYPE html><html><script>alert(1)</script>", "is a web page, not a picture"),
    "archive": (b"PK\x03\x04" + bytes(60), "is an archive, not a picture"),
    "program": (b"MZ" + bytes(60), "is a program, not a picture"),
    "empty": (b"", "is empty"),
    "HEIC": (HEIC, "is a HEIC photo"),
    "video": (b"\0\0\0\x18ftypmp42" + bytes(60), "is a video"),
    "PDF": (b"%PDF-1.7\n" + bytes(60), "is a PDF document"),
    "SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "is an SVG drawing"),
    "SVG in XML": (
        b"<?xml version='1.0'?>\n<!-- made by hand -->\n<svg><script/></svg>",
        "is an SVG drawing",
    ),
    "TIFF": (saved(picture(), "TIFF"), "is a TIFF picture"),
    "BMP": (saved(picture(), "BMP"), "is a BMP picture"),
    "text": (b"hello", "is not a picture Clarion can read"),
    "marks without end": (b"<!--" * 500_000, "is a web page"),
    "PNG that is a script": (b"\x89PNG\r\n\x1a\n<script>alert(1)</script>", "a.png is"),
    "cut PNG": (saved(noise((64, 64)), "PNG")[:-600], "is broken"),
    "cut JPEG": (saved(noise((64, 64)), "JPEG")[:-600], "is broken"),
    "cut GIF": (saved(noise((64, 64)), "GIF")[:-600], "is broken"),
    "cut WebP": (saved(noise((64, 64)), "WEBP")[:-600], "is broken"),
    "cut after its beginning": (saved(noise((64, 64)), "PNG")[:20], "a.png is"),
    "bomb": (bomb(30_000), "more than 24 million pixels"),
    "small bomb": (bomb(9_000), "more than 24 million pixels"),
    "50 MB": (b"\x89PNG\r\n\x1a\n" + b"\0" * 50_000_000, "is larger than 50 MB"),
}


@pytest.mark.parametrize(("raw", "said"), REFUSED.values(), ids=REFUSED)
def test_it_refuses_what_is_no_safe_picture_in_one_sentence(raw: bytes, said: str) -> None:
    with pytest.raises(CheckFailed) as caught:
        media.read(raw, name="a.png")
    assert said in caught.value.message
    assert caught.value.hint


_FULL = r"""
import resource, sys, zlib, struct
from clarion.campaign.pictures import media
side = 4880
def chunk(kind, data): return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
row = zlib.compressobj(1)
body = b"".join(row.compress(bytes(1 + 4 * side)) for _ in range(side)) + row.flush()
raw = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
assert len(raw) < 1_000_000
out = media.reencode(raw, name="a.png")
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(out.width, peak // 1_000_000)
"""


def test_the_largest_picture_that_is_opened_takes_bounded_memory() -> None:
    said = subprocess.run([sys.executable, "-c", _FULL], capture_output=True, text=True, check=True).stdout
    width, megabytes = map(int, said.split())
    assert width == 4096
    assert megabytes < 450  # 95 of it are the pixels themselves
