"""Edit a post as a Mastodon server does, for the rehearsal. Pure.

In: a post as kept, and what a request says. Out: the post as it is then, with what it was before; or a `Refusal`. As
upstream (UpdateStatusService): what is left out is taken away, but for the language; who answers whom and who may see it
stay as they were; and an edit that changes nothing is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from clarion.networks.mastodon import entities, rules
from clarion.networks.mastodon.entities import Status, Upload, Version
from clarion.networks.mastodon.wire import Params, Refusal

#: Stricter than upstream, which passes over them without a word.
_FIXED = ("visibility", "in_reply_to_id", "scheduled_at")


def apply(status: Status, said: Params, uploads: Mapping[str, Upload], now: datetime) -> None:
    """Edit a post of the account that asks. Raises Refusal, with nothing changed."""
    words, warning = (said.one("status") or "").strip(), (said.one("spoiler_text") or "").strip()
    media = said.many("media_ids")
    rules.check_text(words, warning, media)
    rules.check_edit(said, _FIXED)
    alts = _described(said, media)
    for each in media:
        _check_media(status, each, uploads, media)
    described = any(uploads[each].alt != alt for each, alt in alts.items())
    sensitive = said.flag("sensitive") or bool(warning)
    is_now = (status.text, status.warning, status.sensitive, status.media)
    if (words, warning, sensitive, media) == is_now and not described:
        return
    status.before.append(_version(status))
    status.text, status.warning, status.sensitive, status.media = words, warning, sensitive, media
    status.language = said.one("language") or status.language
    status.quotes = said.one("quote_approval_policy") or status.quotes
    status.edited_at = now.astimezone(UTC).isoformat()
    for each in media:
        uploads[each].used, uploads[each].alt = True, alts.get(each, uploads[each].alt)


def first(status: Status) -> Version:
    """What a post was when it was made."""
    return status.before[0] if status.before else _version(status)


def history(status: Status, base: str) -> list[dict[str, Any]]:
    """GET /api/v1/statuses/:id/history: every state of a post, oldest first."""
    every: Sequence[Version] = (*status.before, _version(status))
    return [entities.version(each, status.account, base) for each in every]


def loaded(plain: Mapping[str, Any]) -> Status:
    """A post from plain data, as `asdict` gives it."""
    before = [Version(**each) for each in plain.get("before", ())]
    return Status(**{**plain, "before": before})


def _version(status: Status) -> Version:
    taken = asdict(status)
    return Version(
        **{name: taken[name] for name in ("text", "warning", "sensitive", "media")},
        at=status.edited_at or status.at,
    )


def _described(said: Params, media: Sequence[str]) -> dict[str, str]:
    """The alt texts asked for, by image."""
    found: dict[str, str] = {}
    for each in said.objects("media_attributes"):
        if str(each.get("id")) not in media:
            raise Refusal(422, f"Media {each.get('id')} is not of this post")
        if "description" in each:
            found[str(each["id"])] = str(each["description"])
            rules.check_alt(found[str(each["id"])])
    return found


def _check_media(status: Status, each: str, uploads: Mapping[str, Upload], media: Sequence[str]) -> None:
    upload = uploads.get(each)
    theirs = upload is not None and upload.account == status.account
    if upload is None or not theirs or (upload.used and each not in status.media) or media.count(each) > 1:
        raise Refusal(422, f"Media {each} not found or already attached to another post")
    if not upload.ready:
        raise Refusal(422, "Cannot attach files that have not finished processing. Try again soon!")
