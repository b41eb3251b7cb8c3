"""Options that mean one thing wherever they stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import click

from clarion.cli.terminal import offering

Command = TypeVar("Command", bound=Callable[..., Any])


class Option(Protocol):
    """What `@` puts before a command."""

    def __call__(self, command: Command, /) -> Command: ...


def languages(says: str) -> Option:
    """--lang, any number of times; `languages` to the command."""
    return click.option("--lang", "languages", multiple=True, shell_complete=offering.languages, help=says)


def accounts(says: str = "Only to this account (default: all).") -> Option:
    """--to, any number of times; `to` to the command."""
    return click.option(
        "--to", "to", multiple=True, metavar="ACCOUNT", shell_complete=offering.accounts, help=says
    )


def wording(command: Command) -> Command:
    """--wording, from 1."""
    return click.option(
        "--wording", type=click.IntRange(1), default=1, show_default=True, help="Which of its wordings."
    )(command)


def variables(command: Command) -> Command:
    """--set, any number of times; `variables` to the command, which `typed.pairs` reads."""
    return click.option(
        "--set", "variables", multiple=True, metavar="NAME=VALUE", help="Fill a variable of the template."
    )(command)


def queueing(command: Command) -> Command:
    """--because, --yes and --json of a command that queues."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print what was queued as JSON."),
        click.option("--yes", is_flag=True, help="Approve without being asked."),
        click.option("--because", help="Why it goes out although a check asks for a reason."),
    ):
        command = option(command)
    return command


def yes(command: Command) -> Command:
    """--yes, of a command that asks before it changes something."""
    return click.option("--yes", is_flag=True, help="Do not ask.")(command)


def dry_run(command: Command) -> Command:
    """--dry-run, of a command that changes something."""
    return click.option("--dry-run", is_flag=True, help="Say what would be done; change nothing.")(command)
