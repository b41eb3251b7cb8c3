"""What a Mastodon server gives out, for the rehearsal: posts as HTML and JSON, the instance. Pure.

In: what the rehearsal keeps. Out: plain data in the shapes of docs.joinmastodon.org, "Entities", version 4.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from html import escape
from typing import Any
from urllib.parse import quote

from clarion.networks.base import spans
from clarion.networks.mastodon import options, text

VERSION = "4.5.0"
RULES = ("Speak as yourself.", "Say so when a post is automated.")
_SHOWN_OF_A_LINK = 30


@dataclass(slots=True, kw_only=True)
class Upload:
    """An image as received."""

    id: str
    account: str
    content: bytes
    mime: str
    width: int
    height: int
    alt: str
    ready: bool = False
    used: bool = False  # an upload works once


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What a post said until it was edited."""

    text: str
    warning: str
    sensitive: bool
    media: list[str]
    at: str  # since when, ISO 8601


@dataclass(slots=True, kw_only=True)
class Status:
    """A post as taken, and as edited since."""

    id: str
    account: str
    text: str
    warning: str
    language: str | None
    visibility: str
    sensitive: bool
    answers: str | None
    media: list[str]
    at: str  # ISO 8601
    key: str | None
    quotes: str | None
    deleted: bool = False
    edited_at: str | None = None
    before: list[Version] = field(default_factory=list)  # what it was, oldest first


def remote_id(account: str) -> str:
    """The id of the account of this name: decimal digits, as Mastodon's are."""
    return str(10**17 + int.from_bytes(sha256(f"mastodon:{account}".encode()).digest()[:7], "big"))


def account(name: str, base: str) -> dict[str, Any]:
    return {
        "id": remote_id(name),
        "username": name,
        "acct": name,
        "display_name": name,
        "locked": False,
        "bot": True,
        "url": f"{base}/@{quote(name)}",
        "uri": f"{base}/users/{quote(name)}",
        "note": "",
        "fields": [],
        "emojis": [],
    }


def status(
    kept: Status, media: Sequence[Upload], parent: Status | None, base: str, *, replies: int = 0
) -> dict[str, Any]:
    return {
        "id": kept.id,
        "created_at": _iso(kept.at),
        "edited_at": _iso(kept.edited_at) if kept.edited_at else None,
        "in_reply_to_id": parent.id if parent else None,
        "in_reply_to_account_id": remote_id(parent.account) if parent else None,
        "sensitive": kept.sensitive,
        "spoiler_text": kept.warning,
        "visibility": kept.visibility,
        "language": kept.language,
        "url": base + path(kept),
        "uri": f"{base}/users/{quote(kept.account)}/statuses/{kept.id}",
        "content": html(kept.text),
        "reblog": None,
        "account": account(kept.account, base),
        "media_attachments": [attachment(each, base) for each in media],
        "mentions": [],
        "tags": [{"name": tag.lower(), "url": f"{base}/tags/{quote(tag)}"} for tag in _tags(kept.text)],
        "emojis": [],
        "card": None,
        "poll": None,
        "replies_count": replies,
        "reblogs_count": 0,
        "favourites_count": 0,
        "quotes_count": 0,
    }


def version(kept: Version, account_: str, base: str) -> dict[str, Any]:
    """One state of a post, in its history."""
    return {
        "content": html(kept.text),
        "spoiler_text": kept.warning,
        "sensitive": kept.sensitive,
        "created_at": _iso(kept.at),
        "account": account(account_, base),
        "media_attachments": [{"id": each} for each in kept.media],
        "emojis": [],
    }


def pages(address: str, page: Sequence[Status]) -> dict[str, str]:
    """The header that leads to the posts after and before a page."""
    if not page:
        return {}
    return {
        "link": f'<{address}?max_id={page[-1].id}>; rel="next", <{address}?min_id={page[0].id}>; rel="prev"'
    }


def path(kept: Status) -> str:
    """Where people read it, on this server."""
    return f"/@{quote(kept.account)}/{kept.id}"


def attachment(upload: Upload, base: str) -> dict[str, Any]:
    address = f"{base}/media/{upload.id}" if upload.ready else None
    return {
        "id": upload.id,
        "type": "image",
        "url": address,
        "preview_url": address,
        "remote_url": None,
        "description": upload.alt or None,
        "meta": {"original": {"width": upload.width, "height": upload.height}},
        "blurhash": None,
    }


def html(words: str) -> str:
    """A text as the server renders it: a paragraph at each blank line; links, tags; accounts it does not know stay text."""
    facets = [facet for facet in text.facets(words) if facet.kind != "mention"]
    drawn = "".join(_span(piece, link) for piece, link in spans(words, facets))
    paragraphs = drawn.replace("\r\n", "\n").split("\n\n")
    return "".join(f"<p>{each.replace(chr(10), '<br />')}</p>" for each in paragraphs if each)


def instance(domain: str) -> dict[str, Any]:
    """GET /api/v2/instance."""
    limits = options.LIMITS
    return {
        "domain": domain,
        "title": "Rehearsal",
        "version": VERSION,
        "api_versions": {"mastodon": 7},
        "source_url": "",
        "description": "A stand-in on this machine. Nothing here is public.",
        "languages": ["en", "ru"],
        "usage": {"users": {"active_month": 1}},
        "registrations": {"enabled": False, "approval_required": False, "message": None},
        "configuration": {
            "urls": {},
            "statuses": {
                "max_characters": limits.text,
                "max_media_attachments": limits.images,
                "characters_reserved_per_url": limits.per_url,
            },
            "media_attachments": {
                "description_limit": limits.alt,
                "image_size_limit": limits.image_bytes,
                "supported_mime_types": ["image/jpeg", "image/png", "image/gif", "image/webp"],
            },
        },
        "rules": rules(),
    }


def instance_v1(domain: str) -> dict[str, Any]:
    """GET /api/v1/instance."""
    told = instance(domain)
    return {
        "uri": domain,
        "title": told["title"],
        "version": VERSION,
        "short_description": told["description"],
        "languages": told["languages"],
        "registrations": False,
        "approval_required": False,
        "configuration": told["configuration"],
        "rules": told["rules"],
    }


def rules() -> list[dict[str, Any]]:
    return [{"id": str(number), "text": rule, "hint": ""} for number, rule in enumerate(RULES, 1)]


def _span(words: str, link: str | None) -> str:
    if link is None:
        return escape(words)
    if link.startswith("#"):
        return (
            f'<a href="/tags/{quote(link[1:])}" class="mention hashtag" rel="tag">'
            f"#<span>{escape(link[1:])}</span></a>"
        )
    scheme, _, rest = words.partition("://")
    shown, hidden = rest[:_SHOWN_OF_A_LINK], rest[_SHOWN_OF_A_LINK:]
    return (
        f'<a href="{escape(link)}" target="_blank" rel="nofollow noopener">'
        f'<span class="invisible">{escape(scheme)}://</span>'
        f'<span class="{"ellipsis" if hidden else ""}">{escape(shown)}</span>'
        f'<span class="invisible">{escape(hidden)}</span></a>'
    )


def _tags(words: str) -> list[str]:
    return list(dict.fromkeys(facet.value for facet in text.facets(words) if facet.kind == "tag"))


def _iso(at: str) -> str:
    moment = datetime.fromisoformat(at).astimezone(UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
