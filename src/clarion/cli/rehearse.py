"""`clarion rehearse`: the local networks, in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from clarion.cli.terminal import shell

if TYPE_CHECKING:
    from clarion.app import App


@click.command(
    epilog=shell.example(
        "clarion rehearse", "clarion rehearse --fault mastodon:drop_after", "clarion rehearse --stop"
    )
)
@click.option("--stop", is_flag=True, help="Stop the local networks. What was posted there is kept.")
@click.option(
    "--fault", "faults", multiple=True, metavar="NETWORK:KIND", help="Let the next create there go wrong."
)
@click.option("--json", "as_json", is_flag=True, help="Print the addresses as JSON.")
@click.pass_obj
def rehearse(app: App, faults: tuple[str, ...], *, stop: bool, as_json: bool) -> None:
    """Start the local networks, and say where to look at them.

    They are as strict as the real ones, and nothing on them is public. They stop by themselves when nobody uses them
    for half an hour.
    """
    from clarion.rehearsal.running import running

    if stop:
        found = running(app.rehearsal_folder)
        if found:
            found.stop()
        shell.say_so("Stopped." if found else "They were not running.")
        return
    networks = app.rehearsal
    for fault in faults:
        network, _, kind = fault.partition(":")
        if not kind:
            raise click.UsageError(f"--fault takes NETWORK:KIND, as in mastodon:drop_after, not “{fault}”")
        networks.fault(network=network, kind=kind)
        shell.say_so(f"The next create on {network}: {kind}.")
    if as_json:
        shell.show_json(dict(networks.urls))
        return
    for network, url in networks.urls.items():
        shell.show(f"{network:<10}{url}/")
    shell.say_so("Open them in a browser on this machine. To stop them: clarion rehearse --stop")
