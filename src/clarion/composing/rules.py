"""What no post goes around on its way into the queue: the cap of a day, the money of a month, the quiet times of its account.

In: the campaign's configuration; a transaction in which posts were queued or put off. Out: CheckFailed, which takes the
transaction back, and which no reason, no --yes and no team answers. A correction is let through: it counts for no day, and what it costs is for people to see when it is due.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from clarion import networks
from clarion.campaign import quiet
from clarion.campaign.denied import Denied
from clarion.campaign.quiet import Quiet
from clarion.errors import CheckFailed
from clarion.model import Account, Payload, State
from clarion.networks.splitting import without_tags
from clarion.outbox.entries import posts
from clarion.outbox.limits import caps
from clarion.outbox.limits.caps import Caps, Full
from clarion.outbox.limits.money import dollars
from clarion.outbox.store import Outbox, Tx

if TYPE_CHECKING:
    from clarion.campaign.config import Config
    from clarion.outbox.entries.posts import EntryView


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a campaign's posts are queued under. Without values: no cap and no quiet time, for a show of its own."""

    caps: Caps | None = None
    quiet: Mapping[str, Quiet] = field(default_factory=dict)  # by account
    window: timedelta | None = None  # of an approval, where the campaign has its own
    months: Mapping[str, int] = field(
        default_factory=dict
    )  # by account: the most a month, in millionths of a dollar

    def day(self, payload: Payload, due: datetime) -> int | None:
        """The day a post counts for; None where it counts for none, because it mends what is up."""
        return None if self.caps is None or _mends(payload) else self.caps.day(due)

    def quiet_until(self, account: str, at: datetime) -> datetime | None:
        """When an account that is quiet at that moment may post again."""
        hours = self.quiet.get(account)
        return hours.until(at) if hours else None


def of(config: Config) -> Rules:
    """The rules of a campaign."""
    zone = config.zone()
    return Rules(
        caps=Caps(zone=zone, most={network: config.cap(network) for network in networks.NAMES}),
        quiet={
            name: quiet.quiet(account.quiet, zone)
            for name, account in config.accounts.items()
            if account.quiet
        },
        window=config.approval.window,
        months={
            name: account.monthly_cap
            for name, account in config.accounts.items()
            if account.monthly_cap is not None
        },
    )


def require_room(tx: Tx, rules: Rules, number: int, *, refusal: str = "nothing was queued") -> None:
    """Raise CheckFailed where there are too many posts on a day, now that this entry's stand there too."""
    if rules.caps is None:
        return
    for full in caps.overfull(tx, rules.caps, number):
        raise CheckFailed(f"{refusal}: {in_words(full)}", _room(tx, rules.caps, number, full))


def require_awake(
    rules: Rules, account: str, due: datetime, late: timedelta, *, refusal: str = "nothing was queued"
) -> None:
    """Raise CheckFailed where a post would be too late by the time its account is no longer quiet."""
    until = rules.quiet_until(account, due)
    if until is None or until < due + late:
        return
    here = until.astimezone(rules.quiet[account].zone)
    raise CheckFailed(
        f"{refusal}: {account} is quiet until {here:%Y-%m-%d %H:%M}, and by then the post is too late",
        f'a later time: --at "{here:%Y-%m-%d %H:%M}"; or leave the account out: name the others with --to',
    )


def require_affordable(
    rules: Rules, account: Account, payload: Payload, *, refusal: str = "nothing was queued"
) -> None:
    """Raise CheckFailed where a post costs more than a whole month may: no month would ever hold it."""
    prices, most = networks.prices(account.network), rules.months.get(account.name)
    if prices is None or most is None or _mends(payload):
        return
    cost = prices.price(payload)
    if cost > most:
        raise CheckFailed(
            f"{refusal}: it costs {dollars(cost)} on {account.name}, and monthly_cap_usd allows {dollars(most)} a month:"
            " it would never go out",
            "make it shorter or take its links away; leave the account out: name the others with --to;"
            f" or raise monthly_cap_usd below [accounts.{account.name}] in config.toml",
        )


def names_somebody(payload: Payload, denied: Denied) -> str | None:
    """Why a post that was queued before may not go on: somebody's name stands on the list of those in danger by now."""
    alts = [media.alt for part in payload.parts for media in part.media]
    cards = [f"{part.card.title}\n{part.card.description}" for part in payload.parts if part.card]
    parts = [part.text for part in payload.parts]
    onward = "\n".join(without_tags(part)[0] for part in parts)  # a name may go over from part to part
    texts = [payload.warning or "", *parts, onward, *alts, *cards]
    if any(True for text in texts for _ in denied.find(text)):
        return "it has a name that must never be posted: it is on the list of people in danger"
    return None


def open_at(
    outbox: Outbox, rules: Rules, accounts: Collection[str], languages: Collection[str]
) -> Callable[[datetime], bool]:
    """Whether these accounts may say something in these languages at a moment: what a free slot is."""
    asked: dict[int, bool] = {}

    def may(at: datetime) -> bool:
        if any(rules.quiet_until(account, at) for account in accounts):
            return False
        if rules.caps is None:
            return True
        day = rules.caps.day(at)
        if day not in asked:
            with outbox.read() as tx:
                asked[day] = caps.full(tx, rules.caps, accounts, languages, day) is None
        return asked[day]

    return may


def _mends(payload: Payload) -> bool:
    return payload.answers is not None or payload.replaces is not None


#: So many days ahead a day with room is looked for.
_AHEAD = 31


def _room(tx: Tx, of: Caps, number: int, full: Full) -> str:
    """What makes room: the next day that has some, and which of those that stand there still wait."""
    entry = posts.show(tx, number)
    names, languages = {post.account.name for post in entry.posts}, {post.language for post in entry.posts}
    due = max(post.due for post in entry.posts).astimezone(of.zone)
    ways = [f'--at "{day:%Y-%m-%d %H:%M}"' for day in _days(tx, of, names, languages, due)]
    ways.append('--at "next slot", which passes over full days')
    if waiting := [f"clarion queue cancel {each}" for each in full.numbers if _waits(posts.show(tx, each))]:
        ways.append(f"take back one that still waits: {' · '.join(waiting)}")
    return "; or ".join(ways)


def _days(
    tx: Tx, of: Caps, names: Collection[str], languages: Collection[str], due: datetime
) -> Iterator[datetime]:
    """The next day at the same time on which all of them may be said; none where there is none for long."""
    for ahead in range(1, _AHEAD):
        later = due + timedelta(days=ahead)
        if caps.full(tx, of, names, languages, of.day(later)) is None:
            yield later
            return


def _waits(entry: EntryView) -> bool:
    return all(
        delivery.state in (State.PENDING, State.SCHEDULED)
        for post in entry.posts
        for delivery in post.deliveries
    )


def in_words(full: Full) -> str:
    """A full day in a sentence."""
    stand = ", ".join(f"#{number}" for number in full.numbers)
    return (
        f"{full.account} has {len(full.numbers)} posts in {full.language} on {full.day:%Y-%m-%d} already ({stand}),"
        f" and {full.most} a day is the most"
    )
