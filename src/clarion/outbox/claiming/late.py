"""An answer that comes late: a receipt for a delivery that others have decided since, or are sending anew.

In: a claim that does not hold any more, and what the network answered it. Out: what people are told. A receipt is knowledge,
whoever brings it: what waits, or was given up, is up; what is being sent anew, or is up already as another post, may be
there twice, and is put in doubt with the address.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from clarion.model import Receipt, State
from clarion.outbox import audit, schema
from clarion.outbox.claiming import settle
from clarion.outbox.claiming.claims import Claim
from clarion.outbox.entries.views import restored_receipt, stored_receipt
from clarion.outbox.store import Tx

_delivery = schema.delivery
_OVER = (State.RECALLING, State.RECALLED, State.REPLACED)
_DONE = (State.SENT, *_OVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """What came of it: "sent", "in_doubt", or "still_up" where it was to be taken down; and why, where it is not well."""

    kind: str
    detail: str | None = None


def bring(tx: Tx, claim: Claim, receipt: Receipt) -> Late | None:
    """Keep what a lost claim's request came to; None where nothing is new, or where the claim is not lost."""
    row = tx.execute(_ROW, {"id": claim.delivery.id}).first()
    if row is None:
        return _told(
            tx, claim, "in_doubt", f"it is up at {receipt.url}, and this outbox does not know it any more"
        )
    if row.fence == claim.fence:
        return None
    state, stored = State(row.state), restored_receipt(row.receipt)
    other = stored is not None and stored.remote_id != receipt.remote_id
    if state in _DONE and not other:
        return None
    reason = f"an answer that came late says that it is up at {receipt.url}"
    if other:
        reason = f"it is up twice: an answer that came late names {receipt.url} as well"
    if state in _OVER:  # and stays so
        return _told(tx, claim, "in_doubt" if state is State.REPLACED else "still_up", reason)
    if state is State.SENDING:
        reason += "; it may have been sent anew"
        settle.doubted(tx, replace(claim, fence=row.fence), look_at=None, reason=reason)
    _take_over(tx, claim, row, reason=reason, **({} if other else {"receipt": stored_receipt(receipt)}))
    alone = state is not State.SENDING and not other
    if alone and settle.sent(tx, replace(claim, fence=row.fence + 1), receipt):
        return Late(kind="sent")
    return _told(tx, claim, "in_doubt", reason)


# ── below ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _take_over(tx: Tx, claim: Claim, row: Any, **values: Any) -> None:
    """In doubt, with a new fence: whoever has it now sends nothing any more, and brings what he is answered here, too."""
    doubt = {"state": State.IN_DOUBT.value, "fence": row.fence + 1, "look_at": None, "looks": 0}
    tx.execute(sa.update(_delivery).where(_delivery.c.id == claim.delivery.id).values(**doubt, **values))


def _told(tx: Tx, claim: Claim, kind: str, reason: str) -> Late:
    """On record, and told to people."""
    audit.record(tx, "late_answer", claim.delivery.id, chain=claim.delivery.account.name, detail=reason)
    return Late(kind=kind, detail=reason)


_ROW = (
    sa.select(_delivery.c.state, _delivery.c.fence, _delivery.c.receipt)
    .where(_delivery.c.id == sa.bindparam("id"))
    .with_for_update()
)
