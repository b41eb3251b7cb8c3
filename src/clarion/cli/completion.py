"""`clarion completion`: the script that lets the Tab key complete commands, for the shell in use."""

from __future__ import annotations

import os
import sys
from pathlib import PurePath

import click

from clarion.cli.terminal import shell
from clarion.errors import ClarionError

_VARIABLE = "_CLARION_COMPLETE"
_HOW = {
    "bash": "echo 'eval \"$(clarion completion bash)\"' >> ~/.bashrc",
    "zsh": "echo 'eval \"$(clarion completion zsh)\"' >> ~/.zshrc",
    "fish": "clarion completion fish > ~/.config/fish/completions/clarion.fish",
}


@click.command(epilog=shell.example(*_HOW.values()))
@click.argument("name", metavar="[bash|zsh|fish]", required=False, type=click.Choice(tuple(_HOW)))
@click.pass_context
def completion(ctx: click.Context, name: str | None) -> None:
    """Let the Tab key complete clarion's commands.

    Prints a script for your shell. Without a name it is the shell you use.
    """
    from click.shell_completion import get_completion_class

    name = name or PurePath(os.environ.get("SHELL", "")).name
    kind = get_completion_class(name) if name in _HOW else None
    if kind is None:
        raise ClarionError("Clarion does not know which shell you use", "clarion completion bash")
    shell.show(kind(ctx.find_root().command, {}, "clarion", _VARIABLE).source())
    if sys.stdout.isatty():
        shell.say_so(f"To keep it: {_HOW[name]}")
