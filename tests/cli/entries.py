"""Entries in the queue, and what becomes of them: one that waits, is taken, in doubt, refused, older than it is."""

from __future__ import annotations

import json
from datetime import timedelta

import sqlalchemy as sa

from clarion.outbox import schema
from clarion.outbox.claiming import claims, settle
from clarion.outbox.claiming.tending import tend


def queued(run, *words):
    run("say", *(words or ("Hello.",)), "--yes", "--to", "mastodon")
    return json.loads(run("queue", "list", "--json").stdout)[0]["number"]


def take(app):
    with app.outbox.write() as tx:
        tend(tx, lambda _account, _after: None)
        [claim] = claims.claim(tx, app.terms(), 1)
    return claim


def doubt(app):
    claim = take(app)
    with app.outbox.write() as tx:
        settle.doubted(tx, claim, look_at=None, reason="the answer was lost")
    return claim


def fail(app):
    claim = take(app)
    with app.outbox.write() as tx:
        settle.refused(tx, claim, "too long")
    return claim


def state(run, number):
    return json.loads(run("queue", "show", str(number), "--json").stdout)["state"]


def shift(app, **by):
    """Let the entry's times lie further back."""
    back = timedelta(**by) // timedelta(microseconds=1)
    with app.outbox.write() as tx:
        delivery = schema.delivery
        tx.execute(
            sa.update(delivery).values(due_at=delivery.c.due_at - back, lapses_at=delivery.c.lapses_at - back)
        )
