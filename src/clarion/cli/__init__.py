"""The command line: `clarion`. A table of commands, each imported only when it is called.

In: words typed by a person or by cron. Out: one command called, one exit code (see `shell`). Importing this module
imports Click and nothing else that is heavy; `clarion --help` imports no command, because the table carries what
help and completion show, and a test holds the table to be true.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import click

from clarion import __version__
from clarion.cli.terminal import shell
from clarion.cli.terminal.helping import Context, fit

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

EVERY_DAY, CAMPAIGN, RUNNING, DATA = "Every day", "Campaign", "Running", "Data"
SECTIONS = (EVERY_DAY, CAMPAIGN, RUNNING, DATA)


class Row(NamedTuple):
    """Where a command lives and what help says of it: the first sentence of its own docstring."""

    section: str
    module: str
    attribute: str
    summary: str


#: Every command, in the order in which help shows them.
COMMANDS: dict[str, Row] = {
    "init": Row(EVERY_DAY, "init", "init", "Start a campaign in this folder"),
    "say": Row(EVERY_DAY, "say", "say", "Say something in your own words"),
    "queue": Row(
        EVERY_DAY, "queue", "queue", "Add templates to the queue; list, show, cancel, retry, resolve"
    ),
    "preview": Row(
        EVERY_DAY, "preview", "preview", "Show a template or an entry as each network will show it"
    ),
    "approve": Row(EVERY_DAY, "approve", "approve", "Read what waits, and approve it"),
    "undo": Row(EVERY_DAY, "undo", "undo", "Take back what your last command queued and has not gone out"),
    "status": Row(
        EVERY_DAY, "status", "status", "How things stand: what waits, what went out, what needs you"
    ),
    "posts": Row(
        CAMPAIGN, "posts", "posts", "The templates: list, write, check; and the ledgers they print from"
    ),
    "links": Row(CAMPAIGN, "links", "links", "Where links may lead: list, allow"),
    "people": Row(CAMPAIGN, "people", "people", "People who would be in danger: names that are never posted"),
    "publish": Row(
        RUNNING, "publish", "publish", "Send everything that is approved and due, each once, and exit"
    ),
    "pause": Row(RUNNING, "pause", "pause", "Stop publishing, on every machine, until somebody resumes"),
    "resume": Row(RUNNING, "resume", "resume", "Let publishing go on after a pause"),
    "recall": Row(RUNNING, "recall", "recall", "Take down what is up, and send nothing more of it"),
    "correct": Row(RUNNING, "correct", "correct", "Put right what is up: recall it, answer it or edit it"),
    "accounts": Row(RUNNING, "accounts", "accounts", "The accounts this campaign speaks from"),
    "doctor": Row(RUNNING, "doctor", "doctor", "Look at everything that publishing stands on"),
    "live": Row(RUNNING, "live", "live", "Publish for real from now on"),
    "install-cron": Row(
        RUNNING, "install_cron", "install_cron", "Let cron publish what is due, every minute"
    ),
    "db": Row(DATA, "db", "db", "The outbox's storage: check, back up, restore, move and upgrade it"),
    "rehearse": Row(DATA, "rehearse", "rehearse", "Start the local networks, and say where to look at them"),
    "demo": Row(DATA, "demo", "demo", "See everything work on local networks, in a minute"),
    "completion": Row(RUNNING, "completion", "completion", "Let the Tab key complete clarion's commands"),
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one when it is called."""

    context_class = Context

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        row = COMMANDS.get(cmd_name)
        if row is None:
            return None
        return fit(cast("click.Command", getattr(import_module(f"clarion.cli.{row.module}"), row.attribute)))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise shell.unknown("command", args[0], COMMANDS, prefix="clarion ")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for section in SECTIONS:
            rows = [(name, row.summary) for name, row in COMMANDS.items() if row.section == section]
            if rows:
                with formatter.section(section):
                    formatter.write_dl(rows)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        names = [
            CompletionItem(name, help=row.summary)
            for name, row in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def invoke(self, ctx: click.Context) -> Any:
        with shell.quiet_when_nobody_reads():
            return super().invoke(ctx)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run one command line. Ends the process with its exit code unless `standalone_mode` is off."""

        def call() -> Any:
            return super(LazyGroup, self).main(args, prog_name, complete_var, standalone_mode=False, **extra)

        return shell.run(call) if standalone_mode else call()


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "CLARION"},
    epilog=shell.example("clarion init", 'clarion say "They are not alone."', "clarion publish"),
)
@click.option(
    "--campaign",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="The campaign's folder (CLARION_CAMPAIGN). Without it: this folder or the nearest above.",
)
@click.option("--plain", is_flag=True, help="No colours, no drawn tables.")
@click.option(
    "--log-level",
    type=click.Choice(("debug", "info", "warning", "error"), case_sensitive=False),
    envvar="CLARION_LOG",
    help="Log what is done, a line of JSON each, no secrets (CLARION_LOG). Without it: nothing.",
)
@click.option(
    "--log",
    "log_file",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    envvar="CLARION_LOG_FILE",
    help="Log to this file, not to stderr (CLARION_LOG_FILE).",
)
@click.version_option(__version__, "--version", prog_name="clarion", allow_from_autoenv=False)
@click.pass_context
def clarion(
    ctx: click.Context, campaign: str | None, *, plain: bool, log_level: str | None, log_file: str | None
) -> None:
    """An honest amplifier for a human-rights campaign: write once, check, approve, publish once.

    `clarion` alone says what is next.
    """
    shell.speak_plainly(ctx, plain=plain)
    if log_level or log_file:
        from clarion import logs

        logs.begin(log_level or "info", log_file)
    if ctx.obj is None:
        from clarion.app import App

        ctx.obj = App(campaign=campaign)
        ctx.call_on_close(ctx.obj.close)
    if ctx.invoked_subcommand is None:
        from clarion.cli.next import what_is_next

        what_is_next(ctx.obj)


def main() -> None:
    """The console row."""
    clarion.main(prog_name="clarion")
