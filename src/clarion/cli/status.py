"""`clarion status`: how things stand, and what needs you."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import click

from clarion.cli.terminal import shell

if TYPE_CHECKING:
    from clarion.app import App
    from clarion.reporting.status import Need, Status


@click.command(epilog=shell.example("clarion status", "clarion status --json"))
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def status(app: App, *, as_json: bool) -> None:
    """How things stand: what waits, what went out, what needs you."""
    found = look(app)
    if as_json:
        shell.show_json(found)
        return
    if app.rehearsing:
        shell.banner_of_rehearsal()
    for line in lines(app, found):
        shell.show(line)


def look(app: App) -> Status:
    from clarion.app.standing import outdated
    from clarion.reporting.status import look

    found = look(app.outbox, stopped=app.stop_file.exists(), names=app.config.accounts)
    stale = outdated(app.outbox, app.folder, app.config)
    return replace(found, needs=(*_left_open(app), *found.needs, *stale))


def _left_open(app: App) -> list[Need]:
    """The accounts that no run opens because others may read what opens them; what is wrong with several is told once."""
    from clarion.app.opening import by_what
    from clarion.reporting.status import Need

    return [
        Need(what=f"nothing goes out on {', '.join(names)}: {what}", hint=hint)
        for (what, hint), names in by_what(app.left_open()).items()
    ]


def lines(app: App, found: Status) -> list[str]:
    """The status in words: first what is stopped and what needs somebody, then the numbers."""
    from clarion.cli.pause import in_words
    from clarion.cli.pricing import months

    said = [f"Campaign: {app.config.campaign.name} ({app.mode})"]
    if found.stopped:
        said.append(f"STOPPED on this machine. To go on, remove {app.stop_file}")
    said += [in_words(app, each) for each in found.paused]
    said += [f"Needs you: {each.what}. {each.hint}" for each in found.needs]
    said += [f"clarion publish goes on with it: {each.what}. {each.hint}" for each in found.going_on]
    said += waiting(app, found)
    said += months(app)
    said += overdue(app)
    counts = ", ".join(f"{count} {state}" for state, count in found.deliveries.items())
    said.append(f"Deliveries: {counts or 'none yet'}")
    said.append(f"Next: {next_due(app, found)}")
    said.append(f"Last run: {_ago(app, found.heartbeat, found.now)}")
    return said


def next_due(app: App, found: Status | None = None) -> str:
    """What goes out next, in words."""
    from clarion.cli.queueing import zone
    from clarion.model import State
    from clarion.review.preview import in_words

    seen = found or look(app)
    due, pending = seen.next_due, seen.deliveries.get(State.PENDING)
    if due is None and pending:
        return "What is queued waits for approval: clarion approve"
    if due is None:
        return 'Nothing is scheduled: clarion say "…"   or   clarion queue add SLUG'
    if due <= seen.now:
        return f"Due since {in_words(due, zone(app))}{_what_then(app, seen)}"
    return f"The next post is due {in_words(due, zone(app))}"


def _what_then(app: App, seen: Status) -> str:
    """What is to be done about what is due: a stop, a pause or a closed account holds it also when somebody publishes."""
    from clarion.outbox.hosting import overdue

    if seen.stopped:
        return f", and stopped on this machine: to go on, remove {app.stop_file}"
    if any(each.account is None for each in seen.paused):
        return ", and paused: clarion resume"
    with app.outbox.read() as tx:
        free = overdue.oldest(tx)
    if free:
        return ": clarion publish"
    if seen.waiting and not seen.paused and not any(each.account for each in seen.needs):
        return ", and its account waits: it goes on by itself"
    return ", and its account waits or is closed: clarion doctor"


def waiting(app: App, found: Status) -> list[str]:
    """The accounts that wait by themselves: for their network's sake, or for a run that has not ended."""
    from clarion.cli.queueing import zone
    from clarion.review.preview import in_words

    return [
        f"{each.account} waits until {in_words(each.until, zone(app))}: {each.reason}"
        for each in found.waiting
    ]


def overdue(app: App) -> list[str]:
    """The approved posts that will go out with a fact that should have been read again."""
    from clarion.app.standing import standings
    from clarion.clock import micros
    from clarion.errors import CampaignError
    from clarion.outbox.claiming import living
    from clarion.outbox.entries import using

    with app.outbox.read() as tx:
        found, now = using.scheduled(tx), micros(tx.at)
    if not found:
        return []
    try:
        stands = standings(app.folder, app.config)
    except CampaignError:  # which stands among what needs somebody
        return []
    entries: dict[str, list[int]] = {}
    for each in found:
        if notice := living.notice(each.used, each.language, stands, now):
            entries.setdefault(notice, []).append(each.entry)
    return [
        f"Goes out all the same: {', '.join(f'#{number}' for number in sorted(set(numbers)))}: {notice}"
        for notice, numbers in entries.items()
    ]


def _ago(app: App, heartbeat: datetime | None, now: datetime) -> str:
    if heartbeat is None:
        return "clarion publish never ran here. For every minute: clarion install-cron"
    minutes = int((now - heartbeat).total_seconds() // 60)
    if minutes < 2:
        return "just now"
    late = "" if app.rehearsing or minutes < 10 else " — is cron running? clarion install-cron"
    return f"{minutes} minutes ago{late}" if minutes < 120 else f"{minutes // 60} hours ago{late}"
