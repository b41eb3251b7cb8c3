"""`clarion posts confirm`, `block`, `unblock`, `fact-add`: keeping the ledgers true.

In: the campaign's three ledgers, and a person's word. Out: ledgers changed as a person would change them. A block is also
written to the outbox, for hosts whose copy of the folder is older.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from clarion.cli.posts.ledger import ledger_of, today_of, words_of
from clarion.cli.terminal import offering, shell
from clarion.cli.terminal.typed import DAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from tomlkit import TOMLDocument

    from clarion.app import App
    from clarion.campaign.ledgers.calls import Call
    from clarion.campaign.ledgers.days import Day
    from clarion.campaign.ledgers.facts import Fact
    from clarion.campaign.ledgers.ledger import Ledger
    from clarion.campaign.ledgers.lookup import Kind

_kind = click.option(
    "--kind", type=click.Choice(["fact", "call", "day"]), help="Where two ledgers have the same id."
)
_id = click.argument("id_", metavar="ID", shell_complete=offering.ledger)


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
    today = today_of(app)
    on = on or today
    if on > today:
        raise _wrong(
            f"--on {on} is still to come; today is {today}",
            f"the day on which you read it: clarion posts confirm {id_} --on {today}",
        )
    ledger = ledger_of(app)
    kind = _kind_of(ledger, id_, kind, "clarion posts confirm {id} --kind {kind}", among=("fact", "call"))
    entry = _entry(ledger, kind, id_)
    if entry.status == "blocked":
        raise _wrong(
            f"the {kind} {id_} is blocked, so there is nothing to confirm: {entry.why}",
            f'may it be said again? clarion posts unblock {id_} --why "…"' if entry.was else None,
        )
    review_by = _next_review(ledger, kind, id_, on, review_by)

    def change(row: Any) -> None:
        row["checked_on"] = on
        if review_by:
            row["review_by"] = review_by

    _rewrite(app, kind, id_, change)
    again = f", to be read again by {review_by}" if review_by else ""
    shell.show(f"{kind} {id_}: checked on {on}{again}")
    shell.say_so("What you confirmed:")
    _say_words(entry)


@click.command(epilog=shell.example('clarion posts block detained --why "its source took it back"'))
@_id
@click.option("--why", help="Why it must not be said; everybody who meets it is told.")
@_kind
@click.pass_obj
def block(app: App, *, id_: str, why: str | None, kind: Kind | None) -> None:
    """Let a fact, a call or a day no longer be said: in no template, and in nothing that is queued.

    Posts in the queue that used it wait for people at once, on every host that uses this outbox. A fact takes with it
    the days that rest on it.
    """
    ledger = ledger_of(app)
    kind = _kind_of(ledger, id_, kind, 'clarion posts block {id} --kind {kind} --why "…"')
    entry = _entry(ledger, kind, id_)
    if entry.status == "blocked" and not entry.was:
        raise _wrong(f"the {kind} {id_} is never said as it is: {entry.why}")
    why = _reason(
        why,
        "Why must it no longer be said?",
        f'clarion posts block {id_} --why "…"',
    )

    def change(row: Any) -> None:
        if entry.status != "blocked":
            row["status"] = "blocked"
            row["was"] = entry.status
        row["why"] = why

    _rewrite(app, kind, id_, change)
    days = _days_on(ledger, kind, id_)
    shell.show(f"{kind} {id_} is blocked: {why}")
    if days:
        shell.show(f"Blocked with it: {', '.join(f'day {day}' for day in days)}")
    if not _has_outbox(app):
        shell.say_so(
            "There is no outbox on this machine: other hosts learn of it when this folder reaches them."
        )
        return
    _hold(app, kind, id_, days, why)


@click.command(
    epilog=shell.example('clarion posts unblock detained --why "I read the source again: it stands by it"')
)
@_id
@click.option("--why", help="Why it may be said again; it is written down.")
@_kind
@click.pass_obj
def unblock(app: App, *, id_: str, why: str | None, kind: Kind | None) -> None:
    """Take back what `posts block` did: it is what it was before. What the block held waits until somebody approves it.

    What the campaign's rules never let be said is not unblocked.
    """
    ledger = ledger_of(app)
    kind = _kind_of(ledger, id_, kind, 'clarion posts unblock {id} --kind {kind} --why "…"', state="blocked")
    entry = _entry(ledger, kind, id_)
    if entry.status == "blocked" and not entry.was:
        raise _wrong(
            f"the {kind} {id_} is never said, so it cannot be unblocked: {entry.why}",
            f"it is a rule of the campaign in posts/{kind}s.toml: only who edits that file changes it",
        )
    if entry.status != "blocked" and not _held_by_the_outbox(app, kind, id_):
        raise _wrong(f"the {kind} {id_} is not blocked", f"how it stands: clarion posts {kind}s {id_}")
    why = _reason(
        why,
        "Why may it be said again?",
        f'clarion posts unblock {id_} --why "…"',
        proper=_weighed,
    )

    def change(row: Any) -> None:
        if entry.was:
            row["status"] = entry.was
            row.pop("was")
            row.pop("why", None)

    _rewrite(app, kind, id_, change)
    if _has_outbox(app):
        _release(app, kind, id_, _days_on(ledger, kind, id_), why)
    shell.show(f"{kind} {id_} may be said again: {why}")
    _say_words(entry)


@click.command("fact-add", epilog=shell.example("clarion posts fact-add"))
@click.pass_obj
def fact_add(app: App) -> None:
    """Add a fact to the ledger, by questions."""
    from clarion.campaign.editing import lengthened_ledger
    from clarion.cli.posts.asking import new_fact

    if not shell.interactive():
        raise _wrong(
            "fact-add asks questions, and nobody is there to answer",
            "write [facts.ID] into posts/facts.toml, then: clarion posts check",
        )
    asked = new_fact(app.config.campaign.languages, known=ledger_of(app).facts.ids(), today=today_of(app))
    if asked is None:
        shell.say_so("Nothing was added.")
        return
    id_, fact = asked
    _write(app, "fact", lengthened_ledger(app.folder, "fact", id_, fact))
    shell.show(f'Added to posts/facts.toml. In a template: {{{{ fact("{id_}") }}}}')


#: What the group takes from here.
COMMANDS = (confirm, block, unblock, fact_add)


# ── the outbox ────────────────────────────────────────────────────────────────────────────────────────────────


def _has_outbox(app: App) -> bool:
    return bool(app.outbox_url) or app.outbox_path.exists()


def _held_by_the_outbox(app: App, kind: Kind, id_: str) -> bool:
    """Whether a block stands that this folder, older or newer than another host's, does not have."""
    from clarion.outbox import blocks

    if not _has_outbox(app):
        return False
    with app.outbox.read() as tx:
        return any((each.kind, each.id) == (kind, id_) for each in blocks.standing(tx))


def _hold(app: App, kind: Kind, id_: str, days: Iterable[str], why: str) -> None:
    """Let what is queued wait for people, and say which."""
    from clarion.accounts.me import who
    from clarion.outbox import blocks

    if app.rehearsing:
        shell.banner_of_rehearsal()
    with app.outbox.write() as tx:
        held = blocks.block(tx, kind, id_, why=why, who=who())
        for day in days:
            held += blocks.block(tx, "day", day, why=f'its fact "{id_}" is blocked: {why}', who=who())
    if held := sorted(set(held)):
        numbers = ", ".join(f"#{number}" for number in held[:20]) + (" …" if len(held) > 20 else "")
        shell.show(f"No longer scheduled, because it used this: {numbers}")
        shell.say_so(f"To take one back: clarion queue cancel {held[0]}")


def _release(app: App, kind: Kind, id_: str, days: Iterable[str], why: str) -> None:
    from clarion.accounts.me import who
    from clarion.outbox import blocks

    with app.outbox.write() as tx:
        blocks.unblock(tx, kind, id_, who=who(), why=why)
        for day in days:
            blocks.unblock(tx, "day", day, who=who(), why=why)


# ── below ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _wrong(message: str, hint: str | None = None) -> Exception:
    from clarion.errors import CampaignError

    return CampaignError(message, hint)


def _entry(ledger: Ledger, kind: Kind, id_: str) -> Fact | Call | Day:
    entries: dict[Kind, list[tuple[str, Any]]] = {
        "fact": ledger.facts.items(),
        "call": ledger.calls.items(),
        "day": ledger.days.items(),
    }
    found: Fact | Call | Day = dict(entries[kind])[id_]
    return found


def _say_words(entry: Fact | Call | Day) -> None:
    wording: dict[str, str] = getattr(entry, "wording", None) or getattr(entry, "name", {})
    for line in words_of(wording):
        shell.say_so(line)


def _days_on(ledger: Ledger, kind: Kind, id_: str) -> list[str]:
    """The days that rest on a fact, and may still be named themselves."""
    return [
        day
        for day, each in ledger.days.items()
        if kind == "fact" and each.fact == id_ and each.status == "ok"
    ]


def _one_line(why: str) -> str:
    said = " ".join(why.split())
    if not any(map(str.isalpha, said)):
        raise _wrong("a reason is said in words")
    return said


def _weighed(why: str) -> str:
    """A reason for taking back somebody's warning: more than a word."""
    from clarion.composing.reasons import proper

    return proper(why, like="I read the source again: it stands by it")


def _reason(why: str | None, question: str, command: str, *, proper: Callable[[str], str] = _one_line) -> str:
    """The reason as given, or as somebody at the terminal says it now. CampaignError, with the command, where none is."""
    from clarion.errors import CampaignError

    if why is None and shell.interactive():
        return shell.ask(question, proper)
    try:
        return proper(why or "")
    except CampaignError as error:
        message = error.message if why and why.strip() else "--why is missing: say why, in a few words"
        raise CampaignError(message, command) from error


def _kind_of(
    ledger: Ledger,
    id_: str,
    kind: Kind | None,
    command: str,
    *,
    among: tuple[Kind, ...] = ("fact", "call", "day"),
    state: str | None = None,
) -> Kind:
    """The ledger that has an id. A fact goes before the day that rests on it, because it takes the day with it.

    `command`: what to type where nobody can tell, with {id} and {kind}. `state`: the one that alone is meant, if any.
    """
    ids = {"fact": ledger.facts.ids(), "call": ledger.calls.ids(), "day": ledger.days.ids()}
    asked: tuple[Kind, ...] = tuple(each for each in among if kind in (None, each))
    having = [each for each in asked if id_ in ids[each]]
    if not having:
        raise shell.unknown(kind or " or ".join(among), id_, [known for each in asked for known in ids[each]])
    if len(having) > 1 and state:
        having = [each for each in having if _entry(ledger, each, id_).status == state] or having
    if "fact" in having and "day" in having and id_ in _days_on(ledger, "fact", id_):
        having.remove("day")
    if len(having) > 1:
        commands = " or: ".join(command.format(id=id_, kind=each) for each in having)
        raise _wrong(f"“{id_}” is a {' and a '.join(having)}: say which", commands)
    return having[0]


def _next_review(ledger: Ledger, kind: Kind, id_: str, on: date, review_by: date | None) -> date | None:
    """When it is to be read again: as asked, else after as long as it was to be good for the last time."""
    if kind == "call":
        if review_by:
            raise _wrong(
                "a call has no review_by", f"its last day is closes_on of [calls.{id_}] in posts/calls.toml"
            )
        return None
    fact = dict(ledger.facts.items())[id_]
    if review_by is None and fact.review_by is not None:
        review_by = on + max(fact.review_by - fact.checked_on, timedelta(days=1))
    if review_by and review_by <= on:
        raise _wrong(
            f"--review-by {review_by} is not after {on}, the day on which it was read",
            f"in half a year: clarion posts confirm {id_} --review-by {on + timedelta(days=182)}",
        )
    return review_by


def _rewrite(app: App, kind: Kind, id_: str, change: Callable[[Any], None]) -> None:
    from clarion.campaign.editing import edited_ledger

    def in_place(document: TOMLDocument) -> None:
        entries: Any = document[f"{kind}s"]
        change(entries[id_])

    _write(app, kind, edited_ledger(app.folder, kind, in_place))


def _write(app: App, kind: Kind, text: str | None) -> None:
    from clarion.accounts.files import write_whole
    from clarion.campaign.ledgers.lookup import file_of

    if text is not None:
        write_whole(app.folder / file_of(kind), text.encode())
