"""Text that somebody hands over in a file or by a pipe: UTF-8, and not without end.

In: a path, or None for the standard input. Out: its text, or a CampaignError that says what to do about it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from clarion.campaign.toml import MAX_BYTES
from clarion.errors import CampaignError


def text_of(file: Path | None) -> str:
    """The text, without a byte order mark. Nothing is guessed about bytes that are not UTF-8."""
    named = str(file) if file else "what came in by the pipe"
    try:
        return _bytes_of(file, named).decode("utf-8-sig")
    except OSError as error:
        raise CampaignError(f"{named} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise CampaignError(
            f"{named} is not UTF-8 text (byte {error.start})",
            "save it as UTF-8 in your editor, then try again",
        ) from error


def _bytes_of(file: Path | None, named: str) -> bytes:
    if file is None:
        raw = sys.stdin.buffer.read(MAX_BYTES + 1)
    else:
        with file.open("rb") as opened:
            raw = opened.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise CampaignError(f"{named} is larger than {MAX_BYTES // 1000:,} kB", "make it smaller")
    return raw
