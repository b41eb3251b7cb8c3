"""Measure a frozen payload against what its account's server takes.

In: a payload and its account. Out: findings; those that say "never" block.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from clarion import networks
from clarion.composing.freeze import folds_warning, weight
from clarion.model import Account, Finding, Part, Payload

#: Parts of a thread. It is one post to the daily cap, so it must not be a day's worth of posts.
LONG, MOST = 10, 25
#: After so long the limits that a server told are looked at with care. `accounts verify` and `doctor` ask again.
STALE = timedelta(days=30)


def findings(
    payload: Payload,
    account: Account,
    *,
    where: str,
    shorter: str,
    single: str,
    threads: bool,
    sizes: Mapping[str, int],
) -> Iterator[Finding]:
    """What blocks a payload on this account, and what people should look at.

    `where` is what people call the text, `shorter` what they do when it is too long, `single` when it may
    not be a thread; `sizes` in bytes by SHA-256.
    """
    if not threads:
        thread = f"threads = true under [accounts.{account.name}] in config.toml makes it a thread."
        shorter_or_more = f"{shorter.rstrip('.')}; or {thread}"
    else:
        shorter_or_more = shorter
    for number, part in enumerate(payload.parts, 1):
        place = f"{where}, part {number}" if len(payload.parts) > 1 else where
        yield from _length(part, payload, account, where=place, shorter=shorter_or_more)
        yield from _images(part, account, where=place, sizes=sizes)
    if len(payload.parts) > 1 and not threads:
        title = networks.options(account.network).TITLE
        yield Finding(
            rule="no-thread",
            level="never",
            where=where,
            why=f"This has {len(payload.parts)} parts, and {title} takes single posts here.",
            mend=f"{single}, or set threads = true under [accounts.{account.name}] in config.toml.",
        )
    yield from _thread(len(payload.parts), where=where, shorter=shorter)
    if payload.replies != "everyone" and not networks.options(account.network).REPLIES:
        title = networks.options(account.network).TITLE
        yield Finding(
            rule="replies",
            level="look",
            where=account.name,
            why=f"{title} cannot limit replies: everyone may reply there.",
        )


def split_up(account: Account, *, where: str, written: int, made: int) -> Iterator[Finding]:
    """What people should know where a text became more posts than somebody wrote."""
    if made > written:
        title = networks.options(account.network).TITLE
        yield Finding(
            rule="threaded",
            level="look",
            where=where,
            why=f"{'It' if written == 1 else 'A part of it'} is too long for one post on {title}: "
            f"it goes out as a thread of {made}.",
            mend="Shorten it to keep it in one, or choose the break yourself: a line ---",
        )


def stale(account: Account, now: datetime) -> Iterator[Finding]:
    """What people should know where nobody has asked for long what the account's server takes: servers change it."""
    if account.limits_at is None or now - account.limits_at < STALE:
        return
    days = (now - account.limits_at).days
    yield Finding(
        rule="old-limits",
        level="look",
        where=account.name,
        why=f"What {account.server} takes was last asked {days} days ago.",
        mend=f"clarion accounts verify {account.name}",
    )


def _thread(parts: int, *, where: str, shorter: str) -> Iterator[Finding]:
    if parts > MOST:
        why = f"This makes a thread of {parts} posts; more than {MOST} are never one."
        yield _never("endless-thread", where, why, f"{shorter[0].upper()}{shorter[1:]}")
    elif parts > LONG:
        yield Finding(
            rule="long-thread",
            level="look",
            where=where,
            why=f"This makes a thread of {parts} posts: few people read so many.",
        )


def _length(part: Part, payload: Payload, account: Account, *, where: str, shorter: str) -> Iterator[Finding]:
    title, limits = networks.options(account.network).TITLE, account.limits
    counted, size = weight(part, payload, account), len(part.text.encode())
    if limits.text_bytes is not None and size > limits.text_bytes:
        yield _never(
            "over-long",
            where,
            f"{title} takes {limits.text_bytes:,} bytes of text and this is {size:,}: cut {size - limits.text_bytes:,}.",
            f"For {title}, {shorter}",
        )
    elif counted > limits.text:
        yield _never(
            "over-long",
            where,
            f"{title} takes {limits.text:,} characters and counts {counted:,} here: cut {counted - limits.text:,}.",
            f"For {title}, {shorter}",
        )
    elif _fits_one_count(part, payload, account):
        yield Finding(
            rule="one-count",
            level="look",
            where=where,
            why=f"{title}'s published counter knows no newer emoji: by its count this is too long.",
            mend="Leave an emoji out, to be sure.",
        )


def _fits_one_count(part: Part, payload: Payload, account: Account) -> bool:
    """Whether a part that fits is too long by an older version of the network's own count."""
    warning = payload.warning if folds_warning(account) else None  # elsewhere part 1 begins with it already
    return networks.text(account.network).fits_only_newer(part.text, warning=warning, limits=account.limits)


def _images(part: Part, account: Account, *, where: str, sizes: Mapping[str, int]) -> Iterator[Finding]:
    title, limits = networks.options(account.network).TITLE, account.limits
    if len(part.media) > limits.images:
        why = f"{title} takes {limits.images} images and this has {len(part.media)}."
        yield _never("too-many-images", where, why, "Leave some out.")
    for number, media in enumerate(part.media, 1):
        place = f"{where}, image {number}"
        if len(media.alt) > limits.alt:
            why = f"{title} takes {limits.alt:,} characters of alt text and this has {len(media.alt):,}."
            yield _never("alt-long", place, why, "Shorten the alt text.")
        if sizes[media.sha256] > limits.image_bytes:
            why = f"{title} takes {limits.image_bytes:,} bytes and the image has {sizes[media.sha256]:,}."
            yield _never("image-large", place, why, "Make the image smaller.")


def _never(rule: str, where: str, why: str, mend: str) -> Finding:
    return Finding(rule=rule, level="never", where=where, why=why, mend=mend)
