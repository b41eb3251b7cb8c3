"""`clarion say`: a literal text, to every account."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from clarion.cli.terminal import options, shell

if TYPE_CHECKING:
    from clarion.app import App


@click.command(
    epilog=shell.example(
        'clarion say "They are not alone."',
        'clarion say "They are not alone." --card --source "NPR, 17 April 2017"',
        'clarion say "Doors open at six." --image hall.jpg --alt "The hall, seen from the street" --to town',
        "clarion say - < text.txt",
    )
)
@click.argument("text", required=False)
@click.option(
    "--file", "file", type=click.Path(dir_okay=False, path_type=Path), help="Read the text from a file."
)
@click.option(
    "--image", "images", multiple=True, type=click.Path(path_type=Path), help="A picture (up to 4)."
)
@click.option(
    "--alt",
    "alts",
    multiple=True,
    help="What the picture shows, for those who cannot see it; one per --image.",
)
@click.option(
    "--card",
    is_flag=True,
    help="Put the text on an image card too; what stands on it is its alt text.",
)
@click.option("--source", help="Where the facts come from.")
@options.languages("The language of the text (default: the campaign's first).")
@options.accounts()
@click.option(
    "--at",
    default="now",
    show_default=True,
    help='"now", "in 2 hours", "tomorrow 9:00", "2026-12-01 18:00", "next slot".',
)
@options.queueing
@click.pass_obj
def say(
    app: App,
    text: str | None,
    file: Path | None,
    images: tuple[Path, ...],
    alts: tuple[str, ...],
    source: str | None,
    languages: tuple[str, ...],
    to: tuple[str, ...],
    at: str,
    because: str | None,
    *,
    card: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Say something in your own words.

    The text goes out as it is typed, with the campaign's tags after it. A line `---` starts the next post of a
    thread. You see what each network will show and approve exactly that.
    """
    from clarion.cli.queueing import queue_up
    from clarion.composing.compose import Request

    if len(images) != len(alts):
        raise click.UsageError("every --image needs one --alt that says what the picture shows")
    if app.rehearsing:
        shell.banner_of_rehearsal()
    request = Request(
        text=_text(text, file),
        images=tuple(zip(images, alts, strict=True)),
        card=card,
        source=source,
        languages=languages or (app.config.campaign.languages[0],),
        accounts=to or None,
        because=because,
    )
    queue_up(app, request, at=at, yes=yes, as_json=as_json)


def _text(text: str | None, file: Path | None) -> str:
    """The text from where it is said to be."""
    from clarion.cli.terminal.reading import text_of

    if text is not None and file is not None:
        raise click.UsageError("both a text and --file are given: leave one of them out")
    if text is None and file is None:
        raise click.UsageError(
            'say what: clarion say "…", clarion say - to read it from a pipe, or --file FILE'
        )
    if file is None and text != "-":
        return str(text)
    return text_of(file)
