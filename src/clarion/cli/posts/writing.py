"""`clarion posts new` and `clarion posts edit`: a template begun, and written until nothing blocks it.

In: a name, and what the person's editor leaves in the files. Out: files of the campaign folder, previews, and what the
checks say. What was typed is never thrown away: the editor writes the template's own files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import click

from clarion.cli.terminal import offering, options, shell
from clarion.cli.terminal.drawing import drawn
from clarion.cli.terminal.typed import SLUG

if TYPE_CHECKING:
    from pathlib import Path

    from clarion.app import App
    from clarion.model import Finding


@click.command(
    epilog=shell.example("clarion posts new our-vigil", "clarion posts new our-vigil --like rally")
)
@click.argument("slug")
@click.option(
    "--like",
    type=SLUG,
    metavar="SLUG",
    shell_complete=offering.templates,
    help="Begin with all this one has.",
)
@options.languages("In this language (default: all of the campaign).")
@click.pass_obj
def new(app: App, *, slug: str, like: str | None, languages: tuple[str, ...]) -> None:
    """Begin a post: a folder with post.toml and a text per language. Nothing that is there is changed."""
    from clarion.campaign import drafting, proper

    if like and languages:
        raise click.UsageError("--like brings the other's languages: leave --lang out")
    if like:
        made = drafting.begin_like(app.folder, slug, like)
    else:
        written = [
            proper.language(each) for each in dict.fromkeys(languages or app.config.campaign.languages)
        ]
        made = drafting.begin(app.folder, slug, written)
    for path in sorted(made.iterdir()):
        shell.show(f"posts/{slug}/{path.name}")
    shell.say_so("Next:")
    shell.say_so(f"  clarion posts edit {slug} --about   what it is: purpose, source, warning")
    shell.say_so(f"  clarion posts edit {slug}           the text; then you see each network's preview")


@click.command(
    epilog=shell.example(
        "clarion posts edit our-vigil",
        "clarion posts edit our-vigil --lang ru",
        "EDITOR=nano clarion posts edit our-vigil --about",
    )
)
@click.argument("slug", type=SLUG, shell_complete=offering.templates)
@options.languages("Only the text in this language (default: all of them, one after another).")
@options.wording
@click.option("--about", is_flag=True, help="Edit post.toml.")
@click.pass_obj
def edit(app: App, *, slug: str, languages: tuple[str, ...], wording: int, about: bool) -> None:
    """Write a template in your editor ($EDITOR), see it checked and previewed, and again until nothing blocks it.

    What you type is kept, also when you give up.
    """
    _require_terminal(slug)
    if about:
        _edit_about(app, slug)
        return
    languages = _begun(app, slug, languages)
    while True:
        files = _files(app, slug, languages, wording)
        for path in files:
            _open(path, slug)
        findings = _look(app, slug, languages, wording)
        if findings is not None and not any(finding.level == "never" for finding in findings):
            _say_next(slug, findings)
            return
        if not shell.confirm("It cannot be queued like this. Edit it again?", yes=False):
            _give_up(slug, files)


#: What the group takes from here.
COMMANDS = (new, edit)


def _begun(app: App, slug: str, languages: tuple[str, ...]) -> tuple[str, ...]:
    """The languages asked; one that the post is not written in is begun, if somebody says so."""
    from clarion.campaign import drafting, proper, templates
    from clarion.errors import CampaignError

    try:
        written = templates.load(app.folder, slug).languages
    except CampaignError:
        return languages  # said where it is opened
    asked = tuple(proper.language(each) for each in languages)
    for language in asked:
        if language not in written and shell.confirm(
            f"posts/{slug} is not written in {language}. Begin it?", yes=False
        ):
            drafting.begin_language(app.folder, slug, language)
    return asked


def _edit_about(app: App, slug: str) -> None:
    """Write post.toml until it can be read. Of the texts nothing is asked: they may not be written yet."""
    from clarion.campaign import templates
    from clarion.errors import CampaignError

    home = app.folder / templates.FOLDER / slug / templates.ABOUT
    if not home.is_file():
        templates.load(app.folder, slug)  # says that there is none, and the nearest
    while True:
        _open(home, slug)
        try:
            templates.load(app.folder, slug)
        except CampaignError as error:
            shell.complain(error.message, error.hint)
        else:
            shell.say_so(f"Next: clarion posts edit {slug}")
            return
        if not shell.confirm("It cannot be read like this. Edit it again?", yes=False):
            _give_up(slug, [home], " --about")


def _give_up(slug: str, files: list[Path], option: str = "") -> NoReturn:
    kept = ", ".join(f"posts/{slug}/{path.name}" for path in files)
    shell.say_so(f"What you typed is kept: {kept}. To go on: clarion posts edit {slug}{option}")
    shell.finish(shell.Code.BLOCKED)


def _require_terminal(slug: str) -> None:
    from clarion.errors import CampaignError

    if not shell.interactive():
        raise CampaignError(
            "an editor needs a terminal",
            f"change the files in posts/{slug} with any program, then: clarion posts check {slug}",
        )


def _files(app: App, slug: str, languages: tuple[str, ...], wording: int) -> list[Path]:
    """What to open; of a template that cannot be read, post.toml, because that is where most of it goes wrong."""
    from clarion.campaign import templates
    from clarion.errors import CampaignError

    home = app.folder / templates.FOLDER / slug / templates.ABOUT
    try:
        template = templates.load(app.folder, slug)
    except CampaignError as error:
        if not home.is_file():
            raise
        shell.complain(error.message, error.hint)
        return [home]
    asked = languages or template.languages
    found = [
        path
        for (language, number, _network), path in template.texts.items()
        if language in asked and number == wording
    ]
    if not found:
        template.text(asked[0], template.about.networks[0], wording)  # says that there is none
    return found


def _open(path: Path, slug: str) -> None:
    from clarion.errors import CampaignError

    try:
        click.edit(filename=path)
    except (click.ClickException, ValueError) as error:
        raise CampaignError(
            f"your editor did not work for posts/{slug}/{path.name}",
            f"name another: EDITOR=nano clarion posts edit {slug}",
        ) from error


def _look(app: App, slug: str, languages: tuple[str, ...], wording: int) -> list[Finding] | None:
    """Show each network's preview; what the checks say, or None where there is nothing to show, and why is said."""
    from clarion.campaign import templates
    from clarion.cli.preview import of_template
    from clarion.cli.queueing import left_out
    from clarion.composing.compose import Request
    from clarion.errors import ClarionError

    try:
        template = templates.load(app.folder, slug)
        asked = languages or tuple(
            language for language in template.languages if wording <= template.wordings(language)
        )
        request = Request(slug=slug, variables=template.about.example, wording=wording, languages=asked)
        previews = of_template(app, request)
    except ClarionError as error:
        shell.complain(error.message, error.hint)
        return None
    shell.show(drawn(previews))
    for line in left_out(app, request, ()):
        shell.say_so(line)
    return [finding for preview in previews for finding in preview.findings]


def _say_next(slug: str, findings: list[Finding]) -> None:
    if any(finding.level == "reason" for finding in findings):
        shell.say_so(f'Next, with your reason: clarion queue add {slug} --because "…"')
    else:
        shell.say_so(f"Nothing blocks it. Next: clarion queue add {slug}")
