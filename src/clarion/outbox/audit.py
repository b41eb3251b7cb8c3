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
    row = _row(tx, action, subject, chain, who, detail)
    # Mostly this process appended last. Where it did not, the row is not taken, and the chain is read.
    head = _head(tx, chain)
    if head is not None:
        link = _linked(row, head)
        if _noted(tx, link, tx.execute(_append(tx.connection.dialect.name), link).rowcount):
            return
    _append_to_what_is_there(tx, row)


def record_deed(
    tx: Tx, deed: sa.Update, then: sa.Update, values: Mapping[str, Any], action: str, subject: str, chain: str
) -> bool:
    """Do a deed, which writes one row or none; where it was done, do what follows from it and append a row to a chain.

    `values["detail"]` is the row's. The two updates share `values` as well, so no name may mean two things. On PostgreSQL
    it is one statement, because each is a trip to another machine: a post that is up is what is written most.
    SQLite's WITH takes no writes.
    """
    row = _row(tx, action, subject, chain, None, values["detail"])
    head = _head(tx, chain)
    if tx.connection.dialect.name == "postgresql" and head is not None:
        link = _linked(row, head)
        counts: Any = tx.execute(_all_at_once(deed, then), {**values, **link}).one()
        done, noted = counts
        if done and not _noted(tx, link, noted):
            _append_to_what_is_there(tx, row)
        return bool(done)
    if tx.execute(deed, _used(deed, values)).rowcount != 1:
        return False
    tx.execute(then, _used(then, values))
    record(tx, action, subject, chain=chain, detail=values["detail"])
    return True


# ── below ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _head(tx: Tx, chain: str) -> tuple[int, str] | None:
    """The last row, as far as is known: what others have not committed yet is none of it."""
    return tx.appended.get(chain) or tx.heads.get(chain)


def _row(
    tx: Tx, action: str, subject: str, chain: str, who: str | None, detail: str | None
) -> dict[str, Any]:
    salt = secrets.token_hex(16) if who else None
    return {
        "chain": chain,
        "at": tx.now,
        "action": action,
        "subject": subject,
        "detail": detail,
        "who": who,
        "salt": salt,
        "commitment": sha256(f"{salt}\n{who}".encode()).hexdigest() if who else None,
    }


def _append_to_what_is_there(tx: Tx, row: Mapping[str, Any]) -> None:
    for _ in range(_TRIES):
        if tx.connection.dialect.name == "postgresql":
            tx.execute(_HOLD, {"of": f"audit/{row['chain']}"})
        last = tx.execute(_LAST, {"of": row["chain"]}).first()
        link = _linked(row, (last.seq, last.hash) if last else (0, ""))
        if _noted(tx, link, tx.execute(_append(tx.connection.dialect.name), link).rowcount):
            return
    raise OutboxBusy("too many write to the audit trail at once; try again in a moment")


def _linked(row: Mapping[str, Any], head: tuple[int, str]) -> dict[str, Any]:
    """A row as it follows the one given."""
    seq, before = head[0] + 1, head[1]
    fields = [row[name] for name in ("chain", "at", "action", "subject", "detail", "commitment")]
    linked = _link(before, fields[0], seq, *fields[1:])
    return {**row, "seq": seq, "hash": linked, "last": head[0], "before": before}


def _noted(tx: Tx, link: Mapping[str, Any], rows: int) -> bool:
    """Whether it was appended; and remember which row is the last now."""
    if rows == 1:
        tx.appended[link["chain"]] = link["seq"], link["hash"]
    else:
        tx.appended.pop(link["chain"], None)
        tx.heads.pop(link["chain"], None)
    return rows == 1


@cache
def _append(dialect: str, done: sa.ColumnElement[bool] | None = None) -> Insert:
    """Append a row if the one before it is still the last, and the deed was done.

    Of what two append after one row, one is not taken, and says so instead of breaking the transaction.
    """
    columns = [column for column in audit.c if column.name != "seq"]
    before = audit.alias("before")
    follows = sa.exists().where(
        before.c.chain == sa.bindparam("chain"),
        before.c.seq == sa.bindparam("last"),
        before.c.hash == sa.bindparam("before"),
    )
    values = [sa.bindparam(column.name, type_=column.type) for column in (audit.c.seq, *columns)]
    row = sa.select(*values).where(sa.or_(sa.bindparam("last", type_=sa.Integer) == 0, follows))
    if done is not None:
        row = row.where(done)
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(audit).from_select([audit.c.seq.name, *(column.name for column in columns)], row)
    return statement.on_conflict_do_nothing().execution_options(preserve_rowcount=True)


@cache
def _all_at_once(deed: sa.Update, then: sa.Update) -> sa.Select[Any]:
    """How many rows the deed wrote, and how many its record; each is there only where the deed was done."""
    one: sa.ColumnElement[int] = sa.literal_column("1")
    done = deed.returning(one.label("one")).cte("done")
    is_done = sa.exists(sa.select(done.c.one))
    noted = _append("postgresql", is_done).returning(one.label("one")).cte("noted")
    counts = [sa.select(sa.func.count()).select_from(each).scalar_subquery() for each in (done, noted)]
    return sa.select(*counts).add_cte(then.where(is_done).returning(one.label("one")).cte("followed"))


@cache
def _names(statement: sa.Update) -> frozenset[str]:
    return frozenset(statement.compile().params)


def _used(statement: sa.Update, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the values that a statement names: it would take the others for columns."""
    return {name: value for name, value in values.items() if name in _names(statement)}


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
