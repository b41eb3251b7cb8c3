"""Account rows: who each destination is, pinned; whether it is blocked; what is paused."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from clarion.clock import moment
from clarion.errors import OutboxError
from clarion.model import Account, Identity, Limits
from clarion.outbox import audit, incidents, once
from clarion.outbox.schema import account
from clarion.outbox.store import Tx

#: An account's name also names its pause, its audit chain and its windows.
LONGEST_NAME = 64
#: Held while an account is pinned, so that no other host pins the same one under another name meanwhile.
_LOCK = 0x70696E


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an account stands."""

    account: Account
    verified_at: datetime | None  # then its server was asked for its limits, too
    blocked_until: datetime | None
    blocked_reason: str | None


def pin(tx: Tx, pinned: Account, *, verified: bool) -> None:
    """Write an account's row, or renew it.

    Raises OutboxError when the row names somebody else on the network: approvals were given for that one; when that
    somebody was verified under another name, because each name has a cap, windows and money of its own; and when the name
    is longer than the outbox keeps on every database, so that it can move to any of them.
    """
    if len(pinned.name) > LONGEST_NAME:
        raise OutboxError(
            f"an account's name has at most {LONGEST_NAME} characters: {pinned.name[:20]}…",
            "give it a shorter one in config.toml, below [accounts]",
        )
    values: dict[str, object] = {
        "network": pinned.network,
        "origin": pinned.identity.origin,
        "remote_id": pinned.identity.remote_id,
        "handle": pinned.handle,
        "limits": json.dumps(asdict(pinned.limits), sort_keys=True),
    }
    if verified:
        values |= {"verified_at": tx.now, "blocked_until": None, "blocked_reason": None, "failures": 0}
    mine = account.c.name == pinned.name
    _require_one_name(tx, pinned)
    row = tx.execute(sa.select(account).where(mine)).first()
    if row is None:
        if once.insert(tx, account, {"name": pinned.name, **values}):
            audit.record(tx, "account_pinned", pinned.name)
        row = tx.execute(sa.select(account).where(mine)).one()  # another host's, perhaps
    if (row.network, row.origin, row.remote_id) != (
        pinned.network,
        pinned.identity.origin,
        pinned.identity.remote_id,
    ):
        raise OutboxError(
            f"“{pinned.name}” was verified as @{row.handle} on {row.origin} ({row.remote_id}),"
            f" and its secret is now @{pinned.handle}'s on {pinned.identity.origin} ({pinned.identity.remote_id})",
            f"log in as @{row.handle}: clarion accounts login {pinned.name};"
            " or give the other account a name of its own: clarion accounts add NAME",
        )
    tx.execute(sa.update(account).where(mine).values(**values))
    if verified:
        incidents.close(tx, "account_blocked", pinned.name)


def standings(tx: Tx) -> list[Standing]:
    """Every account of the outbox, by name."""
    return [
        Standing(
            account=replace(restored(row), limits_at=row.verified_at and moment(row.verified_at)),
            verified_at=row.verified_at and moment(row.verified_at),
            blocked_until=moment(row.blocked_until)
            if row.blocked_until and row.blocked_until > tx.now
            else None,
            blocked_reason=row.blocked_reason,
        )
        for row in tx.execute(sa.select(account).order_by(account.c.name))
    ]


def restored(row: Any) -> Account:
    """An account from its row. The live server stands in the identity's origin."""
    return Account(
        name=row.name,
        network=row.network,
        handle=row.handle,
        server=row.origin,
        identity=Identity(network=row.network, origin=row.origin, remote_id=row.remote_id),
        limits=Limits(**json.loads(row.limits)),
    )


def _require_one_name(tx: Tx, pinned: Account) -> None:
    """Raise OutboxError where whoever this is goes by another name here already."""
    if tx.connection.dialect.name == "postgresql":  # two hosts that pin at once; SQLite has one writer anyway
        tx.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    identity = pinned.identity
    same = sa.select(account.c.name).where(
        account.c.network == pinned.network,
        account.c.origin == identity.origin,
        account.c.remote_id == identity.remote_id,
        account.c.verified_at.is_not(None),
        account.c.name != pinned.name,
    )
    other = tx.execute(same.limit(1)).scalar()
    if other is not None:
        raise OutboxError(
            f"@{pinned.handle} on {identity.origin} was verified as “{other}” before, and “{pinned.name}” is the same"
            " account: under two names it would post up to twice its caps",
            f"keep the old name in config.toml: [accounts.{other}] instead of [accounts.{pinned.name}]",
        )
