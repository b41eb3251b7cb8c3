"""How a claim ends. Each function is one settlement, and each holds the fence: if another worker owns the delivery by
now, nothing is written and the answer is False.

A post that is up belongs to one delivery: a receipt that another delivery of the account already has proves nothing.

"Certainly not created" starts a new generation (a new key, a new creation time), but only when no attempt of this
generation ever had an unknown outcome.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from clarion.errors import OutboxBusy
from clarion.model import Receipt, State
from clarion.outbox import audit, incidents, schema
from clarion.outbox.claiming.claims import Claim
from clarion.outbox.entries import predecessors, taking_back
from clarion.outbox.entries.posts import stored_receipt
from clarion.outbox.limits import money
from clarion.outbox.states import IN_DOUBT, RECALLING, SENDING
from clarion.outbox.store import Tx

#: So many "unavailable" in a row close an account for a while; then one delivery tries it.
_BREAKER = 5
_BREAKER_PAUSE = timedelta(minutes=15)
#: The outcome of a try that the network said yes to, and then did not show.
NOT_SHOWN = "not_shown"
#: "Until somebody runs accounts verify": the year 9892.
UNTIL_VERIFIED = 250_000_000_000_000_000

#: Should this worker die before the read-back: so long until another one reads back, and until the next part may go.
_READ_BACK = timedelta(minutes=1)
#: What could not be read back is asked for again after these, and then no more: the receipt stands.
_READ_AGAIN = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
_MICROSECOND = timedelta(microseconds=1)
_delivery = schema.delivery
_attempt = schema.attempt
_account = schema.account

_another = _delivery.alias("another")
#: Unless another delivery of the account has that receipt already.
_SENT = (
    sa.update(_delivery)
    .where(
        _delivery.c.id == sa.bindparam("the"),
        _delivery.c.fence == sa.bindparam("expected"),
        _delivery.c.state.in_([SENDING, IN_DOUBT]),
        ~sa.exists().where(
            _another.c.account == _delivery.c.account,
            _another.c.remote_id == sa.bindparam("up"),
            _another.c.id != _delivery.c.id,
        ),
    )
    .values(
        # What is to be recalled goes on to be taken down, without a moment in which it counts as sent.
        state=sa.case((_delivery.c.recall_wanted, RECALLING), else_=State.SENT.value),
        reason=sa.null(),
        receipt=sa.bindparam("proof"),
        remote_id=sa.bindparam("up"),
        sent_at=sa.bindparam("now"),
        look_at=sa.case(
            (_delivery.c.recall_wanted, sa.bindparam("now", type_=sa.BigInteger)),
            else_=sa.bindparam("read_back", type_=sa.BigInteger),
        ),
        looks=sa.literal_column("0"),
        lease_owner=sa.null(),
        lease_until=sa.null(),
    )
)
_ENDED = (
    sa.update(_attempt)
    .where(_attempt.c.delivery == sa.bindparam("the"), _attempt.c.fence == sa.bindparam("expected"))
    .values(ended_at=sa.bindparam("now"), outcome=sa.bindparam("how"), detail=sa.bindparam("detail"))
)


def sent(tx: Tx, claim: Claim, receipt: Receipt) -> bool:
    """It is up. The next part of its thread becomes due when it was read back, or a little later.

    A receipt is knowledge: a worker whose lease lapsed may still bring it, as long as nobody else took the delivery.
    """
    read_back = tx.now + _READ_BACK // _MICROSECOND
    values = {
        "the": claim.delivery.id,
        "expected": claim.fence,
        "proof": stored_receipt(receipt),
        "up": receipt.remote_id,
        "now": tx.now,
        "read_back": read_back,
        "how": "sent",
        "detail": receipt.url,
    }
    predecessors.replace(tx, claim.delivery, claim.fence)
    try:
        held = audit.record_deed(
            tx, _SENT, _ENDED, values, "sent", claim.delivery.id, claim.delivery.account.name
        )
    except sa.exc.IntegrityError as error:  # uq_delivery_remote, where two write at once on PostgreSQL
        raise OutboxBusy(
            "another delivery was proved by the same post just now; try again in a moment"
        ) from error
    if not held:
        return False
    _successor(tx, claim, due_at=read_back)
    _look_for_successor(tx, claim)
    if claim.failures:
        name = claim.delivery.account.name
        tx.execute(sa.update(_account).where(_account.c.name == name).values(failures=0))
    return True


def confirmed(tx: Tx, claim: Claim) -> None:
    """The read-back found it: the next part is due."""
    if _read_back(tx, claim, confirmed_at=tx.now, look_at=None):
        _free_successor(tx, claim)


def unread(tx: Tx, claim: Claim) -> None:
    """It could not be read back, which is no news: the next part is due, and a later run asks again, a few times."""
    before = claim.looks if claim.unread else 0
    again = None if before >= len(_READ_AGAIN) else tx.now + _READ_AGAIN[before] // _MICROSECOND
    if _read_back(tx, claim, look_at=again):
        _free_successor(tx, claim)


def not_there(tx: Tx, claim: Claim) -> bool:
    """The network said yes and shows nothing: a human must look. It is never sent again by itself, nor what follows."""
    reason = "the network took it and does not show it"
    # The receipt stays, and what the network calls it stays this delivery's: it may be shown yet, and no other's look shall
    # take it for its own.
    if not _read_back(tx, claim, state=State.IN_DOUBT.value, reason=reason, look_at=None, looks=0):
        return False
    mine = _attempt.c.delivery == claim.delivery.id, _attempt.c.outcome == "sent"
    tx.execute(sa.update(_attempt).where(*mine).values(outcome=NOT_SHOWN))
    _successor(tx, claim, due_at=None)
    return True


def refused(tx: Tx, claim: Claim, reason: str) -> bool:
    """The network will never take it; what would have followed it is cancelled with that reason."""
    if claim.doubtful or not _leave(tx, claim, State.FAILED, reason=reason):
        return False
    _end(tx, claim, "refused", reason)
    _cancel_successors(tx, claim)
    audit.record(tx, "failed", claim.delivery.id, chain=claim.delivery.account.name, detail=reason)
    return True


def snoozed(tx: Tx, claim: Claim, *, until: int | None, outcome: str, reason: str) -> bool:
    """Certainly not created, and nobody's fault: due again at `until` (microseconds); None: when it was."""
    due: dict[str, Any] = {} if until is None else {"due_at": until}
    if claim.doubtful:  # only a look that is sure it is absent makes it go again
        return False
    if not _leave(tx, claim, State.SCHEDULED, reason=reason, **due, **_next_generation(tx, claim)):
        return False
    _end(tx, claim, outcome, reason)
    return True


def rate_limited(tx: Tx, claim: Claim, *, until: int, reason: str) -> bool:
    """Certainly not created; the whole account waits."""
    if not snoozed(tx, claim, until=until, outcome="rate_limited", reason=reason):
        return False
    _block(tx, claim, until, reason)
    return True


def held_back(tx: Tx, claim: Claim, *, until: int, reason: str) -> None:
    """A read was one too many: the account waits, the delivery stays as it is."""
    _block(tx, claim, until, reason)


def account_blocked(tx: Tx, claim: Claim, reason: str) -> bool:
    """Certainly not created; the account closes until somebody verifies it, and people are told once.

    What waits keeps its due time: afterwards it goes out in the order it was planned in.
    """
    if not snoozed(tx, claim, until=None, outcome="account_blocked", reason=reason):
        return False
    closed(tx, claim, reason)
    return True


def unreachable(tx: Tx, claim: Claim, reason: str) -> None:
    """Count it against the account; what the delivery itself waits for is the caller's affair."""
    _count_failure(tx, claim, reason)


def closed(tx: Tx, claim: Claim, reason: str) -> None:
    """The account closes until somebody verifies it; the delivery stays as it is."""
    _block(tx, claim, UNTIL_VERIFIED, reason)
    incidents.open_once(tx, "account_blocked", claim.delivery.account.name, reason)


def backed_off(tx: Tx, claim: Claim, *, until: int | None, reason: str) -> bool:
    """Certainly not created, the network was not to be had: again at `until`, or failed when that is None."""
    if claim.doubtful:
        return False
    if until is None:
        return refused(tx, claim, f"tried too often: {reason}")
    spent = {"backoffs": _delivery.c.backoffs + 1, **_next_generation(tx, claim)}
    if not _leave(tx, claim, State.SCHEDULED, reason=reason, due_at=until, **spent):
        return False
    _count_failure(tx, claim, reason)
    _end(tx, claim, "unavailable", reason)
    return True


def doubted(tx: Tx, claim: Claim, *, look_at: int | None, reason: str) -> bool:
    """A request went out and nobody knows. `look_at` None waits for a human."""
    if not _leave(tx, claim, State.IN_DOUBT, reason=reason, look_at=look_at, looks=0):
        return False
    _end(tx, claim, "unknown", reason)
    audit.record(tx, "in_doubt", claim.delivery.id, chain=claim.delivery.account.name, detail=reason)
    return True


def unsure(
    tx: Tx, claim: Claim, *, look_at: int | None, reason: str | None = None, asked: bool = True
) -> bool:
    """A look that did not decide. Not `asked`: the network could not be, so that it does not count as one."""
    values: dict[str, Any] = {"look_at": look_at} if asked else {"look_at": look_at, "looks": claim.looks}
    if reason:
        values["reason"] = reason
    return _leave(tx, claim, State.IN_DOUBT, **values)


def absent(tx: Tx, claim: Claim) -> bool:
    """A look that found nothing where the repeat is safe: the same generation, the same key, due now.

    What was taken back is not repeated, so that nothing is proved: it is looked for again.
    """
    return _leave(tx, claim, State.SCHEDULED, reason=None, due_at=tx.now, look_at=None)


# ── below ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _leave(tx: Tx, claim: Claim, to: State, *, from_: tuple[State, ...] = (), **values: Any) -> bool:
    """Leave the claim's state for another, if this worker still holds the fence.

    What a person took back meanwhile is neither scheduled again nor kept for another try.
    """
    expected = from_ or ((State.IN_DOUBT,) if claim.doubtful else (State.SENDING,))
    values["state"] = to.value
    if to in (State.SCHEDULED, State.FAILED):
        values |= _unless_taken_back(tx, claim, values)
    done = tx.execute(
        sa.update(_delivery)
        .where(
            _delivery.c.id == claim.delivery.id,
            _delivery.c.fence == claim.fence,
            _delivery.c.state.in_([each.value for each in expected]),
        )
        .values(lease_owner=None, lease_until=None, **values),
    )
    return done.rowcount == 1


def _unless_taken_back(tx: Tx, claim: Claim, values: dict[str, Any]) -> dict[str, Any]:
    may_be_up = claim.doubtful or claim.delivery.tried or claim.delivery.intent_lost
    instead = taking_back.instead(tx, may_be_up=may_be_up, looks=claim.looks)
    return {
        # Typed, also where it is NULL: PostgreSQL would take that for a text.
        name: sa.case(
            (taking_back.taken_back, sa.literal(value, _delivery.c[name].type)),
            else_=values.get(name, _delivery.c[name]),
        )
        for name, value in instead.items()
    }


def _read_back(tx: Tx, claim: Claim, **values: Any) -> bool:
    """Write what a read-back found, unless another worker reads back by now."""
    done = tx.execute(
        sa.update(_delivery)
        .where(
            _delivery.c.id == claim.delivery.id,
            _delivery.c.fence == claim.fence,
            _delivery.c.state == State.SENT.value,
        )
        .values(**values),
    )
    return done.rowcount == 1


def _free_successor(tx: Tx, claim: Claim) -> None:
    """The next part is due a hair before its predecessor was: a thread that has begun goes on before another post of the
    account begins. A read-back in a later run leaves it alone: it has its time since the receipt, and may have waited.
    """
    if claim.unread:
        return
    before = sa.select(_delivery.c.due_at - 1).where(_delivery.c.id == claim.delivery.id).scalar_subquery()
    _successor(tx, claim, due_at=sa.func.coalesce(before, tx.now))


def _successor(tx: Tx, claim: Claim, *, due_at: Any) -> None:
    """Give the next part of the thread its due time, as long as it waits."""
    if not _is_last(claim):
        waits = _delivery.c.state.in_([State.PENDING.value, State.SCHEDULED.value])
        tx.execute(_next_part(claim).where(waits).values(due_at=due_at))


def _look_for_successor(tx: Tx, claim: Claim) -> None:
    """After a restore the next part may be up as well: it can be looked for, now that what it answers is known."""
    if not _is_last(claim):
        lost = _delivery.c.state == State.IN_DOUBT.value, _delivery.c.intent_lost
        tx.execute(_next_part(claim).where(*lost).values(look_at=tx.now))


def _is_last(claim: Claim) -> bool:
    return claim.delivery.part == len(claim.delivery.payload.parts)


def _next_part(claim: Claim) -> sa.Update:
    of_thread = _delivery.c.post == claim.delivery.post_id, _delivery.c.part == claim.delivery.part + 1
    return sa.update(_delivery).where(*of_thread)


def _end(tx: Tx, claim: Claim, outcome: str, detail: str | None) -> None:
    tx.execute(
        _ENDED,
        {
            "the": claim.delivery.id,
            "expected": claim.fence,
            "now": tx.now,
            "how": outcome,
            "detail": detail,
        },
    )
    if claim.paid and outcome != "unknown":
        money.give_back(tx, claim.paid, staged=claim.staged or claim.intended)


def _next_generation(tx: Tx, claim: Claim) -> dict[str, Any]:
    """The key may change only when no request of this generation can have been taken."""
    unknown = tx.execute(
        sa.select(_attempt.c.fence).where(
            _attempt.c.delivery == claim.delivery.id,
            _attempt.c.generation == claim.delivery.generation,
            _attempt.c.outcome == "unknown",
        ),
    ).first()
    if unknown or claim.delivery.intent_lost:
        return {}
    fresh: dict[str, Any] = {"generation": claim.delivery.generation + 1, "first_intent_at": None}
    if claim.delivery.part == 1:  # nothing of the post was ever created: its lateness counts again
        fresh["lapses_at"] = (
            sa.select(schema.post.c.due + schema.post.c.late)
            .where(schema.post.c.id == claim.delivery.post_id)
            .scalar_subquery()
        )
    return fresh


def _block(tx: Tx, claim: Claim, until: int, reason: str) -> None:
    later = sa.case((_account.c.blocked_until > until, _account.c.blocked_until), else_=until)
    tx.execute(
        sa.update(_account)
        .where(_account.c.name == claim.delivery.account.name)
        .values(blocked_until=later, blocked_reason=reason),
    )


def _count_failure(tx: Tx, claim: Claim, reason: str) -> None:
    """The circuit breaker: an account that cannot be reached again and again is left alone for a while."""
    name = claim.delivery.account.name
    tx.execute(sa.update(_account).where(_account.c.name == name).values(failures=_account.c.failures + 1))
    failures = tx.execute(sa.select(_account.c.failures).where(_account.c.name == name)).scalar_one()
    if failures >= _BREAKER:
        _block(tx, claim, tx.now + _BREAKER_PAUSE // _MICROSECOND, reason)


def _cancel_successors(tx: Tx, claim: Claim) -> None:
    tx.execute(
        sa.update(_delivery)
        .where(
            _delivery.c.post == claim.delivery.post_id,
            _delivery.c.part > claim.delivery.part,
            _delivery.c.state.in_([State.PENDING.value, State.SCHEDULED.value]),
        )
        .values(state=State.CANCELLED.value, reason=f"part {claim.delivery.part} was refused"),
    )
