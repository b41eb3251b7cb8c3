"""The rehearsal's posts: create, delete, read, and how readers see them. Pure.

In: calls whose signature was good. Out: what X would answer. It forgets nothing it accepted.
"""

from __future__ import annotations

import base64
import html
import re
import unicodedata
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

from clarion.networks.base import Shown, ShownImage, ShownPart, spans
from clarion.networks.rehearsing import Accepted, Request
from clarion.networks.x import keys
from clarion.networks.x.links import links
from clarion.networks.x.options import LIMITS, PAGE
from clarion.networks.x.problems import Problem, json_of
from clarion.networks.x.readback import created_at, id_at
from clarion.networks.x.text import facets, length
from clarion.networks.x.uploads import Uploads

STALE = timedelta(seconds=60)
DUPLICATE_WINDOW = timedelta(hours=24)
_BAD = "One or more parameters to your request was invalid."
_REPLY_SETTINGS = {"following", "mentionedUsers", "subscribers", "verified"}
_CREATE_FIELDS = {"text", "media", "reply", "reply_settings"}


@dataclass(slots=True, kw_only=True)
class Post:
    id: str
    account: str
    text: str
    media: list[str] = field(default_factory=list)
    answers: str | None = None
    deleted: bool = False

    @property
    def at(self) -> datetime:
        return created_at(self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request whose signature was good."""

    account: str
    request: Request
    now: datetime
    quirks: frozenset[str]
    named: str  # the id in the path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.request.query))


class Posts:
    def __init__(self, uploads: Uploads) -> None:
        self._posts: dict[str, Post] = {}
        self._uploads = uploads

    def create(self, call: Call) -> tuple[int, dict[str, Any]]:
        body = json_of(call.request)
        text = _text_of(body)
        media = _inner(body, "media", "media_ids") or []
        answers = _inner(body, "reply", "in_reply_to_tweet_id")
        if not text and not media:
            raise Problem(400, _BAD)
        if length(text) > LIMITS.text:
            raise Problem(403, "Your Tweet text is too long.")
        self._refuse_strangers(answers, call.account)
        if not call.quirks & {"forget_duplicates", "accept_twice"}:
            self._refuse_duplicate(text, call)
        self._uploads.attach(media, call.account, call.now)
        for _ in range(2 if "accept_twice" in call.quirks else 1):
            post = self._add(call, text, list(media), answers)
        told = {"id": post.id, "text": self._read_text(post), "edit_history_tweet_ids": [post.id]}
        return 201, {"data": told}

    def _add(self, call: Call, text: str, media: list[str], answers: str | None) -> Post:
        newest = int(next(reversed(self._posts), "0"))
        post = Post(
            id=str(max(id_at(call.now), newest + 1)),
            account=call.account,
            text=text,
            media=media,
            answers=answers,
        )
        self._posts[post.id] = post
        return post

    def delete(self, call: Call) -> tuple[int, dict[str, Any]]:
        post = self._posts.get(call.named)
        if post is None:
            raise Problem(404, "Not Found")
        if post.account != call.account:
            raise Problem(403, "You are not authorized to delete this Tweet.")
        post.deleted = post.deleted or "recall_ignored" not in call.quirks
        return 200, {"data": {"deleted": post.deleted}}

    def get(self, call: Call) -> tuple[int, dict[str, Any]]:
        post = self._posts.get(call.named)
        if post is None or post.deleted:
            return 200, {"errors": [_not_found("tweet", call.named)]}
        return 200, {"data": self._read(post, _fields(call.query))}

    def several(self, call: Call) -> tuple[int, dict[str, Any]]:
        ids = call.query.get("ids", "").split(",")
        if not 1 <= len(ids) <= PAGE or not all(each.isdecimal() for each in ids):
            raise Problem(400, f"The `ids` query parameter takes 1 to {PAGE} numbers")
        there = {post.id: post for post in self._standing()}
        shown = [self._read(there[each], _fields(call.query)) for each in ids if each in there]
        gone = [_not_found("tweet", each) for each in ids if each not in there]
        return 200, ({"data": shown} if shown else {}) | ({"errors": gone} if gone else {})

    def me(self, call: Call) -> tuple[int, dict[str, Any]]:
        return 200, {
            "data": {
                "id": keys.remote_id(call.account),
                "name": call.account,
                "username": username(call.account),
            }
        }

    def of_user(self, call: Call) -> tuple[int, dict[str, Any]]:
        query = call.query
        size = query.get("max_results", "10")
        if not size.isdecimal() or not 5 <= int(size) <= 100:
            raise Problem(400, f"The `max_results` query parameter value [{size}] is not between 5 and 100")
        newest_first = self._asked_for(call)
        page, rest = newest_first[: int(size)], newest_first[int(size) :]
        meta: dict[str, Any] = {"result_count": len(page)}
        if not page:
            return 200, {"meta": meta}
        meta |= {"newest_id": page[0].id, "oldest_id": page[-1].id}
        if rest:
            meta["next_token"] = page[-1].id
        return 200, {"data": [self._read(post, _fields(query)) for post in page], "meta": meta}

    def _asked_for(self, call: Call) -> list[Post]:
        posts = [post for post in self._standing() if keys.remote_id(post.account) == call.named]
        if "stale_reads" in call.quirks:
            posts = [post for post in posts if post.at <= call.now - STALE]
        try:
            return [post for post in reversed(posts) if _is_asked_for(post, call.query)]
        except ValueError as error:
            raise Problem(400, _BAD) from error

    def _refuse_strangers(self, answers: str | None, account: str) -> None:
        """Since 2026 an app replies only where it was called: here, to the account's own posts."""
        if answers is None:
            return
        target = self._posts.get(answers)
        if target is None or target.deleted:
            raise Problem(403, "You attempted to reply to a Tweet that is deleted or not visible to you.")
        if target.account != account:
            raise Problem(
                403, "Reply to this conversation is not allowed because you have not been mentioned."
            )

    def _refuse_duplicate(self, text: str, call: Call) -> None:
        for post in self._standing():
            same = (post.account, post.text) == (call.account, text)
            if text and same and call.now - post.at < DUPLICATE_WINDOW:
                raise Problem(403, "You are not allowed to create a Tweet with duplicate content.")

    def _standing(self) -> list[Post]:
        return [post for post in self._posts.values() if not post.deleted]

    def accepted(self) -> list[Accepted]:
        return [
            Accepted(
                account=post.account,
                remote_id=post.id,
                text=post.text,
                warning=None,
                language=None,
                answers=post.answers,
                images=tuple(
                    (sha256(image.data).hexdigest(), image.alt) for image in self._uploads.of(post.media)
                ),
                at=post.at.isoformat(),
                deleted=post.deleted,
            )
            for post in self._posts.values()
        ]

    def timeline(self, account: str | None) -> list[Shown]:
        posts = [post for post in self._standing() if account in {None, post.account}]
        return [self._shown(post) for post in reversed(posts)]

    def dump(self) -> list[dict[str, Any]]:
        return [asdict(post) for post in self._posts.values()]

    def load(self, state: list[dict[str, Any]]) -> None:
        self._posts = {each["id"]: Post(**each) for each in state}

    # ── reading ───────────────────────────────────────────────────────────────────────────────────────────────

    def _read(self, post: Post, fields: set[str]) -> dict[str, Any]:
        text = self._read_text(post)
        shown: dict[str, Any] = {"id": post.id, "text": text, "edit_history_tweet_ids": [post.id]}
        optional: dict[str, Callable[[], Any]] = {
            "author_id": lambda: keys.remote_id(post.account),
            "created_at": lambda: post.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "entities": lambda: {"urls": self._entities(post, text)},
            "public_metrics": lambda: self._counts(post),
        }
        shown |= {name: value() for name, value in optional.items() if name in fields}
        if "referenced_tweets" in fields and post.answers:
            shown["referenced_tweets"] = [{"type": "replied_to", "id": post.answers}]
        if "attachments" in fields and post.media:
            shown["attachments"] = {"media_keys": [f"3_{media}" for media in post.media]}
        return shown

    def _counts(self, post: Post) -> dict[str, int]:
        """Nobody is here but our own accounts, who only answer."""
        replies = sum(each.answers == post.id for each in self._standing())
        return {"retweet_count": 0, "reply_count": replies, "like_count": 0, "quote_count": 0}

    def _read_text(self, post: Post) -> str:
        """The text as readers of the API get it: links shortened, media linked at the end, HTML escaped."""
        pieces, at = [], 0
        for link in links(post.text):
            pieces += [post.text[at : link.start], _short(post.text[link.start : link.end])]
            at = link.end
        pieces.append(post.text[at:])
        if post.media:
            pieces.append((" " if post.text else "") + _short(_media_page(post)))
        return html.escape("".join(pieces), quote=False)

    def _entities(self, post: Post, text: str) -> list[dict[str, Any]]:
        urls = [(post.text[link.start : link.end], link.scheme) for link in links(post.text)]
        expanded = [url if scheme else f"http://{url}" for url, scheme in urls]
        shorts = [_short(url) for url, _ in urls]
        pairs: list[dict[str, Any]] = [
            {"url": short, "expanded_url": url, "display_url": re.sub(r"^https?://", "", url)}
            for short, url in zip(shorts, expanded, strict=True)
        ]
        pairs += [
            {
                "url": _short(_media_page(post)),
                "expanded_url": _media_page(post),
                "display_url": f"pic.x.com/{post.id}",
                "media_key": f"3_{media}",
            }
            for media in post.media
        ]
        for pair in pairs:
            pair["start"] = text.find(pair["url"])
            pair["end"] = pair["start"] + len(pair["url"])
        return pairs

    def _shown(self, post: Post) -> Shown:
        images = tuple(
            ShownImage(
                src=f"data:{image.mime};base64,{base64.b64encode(image.data).decode()}",
                alt=image.alt,
                width=image.width,
                height=image.height,
            )
            for image in self._uploads.of(post.media)
        )
        part = ShownPart(
            spans=spans(post.text, facets(post.text)),
            images=images,
            remote_id=post.id,
            url=f"/i/web/status/{post.id}",
            answers=post.answers,
        )
        return Shown(
            network="x",
            account=post.account,
            handle=username(post.account),
            language=_guess(post.text),
            parts=(part,),
            at=f"{post.at:%d %b %Y, %H:%M:%S} UTC",
        )


def username(account: str) -> str:
    """A handle X would take."""
    return re.sub(r"[^A-Za-z0-9_]", "_", account)[:15]


def _text_of(body: dict[str, Any]) -> str:
    unknown = set(body) - _CREATE_FIELDS
    text = body.get("text", "")
    settings = body.get("reply_settings")
    if unknown or not isinstance(text, str) or (settings is not None and settings not in _REPLY_SETTINGS):
        raise Problem(400, _BAD)
    if re.search("[\ufffe\ufeff\uffff]", text):
        raise Problem(400, "Your Tweet text has characters that are not allowed.")
    return unicodedata.normalize("NFC", text).strip()


def _inner(body: dict[str, Any], outer: str, inner: str) -> Any:
    part = body.get(outer, {})
    if not isinstance(part, dict):
        raise Problem(400, _BAD)
    return part.get(inner)


def _is_asked_for(post: Post, query: dict[str, str]) -> bool:
    since = query.get("start_time")
    if since and post.at < datetime.fromisoformat(since):
        return False
    if "replies" in query.get("exclude", "").split(",") and post.answers:
        return False
    newer = int(post.id) > int(query.get("since_id", "0"))
    return newer and int(post.id) < int(query.get("pagination_token", 10**20))


def _fields(query: dict[str, str]) -> set[str]:
    return set(query.get("tweet.fields", "").split(","))


def _short(url: str) -> str:
    return f"https://t.co/{base64.b32encode(sha256(url.encode()).digest()).decode()[:10]}"


def _media_page(post: Post) -> str:
    return f"https://x.com/{username(post.account)}/status/{post.id}/photo/1"


def _not_found(kind: str, value: str) -> dict[str, str]:
    return {
        "value": value,
        "detail": f"Could not find {kind} with id: [{value}].",
        "title": "Not Found Error",
        "resource_type": kind,
        "parameter": "id",
        "resource_id": value,
        "type": "https://api.twitter.com/2/problems/resource-not-found",
    }


def _guess(text: str) -> str:
    """X has no language field: it guesses, and so do we, between the campaign's scripts."""
    letters = [letter for letter in text if letter.isalpha()]
    cyrillic = [letter for letter in letters if "\u0400" <= letter <= "\u04ff"]
    return "ru" if len(cyrillic) * 2 > len(letters) else "en"
