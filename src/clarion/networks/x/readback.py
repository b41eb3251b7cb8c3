"""Reads a post back from X as it was typed: links restored, entities undone. Pure.

In: a post as the API shows it. Out: text that can be compared with what was sent.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from clarion.model import Metrics
from clarion.networks.base import counted
from clarion.networks.x.links import links

#: Post ids count milliseconds from here, in their upper bits (Twitter's "Snowflake").
_SNOWFLAKE_EPOCH_MS = 1_288_834_974_657
_OF_MEDIA = re.compile(r"/status/\d+/(?:photo|video)/\d+$")


def created_at(remote_id: str) -> datetime:
    """The moment a post was made, which X writes into its id."""
    milliseconds = (int(remote_id) >> 22) + _SNOWFLAKE_EPOCH_MS
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def id_at(moment: datetime) -> int:
    """The first id of a moment."""
    return (int(moment.timestamp() * 1000) - _SNOWFLAKE_EPOCH_MS) << 22


def counts(post: Mapping[str, Any]) -> Metrics:
    """What readers did, of a post read with `public_metrics`."""
    told = post.get("public_metrics") or {}
    return counted(
        likes=told.get("like_count"),
        reposts=told.get("retweet_count"),
        replies=told.get("reply_count"),
        quotes=told.get("quote_count"),
    )


def says_missing(answer: Mapping[str, Any], remote_id: str) -> bool:
    """Whether an answer to a read says that there is no such post: not that it may not be shown, or anything else."""
    errors = () if answer.get("data") else answer.get("errors") or ()
    return any(
        str(each.get("type", "")).endswith("/resource-not-found")
        and remote_id in (each.get("resource_id"), each.get("value"))
        for each in errors
    )


def answers(post: Mapping[str, Any]) -> str | None:
    """The id of the post that it answers; None where it answers none. What it quotes is no answer."""
    referenced = post.get("referenced_tweets") or ()
    return next((str(each["id"]) for each in referenced if each["type"] == "replied_to"), None)


def images(post: Mapping[str, Any]) -> int:
    """How many images it shows: by its attachments, else by the links to them in its text."""
    attached = (post.get("attachments") or {}).get("media_keys")
    if attached is not None:
        return len(attached)
    urls = (post.get("entities") or {}).get("urls") or ()
    return sum(_is_media(each, each.get("expanded_url") or each["url"]) for each in urls)


def typed(post: Mapping[str, Any]) -> str:
    """The text of a post with its t.co addresses undone and its media's own links gone."""
    whole = post.get("note_tweet") or post
    text = html.unescape(whole["text"])
    for source in (whole, post):
        for entity in (source.get("entities") or {}).get("urls") or ():
            target = entity.get("expanded_url") or entity["url"]
            text = text.replace(entity["url"], "" if _is_media(entity, target) else target)
    return text


def comparable(text: str) -> str:
    """A text in which only what X may change is levelled: how a link is spelled, spaces, composed characters."""
    text = unicodedata.normalize("NFC", text)
    pieces, at = [], 0
    for link in links(text):
        pieces += [text[at : link.start], _plain(text[link.start : link.end])]
        at = link.end
    return " ".join("".join([*pieces, text[at:]]).split())


def _is_media(entity: Mapping[str, Any], target: str) -> bool:
    return "media_key" in entity or _OF_MEDIA.search(target) is not None


def _plain(url: str) -> str:
    """An address without its scheme, its host in lower case, nothing percent-encoded."""
    host, slash, path = re.sub(r"^https?://", "", url, flags=re.IGNORECASE).partition("/")
    return unicodedata.normalize("NFC", unquote(host.lower() + slash + path)).rstrip("/")
