"""Whether approvals cover a post: pure, so that review and the worker decide alike."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta

from clarion.model import Approval, ApprovalPolicy

#: The window around due in which an approval holds (widened by a longer `late`).
MARGIN = timedelta(hours=2)
#: How long an approval of an evergreen post holds from due, so that re-slotting keeps it.
EVERGREEN = timedelta(days=30)

#: In a team, what goes out for a reason is never one person's affair (content.md, "With a reason").
TWO = 2


def window(
    due: datetime, late: timedelta, *, evergreen: bool, margin: timedelta | None = None
) -> tuple[datetime, datetime]:
    """The moments between which part 1 of a post due then may first be sent.

    `margin`: how far from due, where the campaign says so itself; narrower than `late`, a later post waits for a new look.
    """
    aside = max(MARGIN, late) if margin is None else margin
    return due - aside, due + (max(EVERGREEN, aside) if evergreen else aside)


def covers(
    *,
    outbox_id: str,
    post_id: str,
    digest: str,
    approvals: Iterable[Approval],
    policy: ApprovalPolicy,
    author: str | None,
    sensitive: bool,
    at: datetime,
    reasoned: bool = False,
) -> bool:
    """Whether these approvals let exactly this post begin at `at`. In a team its author's word does not count.

    `reasoned`: a check asked for a reason, and its author gave one. Then two people stand for it in a team: who wrote
    the reason, and somebody who read it; where nobody is named as its author, two who read it.
    """
    people = {
        person(approval.who)
        for approval in approvals
        if (approval.outbox_id, approval.post_id, approval.digest) == (outbox_id, post_id, digest)
        and approval.not_before <= at <= approval.not_after
    }
    if policy.mode == "team":
        writer = person(author or "")
        people.discard(writer)
        if reasoned and len(people) + bool(writer) < TWO:
            return False
    return len(people) >= needed(policy, sensitive=sensitive)


def person(name: str) -> str:
    """Who a name means: capitals and spaces make nobody a second person."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def needed(policy: ApprovalPolicy, *, sensitive: bool) -> int:
    """How many people must approve."""
    if policy.mode == "alone":
        return 1
    return max(policy.required, policy.sensitive) if sensitive else policy.required
