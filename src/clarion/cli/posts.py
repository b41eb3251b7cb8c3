"""`clarion posts`: the campaign's templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from clarion.cli import shell

if TYPE_CHECKING:
    from clarion.app import App
    from clarion.model import Finding


@click.group(
    epilog=shell.example("clarion posts list", "clarion posts show court-found", "clarion posts check")
)
def posts() -> None:
    """The templates: list, show, check."""


@posts.command("list", epilog=shell.example("clarion posts list --json"))
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def list_(app: App, *, as_json: bool) -> None:
    """List the templates."""
    from clarion.campaign import templates

    found = [templates.load(app.folder, slug) for slug in templates.names(app.folder)]
    rows = [
        {
            "slug": template.slug,
            "title": template.about.title,
            "languages": list(template.languages),
            "wordings": template.wordings(template.languages[0]),
            "warning": bool(template.about.warning),
            "evergreen": template.about.evergreen,
        }
        for template in found
    ]
    if as_json:
        shell.show_json(rows)
        return
    shell.table(
        [
            (r["slug"], ", ".join(t.languages), r["wordings"], "yes" if r["warning"] else "", r["title"])
            for r, t in zip(rows, found, strict=True)
        ],
        ("slug", "languages", "wordings", "warning", "title"),
    )
    if not rows:
        shell.say_so("There is no template in posts/ yet.")


@posts.command(epilog=shell.example("clarion posts show court-found"))
@click.argument("slug")
@click.option("--lang", "languages", multiple=True, help="Only this language.")
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
@click.argument("slugs", nargs=-1, metavar="[SLUG]...")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def check(app: App, slugs: tuple[str, ...], *, as_json: bool) -> None:
    """Check templates in every language and for every account. Exit 3 when something blocks."""
    from clarion.campaign import templates

    findings: list[tuple[str, Finding]] = []
    names = slugs or tuple(templates.names(app.folder))
    for slug in names:
        findings += [(slug, finding) for finding in _check(app, slug)]
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


def _check(app: App, slug: str) -> list[Finding]:
    """What the checks say of every wording, language and account of a template, each finding once."""
    from clarion.campaign import templates
    from clarion.cli.queueing import zone
    from clarion.composing.compose import Request, compose

    now = app.clock.now().astimezone(zone(app))
    template = templates.load(app.folder, slug)
    wordings = max(template.wordings(language) for language in template.languages)
    found: dict[Finding, None] = {}
    for wording in range(1, wordings + 1):
        request = Request(slug=slug, wording=wording)
        composed = compose(
            request,
            folder=app.folder,
            config=app.config,
            accounts=app.accounts_to_preview(),
            due=now,
            now=now,
        )
        found |= {finding: None for post in composed for finding in post.findings}
    return list(found)


def _plain(finding: Finding) -> dict[str, str | None]:
    return {
        "rule": finding.rule,
        "level": finding.level,
        "where": finding.where,
        "why": finding.why,
        "mend": finding.mend,
    }
