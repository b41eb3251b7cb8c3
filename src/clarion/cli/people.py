"""`clarion people`: names that must never be posted. They are typed at a prompt or read from a file, never an argument."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from clarion.cli.terminal import shell

if TYPE_CHECKING:
    from clarion.app import App
    from clarion.campaign.denied import Denied


@click.group(epilog=shell.example("clarion people deny", "clarion people denied"))
def people() -> None:
    """People who would be in danger: names that are never posted."""


@people.command(
    epilog=shell.example(
        "clarion people deny", "clarion people deny --file names.txt", "clarion people deny --file -"
    )
)
@click.option(
    "--file",
    "file",
    type=click.Path(dir_okay=False, path_type=Path, allow_dash=True),
    help="Read the names from a file (from a pipe: -), one on a line.",
)
@click.option("--anew", is_flag=True, help="Begin a new list: the old one is forgotten.")
@click.pass_obj
def deny(app: App, file: Path | None, *, anew: bool) -> None:
    """Add names that must never be posted, asked for one by one and not shown.

    Kept on this machine only, as keyed hashes that cannot be read back. Every Russian case and both alphabets are found.

    A name of several words is refused where all of them stand together, in any order; a surname of it alone is only
    pointed out. To refuse the surname alone, too, give it as a name of its own.
    """
    from clarion.app.denied import deny as keep

    if anew and not shell.confirm("Forget the old list?", yes=file is not None):
        shell.say_so("Nothing was changed.")
        return
    names, left = _typed() if file is None else (_read(file), False)
    kept = keep(app.state, names, anew=anew)
    shell.show(f"{len(kept)} name{'' if len(kept) == 1 else 's'} will never be posted from this machine.")
    if any(" " in name for name in names):
        shell.say_so(
            "A surname alone is pointed out, not refused: to refuse it, too, give it as a name of its own."
        )
    _hold(app, kept)
    if left:
        raise click.Abort
    if file is not None and str(file) != "-":
        shell.say_so(f"The names still stand in {file}: delete it when you no longer need it.")


@people.command(epilog=shell.example("clarion people denied"))
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def denied(app: App, *, as_json: bool) -> None:
    """How many names are on the list. Which, nobody can read."""
    count = len(app.denied())
    if as_json:
        shell.show_json({"names": count})
    else:
        shell.show(f"{count} name{'' if count == 1 else 's'} will never be posted from this machine.")


def _hold(app: App, kept: Denied) -> None:
    """What is queued already and names one of them goes no further."""
    from clarion.composing.entries import hold_named
    from clarion.errors import OutboxError

    try:
        held = hold_named(app.outbox, kept, who=app.who())
    except OutboxError as error:  # the list is kept all the same
        shell.say_so(f"What is queued was not looked through: {error.message}")
        return
    for number in held:
        shell.show(f"#{number} has one of these names and will not go out: clarion queue cancel {number}")


def _typed() -> tuple[list[str], bool]:
    """The names somebody types, one by one, unseen, until an empty answer; and whether they left by Ctrl-C or Ctrl-D.

    Those typed before that are kept: nobody could see any more which they were.
    """
    from clarion.errors import CampaignError

    if not shell.interactive():
        raise CampaignError("nobody is at the keyboard to type a name", "clarion people deny --file -")
    names: list[str] = []
    left = False
    try:
        while name := _name():
            names.append(name)
    except click.Abort:
        if not names:
            raise
        left = True
        shell.say_so("\nWhat you typed before is kept.")
    if not names:
        raise CampaignError("no name was given", "clarion people deny")
    return names, left


def _name() -> str:
    typed = click.prompt(
        "A name, in full, or a surname to refuse it alone (not shown; Enter ends the list)",
        default="",
        show_default=False,
        hide_input=True,
        err=True,
    )
    return str(typed).strip()


def _read(file: Path) -> list[str]:
    from clarion.campaign.denied import names_in
    from clarion.cli.terminal.reading import text_of
    from clarion.errors import CampaignError

    names = names_in(text_of(None if str(file) == "-" else file))
    if not names:
        raise CampaignError("no name was given", "write one name on a line")
    return names
