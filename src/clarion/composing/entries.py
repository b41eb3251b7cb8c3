"""Entries: what people queue and take back.

In: composed posts and who asks. Out: entries in the outbox, by their short number.
"""

from __future__ import annotations

from collections.abc import Sequence

from clarion.composing.compose import Composed, Request
from clarion.errors import OutboxError
from clarion.model import State
from clarion.outbox import posts, store
from clarion.outbox.posts import EntryView, NewEntry, NewPost
from clarion.outbox.store import Outbox


def queue(outbox: Outbox, request: Request, composed: Sequence[Composed], *, author: str | None) -> EntryView:
    """Put composed posts into the outbox as one pending entry."""
    entry = NewEntry(
        kind="template" if request.slug else "say",
        slug=request.slug,
        text=request.text,
        variables=request.variables,
        wording=request.wording,
        author=author,
        because=request.because,
        batch=store.new_id(),
    )
    with outbox.write() as tx:
        return posts.show(tx, posts.add(tx, entry, [_new(each) for each in composed]))


def undo(outbox: Outbox, *, who: str | None) -> list[EntryView]:
    """Take back what the newest command queued and that still waits; those entries as they were.

    Raises OutboxError when all of it has gone out or was taken back before.
    """
    with outbox.write() as tx:
        numbers = posts.last_batch(tx)
        posts.lock_entries(tx, numbers)
        newest = [posts.show(tx, number) for number in numbers]
        waiting = [entry for entry in newest if waits(entry)]
        for entry in waiting:
            posts.cancel(tx, entry.number, who=who)
    if not newest:
        raise OutboxError("nothing was queued yet", 'clarion say "…"')
    if not waiting:
        last = newest[-1]
        raise OutboxError(
            f"the last entry, #{last.number} ({last.title}), is {last.state}: there is nothing left to take back",
            f"clarion queue show {last.number}",
        )
    return waiting


def waits(entry: EntryView) -> bool:
    """Whether something of it can still be taken back."""
    states = {delivery.state for post in entry.posts for delivery in post.deliveries}
    return bool(states & {State.PENDING, State.SCHEDULED})


def _new(composed: Composed) -> NewPost:
    return NewPost(
        account=composed.account.name,
        payload=composed.payload,
        digest=composed.digest,
        sensitive=composed.sensitive,
        evergreen=composed.evergreen,
        used=composed.used,
        due=composed.due,
        late=composed.late,
        images=composed.images,
    )
