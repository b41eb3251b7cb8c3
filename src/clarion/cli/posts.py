"""`clarion posts`: the campaign's templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from clarion.cli import ledger, offering, shell
from clarion.cli.tables import table

if TYPE_CHECKING:
    from clarion.app import App
    from clarion.composing.compose import Composed
    from clarion.errors import ClarionError
    from clarion.model import Account, Finding


@click.group(
    epilog=shell.example("clarion posts list", "clarion posts show court-found", "clarion posts check")
)
def posts() -> None:
    """The templates: list, show, check."""


for _each in ledger.COMMANDS:
    posts.add_command(_each)


@posts.command("list", epilog=shell.example("clarion posts list --json"))
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def list_(app: App, *, as_json: bool) -> None:
    """List the templates."""
    from clarion.campaign import templates

    rows = [_row(app, slug) for slug in templates.names(app.folder)]
    if as_json:
        shell.show_json(rows)
        return
    table(
        [
            (row["slug"], "", "", "", f"broken: {row['broken']}")
            if row["broken"]
            else (
                row["slug"],
                ", ".join(row["languages"]),
                row["wordings"],
                "yes" if row["warning"] else "",
                row["title"],
            )
            for row in rows
        ],
        ("slug", "languages", "wordings", "warning", "title"),
    )
    if not rows:
        shell.say_so("There is no template in posts/ yet.")


def _row(app: App, slug: str) -> dict[str, Any]:
    """What a listing says of a template; of one that cannot be read, why."""
    from clarion.campaign import templates
    from clarion.errors import CampaignError

    try:
        template = templates.load(app.folder, slug)
    except CampaignError as error:
        return {"slug": slug, "broken": error.message}
    return {
        "slug": template.slug,
        "title": template.about.title,
        "languages": list(template.languages),
        "wordings": template.wordings(template.languages[0]),
        "warning": bool(template.about.warning),
        "evergreen": template.about.evergreen,
        "broken": None,
    }


@posts.command(epilog=shell.example("clarion posts show court-found"))
@click.argument("slug", shell_complete=offering.templates)
@click.option(
    "--lang",
    "languages",
    multiple=True,
    shell_complete=offering.languages,
    help="Only this language.",
)
@click.pass_obj
def show(app: App, slug: str, languages: tuple[str, ...]) -> None:
    """Show a template as it is written. As networks show it: clarion preview SLUG."""
    from clarion.campaign import templates

    template = templates.load(app.folder, slug)
    shell.show(f"{template.slug}: {template.about.title}")
    shell.show(template.about.purpose)
    for (language, _wording, _network), path in sorted(template.texts.items(), key=lambda each: str(each[1])):
        if not languages or language in languages:
            shell.show(f"\n── {path.name}")
            shell.show(path.read_text(encoding="utf-8-sig").rstrip())


@posts.command(epilog=shell.example("clarion posts check", "clarion posts check court-found --json"))
@click.argument("slugs", nargs=-1, metavar="[SLUG]...", shell_complete=offering.templates)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def check(app: App, slugs: tuple[str, ...], *, as_json: bool) -> None:
    """Check templates in every language and for every account. Exit 3 when something blocks."""
    from clarion.campaign import templates
    from clarion.campaign.facts import Facts
    from clarion.errors import CampaignError

    findings: list[tuple[str, Finding]] = []
    known = templates.names(app.folder)
    names = slugs or tuple(known)
    for slug in names:
        if slug not in known:
            templates.load(app.folder, slug)  # says that there is none, and the nearest
    Facts.load(app.folder)  # a broken ledger is no fault of any template
    accounts = app.accounts_to_preview()
    if not accounts:
        raise CampaignError("there is no account to check the templates for", "clarion accounts add NAME")
    for slug in names:
        findings += [(slug, finding) for finding in _check(app, slug, accounts)]
    if as_json:
        shell.show_json([{"slug": slug, **_plain(finding)} for slug, finding in findings])
    else:
        for slug, finding in findings:
            shell.show(f"{slug}: {finding.level}: {finding.why} ({finding.where})")
            if finding.mend:
                shell.show(f"  {finding.mend}")
        shell.say_so(f"{len(names)} templates checked, {len(findings)} findings.")
    if any(finding.level == "never" for _, finding in findings):
        shell.finish(shell.Code.BLOCKED)


def _check(app: App, slug: str, accounts: list[Account]) -> list[Finding]:
    """What the checks say of every wording, language and account of a template, each finding once."""
    from clarion.campaign import templates
    from clarion.composing.compose import NobodyTakes
    from clarion.errors import CampaignError, CheckFailed

    try:
        template = templates.load(app.folder, slug)
    except CampaignError as error:
        return [_broken(slug, error)]
    found: dict[Finding, None] = {}
    nobody: NobodyTakes | None = None
    posts = 0
    for language in template.languages:
        for wording in range(1, template.wordings(language) + 1):
            try:
                composed = _compose(app, slug, language, wording, accounts)
            except NobodyTakes as error:
                nobody = error
                continue
            except (CampaignError, CheckFailed) as error:
                found[_broken(slug, error)] = None
                continue
            posts += len(composed)
            found |= {finding: None for post in composed for finding in post.findings}
    if nobody and not posts and not found:
        found[_finding(slug, "nobody", "look", nobody)] = None
    return list(found)


def _compose(app: App, slug: str, language: str, wording: int, accounts: list[Account]) -> list[Composed]:
    from clarion.cli.queueing import zone
    from clarion.composing.compose import Request, compose

    now = app.clock.now().astimezone(zone(app))
    request = Request(slug=slug, wording=wording, languages=(language,))
    return compose(request, folder=app.folder, config=app.config, accounts=accounts, due=now, now=now)


def _broken(slug: str, error: ClarionError) -> Finding:
    """A template that cannot be read or rendered can never be posted."""
    return _finding(slug, "broken", "never", error)


def _finding(slug: str, rule: str, level: str, error: ClarionError) -> Finding:
    from clarion.model import Finding

    return Finding(rule=rule, level=level, where=f"posts/{slug}", why=error.message, mend=error.hint)


def _plain(finding: Finding) -> dict[str, str | None]:
    return {
        "rule": finding.rule,
        "level": finding.level,
        "where": finding.where,
        "why": finding.why,
        "mend": finding.mend,
    }
