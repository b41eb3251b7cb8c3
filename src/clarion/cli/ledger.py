"""`clarion posts facts`, `calls`, `days`: what may be said; `confirm`, `block`, `unblock`, `fact-add`: keeping it true.

In: the campaign's three ledgers. Out: listings, and ledgers changed as a person would change them. A block is also
written to the outbox, for hosts whose copy of the folder is older.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from clarion.cli import offering, shell
from clarion.cli.tables import table
from clarion.cli.typed import DAY

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from click.decorators import FC
    from tomlkit import TOMLDocument

    from clarion.app import App
    from clarion.campaign.calls import Call
    from clarion.campaign.days import Day
    from clarion.campaign.facts import Fact
    from clarion.campaign.ledger import Ledger
    from clarion.campaign.lookup import Kind

#: What is to be read again within so many days is due.
SOON = timedelta(days=30)

_OF_NO_CONCERN = ("ok", "history", "blocked")


def _listing(command: FC) -> FC:
    """What the three listings share."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="As JSON."),
        click.option(
            "--today", type=DAY, metavar="DATE", help="As if this were the day: --today 2027-11-01."
        ),
        click.argument("which", metavar="[due]", required=False, type=click.Choice(["due"])),
    ):
        command = option(command)
    return command


_kind = click.option(
    "--kind", type=click.Choice(["fact", "call", "day"]), help="Where two ledgers have the same id."
)
_id = click.argument("id_", metavar="ID", shell_complete=offering.ledger)


@click.command(epilog=shell.example("clarion posts facts", "clarion posts facts due"))
@_listing
@click.pass_obj
def facts(app: App, *, which: str | None, today: date | None, as_json: bool) -> None:
    """List the facts that may be claimed. `due`: those whose source is to be read again."""
    day = today or _today(app)
    rows = [_fact_row(id_, fact, day) for id_, fact in _ledger(app).facts.items()]
    _show(rows, which, "fact", as_json=as_json)


@click.command(epilog=shell.example("clarion posts calls", "clarion posts calls due"))
@_listing
@click.pass_obj
def calls(app: App, *, which: str | None, today: date | None, as_json: bool) -> None:
    """List what people are asked to do. `due`: what closes, has closed, or is to be looked at again."""
    day = today or _today(app)
    rows = [_call_row(id_, call, day) for id_, call in _ledger(app).calls.items()]
    _show(rows, which, "call", as_json=as_json)


@click.command(epilog=shell.example("clarion posts days", "clarion posts days due"))
@_listing
@click.pass_obj
def days(app: App, *, which: str | None, today: date | None, as_json: bool) -> None:
    """List the days that are kept. `due`: those that rest on a fact whose source is to be read again."""
    day, ledger = today or _today(app), _ledger(app)
    states = {id_: _fact_row(id_, fact, day)["state"] for id_, fact in ledger.facts.items()}
    rows = [_day_row(id_, each, day, states) for id_, each in ledger.days.items()]
    _show(rows, which, "day", as_json=as_json)


@click.command(epilog=shell.example("clarion posts confirm detained --on 2026-11-21"))
@_id
@click.option(
    "--on", "on", type=DAY, metavar="DATE", help="When you read the source or the page (default: today)."
)
@click.option("--review-by", type=DAY, metavar="DATE", help="When to read it again (default: as long again).")
@_kind
@click.pass_obj
def confirm(app: App, *, id_: str, on: date | None, review_by: date | None, kind: Kind | None) -> None:
    """Note that you read a fact's source, or a call's page, and that the wording still holds.

    Queued posts and their approvals stay as they are.
    """
    from clarion.errors import CampaignError

    today = _today(app)
    on = on or today
    if on > today:
        raise click.UsageError(f"--on takes a day that has come; today is {today}")
    ledger = _ledger(app)
    kind = _kind_of(ledger, id_, kind, among=("fact", "call"))
    if kind == "call":
        if review_by:
            raise CampaignError(
                "a call has no review_by", f"its last day is closes_on of [calls.{id_}] in posts/calls.toml"
            )
    else:
        review_by = review_by or _as_long_again(dict(ledger.facts.items())[id_], on)
    if review_by and review_by <= on:
        raise click.UsageError("--review-by takes a day after the one on which it was read")

    def change(entry: Any) -> None:
        entry["checked_on"] = on
        if review_by:
            entry["review_by"] = review_by

    _rewrite(app, kind, id_, change)
    again = f", to be read again by {review_by}" if review_by else ""
    shell.show(f"{kind} {id_}: checked on {on}{again}")


@click.command(epilog=shell.example('clarion posts block detained --why "its source took it back"'))
@_id
@click.option("--why", required=True, help="Why it must not be said; everybody who meets it is told.")
@_kind
@click.pass_obj
def block(app: App, *, id_: str, why: str, kind: Kind | None) -> None:
    """Let a fact, a call or a day no longer be said: in no template, and in nothing that is queued.

    Posts in the queue that used it wait for people at once, on every host that uses this outbox.
    """
    from clarion.accounts.me import who
    from clarion.outbox import blocks

    ledger = _ledger(app)
    kind = _kind_of(ledger, id_, kind)
    why = _reason(why)

    def change(entry: Any) -> None:
        entry["status"] = "blocked"
        entry["why"] = why

    _rewrite(app, kind, id_, change)
    shell.show(f"{kind} {id_} is blocked: {why}")
    if not _has_outbox(app):
        shell.say_so(
            "There is no outbox on this machine: other hosts learn of it when this folder reaches them."
        )
        return
    if app.rehearsing:
        shell.banner_of_rehearsal()
    with app.outbox.write() as tx:
        held = blocks.block(tx, kind, id_, why=why, who=who())
        for day in _days_on(ledger, kind, id_):
            held += blocks.block(tx, "day", day, why=f'its fact "{id_}" is blocked: {why}', who=who())
    if held := sorted(set(held)):
        numbers = ", ".join(f"#{number}" for number in held[:20]) + (" …" if len(held) > 20 else "")
        shell.show(f"No longer scheduled, because it used this: {numbers}")
        shell.say_so(f"To take one back: clarion queue cancel {held[0]}")


@click.command(epilog=shell.example("clarion posts unblock detained"))
@_id
@click.option(
    "--as", "status", type=click.Choice(["ok", "history"]), default="ok", help="What it is from now on."
)
@_kind
@click.pass_obj
def unblock(app: App, *, id_: str, status: str, kind: Kind | None) -> None:
    """Let what was blocked be said again. What the block held waits until somebody approves it."""
    from clarion.accounts.me import who
    from clarion.outbox import blocks

    ledger = _ledger(app)
    kind = _kind_of(ledger, id_, kind)
    if status == "history" and kind != "fact":
        raise click.UsageError("only a fact can be history")

    def change(entry: Any) -> None:
        entry["status"] = status
        entry.pop("why", None)

    _rewrite(app, kind, id_, change)
    if _has_outbox(app):
        with app.outbox.write() as tx:
            blocks.unblock(tx, kind, id_, who=who())
            for day in _days_on(ledger, kind, id_):
                blocks.unblock(tx, "day", day, who=who())
    shell.show(f"{kind} {id_} may be said again")


@click.command("fact-add", epilog=shell.example("clarion posts fact-add"))
@click.pass_obj
def fact_add(app: App) -> None:
    """Add a fact to the ledger, by questions."""
    from clarion.campaign.editing import lengthened_ledger
    from clarion.cli.asking import new_fact
    from clarion.errors import CampaignError

    if not shell.interactive():
        raise CampaignError(
            "fact-add asks questions, and nobody is there to answer",
            "write [facts.ID] into posts/facts.toml, then: clarion posts check",
        )
    id_, fact = new_fact(app.config.campaign.languages, known=_ledger(app).facts.ids(), today=_today(app))
    _write(app, "fact", lengthened_ledger(app.folder, "fact", id_, fact))
    shell.show(f'Added to posts/facts.toml. In a template: {{{{ fact("{id_}") }}}}')


#: What the group takes from here.
COMMANDS = (facts, calls, days, confirm, block, unblock, fact_add)


# ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _fact_row(id_: str, fact: Fact, today: date) -> dict[str, Any]:
    state: str = fact.status
    if state != "blocked" and fact.review_by:
        if fact.lapsed(today):
            state = "too old to use"
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


_COLUMNS = {
    "fact": ("id", "state", "checked_on", "review_by", "source"),
    "call": ("id", "state", "checked_on", "closes_on", "audience", "owner"),
    "day": ("id", "state", "date", "next", "fact"),
}


def _show(rows: list[dict[str, Any]], which: str | None, kind: Kind, *, as_json: bool) -> None:
    if which == "due":
        rows = [row for row in rows if row["state"] not in _OF_NO_CONCERN]
    if as_json:
        shell.show_json(rows)
        return
    if not rows:
        shell.say_so(
            "Nothing is due." if which == "due" else f"There is no {kind} in posts/{kind}s.toml yet."
        )
        return
    columns = _COLUMNS[kind]
    table(
        [[row[name] for name in columns] for row in rows],
        [name.replace("_", " ") for name in columns],
    )
    if which == "due" and kind != "day":
        shell.say_so(f"Read it again, then: clarion posts confirm {rows[0]['id']}")


# ── below ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _today(app: App) -> date:
    from clarion.cli.queueing import zone

    return app.clock.now().astimezone(zone(app)).date()


def _ledger(app: App) -> Ledger:
    from clarion.campaign.ledger import Ledger

    return Ledger.load(app.folder)


def _days_on(ledger: Ledger, kind: Kind, id_: str) -> list[str]:
    """The days that rest on a fact, and may still be named themselves."""
    return [
        day
        for day, each in ledger.days.items()
        if kind == "fact" and each.fact == id_ and each.status == "ok"
    ]


def _has_outbox(app: App) -> bool:
    return bool(app.outbox_url) or app.outbox_path.exists()


def _reason(why: str) -> str:
    said = " ".join(why.split())
    if not said:
        raise click.UsageError("--why takes a reason, in a few words")
    return said


def _kind_of(
    ledger: Ledger, id_: str, kind: Kind | None, *, among: tuple[Kind, ...] = ("fact", "call", "day")
) -> Kind:
    """The ledger that has an id."""
    from clarion.errors import CampaignError

    ids = {"fact": ledger.facts.ids(), "call": ledger.calls.ids(), "day": ledger.days.ids()}
    asked: tuple[Kind, ...] = tuple(each for each in among if kind in (None, each))
    having = [each for each in asked if id_ in ids[each]]
    if len(having) > 1:
        raise CampaignError(
            f'"{id_}" is a {" and a ".join(having)}', f"say which: --kind {' or --kind '.join(having)}"
        )
    if not having:
        raise shell.unknown(kind or " or ".join(among), id_, [known for each in asked for known in ids[each]])
    return having[0]


def _as_long_again(fact: Fact, on: date) -> date | None:
    """When to read it again: after as long as it was to be good for the last time."""
    if fact.review_by is None:
        return None
    return on + max(fact.review_by - fact.checked_on, timedelta(days=1))


def _rewrite(app: App, kind: Kind, id_: str, change: Callable[[Any], None]) -> None:
    from clarion.campaign.editing import edited_ledger

    def in_place(document: TOMLDocument) -> None:
        entries: Any = document[f"{kind}s"]
        change(entries[id_])

    _write(app, kind, edited_ledger(app.folder, kind, in_place))


def _write(app: App, kind: Kind, text: str | None) -> None:
    from clarion.accounts.files import write_whole
    from clarion.campaign.lookup import file_of

    if text is not None:
        write_whole(app.folder / file_of(kind), text.encode())
