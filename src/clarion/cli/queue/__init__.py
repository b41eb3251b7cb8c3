"""`clarion queue`: what waits, what went out, and what goes next."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from clarion.cli.queue import mending
from clarion.cli.terminal import offering, options, shell
from clarion.cli.terminal.tables import table
from clarion.cli.terminal.typed import NUMBER, SLUG, pairs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from clarion.app import App
    from clarion.outbox.entries.corrections import Relation
    from clarion.outbox.entries.views import AttemptView, DeliveryView, EntryView, PostView

    Attempts = dict[str, list[AttemptView]]


@click.group(
    epilog=shell.example("clarion queue add court-found", "clarion queue list", "clarion queue show 12")
)
def queue() -> None:
    """Add templates to the queue; list, show, cancel, retry, resolve."""


@queue.command(
    epilog=shell.example(
        "clarion queue add court-found",
        'clarion queue add day-29-march --at "2027-03-29 09:00" --lang ru',
        "clarion queue add stay-informed --wording 2 --to mastodon --yes",
    )
)
@click.argument("slug", type=SLUG, shell_complete=offering.templates)
@options.variables
@options.wording
@options.languages("Only in this language (default: all it has).")
@options.accounts()
@click.option(
    "--at", help='"now", "2026-12-01 18:00", "tomorrow 9:00", "next slot" (live default; in rehearsal: now).'
)
@options.queueing
@click.pass_obj
def add(
    app: App,
    slug: str,
    variables: tuple[str, ...],
    wording: int,
    languages: tuple[str, ...],
    to: tuple[str, ...],
    at: str | None,
    because: str | None,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Queue a template: shown as each network will show it, then approved by you."""
    from clarion.cli.queueing import queue_up
    from clarion.composing.compose import Request

    if app.rehearsing:
        shell.banner_of_rehearsal()
    request = Request(
        slug=slug,
        variables=pairs(variables),
        wording=wording,
        languages=languages or None,
        accounts=to or None,
        because=because,
    )
    hint = at is None and app.rehearsing
    when = at or ("now" if app.rehearsing else "next slot")
    queue_up(app, request, at=when, yes=yes, as_json=as_json, hint=hint)


@queue.command(
    "list", epilog=shell.example("clarion queue list", "clarion queue list --state pending --json")
)
@click.option(
    "--state", "states", multiple=True, help="Only entries in this state, as in pending or in_doubt."
)
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=30, show_default=True, help="How many, newest first."
)
@click.option("--before", type=NUMBER, metavar="NUMBER", help="Only older ones than this entry.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def list_(app: App, states: tuple[str, ...], limit: int, before: int | None, *, as_json: bool) -> None:
    """List entries, newest first."""
    from clarion.model import State
    from clarion.outbox.entries.posts import entries

    if unknown := sorted(set(states) - {state.value for state in State}):
        raise shell.unknown("state", unknown[0], [state.value for state in State])
    if app.rehearsing:
        shell.banner_of_rehearsal()
    with app.outbox.read() as tx:
        found = [
            each for each in entries(tx, before=before, limit=limit) if not states or each.state in states
        ]
    if as_json:
        shell.show_json([plain_entry(entry) for entry in found])
    elif found:
        rows = [_row(app, entry) for entry in found]
        table(rows, ("#", "state", "due", "what", "where", "by"))
        for entry in found:
            for why in _held(entry):
                shell.say_so(f"#{entry.number} waits for people: {why}")
    else:
        shell.say_so("Nothing is queued yet." if not states else "Nothing is in that state.")
        shell.say_so('Next: clarion say "…"   or   clarion queue add court-found')


@queue.command(epilog=shell.example("clarion queue show 12", "clarion queue show 12 --json"))
@click.argument("number", type=NUMBER)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def show(app: App, number: int, *, as_json: bool) -> None:
    """Show one entry: each post, where it stands, every try, and its address when it is up."""
    from clarion.outbox.entries import corrections, posts
    from clarion.outbox.entries.views import attempts
    from clarion.review.remarks import Reason, in_words_of

    if app.rehearsing:
        shell.banner_of_rehearsal()
    with app.outbox.read() as tx:
        entry = posts.show(tx, number)
        tries = attempts(tx, number)
        related = corrections.relations(tx, entry)
    if as_json:
        shell.show_json(plain_entry(entry, tries, related))
        return
    shell.show(f"#{entry.number} {entry.title}: {entry.state}, by {entry.author or 'nobody named'}")
    if entry.because:
        shell.show(f"because: {entry.because}")
    found = (each for post in entry.posts for each in post.findings)
    for remark in in_words_of(found, because=Reason.of(entry.because, author=entry.author)):
        shell.show("\n".join(remark))
    for post in entry.posts:
        for line in _post_lines(app, post, tries, corrected(post, related[post.id])):
            shell.show(line)


@queue.command(epilog=shell.example("clarion queue cancel 12", "clarion queue cancel 12 --yes"))
@click.argument("number", type=NUMBER)
@options.yes
@click.pass_obj
def cancel(app: App, number: int, *, yes: bool) -> None:
    """Cancel what still waits of an entry. What is up stays up: clarion recall takes that down."""
    from clarion.accounts.me import who
    from clarion.cli.queue.taking_back import tell
    from clarion.errors import ClarionError
    from clarion.outbox.entries import posts

    if app.rehearsing:
        shell.banner_of_rehearsal()
    with app.outbox.read() as tx:
        entry = posts.show(tx, number)
        posts.cancellable(entry)
    if not yes and not shell.interactive():
        raise ClarionError(
            f"nothing was cancelled: #{number} {entry.title} is still {entry.state}",
            f"clarion queue cancel {number} --yes",
        )
    by = f"{entry.state}, by {entry.author or 'nobody named'}"
    if not shell.confirm(f"Cancel #{entry.number} {entry.title} ({by})?", yes=yes):
        shell.say_so("Nothing was cancelled.")
        return
    with app.outbox.write() as tx:
        touched = posts.cancel(tx, number, who=who())
    tell(app, number, touched)


queue.add_command(mending.retry)
queue.add_command(mending.resolve)


def plain_entry(
    entry: EntryView, tries: Attempts | None = None, related: Mapping[str, Relation] | None = None
) -> dict[str, object]:
    """An entry for programs; with every try, and with what corrects what, where they are given."""
    return {
        "number": entry.number,
        "kind": entry.kind,
        "slug": entry.slug,
        "title": entry.title,
        "state": entry.state,
        "author": entry.author,
        "because": entry.because,
        "created_at": entry.created_at,
        "posts": [
            {
                "id": post.id,
                "account": post.account.name,
                "network": post.account.network,
                "language": post.language,
                "state": post.state,
                "due": post.due,
                "digest": post.digest,
                "warning": post.payload.warning,
                "findings": post.findings,
                "approved_by": [approval.who for approval in post.approvals],
                **({} if related is None else asdict(related[post.id])),
                "parts": [
                    {
                        "delivery": delivery.id,
                        "state": delivery.state,
                        "reason": delivery.reason,
                        "text": post.payload.parts[delivery.part - 1].text,
                        "url": delivery.receipt.url if delivery.receipt else None,
                        **({} if tries is None else {"attempts": tries.get(delivery.id, [])}),
                    }
                    for delivery in post.deliveries
                ],
            }
            for post in entry.posts
        ],
    }


def _row(app: App, entry: EntryView) -> tuple[object, ...]:
    from clarion.cli.queueing import zone

    first = min(post.due for post in entry.posts).astimezone(zone(app))
    where = ", ".join(dict.fromkeys(f"{post.account.name} ({post.language})" for post in entry.posts))
    return (
        f"#{entry.number}",
        entry.state,
        f"{first:%Y-%m-%d %H:%M %z}",
        entry.title,
        where,
        entry.author or "–",
    )


def _held(entry: EntryView) -> list[str]:
    """Why something of it was put back before people."""
    waiting = [each for post in entry.posts for each in post.deliveries if each.state == "pending"]
    return list(dict.fromkeys(each.reason for each in waiting if each.reason))


def corrected(post: PostView, related: Relation) -> list[str]:
    """What a post corrects, and what corrects it."""
    return [
        *([f"answers #{related.answers}"] if related.answers else []),
        *([f"edits #{related.edits}"] if related.edits else []),
        *(
            f"{'replaced' if number in related.replaced_by else 'to be edited'} by #{number}"
            for number in related.edited_by
        ),
        *(f"answered by #{number}" for number in related.answered_by),
    ]


def _post_lines(app: App, post: PostView, tries: Attempts, corrections: Sequence[str]) -> list[str]:
    from clarion.cli.queueing import zone
    from clarion.review.preview import in_words

    approved = ", ".join(approval.who for approval in post.approvals) or "nobody yet"
    lines = [
        "",
        f"{post.account.network} · {post.account.handle} · {post.language}: {post.state}",
        f"  due {in_words(post.due, zone(app))} · approved by {approved} · digest {post.digest[:12]}",
        *([f"  {' · '.join(corrections)}"] if corrections else []),
    ]
    for delivery in post.deliveries:
        where = _where(delivery, gone=post.account.name not in app.config.accounts)
        lines.append(f"  {delivery.part}/{len(post.deliveries)} {where}".rstrip())
        mine = enumerate(tries.get(delivery.id, []), start=1)
        lines += [f"      {_try_in_words(app, count, each)}" for count, each in mine]
    return lines


def _where(delivery: DeliveryView, *, gone: bool) -> str:
    """Where a delivery stands: its address when it is up, else why; while it is taken down, both. `gone`: its account."""
    url = delivery.receipt.url if delivery.receipt else None
    if delivery.state == "recalling":
        why = delivery.reason or "to be taken down"
        still = "STILL UP: " + ("its account was removed" if gone else "a person must take it down")
        going_on = "tried again by itself" if delivery.look_at and not gone else still
        return f"recalling  {url}: {why}; {going_on}"
    if delivery.state == "recalled":
        return f"recalled  it was {url}"
    if delivery.state == "replaced":
        return f"replaced  it was edited: {url}"
    wanted = ", to be taken down once it is found" if delivery.recall_wanted else ""
    up = url if delivery.state == "sent" else None
    return f"{delivery.state}{wanted if delivery.state in ('sending', 'in_doubt') else ''}  {up or delivery.reason or ''}"


#: What became of a try, by the outcome that the outbox keeps.
_OUTCOMES = {
    "sent": "it is up",
    "not_shown": "the network took it and did not show it",
    "refused": "the network refused it",
    "rate_limited": "too many requests, not created",
    "account_blocked": "the account may not, not created",
    "unavailable": "the network was not to be had, not created",
    "unknown": "nobody knows whether it was created",
    "released": "nothing was sent",
}


def _try_in_words(app: App, count: int, tried: AttemptView) -> str:
    from clarion.cli.queueing import zone

    at = tried.started_at.astimezone(zone(app))
    asked = f"ready to send {tried.intent_at.astimezone(zone(app)):%H:%M:%S}, " if tried.intent_at else ""
    ended = tried.outcome and _OUTCOMES.get(tried.outcome, tried.outcome.replace("_", " "))
    detail = f": {tried.detail}" if tried.detail else ""
    return (
        f"try {count}, {at:%Y-%m-%d %H:%M:%S %z}, worker {tried.worker}: "
        f"{asked}{ended or 'not ended yet'}{detail}"
    )
