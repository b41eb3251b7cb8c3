"""The way from words to the queue, as people see it: compose, show, ask, queue, approve. For `say` and `queue add`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from clarion.cli.terminal import shell
from clarion.cli.terminal.drawing import drawn
from clarion.errors import CampaignError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from clarion.app import App
    from clarion.composing.compose import Composed, Request
    from clarion.composing.correcting import Composing
    from clarion.model import Account
    from clarion.outbox.entries.posts import EntryView


def queue_up(app: App, request: Request, *, at: str, yes: bool, as_json: bool, hint: bool = False) -> None:
    """Compose a request, show it, and with the person's word queue and approve it. Nothing is kept before that.

    `hint`: say when it would go out if this were not a rehearsal.
    """
    from clarion.cli import values
    from clarion.composing import reasons

    if request.because is not None:
        request = replace(request, because=reasons.proper(request.because))
    app.who("write")  # who is asked for it later is asked at once
    now, due = moments(app, at, request.accounts, request.languages)
    try:
        posts = composing(app, due, now)(request)
    except CampaignError as error:
        if values.lacks_one(request, error):
            raise values.all_missing(app, request, error) from error
        raise
    notes = left_out(app, request, [post.language for post in posts])
    queued = offer(app, request, posts, due=due, now=now, notes=notes, yes=yes, as_json=as_json)
    if hint and queued and not as_json:
        say_when_live(app)


def composing(app: App, due: datetime, now: datetime) -> Composing:
    """What composes posts that are to be queued: for the accounts that may be posted to, with their links' pages read."""
    from clarion.composing.compose import compose

    return partial(
        compose,
        folder=app.folder,
        config=app.config,
        accounts=accounts(app),
        due=due,
        now=now,
        denied=app.denied(),
        pages=app.pages(shell.say_so),
    )


def offer(
    app: App,
    request: Request,
    composed: Sequence[Composed],
    *,
    due: datetime,
    now: datetime,
    notes: Sequence[str] = (),
    capped: bool = True,
    yes: bool,
    as_json: bool,
) -> bool:
    """Show composed posts, and with the person's word queue and approve them; whether they were queued.

    `notes`: what else people must know. `capped`: whether they count against the cap of their day.
    """
    from clarion.cli import pricing
    from clarion.composing import entries, rules
    from clarion.composing.compose import require_clean

    who = app.who("write")
    posts = entries.compared(app.outbox, composed)
    _show(posts, zone=zone(app), because=request.because)
    house = rules.of(app.config)
    for post in posts:  # nobody is asked for what is refused afterwards
        rules.require_awake(house, post.account.name, post.due, post.late)
        rules.require_affordable(house, post.account, post.payload)
    leaves = _leaves(app, posts, due, now)
    for line in [
        *notes,
        *pricing.lines(app, [(post.account, post.payload) for post in posts], due=due),
        *_quiet(app, posts),
    ]:
        shell.say_so(line)
    require_clean(posts)
    request = _with_reason(request, posts)
    alone = app.may_approve(who)
    if (
        shell.interactive()
        and not yes
        and not shell.confirm(_question(posts, leaves, alone=alone, live=not app.rehearsing), yes=False)
    ):
        shell.say_so("Nothing was queued.")
        return False
    house = house if capped else replace(house, caps=None)
    entry = entries.queue(app.outbox, request, posts, author=who, rules=house)
    confirmed = alone and (yes or shell.interactive())
    if confirmed:
        approve(app, entry.number, who)
    _tell(app, entry, leaves, confirmed=confirmed, due=due, as_json=as_json)
    return True


def approve(app: App, number: int, who: str, *, only: Collection[str] | None = None) -> int:
    """Give `who`'s approval, to these posts only (their ids) or to all; how many posts are scheduled by it."""
    from clarion.outbox.entries import posts

    with app.outbox.write() as tx:
        given = posts.approve(tx, number, outbox_id=app.outbox.id, who=who, policy=app.policy(), only=only)
        return len(given)


def accounts(app: App) -> list[Account]:
    """The accounts that may be posted to; names the configured ones that may not yet."""
    from clarion.cli.accounts import naming

    found = app.accounts()
    left_out = sorted(set(app.config.accounts) - {account.name for account in found})
    if left_out and found:
        ways = " · ".join(naming.way_in(app, name) for name in left_out)
        shell.say_so(f"Not verified, so left out: {', '.join(left_out)}. To add: {ways}")
    if not found:
        ways = " · ".join(naming.way_in(app, name) for name in left_out)
        raise CampaignError("no account is verified yet", ways or "clarion accounts add NAME")
    return found


def moments(
    app: App, at: str, whose: Collection[str] | None = None, languages: Collection[str] | None = None
) -> tuple[datetime, datetime]:
    """(now, due) in the campaign's zone, by the outbox's clock.

    The next slot is one at which these accounts (None: all) may say something in these languages (None: all).
    """
    from clarion.composing import rules
    from clarion.composing.slots import parse_when
    from clarion.outbox.entries.posts import taken

    with app.outbox.read() as tx:
        now = tx.at
        busy = taken(tx, app.config.accounts)
    slots = sorted({slot for account in app.config.accounts.values() for slot in account.slots})
    names = [name for name in app.config.accounts if whose is None or name in whose]
    said = languages or {language for name in names for language in app.config.languages(name)}
    may = rules.open_at(app.outbox, rules.of(app.config), names, said)
    here = zone(app)
    due = parse_when(at, now=now, zone=here, slots=slots, taken=busy, may=may)
    return now.astimezone(here), due.astimezone(here)


def departure(due: datetime, now: datetime) -> str:
    """When a post goes out, in words; `due` in the campaign's zone."""
    from clarion.review.preview import in_words

    return "as soon as you publish" if due <= now else in_words(due, _zone_of(due))


def say_when_live(app: App) -> None:
    """What the usual time would be if this were not a rehearsal."""
    from clarion.review.preview import in_words

    _, due = moments(app, "next slot")
    shell.say_so(f"Live, it would wait for the next free slot: {in_words(due, _zone_of(due))}.")


def say_who_approves(app: App, number: int) -> None:
    """What is to be typed next for an entry that waits, and by whom."""
    whose = "" if app.may_approve(app.who()) else "somebody else runs "
    shell.say_so(f"Next: {whose}clarion approve {number}")


def zone(app: App) -> ZoneInfo:
    found = app.config.zone()
    assert isinstance(found, ZoneInfo)
    return found


def left_out(app: App, request: Request, languages: Collection[str]) -> list[str]:
    """Which of the accounts asked say it in fewer languages than it is written in. `languages`: of a literal text."""
    from clarion import networks
    from clarion.campaign import templates
    from clarion.composing.unheard import unheard

    kinds: Collection[str] = networks.NAMES
    if request.slug is not None:
        template = templates.load(app.folder, request.slug)
        languages, kinds = request.languages or template.languages, template.about.networks
    asked = [
        account
        for account in app.accounts_to_preview()
        if request.accounts is None or account.name in request.accounts
    ]
    return unheard(app.config, asked, tuple(dict.fromkeys(languages)), kinds)


def _show(posts: list[Composed], *, zone: ZoneInfo, because: str | None) -> None:
    from clarion.review.preview import of_composed
    from clarion.review.remarks import Reason

    reason = Reason.of(because, author="yours")
    shell.say_so(drawn([of_composed(post, zone=zone) for post in posts], because=reason))


def _quiet(app: App, posts: list[Composed]) -> list[str]:
    """Which accounts are quiet when the posts are due, and until when they wait for that."""
    from clarion.composing import rules
    from clarion.review.preview import in_words

    of = rules.of(app.config)
    waits = {post.account.name: of.quiet_until(post.account.name, post.due) for post in posts}
    return [
        f"{name} is quiet then: it goes out {in_words(until, zone(app))}."
        for name, until in waits.items()
        if until
    ]


def _with_reason(request: Request, posts: list[Composed]) -> Request:
    """The request with the reason that a check asks for: as given, or as somebody at the terminal says it now."""
    from clarion.composing import reasons

    because = request.because
    asked = reasons.asked(finding for post in posts for finding in post.findings)
    if because is None and asked and shell.interactive():
        # What asks for it stands above, at the end of the previews.
        because = shell.ask("Why is it right all the same? (Ctrl-C to leave it)", reasons.proper)
    reasons.require(posts, because)
    return replace(request, because=because)


def _leaves(app: App, posts: list[Composed], due: datetime, now: datetime) -> str | None:
    """When posts go out, in words, each account for itself where some are quiet then; None: as soon as somebody publishes."""
    from clarion.composing import rules

    of, times = rules.of(app.config), dict[datetime, list[str]]()
    for name in dict.fromkeys(post.account.name for post in posts):
        leaves = of.quiet_until(name, due) or due
        times.setdefault(leaves.astimezone(zone(app)), []).append(name)
    if len(times) > 1:
        return "; ".join(f"{', '.join(names)} {departure(at, now)}" for at, names in sorted(times.items()))
    return next((departure(at, now) for at in times if at > now), None)


def _question(posts: list[Composed], leaves: str | None, *, alone: bool, live: bool) -> str:
    ask = "approve exactly this" if alone else "queue this for somebody else to approve"
    real = ", FOR REAL" if live else ""
    return f"{posts_in_words(len(posts))}{real}, {leaves or 'as soon as you publish'}. Do you {ask}?"


def _tell(
    app: App, entry: EntryView, leaves: str | None, *, confirmed: bool, due: datetime, as_json: bool
) -> None:
    from clarion.cli import pricing

    if as_json:
        shell.show_json(
            {
                "number": entry.number,
                "approved": confirmed,
                "due": due,
                "posts": len(entry.posts),
                "price_usd": pricing.usd(
                    sum(pricing.price(post.account, post.payload) for post in entry.posts)
                ),
            }
        )
        return
    state = "approved" if confirmed else "waiting for approval"
    shell.show(f"#{entry.number} “{entry.title}”: {posts_in_words(len(entry.posts))} queued, {state}")
    if not confirmed:
        say_who_approves(app, entry.number)
    elif leaves:
        shell.say_so(f"Goes out {leaves}, when clarion publish runs.")
    else:
        shell.say_so("Next: clarion publish")


def posts_in_words(count: int) -> str:
    return f"{count} post{'' if count == 1 else 's'}"


def _zone_of(moment: datetime) -> ZoneInfo:
    assert isinstance(moment.tzinfo, ZoneInfo)
    return moment.tzinfo
