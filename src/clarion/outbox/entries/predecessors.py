"""What a delivery comes after: the parts before it in its thread; of a correction, what it answers or edits.

In: a delivery's post. `answers` names any delivery, `replaces` part 1 of a post, and with it every part. Out: why a
correction must not go now; what the publisher must know; and, once an edit is up, the edited delivery as `replaced`: what
the network calls it belongs to the new one from then on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from clarion.model import Delivery, Payload, Receipt, State
from clarion.outbox import schema
from clarion.outbox.entries.views import restored_receipt
from clarion.outbox.store import Tx

_delivery = schema.delivery
_SENT = State.SENT.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What the network calls that which a delivery comes after."""

    root: Receipt | None = None  # of the thread
    parent: Receipt | None = None  # what it answers itself
    orphaned: bool = False  # the parent was taken down
    edits: Receipt | None = None  # what it takes the place of


def objection(tx: Tx, row: Any) -> str | None:
    """Why a correction must wait for people; None where nothing speaks against it. `row`: answers, replaces, part."""
    if row.replaces is not None:
        edited = _edited(tx, row.replaces, row.part)
        return None if edited is not None and edited.state == _SENT else "what it edits is not up"
    if row.answers is not None and row.part == 1:
        answered = _row(tx, row.answers)
        return None if answered is not None and answered.state == _SENT else "what it answers is not up"
    return None


def before(tx: Tx, payload: Payload, post: str, part: int) -> Before:
    """What this part comes after; nothing for part 1 of a post that is no correction."""
    if payload.replaces is not None:
        edited = _edited(tx, payload.replaces, part)
        return Before(edits=restored_receipt(edited.receipt) if edited is not None else None)
    answered = _row(tx, payload.answers) if payload.answers is not None else None
    if part == 1 and answered is None:
        return Before()
    root = _part(tx, post, 1) if answered is None else _top(tx, answered)
    parent: Any = answered if part == 1 else _part(tx, post, part - 1)
    return Before(
        root=restored_receipt(root.receipt),
        parent=restored_receipt(parent.receipt),
        orphaned=parent.state in (State.RECALLING.value, State.RECALLED.value),
    )


def replace(tx: Tx, delivery: Delivery, fence: int) -> None:
    """The edited delivery gives its place to this one, if the claim on this one still holds. In the settlement's commit."""
    if delivery.payload.replaces is None:
        return
    old = _edited(tx, delivery.payload.replaces, delivery.part)
    ours = _delivery.alias("ours")
    held = sa.exists().where(
        ours.c.id == delivery.id,
        ours.c.fence == fence,
        ours.c.state.in_([State.SENDING.value, State.IN_DOUBT.value]),
    )
    if old is not None:
        _hold(tx, old.id, delivery.id)
        tx.execute(
            sa.update(_delivery)
            .where(_delivery.c.id == old.id, _delivery.c.state == _SENT, held)
            .values(state=State.REPLACED.value, remote_id=None, look_at=None)
        )


def _top(tx: Tx, answered: Any) -> Any:
    """Part 1 of the thread that a delivery is in: what it answers may itself be an answer."""
    above = tx.execute(sa.select(schema.post.c.answers).where(schema.post.c.id == answered.post)).scalar()
    higher = _row(tx, above) if above is not None else None
    return _part(tx, answered.post, 1) if higher is None else _top(tx, higher)


def _hold(tx: Tx, *deliveries: str) -> None:
    """Hold their rows in the order in which everybody does (`posts.lock`), so that nobody waits for who waits for him."""
    rows = sa.select(_delivery.c.id).where(_delivery.c.id.in_(deliveries))
    tx.execute(rows.order_by(_delivery.c.post, _delivery.c.part).with_for_update()).all()


def _row(tx: Tx, delivery: str) -> Any:
    return tx.execute(sa.select(_delivery).where(_delivery.c.id == delivery)).one_or_none()


def _part(tx: Tx, post: str, part: int) -> Any:
    mine = sa.select(_delivery).where(_delivery.c.post == post, _delivery.c.part == part)
    return tx.execute(mine).one_or_none()


def _edited(tx: Tx, first: str, part: int) -> Any:
    row = _row(tx, first)
    return row if row is None or part == 1 else _part(tx, row.post, part)
