"""Whose word it is that a server's house rules were read and are kept: a row of the audit trail, and nothing else.

In: an account, the hash of the rules as they were shown, who says so. Out: the newest such word.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from clarion.clock import moment
from clarion.outbox import audit, schema
from clarion.outbox.store import Tx

_ACTION = "rules_accepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Somebody's word for a server's rules, by their hash. `who` is None once a purge dropped the name."""

    rules: str
    who: str | None
    at: datetime


def accept(tx: Tx, account: str, rules: str, *, who: str) -> None:
    """Note who accepted the rules of an account's server."""
    audit.record(tx, _ACTION, account, who=who, detail=rules)


def accepted(tx: Tx, account: str) -> Accepted | None:
    """The newest word for an account's rules; None where nobody gave one."""
    rows = schema.audit
    row = tx.execute(
        sa.select(rows.c.detail, rows.c.who, rows.c.at)
        .where(rows.c.chain == audit.CAMPAIGN, rows.c.action == _ACTION, rows.c.subject == account)
        .order_by(rows.c.seq.desc())
        .limit(1)
    ).first()
    return None if row is None else Accepted(rules=row.detail, who=row.who, at=moment(row.at))
