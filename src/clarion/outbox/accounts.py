"""Account rows: who each destination is, pinned; whether it is blocked; what is paused."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from clarion.clock import moment
from clarion.errors import OutboxError
from clarion.model import ONE_SERVER, Account, Identity, Limits, origin_of
from clarion.outbox import audit, incidents, once
from clarion.outbox.limits import spending, stops
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
    """Write an account's row, or renew it. One that left goes on with the row it had, under whatever name it comes back.

    Raises OutboxError when the row names somebody else on the network: approvals were given for that one; when that
    somebody is verified under another name, because each name has a cap, windows and money of its own; and when the name
    is longer than the outbox keeps on every database, so that it can move to any of them.
    """
    if len(pinned.name) > LONGEST_NAME:
        raise OutboxError(
            f"an account's name has at most {LONGEST_NAME} characters: {pinned.name[:20]}…",
            "give it a shorter one in config.toml, below [accounts]",
        )
    identity = replace(pinned.identity, origin=origin_of(pinned.identity.origin))
    values: dict[str, object] = {
        "network": pinned.network,
        "origin": identity.origin,
        "remote_id": identity.remote_id,
        "handle": pinned.handle,
        "limits": json.dumps(asdict(pinned.limits), sort_keys=True),
    }
    if verified:
        values |= {"verified_at": tx.now, "blocked_until": None, "blocked_reason": None, "failures": 0}
    mine = account.c.name == pinned.name
    left = _under_other_names(tx, pinned.name, identity)
    row = tx.execute(sa.select(account).where(mine)).first()
    if row is None and left:
        _rename(tx, left[0], pinned.name)
        row = tx.execute(sa.select(account).where(mine)).one()
    if row is None:
        if once.insert(tx, account, {"name": pinned.name, **values}):
            audit.record(tx, "account_pinned", pinned.name)
        row = tx.execute(sa.select(account).where(mine)).one()  # another host's, perhaps
    known = restored(row).identity
    if not is_still(known, identity, left=row.verified_at is None):
        raise OutboxError(
            f"“{pinned.name}” was verified as @{row.handle} on {known.origin} ({row.remote_id}),"
            f" and its secret is now @{pinned.handle}'s on {identity.origin} ({identity.remote_id})",
            way_back(pinned.name, row.handle, known, identity),
        )
    tx.execute(sa.update(account).where(mine).values(**values))
    if verified:
        incidents.close(tx, "account_blocked", pinned.name)


def is_still(known: Identity, now: Identity, *, left: bool) -> bool:
    """Whether a name speaks for the account it spoke for. One that `left` may come back from another host."""
    return known == now or (left and _same(known, now))


def way_back(name: str, handle: str, known: Identity, now: Identity) -> str:
    """What to do where a name speaks for another account than the one known, or for the same at another address."""
    if _same(known, now):
        return (
            f'write server = "{known.origin}" below [accounts.{name}] in config.toml;'
            f" or, if it moved: clarion accounts remove {name}, then clarion accounts add {name}"
        )
    return (
        f"log in as @{handle}: clarion accounts login {name};"
        " or give the other account a name of its own: clarion accounts add NAME"
    )


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
    origin = origin_of(row.origin)
    return Account(
        name=row.name,
        network=row.network,
        handle=row.handle,
        server=origin,
        identity=Identity(network=row.network, origin=origin, remote_id=row.remote_id),
        limits=Limits(**json.loads(row.limits)),
    )


def _same(one: Identity, other: Identity) -> bool:
    """Whether two are one account."""
    if (one.network, one.remote_id) != (other.network, other.remote_id):
        return False
    return one.network in ONE_SERVER or one.origin == other.origin


def _under_other_names(tx: Tx, name: str, identity: Identity) -> list[str]:
    """The names under which an account left. Raises OutboxError where it is verified under another one."""
    if tx.connection.dialect.name == "postgresql":  # two hosts that pin at once; SQLite has one writer anyway
        tx.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    alike = sa.select(account).where(
        account.c.network == identity.network,
        account.c.remote_id == identity.remote_id,
        account.c.name != name,
    )
    same = [
        row for row in tx.execute(alike.order_by(account.c.id)) if _same(restored(row).identity, identity)
    ]
    other = next((row for row in same if row.verified_at is not None), None)
    if other is not None:
        raise OutboxError(
            f"@{other.handle} on {other.origin} was verified as “{other.name}” before, and “{name}” is the same"
            " account: under two names it would post up to twice its caps",
            f"keep the old name in config.toml: [accounts.{other.name}] instead of [accounts.{name}]",
        )
    return [row.name for row in same]


def _rename(tx: Tx, old: str, new: str) -> None:
    """Let an account that left go on under a new name: its posts and their days are the row's; what goes by name follows."""
    network = tx.execute(
        sa.update(account).where(account.c.name == old).values(name=new).returning(account.c.network)
    ).scalar_one()
    spending.rename(tx, network, old, new)
    stops.rename(tx, old, new)
    audit.record(tx, "account_renamed", new, detail=f"before: {old}")
