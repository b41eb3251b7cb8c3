"""Taking down what went out: what people ask for, which worker does it, and how that ends.

In: entries' numbers, and who asks. Out: in one transaction, all that waits is cancelled, all that is up is `recalling`, and
what may be up is taken down as soon as it is found. `look_at` is when a recalling delivery is tried next; without one a
person must see to it. The last part of a post goes first, unless that waits for a person. Repeating is harmless.

Where a request got no answer, it may arrive after the delete and put the post there again; what the network took and did
not show may be shown later: a delivery so recalled has a `look_at` too, a few times, and is deleted again; so is one that
somebody recalls once more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from clarion.clock import moment
from clarion.digest import restore
from clarion.errors import OutboxError
from clarion.model import Account, Delivery, State
from clarion.outbox import audit, incidents, schema
from clarion.outbox.accounts import restored
from clarion.outbox.claiming import settle, turns
from clarion.outbox.claiming.claims import Claim, Terms
from clarion.outbox.entries import posts, taking_back
from clarion.outbox.limits import spending
from clarion.outbox.states import RECALLED, RECALLING
from clarion.outbox.store import Tx

#: The incident of something that the network does not let us take down. Its subject is the delivery's id.
STILL_UP = "still_up"
_MICROSECOND = timedelta(microseconds=1)
#: States in which a delivery is up, or may be.
_UP = (State.SENT, State.RECALLING, State.IN_DOUBT, State.SENDING)
_WAITS = (State.PENDING, State.SCHEDULED)
_OVER = (State.FAILED, State.EXPIRED)
_delivery, _account, _post, _entry = schema.delivery, schema.account, schema.post, schema.entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One delivery of an entry, as somebody who takes it back must see it."""

    entry: int
    title: str
    delivery: str
    account: str
    network: str
    handle: str
    language: str
    part: int
    parts: int
    state: State
    url: str | None
    reason: str | None
    next_try: datetime | None  # recalling, in doubt: when Clarion goes on by itself

    @property
    def up(self) -> bool:
        """Whether it is up, or may be."""
        return self.state in _UP

    @property
    def waits(self) -> bool:
        return self.state in _WAITS

    @property
    def needs_a_person(self) -> bool:
        return self.state in (State.RECALLING, State.IN_DOUBT) and self.next_try is None


# ── what people ask for ───────────────────────────────────────────────────────────────────────────────────────


def pieces(tx: Tx, numbers: Collection[int] | None) -> list[Piece]:
    """What there is of these entries; None: of every entry of which anything is up, or may be.

    Raises OutboxError for a number that does not exist.
    """
    known = _rows(tx, _up_somewhere(tx) if numbers is None else sorted(set(numbers)))
    there = {row.number for row in known}
    for number in sorted(set(numbers or ()) - there):
        raise OutboxError(f"there is no entry #{number}", "clarion queue list")
    parts: dict[str, int] = {}
    for row in known:
        parts[row.post] = max(parts.get(row.post, 0), row.part)
    return [_piece(row, parts[row.post]) for row in known]


def want(tx: Tx, numbers: Collection[int], *, who: str | None, because: str | None = None) -> None:
    """Let nothing of these entries go out any more, and have everything of them that is up taken down."""
    for some in _batches(sorted(set(numbers))):
        mine = _post.c.entry.in_(some)
        posts.lock(tx, mine)
        _reopen(tx, mine)
        taking_back.stop(tx, mine, word="recall_wanted", reason="recalled")
        of_these = _delivery.c.post.in_(sa.select(_post.c.id).where(mine))
        _update(tx, of_these, _in(_OVER), state=State.CANCELLED.value, reason="recalled before it was sent")
        _update(tx, of_these, sa.or_(_in([State.SENT]), _NAMED), state=State.RECALLING.value)
        again = _in([State.RECALLING, State.RECALLED])
        _update(tx, of_these, again, look_at=tx.now, looks=0, backoffs=0, reason=None)
        _look_now(tx, of_these)
        _update(tx, of_these, recall_wanted=True)
        for number in some:
            audit.record(tx, "recall_asked", f"#{number}", who=who, detail=because)


# ── the worker's side ─────────────────────────────────────────────────────────────────────────────────────────


def claim(tx: Tx, terms: Terms, limit: int, patience: timedelta) -> list[Claim]:
    """Take up to `limit` deliveries that are to be taken down now, one of an account; nobody else does for `patience`.

    A pause does not keep them up: it stops publishing.
    """
    return [_claimed(tx, terms, row) for row in turns.take(tx, _NEXT, terms, limit, patience)]


def admit(tx: Tx, claimed: Claim, terms: Terms) -> int | None:
    """Spend what taking it down costs; or the moment (microseconds) at which there will be room."""
    account = claimed.delivery.account
    windows = terms.windows.get(account.network, ())
    return spending.admit_recall(tx, account.network, account.name, windows)


def recalled(tx: Tx, claimed: Claim) -> bool:
    """It is down: knowledge, whoever brings it. False when that was known."""
    incidents.close(tx, STILL_UP, claimed.delivery.id)
    done = tx.execute(
        sa.update(_delivery)
        .where(_delivery.c.id == claimed.delivery.id, _delivery.c.state == RECALLING)
        .values(state=State.RECALLED.value, reason=None, looks=0, look_at=_again(tx, claimed, 0))
    )
    if done.rowcount != 1:
        turn = claimed.looks + 1
        _write(tx, claimed, reason=None, looks=turn, look_at=_again(tx, claimed, turn))
        return False
    url = claimed.down.url if claimed.down else None
    audit.record(tx, "recalled", claimed.delivery.id, chain=claimed.delivery.account.name, detail=url)
    return True


def waits(tx: Tx, claimed: Claim, *, until: int, reason: str, spent: bool = False) -> None:
    """The network could not be asked now: again at `until` (microseconds). `spent`: a back-off."""
    backoffs = _delivery.c.backoffs + 1 if spent else _delivery.c.backoffs
    _write(tx, claimed, look_at=until, reason=reason, backoffs=backoffs)


def no_room(tx: Tx, claimed: Claim, *, until: int, reason: str) -> None:
    """The account took down as many as it may for now: none of it is tried before `until`, so that it wakes nobody."""
    waits(tx, claimed, until=until, reason=reason)
    mine = sa.select(_account.c.id).where(_account.c.name == claimed.delivery.account.name).scalar_subquery()
    _update(
        tx,
        _delivery.c.account == mine,
        _TO_DELETE,
        _delivery.c.look_at < until,
        look_at=until,
    )


def refused(tx: Tx, claimed: Claim, reason: str) -> None:
    """The network does not let us: it stays up until a person sees to it, who is told once."""
    if not _write(tx, claimed, look_at=None, reason=reason):
        return
    delivery = claimed.delivery
    incidents.open_once(tx, STILL_UP, delivery.id, f"#{delivery.entry} on {delivery.account.name}: {reason}")
    audit.record(tx, "recall_refused", delivery.id, chain=delivery.account.name, detail=reason)


def blocked(tx: Tx, claimed: Claim, reason: str) -> None:
    """The account closes until somebody verifies it; then this is the first that is tried."""
    waits(tx, claimed, until=tx.now, reason=reason)
    settle.closed(tx, claimed, reason)


def wanted(tx: Tx) -> list[str]:
    """The deliveries of every entry that was recalled."""
    return list(tx.execute(sa.select(_delivery.c.id).where(_delivery.c.recall_wanted)).scalars())


def want_again(tx: Tx, deliveries: Sequence[str], *, who: str | None, because: str) -> None:
    """Recall the entries of these deliveries, as far as they are here: an outbox that is older did not know of it."""
    numbers: set[int] = set()
    for some in _batches(deliveries):
        of_these = sa.select(_post.c.entry).join(_delivery, _delivery.c.post == _post.c.id)
        numbers.update(tx.execute(of_these.where(_delivery.c.id.in_(some))).scalars())
    want(tx, numbers, who=who, because=because)


# ── the statements ────────────────────────────────────────────────────────────────────────────────────────────


_TO_DELETE = _delivery.c.state.in_([RECALLING, RECALLED])
# The network took it and does not show it: it can be deleted by its name, which a look might not find. Not by a receipt
# alone, whose post may be another delivery's (`late.py`); nor by the name that it had before a restore: it may have been sent
# anew since.
_NAMED = sa.and_(
    _delivery.c.state == State.IN_DOUBT.value,
    _delivery.c.receipt.is_not(None),
    _delivery.c.remote_id.is_not(None),
    ~_delivery.c.intent_lost,
)
_later = _delivery.alias("later")
# Of those that wait equally long the newest; never before a later part of its post.
_NEXT = turns.of_each_account(
    [RECALLING, RECALLED],
    ~sa.exists().where(
        _later.c.post == turns.another.c.post,
        _later.c.part > turns.another.c.part,
        _later.c.state == RECALLING,
        _later.c.look_at.is_not(None),
    ),
    then=[turns.another.c.sent_at.desc()],
)


# ── below ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _up_somewhere(tx: Tx) -> list[int]:
    up = sa.select(_post.c.entry).join(_delivery, _delivery.c.post == _post.c.id)
    return sorted(set(tx.execute(up.where(_in(_UP))).scalars()))


def _rows(tx: Tx, numbers: Sequence[int]) -> list[Any]:
    found: list[Any] = []
    for some in _batches(numbers):
        statement = (
            sa.select(
                _delivery,
                _entry.c.number,
                _entry.c.slug,
                _entry.c.text,
                _post.c.language,
                _account.c.name,
                _account.c.network,
                _account.c.handle,
            )
            .join(_post, _post.c.id == _delivery.c.post)
            .join(_entry, _entry.c.number == _post.c.entry)
            .join(_account, _account.c.id == _delivery.c.account)
            .where(_entry.c.number.in_(some))
            .order_by(_entry.c.number, _account.c.name, _post.c.language, _post.c.id, _delivery.c.part)
        )
        found += tx.execute(statement).all()
    return found


def _piece(row: Any, parts: int) -> Piece:
    receipt = posts.restored_receipt(row.receipt)
    return Piece(
        entry=row.number,
        title=row.slug or " ".join((row.text or "").split())[:40],
        delivery=row.id,
        account=row.name,
        network=row.network,
        handle=row.handle,
        language=row.language,
        part=row.part,
        parts=parts,
        state=State(row.state),
        url=receipt.url if receipt else None,
        reason=row.reason,
        next_try=row.look_at and moment(row.look_at),
    )


def _reopen(tx: Tx, mine: sa.ColumnElement[bool]) -> None:
    """What a person was told of is tried again: told again, if it is refused again."""
    stuck = sa.select(_delivery.c.id).join(_post, _post.c.id == _delivery.c.post)
    for id_ in tx.execute(stuck.where(mine, _in([State.RECALLING]), _delivery.c.look_at.is_(None))).scalars():
        incidents.close(tx, STILL_UP, id_)


def _look_now(tx: Tx, of_these: sa.ColumnElement[bool]) -> None:
    """What may be up is looked for at once, and anew; whoever looks for it now holds an old fence from here on.

    After a restore a later part can only be looked for when it is known what it answers.
    """
    before = _delivery.alias("before")
    answered = sa.exists().where(
        before.c.post == _delivery.c.post,
        before.c.part == _delivery.c.part - 1,
        before.c.receipt.is_not(None),
    )
    may_look = sa.or_(_delivery.c.part == 1, ~_delivery.c.intent_lost, answered)
    fresh = {"look_at": tx.now, "looks": 0, "fence": _delivery.c.fence + 1}
    _update(tx, of_these, _in([State.IN_DOUBT]), may_look, **fresh)


def _claimed(tx: Tx, terms: Terms, row: Any) -> Claim:
    account = tx.execute(sa.select(_account).where(_account.c.id == row.account)).one()
    post = tx.execute(sa.select(_post.c.payload, _post.c.entry).where(_post.c.id == row.post)).one()
    return Claim(
        delivery=_delivery_of(terms, row, restored(account), post),
        fence=row.fence + 1,
        backoffs=row.backoffs,
        looks=row.looks,
        doubtful=True,
        down=posts.restored_receipt(row.receipt),
        gone=row.state == State.RECALLED.value,
        failures=account.failures,
        taken_back=True,
    )


def _delivery_of(terms: Terms, row: Any, account: Account, post: Any) -> Delivery:
    return Delivery(
        id=row.id,
        outbox_id=terms.outbox_id,
        post_id=row.post,
        entry=post.entry,
        part=row.part,
        account=account,
        payload=restore(bytes(post.payload)),
        generation=row.generation,
        first_intent_at=row.first_intent_at and moment(row.first_intent_at),
        tried=True,
    )


def _write(tx: Tx, claimed: Claim, **values: Any) -> bool:
    mine = _delivery.c.id == claimed.delivery.id, _delivery.c.fence == claimed.fence
    done = tx.execute(sa.update(_delivery).where(*mine, _TO_DELETE).values(**values))
    return done.rowcount == 1


def _again(tx: Tx, claimed: Claim, turn: int) -> int | None:
    """When it is deleted once more, for the `turn`th time; None where nothing of it can come up any more."""
    unsettled = tx.execute(
        sa.select(schema.attempt.c.fence).where(
            schema.attempt.c.delivery == claimed.delivery.id,
            schema.attempt.c.outcome.in_(["unknown", settle.NOT_SHOWN]),
        )
    ).first()
    after = taking_back.AGAIN[turn : turn + 1] if unsettled else ()
    return next((tx.now + each // _MICROSECOND for each in after), None)


def _in(states: Iterable[State]) -> sa.ColumnElement[bool]:
    return _delivery.c.state.in_([state.value for state in states])


def _update(tx: Tx, *where: sa.ColumnElement[bool], **values: Any) -> None:
    tx.execute(sa.update(_delivery).where(*where).values(**values))


def _batches(values: Sequence[Any]) -> list[Sequence[Any]]:
    """SQLite binds only so many values in one statement."""
    return [values[at : at + 500] for at in range(0, len(values), 500)]
