"""`clarion recall`: take down what is up, and send nothing more of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from clarion.cli.terminal import options, shell
from clarion.cli.terminal.typed import NUMBER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from clarion.app import App
    from clarion.outbox.claiming.recalling import Piece
    from clarion.outbox.store import Tx

_COPIES = (
    "What others copied, quoted or photographed stays, and so may what search engines and other servers keep."
)
_LISTED = 30
#: So many letters of a post's first line are shown.
_SHORT = 70


@click.command(
    epilog=shell.example(
        "clarion recall 12",
        'clarion recall 12 13 --because "it names somebody"',
        "clarion recall --all --yes",
    )
)
@click.argument("numbers", type=NUMBER, nargs=-1, metavar="NUMBER…")
@click.option("--all", "everything", is_flag=True, help="Everything that is up, of all entries.")
@click.option("--because", help="Why, for the audit trail.")
@options.yes
@click.option("--json", "as_json", is_flag=True, help="Print what became of it as JSON.")
@click.pass_obj
def recall(
    app: App, numbers: tuple[int, ...], because: str | None, *, everything: bool, yes: bool, as_json: bool
) -> None:
    """Take down what is up, and send nothing more of it.

    The last part of a thread goes first. What cannot be taken down now (a network that is away, a rate limit, an
    account to be verified) is tried again by every clarion publish, until it is down. What may be up is taken down
    as soon as it is found. Doing it again is harmless, and asks the network once more.

    It works also while publishing is paused, or stopped by a file named STOP: those stop sending, not taking down.

    Exit code: 0 everything is down, 1 something needs a person, 75 the rest goes on by itself.
    """
    from clarion.accounts.me import who
    from clarion.errors import ClarionError
    from clarion.model import State
    from clarion.outbox.claiming import recalling

    if everything == bool(numbers):
        raise click.UsageError("say what: entries' numbers, as in clarion recall 12, or --all")
    if app.rehearsing:
        shell.banner_of_rehearsal()
    with app.outbox.read() as tx:
        before = recalling.pieces(tx, None if everything else numbers)
        moved = _moved(tx, before, {*numbers})
    # What was taken down before is asked for once more, where somebody names it.
    named = set() if everything else {each.entry for each in before if each.state is State.RECALLED}
    chosen = sorted({each.entry for each in before if each.up or each.waits} | named)
    if not chosen:
        _nothing(before, as_json=as_json)
        if not before:
            shell.say_so("Nothing is up.")
        _tell_moved(moved)
        return
    mine = [each for each in before if each.entry in chosen]
    _show(app, mine)
    typed = "--all" if everything else " ".join(map(str, numbers))
    if any(each.up or each.waits for each in mine):
        if not yes and not shell.interactive():
            raise ClarionError(
                "nothing was taken down: it is not done unasked", f"clarion recall {typed} --yes"
            )
        if not shell.confirm(_question(mine), yes=yes):
            shell.say_so("Nothing was taken down.")
            return
    _note(app, chosen, typed, who=who(), because=because)
    _take_down(app, say=shell.say_so if as_json else shell.show)
    with app.outbox.read() as tx:
        after = recalling.pieces(tx, chosen)
    if everything:
        shell.say_so("What has not begun yet still goes out at its time. To stop that: clarion pause")
    _tell(app, mine, after, moved, as_json=as_json)


def _note(app: App, chosen: Sequence[int], typed: str, *, who: str | None, because: str | None) -> None:
    """Write what is to be taken down. Where that cannot be, she must know: nobody goes on with it by itself."""
    from clarion.errors import OutboxBusy
    from clarion.publishing.recall import want

    try:
        want(app.outbox, chosen, who=who, because=because)
    except OutboxBusy as error:
        shell.complain(
            f"NOTHING is noted, and nothing was taken down: {error.message}", f"clarion recall {typed} --yes"
        )
        shell.finish(shell.Code.TROUBLE)


def _take_down(app: App, *, say: Callable[[str], None]) -> None:
    """As much as can be done now. That it is to be done is written already: whatever goes wrong here goes on later."""
    from clarion.cli.publish import drain
    from clarion.errors import OutboxBusy

    try:
        drain(app, say=say, sends=False)
    except OutboxBusy as error:
        shell.say_so(
            f"{error.message}. It is noted what is to be taken down: clarion publish goes on with it."
        )


# ── showing ───────────────────────────────────────────────────────────────────────────────────────────────────


def _show(app: App, found: Sequence[Piece]) -> None:
    """What is up, where, and what that means."""
    up = [each for each in found if each.up]
    begins = _begins(app, {each.entry for each in up[:_LISTED]})
    titled = 0
    for each in up[:_LISTED]:
        if each.entry != titled:
            shell.say_so(f"#{each.entry} “{each.title}”")
            titled = each.entry
        shell.say_so(f"{_name(each)}  {each.url or 'may be up'}")
        shell.say_so(f"  | {begins[each.delivery]}")
    if len(up) > _LISTED:
        shell.say_so(f"… and {len(up) - _LISTED} more")
    if waiting := sum(each.waits for each in found):
        shell.say_so(f"{_posts(waiting)} still {'waits' if waiting == 1 else 'wait'}, and will be cancelled.")
    if up:
        shell.say_so(_COPIES)


def _begins(app: App, numbers: Iterable[int]) -> dict[str, str]:
    """The first line of each delivery of these entries, by its id."""
    from clarion.outbox.entries import posts

    with app.outbox.read() as tx:
        entries = [posts.show(tx, number) for number in sorted(numbers)]
    return {
        delivery.id: _first_line(post.payload.parts[delivery.part - 1].text)
        for entry in entries
        for post in entry.posts
        for delivery in post.deliveries
    }


def _first_line(text: str) -> str:
    line = next((line for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= _SHORT else f"{line[: _SHORT - 1]}…"


def _question(found: Sequence[Piece]) -> str:
    named = _numbers(sorted({each.entry for each in found}))
    up = sum(each.up for each in found)
    return f"Take down {_posts(up)} of {named}?" if up else f"Cancel {named}?"


def _nothing(found: Sequence[Piece], *, as_json: bool) -> None:
    if as_json:
        shell.show_json([_plain(each) for each in found])
    for number in sorted({each.entry for each in found}):
        states = ", ".join(dict.fromkeys(each.state.value for each in found if each.entry == number))
        shell.say_so(f"Nothing of #{number} is up: {states}.")


def _moved(tx: Tx, before: Sequence[Piece], asked: set[int]) -> dict[int, list[int]]:
    """Which other entries hold now what was edited, as far as those are not asked for too."""
    from clarion.model import State
    from clarion.outbox.entries import corrections

    numbers = sorted({each.entry for each in before if each.state is State.REPLACED} & asked)
    held = {
        number: [each for each in corrections.holders(tx, number) if each not in asked] for number in numbers
    }
    return {number: by for number, by in held.items() if by}


def _tell_moved(moved: Mapping[int, Sequence[int]]) -> None:
    """What is still up, under another number: that is trouble for somebody who wants it gone."""
    for number, by in moved.items():
        named = " ".join(map(str, by))
        shell.say_so(
            f"STILL UP: #{number} was edited, and its post is {_numbers(by)} now. To take it down: clarion recall {named}"
        )
    if moved:
        shell.finish(shell.Code.TROUBLE)


def _tell(
    app: App,
    before: Sequence[Piece],
    after: Sequence[Piece],
    moved: Mapping[int, Sequence[int]],
    *,
    as_json: bool,
) -> None:
    """What became of it, as words and as an exit code."""
    from clarion.model import State

    if as_json:
        shell.show_json([_plain(each) for each in after])
    was = {each.delivery: each.state for each in before}
    down = sum(each.state is State.RECALLED != was.get(each.delivery) for each in after)
    cancelled = sum(each.state is State.CANCELLED != was.get(each.delivery) for each in after)
    open_ = [each for each in after if each.up]
    strange = [each for each in open_ if each.account not in app.config.accounts]
    stuck = [each for each in open_ if each.needs_a_person or each in strange]
    unasked = [each for each in after if each.state is State.RECALLED and each.reason]
    if any(each.up or each.waits for each in before):
        also = f", {cancelled} cancelled before {'it was' if cancelled == 1 else 'they were'} sent"
        shell.say_so(f"{_posts(down)} taken down{also if cancelled else ''}.")
    else:
        known = {each.entry for each in after} - {each.entry for each in unasked}
        _nothing([each for each in after if each.entry in known], as_json=False)
    for each in unasked:
        shell.say_so(f"{_name(each)}  was taken down, and could not be asked for again: {each.reason}")
    for each in stuck:
        shell.say_so(f"{_name(each)}  {_why(each, strange)}")
    if waiting := len(open_) - len(stuck):
        shell.say_so(
            f"{_posts(waiting)} not down yet: clarion publish goes on with it. How it stands: clarion status"
        )
    _tell_moved(moved)
    if stuck or any(each.next_try is None for each in unasked):
        shell.finish(shell.Code.TROUBLE)
    if waiting or unasked:
        shell.finish(shell.Code.LATER)


def _why(each: Piece, strange: Sequence[Piece]) -> str:
    from clarion.model import State

    if each in strange:
        return (
            f"STILL UP: account {each.account} is not in config.toml any more. To take it down:"
            f" clarion accounts add {each.account}, then clarion recall {each.entry}."
            f" Or delete it there by hand, {each.url}, then: clarion queue resolve {each.entry} --absent"
        )
    if each.state is State.IN_DOUBT:
        found = f"clarion queue resolve {each.entry} --sent URL, or --absent"
        return f"nobody knows whether it is up. Look there, then: {found}"
    return f"STILL UP: {each.reason}. Delete it there by hand, then: clarion recall {each.entry}"


def _name(each: Piece) -> str:
    part = f" {each.part}/{each.parts}" if each.parts > 1 else ""
    return f"#{each.entry} {each.network} · {each.handle} · {each.language}{part}"


def _numbers(numbers: Sequence[int]) -> str:
    return ", ".join(f"#{number}" for number in numbers[:10]) + (" …" if len(numbers) > 10 else "")


def _posts(count: int) -> str:
    return "1 post" if count == 1 else f"{count} posts"


def _plain(each: Piece) -> dict[str, object]:
    return {
        "entry": each.entry,
        "title": each.title,
        "delivery": each.delivery,
        "account": each.account,
        "network": each.network,
        "language": each.language,
        "part": each.part,
        "state": each.state,
        "url": each.url,
        "reason": each.reason,
        "next_try": each.next_try,
    }
