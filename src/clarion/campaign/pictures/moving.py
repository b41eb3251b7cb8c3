"""Pictures that move: an animated GIF made anew, frame by frame, or refused for what it would do to people.

In: an opened GIF. Out: its frames and how long each stands, or CheckFailed; and the bytes of a new GIF that holds
nothing but them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from clarion.campaign.pictures.pixels import as_seen
from clarion.errors import CheckFailed

if TYPE_CHECKING:
    import PIL.Image

    Pixels = PIL.Image.Image

#: Frames, and pixels of all frames together, that are opened: what takes about a second to make anew.
MAX_FRAMES = 300
MAX_PIXELS = 8_000_000
#: Browsers show a frame that asks for less than the first for the second, in milliseconds.
_SHORTEST, _USUAL = 20, 100

#: WCAG 2.3.1: more than three flashes in a second, over a quarter of what is looked at, can bring on a seizure.
MAX_FLASHES = 3
_SECOND = 1000
_CELLS = (32, 18)
_AREA = 0.25
#: A flash is a pair of opposing changes of relative luminance by a tenth of the whole, the darker side below 0.8.
_CHANGE = 0.1
_DARK = 0.8


@dataclass(frozen=True, slots=True)
class Moving:
    """Frames in RGB or RGBA, the milliseconds each stands, and how often they come again (None: shown once, 0: always)."""

    frames: tuple[Pixels, ...]
    durations: tuple[int, ...]
    loop: int | None


def frames_of(image: Pixels, name: str) -> Moving:
    """Every frame as people see it. CheckFailed when there are too many, or they flash."""
    most = min(MAX_FRAMES, MAX_PIXELS // max(1, image.width * image.height))
    frames: list[Pixels] = []
    durations: list[int] = []
    for frame, milliseconds in _each(image):
        if len(frames) >= most:
            raise CheckFailed(
                f"{name} moves for longer than can be made anew safely",
                "cut it shorter, make it smaller, or save one still frame of it as PNG",
            )
        frames.append(frame)
        durations.append(milliseconds)
    moving = Moving(tuple(frames), tuple(durations), image.info.get("loop"))
    if _flashes(moving):
        raise CheckFailed(
            f"{name} flashes more than {MAX_FLASHES} times in a second, which can bring on a seizure",
            "save one still frame of it as PNG",
        )
    return moving


def as_gif(moving: Moving) -> bytes:
    """A new GIF of these frames: no comment, no application's data."""
    first, *rest = moving.frames
    out = BytesIO()
    first.save(
        out,
        "GIF",
        save_all=True,
        append_images=rest,
        duration=list(moving.durations),
        disposal=2 if first.mode == "RGBA" else 0,
        optimize=False,
        **({} if moving.loop is None else {"loop": moving.loop}),
    )
    return out.getvalue()


def _each(image: Pixels) -> Iterator[tuple[Pixels, int]]:
    from PIL import ImageSequence
    from PIL.Image import frombytes

    for frame in ImageSequence.Iterator(image):
        seen = frame.convert("RGBA" if frame.has_transparency_data else "RGB")
        asked = int(frame.info.get("duration") or 0)
        bare = as_seen(frombytes(seen.mode, seen.size, seen.tobytes()))
        yield bare, asked if asked >= _SHORTEST else _USUAL


def _flashes(moving: Moving) -> bool:
    """Whether more than a quarter of the picture flashes more than three times within a second."""
    cells: list[tuple[float, int]] = []  # the lightness each last turned at, and whither it has gone since
    turns: list[list[int]] = [[] for _ in range(_CELLS[0] * _CELLS[1])]  # when each turned
    for now, lights in _as_shown(moving):
        cells = cells or [(light, 0) for light in lights]
        for place, light in enumerate(lights):
            before = cells[place]
            cells[place] = _followed(before, light)
            if cells[place][1] != before[1]:
                turns[place].append(now)
    return sum(map(_too_often, turns)) > _AREA * len(turns)


def _as_shown(moving: Moving) -> Iterator[tuple[int, list[float]]]:
    """(millisecond, lightness of each cell), for two seconds at least where it comes again and again."""
    lights = [_lightness(frame) for frame in moving.frames]
    rounds = 1 if moving.loop is None else 1 + -(-2 * _SECOND // sum(moving.durations))
    now = 0
    for _ in range(rounds):
        for light, stands in zip(lights, moving.durations, strict=True):
            yield now, light
            now += stands


def _followed(cell: tuple[float, int], light: float) -> tuple[float, int]:
    """One cell, one frame on. It turns where it goes back by enough to be seen, and not from one bright tone to another."""
    extreme, going = cell
    change = light - extreme
    if change * going > 0:
        return light, going
    if abs(change) < _CHANGE or min(light, extreme) >= _DARK:
        return extreme, going
    return light, 1 if change > 0 else -1


def _too_often(turns: Sequence[int]) -> bool:
    # Two changes, up and down, are one flash.
    span = 2 * MAX_FLASHES
    return any(later - earlier < _SECOND for earlier, later in zip(turns, turns[span:], strict=False))


def _lightness(frame: Pixels) -> list[float]:
    """Relative luminance of each cell, 0 to 1."""
    from PIL.Image import Resampling

    grey = frame.convert("RGB").convert("L").resize(_CELLS, Resampling.BOX)
    return [(value / 255) ** 2.2 for value in grey.tobytes()]
