"""The rehearsal's media endpoints: initialize, append, finalize, status, metadata. Pure.

In: one account's calls. Out: what X would answer, and the images that posts may use, once each.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from clarion.clock import micros, moment
from clarion.networks.rehearsing import Request
from clarion.networks.x.options import LIMITS
from clarion.networks.x.problems import Problem
from clarion.networks.x.readback import id_at

LIFETIME = timedelta(days=1)
_MAGIC = {
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}
_INVALID = "Your media IDs are invalid."


@dataclass(slots=True, kw_only=True)
class Upload:
    id: str
    account: str
    mime: str
    total: int
    begun: int  # microseconds since 1970
    pieces: dict[str, str]  # segment → base64
    ready: bool = False
    used: bool = False
    alt: str = ""
    width: int = 0
    height: int = 0

    @property
    def data(self) -> bytes:
        return b"".join(base64.b64decode(self.pieces[key]) for key in sorted(self.pieces, key=int))


class Uploads:
    def __init__(self) -> None:
        self._uploads: dict[str, Upload] = {}

    def of(self, ids: Iterable[str]) -> list[Upload]:
        return [self._uploads[each] for each in ids]

    def attach(self, ids: Any, account: str, now: datetime) -> None:
        """Use uploads in a post: at most four, known, whole, the account's own, not expired, not used before."""
        known = isinstance(ids, list) and all(isinstance(each, str) for each in ids)
        if not known or len(ids) > LIMITS.images or len(set(ids)) != len(ids):
            raise Problem(400, _INVALID)
        found = [self._uploads.get(each) for each in ids]
        for upload in found:
            if upload is None or upload.account != account or not upload.ready or upload.used:
                raise Problem(400, _INVALID)
            if now - moment(upload.begun) > LIFETIME:
                raise Problem(400, _INVALID)
        for upload in found:
            if upload is not None:
                upload.used = True

    def initialize(self, account: str, body: dict[str, Any], now: datetime) -> tuple[int, dict[str, Any]]:
        mime, total = body.get("media_type"), body.get("total_bytes")
        if mime not in _MAGIC or body.get("media_category") != "tweet_image":
            raise Problem(400, "The media type is not supported.")
        if not isinstance(total, int) or not 0 < total <= LIMITS.image_bytes:
            raise Problem(400, f"Image file size must be <= {LIMITS.image_bytes} bytes")
        newest = max((int(each) for each in self._uploads), default=0)
        upload = Upload(
            id=str(max(id_at(now), newest + 1)),
            account=account,
            mime=str(mime),
            total=total,
            begun=micros(now),
            pieces={},
        )
        self._uploads[upload.id] = upload
        return 200, {"data": _told(upload)}

    def append(self, named: str, account: str, request: Request) -> tuple[int, dict[str, Any]]:
        upload = self._mine(named, account)
        fields = _multipart(request)
        segment, media = fields.get("segment_index", b"").decode(), fields.get("media")
        if not segment.isdecimal() or int(segment) > 999 or not media or upload.ready:
            raise Problem(400, "One or more parameters to your request was invalid.")
        upload.pieces[segment] = base64.b64encode(media).decode()
        expires = moment(upload.begun) + LIFETIME
        return 200, {"data": {"expires_at": int(expires.timestamp())}}

    def finalize(self, named: str, account: str) -> tuple[int, dict[str, Any]]:
        upload = self._mine(named, account)
        data = upload.data
        if len(data) != upload.total or not data.startswith(_MAGIC[upload.mime]):
            raise Problem(400, "Invalid media")
        upload.width, upload.height = _size(data)
        upload.ready = True
        return 200, {"data": {**_told(upload), "size": len(data)}}

    def status(self, named: str, account: str) -> tuple[int, dict[str, Any]]:
        upload = self._mine(named, account)
        state = "succeeded" if upload.ready else "pending"
        return 200, {"data": {**_told(upload), "processing_info": {"state": state}}}

    def describe(self, account: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        upload = self._mine(str(body.get("id")), account)
        try:
            alt = body["metadata"]["alt_text"]["text"]
        except (KeyError, TypeError):
            alt = None
        if not isinstance(alt, str) or not 0 < len(alt) <= LIMITS.alt:
            raise Problem(400, f"alt_text must be of 1 to {LIMITS.alt} characters")
        upload.alt = alt
        told = {"id": upload.id, "associated_metadata": {"alt_text": {"text": alt}}}
        return 200, {"data": told}

    def dump(self) -> list[dict[str, Any]]:
        return [asdict(upload) for upload in self._uploads.values()]

    def load(self, state: list[dict[str, Any]]) -> None:
        self._uploads = {each["id"]: Upload(**each) for each in state}

    def _mine(self, named: str, account: str) -> Upload:
        upload = self._uploads.get(named)
        if upload is None or upload.account != account:
            raise Problem(404, "Not Found")
        return upload


def _told(upload: Upload) -> dict[str, Any]:
    return {
        "id": upload.id,
        "media_key": f"3_{upload.id}",
        "expires_after_secs": int(LIFETIME.total_seconds()),
    }


def _multipart(request: Request) -> dict[str, bytes]:
    """The fields of a multipart/form-data body (RFC 7578)."""
    kind, _, boundary = request.headers.get("content-type", "").partition("boundary=")
    if not kind.startswith("multipart/form-data") or not boundary:
        raise Problem(400, "The request is not multipart/form-data.")
    fields = {}
    for piece in request.body.split(b"--" + boundary.strip('"').encode())[1:-1]:
        head, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = head.partition(b'name="')[2].partition(b'"')[0].decode()
        fields[name] = content.removesuffix(b"\r\n")
    return fields


def _size(data: bytes) -> tuple[int, int]:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.size
    except (UnidentifiedImageError, OSError) as error:
        raise Problem(400, "Invalid media") from error
