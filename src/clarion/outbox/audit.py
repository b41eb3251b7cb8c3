"""The audit trail: hash-chained rows, one chain per account and one for the campaign.

A row's hash covers the row before it, and of the person only a salted commitment, so that a purge may drop name and
salt without breaking the chain.
"""

from __future__ import annotations

import secrets
from hashlib import sha256

import sqlalchemy as sa

from clarion.outbox.schema import audit
from clarion.outbox.store import Tx

CAMPAIGN = "campaign"
_LAST = (
    sa.select(audit.c.seq, audit.c.hash)
    .where(audit.c.chain == sa.bindparam("of"))
    .order_by(audit.c.seq.desc())
    .limit(sa.literal_column("1"))
)
_APPEND = sa.insert(audit)
# Two who append to one chain at once would both follow the same row. In a statement of its own, because the next one must
# see what the other committed. SQLite has one writer.
_HOLD = sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(sa.bindparam("of"), 0)))


def record(
    tx: Tx,
    action: str,
    subject: str,
    *,
    chain: str = CAMPAIGN,
    who: str | None = None,
    detail: str | None = None,
) -> None:
    """Append one row to a chain, in the caller's transaction."""
    if tx.connection.dialect.name == "postgresql":
        tx.execute(_HOLD, {"of": f"audit/{chain}"})
    last = tx.execute(_LAST, {"of": chain}).first()
    seq, before = (last.seq + 1, last.hash) if last else (1, "")
    salt = secrets.token_hex(16) if who else None
    commitment = sha256(f"{salt}\n{who}".encode()).hexdigest() if who else None
    tx.execute(
        _APPEND,
        {
            "chain": chain,
            "seq": seq,
            "at": tx.now,
            "action": action,
            "subject": subject,
            "detail": detail,
            "who": who,
            "salt": salt,
            "commitment": commitment,
            "hash": _link(before, chain, seq, tx.now, action, subject, detail, commitment),
        },
    )


def broken(tx: Tx) -> list[tuple[str, int]]:
    """The (chain, seq) of every row whose hash does not follow from the row before it."""
    found: list[tuple[str, int]] = []
    before: dict[str, str] = {}
    for row in tx.execute(sa.select(audit).order_by(audit.c.chain, audit.c.seq)):
        follows = before.get(row.chain, "")
        if row.hash != _link(
            follows, row.chain, row.seq, row.at, row.action, row.subject, row.detail, row.commitment
        ):
            found.append((row.chain, row.seq))
        before[row.chain] = row.hash
    return found


def _link(before: str, *fields: object) -> str:
    return sha256("\x1f".join([before, *map(repr, fields)]).encode()).hexdigest()
