"""`clarion posts facts`, `calls`, `days`: what may be said, in which words, and what is to be read again.

In: the campaign's three ledgers. Out: listings, and each entry whole where its id is named. What changes a ledger stands
in `keeping.py`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from clarion.cli.terminal import offering, shell
from clarion.cli.terminal.tables import table
from clarion.cli.terminal.typed import DAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from click.decorators import FC

    from clarion.app import App
    from clarion.campaign.ledgers.calls import Call
    from clarion.campaign.ledgers.days import Day
    from clarion.campaign.ledgers.facts import Fact
    from clarion.campaign.ledgers.ledger import Ledger
    from clarion.campaign.ledgers.lookup import Kind

#: What is to be read again within so many days is due.
SOON = timedelta(days=30)

_OF_NO_CONCERN = ("ok", "history", "blocked")
#: Characters of a wording in a listing: enough to know it by.
_START = 36


def _listing(command: FC) -> FC:
    """What the three listings share."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="As JSON."),
        click.option(
            "--today", type=DAY, metavar="DATE", help="As if this were the day: --today 2027-11-01."
        ),
        click.argument("which", metavar="[due|ID]...", nargs=-1, shell_complete=offering.ledger),
    ):
        command = option(command)
    return command


@click.command(
    epilog=shell.example("clarion posts facts", "clarion posts facts detained", "clarion posts facts due")
)
@_listing
@click.pass_obj
def facts(app: App, *, which: tuple[str, ...], today: date | None, as_json: bool) -> None:
    """List the facts that may be claimed. ID: its words. `due`: those whose source is to be read again."""
    day = today or today_of(app)
    rows = [_fact_row(id_, fact, day) for id_, fact in ledger_of(app).facts.items()]
    _show(app, rows, which, "fact", as_json=as_json)


@click.command(
    epilog=shell.example("clarion posts calls", "clarion posts calls letter", "clarion posts calls due")
)
@_listing
@click.pass_obj
def calls(app: App, *, which: tuple[str, ...], today: date | None, as_json: bool) -> None:
    """List what people are asked to do. ID: its words. `due`: what closes, has closed, or is to be looked at again."""
    day = today or today_of(app)
    rows = [_call_row(id_, call, day) for id_, call in ledger_of(app).calls.items()]
    _show(app, rows, which, "call", as_json=as_json)


@click.command(
    epilog=shell.example("clarion posts days", "clarion posts days judgment", "clarion posts days due")
)
@_listing
@click.pass_obj
def days(app: App, *, which: tuple[str, ...], today: date | None, as_json: bool) -> None:
    """List the days that are kept. ID: its words. `due`: those that rest on a fact whose source is to be read again."""
    day, ledger = today or today_of(app), ledger_of(app)
    states = {id_: _fact_row(id_, fact, day)["state"] for id_, fact in ledger.facts.items()}
    rows = [_day_row(id_, each, day, states) for id_, each in ledger.days.items()]
    _show(app, rows, which, "day", as_json=as_json)


#: What the group takes from here.
COMMANDS = (facts, calls, days)


def today_of(app: App) -> date:
    """The day it is in the campaign's zone."""
    from clarion.cli.queueing import zone

    return app.clock.now().astimezone(zone(app)).date()


def ledger_of(app: App) -> Ledger:
    """The ledgers as they stand now."""
    from clarion.campaign.ledgers.ledger import Ledger

    return Ledger.load(app.folder)


def words_of(wording: Mapping[str, str]) -> list[str]:
    """A wording, a line a language."""
    return [f"  {language}: {said}" for language, said in wording.items()]


# ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _fact_row(id_: str, fact: Fact, today: date) -> dict[str, Any]:
    state: str = fact.status
    if state != "blocked" and fact.review_by:
        if fact.lapsed(today):
            state = "too old to be said"
        elif fact.overdue(today):
            state = "overdue"
        elif today + SOON >= fact.review_by:
            state = "due soon"
    return {
        "id": id_,
        "state": state,
        "checked_on": fact.checked_on,
        "review_by": fact.review_by,
        "source": fact.source,
        "wording": fact.wording,
        "why": fact.why,
    }


def _call_row(id_: str, call: Call, today: date) -> dict[str, Any]:
    state: str = call.status
    if state != "blocked":
        if call.closed(today):
            state = "closed"
        elif call.closes_on and today + SOON >= call.closes_on:
            state = "closes soon"
        elif call.overdue(today):
            state = "look again"
    return {
        "id": id_,
        "state": state,
        "checked_on": call.checked_on,
        "closes_on": call.closes_on,
        "audience": call.audience,
        "owner": call.owner,
        "link": call.link,
        "wording": call.wording,
        "why": call.why,
    }


def _day_row(id_: str, day: Day, today: date, facts: dict[str, str]) -> dict[str, Any]:
    state: str = day.status
    if state != "blocked" and day.fact and (under := facts[day.fact]) not in ("ok", "history"):
        state = f"its fact is {under}"
    return {
        "id": id_,
        "state": state,
        "date": day.date,
        "next": _next(day.date, today),
        "fact": day.fact,
        "name": day.name,
        "why": day.why,
    }


def _next(first: date, today: date) -> date:
    """The coming anniversary, today included; of 29 February, the day before 1 March."""
    for year in (today.year, today.year + 1):
        try:
            day = first.replace(year=year)
        except ValueError:
            day = first.replace(year=year, day=28)
        if day >= today:
            return day
    raise AssertionError("an anniversary comes every year")


# ── showing ───────────────────────────────────────────────────────────────────────────────────────────────────

#: What a listing shows of each kind; the last is its words, of which it shows the start.
_COLUMNS = {
    "fact": ("id", "state", "review_by", "wording"),
    "call": ("id", "state", "closes_on", "wording"),
    "day": ("id", "state", "next", "name"),
}


def _show(app: App, rows: list[dict[str, Any]], which: tuple[str, ...], kind: Kind, *, as_json: bool) -> None:
    named = [each for each in which if each != "due"]
    if named:
        rows = [_named(app, rows, id_, kind) for id_ in named]
    if due := "due" in which:
        rows = [row for row in rows if row["state"] not in _OF_NO_CONCERN]
    if as_json:
        shell.show_json(rows)
    elif not rows:
        shell.say_so("Nothing is due." if due else f"There is no {kind} in posts/{kind}s.toml yet.")
    elif named:
        for row in rows:
            _show_whole(row, kind)
    else:
        _show_all(app, rows, kind)
        if due and kind != "day":
            shell.say_so(f"Read it again, then: clarion posts confirm {rows[0]['id']}")


def _named(app: App, rows: Iterable[dict[str, Any]], id_: str, kind: Kind) -> dict[str, Any]:
    """The row of an id; where another ledger has it, that is said."""
    from clarion.errors import CampaignError

    by_id = {row["id"]: row for row in rows}
    if id_ in by_id:
        return by_id[id_]
    ledger = ledger_of(app)
    others = {"fact": ledger.facts.ids(), "call": ledger.calls.ids(), "day": ledger.days.ids()}
    for other, ids in others.items():
        if id_ in ids:
            raise CampaignError(f"“{id_}” is no {kind}: it is a {other}", f"clarion posts {other}s {id_}")
    raise shell.unknown(kind, id_, list(by_id), prefix=f"clarion posts {kind}s ")


def _show_all(app: App, rows: Iterable[dict[str, Any]], kind: Kind) -> None:
    *columns, words = _COLUMNS[kind]
    first = app.config.campaign.languages[0]
    table(
        [[*(row[name] for name in columns), _start(row[words], first)] for row in rows],
        [name.replace("_", " ") for name in (*columns, words)],
    )
    shell.say_so(f"All its words: clarion posts {kind}s ID")


def _start(wording: Mapping[str, str], first: str) -> str:
    said = wording.get(first) or next(iter(wording.values()))
    return said if len(said) <= _START else f"{said[: _START - 1].rstrip()}…"


#: What stands below the words of an entry, and how each line of it begins.
_MORE = {
    "why": "blocked because",
    "source": "source",
    "owner": "run by",
    "link": "link",
    "audience": "for",
    "date": "kept since",
    "next": "next time",
    "fact": "rests on the fact",
    "checked_on": "last read",
    "review_by": "to be read again by",
    "closes_on": "last day",
}


def _show_whole(row: Mapping[str, Any], kind: Kind) -> None:
    shell.show(f"{row['id']}: {row['state']}")
    for line in words_of(row["name"] if kind == "day" else row["wording"]):
        shell.show(line)
    for name, begins in _MORE.items():
        if value := row.get(name):
            each = value.values() if isinstance(value, dict) else (value,)
            shell.show(f"  {begins}: {', '.join(map(str, each))}")
    if row["state"] != "blocked":
        shell.show(f'  in a template: {{{{ {kind}("{row["id"]}") }}}}')
