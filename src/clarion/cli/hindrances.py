"""What no approval lets go of an entry, and what mends it: said before anybody is asked, once for all that it is true of.

In: an entry that waits. Out: by a post's id, what stands in its way; and lines with commands to type.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from clarion.app import App
    from clarion.campaign.ledgers.ledger import Ledger
    from clarion.outbox.entries.posts import EntryView
    from clarion.outbox.entries.views import PostView

    #: By kind ("fact", "call", "day") and id.
    Named = tuple[str, str]


def of_entry(app: App, entry: EntryView) -> dict[str, str]:
    """Why an approval does not let its posts go, by their ids, in words that end in what mends it."""
    from clarion.model import State

    waiting = [post for post in entry.posts if post.state is State.PENDING]
    return {**_outdated(app, entry, waiting), **_in_vain(app, entry, waiting)}


def in_words(entry: EntryView, found: Mapping[str, str]) -> list[str]:
    """Each hindrance once, with the posts it is about, unless it is about all of several."""
    about: dict[str, list[str]] = {}
    for post in entry.posts:
        if post.id in found:
            about.setdefault(found[post.id], []).append(f"{post.account.name} · {post.language}")
    all_of_it = len(entry.posts) > 1 and len(about) == 1 and len(found) == len(entry.posts)
    return [
        f"#{entry.number}{'' if all_of_it else ' ' + ', '.join(posts)}: {said}"
        for said, posts in about.items()
    ]


# ── what it says ──────────────────────────────────────────────────────────────────────────────────────────────


def _outdated(app: App, entry: EntryView, waiting: list[PostView]) -> dict[str, str]:
    """Posts whose facts, calls or days no longer say what they said, or that name somebody who is in danger by now."""
    from clarion.app.standing import standings
    from clarion.campaign.ledgers.ledger import Ledger
    from clarion.clock import micros
    from clarion.composing.rules import names_somebody
    from clarion.outbox import blocks
    from clarion.outbox.claiming import living

    with app.outbox.read() as tx:
        now = micros(tx.at)
        blocked = {(each.kind, each.id): each.why for each in blocks.standing(tx)}
    living_ones = any(post.used != "[]" for post in waiting)
    stands = standings(app.folder, app.config) if living_ones else {}
    ledger = Ledger.load(app.folder) if living_ones else Ledger.empty()
    denied = app.denied()
    found: dict[str, str] = {}
    for post in waiting:
        why = (
            living.objection(post.used, post.language, stands, now)
            or _by_the_outbox(post, blocked)
            or names_somebody(post.payload, denied)
        )
        if why:
            mend = _mend(entry, _unblockable(post, ledger, blocked))
            found[post.id] = f"{why}. An approval does not let it go. {mend}"
    return found


def _by_the_outbox(post: PostView, blocked: Mapping[Named, str]) -> str | None:
    """What another host blocked, before its folder reached this one."""
    return next(
        (
            f'the {kind} "{id_}" is blocked: {blocked[kind, id_]}'
            for kind, id_ in _used(post)
            if (kind, id_) in blocked
        ),
        None,
    )


def _unblockable(post: PostView, ledger: Ledger, blocked: Mapping[Named, str]) -> list[str]:
    """The ids of what it used that somebody blocked, and may unblock: a day's fact instead of the day."""
    days = dict(ledger.days.items())
    known = {
        **{("fact", id_): (each.status, each.was) for id_, each in ledger.facts.items()},
        **{("call", id_): (each.status, each.was) for id_, each in ledger.calls.items()},
        **{("day", id_): (each.status, each.was) for id_, each in days.items()},
    }

    def stopped(named: Named) -> bool:
        return named in blocked or known.get(named, ("ok", None))[0] == "blocked"

    def for_good(named: Named) -> bool:
        return known.get(named) == ("blocked", None)

    used = [
        ("fact", str(days[id_].fact))
        if kind == "day" and id_ in days and stopped(("fact", str(days[id_].fact)))
        else (kind, id_)
        for kind, id_ in _used(post)
    ]
    return list(dict.fromkeys(named[1] for named in used if stopped(named) and not for_good(named)))


def _used(post: PostView) -> list[Named]:
    return [(kind, id_) for kind, id_, _ in json.loads(post.used)]


def _mend(entry: EntryView, blocked: list[str]) -> str:
    """What is to be typed for a post that is not as its ledgers are."""
    if blocked:
        again = ", ".join(f'clarion posts unblock {id_} --why "…"' for id_ in blocked)
        return f"If it may be said again: {again}; if not: clarion queue cancel {entry.number}"
    again = f"clarion queue add {entry.slug}" if entry.slug else 'clarion say "…"'
    return f"Cancel it and queue it anew: clarion queue cancel {entry.number}, then {again}"


# ── whatever it says ──────────────────────────────────────────────────────────────────────────────────────────


def _in_vain(app: App, entry: EntryView, waiting: list[PostView]) -> dict[str, str]:
    """Posts of which what they correct is not up, whose account was removed, or whose time is past."""
    from clarion.outbox.entries import corrections

    found: dict[str, str] = {}
    with app.outbox.read() as tx:
        for post in waiting:
            why = corrections.in_vain(tx, post)
            said = f"{why}: clarion queue cancel {entry.number}" if why else None
            said = said or _removed(app, entry, post) or _too_late(app, entry, post, tx.at)
            if said:
                found[post.id] = f"an approval does not let it go: {said}"
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
