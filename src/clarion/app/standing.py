"""How the campaign's ledgers stand, as a claim takes it: plain values.

In: the campaign folder and its configuration. Out: per fact, call and day and language, the hash of what it says now, and
the moment from which it may not be said.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from clarion.clock import micros
from clarion.outbox.claiming.living import Standing, Standings

if TYPE_CHECKING:
    from datetime import tzinfo
    from pathlib import Path

    from clarion.campaign.config import Config
    from clarion.campaign.ledgers.lookup import Until

_DAY = timedelta(days=1)


def standings(folder: Path, config: Config) -> Standings:
    """The ledgers as they are in this folder now. CampaignError when one cannot be read: nobody may guess then."""
    from clarion.campaign.ledgers.ledger import Ledger

    languages = {language for name in config.accounts for language in config.languages(name)}
    known = Ledger.load(folder).standing(sorted({*config.campaign.languages, *languages}))
    return {key: _standing(hash_, until, config.zone()) for key, (hash_, until) in known.items()}


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
