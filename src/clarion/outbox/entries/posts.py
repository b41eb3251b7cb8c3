"""What people do with entries: add, approve, cancel, undo. What they see of them stands in `views.py`.

In: frozen posts from composing, numbers of entries. Out: what changed. Every change and its audit row are one transaction.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from clarion import approval
from clarion.clock import micros
from clarion.digest import canonical
from clarion.errors import ApprovalError, OutboxError
from clarion.model import Approval, ApprovalPolicy, Finding, Payload, State, Used
from clarion.outbox import audit, once, schema
from clarion.outbox.entries import taking_back
from clarion.outbox.entries.views import (
    DeliveryView,
    EntryView,
    PostView,
    counts,
    due,
    entries,
    image,
    next_due,
    restored_approval,
    restored_receipt,
    show,
    stored_receipt,
    taken,
)
from clarion.outbox.limits import fingerprints
from clarion.outbox.limits.fingerprints import Fingerprint
from clarion.outbox.store import Tx, new_id

#: Of `views.py`, importable from here too.
__all__ = [
    "DeliveryView",
    "EntryView",
    "NewEntry",
    "NewPost",
    "PostView",
    "add",
    "approve",
    "cancel",
    "counts",
    "due",
    "entries",
    "image",
    "last_batch",
    "lock",
    "lock_entries",
    "next_due",
    "restored_approval",
    "restored_receipt",
    "show",
    "stored_receipt",
    "taken",
    "void_approvals",
]

_WAITING = {State.PENDING, State.SCHEDULED}
_FLYING = {State.SENDING, State.IN_DOUBT}
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """What a command queues."""

    kind: str  # "say" · "template"
    slug: str | None = None
    text: str | None = None
    variables: Mapping[str, str]
    wording: int = 1
    author: str | None
    because: str | None = None
    batch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPost:
    """A frozen post on its way into the outbox."""

    account: str
    payload: Payload
    digest: str
    sensitive: bool
    evergreen: bool
    used: tuple[Used, ...]
    due: datetime
    late: timedelta
    images: Mapping[str, tuple[str, bytes]]  # sha256 → (mime, bytes)
    mark: Fingerprint | None = None  # None: it says nothing that could be repeated
    day: int | None = None  # which it counts for against the cap (`caps.py`); None: for none
    margin: timedelta | None = None  # of its approvals' window; None: the usual one
    findings: Sequence[Finding] = ()  # what the checks said, for whoever approves it


def add(tx: Tx, entry: NewEntry, posts: Sequence[NewPost]) -> int:
    """Queue an entry with its posts, all pending; its number."""
    result = tx.execute(
        sa.insert(schema.entry).values(
            kind=entry.kind,
            slug=entry.slug,
            text=entry.text,
            variables=json.dumps(dict(entry.variables), sort_keys=True, ensure_ascii=False),
            wording=entry.wording,
            author=entry.author,
            because=entry.because,
            batch=entry.batch,
            created_at=tx.now,
        ),
    )
    number: int = result.inserted_primary_key[0]  # type: ignore[index]
    accounts = {row.name: row.id for row in tx.execute(sa.select(schema.account.c.name, schema.account.c.id))}
    for post in posts:
        _keep_images(tx, post.images)
        _insert_post(tx, number, accounts[post.account], post)
    audit.record(tx, "queued", f"#{number}", who=entry.author, detail=entry.because)
    return number


def approve(
    tx: Tx,
    number: int,
    *,
    outbox_id: str,
    who: str,
    policy: ApprovalPolicy,
    only: Collection[str] | None = None,
) -> list[PostView]:
    """Give `who`'s approval to every pending post of an entry, or to these only; the posts that are scheduled by it.

    Raises ApprovalError when a team asks its author to approve.
    """
    lock_entries(tx, [number])
    entry = show(tx, number)
    if policy.mode == "team" and approval.person(who) == approval.person(entry.author or ""):
        raise ApprovalError(
            f"#{number} was written by {entry.author}; in a team somebody else approves",
            f"ask somebody else to run: clarion approve {number}",
        )
    scheduled = []
    for post in entry.posts:
        if post.state is not State.PENDING or (only is not None and post.id not in only):
            continue
        given = _approve_post(tx, post, outbox_id=outbox_id, who=who)
        if approval.covers(
            outbox_id=outbox_id,
            post_id=post.id,
            digest=post.digest,
            approvals=(*post.approvals, given),
            policy=policy,
            author=entry.author,
            sensitive=post.sensitive,
            reasoned=entry.because is not None,
            at=_begins(post, tx.at),
        ):
            _move(tx, post.id, {State.PENDING}, State.SCHEDULED)
            scheduled.append(post)
    audit.record(tx, "approved", f"#{number}", who=who)
    return scheduled


def cancellable(entry: EntryView) -> list[PostView]:
    """The posts of an entry that can still be cancelled. Raises OutboxError when there are none."""
    found = [post for post in entry.posts if any(d.state in _WAITING | _FLYING for d in post.deliveries)]
    if entry.recalled:
        raise OutboxError(
            f"#{entry.number} was recalled: nothing of it is sent any more",
            f"clarion queue show {entry.number}",
        )
    if not found:
        raise OutboxError(
            f"#{entry.number} is {entry.state}: nothing of it is still waiting",
            f"clarion queue show {entry.number}",
        )
    return found


def cancel(tx: Tx, number: int, *, who: str | None) -> list[PostView]:
    """Cancel what is still pending or scheduled of an entry; the posts it touched.

    What is in flight or in doubt may be up and stays as it is, but is never sent again. Raises OutboxError when nothing
    of the entry can be cancelled.
    """
    lock_entries(tx, [number])  # or what is snoozed meanwhile would be neither waiting nor in flight
    touched = cancellable(show(tx, number))
    for post in touched:
        taking_back.stop(tx, schema.post.c.id == post.id, word="cancel_wanted", reason="cancelled")
    audit.record(tx, "cancelled", f"#{number}", who=who)
    return touched


def lock(tx: Tx, which: sa.ColumnElement[bool]) -> None:
    """Hold the deliveries of these posts, so that an approval and a hold come one after the other.

    In the order of their parts, in which a settlement and the end of their time go through a thread too; and before
    anything is written to the audit trail. Whoever took them in another order could wait for somebody who waits for him.
    """
    delivery, post = schema.delivery, schema.post
    chosen = sa.select(delivery.c.id).join(post, post.c.id == delivery.c.post).where(which)
    tx.execute(chosen.order_by(delivery.c.post, delivery.c.part).with_for_update(of=delivery)).all()


def lock_entries(tx: Tx, numbers: Collection[int]) -> None:
    """The same for all the posts of these entries, at once."""
    lock(tx, schema.post.c.entry.in_(numbers))


def void_approvals(tx: Tx, which: sa.ColumnElement[bool], *, who: str | None, reason: str) -> None:
    """Take back every approval of these posts; one audit row per entry names whose."""
    given = sa.select(schema.post.c.entry, schema.approval.c.who).join(
        schema.post, schema.post.c.id == schema.approval.c.post
    )
    named: dict[int, set[str]] = {}
    for row in tx.execute(given.where(which)):
        named.setdefault(row.entry, set()).add(row.who)
    mine = sa.select(schema.post.c.id).where(which)
    tx.execute(sa.delete(schema.approval).where(schema.approval.c.post.in_(mine)))
    for number, people in sorted(named.items()):
        audit.record(
            tx,
            "approvals_void",
            f"#{number}",
            who=who,
            detail=f"{reason}; of {', '.join(sorted(people))}",
        )


def last_batch(tx: Tx, *, who: str | None) -> list[int]:
    """The numbers that `who` queued with their newest command, for `undo`; of a thousand authors' at most."""
    entry = schema.entry
    newest = sa.func.max(entry.c.number).label("newest")
    authors = tx.execute(
        sa.select(entry.c.author, newest).group_by(entry.c.author).order_by(newest.desc()).limit(1000)
    )
    me = approval.person(who or "")
    mine = [row.newest for row in authors if approval.person(row.author or "") == me]
    if not mine:
        return []
    batch = sa.select(entry.c.batch).where(entry.c.number == max(mine)).scalar_subquery()
    numbers = tx.execute(
        sa.select(entry.c.number).where(entry.c.batch == batch).order_by(entry.c.number),
    ).scalars()
    return [int(number) for number in numbers]


# ── below ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _keep_images(tx: Tx, images: Mapping[str, tuple[str, bytes]]) -> None:
    for sha256, (mime, raw) in sorted(images.items()):  # in one order: two may keep the same ones at once
        if not tx.execute(sa.select(schema.media.c.sha256).where(schema.media.c.sha256 == sha256)).first():
            kept = {"sha256": sha256, "mime": mime, "bytes": raw, "created_at": tx.now}
            once.insert(tx, schema.media, kept)


def _insert_post(tx: Tx, number: int, account: int, post: NewPost) -> None:
    not_before, not_after = approval.window(post.due, post.late, evergreen=post.evergreen, margin=post.margin)
    post_id = new_id()
    tx.execute(
        sa.insert(schema.post).values(
            id=post_id,
            entry=number,
            account=account,
            language=post.payload.language,
            payload=canonical(post.payload),
            digest=post.digest,
            sensitive=post.sensitive,
            evergreen=post.evergreen,
            used=json.dumps([[used.kind, used.id, used.hash] for used in post.used]),
            findings=json.dumps([astuple(each) for each in post.findings], ensure_ascii=False),
            due=micros(post.due),
            late=post.late // _MICROSECOND,
            not_before=micros(not_before),
            not_after=micros(not_after),
            answers=post.payload.answers,
            replaces=post.payload.replaces,
            day=post.day,
            created_at=tx.now,
        ),
    )
    if post.mark:
        fingerprints.keep(tx, post.mark, post=post_id, account=account, due=post.due)
    for part in range(1, len(post.payload.parts) + 1):
        first = part == 1
        tx.execute(
            sa.insert(schema.delivery).values(
                id=new_id(),
                post=post_id,
                account=account,
                part=part,
                state=State.PENDING.value,
                due_at=micros(post.due) if first else None,
                lapses_at=micros(post.due + post.late) if first else None,
            ),
        )


def _approve_post(tx: Tx, post: PostView, *, outbox_id: str, who: str) -> Approval:
    not_before, not_after = post.window
    given = Approval(
        outbox_id=outbox_id,
        post_id=post.id,
        digest=post.digest,
        not_before=not_before,
        not_after=not_after,
        who=who,
        at=tx.at,
    )
    if all(earlier.who != who or earlier.digest != post.digest for earlier in post.approvals):
        tx.execute(
            sa.insert(schema.approval).values(
                outbox_id=outbox_id,
                post=post.id,
                digest=post.digest,
                not_before=micros(not_before),
                not_after=micros(not_after),
                who=who,
                at=tx.now,
            ),
        )
    return given


def _begins(post: PostView, now: datetime) -> datetime:
    """When what waits of a post would begin. What has begun may end whenever that is: its window held part 1."""
    _, not_after = post.window
    waiting = [each for each in post.deliveries if each.state is State.PENDING]
    begun = all(each.part > 1 or each.intended for each in waiting)
    return min(max(post.due, now), not_after) if begun else max(post.due, now)


def _move(tx: Tx, post: str, from_: set[State], to: State, reason: str | None = None) -> None:
    tx.execute(
        sa.update(schema.delivery)
        .where(schema.delivery.c.post == post, schema.delivery.c.state.in_([state.value for state in from_]))
        .values(state=to.value, reason=reason),
    )
