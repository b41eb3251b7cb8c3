"""How a campaign stands: counts, what is next, and what needs a person. Read from the outbox, changes nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from clarion.clock import moment
from clarion.model import State
from clarion.outbox import accounts, incidents, pauses, store
from clarion.outbox.entries import corrections, flights, posts, troubles
from clarion.outbox.pauses import Pause
from clarion.outbox.store import Outbox

#: So many of a kind are named one by one.
_LISTED = 5
#: What came too late is named so long: after that it is no news, and queue list has it.
_NEWS = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Something only a person can settle, and the command that does."""

    what: str
    hint: str
    account: str | None = None  # the account that is closed


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An account that its network, a network that is down, or a run that has not ended makes wait for a while."""

    account: str
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    now: datetime
    stopped: bool  # on this machine, by the STOP file
    paused: tuple[Pause, ...]  # on all machines
    deliveries: dict[State, int]
    next_due: datetime | None
    heartbeat: datetime | None
    waiting: tuple[Waiting, ...]  # accounts that go on by themselves
    needs: tuple[Need, ...]
    going_on: tuple[
        Need, ...
    ] = ()  # what clarion publish sees to: it needs nobody, and the command shows which


def look(outbox: Outbox, *, stopped: bool, names: Collection[str]) -> Status:
    """The standing state, in one short read. `names`: the accounts that config.toml has."""
    with outbox.read() as tx:
        heartbeat = store.get_meta(tx.connection, store.HEARTBEAT)
        counts = posts.counts(tx)
        return Status(
            now=tx.at,
            stopped=stopped,
            paused=tuple(pauses.standing(tx)),
            deliveries={state: counts[state] for state in State if state in counts},
            next_due=posts.next_due(tx),
            heartbeat=moment(int(heartbeat)) if heartbeat else None,
            waiting=tuple(_waiting(tx)),
            needs=tuple(_needs(tx, counts, names)),
            going_on=tuple(_going_on(tx, counts, names)),
        )


def _waiting(tx: store.Tx) -> list[Waiting]:
    closed = {each.subject for each in incidents.standing(tx)}
    told = [
        Waiting(account=each.account.name, until=each.blocked_until, reason=each.blocked_reason or "")
        for each in accounts.standings(tx)
        if each.blocked_until and each.account.name not in closed
    ]
    return [*told, *(_of_flight(each, tx.at) for each in flights.flying(tx))]


def _of_flight(each: flights.Flight, now: datetime) -> Waiting:
    seconds = int((now - each.since).total_seconds())
    ago = f"{seconds} seconds" if seconds < 120 else f"{seconds // 60} minutes"
    return Waiting(
        account=each.account,
        until=each.until,
        reason=f"a run took #{each.entry} {ago} ago and has not ended; if it died, the next one goes on by itself",
    )


def _needs(tx: store.Tx, counts: dict[State, int], names: Collection[str]) -> list[Need]:
    found = [
        Need(
            what=f"account {each.subject} is closed: {each.detail}",
            hint=_verify(each.subject),
            account=each.subject,
        )
        for each in incidents.standing(tx)
        if each.kind == "account_blocked"
    ]
    if counts.get(State.RECALLING):
        found += _recalling(tx, names)
    if counts.get(State.IN_DOUBT):
        found += _in_doubt(tx)
    if counts.get(State.FAILED):
        found += _failed(tx, counts[State.FAILED])
    if counts.get(State.EXPIRED):
        found += _expired(tx)
    if counts.get(State.PENDING):
        found += _pending(tx)
    return found


def _going_on(tx: store.Tx, counts: dict[State, int], names: Collection[str]) -> list[Need]:
    """What is looked for and what is being taken down, each in one line."""
    found = []
    if counts.get(State.IN_DOUBT):
        looked = sum(each.look_at is not None for each in troubles.troubled(tx, State.IN_DOUBT))
        found += [_by_publish(f"{looked} in doubt, to be looked for", State.IN_DOUBT)] if looked else []
    if counts.get(State.RECALLING):
        down = sum(not _is_stuck(each, names) for each in troubles.troubled(tx, State.RECALLING))
        found += [_by_publish(f"{down} being taken down", State.RECALLING)] if down else []
    return found


def _by_publish(what: str, state: State) -> Need:
    return Need(what=what, hint=f"clarion queue list --state {state}")


def _pending(tx: store.Tx) -> list[Need]:
    """What waits for people, as they know it, by entries: corrections one by one, all else in one line."""
    listed = corrections.waiting(tx)[:_LISTED]
    rest = troubles.pending(tx) - {each.entry for each in listed}
    found = [_correction(each) for each in listed]
    if rest:
        more = "more " if listed else ""
        entries = "entry" if len(rest) == 1 else "entries"
        hint = f"clarion approve {min(rest)}" if len(rest) == 1 else "clarion approve"
        found.append(Need(what=f"{len(rest)} {more}{entries} waiting for approval", hint=hint))
    return found


def _correction(each: corrections.Waiting) -> Need:
    """What is wrong is up as long as it waits."""
    does = "edits" if each.edits else "answers"
    why = f": {each.reason}" if each.reason else ""
    return Need(
        what=f"#{each.entry}, which {does} #{each.corrects}, waits{why}",
        hint=f"clarion queue show {each.entry}" if each.reason else f"clarion approve {each.entry}",
    )


def _in_doubt(tx: store.Tx) -> list[Need]:
    """What only a person can settle, one by one."""
    waiting = [each for each in troubles.troubled(tx, State.IN_DOUBT) if each.look_at is None]
    found = [
        Need(
            what=f"#{each.entry} on {each.account} ({each.language}), part {each.part}, is in doubt: {each.reason}",
            hint=f"Look there, then: clarion queue resolve {each.entry} --sent URL, or --absent",
        )
        for each in waiting[:_LISTED]
    ]
    if len(waiting) > _LISTED:
        found.append(
            Need(what=f"{len(waiting) - _LISTED} more in doubt", hint="clarion queue list --state in_doubt")
        )
    return found


def _recalling(tx: store.Tx, names: Collection[str]) -> list[Need]:
    """What the network does not let us take down, one by one."""
    stuck = [each for each in troubles.troubled(tx, State.RECALLING) if _is_stuck(each, names)]
    listed = "clarion queue list --state recalling"
    found = [_still_up(each, gone=each.account not in names) for each in stuck[:_LISTED]]
    if len(stuck) > _LISTED:
        found.append(Need(what=f"{len(stuck) - _LISTED} more still up", hint=listed))
    return found


def _is_stuck(each: troubles.Trouble, names: Collection[str]) -> bool:
    """Whether no run takes it down any more."""
    return each.look_at is None or each.account not in names


def _still_up(each: troubles.Trouble, *, gone: bool) -> Need:
    why = "its account is not in config.toml any more" if gone else each.reason
    again = f"clarion accounts add {each.account}, then clarion recall {each.entry}"
    by_hand = f"delete it there by hand, then: clarion queue resolve {each.entry} --absent"
    return Need(
        what=f"#{each.entry} on {each.account} ({each.language}), part {each.part}, is STILL UP: {why}",
        hint=f"{again}; or {by_hand}"
        if gone
        else f"Delete it there by hand, then: clarion recall {each.entry}",
    )


def _failed(tx: store.Tx, count: int) -> list[Need]:
    numbers = list(dict.fromkeys(each.entry for each in troubles.troubled(tx, State.FAILED)))
    found = [
        Need(what=f"#{number} failed", hint=f"clarion queue retry {number}") for number in numbers[:_LISTED]
    ]
    if len(numbers) > _LISTED:
        found.append(Need(what=f"{count} failed in all", hint="clarion queue list --state failed"))
    return found


def _expired(tx: store.Tx) -> list[Need]:
    """What came too late of late, in one line: nobody was there to see it."""
    numbers = troubles.expired(tx, _NEWS)
    if not numbers:
        return []
    named = ", ".join(f"#{number}" for number in numbers[:_LISTED])
    more = f" and {len(numbers) - _LISTED} more" if len(numbers) > _LISTED else ""
    hint = f"clarion queue retry {numbers[0]}"
    return [
        Need(
            what=f"{named}{more} came too late, and did not go out",
            hint=hint if len(numbers) == 1 else f"{hint}, or all: clarion queue list --state expired",
        )
    ]


def _verify(account: str) -> str:
    return f"clarion accounts verify {account}"
