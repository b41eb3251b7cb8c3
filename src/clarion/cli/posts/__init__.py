"""`clarion posts`: the campaign's templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from clarion.cli.posts import keeping, ledger, writing
from clarion.cli.posts.check import check
from clarion.cli.terminal import offering, shell
from clarion.cli.terminal.tables import table
from clarion.cli.terminal.typed import SLUG

if TYPE_CHECKING:
    from clarion.app import App


@click.group(epilog=shell.example("clarion posts list", "clarion posts new our-vigil", "clarion posts check"))
def posts() -> None:
    """The templates: list, write, check; and the ledgers they print from."""


for _each in (*ledger.COMMANDS, *keeping.COMMANDS, *writing.COMMANDS):
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
@click.argument("slug", type=SLUG, shell_complete=offering.templates)
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


posts.add_command(check)
