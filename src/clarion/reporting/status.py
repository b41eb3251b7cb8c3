"""How a campaign stands: counts, what is next, and what needs a person. Read from the outbox, changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clarion.clock import moment
from clarion.model import State
from clarion.outbox import accounts, incidents, posts, store
from clarion.outbox.store import Outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Something only a person can settle, and the command that does."""

    what: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    now: datetime
    stopped: bool
    deliveries: dict[State, int]
    next_due: datetime | None
    heartbeat: datetime | None
    needs: tuple[Need, ...]


def look(outbox: Outbox, *, stopped: bool) -> Status:
    """The standing state, in one short read."""
    with outbox.read() as tx:
        heartbeat = store.get_meta(tx.connection, store.HEARTBEAT)
        counts = posts.counts(tx)
        return Status(
            now=tx.at,
            stopped=stopped,
            deliveries={state: counts[state] for state in State if state in counts},
            next_due=posts.next_due(tx),
            heartbeat=moment(int(heartbeat)) if heartbeat else None,
            needs=tuple(_needs(tx, counts)),
        )


def _needs(tx: store.Tx, counts: dict[State, int]) -> list[Need]:
    found = [
        Need(
            what=f"account {each.account.name} is closed: {each.blocked_reason}",
            hint=_verify(each.account.name),
        )
        for each in accounts.standings(tx)
        if each.blocked_until
    ]
    told = {need.hint for need in found}
    found += [
        Need(what=f"{each.kind.replace('_', ' ')}: {each.subject}", hint=_verify(each.subject))
        for each in incidents.standing(tx)
        if _verify(each.subject) not in told
    ]
    for state, words, hint in (
        (State.IN_DOUBT, "in doubt: nobody knows whether they are up", "clarion queue list --state in_doubt"),
        (State.FAILED, "failed", "clarion queue list --state failed"),
        (State.PENDING, "waiting for approval", "clarion approve"),
    ):
        if counts.get(state):
            found.append(Need(what=f"{counts[state]} {words}", hint=hint))
    return found


def _verify(account: str) -> str:
    return f"clarion accounts verify {account}"
