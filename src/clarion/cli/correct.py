"""`clarion correct`: put right what is up."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clarion.cli.terminal import offering, options, shell
from clarion.cli.terminal.typed import NUMBER, pairs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from clarion.app import App
    from clarion.composing.correcting import Composing
    from clarion.outbox.entries.corrections import Relation
    from clarion.outbox.entries.views import EntryView, PostView

#: --edit without a file: the text is written in an editor.
_EDITOR = "\0"
_RECALL, _ANSWER, _EDIT = "recall", "answer", "edit"
_WAYS = {
    _RECALL: "take it down, everywhere it is up",
    _ANSWER: "leave it, and answer it with the template “correction”",
    _EDIT: "change its text where it stands, on Mastodon; whoever shared it is told",
}
#: Of several posts that are up, so many letters of each are shown.
_SHORT = 70


@click.command(
    epilog=shell.example(
        "clarion correct 12",
        'clarion correct 12 --answer --set about="who reported first" --set holds=first-report',
        "clarion correct 12 --edit new.txt --account mastodon --lang en",
        "clarion correct 12 --recall --yes",
    )
)
@click.argument("number", type=NUMBER)
@click.option("--recall", "way", flag_value=_RECALL, help="Take it down: the same as clarion recall.")
@click.option("--answer", "way", flag_value=_ANSWER, help="Answer it with the template “correction”.")
@click.option(
    "--edit",
    "file",
    is_flag=False,
    flag_value=_EDITOR,
    metavar="FILE",
    help="Change its text to this file's (-: what comes in by the pipe; nothing: write it in an editor). On Mastodon.",
)
@click.option(
    "--account", metavar="NAME", shell_complete=offering.accounts, help="Only on this account (default: all)."
)
@click.option("--lang", metavar="LANGUAGE", shell_complete=offering.languages, help="Only in this language.")
@options.variables
@options.wording
@options.queueing
@click.pass_context
def correct(
    ctx: click.Context,
    number: int,
    way: str | None,
    file: str | None,
    account: str | None,
    lang: str | None,
    variables: tuple[str, ...],
    wording: int,
    because: str | None,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Put right what is up: recall it, answer it or edit it.

    Without an option it shows what is up and asks. An answer and an edit are new posts: you see them, and approve
    them, as any other; they go out with the next clarion publish and wait for no slot. What is edited keeps its
    address, its pictures and its answers.
    """
    app: App = ctx.obj
    if way and file is not None:
        raise click.UsageError("--recall, --answer and --edit exclude each other: say one of them")
    take_down = partial(
        _take_down, ctx, number, narrowed=bool(account or lang), because=because, yes=yes, as_json=as_json
    )
    if way == _RECALL:
        take_down()
        return
    if app.rehearsing:
        shell.banner_of_rehearsal()
    found, related = _up(app, number, account, lang)
    _show(number, found, related)
    chosen = way or (_EDIT if file is not None else None) or _ask(number, found)
    if chosen == _RECALL:
        take_down()
        return
    because = _reason(because)
    if chosen == _ANSWER:
        given = pairs(variables)
        _answer(app, number, found, given, wording=wording, because=because, yes=yes, as_json=as_json)
    else:
        _edit(app, number, found, related, file or _EDITOR, because=because, yes=yes, as_json=as_json)


# ── what is up, and what to do about it ───────────────────────────────────────────────────────────────────────


def _up(
    app: App, number: int, account: str | None, lang: str | None
) -> tuple[list[PostView], Mapping[str, Relation]]:
    """The posts that are up, as far as they are asked for; and what corrects them already."""
    from clarion.composing import correcting
    from clarion.errors import OutboxError
    from clarion.outbox.entries import corrections, posts

    with app.outbox.read() as tx:
        entry = posts.show(tx, number)
        found = correcting.up(entry, account=account, language=lang)
        holders = corrections.holders(tx, number)
        related = corrections.relations(tx, entry)
    if found:
        return found, related
    if holders:
        later = holders[-1]
        raise OutboxError(f"#{number} was edited: what is up now is #{later}", f"clarion correct {later}")
    if still := _being_taken_down(entry):
        raise OutboxError(
            f"#{number} is being taken down, and is still up on {', '.join(still)}",
            f"clarion recall {number}",
        )
    asked = [f"on {account}"] * bool(account) + [f"in {lang}"] * bool(lang)
    where = " ".join(asked) or f"it is {entry.state}"
    raise OutboxError(f"nothing of #{number} is up: {where}", f"clarion queue show {number}")


def _being_taken_down(entry: EntryView) -> list[str]:
    """Where something of it is up that is to come down."""
    from clarion.model import State

    return list(
        dict.fromkeys(
            f"{post.account.name} ({post.language})"
            for post in entry.posts
            if any(each.state is State.RECALLING for each in post.deliveries)
        )
    )


def _show(number: int, found: Sequence[PostView], related: Mapping[str, Relation]) -> None:
    from clarion.cli.queue import corrected
    from clarion.composing.correcting import text_of

    for post in found:
        receipt = post.deliveries[0].receipt
        url = receipt.url if receipt else ""
        shell.say_so(f"#{number} {post.account.name} · {post.language}  {url}")
        lines = [line for line in text_of(post).splitlines() if line]
        shown = lines if len(found) == 1 else [_short(line) for line in lines[:1]]
        shell.say_so("\n".join(f"  | {line}" for line in shown))
        for line in corrected(post, related[post.id]):
            shell.say_so(f"  {line}")


def _short(line: str) -> str:
    return line if len(line) <= _SHORT else f"{line[: _SHORT - 1]}…"


def _ask(number: int, found: Sequence[PostView]) -> str:
    """How it is put right, as somebody at the terminal says."""
    from clarion.composing.correcting import editable
    from clarion.errors import ClarionError

    ways = [way for way in _WAYS if way != _EDIT or editable(found)]
    if not shell.interactive():
        raise ClarionError(
            "nothing was changed: say how it is put right",
            "   or   ".join(f"clarion correct {number} --{way}{' FILE' * (way == _EDIT)}" for way in ways),
        )
    for way in ways:
        shell.say_so(f"  {way:<7} {_WAYS[way]}")
    return shell.ask(f"{', '.join(ways[:-1])} or {ways[-1]}? (Ctrl-C to leave it)", partial(_proper, ways))


def _proper(ways: Sequence[str], typed: str) -> str:
    from clarion.errors import ClarionError

    fitting = [way for way in ways if typed and way.startswith(typed.casefold())]
    if len(fitting) != 1:
        raise ClarionError(f"“{typed}” is none of: {', '.join(ways)}")
    return fitting[0]


def _reason(because: str | None) -> str | None:
    from clarion.composing import reasons

    return because if because is None else reasons.proper(because)


def _take_down(
    ctx: click.Context, number: int, *, narrowed: bool, because: str | None, yes: bool, as_json: bool
) -> None:
    from clarion.cli.recall import recall

    if narrowed:
        raise click.UsageError("a recall takes down all of an entry: leave out --account and --lang")
    ctx.invoke(recall, numbers=(number,), because=because, everything=False, yes=yes, as_json=as_json)


# ── the answer ────────────────────────────────────────────────────────────────────────────────────────────────


def _answer(
    app: App,
    number: int,
    found: Sequence[PostView],
    given: dict[str, str],
    *,
    wording: int,
    because: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    from clarion.cli import answering
    from clarion.cli.queueing import offer
    from clarion.composing import correcting
    from clarion.composing.compose import Request

    composing, now = _composing(app)
    request = Request(
        slug=correcting.SLUG,
        variables=answering.values(app, number, found, given, now),
        wording=wording,
        because=because,
    )
    made = correcting.answers(found, request, composing, folder=app.folder, config=app.config)
    notes = [*made.notes, f"It answers #{number}, where that is up."]
    offer(app, request, made.posts, due=now, now=now, notes=notes, capped=False, yes=yes, as_json=as_json)


# ── the edit ──────────────────────────────────────────────────────────────────────────────────────────────────


def _edit(
    app: App,
    number: int,
    found: Sequence[PostView],
    related: Mapping[str, Relation],
    file: str,
    *,
    because: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    from dataclasses import replace

    from clarion.cli.queueing import offer
    from clarion.composing import correcting
    from clarion.outbox.entries.posts import image

    def bytes_of(sha256: str) -> bytes:
        with app.outbox.read() as tx:
            return image(tx, sha256)

    post = _the_one(number, found)
    _require_unedited(number, related[post.id])
    text = _new_text(post, number, file)
    if text is None:
        shell.say_so("Nothing was changed.")
        return
    composing, now = _composing(app)
    request, composed = correcting.edit(post, number, text, composing, image=bytes_of)
    notes = [
        f"It takes the place of #{number} on {post.account.name}, at the same address.",
        *_still_wrong(app, number, post),
    ]
    offer(
        app,
        replace(request, because=because),
        [composed],
        due=now,
        now=now,
        notes=notes,
        capped=False,
        yes=yes,
        as_json=as_json,
    )


def _still_wrong(app: App, number: int, edited: PostView) -> list[str]:
    """Where else the entry is up: an edit is of one post, and elsewhere the words stay."""
    from clarion.composing import correcting
    from clarion.outbox.entries import posts

    with app.outbox.read() as tx:
        up = correcting.up(posts.show(tx, number))
    others = [post for post in up if post.id != edited.id]
    if not others:
        return []
    named = ", ".join(f"{post.account.name} ({post.language})" for post in others)
    return [
        f"What is up on {named} stays as it is. To put it right there too: clarion correct {number} --answer"
    ]


def _the_one(number: int, found: Sequence[PostView]) -> PostView:
    """The post to be edited: an edit is of one."""
    from clarion.composing.correcting import editable
    from clarion.errors import OutboxError

    fitting = editable(found) or list(found)  # what cannot be edited says so itself
    if len(fitting) == 1 or not editable(found):
        return fitting[0]
    named = ", ".join(f"{post.account.name} ({post.language})" for post in fitting)
    first = fitting[0]
    raise OutboxError(
        f"#{number} can be edited in {len(fitting)} places: {named}",
        f"name one: clarion correct {number} --edit --account {first.account.name} --lang {first.language}",
    )


def _require_unedited(number: int, related: Relation) -> None:
    """Two edits of one post: the second would find nothing to take the place of."""
    from clarion.errors import OutboxError

    if related.edited_by:
        edit = related.edited_by[-1]
        raise OutboxError(
            f"#{edit} already edits #{number}",
            f"once it is up: clarion correct {edit}   or, to write another: clarion queue cancel {edit}",
        )


def _new_text(post: PostView, number: int, file: str) -> str | None:
    """The text from where it is said to be; None where somebody left the editor without a word."""
    from clarion.cli.terminal.reading import text_of as read
    from clarion.composing.correcting import text_of
    from clarion.errors import ClarionError

    if file != _EDITOR:
        return read(None if file == "-" else Path(file))
    if not shell.interactive():
        raise ClarionError(
            "nothing was changed: there is no new text",
            f"clarion correct {number} --edit FILE, or --edit - to read it from a pipe",
        )
    return click.edit(text_of(post) + "\n", extension=".txt")


def _composing(app: App) -> tuple[Composing, datetime]:
    """What composes for now: a correction waits for no slot."""
    from clarion.cli.queueing import composing, moments

    now, due = moments(app, "now")
    return composing(app, due, now), now
