"""`clarion posts check`: every template in every language and wording on every network, today or on another day."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

import click

from clarion.cli.terminal import offering, shell
from clarion.cli.terminal.tables import table
from clarion.cli.terminal.typed import DAY, SLUG

if TYPE_CHECKING:
    from clarion.app import App
    from clarion.model import Finding

#: How GitHub calls the three classes: the two that block are errors to somebody, the third is none.
_GITHUB = {"never": "error", "reason": "warning", "look": "notice"}
_BLOCKING = frozenset({"never", "reason"})


@click.command(
    epilog=shell.example(
        "clarion posts check",
        "clarion posts check court-found --json",
        "clarion posts check --today 2027-12-01",
        "clarion posts check --rules",
    )
)
@click.argument("slugs", nargs=-1, type=SLUG, metavar="[SLUG]...", shell_complete=offering.templates)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "github"]),
    default="text",
    show_default=True,
    help="For people, or as GitHub marks lines in a change.",
)
@click.option("--rules", is_flag=True, help="List the rules instead: what each is for.")
@click.option(
    "--today",
    type=DAY,
    metavar="DATE",
    help="As if today were that day, as in 2027-12-01.",
)
@click.pass_obj
def check(
    app: App, slugs: tuple[str, ...], form: str, today: date | None, *, as_json: bool, rules: bool
) -> None:
    """Check templates in every language and on every network. Exit 3 when something blocks.

    Variables take the values of [example] in post.toml.
    """
    if rules:
        _show_rules(as_json=as_json)
        return
    found = _found(app, slugs, today)
    if as_json:
        shell.show_json([{"slug": slug, **_plain(finding)} for slug, finding in found])
    elif form == "github":
        for slug, finding in found:
            shell.show(_marked(slug, finding))
    else:
        _tell(found)
    if any(finding.level in _BLOCKING for _, finding in found):
        shell.finish(shell.Code.BLOCKED)


def _found(app: App, slugs: tuple[str, ...], today: date | None) -> list[tuple[str, Finding]]:
    from clarion.campaign import templates
    from clarion.cli.queueing import zone
    from clarion.composing.everywhere import Everywhere

    known = templates.names(app.folder)
    for slug in slugs:
        if slug not in known:
            templates.load(app.folder, slug)  # says that there is none, and the nearest
    here = zone(app)
    now = app.clock.now().astimezone(here)
    if today is not None:
        now = datetime.combine(today, time(12), here)
    every = Everywhere.of(app.folder, app.config, app.accounts_to_preview(), denied=app.denied(), now=now)
    wanted = slugs or known
    found = [
        (slug, finding)
        for slug, told in shell.counted(every.findings(wanted), len(wanted), "Checking templates")
        for finding in told
    ]
    shell.say_so(f"{_counted(len(wanted), 'template')} checked, {_counted(len(found), 'finding')}.")
    if today is None:
        _say_outdated(app)
    return found


def _say_outdated(app: App) -> None:
    """What is approved with words that the ledgers have no more. A volunteer's copy of the folder has no outbox, or another."""
    from clarion.app.standing import outdated
    from clarion.errors import OutboxError

    if app.outbox_url or app.outbox_path.exists():
        with suppress(OutboxError):
            for need in outdated(app.outbox, app.folder, app.config):
                shell.say_so(f"In the queue: {need.what}. {need.hint}")


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"


def _tell(found: list[tuple[str, Finding]]) -> None:
    from clarion.review.remarks import in_words_of

    for lines in in_words_of(finding for _, finding in found):
        shell.show("\n".join(lines))


def _show_rules(*, as_json: bool) -> None:
    from clarion.campaign.checks import RULES

    if as_json:
        shell.show_json([{"rule": rule.id, "level": rule.level, "why": rule.why} for rule in RULES])
        return
    levels = {"never": "never", "reason": "with a reason", "look": "look"}
    table([(rule.id, levels[rule.level], rule.why) for rule in RULES], ("rule", "class", "why"))


def _marked(slug: str, finding: Finding) -> str:
    """A finding as GitHub Actions reads it from a log."""
    file = finding.where.partition(",")[0] if "/" in finding.where else f"posts/{slug}"
    words = finding.why + (f" {finding.mend}" if finding.mend else "")
    kind = _GITHUB[finding.level]
    return f"::{kind} file={_property(file)},title={_property(finding.rule)}::{_escaped(words)}"


def _escaped(words: str) -> str:
    return words.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(words: str) -> str:
    return _escaped(words).replace(":", "%3A").replace(",", "%2C")


def _plain(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "level": finding.level,
        "where": finding.where,
        "why": finding.why,
        "mend": finding.mend,
    }
