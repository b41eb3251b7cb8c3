"""What holds an account now: why nothing of it is sent, or why its network is asked for nothing at all, and until when.

In: a transaction, and the quiet times that config.toml has. Out: by account the hold that ends last; none where it may go on.
For whoever asks beforehand: a claim finds the same out by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from clarion.clock import micros
from clarion.outbox import accounts, pauses
from clarion.outbox.accounts import Standing
from clarion.outbox.claiming import settle
from clarion.outbox.claiming.claims import QUIET, Quiet
from clarion.outbox.limits import stops
from clarion.outbox.pauses import Pause
from clarion.outbox.store import Tx

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Why an account waits. `until` None: until somebody does what `mend` says."""

    reason: str
    until: datetime | None = None
    mend: str | None = None


def of_posts(tx: Tx, quiet: Mapping[str, Quiet]) -> dict[str, Hold]:
    """What keeps an account from sending: its network's word, a pause, a stop of Clarion's own, its quiet time."""
    standing = accounts.standings(tx)
    found, everybody = _told(standing), [each.account.name for each in standing]
    for pause in pauses.standing(tx):
        for name in everybody if pause.account is None else [pause.account]:
            _hold(found, name, _of_pause(pause))
    for name, ends in quiet.items():
        if until := ends(tx.at):
            _hold(found, name, Hold(reason=QUIET, until=until))
    return found


def of_recalls(tx: Tx) -> dict[str, Hold]:
    """What keeps an account even from taking down: its network told it to wait, closed it, or is not to be had."""
    return _told(accounts.standings(tx))


# ── below ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _told(standing: Iterable[Standing]) -> dict[str, Hold]:
    return {
        each.account.name: _of_network(each.account.name, each.blocked_until, each.blocked_reason or "")
        for each in standing
        if each.blocked_until
    }


def _of_network(name: str, until: datetime, reason: str) -> Hold:
    if micros(until) >= settle.UNTIL_VERIFIED:
        return Hold(reason=reason, mend=f"clarion accounts verify {name}")
    return Hold(reason=reason, until=until)


def _of_pause(pause: Pause) -> Hold:
    if pause.who == stops.ITSELF and pause.reason:
        return Hold(reason=pause.reason, until=pause.until)
    by = f" by {pause.who}" if pause.who else ""
    why = f" ({pause.reason})" if pause.reason else ""
    resume = f"clarion resume --account {pause.account}" if pause.account else "clarion resume"
    return Hold(reason=f"paused{by}{why}", until=pause.until, mend=resume)


def _hold(found: dict[str, Hold], name: str, hold: Hold) -> None:
    """What ends last is what it waits for."""
    before = found.get(name)
    if before is None or (before.until or _NEVER) < (hold.until or _NEVER):
        found[name] = hold
