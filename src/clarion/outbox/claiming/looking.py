"""The claim to look: deliveries in doubt are looked for, and receipts that nobody read back are read back.

In: a transaction, at a moment when something may be looked at. Out: claims that no other worker has for a while. A receipt
is knowledge already; it waits for its read-back here only when the worker that brought it died, or could not read.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from clarion.clock import moment
from clarion.digest import restore
from clarion.model import State
from clarion.outbox import schema
from clarion.outbox.accounts import restored
from clarion.outbox.claiming import turns
from clarion.outbox.claiming.claims import Claim, Terms, delivery_of
from clarion.outbox.entries.posts import restored_receipt
from clarion.outbox.states import IN_DOUBT, SENT
from clarion.outbox.store import Tx

_MICROSECOND = timedelta(microseconds=1)
#: How far before its first intent a delivery's namesakes on the network may be another delivery's.
_NAMESAKES = timedelta(days=1)

_Row = sa.Row[tuple[object, ...]]
_delivery, _account = schema.delivery, schema.account


def claim(tx: Tx, terms: Terms, limit: int, patience: timedelta) -> list[Claim]:
    """Take up to `limit` deliveries whose time to look has come, one of an account; nobody else looks for `patience`."""
    rows = turns.take(tx, _LOOKS, terms, limit, patience, looks=_delivery.c.looks + 1)
    return [_claimed(tx, terms, row) for row in rows]


def next_look(tx: Tx, deliveries: Collection[str]) -> int | None:
    """The next moment (microseconds) at which one of these, in doubt, may be looked for: not while its account is closed."""
    may_look = sa.case(
        (_account.c.blocked_until > _delivery.c.look_at, _account.c.blocked_until), else_=_delivery.c.look_at
    )
    soonest = (
        sa.select(sa.func.min(may_look))
        .join(_account, _account.c.id == _delivery.c.account)
        .where(
            _delivery.c.state == IN_DOUBT,
            _delivery.c.look_at.is_not(None),
            _delivery.c.id.in_(list(deliveries)),
        )
    )
    return tx.execute(soonest).scalar()


# ── below ─────────────────────────────────────────────────────────────────────────────────────────────────────


# One of each account: what is answered to one look is known before the next one asks.
_LOOKS = turns.of_each_account([IN_DOUBT, SENT])


def _claimed(tx: Tx, terms: Terms, row: _Row) -> Claim:
    account = tx.execute(sa.select(_account).where(_account.c.id == row.account)).one()
    post = tx.execute(
        sa.select(schema.post.c.payload, schema.post.c.created_at, schema.post.c.entry).where(
            schema.post.c.id == row.post
        )
    ).one()
    looked_for = delivery_of(
        tx,
        terms,
        row,
        restored(account),
        restore(bytes(post.payload)),
        entry=post.entry,
        others=_others(tx, row, post.created_at),
    )
    if row.intent_lost and row.first_intent_at is None:
        looked_for = replace(looked_for, first_intent_at=moment(post.created_at))
    return Claim(
        delivery=looked_for,
        fence=row.fence + 1,
        looks=row.looks,
        doubtful=True,
        unread=restored_receipt(row.receipt) if row.state == State.SENT.value else None,
        taken_back=row.recall_wanted or row.cancel_wanted,
        failures=account.failures,
    )


def _others(tx: Tx, row: _Row, queued_at: int) -> frozenset[str]:
    """What the network calls other deliveries of this account: a look must not take one of them for this one."""
    since = (row.first_intent_at or queued_at) - _NAMESAKES // _MICROSECOND
    stored = tx.execute(
        sa.select(_delivery.c.remote_id).where(
            _delivery.c.account == row.account,
            _delivery.c.id != row.id,
            _delivery.c.remote_id.is_not(None),
            _delivery.c.sent_at >= since,
        ),
    ).scalars()
    return frozenset(str(each) for each in stored)
