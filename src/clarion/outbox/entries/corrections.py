"""What corrects what: which entry a post answers or edits, and which entries answer or edit it.

In: an entry as people see it. Out: a relation for each of its posts, by the post's id; and where what was edited is now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from clarion.model import Payload, State
from clarion.outbox import schema
from clarion.outbox.entries import predecessors, views
from clarion.outbox.entries.views import EntryView, PostView
from clarion.outbox.states import PENDING
from clarion.outbox.store import Tx

#: A correction in one of these corrects nothing, and is not going to.
_GONE = (State.CANCELLED.value, State.EXPIRED.value, State.FAILED.value)
#: What an edit was, or is, that went out.
_TOOK_PLACE = (State.SENT.value, State.REPLACED.value, State.RECALLING.value, State.RECALLED.value)
#: States in which a post is up, or may be.
_UP = frozenset({State.SENT, State.RECALLING, State.IN_DOUBT, State.SENDING})
_delivery, _post = schema.delivery, schema.post


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """Entries' numbers."""

    answers: int | None = None
    edits: int | None = None
    answered_by: tuple[int, ...] = ()  # up, or waiting
    edited_by: tuple[int, ...] = ()  # likewise
    replaced_by: tuple[int, ...] = ()  # of these, what took its place


def relations(tx: Tx, entry: EntryView) -> dict[str, Relation]:
    """How each post of an entry stands to others."""
    by = _corrected_by(tx, entry)
    entries = _entries_of(tx, entry)
    return {
        post.id: Relation(
            answers=entries.get(post.payload.answers or ""),
            edits=entries.get(post.payload.replaces or ""),
            answered_by=tuple(dict.fromkeys(row.entry for row in by if row.answers in _ids(post))),
            edited_by=tuple(dict.fromkeys(row.entry for row in by if row.replaces in _ids(post))),
            replaced_by=tuple(
                dict.fromkeys(
                    row.entry for row in by if row.replaces in _ids(post) and row.state in _TOOK_PLACE
                )
            ),
        )
        for post in entry.posts
    }


def corrected(tx: Tx, payload: Payload) -> str | None:
    """The id of the post that a payload answers or edits; None where it is no correction."""
    what = payload.replaces or payload.answers
    if what is None:
        return None
    return tx.execute(sa.select(_delivery.c.post).where(_delivery.c.id == what)).scalar()


def in_vain(tx: Tx, post: PostView) -> str | None:
    """Why what waits of a correction must not go out, as the worker will find; None where nothing speaks against it."""
    waiting = [each.part for each in post.deliveries if each.state is State.PENDING]
    if not waiting:
        return None
    payload = post.payload
    row = _Row(replaces=payload.replaces, answers=payload.answers, part=min(waiting))
    return predecessors.objection(tx, row)


def holders(tx: Tx, number: int) -> list[int]:
    """The entries that hold now, up there, what this one was before it was edited."""
    found, seen, open_ = list[int](), {number}, [number]
    while open_:
        entry = views.show(tx, open_.pop())
        if entry.number != number and _is_up(entry):
            found.append(entry.number)
        related = relations(tx, entry)
        replaced = [post for post in entry.posts if was_replaced(post)]
        later = {each for post in replaced for each in related[post.id].edited_by} - seen
        seen |= later
        open_ += sorted(later)
    return sorted(found)


def was_replaced(post: PostView) -> bool:
    """Whether an edited post stands in its place, or in that of a part of it."""
    return any(each.state is State.REPLACED for each in post.deliveries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A correction that waits for people. `corrects` is the other entry's number."""

    entry: int
    corrects: int
    edits: bool  # or it answers
    reason: str | None


def waiting(tx: Tx) -> list[Waiting]:
    """The corrections that wait for people, oldest first."""
    of = _post.alias("of")
    theirs = _delivery.alias("theirs")
    statement = (
        sa.select(_post.c.entry, of.c.entry.label("corrects"), _post.c.replaces, _delivery.c.reason)
        .select_from(_delivery)
        .join(_post, _post.c.id == _delivery.c.post)
        .join(theirs, theirs.c.id == sa.func.coalesce(_post.c.replaces, _post.c.answers))
        .join(of, of.c.id == theirs.c.post)
        .where(_delivery.c.state == PENDING, _delivery.c.part == 1)
        .order_by(_post.c.entry)
    )
    found = [
        Waiting(entry=row.entry, corrects=row.corrects, edits=row.replaces is not None, reason=row.reason)
        for row in tx.execute(statement)
    ]
    return list(dict.fromkeys(found))


# ── below ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    replaces: str | None
    answers: str | None
    part: int


def _ids(post: PostView) -> set[str]:
    return {each.id for each in post.deliveries}


def _is_up(entry: EntryView) -> bool:
    return any(each.state in _UP for post in entry.posts for each in post.deliveries)


def _corrected_by(tx: Tx, entry: EntryView) -> list[Any]:
    """The posts that answer or edit something of it, oldest first."""
    mine = sorted(id_ for post in entry.posts for id_ in _ids(post))
    statement = (
        sa.select(_post.c.entry, _post.c.answers, _post.c.replaces, _delivery.c.state)
        .join(_delivery, sa.and_(_delivery.c.post == _post.c.id, _delivery.c.part == 1))
        .where(sa.or_(_post.c.answers.in_(mine), _post.c.replaces.in_(mine)), _delivery.c.state.not_in(_GONE))
        .order_by(_post.c.entry)
    )
    return list(tx.execute(statement))


def _entries_of(tx: Tx, entry: EntryView) -> Mapping[str, int]:
    """The entries of the deliveries that it answers or edits."""
    payloads = [post.payload for post in entry.posts]
    asked = sorted({each for one in payloads for each in (one.answers, one.replaces) if each})
    if not asked:
        return {}
    statement = (
        sa.select(_delivery.c.id, _post.c.entry)
        .join(_post, _post.c.id == _delivery.c.post)
        .where(_delivery.c.id.in_(asked))
    )
    return {row.id: row.entry for row in tx.execute(statement)}
