"""The demo: the main job, whole, on the local networks, in a throw-away campaign on a pinned date.

In: a folder and somebody to tell. Out: what was queued and published, counted by the networks themselves. One network
drops its answer on purpose, so that one can watch Clarion look for the post instead of sending it again.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from clarion.app import App
from clarion.campaign import bundled
from clarion.clock import FixedClock
from clarion.composing import entries
from clarion.composing.compose import Request, compose, require_clean
from clarion.composing.rules import Rules
from clarion.networks import NAMES
from clarion.outbox.entries import posts
from clarion.outbox.entries.posts import EntryView
from clarion.publishing.tally import Event
from clarion.publishing.worker import Worker

#: Nine in the morning in Berlin, on the anniversary of the day the first reports reached the Network.
PINNED = datetime(2027, 3, 29, 7, 0, tzinfo=UTC)
TEMPLATES = ("court-found", "what-happened", "day-29-march", "stay-informed")
#: Where the answer is lost, on the first create.
DROPPED = "mastodon"
ORGANISER = "demo"
#: A whole campaign in one afternoon, on networks of its own: more than any account may say on a day.
SHOW = Rules()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One post, as the demo's table shows it."""

    what: str
    network: str
    language: str
    parts: int
    extras: str  # "warning", "image", "thread"
    state: str = "rendered"
    sent: int = 0
    note: str = ""
    url: str = ""


@dataclass(slots=True, kw_only=True)
class Show:
    """What is to be seen: the phase, and a row per post. Keyed by (slug, account, language)."""

    phase: str = ""
    rows: dict[tuple[str, str, str], Row] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How it ended, by the networks' own count."""

    deliveries: int
    lost: int
    doubled: int
    found: int
    second_run: int  # what a second publish sent
    pages: tuple[Path, ...]

    @property
    def good(self) -> bool:
        return not (self.lost or self.doubled or self.second_run)


def run(folder: Path, tell: Callable[[Show], None]) -> Outcome:
    """Run the whole demo in `folder`; `tell` hears of every change."""
    make_campaign(folder)
    show = Show()
    with App(campaign=str(folder), state=folder / "state", clock=FixedClock(PINNED), simulated=PINNED) as app:
        try:
            app.rehearsal.set_now(PINNED)
            _queue_all(app, show, tell)
            app.rehearsal.fault(network=DROPPED, kind="drop_after")
            found = _publish(app, show, tell)
            before = _accepted(app).total()
            show.phase = "Publishing a second time: nothing may go out"
            tell(show)
            _publish(app, show, tell)
            show.phase = "Published, each post once"
            tell(show)
            return _count(app, folder, found=found, second_run=_accepted(app).total() - before)
        finally:
            app.rehearsal.stop()


def make_campaign(folder: Path) -> None:
    """A campaign as shipped, in rehearsal."""
    import tomlkit

    shutil.copytree(bundled.posts(), folder / "posts")
    document: Any = tomlkit.parse(bundled.example().read_text(encoding="utf-8"))
    document["campaign"]["id"] = "demo"
    (folder / "config.toml").write_text(tomlkit.dumps(document), encoding="utf-8")


def _queue_all(app: App, show: Show, tell: Callable[[Show], None]) -> None:
    """Render and queue every template, then give the one person's word for exactly that."""
    zone = app.config.zone()
    due = PINNED.astimezone(zone)
    queued: list[EntryView] = []
    show.phase = "Rendering each post for each network and language"
    for slug in TEMPLATES:
        request = Request(slug=slug)
        composed = compose(
            request,
            folder=app.folder,
            config=app.config,
            accounts=app.accounts(),
            due=due,
            now=due,
            denied=app.denied(),
        )
        require_clean(composed)
        for each in composed:
            parts = each.payload.parts
            extras = [
                word
                for word, there in (
                    ("warning", each.payload.warning),
                    ("image", any(part.media for part in parts)),
                    ("thread", len(parts) > 1),
                )
                if there
            ]
            show.rows[slug, each.account.name, each.language] = Row(
                what=slug,
                network=each.account.network,
                language=each.language,
                parts=len(parts),
                extras=", ".join(extras),
            )
            tell(show)
        queued.append(entries.queue(app.outbox, request, composed, author=ORGANISER, rules=SHOW))
    show.phase = "Approving exactly what was shown"
    for entry in queued:
        with app.outbox.write() as tx:
            posts.approve(tx, entry.number, outbox_id=app.outbox.id, who=ORGANISER, policy=app.policy())
        for post in entry.posts:
            _change(show, entry.title, post.account.name, post.language, state="approved")
        tell(show)


def _publish(app: App, show: Show, tell: Callable[[Show], None]) -> int:
    """Publish, and how many posts were found after their answer was lost."""
    slug_of: dict[str, str] = {}
    with app.outbox.read() as tx:
        for entry in posts.entries(tx):
            slug_of |= {post.id: entry.title for post in entry.posts}
    if not show.phase.startswith("Publishing"):
        show.phase = "Publishing: one network drops its answer on purpose"

    def hear(event: Event) -> None:
        delivery = event.delivery
        key = (slug_of[delivery.post_id], delivery.account.name, delivery.payload.language)
        row = show.rows[key]
        changes: dict[str, Any] = {"state": event.kind}
        if event.kind in ("sent", "found"):
            changes = {"state": "sent", "sent": row.sent + 1, "url": row.url or event.url or ""}
        if event.kind == "in_doubt":
            changes["note"] = "answer lost"
        if event.kind == "found":
            changes["note"] = "answer lost; looked, found it, not sent again"
        _change(show, *key, **changes)
        tell(show)

    def sleep(seconds: float) -> None:
        with app.outbox.read() as tx:
            later = tx.at + timedelta(seconds=seconds)
        app.outbox.simulate(later)
        app.rehearsal.set_now(later)

    tell(show)
    worker = Worker(outbox=app.outbox, publishers=app.connections, terms=app.terms(), tell=hear, sleep=sleep)
    return len(worker.drain().found)


def _change(show: Show, *key: str, **changes: Any) -> None:
    what, account, language = key
    show.rows[what, account, language] = replace(show.rows[what, account, language], **changes)


def _accepted(app: App) -> Counter[tuple[str, str]]:
    """What the networks took: how often each (account, text)."""
    return Counter((one.account, one.text) for network in NAMES for one in app.rehearsal.accepted(network))


def _count(app: App, folder: Path, *, found: int, second_run: int) -> Outcome:
    accepted = _accepted(app)
    with app.outbox.read() as tx:
        expected = Counter(
            (post.account.name, part.text)
            for entry in posts.entries(tx)
            for post in entry.posts
            for part in post.payload.parts
        )
    timelines = folder / "timelines"
    timelines.mkdir()
    pages = []
    for network in NAMES:
        page = timelines / f"{network}.html"
        page.write_text(app.rehearsal.timeline_page(network), encoding="utf-8")
        pages.append(page)
    return Outcome(
        deliveries=expected.total(),
        lost=(expected - accepted).total(),
        doubled=(accepted - expected).total(),
        found=found,
        second_run=second_run,
        pages=tuple(pages),
    )
