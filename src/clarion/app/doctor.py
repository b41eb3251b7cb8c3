"""Looks at everything that publishing stands on: this machine, the outbox, cron, each account. Changes nothing.

In: an opened campaign. Out: lines, in the order in which a person mends them. In rehearsal the accounts are the stand-ins,
and what is still missing for going live is said beside.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from clarion.accounts.doctor import Known, Line, Verdict, lines, stopped
from clarion.errors import ClarionError, OutboxError

if TYPE_CHECKING:
    from clarion.app import App
    from clarion.model import Account, Examination
    from clarion.outbox.hosting.health import Reading
    from clarion.outbox.pauses import Pause
    from clarion.reporting.status import Status

#: What of the user's crontab is this campaign's: the line that `install-cron` writes, an older one, none; None: no crontab.
Crontab = Literal["ours", "another", "none"] | None

OUTBOX, CRON, MACHINE = "outbox", "cron", "machine"
#: What is wrong with an outbox and yet stops nothing.
_HARMLESS = frozenset({"file mode", "audit", "posts", "images"})
#: Cron comes every minute; so long without it, it does not come.
LATE = timedelta(minutes=10)
#: Free bytes on the outbox's disk: below these no image, and soon no receipt, can be written.
FEW, TOO_FEW = 500_000_000, 20_000_000


def of_campaign(app: App, crontab: Crontab) -> list[Line]:
    """The machine, the outbox and cron; and what the outbox says of accounts that wait."""
    found = [*of_machine(app), *of_outbox(app)]
    if stopped([line for line in found if line.about == OUTBOX]):
        return found
    from clarion.app.standing import outdated
    from clarion.outbox.hosting import overdue
    from clarion.reporting.status import look

    try:
        status = look(app.outbox, stopped=app.stop_file.exists(), names=app.config.accounts)
        status = replace(status, needs=(*status.needs, *outdated(app.outbox, app.folder, app.config)))
        with app.outbox.read() as tx:
            oldest = overdue.oldest(tx)
        none = not app.accounts()
    except OutboxError as error:
        return [*found, _of_error(error)]
    return [
        *found,
        *(_of_pause(pause) for pause in status.paused),
        *([_no_account(app)] if none else []),
        *_of_deliveries(status, oldest, rehearsing=app.rehearsing),
        *of_cron(status, crontab, log=app.state / "publish.log", rehearsing=app.rehearsing),
    ]


def of_account(app: App, name: str) -> list[Line]:
    """One account, as publishing would talk to it now; in rehearsal also what going live still asks for."""
    try:
        known = _known(app, name)
    except OutboxError:  # which the outbox's own lines tell; the network can be asked all the same
        written = app.config.accounts[name]
        known = Known(name=name, written=written, rehearsed=app.rehearsing, joining=True)
    found = _examined(app, known)
    said = lines(known, found, app.clock.now())
    return [*said, _for_live(app, name)] if app.rehearsing else said


def of_joining(live: App, name: str) -> tuple[Examination | None, list[Line]]:
    """A real account that is about to be verified: what its network says, unless something will stop it."""
    known = _known(live, name, joining=True)
    found = _examined(live, known)
    said = lines(known, found, live.clock.now())
    return None if stopped(said) or isinstance(found, ClarionError) else found, said


def house_rules(live: App, name: str) -> tuple[str, ...]:
    """What an account's server asks of those who post there. Raises what talking to it raises."""
    with live.connections.of(_asked_as(live, _known(live, name))) as publisher:
        return publisher.examine().rules


# ── accounts ──────────────────────────────────────────────────────────────────────────────────────────────────


def _known(app: App, name: str, *, joining: bool = False) -> Known:
    from clarion.outbox import accepting, accounts, incidents

    written = app.config.accounts[name]
    if not (app.rehearsing or app.outbox_url or app.outbox_path.exists()):
        return Known(name=name, written=written, joining=joining)
    with app.outbox.read() as tx:
        standing = next((each for each in accounts.standings(tx) if each.account.name == name), None)
        accepted = accepting.accepted(tx, name)
        closed = next(
            (
                each.detail or "its network refused it"
                for each in incidents.standing(tx)
                if (each.kind, each.subject) == ("account_blocked", name)
            ),
            None,
        )
    return Known(
        name=name,
        written=written,
        standing=standing,
        closed=None if joining else closed,  # verifying opens it again
        accepted=accepted,
        rehearsed=app.rehearsing,
        joining=joining,
    )


def _examined(app: App, known: Known) -> Examination | ClarionError:
    try:
        with app.connections.of(_asked_as(app, known)) as publisher:
            return publisher.examine()
    except ClarionError as error:
        return error


def _asked_as(app: App, known: Known) -> Account:
    """As publishing does, where it was verified; else as a stranger, whose secret may be anybody's."""
    from clarion.app.accounts import stranger

    if known.rehearsed:
        return app.rehearsed(known.name)
    standing = known.standing
    if standing is None or standing.verified_at is None or known.joining:
        return stranger(app.config, known.name)
    return standing.account


def _for_live(app: App, name: str) -> Line:
    from clarion import networks

    def line(verdict: Verdict, says: str, mend: str | None = None) -> Line:
        return Line(about=name, what="for live", verdict=verdict, says=says, mend=mend)

    try:
        keys = networks.options(app.config.accounts[name].network).SECRETS
        secret = app.secrets.get(name, keys=keys)
        if secret is None or not all(secret.get(key) for key in keys):
            return line(Verdict.LOOK, "the real account is not connected yet", f"clarion accounts add {name}")
        with app.as_live() as live:
            standing = _known(live, name).standing
    except ClarionError as error:
        return line(Verdict.LOOK, error.message, error.hint or f"clarion accounts login {name}")
    if standing is None or standing.verified_at is None:
        return line(
            Verdict.LOOK,
            "the real account is connected, and was not verified yet",
            f"clarion accounts verify {name}",
        )
    return line(Verdict.OK, f"the real account is connected, and verified as @{standing.account.handle}")


# ── the outbox and its machine ────────────────────────────────────────────────────────────────────────────────


def of_outbox(app: App) -> list[Line]:
    """Whether the outbox is sound, as `db check` says it."""
    from clarion.app.live import never_went_live
    from clarion.outbox.hosting import health
    from clarion.outbox.hosting.host import host_id

    if app.rehearsing and not app.outbox_path.exists():
        _ = app.outbox  # a rehearsal's is made when it is first asked for
    expected = app.config.campaign.outbox if app.config.live else None
    if app.config.live and expected is None:
        return [_of_error(never_went_live())]
    if app.outbox_url:
        return _of_readings(health.of_postgres(app.outbox_url, expected=expected))
    return _of_readings(health.of_sqlite(app.outbox_path, host=host_id(), expected=expected))


def of_machine(app: App) -> list[Line]:
    """Whether there is room for the outbox, and whether this machine was stopped."""
    room = [] if app.outbox_url else [of_disk(_free(app.outbox_path))]
    return [*room, _stopped(app)] if app.stop_file.exists() else room


def of_disk(free: int) -> Line:
    """Whether the outbox has room. `free` in bytes."""
    says = f"{free / 1e9:.1f} GB free"
    mend = "make room on this disk, then: clarion doctor"
    if free < TOO_FEW:
        return Line(about=MACHINE, what="disk", verdict=Verdict.STOPS, says=says, mend=mend)
    if free < FEW:
        return Line(about=MACHINE, what="disk", verdict=Verdict.LOOK, says=says, mend=mend)
    return Line(about=MACHINE, what="disk", verdict=Verdict.OK, says=says)


def _of_readings(readings: list[Reading]) -> list[Line]:
    bad = [each for each in readings if not each.good]
    if not bad:
        place = next(each.says for each in readings if each.what == "place")
        says = f"at {place}; {len(readings)} questions, each answered well: clarion db check"
        return [Line(about=OUTBOX, what="sound", verdict=Verdict.OK, says=says)]
    return [
        Line(
            about=OUTBOX,
            what=each.what,
            verdict=Verdict.LOOK if each.what in _HARMLESS else Verdict.STOPS,
            says=each.says,
            mend=each.mend,
        )
        for each in bad
    ]


def _free(path: Path) -> int:
    """Of the disk on which a file is, or would be."""
    there = next(each for each in (path, *path.parents) if each.exists())
    return shutil.disk_usage(there).free


def _stopped(app: App) -> Line:
    return Line(
        about=MACHINE,
        what="STOP",
        verdict=Verdict.STOPS,
        says="this machine sends nothing while there is a file STOP in the campaign's folder",
        mend=f"to go on: rm '{app.stop_file}'",
    )


def _no_account(app: App) -> Line:
    return Line(
        about=OUTBOX,
        what="accounts",
        verdict=Verdict.STOPS,
        says="none is verified, so nothing can be queued"
        if app.config.accounts
        else "config.toml names none",
        mend="clarion accounts verify" if app.config.accounts else "clarion accounts add NAME",
    )


def _of_pause(pause: Pause) -> Line:
    from clarion.outbox.limits.stops import ITSELF

    until = f" until {pause.until:%Y-%m-%d %H:%M} UTC" if pause.until else ""
    why = f": {pause.reason}" if pause.reason else ""
    if pause.account and pause.who == ITSELF:
        says = f"waits{until}{why}"
        mend = "nothing to do: it goes on by itself"
        if "monthly_cap_usd" in (pause.reason or ""):
            mend = f"raise it below [accounts.{pause.account}] in config.toml, or what is due by then expires"
        return Line(about=pause.account, what="waits", verdict=Verdict.LOOK, says=says, mend=mend)
    by = f", by {pause.who}" if pause.who else ""
    return Line(
        about=pause.account or OUTBOX,
        what="paused",
        verdict=Verdict.STOPS,
        says=f"{'this account' if pause.account else 'everything'}{until}{by}{why}",
        mend=f"clarion resume --account {pause.account}" if pause.account else "clarion resume",
    )


def _of_deliveries(status: Status, oldest: datetime | None, *, rehearsing: bool) -> list[Line]:
    counts = ", ".join(f"{count} {state}" for state, count in status.deliveries.items())
    found = [Line(about=OUTBOX, what="deliveries", verdict=Verdict.OK, says=counts or "none yet")]
    late = timedelta() if oldest is None else status.now - oldest
    if late > LATE:
        found.append(
            Line(
                about=OUTBOX,
                what="overdue",
                verdict=Verdict.LOOK if rehearsing else Verdict.STOPS,
                says=f"the oldest should have gone out {_ago(late)} ago, and nothing holds it",
                mend="clarion publish",
            )
        )
    found += [
        Line(about=OUTBOX, what="needs you", verdict=Verdict.LOOK, says=need.what, mend=need.hint)
        for need in status.needs
        if need.account is None  # its own lines say so
    ]
    found += [
        Line(
            about=each.account,
            what="waits",
            verdict=Verdict.LOOK,
            says=f"until {each.until:%Y-%m-%d %H:%M} UTC: {each.reason}",
            mend="nothing to do: it goes on by itself",
        )
        for each in status.waiting
    ]
    return found


# ── cron ──────────────────────────────────────────────────────────────────────────────────────────────────────


def of_cron(status: Status, crontab: Crontab, *, log: Path, rehearsing: bool) -> list[Line]:
    """Whether `publish` runs every minute, by anybody's cron, and what this machine's crontab says of it."""
    found = _of_crontab(crontab)
    age = None if status.heartbeat is None else status.now - status.heartbeat
    if age is not None and age <= LATE:
        says = f"clarion publish ran {_ago(age)} ago"
        return [Line(about=CRON, what="last run", verdict=Verdict.OK, says=says), *found]
    says = "clarion publish never ran" if age is None else f"clarion publish ran {_ago(age)} ago"
    waits = "scheduled" in status.deliveries
    by_hand = crontab not in ("ours", "another")
    stops = not rehearsing and (waits or not by_hand)
    mend = "clarion install-cron" if by_hand else f"what it said: tail '{log}'"
    verdict = Verdict.STOPS if stops else Verdict.LOOK
    if crontab is None:  # what install-cron needs, and what a line below could only say again
        says = f"{says}, and this machine has no crontab to read"
        found, mend = [], "let another scheduler run this line every minute: clarion install-cron --print"
    return [Line(about=CRON, what="last run", verdict=verdict, says=says, mend=mend), *found]


def _of_crontab(crontab: Crontab) -> list[Line]:
    if crontab == "ours":
        return [Line(about=CRON, what="crontab", verdict=Verdict.OK, says="has the line, for every minute")]
    if crontab == "another":
        says = "has a line for this campaign, and install-cron would write another one now"
        return [
            Line(about=CRON, what="crontab", verdict=Verdict.LOOK, says=says, mend="clarion install-cron")
        ]
    # Another machine's, or another scheduler, may run it; nobody can tell from here, so this is no "ok".
    lacks, way = (
        ("this machine has none", " --print") if crontab is None else ("has no line for this campaign", "")
    )
    return [
        Line(
            about=CRON,
            what="crontab",
            verdict=Verdict.LOOK,
            says=f"{lacks}: cron on this machine publishes nothing",
            mend=f"unless something else runs it every minute: clarion install-cron{way}",
        )
    ]


def _of_error(error: OutboxError) -> Line:
    return Line(
        about=OUTBOX,
        what="opens",
        verdict=Verdict.STOPS,
        says=error.message,
        mend=error.hint or "clarion db check",
    )


def _ago(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    if minutes < 120:
        return "less than a minute" if minutes < 1 else "1 minute" if minutes == 1 else f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // 1440} days"
