"""`clarion links`: where the campaign's links may lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from clarion.cli.terminal import shell

if TYPE_CHECKING:
    from clarion.app import App


@click.group(
    invoke_without_command=True, epilog=shell.example("clarion links", "clarion links allow osce.org")
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_context
def links(ctx: click.Context, *, as_json: bool) -> None:
    """Where links may lead: list, allow.

    A host stands for all below it. A link elsewhere needs a reason, or its host here.
    """
    if ctx.invoked_subcommand is None:
        _show(ctx.obj, as_json=as_json)


@links.command("list", epilog=shell.example("clarion links list", "clarion links list --json"))
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def list_(app: App, *, as_json: bool) -> None:
    """List where links may lead."""
    _show(app, as_json=as_json)


def _show(app: App, *, as_json: bool) -> None:
    from clarion.campaign import domains

    hosts = domains.listed(app.folder)
    if as_json:
        shell.show_json(list(hosts))
        return
    for host in hosts:
        shell.show(host)
    shell.say_so("To add one: clarion links allow HOST")


@links.command(
    epilog=shell.example("clarion links allow osce.org", "clarion links allow https://www.osce.org/odihr")
)
@click.argument("host")
@click.pass_obj
def allow(app: App, host: str) -> None:
    """Let links lead to a host, and to all below it."""
    from clarion.accounts.files import write_whole
    from clarion.campaign import domains
    from clarion.campaign.checks.hosts import require_honest

    proper = domains.proper(host)
    require_honest(proper)
    text = domains.allowing(app.folder, proper)
    if text is None:
        shell.say_so(f"Links may lead to {proper} already.")
        return
    write_whole(app.folder / domains.FILE, text.encode())
    shell.show(f"{proper} is in {domains.FILE}: links may lead there.")
