"""What people and programs read of the outbox: entries, their posts and deliveries, each try, what is due.

In: a transaction. Out: views, plain and frozen. Nothing here changes anything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from clarion.clock import micros, moment
from clarion.digest import restore
from clarion.errors import OutboxError
from clarion.model import Account, Approval, Finding, Payload, Receipt, State, state_of_post
from clarion.outbox import schema
from clarion.outbox.accounts import restored
from clarion.outbox.states import IN_DOUBT, PENDING, RECALLING, SCHEDULED, SENDING, SENT
from clarion.outbox.store import Tx

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptView:
    """One try of a delivery. Without `intent_at` no request for the post went out; without `outcome` it goes on."""

    fence: int
    generation: int
    worker: str
    started_at: datetime
    intent_at: datetime | None
    ended_at: datetime | None
    outcome: str | None
    detail: str | None


@dataclass(frozen=True, kw_only=True)
class DeliveryView:
    id: str
    part: int
    state: State
    reason: str | None
    due_at: datetime | None
    look_at: datetime | None
    backoffs: int
    receipt: Receipt | None
    intended: bool  # a request may have gone out once
    recall_wanted: bool = False  # it is to be taken down, if it is up
    cancel_wanted: bool = False  # it is not sent again


@dataclass(frozen=True, kw_only=True)
class PostView:
    id: str
    account: Account
    language: str
    digest: str
    due: datetime
    late: timedelta
    evergreen: bool
    sensitive: bool
    approvals: tuple[Approval, ...]
    deliveries: tuple[DeliveryView, ...]
    stored: bytes
    used: str  # the facts, calls and days it used, as `living.py` reads them
    window: tuple[datetime, datetime]  # in which an approval holds
    said: str = "[]"  # by the checks, when it was queued

    @cached_property
    def payload(self) -> Payload:
        return restore(self.stored)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What its author was shown of what the checks found."""
        return tuple(
            Finding(rule=rule, level=level, where=where, why=why, mend=mend)
            for rule, level, where, why, mend in json.loads(self.said)
        )

    @property
    def state(self) -> State:
        return state_of_post([delivery.state for delivery in self.deliveries])


@dataclass(frozen=True, kw_only=True)
class EntryView:
    number: int
    kind: str
    slug: str | None
    text: str | None
    author: str | None
    because: str | None = None  # why it goes on although a check asked for a reason
    created_at: datetime
    batch: str
    posts: tuple[PostView, ...]

    @property
    def state(self) -> State:
        """The first of its posts' states, in the order of `State`."""
        return state_of_post([post.state for post in self.posts])

    @property
    def recalled(self) -> bool:
        """Whether somebody asked for all of it to be taken down; nothing of it is sent any more."""
        return any(each.recall_wanted for post in self.posts for each in post.deliveries)

    @property
    def title(self) -> str:
        """What people know it by."""
        if self.slug:
            return self.slug
        line = " ".join((self.text or "").split())
        return line if len(line) <= 40 else line[:39] + "…"


def show(tx: Tx, number: int) -> EntryView:
    """One entry, whole. Raises OutboxError when there is none."""
    found = _views(tx, schema.entry.c.number == number)
    if not found:
        raise OutboxError(f"there is no entry #{number}", "clarion queue list")
    return found[0]


def attempts(tx: Tx, number: int) -> dict[str, list[AttemptView]]:
    """Every try of an entry's deliveries, oldest first, by the delivery's id."""
    attempt, delivery, post = schema.attempt, schema.delivery, schema.post
    rows = tx.execute(
        sa.select(attempt)
        .join(delivery, delivery.c.id == attempt.c.delivery)
        .join(post, post.c.id == delivery.c.post)
        .where(post.c.entry == number)
        .order_by(attempt.c.fence)
    )
    found: dict[str, list[AttemptView]] = {}
    for row in rows:
        found.setdefault(row.delivery, []).append(
            AttemptView(
                fence=row.fence,
                generation=row.generation,
                worker=row.worker,
                started_at=moment(row.started_at),
                intent_at=row.intent_at and moment(row.intent_at),
                ended_at=row.ended_at and moment(row.ended_at),
                outcome=row.outcome,
                detail=row.detail,
            )
        )
    return found


def entries(tx: Tx, *, before: int | None = None, limit: int = 50) -> list[EntryView]:
    """The newest entries, newest first; keyset-paged by number."""
    page = sa.select(schema.entry.c.number).order_by(schema.entry.c.number.desc()).limit(limit)
    if before is not None:
        page = page.where(schema.entry.c.number < before)
    return _views(tx, schema.entry.c.number.in_(page))


def image(tx: Tx, sha256: str) -> bytes:
    """The bytes of an image."""
    found = tx.execute(sa.select(schema.media.c.bytes).where(schema.media.c.sha256 == sha256)).scalar()
    if found is None:
        raise OutboxError(f"the outbox has lost the image {sha256[:12]}", "clarion db check")
    raw = bytes(found)
    if hashlib.sha256(raw).hexdigest() != sha256:
        raise OutboxError(f"the image {sha256[:12]} is not the one that was approved", "clarion db check")
    return raw


def taken(tx: Tx, accounts: Iterable[str]) -> set[datetime]:
    """The due times of what still waits for these accounts: slots that are not free."""
    rows = tx.execute(
        sa.select(schema.post.c.due)
        .join(schema.account, schema.account.c.id == schema.post.c.account)
        .join(schema.delivery, schema.delivery.c.post == schema.post.c.id)
        .where(
            schema.account.c.name.in_(list(accounts)),
            schema.delivery.c.state.in_([State.PENDING.value, State.SCHEDULED.value]),
        )
        .distinct(),
    ).scalars()
    return {moment(due) for due in rows}


def counts(tx: Tx) -> dict[State, int]:
    """How many deliveries stand in each state."""
    total = sa.func.count().label("total")
    rows = tx.execute(sa.select(schema.delivery.c.state, total).group_by(schema.delivery.c.state))
    return {State(row.state): row.total for row in rows}


def next_due(tx: Tx) -> datetime | None:
    """When the next scheduled delivery is due."""
    delivery = schema.delivery
    soonest = tx.execute(
        sa.select(sa.func.min(delivery.c.due_at)).where(delivery.c.state == SCHEDULED)
    ).scalar()
    return None if soonest is None else moment(soonest)


def next_change(tx: Tx) -> int | None:
    """The next moment (microseconds) at which time alone gives a worker something to do.

    A delivery that is due by now and still waits is no such moment: its account is blocked, paused or busy.
    """
    account, delivery, pause = schema.account, schema.delivery, schema.pause
    waiting = delivery.c.state.in_([PENDING, SCHEDULED])
    due_of_account = (
        sa.select(sa.func.min(delivery.c.due_at))
        .where(delivery.c.account == account.c.id, delivery.c.state == SCHEDULED, delivery.c.due_at > tx.now)
        .scalar_subquery()
    )
    soonest = [
        sa.select(sa.func.min(due_of_account)).select_from(account),
        sa.select(sa.func.min(delivery.c.look_at)).where(
            delivery.c.state.in_([IN_DOUBT, SENT]),
            delivery.c.look_at.is_not(None),
            delivery.c.look_at > tx.now,
        ),
        sa.select(sa.func.min(delivery.c.look_at)).where(
            delivery.c.state == RECALLING, delivery.c.look_at.is_not(None), delivery.c.look_at > tx.now
        ),
        sa.select(sa.func.min(delivery.c.lapses_at)).where(waiting, delivery.c.lapses_at > tx.now),
        sa.select(sa.func.min(delivery.c.lease_until)).where(
            delivery.c.state == SENDING, delivery.c.lease_until > tx.now
        ),
        sa.select(sa.func.min(account.c.blocked_until)).where(account.c.blocked_until > tx.now),
        sa.select(sa.func.min(pause.c.until)).where(pause.c.until > tx.now),
    ]
    found = [at for each in soonest if (at := tx.execute(each).scalar()) is not None]
    return min(found, default=None)


def due(tx: Tx) -> list[tuple[EntryView, PostView]]:
    """The posts that are due now, with their entries, also of accounts that must wait (`holding.py`)."""
    delivery = schema.delivery
    numbers = (
        sa.select(schema.post.c.entry)
        .join(delivery, delivery.c.post == schema.post.c.id)
        .where(delivery.c.state == State.SCHEDULED.value, delivery.c.due_at <= tx.now)
    )
    found = _views(tx, schema.entry.c.number.in_(numbers))
    return [
        (entry, post)
        for entry in reversed(found)
        for post in entry.posts
        if any(d.state is State.SCHEDULED and d.due_at and d.due_at <= tx.at for d in post.deliveries)
    ]


def waiting(tx: Tx) -> list[EntryView]:
    """The entries of which something still waits for people or for its time, newest first."""
    delivery = schema.delivery
    numbers = (
        sa.select(schema.post.c.entry)
        .join(delivery, delivery.c.post == schema.post.c.id)
        .where(delivery.c.state.in_((State.PENDING.value, State.SCHEDULED.value)))
    )
    return _views(tx, schema.entry.c.number.in_(numbers))


# ── below ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _views(tx: Tx, which: sa.ColumnElement[bool]) -> list[EntryView]:
    """Entries with their posts, deliveries and approvals, in four queries however many there are."""
    entry, post, delivery = schema.entry, schema.post, schema.delivery
    heads = tx.execute(sa.select(entry).where(which).order_by(entry.c.number.desc())).all()
    numbers = [row.number for row in heads]
    accounts = {row.id: restored(row) for row in tx.execute(sa.select(schema.account))}
    of_post: dict[str, list[DeliveryView]] = {}
    mine = sa.select(post.c.id).where(post.c.entry.in_(numbers))
    for row in tx.execute(sa.select(delivery).where(delivery.c.post.in_(mine)).order_by(delivery.c.part)):
        of_post.setdefault(row.post, []).append(_delivery_view(row))
    given: dict[str, list[Approval]] = {}
    for row in tx.execute(sa.select(schema.approval).where(schema.approval.c.post.in_(mine))):
        given.setdefault(row.post, []).append(restored_approval(row))
    posts: dict[int, list[PostView]] = {}
    in_order = (
        sa.select(post).where(post.c.entry.in_(numbers)).order_by(post.c.account, post.c.language, post.c.id)
    )
    for row in tx.execute(in_order):
        posts.setdefault(row.entry, []).append(
            PostView(
                id=row.id,
                account=accounts[row.account],
                language=row.language,
                digest=row.digest,
                due=moment(row.due),
                late=row.late * _MICROSECOND,
                evergreen=row.evergreen,
                sensitive=row.sensitive,
                approvals=tuple(given.get(row.id, ())),
                deliveries=tuple(of_post[row.id]),
                stored=bytes(row.payload),
                used=row.used,
                window=(moment(row.not_before), moment(row.not_after)),
                said=row.findings,
            ),
        )
    return [
        EntryView(
            number=row.number,
            kind=row.kind,
            slug=row.slug,
            text=row.text,
            author=row.author,
            because=row.because,
            created_at=moment(row.created_at),
            batch=row.batch,
            posts=tuple(posts[row.number]),
        )
        for row in heads
    ]


def _delivery_view(row: sa.Row[tuple[object, ...]]) -> DeliveryView:
    return DeliveryView(
        id=row.id,
        part=row.part,
        state=State(row.state),
        reason=row.reason,
        due_at=row.due_at and moment(row.due_at),
        look_at=row.look_at and moment(row.look_at),
        backoffs=row.backoffs,
        receipt=restored_receipt(row.receipt),
        intended=row.first_intent_at is not None,
        recall_wanted=row.recall_wanted,
        cancel_wanted=row.cancel_wanted,
    )


def restored_approval(row: Any) -> Approval:
    return Approval(
        outbox_id=row.outbox_id,
        post_id=row.post,
        digest=row.digest,
        not_before=moment(row.not_before),
        not_after=moment(row.not_after),
        who=row.who,
        at=moment(row.at),
    )


def stored_receipt(receipt: Receipt) -> str:
    return json.dumps(
        {"remote_id": receipt.remote_id, "url": receipt.url, "at": micros(receipt.at), "cid": receipt.cid},
        sort_keys=True,
    )


def restored_receipt(stored: str | None) -> Receipt | None:
    if stored is None:
        return None
    plain = json.loads(stored)
    return Receipt(remote_id=plain["remote_id"], url=plain["url"], at=moment(plain["at"]), cid=plain["cid"])
