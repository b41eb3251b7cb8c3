"""The audit trail: hash-chained rows, one chain per account and one for the campaign.

A row's hash covers the row before it, and of the person only a salted commitment, so that a purge may drop name and
salt without breaking the chain.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert

from clarion.errors import OutboxBusy
from clarion.outbox.schema import audit
from clarion.outbox.store import Tx

CAMPAIGN = "campaign"
_LAST = (
    sa.select(audit.c.seq, audit.c.hash)
    .where(audit.c.chain == sa.bindparam("of"))
    .order_by(audit.c.seq.desc())
    .limit(sa.literal_column("1"))
)
# Two who append to one chain at once would both follow the same row. In a statement of its own, because the next one must
# see what the other committed. SQLite has one writer.
_HOLD = sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(sa.bindparam("of"), 0)))
_TRIES = 5


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
    salt = secrets.token_hex(16) if who else None
    row = {
        "chain": chain,
        "at": tx.now,
        "action": action,
        "subject": subject,
        "detail": detail,
        "who": who,
        "salt": salt,
        "commitment": sha256(f"{salt}\n{who}".encode()).hexdigest() if who else None,
    }
    # Mostly this process appended last. Where it did not, the row is not taken, and the chain is read.
    if chain in tx.heads and _appended(tx, row, tx.heads[chain]):
        return
    for _ in range(_TRIES):
        if tx.connection.dialect.name == "postgresql":
            tx.execute(_HOLD, {"of": f"audit/{chain}"})
        last = tx.execute(_LAST, {"of": chain}).first()
        if _appended(tx, row, (last.seq, last.hash) if last else (0, "")):
            return
    raise OutboxBusy("too many write to the audit trail at once; try again in a moment")


def _appended(tx: Tx, row: Mapping[str, Any], head: tuple[int, str]) -> bool:
    """Append a row after the one given, if that is still the last of its chain."""
    seq, before = head[0] + 1, head[1]
    fields = [row[name] for name in ("chain", "at", "action", "subject", "detail", "commitment")]
    linked = _link(before, fields[0], seq, *fields[1:])
    values = {**row, "seq": seq, "hash": linked, "last": head[0], "before": before}
    if tx.execute(_append(tx.connection.dialect.name), values).rowcount != 1:
        tx.heads.pop(row["chain"], None)
        return False
    tx.heads[row["chain"]] = seq, linked
    return True


@cache
def _append(dialect: str) -> Insert:
    """Of what two append after one row, one is not taken, and says so instead of breaking the transaction."""
    columns = [column for column in audit.c if column.name != "seq"]
    before = audit.alias("before")
    follows = sa.exists().where(
        before.c.chain == sa.bindparam("chain"),
        before.c.seq == sa.bindparam("last"),
        before.c.hash == sa.bindparam("before"),
    )
    values = [sa.bindparam(column.name, type_=column.type) for column in (audit.c.seq, *columns)]
    row = sa.select(*values).where(sa.or_(sa.bindparam("last", type_=sa.Integer) == 0, follows))
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(audit).from_select([audit.c.seq.name, *(column.name for column in columns)], row)
    return statement.on_conflict_do_nothing().execution_options(preserve_rowcount=True)


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
