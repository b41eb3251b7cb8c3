"""What `clarion publish --dry-run` says: what would go out or be taken down now, and what is due and must wait.

In: the campaign. Out: lines for people, or JSON lines, of which each has the event that a real run would tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clarion.cli.terminal import shell

if TYPE_CHECKING:
    from clarion.app import App
    from clarion.model import Account, Payload
    from clarion.outbox.claiming.holding import Hold
    from clarion.outbox.entries.troubles import Trouble
    from clarion.outbox.entries.views import EntryView, PostView
    from clarion.outbox.store import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """What is due, each with what holds it."""

    posts: list[tuple[EntryView, PostView, Hold | None]]
    downs: list[tuple[Trouble, Hold | None]]

    @property
    def going(self) -> list[tuple[Account, Payload]]:
        """What would be sent."""
        return [(post.account, post.payload) for _, post, hold in self.posts if hold is None]


def foresee(app: App) -> Foreseen:
    """In one short read."""
    from clarion.composing import rules
    from clarion.outbox.claiming import holding
    from clarion.outbox.entries.views import due

    quiet = {name: each.until for name, each in rules.of(app.config).quiet.items()}
    with app.outbox.read() as tx:
        held, closed = holding.of_posts(tx, quiet), holding.of_recalls(tx)
        return Foreseen(
            posts=[(entry, post, held.get(post.account.name)) for entry, post in due(tx)],
            downs=[(each, closed.get(each.account)) for each in _to_take_down(app, tx)],
        )


def tell(app: App, found: Foreseen) -> None:
    """To people: each with what it costs; what waits, with when it goes and why not now."""
    from clarion.cli import pricing
    from clarion.cli.queueing import posts_in_words
    from clarion.outbox.limits.money import dollars

    for down, hold in found.downs:
        becomes = _waits(app, hold) if hold else "would be taken down"
        shell.show(f"#{down.entry} {down.account} · {down.language}, part {down.part}  {becomes}")
    for entry, post, hold in found.posts:
        parts, cost = len(post.payload.parts), pricing.price(post.account, post.payload)
        shell.show(
            f"#{entry.number} {entry.title}  {post.account.network} · {post.account.handle} · {post.language}"
            f"{f' · {parts} parts' if parts > 1 else ''}{f' · {dollars(cost)}' if cost else ''}"
            f"{f'  {_waits(app, hold)}' if hold else ''}"
        )
    going = found.going
    total, waiting = sum(pricing.price(*each) for each in going), len(found.posts) - len(going)
    costs = f", for {dollars(total)}" if total else ""
    rest = f"; {posts_in_words(waiting)} {'waits' if waiting == 1 else 'wait'}" if waiting else ""
    shell.say_so(f"{posts_in_words(len(going))} would be sent{costs}{rest}. Nothing was sent.")
    for line in pricing.lines(app, going, waiting=False):
        shell.say_so(line)


def tell_programs(found: Foreseen) -> None:
    import json

    from clarion.cli import pricing

    for entry, post, hold in found.posts:
        plain = {"entry": entry.number, "account": post.account.name, "language": post.language}
        cost = pricing.usd(pricing.price(post.account, post.payload))
        due = {"due": post.due.isoformat(), "price_usd": cost}
        shell.show(json.dumps({"event": "waiting" if hold else "due", **plain, **due, **_held(hold)}))
    for down, hold in found.downs:
        plain = {"entry": down.entry, "account": down.account, "language": down.language}
        event = "recall_waits" if hold else "recall_due"
        shell.show(json.dumps({"event": event, **plain, "part": down.part, **_held(hold)}))


# ── below ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _to_take_down(app: App, tx: Tx) -> list[Trouble]:
    from clarion.model import State
    from clarion.outbox.entries.troubles import troubled

    return [
        each
        for each in troubled(tx, State.RECALLING)
        if each.look_at and each.look_at <= tx.at and each.account in app.config.accounts
    ]


def _waits(app: App, hold: Hold) -> str:
    from clarion.cli.queueing import zone
    from clarion.review.preview import in_words

    until = f" until {in_words(hold.until, zone(app))}" if hold.until else ""
    return f"waits{until}: {hold.reason}{f'. To go on: {hold.mend}' if hold.mend else ''}"


def _held(hold: Hold | None) -> dict[str, str | None]:
    if hold is None:
        return {}
    return {"until": hold.until.isoformat() if hold.until else None, "detail": hold.reason}
