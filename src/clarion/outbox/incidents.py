"""Incidents: what people must be told of, once, until it is mended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from clarion.clock import moment
from clarion.outbox import once
from clarion.outbox.schema import incident
from clarion.outbox.store import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    kind: str
    subject: str
    detail: str | None
    opened_at: datetime


def open_once(tx: Tx, kind: str, subject: str, detail: str) -> bool:
    """Open an incident unless one of this kind and subject is open already; True when it is new."""
    return once.insert(
        tx, incident, {"kind": kind, "subject": subject, "detail": detail, "opened_at": tx.now}
    )


def close(tx: Tx, kind: str, subject: str) -> None:
    tx.execute(sa.update(incident).where(_same(kind, subject)).values(closed_at=tx.now))


def standing(tx: Tx) -> list[Incident]:
    """What is open, oldest first."""
    rows = tx.execute(
        sa.select(incident).where(incident.c.closed_at.is_(None)).order_by(incident.c.opened_at)
    )
    return [
        Incident(kind=row.kind, subject=row.subject, detail=row.detail, opened_at=moment(row.opened_at))
        for row in rows
    ]


def _same(kind: str, subject: str) -> sa.ColumnElement[bool]:
    return sa.and_(incident.c.kind == kind, incident.c.subject == subject, incident.c.closed_at.is_(None))
