"""The digest approvals bind to: SHA-256 over the canonical form of a payload (DESIGN, "A Post, frozen")."""

from __future__ import annotations

import json
import unicodedata
from hashlib import sha256
from typing import Any

from clarion.model import Card, Facet, Identity, Media, Part, Payload

_PREFIX = b"clarion-post/1\n"


def digest(payload: Payload) -> str:
    """The hexadecimal digest of a payload.

    Raises ValueError when a text is not in Unicode NFC: what people saw and what is sent could then differ in bytes.
    """
    return digest_of(canonical(payload))


def digest_of(stored: bytes) -> str:
    """The digest of a payload's canonical bytes, as the outbox keeps them."""
    return sha256(_PREFIX + stored).hexdigest()


def canonical(payload: Payload) -> bytes:
    """A payload as canonical JSON: sorted keys, no spaces, UTF-8, every field present, no floats."""
    plain = {
        "account": [payload.account.network, payload.account.origin, payload.account.remote_id],
        "language": payload.language,
        "visibility": payload.visibility,
        "replies": payload.replies,
        "warning": payload.warning,
        "labels": list(payload.labels),
        "parts": [_part(part) for part in payload.parts],
        "answers": payload.answers,
        "replaces": payload.replaces,
    }
    _require_nfc(plain)
    return json.dumps(
        plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def restore(stored: bytes) -> Payload:
    """The payload that `canonical` wrote."""
    plain = json.loads(stored)
    network, origin, remote_id = plain["account"]
    return Payload(
        account=Identity(network=network, origin=origin, remote_id=remote_id),
        language=plain["language"],
        visibility=plain["visibility"],
        replies=plain["replies"],
        warning=plain["warning"],
        labels=tuple(plain["labels"]),
        parts=tuple(_restore_part(part) for part in plain["parts"]),
        answers=plain["answers"],
        replaces=plain["replaces"],
    )


def _part(part: Part) -> dict[str, Any]:
    return {
        "text": part.text,
        "facets": [[f.start, f.end, f.kind, f.value] for f in part.facets],
        "media": [[m.sha256, m.mime, m.alt, m.width, m.height] for m in part.media],
        "card": part.card
        and {
            "url": part.card.url,
            "title": part.card.title,
            "description": part.card.description,
            "thumb": part.card.thumb,
        },
    }


def _restore_part(plain: dict[str, Any]) -> Part:
    return Part(
        text=plain["text"],
        facets=tuple(Facet(start=s, end=e, kind=k, value=v) for s, e, k, v in plain["facets"]),
        media=tuple(
            Media(sha256=h, mime=mime, alt=alt, width=width, height=height)
            for h, mime, alt, width, height in plain["media"]
        ),
        card=Card(**plain["card"]) if plain["card"] else None,
    )


def _require_nfc(value: Any) -> None:
    if isinstance(value, str):
        if not unicodedata.is_normalized("NFC", value):
            raise ValueError(f"not in Unicode NFC: {value!r}")
    elif isinstance(value, list):
        for item in value:
            _require_nfc(item)
    elif isinstance(value, dict):
        for item in value.values():
            _require_nfc(item)
