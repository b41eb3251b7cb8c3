"""`clarion publish`: send what is due, each once. What cron runs, every minute of every day."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from clarion.cli.terminal import shell

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta
    from threading import Event

    from clarion.app import App
    from clarion.outbox.claiming.claims import Held
    from clarion.outbox.claiming.tending import Lapsed
    from clarion.publishing.tally import Event as Happening
    from clarion.publishing.tally import Tally


@click.command(
    epilog=shell.example("clarion publish", "clarion publish --dry-run", "clarion publish --watch")
)
@click.option("--dry-run", is_flag=True, help="Say what would be sent; send nothing.")
@click.option("--watch", is_flag=True, help="Do not exit: go on publishing until stopped (SIGTERM, Ctrl-C).")
@click.option("--json", "as_json", is_flag=True, help="Print what happened as JSON lines.")
@click.pass_obj
def publish(app: App, *, dry_run: bool, watch: bool, as_json: bool) -> None:
    """Send everything that is approved and due, each once, and exit.

    Safe to run as often as you like, and several at a time. With --watch it stays, and sees within half a minute
    what others queue; when it is stopped, it finishes the request in flight.

    While the campaign is paused, or a file named STOP is in its folder, nothing is sent and the exit code is 75.
    What was recalled is taken down also while it is paused.
    """
    if watch and dry_run:
        raise click.UsageError("--watch sends, --dry-run does not: take one of them")
    if watch:
        _watch(app, as_json=as_json)
        return
    rest = _why_to_rest(app)
    if dry_run:
        _dry_run(app, rest, as_json=as_json)
        return
    if rest:
        _rest(app, rest)
        return
    if app.rehearsing:
        shell.banner_of_rehearsal()
    _end(app, drain(app, as_json=as_json, halted=app.stop_file.exists))


def _end(app: App, tally: Tally) -> None:
    """What the run came to, as an exit code."""
    if tally.in_doubt:
        shell.say_so("In doubt: a post may be up. Nothing is sent again by itself: clarion status")
    if tally.still_up:
        shell.say_so("Something was to be taken down and is STILL UP; a person must look: clarion status")
    if tally.failed or tally.in_doubt or tally.still_up:
        shell.finish(shell.Code.TROUBLE)
    if not (tally.sent or tally.found or tally.waiting or tally.held or tally.recalled or tally.recall_waits):
        _rest(app, app.rest())


def _why_to_rest(app: App) -> str:
    """Why the outbox is not worth opening, as `App.rest` says it; "": there may be something to do."""
    if rest := app.rest():
        return rest
    app.check_in()
    return app.rest()  # perhaps it was only the configuration that had changed


def _dry_run(app: App, rest: str, *, as_json: bool) -> None:
    """What is due is told also while all of it must wait."""
    from clarion.cli import dry_run

    found = None if rest == "stopped" else dry_run.foresee(app)
    if found is None or (rest and not found.posts and not found.downs):
        _rest(app, rest)
        return
    if app.rehearsing:
        shell.banner_of_rehearsal()
    if as_json:
        dry_run.tell_programs(found)
    else:
        dry_run.tell(app, found)
    if rest == "paused":
        shell.finish(shell.Code.LATER)


def drain(
    app: App,
    *,
    as_json: bool = False,
    say: Callable[[str], None] = shell.show,
    halted: Callable[[], bool] = lambda: False,
    patience: timedelta | None = None,
    sends: bool = True,
) -> Tally:
    """Do what is due, and tell it. Without `sends` only what was recalled is taken down."""
    from clarion.publishing.worker import SOON, Worker

    if app.rehearsing:
        app.rehearsal  # noqa: B018 - started before the first claim, so that no lease waits for it
    worker = Worker(
        outbox=app.outbox,
        publishers=app.connections,
        terms=app.terms(to_send=sends),
        tell=_as_json if as_json else partial(_as_line, say=say),
        tell_lapsed=partial(_tell_lapsed, app, as_json=as_json, say=say),
        tell_held=_held_as_json if as_json else partial(_held_as_line, app),
        next_slot=app.next_slot(),
        attempts=app.config.publishing.attempts,
        halted=halted,
        patience=SOON if patience is None else patience,
        sends=sends,
    )
    return worker.drain()


# ── watching ──────────────────────────────────────────────────────────────────────────────────────────────────


def _watch(app: App, *, as_json: bool) -> None:
    """Publish round after round. Ends well when it is told to: whoever supervises it must see no failure."""
    import signal
    from threading import Event

    from clarion.publishing.watch import watch

    stopping = Event()

    def stop(signal_: int, frame: object) -> None:
        stopping.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a second Ctrl-C does not wait

    before = {each: signal.signal(each, stop) for each in (signal.SIGTERM, signal.SIGINT)}
    if app.rehearsing:
        shell.banner_of_rehearsal()
    shell.say_so("Publishing what is due until stopped (Ctrl-C, or SIGTERM).")
    try:
        watch(
            partial(_round, app, stopping, as_json=as_json),
            partial(_unchanged_for, app),
            stopping=stopping,
            tell=lambda message, hint: shell.say_so(f"{message}{f' ({hint})' if hint else ''}"),
        )
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    shell.say_so("Stopped.")


def _round(app: App, stopping: Event, *, as_json: bool) -> None:
    """What one `clarion publish` does, by what config.toml says now."""
    from datetime import timedelta

    if rest := app.rest():
        if rest == "stopped":
            app.close()  # for whoever puts another outbox in its place meanwhile
        return
    app.reread()
    app.check_in()
    if app.rest():
        return
    drain(
        app,
        as_json=as_json,
        halted=lambda: stopping.is_set() or app.stop_file.exists(),
        patience=timedelta(0),  # what is to be looked for soon is waited for between the rounds
    )


def _unchanged_for(app: App) -> float | None:
    """Seconds until time alone makes work; None: it will not."""
    from clarion.outbox.entries.views import next_change

    if app.stop_file.exists():
        return None
    with app.outbox.read() as tx:
        at = next_change(tx)
        return None if at is None else (at - tx.now) / 1_000_000


# ── telling ───────────────────────────────────────────────────────────────────────────────────────────────────


_WORDS = {
    "sent": "sent",
    "found": "found: it was up already, not sent again",
    "absent": "not there: it goes again",
    "failed": "FAILED",
    "in_doubt": "in doubt",
    "waiting": "waits",
    "recalled": "taken down",
    "recall_waits": "not taken down yet, tried again by itself",
    "still_up": "STILL UP",
}


def _as_line(event: Happening, *, say: Callable[[str], None]) -> None:
    delivery = event.delivery
    part = f" {delivery.part}/{len(delivery.payload.parts)}" if len(delivery.payload.parts) > 1 else ""
    where = f"{delivery.account.network} · {delivery.account.handle} · {delivery.payload.language}{part}"
    what = f"#{delivery.entry} {where}"
    say("  ".join(filter(None, [what, _WORDS[event.kind], *_told(event)])))
    if event.kind == "sent" and event.detail:
        say(f"{what}  note: {event.detail}")


def _told(event: Happening) -> list[str | None]:
    """Where it is; and why, where it is not as it should be."""
    failed_to_go = event.kind in ("recall_waits", "still_up")
    return [event.url, event.detail] if failed_to_go else [event.url or event.detail]


def _as_json(event: Happening) -> None:
    import json

    shell.show(
        json.dumps(
            {
                "event": event.kind,
                "entry": event.delivery.entry,
                "delivery": event.delivery.id,
                "account": event.delivery.account.name,
                "part": event.delivery.part,
                "url": event.url,
                "detail": event.detail,
            }
        )
    )


def _tell_lapsed(app: App, lapsed: Lapsed, *, as_json: bool, say: Callable[[str], None]) -> None:
    """A post whose time passed before it could go out: told once, by the run that noticed."""
    import json

    from clarion.cli.queueing import zone
    from clarion.review.preview import in_words

    if as_json:
        moved_to = lapsed.moved_to and lapsed.moved_to.isoformat()
        plain = {"entry": lapsed.entry, "account": lapsed.account, "language": lapsed.language}
        times = {"due": lapsed.due.isoformat(), "moved_to": moved_to}
        shell.show(json.dumps({"event": "moved" if moved_to else "expired", **plain, **times}))
        return
    what = f"#{lapsed.entry} {lapsed.account} · {lapsed.language}"
    due = in_words(lapsed.due, zone(app))
    if lapsed.moved_to:
        say(f"{what}  moved to {in_words(lapsed.moved_to, zone(app))}: it was due {due}")
    else:
        say(f"{what}  expired: it was due {due}. To bring it back: clarion queue retry {lapsed.entry}")


def _held_as_line(app: App, held: Held) -> None:
    """A post that must wait, for people or by itself: told once, by the run that put it aside."""
    from clarion.cli.queueing import zone
    from clarion.review.preview import in_words

    what = f"#{held.entry} {held.account} · {held.language}"
    if held.until:
        shell.show(f"{what}  waits until {in_words(held.until, zone(app))}: {held.reason}")
        return
    shell.show(f"{what}  waits for people: {held.reason}. To look: clarion queue show {held.entry}")


def _held_as_json(held: Held) -> None:
    import json

    plain = {"entry": held.entry, "account": held.account, "language": held.language}
    until = held.until and held.until.isoformat()
    event = "waiting" if until else "held"
    shell.show(json.dumps({"event": event, **plain, "detail": held.reason, "until": until}))


def _rest(app: App, rest: str) -> None:
    """Cron hears nothing; a person hears what is next, or what stops everything, which also ends with 75."""
    if rest == "stopped":
        if sys.stderr.isatty():
            shell.say_so(f"Stopped on this machine: remove {app.stop_file} to go on.")
        shell.finish(shell.Code.LATER)
    if rest == "paused":
        if sys.stderr.isatty():
            from clarion.cli.pause import in_words
            from clarion.outbox import pauses

            with app.outbox.read() as tx:
                for each in pauses.standing(tx):
                    shell.say_so(in_words(app, each))
        shell.finish(shell.Code.LATER)
    if sys.stderr.isatty():
        from clarion.cli.status import look, next_due, waiting

        found = look(app)
        late = found.next_due is not None and found.next_due <= found.now
        begin = "Nothing goes out now." if late or found.waiting else "Nothing is due."
        shell.say_so("\n".join([begin, *waiting(app, found), next_due(app, found)]))
