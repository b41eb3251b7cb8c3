"""What became of posts that somebody cancelled or took back: what is gone, and what may be up all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clarion.cli.terminal import shell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clarion.app import App
    from clarion.outbox.entries.views import PostView


def tell(app: App, number: int, touched: Sequence[PostView]) -> None:
    """Say what stands now of an entry's posts that were cancelled."""
    from clarion.cli.queueing import posts_in_words
    from clarion.model import State
    from clarion.outbox.entries import posts

    ids = {post.id for post in touched}
    with app.outbox.read() as tx:
        entry = posts.show(tx, number)
    found = [[each.state for each in post.deliveries] for post in entry.posts if post.id in ids]
    open_ = sum(State.SENDING in states or State.IN_DOUBT in states for states in found)
    if len(found) > open_:
        shell.show(f"#{number} {entry.title}: {posts_in_words(len(found) - open_)} cancelled")
    if open_:
        of_it = posts_in_words(open_)
        shell.show(f"#{number} {entry.title}: {of_it} not sent again, but may be up: clarion recall {number}")
    if any(State.SENT in states for states in found):
        shell.say_so(f"Some of it is up, and stays. To take it down: clarion recall {number}")
