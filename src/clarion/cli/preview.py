"""`clarion preview`: what each network will show, in the terminal or as one page for a phone."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clarion.cli.terminal import offering, options, shell
from clarion.cli.terminal.drawing import drawn
from clarion.cli.terminal.typed import DAY, SLUG

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from clarion.app import App
    from clarion.composing.compose import Composed, Request
    from clarion.outbox.entries.posts import EntryView
    from clarion.review.preview import Preview
    from clarion.review.remarks import Reason


@click.command(
    epilog=shell.example(
        "clarion preview court-found",
        "clarion preview '#12'",
        "clarion preview court-found --lang ru --web page",
        "clarion preview court-found --watch",
    )
)
@click.argument("what", metavar="[SLUG|#N]", required=False, type=SLUG, shell_complete=offering.templates)
@options.languages("Only in this language.")
@options.accounts("Only as this account shows it.")
@options.wording
@options.variables
@click.option(
    "--web", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Write one page there."
)
@click.option("--today", type=DAY, metavar="DATE", help="As if it went out on that day, as in 2027-03-29.")
@click.option("--title", help="The page's title (default: a neutral one).")
@click.option(
    "--watch", is_flag=True, help="Show it again when a file of the campaign changes, until Ctrl-C."
)
@click.pass_obj
def preview(
    app: App,
    what: str | None,
    languages: tuple[str, ...],
    to: tuple[str, ...],
    wording: int,
    variables: tuple[str, ...],
    web: Path | None,
    today: date | None,
    title: str | None,
    *,
    watch: bool,
) -> None:
    """Show a template or an entry as each network will show it. Nothing is queued.

    Without a name: the newest entry.
    """
    from clarion.cli.queueing import left_out
    from clarion.cli.terminal.typed import pairs
    from clarion.cli.terminal.watching import watch as watching
    from clarion.composing.compose import Request
    from clarion.review.remarks import Reason

    if app.rehearsing:
        shell.banner_of_rehearsal()
    if watch and _is_of_an_entry(what):
        raise click.UsageError("--watch is for a template, as in clarion preview court-found --watch")
    if today and _is_of_an_entry(what):
        raise click.UsageError("--today is for a template: an entry is frozen, and due when it is due")
    number = _number(app, what)
    if number is not None:
        entry = _entry(app, number)
        _require_some(entry, languages, to)
        shown = of_entry(app, entry, languages=languages, to=to)
        # The page is sent around: it names nobody.
        author = None if web else entry.author
        _show(shown, web, title, because=Reason.of(entry.because, author=author))
        return
    request = Request(
        slug=str(what),
        variables=pairs(variables),
        wording=wording,
        languages=languages or None,
        accounts=to or None,
    )
    if not watch:
        _show(_tried(app, request, today), web, title)
        for line in left_out(app, request, ()):
            shell.say_so(line)
        return
    watching(app.folder, _anew(app, lambda: _show(_tried(app, request, today), web, title)))


def _tried(app: App, request: Request, today: date | None) -> list[Preview]:
    """A template's previews; where a value is missing, with those that its [example] has to try."""
    from clarion.cli import values
    from clarion.errors import CampaignError

    try:
        return of_template(app, request, today)
    except CampaignError as error:
        if not values.lacks_one(request, error):
            raise
    request, names = values.with_examples(app, request)
    found = of_template(app, request, today)
    shell.say_so(
        f"Filled with values to try, from [example]: {', '.join(names)}. Your own: --set {names[0]}=…"
    )
    return found


def _anew(app: App, show: Callable[[], None]) -> Callable[[], None]:
    """Shows from files as they are now, on a clean screen where there is one."""

    def again() -> None:
        app.reread()
        if shell.interactive():
            click.clear()
        show()

    return again


def _show(
    shown: list[Preview],
    web: Path | None,
    title: str | None,
    *,
    because: Reason | None = None,
) -> None:
    from clarion.review.page import TITLE, write_web

    if web is None:
        shell.show(drawn(shown, because=because))
        return
    page = write_web(web, shown, title=title or TITLE, because=because)
    shell.show(str(page))
    shell.say_so("One file, nothing is fetched: send it, or open it on a phone.")


def of_entry(
    app: App, entry: EntryView, *, languages: tuple[str, ...] = (), to: tuple[str, ...] = ()
) -> list[Preview]:
    """An entry's posts as frozen, with what they will show and what their author was shown of the checks."""
    from clarion.campaign.ledgers.ledger import Ledger
    from clarion.cli.queueing import zone
    from clarion.outbox.entries.posts import image
    from clarion.review.abroad import asks_abroad
    from clarion.review.preview import of_payload

    ledger, audience = Ledger.load(app.folder), _audience(app, entry.slug)
    with app.outbox.read() as tx:
        return [
            of_payload(
                post.payload,
                account=post.account,
                image=lambda sha256: image(tx, sha256),
                due=post.due,
                zone=zone(app),
                findings=post.findings,
                abroad=asks_abroad(ledger, post.language, _calls(post.used), audience),
            )
            for post in entry.posts
            if (not languages or post.language in languages) and (not to or post.account.name in to)
        ]


def of_template(app: App, request: Request, today: date | None = None) -> list[Preview]:
    """A template's posts as they would be composed now, or on another day, with what the checks say."""
    from clarion.campaign.ledgers.ledger import Ledger
    from clarion.cli.queueing import zone
    from clarion.composing.compose import compose
    from clarion.review.abroad import asks_abroad
    from clarion.review.preview import of_composed

    now = app.clock.now().astimezone(zone(app))
    if today:
        now = datetime.combine(today, now.timetz())
    posts = compose(
        request,
        folder=app.folder,
        config=app.config,
        accounts=app.accounts_to_preview(),
        due=now,
        now=now,
        denied=app.denied(),
    )
    ledger, audience = Ledger.load(app.folder), _audience(app, request.slug)
    return [
        of_composed(
            post,
            zone=zone(app),
            scheduled=False,
            abroad=asks_abroad(
                ledger, post.language, [used.id for used in post.used if used.kind == "call"], audience
            ),
        )
        for post in _compared(app, posts)
    ]


def _audience(app: App, slug: str | None) -> str | None:
    """Whom a template is for; None where there is none, or it cannot be read any more."""
    from clarion.campaign import templates
    from clarion.errors import CampaignError

    try:
        return templates.load(app.folder, slug).about.audience if slug else None
    except CampaignError:
        return None


def _calls(used: str) -> list[str]:
    """The calls of what a post used, as the outbox keeps it."""
    import json

    return [id_ for kind, id_, *_ in json.loads(used) if kind == "call"]


def _compared(app: App, posts: list[Composed]) -> list[Composed]:
    """With what they repeat, where there is an outbox to ask. A volunteer's copy of the folder may have none."""
    from clarion.app.live import AnotherOutbox
    from clarion.composing import entries
    from clarion.errors import OutboxError

    if not (app.outbox_url or app.outbox_path.exists()):
        return posts
    try:
        return entries.compared(app.outbox, posts)
    except OutboxError as error:
        if app.outbox_url is None or isinstance(error, AnotherOutbox):
            return posts
        raise


def _require_some(entry: EntryView, languages: tuple[str, ...], to: tuple[str, ...]) -> None:
    """Raise CampaignError where an entry has nothing of what is asked for."""
    from clarion.campaign.nearest import did_you_mean
    from clarion.errors import CampaignError

    accounts = dict.fromkeys(post.account.name for post in entry.posts)
    written = dict.fromkeys(post.language for post in entry.posts)
    for name in to:
        if name not in accounts:
            raise CampaignError(
                f'#{entry.number} goes to no account "{name}"',
                did_you_mean(name, accounts, f"it goes to: {', '.join(accounts)}"),
            )
    for language in languages:
        if language not in written:
            raise CampaignError(
                f"#{entry.number} is not in {language}; it is in {', '.join(written)}",
                f"ask for one of these: --lang {next(iter(written))}",
            )
    if not any(
        (not languages or post.language in languages) and (not to or post.account.name in to)
        for post in entry.posts
    ):
        raise CampaignError(
            f"#{entry.number} has nothing in {', '.join(languages)} for {', '.join(to)}",
            f"all of it: clarion preview {entry.number}",
        )


def _number(app: App, what: str | None) -> int | None:
    """The entry's number that was meant: "#12", "12", or nothing for the newest; None for a template's name."""
    from clarion.errors import OutboxError
    from clarion.outbox.entries.posts import entries

    if what is None:
        with app.outbox.read() as tx:
            newest = entries(tx, limit=1)
        if not newest:
            raise OutboxError(
                "nothing is queued yet", "clarion preview SLUG, with a name from clarion posts list"
            )
        return newest[0].number
    return int(what.removeprefix("#")) if _is_of_an_entry(what) else None


def _is_of_an_entry(what: str | None) -> bool:
    """Whether no template is named, but an entry, or nothing."""
    digits = "0" if what is None else what.removeprefix("#")
    return digits.isascii() and digits.isdigit() and len(digits) < 10


def _entry(app: App, number: int) -> EntryView:
    from clarion.outbox.entries import posts

    with app.outbox.read() as tx:
        return posts.show(tx, number)
