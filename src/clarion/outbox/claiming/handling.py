"""What a person decides about a delivery that the worker may not decide: it is up, it is not, it shall be tried again.

In: an entry's number, narrowed where several deliveries would fit. Out: the delivery's next state, with the person's name
in the audit trail. Whoever still looks for it, or holds a lapsed claim on it, holds an old fence from here on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from clarion import approval
from clarion.clock import micros
from clarion.errors import OutboxError
from clarion.model import Account, Delivery, Receipt, State
from clarion.outbox import audit, incidents, schema
from clarion.outbox.claiming import settle
from clarion.outbox.claiming.claims import Claim
from clarion.outbox.claiming.recalling import STILL_UP
from clarion.outbox.entries import posts, views
from clarion.outbox.entries.taking_back import taken_back
from clarion.outbox.entries.views import DeliveryView, EntryView, PostView
from clarion.outbox.store import Tx

_MICROSECOND = timedelta(microseconds=1)
_delivery = schema.delivery
_attempt = schema.attempt
_post = schema.post


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A delivery of which nobody knows whether it is up."""

    number: int
    post: PostView
    delivery: DeliveryView

    @property
    def account(self) -> Account:
        return self.post.account

    @property
    def taken_back(self) -> bool:
        """Whether it is not sent again, whatever was seen."""
        return self.delivery.recall_wanted or self.delivery.cancel_wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """A post that may be tried again, and from which part on."""

    post: PostView
    part: int

    @property
    def begun(self) -> bool:
        """Whether an earlier part is up, so that the rest belongs right after it."""
        return self.part > 1


# ── in doubt ──────────────────────────────────────────────────────────────────────────────────────────────────


def doubts(
    tx: Tx, number: int, *, part: int | None = None, account: str | None = None, language: str | None = None
) -> list[Doubt]:
    """What of an entry is in doubt, as far as it is asked for. Raises OutboxError when there is no such entry."""
    return _asked_for(tx, number, State.IN_DOUBT, part, account, language)


def coming_down(
    tx: Tx, number: int, *, part: int | None = None, account: str | None = None, language: str | None = None
) -> list[Doubt]:
    """What of an entry is to be taken down and is not yet, as far as it is asked for: a person may have deleted it there."""
    return _asked_for(tx, number, State.RECALLING, part, account, language)


def is_down(tx: Tx, doubt: Doubt, *, who: str | None) -> None:
    """A person deleted it there. Raises OutboxError when it was taken down meanwhile."""
    done = tx.execute(
        sa.update(_delivery)
        .where(_delivery.c.id == doubt.delivery.id, _delivery.c.state == State.RECALLING.value)
        .values(
            state=State.RECALLED.value, reason="deleted by hand", look_at=None, fence=_delivery.c.fence + 1
        )
    )
    if done.rowcount != 1:
        raise OutboxError(
            f"#{doubt.number} is not being taken down any more", f"clarion queue show {doubt.number}"
        )
    incidents.close(tx, STILL_UP, doubt.delivery.id)
    _tell(tx, doubt, "resolved_absent", who, "deleted by hand")


def is_up(tx: Tx, doubt: Doubt, receipt: Receipt, *, outbox_id: str, who: str | None) -> None:
    """A person found it. Raises OutboxError when it was decided meanwhile, or the address is another delivery's."""
    claim = _take_over(tx, doubt, outbox_id)
    if not settle.sent(tx, claim, receipt):
        raise OutboxError(
            f"{receipt.url} is another delivery's already", f"clarion queue show {doubt.number}"
        )
    settle.confirmed(tx, claim)
    _tell(tx, doubt, "resolved_sent", who, receipt.url)


def is_absent(tx: Tx, doubt: Doubt, *, outbox_id: str, who: str | None) -> None:
    """A person says that it is certainly not up: it goes again, as something new. Part k waits for part k-1 as ever."""
    claim = _take_over(tx, doubt, outbox_id)
    before = next((each for each in doubt.post.deliveries if each.part == claim.delivery.part - 1), None)
    tx.execute(
        sa.update(_delivery)
        .where(
            _delivery.c.id == claim.delivery.id,
            _delivery.c.fence == claim.fence,
            _delivery.c.state == State.IN_DOUBT.value,
        )
        .values(
            state=sa.case((taken_back, State.CANCELLED.value), else_=State.SCHEDULED.value),
            reason=None,
            due_at=tx.now if before is None or before.state is State.SENT else None,
            generation=_delivery.c.generation + 1,
            first_intent_at=None,
            intent_lost=False,
            receipt=None,
            remote_id=None,
            sent_at=None,
            look_at=None,
            looks=0,
        )
    )
    _tell(tx, doubt, "resolved_absent", who, None)


def _asked_for(
    tx: Tx, number: int, state: State, part: int | None, account: str | None, language: str | None
) -> list[Doubt]:
    return [
        Doubt(number=number, post=post, delivery=delivery)
        for post in views.show(tx, number).posts
        for delivery in post.deliveries
        if delivery.state is state
        and part in (None, delivery.part)
        and account in (None, post.account.name)
        and language in (None, post.language)
    ]


def _take_over(tx: Tx, doubt: Doubt, outbox_id: str) -> Claim:
    """The delivery, from whoever looks for it."""
    taken = tx.execute(
        sa.update(_delivery)
        .where(_delivery.c.id == doubt.delivery.id, _delivery.c.state == State.IN_DOUBT.value)
        .values(fence=_delivery.c.fence + 1)
    )
    if taken.rowcount != 1:
        raise OutboxError(
            f"#{doubt.number} was decided meanwhile: it is no longer in doubt",
            f"clarion queue show {doubt.number}",
        )
    fence = tx.execute(sa.select(_delivery.c.fence).where(_delivery.c.id == doubt.delivery.id)).scalar_one()
    delivery = Delivery(
        id=doubt.delivery.id,
        outbox_id=outbox_id,
        post_id=doubt.post.id,
        part=doubt.delivery.part,
        account=doubt.account,
        payload=doubt.post.payload,
    )
    return Claim(delivery=delivery, fence=fence, doubtful=True)


def _tell(tx: Tx, doubt: Doubt, action: str, who: str | None, detail: str | None) -> None:
    audit.record(tx, action, doubt.delivery.id, chain=doubt.account.name, who=who, detail=detail)


# ── again ─────────────────────────────────────────────────────────────────────────────────────────────────────


def retriable(tx: Tx, number: int) -> tuple[EntryView, list[Again]]:
    """An entry and its posts that may be tried again.

    Raises OutboxError when nothing of it failed or expired, or waits for an approval that would come too late.
    """
    entry = views.show(tx, number)
    if entry.recalled:
        raise OutboxError(
            f"#{number} was recalled: it is not sent again",
            'to say it anew: clarion say "…"   or   clarion queue add SLUG',
        )
    found = [again for post in entry.posts if (again := _again(tx, post)) is not None]
    if not found:
        raise OutboxError(
            f"#{number} is {entry.state}: only what failed or expired is tried again", _instead(entry)
        )
    return entry, found


def retry(
    tx: Tx,
    number: int,
    chosen: Sequence[Again],
    due: datetime,
    *,
    who: str | None,
    margin: timedelta | None = None,
) -> EntryView:
    """Put these posts before people again, due at `due`: a new window, so that no approval given before covers it.

    `margin`: of the window, where the campaign has its own.

    What was cancelled because a part failed returns with it; what a person cancelled does not.
    """
    posts.lock(tx, _post.c.entry == number)
    still = {again.post.id for again in retriable(tx, number)[1]}
    moved = [again for again in chosen if again.post.id in still]
    reason = f"to be tried again, due {due:%Y-%m-%d %H:%M} UTC"
    posts.void_approvals(tx, _post.c.id.in_([again.post.id for again in moved]), who=who, reason=reason)
    for again in moved:
        _return(tx, again, due, margin)
    audit.record(tx, "retried", f"#{number}", who=who, detail=reason)
    return views.show(tx, number)


def _again(tx: Tx, post: PostView) -> Again | None:
    """From which part on a post may be tried again; None when it may not."""
    undecided = {State.IN_DOUBT, State.SENDING, State.RECALLING}
    if any(each.state in undecided for each in post.deliveries):
        return None
    for each in post.deliveries:
        if each.state in (State.FAILED, State.EXPIRED) or _too_late(tx, post, each):
            return Again(post=post, part=each.part)
    return None


def _too_late(tx: Tx, post: PostView, each: DeliveryView) -> bool:
    """Whether it waits for people and no approval given now could cover it: it was tried once, so it does not expire."""
    return each.state is State.PENDING and each.part == 1 and not each.intended and tx.at > post.window[1]


def _instead(entry: EntryView) -> str:
    if entry.state is State.IN_DOUBT:
        return f"clarion queue resolve {entry.number} --sent URL, or --absent"
    if entry.state is State.PENDING:
        return f"clarion approve {entry.number}"
    return f"clarion queue show {entry.number}"


def _return(tx: Tx, again: Again, due: datetime, margin: timedelta | None) -> None:
    post, first = again.post, again.part
    not_before, not_after = approval.window(due, post.late, evergreen=post.evergreen, margin=margin)
    tx.execute(
        sa.update(_post)
        .where(_post.c.id == post.id)
        .values(due=micros(due), not_before=micros(not_before), not_after=micros(not_after))
    )
    because = f"part {first} was refused"
    for each in post.deliveries:
        follows = each.part > first and (
            each.state in (State.EXPIRED, State.PENDING)
            or (each.state is State.CANCELLED and each.reason == because)
        )
        if each.part == first or follows:
            _put_before_people(tx, again, each, due=due if each.part == first else None)


def _put_before_people(tx: Tx, again: Again, each: DeliveryView, *, due: datetime | None) -> None:
    """Pending, with its tries counted anew. The key changes too, but only when no request may have been taken."""
    unknown = tx.execute(
        sa.select(_attempt.c.fence)
        .join(_delivery, _delivery.c.id == _attempt.c.delivery)
        .where(
            _delivery.c.id == each.id,
            _attempt.c.generation == _delivery.c.generation,
            _attempt.c.outcome == "unknown",
        )
    ).first()
    fresh = {} if unknown else {"generation": _delivery.c.generation + 1, "first_intent_at": None}
    lapses = due is not None and each.part == 1 and not unknown
    tx.execute(
        sa.update(_delivery)
        .where(_delivery.c.id == each.id, _delivery.c.state == each.state.value)
        .values(
            state=State.PENDING.value,
            reason=None,
            due_at=None if due is None else micros(due),
            lapses_at=micros(due) + again.post.late // _MICROSECOND if due is not None and lapses else None,
            backoffs=0,
            **fresh,
        )
    )
