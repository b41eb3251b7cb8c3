"""`clarion queue resolve` and `clarion queue retry`: what only a person can decide about a delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from clarion.cli.terminal import options, shell
from clarion.cli.terminal.drawing import drawn
from clarion.cli.terminal.typed import NUMBER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from clarion.app import App
    from clarion.model import Receipt
    from clarion.outbox.claiming.handling import Again, Doubt
    from clarion.outbox.entries.posts import EntryView


@click.command(
    epilog=shell.example(
        "clarion queue resolve 12 --sent https://mastodon.example/@you/114000000000000000",
        "clarion queue resolve 12 --part 2 --account town --absent",
    )
)
@click.argument("number", type=NUMBER)
@click.option("--part", type=click.IntRange(1), help="Which part of the thread, where several are in doubt.")
@click.option("--account", metavar="NAME", help="On which account, where several are in doubt.")
@click.option("--lang", metavar="LANGUAGE", help="In which language, where several are in doubt.")
@click.option("--sent", metavar="URL", help="It is up: the post's address.")
@click.option(
    "--absent", is_flag=True, help="It is certainly not up: send it again, unless it was taken back."
)
@options.yes
@click.pass_obj
def resolve(
    app: App,
    number: int,
    part: int | None,
    account: str | None,
    lang: str | None,
    sent: str | None,
    *,
    absent: bool,
    yes: bool,
) -> None:
    """Say whether a post in doubt is up, or that what is to be taken down was deleted by hand. Look at the account first.

    Clarion never sends again what may be up already; this is how you tell it what you saw.
    """
    from clarion.accounts.me import who
    from clarion.model import State
    from clarion.outbox.claiming import handling

    if (sent is None) == (not absent):
        raise click.UsageError("say what you saw: --sent URL, or --absent")
    doer = app.who("act") if app.config.people else who()
    if app.rehearsing:
        shell.banner_of_rehearsal()
    with app.outbox.read() as tx:
        found = handling.doubts(tx, number, part=part, account=account, language=lang)
        everything = handling.doubts(tx, number)
        if absent and not everything:  # what was to be taken down, and a person deleted
            found = handling.coming_down(tx, number, part=part, account=account, language=lang)
            everything = handling.coming_down(tx, number)
        now = tx.at
    doubt = _the_one(number, found, everything, "--absent" if absent else f"--sent {sent}")
    if sent is not None:
        receipt = _receipt(doubt, sent, now)
        with app.outbox.write() as tx:
            handling.is_up(tx, doubt, receipt, outbox_id=app.outbox.id, who=doer)
        if doubt.delivery.recall_wanted:
            shell.show(f"{_name(doubt)}: up, and taken down when clarion publish runs: {receipt.url}")
        else:
            shell.show(f"{_name(doubt)}: sent, {receipt.url}")
        return
    _ask(doubt, yes=yes)
    if doubt.delivery.state is State.RECALLING:
        with app.outbox.write() as tx:
            handling.is_down(tx, doubt, who=doer)
        shell.show(f"{_name(doubt)}: down, deleted by hand")
        return
    with app.outbox.write() as tx:
        handling.is_absent(tx, doubt, outbox_id=app.outbox.id, who=doer)
    again = "not sent again" if doubt.taken_back else "goes again, when clarion publish runs"
    shell.show(f"{_name(doubt)}: {again}")


@click.command(
    epilog=shell.example(
        "clarion queue retry 12",
        'clarion queue retry 12 --at "tomorrow 9:00"',
        "clarion queue retry 12 --yes",
    )
)
@click.argument("number", type=NUMBER)
@click.option(
    "--at", help='"now", "2026-12-01 18:00", "tomorrow 9:00", "next slot" (live default; in rehearsal: now).'
)
@click.option("--yes", is_flag=True, help="Approve without being asked.")
@click.pass_obj
def retry(app: App, number: int, at: str | None, *, yes: bool) -> None:
    """Try again what failed or expired: shown as each network will show it, then approved by you.

    It gets a new time, so no approval given before counts. What is up already stays up and is not sent again; the
    rest of a thread goes at once.
    """
    from clarion.cli import queueing
    from clarion.composing import entries, rules
    from clarion.outbox.claiming import handling

    who = app.who("write")
    if app.rehearsing:
        shell.banner_of_rehearsal()
    with app.outbox.read() as tx:
        entry, chosen = handling.retriable(tx, number)
    times = _times(app, chosen, at)
    _show(app, entry, chosen, times)
    alone = app.may_approve(who)
    asked = shell.interactive() and not yes
    if asked and not shell.confirm(_question(app, chosen, times, alone=alone), yes=False):
        shell.say_so("Nothing was changed.")
        return
    entry = entries.retry(
        app.outbox, number, chosen, times, who=who, rules=rules.of(app.config), denied=app.denied()
    )
    confirmed = alone and (yes or asked)
    if confirmed:
        queueing.approve(app, number, who, only={each.post.id for each in chosen})
    _tell(app, entry, chosen, times, confirmed=confirmed)
    if app.rehearsing and at is None and False in times:  # what has begun goes on at once, live too
        queueing.say_when_live(app)


# ── resolve ───────────────────────────────────────────────────────────────────────────────────────────────────


def _the_one(number: int, found: Sequence[Doubt], everything: Sequence[Doubt], said: str) -> Doubt:
    """The delivery that is meant. Raises OutboxError that lists what to type when it is not one."""
    from clarion.errors import OutboxError

    if len(found) == 1:
        return found[0]
    if not everything:
        raise OutboxError(f"nothing of #{number} is in doubt", f"clarion queue show {number}")
    listed = found or everything
    options = "\n      ".join(
        f"clarion queue resolve {number}{_narrowed(each, listed)} {said}" for each in listed
    )
    if not found:
        raise OutboxError(f"nothing like that of #{number} is in doubt, but something else is", options)
    raise OutboxError(f"{len(found)} deliveries of #{number} are in doubt; say which", options)


def _narrowed(doubt: Doubt, among: Sequence[Doubt]) -> str:
    """The options that tell a delivery from the others."""
    said = f" --account {doubt.account.name}"
    if len({each.post.language for each in among if each.account == doubt.account}) > 1:
        said += f" --lang {doubt.post.language}"
    if len(doubt.post.deliveries) > 1:
        said += f" --part {doubt.delivery.part}"
    return said


def _receipt(doubt: Doubt, url: str, now: datetime) -> Receipt:
    from clarion import networks
    from clarion.errors import OutboxError
    from clarion.model import Receipt

    address = networks.address(doubt.account.network)
    remote_id = address.remote_id(url.strip(), doubt.account)
    if remote_id is None:
        raise OutboxError(
            f"this is not the address of a post of {doubt.account.handle} on {doubt.account.network}: {url}",
            f"copy it from the post itself; it looks like {address.SHAPE}",
        )
    return Receipt(remote_id=remote_id, url=url.strip(), at=now)


def _ask(doubt: Doubt, *, yes: bool) -> None:
    """A person's word that it is not up. Raises ClarionError without it."""
    from clarion.errors import ClarionError
    from clarion.model import State

    text = doubt.post.payload.parts[doubt.delivery.part - 1].text
    going = doubt.delivery.state is State.RECALLING
    reason = doubt.delivery.reason or ("it was up" if going else "nobody knows whether it is up")
    shell.say_so(f"{_name(doubt)}, {'to be taken down' if going else 'in doubt'}: {reason}")
    shell.say_so("\n".join(f"  | {line}" for line in text.splitlines()))
    if doubt.taken_back:
        shell.say_so(f"Look at {doubt.account.handle} first: it was taken back and is not sent again.")
    elif doubt.post.payload.replaces is not None:
        shell.say_so(f"Look at {doubt.account.handle} first: this is an edit, which done twice is one.")
    else:
        shell.say_so(f"Look at {doubt.account.handle} first: if this post does exist, it will appear twice.")
    ask = "It is certainly not there" + ("?" if doubt.taken_back else ", and shall be sent again?")
    if not shell.confirm(ask, yes=yes):
        raise ClarionError(
            "nothing was changed: the post " + ("is still to be taken down" if going else "stays in doubt"),
            f"when you have looked: clarion queue resolve {doubt.number}"
            f"{_narrowed(doubt, [doubt])} --absent --yes",
        )


def _name(doubt: Doubt) -> str:
    parts = len(doubt.post.deliveries)
    part = f" {doubt.delivery.part}/{parts}" if parts > 1 else ""
    return f"#{doubt.number} {doubt.account.network} · {doubt.account.handle} · {doubt.post.language}{part}"


# ── retry ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _show(app: App, entry: EntryView, chosen: Sequence[Again], times: dict[bool, datetime]) -> None:
    from dataclasses import replace

    from clarion.cli.preview import of_entry
    from clarion.review.remarks import Reason

    again = replace(entry, posts=tuple(replace(each.post, due=times[each.begun]) for each in chosen))
    shell.say_so(drawn(of_entry(app, again), because=Reason.of(entry.because, author=entry.author)))
    for each in chosen:
        failed = next(delivery for delivery in each.post.deliveries if delivery.part == each.part)
        shell.say_so(
            f"{each.post.account.handle} ({each.post.language}): {failed.state}: {failed.reason or ''}"
        )


def _times(app: App, chosen: Sequence[Again], at: str | None) -> dict[bool, datetime]:
    """When posts go that begin anew (False), and the rest of those that have begun (True)."""
    from clarion.cli.queueing import moments

    usual = "now" if app.rehearsing else "next slot"
    whose = {each.post.account.name for each in chosen}
    said = {each.post.language for each in chosen}
    return {
        begun: moments(app, at or ("now" if begun else usual), whose, said)[1]
        for begun in sorted({each.begun for each in chosen})
    }


def _question(app: App, chosen: Sequence[Again], times: dict[bool, datetime], *, alone: bool) -> str:
    from clarion.cli.queueing import posts_in_words

    ask = "approve exactly this" if alone else "put it before somebody else to approve"
    real = "" if app.rehearsing else ", FOR REAL"
    return f"{posts_in_words(len(chosen))}{real}, {_when(app, times)}. Do you {ask}?"


def _tell(
    app: App, entry: EntryView, chosen: Sequence[Again], times: dict[bool, datetime], *, confirmed: bool
) -> None:
    from clarion.cli.queueing import posts_in_words, say_who_approves

    state = "approved" if confirmed else "waiting for approval"
    shell.show(f"#{entry.number} {entry.title}: {posts_in_words(len(chosen))} to be tried again, {state}")
    if confirmed:
        shell.say_so(f"Goes out {_when(app, times)}.")
    else:
        say_who_approves(app, entry.number)


def _when(app: App, times: dict[bool, datetime]) -> str:
    from clarion.cli.queueing import departure, moments

    now, _ = moments(app, "now")
    return departure(max(times.values()), now)
