"""How the campaign's ledgers stand, as a claim takes it: plain values; and what is scheduled that they no longer let go.

In: the campaign folder and its configuration. Out: per fact, call and day and language, the hash of what it says now, and
the moment from which it may not be said. The claim that finds a post outdated comes when the post is due: people are told
before, while there is time to queue it anew.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from clarion.clock import micros
from clarion.errors import CampaignError
from clarion.outbox.claiming import living
from clarion.outbox.claiming.living import Standing, Standings
from clarion.outbox.entries import using

if TYPE_CHECKING:
    from datetime import tzinfo
    from pathlib import Path

    from clarion.campaign.config import Config
    from clarion.campaign.ledgers.lookup import Until
    from clarion.outbox.store import Outbox
    from clarion.reporting.status import Need

_DAY = timedelta(days=1)
#: So many posts are named in one line.
_LISTED = 5


def standings(folder: Path, config: Config) -> Standings:
    """The ledgers as they are in this folder now. CampaignError when one cannot be read: nobody may guess then."""
    from clarion.campaign.ledgers.ledger import Ledger

    languages = {language for name in config.accounts for language in config.languages(name)}
    known = Ledger.load(folder).standing(sorted({*config.campaign.languages, *languages}))
    return {key: _standing(hash_, until, config.zone()) for key, (hash_, until) in known.items()}


def outdated(outbox: Outbox, folder: Path, config: Config) -> list[Need]:
    """What is approved and will not go out as it is, because the ledgers say something else by now; by what they say."""
    from clarion.reporting.status import Need

    with outbox.read() as tx:
        found, now = using.scheduled(tx), micros(tx.at)
    if not found:
        return []
    try:
        stands = standings(folder, config)
    except CampaignError as error:
        return [Need(what=error.message, hint=error.hint or "clarion posts check")]
    entries: dict[str, set[int]] = {}
    for each in found:
        if why := living.objection(each.used, each.language, stands, now):
            entries.setdefault(why, set()).add(each.entry)
    return [
        Need(
            what=f"{_named(sorted(numbers))} will not go out as approved: {why}",
            hint=f"clarion queue cancel {min(numbers)}, then queue it anew with what is true now",
        )
        for why, numbers in entries.items()
    ]


def _named(numbers: list[int]) -> str:
    more = f" and {len(numbers) - _LISTED} more" if len(numbers) > _LISTED else ""
    return ", ".join(f"#{number}" for number in numbers[:_LISTED]) + more


def _standing(hash_: str, until: Until | None, zone: tzinfo) -> Standing:
    if until is None:
        return Standing(hash=hash_)
    if until.last == until.last.min:
        return Standing(hash=hash_, ends=0, why=until.why)
    return Standing(
        hash=hash_,
        ends=_after(until.last, zone),
        why=until.why,
        overdue=None if until.review_by is None else _after(until.review_by, zone),
    )


def _after(day: date, zone: tzinfo) -> int:
    """When a day is over."""
    return micros(datetime.combine(day + _DAY, time.min, zone))
