"""What a Mastodon server refuses, for the rehearsal. Pure.

In: what a request says, bytes of an image, a moment. Out: nothing, or a `Refusal` with the status the server gives.
"""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime

from clarion.networks.mastodon import options, text
from clarion.networks.mastodon.wire import Params, Refusal

_VISIBILITIES = ("public", "unlisted", "private", "direct")
_QUOTE_POLICIES = ("public", "followers", "nobody")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")
_MAGIC = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"))
_WINDOWS = {
    "requests": options.REQUESTS,
    "statuses": options.STATUSES,
    "media": options.MEDIA,
    "deletes": options.DELETES,
}


def check_text(words: str, warning: str, media: list[str]) -> None:
    if not words and not media:
        raise Refusal(422, "Validation failed: Text can't be blank")
    if text.length(words, warning=warning) > options.LIMITS.text:
        raise Refusal(422, f"Validation failed: Text character limit of {options.LIMITS.text} exceeded")
    if len(media) > options.LIMITS.images:
        raise Refusal(422, f"Cannot attach more than {options.LIMITS.images} files")


def check_choices(said: Params) -> None:
    """Stricter than upstream where servers differ: visibility must be said, `sensitive` may only be true."""
    if said.one("scheduled_at"):
        raise Refusal(422, "Scheduled posts are lost too easily; this server takes none")
    if said.one("visibility") not in _VISIBILITIES:
        raise Refusal(422, "Validation failed: Visibility is not included in the list")
    _check_said(said)


def check_edit(said: Params, fixed: tuple[str, ...]) -> None:
    """The same for an edit; `fixed` is what no edit changes."""
    for name in fixed:
        if name in said.values:
            raise Refusal(422, f"Validation failed: {name} cannot be changed")
    _check_said(said)


def check_alt(alt: str) -> None:
    if len(alt) > options.LIMITS.alt:
        raise Refusal(422, f"Validation failed: Description is too long ({options.LIMITS.alt} characters)")


def _check_said(said: Params) -> None:
    if "sensitive" in said.values and not said.flag("sensitive"):
        raise Refusal(422, "Validation failed: Sensitive may only be true, or left out")
    if not _LANGUAGE.fullmatch(said.one("language") or "en"):
        raise Refusal(422, "Validation failed: Language is invalid")
    if said.one("quote_approval_policy") not in (None, *_QUOTE_POLICIES):
        raise Refusal(422, "Validation failed: Quote approval policy is not included in the list")


def check_upload(content: bytes | None, alt: str) -> tuple[str, int, int]:
    """Kind, width and height of an image that the server takes."""
    if content is None:
        raise Refusal(422, "Validation failed: File can't be blank")
    if len(content) > options.LIMITS.image_bytes:
        raise Refusal(422, "Validation failed: File file size must be less than 16 MB")
    check_alt(alt)
    return _image(content)


def count(hits: dict[str, list[float]], account: str, family: str, now: datetime) -> dict[str, str]:
    """Take one token of the account's requests and of the family, or none and Refusal 429. Windows slide over `now`.

    `hits`: family and account → when, in seconds since 1970. Returns the headers of the family.
    """
    headers: dict[str, str] = {}
    windows = []
    for name in dict.fromkeys(("requests", family)):
        most, seconds = _WINDOWS[name]
        window = hits.setdefault(f"{name}:{account}", [])
        window[:] = [at for at in window if at > now.timestamp() - seconds]
        reset = datetime.fromtimestamp((window or [now.timestamp()])[0] + seconds, UTC)
        headers = {
            "x-ratelimit-limit": str(most),
            "x-ratelimit-remaining": str(max(0, most - len(window) - 1)),
            "x-ratelimit-reset": reset.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        }
        if len(window) >= most:
            raise Refusal(429, "Too many requests", headers)
        windows.append(window)
    for window in windows:
        window.append(now.timestamp())
    return headers


def _image(content: bytes) -> tuple[str, int, int]:
    from PIL import Image

    mime = next((mime for magic, mime in _MAGIC if content.startswith(magic)), None)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        mime = "image/webp"
    if mime is None:
        raise Refusal(422, "Validation failed: File content type is invalid")
    try:
        with Image.open(io.BytesIO(content)) as image:
            image.load()
            return mime, image.width, image.height
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Refusal(422, "Error processing thumbnail for uploaded media") from error
