"""`clarion approve`: a person's word for exactly what will appear."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from clarion.cli.terminal import shell
from clarion.cli.terminal.drawing import drawn
from clarion.cli.terminal.typed import NUMBER

if TYPE_CHECKING:
    from clarion.app import App
    from clarion.outbox.entries.posts import EntryView


@click.command(
    epilog=shell.example("clarion approve", "clarion approve 12", "CLARION_AS=mira clarion approve 12")
)
@click.argument("numbers", nargs=-1, type=NUMBER)
@click.option("--yes", is_flag=True, help="Do not ask (not in a team).")
@click.pass_obj
def approve(app: App, numbers: tuple[int, ...], *, yes: bool) -> None:
    """Read what waits, and approve it. Without a number: everything that waits."""
    from clarion.approval import person
    from clarion.cli import hindrances, queueing
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
    held = False
    for entry in waiting:
        if team and person(entry.author or "") == person(who):
            shell.say_so(
                f"#{entry.number} {entry.title} is yours: somebody else must run clarion approve {entry.number}"
            )
            continue
        _show(app, entry)
        found = hindrances.of_entry(app, entry)
        for line in hindrances.in_words(entry, found):
            shell.say_so(line)
        held = held or bool(found)
        waits = {post.id for post in entry.posts if post.state is State.PENDING} - set(found)
        if not waits:
            continue
        if asked and not shell.confirm(
            f"Approve #{entry.number} {entry.title}, exactly as shown{'' if app.rehearsing else ', FOR REAL'}?",
            yes=False,
        ):
            shell.say_so(f"#{entry.number} still waits. To take it back: clarion queue cancel {entry.number}")
            continue
        scheduled = queueing.approve(app, entry.number, who, only=waits)
        more = "" if scheduled else "; it needs one more person"
        shell.show(f"#{entry.number} {entry.title}: approved by {who}{more}")
    if held:
        shell.finish(shell.Code.BLOCKED)


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


def _show(app: App, entry: EntryView) -> None:
    from clarion.cli.preview import of_entry
    from clarion.cli.queue import corrected
    from clarion.outbox.entries import corrections
    from clarion.review.remarks import Reason

    shell.say_so(drawn(of_entry(app, entry), because=Reason.of(entry.because, author=entry.author)))
    with app.outbox.read() as tx:
        related = corrections.relations(tx, entry)
    for post in entry.posts:
        for line in corrected(post, related[post.id]):
            shell.say_so(f"{post.account.name} · {post.language}: {line}")
    asked = any(finding.level == "reason" for post in entry.posts for finding in post.findings)
    if entry.because and not asked:  # queued by an older Clarion, or an answer nobody asked for
        shell.say_so(f"A check asked for a reason. {entry.author or 'Its author'} says: {entry.because}")
