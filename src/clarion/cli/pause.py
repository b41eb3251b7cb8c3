"""`clarion pause`: stop publishing, on every machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from clarion.cli.terminal import shell

if TYPE_CHECKING:
    from datetime import datetime

    from clarion.app import App
    from clarion.outbox.pauses import Pause


@click.command(
    epilog=shell.example(
        "clarion pause",
        'clarion pause --account town --until "tomorrow 9:00"',
        'clarion pause --breaking --reason "there is bad news from Grozny"',
    )
)
@click.option("--account", metavar="NAME", help="Only this account (default: the whole campaign).")
@click.option("--reason", help="Why; everybody who asks how things stand is told.")
@click.option("--until", metavar="WHEN", help='Resume by itself: "tomorrow 9:00", "2026-12-01 18:00".')
@click.option("--breaking", is_flag=True, help="And let people read again what is scheduled, before it goes.")
@click.pass_obj
def pause(app: App, account: str | None, reason: str | None, until: str | None, *, breaking: bool) -> None:
    """Stop publishing, on every machine, until somebody resumes.

    What is being sent this moment ends; nothing else begins. Posts whose time passes meanwhile expire, and
    clarion queue retry brings them back. With --breaking every approval given so far is void.

    To stop one machine only, make a file named STOP in the campaign's folder.
    """
    from clarion.accounts.me import who
    from clarion.outbox import pauses

    if app.rehearsing:
        shell.banner_of_rehearsal()
    known_account(app, account)
    ends = _moment(app, until)
    with app.outbox.write() as tx:
        held = pauses.pause(tx, account, who=who(), reason=reason, until=ends, breaking=breaking)
        [stands] = [each for each in pauses.standing(tx) if each.account == account]
    shell.show(in_words(app, stands))
    if breaking:
        numbers = ", ".join(f"#{number}" for number in held[:20]) + (" …" if len(held) > 20 else "")
        entries = "1 entry waits" if len(held) == 1 else f"{len(held)} entries wait"
        shell.show(f"{entries} for a new look{': ' + numbers if held else ''}")
        shell.say_so("Every earlier approval is void. To read and approve again: clarion approve")
    shell.say_so("What is being sent this moment ends as it ends: clarion status")


def known_account(app: App, account: str | None) -> None:
    """Raise ClarionError for an account that is not in config.toml."""
    if account is not None and account not in app.config.accounts:
        raise shell.unknown("account", account, list(app.config.accounts))


def in_words(app: App, paused: Pause) -> str:
    """A pause in a sentence, and how it ends."""
    from clarion.cli.queueing import zone
    from clarion.outbox.limits.stops import ITSELF
    from clarion.review.preview import in_words as moment_in_words

    if paused.who == ITSELF and paused.until:
        waits = f"{paused.account} waits until {moment_in_words(paused.until, zone(app))}: {paused.reason}"
        if "monthly_cap_usd" not in (paused.reason or ""):
            return waits
        return f"{waits}. Raise it below [accounts.{paused.account}] in config.toml, or what is due by then expires"
    what = f"Account {paused.account} is paused" if paused.account else "Paused: nothing goes out"
    resume = f"clarion resume --account {paused.account}" if paused.account else "clarion resume"
    until = f" until {moment_in_words(paused.until, zone(app))}" if paused.until else ""
    by = f", by {paused.who}" if paused.who else ""
    why = f" ({paused.reason})" if paused.reason else ""
    return f"{what}{until}{by}{why}. To go on: {resume}"


def _moment(app: App, until: str | None) -> datetime | None:
    from clarion.cli.queueing import moments

    if until is None:
        return None
    now, ends = moments(app, until)
    if ends <= now:
        raise click.UsageError('--until takes a moment that is still to come, as in "tomorrow 9:00"')
    return ends
