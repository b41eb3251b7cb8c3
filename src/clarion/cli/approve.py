"""`clarion approve`: a person's word for exactly what will appear."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from clarion.cli.terminal import shell
from clarion.cli.terminal.drawing import drawn
from clarion.cli.terminal.typed import NUMBER

if TYPE_CHECKING:
    from datetime import datetime

    from clarion.app import App
    from clarion.outbox.entries.posts import EntryView
    from clarion.outbox.entries.views import PostView


@click.command(
    epilog=shell.example("clarion approve", "clarion approve 12", "CLARION_AS=mira clarion approve 12")
)
@click.argument("numbers", nargs=-1, type=NUMBER)
@click.option("--yes", is_flag=True, help="Do not ask (not in a team).")
@click.pass_obj
def approve(app: App, numbers: tuple[int, ...], *, yes: bool) -> None:
    """Read what waits, and approve it. Without a number: everything that waits."""
    from clarion.approval import person
    from clarion.cli import queueing
    from clarion.errors import ApprovalError
    from clarion.model import State

    who = app.who("approve")
    if app.rehearsing:
        shell.banner_of_rehearsal()
    waiting = _waiting(app, numbers)
    if not waiting:
        shell.say_so("Nothing waits for approval.")
        return
    team = app.policy().mode == "team"
    asked = not yes or team
    if asked and not shell.interactive():
        raise ApprovalError(
            "an approval is given by a person who reads the post",
            "run clarion approve in a terminal"
            + ("" if team else ", or clarion approve --yes after reading the preview"),
        )
    for entry in waiting:
        if team and person(entry.author or "") == person(who):
            shell.say_so(
                f"#{entry.number} {entry.title} is yours: somebody else must run clarion approve {entry.number}"
            )
            continue
        _show(app, entry)
        lost = _outdated(app, entry)
        for post, why in lost.values():
            shell.say_so(_anew(entry, post, why))
        vain = _in_vain(app, entry)
        for line in vain.values():
            shell.say_so(line)
        waits = {post.id for post in entry.posts if post.state is State.PENDING} - set(lost) - set(vain)
        if not waits:
            continue
        if asked and not shell.confirm(
            f"Approve #{entry.number} {entry.title}, exactly as shown{'' if app.rehearsing else ', FOR REAL'}?",
            yes=False,
        ):
            shell.say_so(f"#{entry.number} still waits.")
            continue
        scheduled = queueing.approve(app, entry.number, who, only=waits)
        more = "" if scheduled else "; it needs one more person"
        shell.show(f"#{entry.number} {entry.title}: approved by {who}{more}")


def _waiting(app: App, numbers: tuple[int, ...]) -> list[EntryView]:
    """The entries named, or all that wait, oldest first. One that does not wait is said so, not passed over."""
    from clarion.errors import OutboxError
    from clarion.model import State
    from clarion.outbox.entries import posts

    with app.outbox.read() as tx:
        named = [posts.show(tx, number) for number in numbers] if numbers else posts.entries(tx, limit=1000)
    waits = [entry for entry in named if any(post.state is State.PENDING for post in entry.posts)]
    if numbers and len(waits) < len(named):
        other = next(entry for entry in named if entry not in waits)
        raise OutboxError(
            f"#{other.number} is {other.state}: it does not wait for approval",
            f"clarion queue show {other.number}",
        )
    return sorted(waits, key=lambda entry: entry.number)


def _outdated(app: App, entry: EntryView) -> dict[str, tuple[PostView, str]]:
    """The posts that no approval lets go, by id, with why: their facts, calls or days no longer say what they said, or
    they name somebody who is in danger by now.
    """
    from clarion.app.standing import standings
    from clarion.clock import micros
    from clarion.composing.rules import names_somebody
    from clarion.model import State
    from clarion.outbox.claiming import living

    with app.outbox.read() as tx:
        now = micros(tx.at)
    waiting = [post for post in entry.posts if post.state is State.PENDING]
    stands = standings(app.folder, app.config) if any(post.used != "[]" for post in waiting) else {}
    denied = app.denied()
    found = {
        post.id: (
            post,
            living.objection(post.used, post.language, stands, now) or names_somebody(post.payload, denied),
        )
        for post in waiting
    }
    return {id_: (post, why) for id_, (post, why) in found.items() if why is not None}


def _in_vain(app: App, entry: EntryView) -> dict[str, str]:
    """The posts that no approval lets go whatever they say, by id, with what to do: what they correct is not up, their
    account was removed, or their time is past.
    """
    from clarion.model import State
    from clarion.outbox.entries import corrections

    found: dict[str, str] = {}
    with app.outbox.read() as tx:
        for post in (each for each in entry.posts if each.state is State.PENDING):
            why = corrections.in_vain(tx, post)
            said = f"{why}: clarion queue cancel {entry.number}" if why else None
            said = said or _removed(app, entry, post) or _too_late(app, entry, post, tx.at)
            if said:
                where = f"#{entry.number} {post.account.name} · {post.language}"
                found[post.id] = f"{where}: an approval does not let it go: {said}"
    return found


def _removed(app: App, entry: EntryView, post: PostView) -> str | None:
    """What to do where nobody can post it: its account is not in config.toml any more."""
    name = post.account.name
    if name in app.config.accounts:
        return None
    return f"its account was removed: clarion accounts add {name}, or clarion queue cancel {entry.number}"


def _too_late(app: App, entry: EntryView, post: PostView, now: datetime) -> str | None:
    """What to do where an approval comes too late; what a request may have gone out for does not expire."""
    from clarion.cli.queueing import zone
    from clarion.model import State
    from clarion.review.preview import in_words

    if any(each.intended or (each.part == 1 and each.state is not State.PENDING) for each in post.deliveries):
        return None
    said = f"it was due {in_words(post.due, zone(app))}, and is too late"
    again = f"clarion queue retry {entry.number}"
    if now > post.window[1]:
        return f"{said}: {again}"
    return f"{said}: clarion publish, then {again}" if now > post.due + post.late else None


def _anew(entry: EntryView, post: PostView, why: str) -> str:
    """What is to be typed for a post that is not as its ledgers are."""
    again = f"clarion queue add {entry.slug}" if entry.slug else 'clarion say "…"'
    return (
        f"#{entry.number} {post.account.name} · {post.language}: {why}. An approval does not let it go."
        f" Cancel it and queue it anew: clarion queue cancel {entry.number}, then {again}"
    )


def _show(app: App, entry: EntryView) -> None:
    from clarion.cli.preview import of_entry
    from clarion.cli.queue import corrected
    from clarion.outbox.entries import corrections

    shell.say_so(drawn(of_entry(app, entry), because=entry.because, whose=entry.author or "its author"))
    with app.outbox.read() as tx:
        related = corrections.relations(tx, entry)
    for post in entry.posts:
        for line in corrected(post, related[post.id]):
            shell.say_so(f"{post.account.name} · {post.language}: {line}")
    asked = any(finding.level == "reason" for post in entry.posts for finding in post.findings)
    if entry.because and not asked:  # queued by an older Clarion, or an answer nobody asked for
        shell.say_so(f"A check asked for a reason. {entry.author or 'Its author'} says: {entry.because}")
