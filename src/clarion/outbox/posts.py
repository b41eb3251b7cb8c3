"""What people do with entries: add, list, approve, cancel, undo.

In: frozen posts from composing. Out: views for the command line. Every change and its audit row are one transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import sqlalchemy as sa

from clarion import approval
from clarion.clock import micros, moment
from clarion.digest import canonical, restore
from clarion.errors import ApprovalError, OutboxError
from clarion.model import Account, Approval, ApprovalPolicy, Payload, Receipt, State, Used, state_of_post
from clarion.outbox import audit, schema
from clarion.outbox.accounts import restored
from clarion.outbox.store import Tx, new_id

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

    @cached_property
    def payload(self) -> Payload:
        return restore(self.stored)

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
    created_at: datetime
    batch: str
    posts: tuple[PostView, ...]

    @property
    def state(self) -> State:
        """The first of its posts' states, in the order of `State`."""
        return state_of_post([post.state for post in self.posts])

    @property
    def title(self) -> str:
        """What people know it by."""
        if self.slug:
            return self.slug
        line = " ".join((self.text or "").split())
        return line if len(line) <= 40 else line[:39] + "…"


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


def approve(tx: Tx, number: int, *, outbox_id: str, who: str, policy: ApprovalPolicy) -> list[PostView]:
    """Give `who`'s approval to every pending post of an entry; the posts that are scheduled by it.

    Raises ApprovalError when a team asks its author to approve.
    """
    entry = show(tx, number)
    if policy.mode == "team" and approval.person(who) == approval.person(entry.author or ""):
        raise ApprovalError(
            f"#{number} was written by {entry.author}; in a team somebody else approves",
            f"ask somebody else to run: clarion approve {number}",
        )
    scheduled = []
    for post in entry.posts:
        if post.state is not State.PENDING:
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
            at=max(post.due, tx.at),
        ):
            _move(tx, post.id, {State.PENDING}, State.SCHEDULED)
            scheduled.append(post)
    audit.record(tx, "approved", f"#{number}", who=who)
    return scheduled


def cancel(tx: Tx, number: int, *, who: str | None) -> list[PostView]:
    """Cancel what is still pending or scheduled of an entry; the posts it touched.

    Raises OutboxError when nothing of it can be cancelled.
    """
    entry = show(tx, number)
    open_states = {State.PENDING, State.SCHEDULED}
    touched = [post for post in entry.posts if any(d.state in open_states for d in post.deliveries)]
    if not touched:
        raise OutboxError(
            f"#{number} is {entry.state}: nothing of it is still waiting", f"clarion queue show {number}"
        )
    for post in touched:
        _move(tx, post.id, open_states, State.CANCELLED, reason="cancelled")
    audit.record(tx, "cancelled", f"#{number}", who=who)
    return touched


def last_batch(tx: Tx) -> list[int]:
    """The numbers that the newest command queued and that still wait, for `undo`."""
    newest = sa.select(schema.entry.c.batch).order_by(schema.entry.c.number.desc()).limit(1).scalar_subquery()
    numbers = tx.execute(
        sa.select(schema.entry.c.number)
        .where(schema.entry.c.batch == newest)
        .order_by(schema.entry.c.number),
    ).scalars()
    return [int(number) for number in numbers]


def show(tx: Tx, number: int) -> EntryView:
    """One entry, whole. Raises OutboxError when there is none."""
    found = _views(tx, schema.entry.c.number == number)
    if not found:
        raise OutboxError(f"there is no entry #{number}", "clarion queue list")
    return found[0]


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
    return bytes(found)


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
    scheduled: sa.ColumnElement[str] = sa.literal_column("'scheduled'")  # a literal, for the partial index
    soonest = tx.execute(
        sa.select(sa.func.min(delivery.c.due_at)).where(delivery.c.state == scheduled)
    ).scalar()
    return None if soonest is None else moment(soonest)


def due(tx: Tx) -> list[PostView]:
    """The posts that would be sent now."""
    delivery = schema.delivery
    numbers = (
        sa.select(schema.post.c.entry)
        .join(delivery, delivery.c.post == schema.post.c.id)
        .where(delivery.c.state == State.SCHEDULED.value, delivery.c.due_at <= tx.now)
    )
    found = _views(tx, schema.entry.c.number.in_(numbers))
    return [
        post
        for entry in reversed(found)
        for post in entry.posts
        if any(d.state is State.SCHEDULED and d.due_at and d.due_at <= tx.at for d in post.deliveries)
    ]


# ── below ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _keep_images(tx: Tx, images: Mapping[str, tuple[str, bytes]]) -> None:
    for sha256, (mime, raw) in images.items():
        if not tx.execute(sa.select(schema.media.c.sha256).where(schema.media.c.sha256 == sha256)).first():
            tx.execute(sa.insert(schema.media).values(sha256=sha256, mime=mime, bytes=raw, created_at=tx.now))


def _insert_post(tx: Tx, number: int, account: int, post: NewPost) -> None:
    not_before, not_after = approval.window(post.due, post.late, evergreen=post.evergreen)
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
            due=micros(post.due),
            late=post.late // _MICROSECOND,
            not_before=micros(not_before),
            not_after=micros(not_after),
            answers=post.payload.answers,
            replaces=post.payload.replaces,
            created_at=tx.now,
        ),
    )
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
    not_before, not_after = approval.window(post.due, post.late, evergreen=post.evergreen)
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


def _move(tx: Tx, post: str, from_: set[State], to: State, reason: str | None = None) -> None:
    tx.execute(
        sa.update(schema.delivery)
        .where(schema.delivery.c.post == post, schema.delivery.c.state.in_([state.value for state in from_]))
        .values(state=to.value, reason=reason),
    )


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
            ),
        )
    return [
        EntryView(
            number=row.number,
            kind=row.kind,
            slug=row.slug,
            text=row.text,
            author=row.author,
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
    )


def restored_approval(row: sa.Row[tuple[object, ...]]) -> Approval:
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
