"""`clarion publish`: send what is due, each once. What cron runs, every minute of every day."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from clarion.cli import shell

if TYPE_CHECKING:
    from clarion.app import App
    from clarion.publishing.worker import Event, Tally


@click.command(epilog=shell.example("clarion publish", "clarion publish --dry-run"))
@click.option("--dry-run", is_flag=True, help="Say what would be sent; send nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print what happened as JSON lines.")
@click.pass_obj
def publish(app: App, *, dry_run: bool, as_json: bool) -> None:
    """Send everything that is approved and due, each once, and exit.

    Safe to run as often as you like, and several at a time.
    """
    if app.idle():
        _nothing_due(app)
        return
    app.check_in()
    if app.idle():  # it was only the configuration that had changed
        _nothing_due(app)
        return
    if app.rehearsing:
        shell.banner_of_rehearsal()
    if dry_run:
        _dry_run(app, as_json=as_json)
        return
    if app.stop_file.exists():
        if sys.stderr.isatty():
            shell.say_so(f"Stopped on this machine: remove {app.stop_file} to go on.")
        shell.finish(shell.Code.LATER)
    tally = _drain(app, as_json=as_json)
    if not (tally.sent or tally.found or tally.failed or tally.in_doubt or tally.waiting):
        _nothing_due(app)
    if tally.in_doubt:
        shell.say_so("In doubt: a post may be up. Nothing is sent again by itself: clarion status")
    if tally.failed or tally.in_doubt:
        shell.finish(shell.Code.TROUBLE)


def _drain(app: App, *, as_json: bool) -> Tally:
    from clarion.publishing.worker import Worker

    if app.rehearsing:
        app.rehearsal  # noqa: B018 - started before the first claim, so that no lease waits for it
    worker = Worker(
        outbox=app.outbox,
        publishers=app.connections,
        terms=app.terms(),
        tell=_as_json if as_json else _as_line,
        halted=app.stop_file.exists,
    )
    return worker.drain()


_WORDS = {
    "sent": "sent",
    "found": "found: it was up already, not sent again",
    "absent": "not there: it goes again",
    "failed": "FAILED",
    "in_doubt": "in doubt",
    "waiting": "waits",
}


def _as_line(event: Event) -> None:
    delivery = event.delivery
    part = f" {delivery.part}/{len(delivery.payload.parts)}" if len(delivery.payload.parts) > 1 else ""
    what = f"{delivery.account.network} · {delivery.account.handle} · {delivery.payload.language}{part}"
    shell.show("  ".join(filter(None, [what, _WORDS[event.kind], event.url or event.detail])))


def _as_json(event: Event) -> None:
    import json

    shell.show(
        json.dumps(
            {
                "event": event.kind,
                "delivery": event.delivery.id,
                "account": event.delivery.account.name,
                "part": event.delivery.part,
                "url": event.url,
                "detail": event.detail,
            }
        )
    )


def _nothing_due(app: App) -> None:
    """Cron hears nothing; a person hears what is next."""
    if not sys.stderr.isatty():
        return
    from clarion.cli.status import next_due

    shell.say_so(f"Nothing is due. {next_due(app)}")


def _dry_run(app: App, *, as_json: bool) -> None:
    from clarion.outbox.posts import due

    with app.outbox.read() as tx:
        found = due(tx)
    if as_json:
        shell.show_json([{"account": p.account.name, "language": p.language, "due": p.due} for p in found])
        return
    for post in found:
        shell.show(
            f"{post.account.network} · {post.account.handle} · {post.language}  would be sent now"
            f"  ({len(post.payload.parts)} part{'s' if len(post.payload.parts) != 1 else ''})"
        )
    shell.say_so(f"{len(found)} posts would be sent. Nothing was sent.")
