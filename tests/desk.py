"""A real outbox, on a simulated time that tests move: once on SQLite and once on PostgreSQL.

Every test that takes the fixture `desk` is part of the conformance suite: both databases must keep the same promises.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from clarion.clock import micros
from clarion.digest import digest
from clarion.model import Account, ApprovalPolicy, Identity, Limits, Media, Part, Payload
from clarion.outbox import accounts, store
from clarion.outbox.claiming.claims import Terms
from clarion.outbox.entries import posts
from clarion.outbox.hosting import opening
from tests import postgres

NOON = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
LATE = timedelta(hours=2)
PICTURE = Media(sha256="0" * 64, mime="image/png", alt="A wall", width=4, height=3)


class Desk:
    """An outbox with accounts, and short words for what tests do with it."""

    def __init__(self, outbox: store.Outbox) -> None:
        self.outbox = outbox
        with self.outbox.write() as tx:
            store.set_meta(tx.connection, store.CONFIG, "1:1")
        self.now = NOON
        self.names: list[str] = []

    def account(self, name: str, network: str = "mastodon") -> Account:
        made = Account(
            name=name,
            network=network,
            handle=name,
            server="https://one.example",
            identity=Identity(network=network, origin="rehearsal:https://one.example", remote_id=name),
            limits=Limits(text=500, alt=1500),
        )
        with self.outbox.write() as tx:
            accounts.pin(tx, made, verified=False)
        self.names.append(name)
        return made

    def queue(
        self,
        account: Account,
        *texts: str,
        due: datetime | None = None,
        author: str = "ann",
        picture: bool = False,
        **more: object,
    ) -> int:
        """Queue a thread of these texts; with a picture each, so that something must be staged first."""
        media = (PICTURE,) if picture else ()
        parts = [Part(text=text, media=media) for text in texts]
        with self.outbox.write() as tx:
            return add(tx, account, *parts, author=author, **{"due": due or self.now, **more})

    def approve(self, number: int, who: str = "ann", policy: ApprovalPolicy | None = None) -> int:
        with self.outbox.write() as tx:
            done = posts.approve(
                tx, number, outbox_id=self.outbox.id, who=who, policy=policy or ApprovalPolicy()
            )
        return len(done)

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)
        self.outbox.simulate(self.now)

    def terms(self, worker: str = "one", policy: ApprovalPolicy | None = None) -> Terms:
        return Terms(
            outbox_id=self.outbox.id,
            worker=worker,
            lease=timedelta(minutes=5),
            policy=policy or ApprovalPolicy(),
            accounts=self.names,
        )

    def states(self, number: int) -> list[str]:
        with self.outbox.read() as tx:
            return [d.state.value for post in posts.show(tx, number).posts for d in post.deliveries]


def add(tx: store.Tx, account: Account, *parts: Part, author: str = "ann", **fields: Any) -> int:
    """Queue a post of these parts, as `say` does; its entry's number. `fields`: `due`, and whatever a test cares about."""
    payload = fields.get("payload") or Payload(account=account.identity, language="en", parts=parts)
    usual: dict[str, Any] = {
        "account": account.name,
        "payload": payload,
        "digest": digest(payload),
        "sensitive": False,
        "evergreen": False,
        "used": (),
        "late": LATE,
        "images": {},
    }
    entry = posts.NewEntry(kind="say", text=parts[0].text, variables={}, author=author, batch=store.new_id())
    return posts.add(tx, entry, [posts.NewPost(**{**usual, **fields})])


@contextmanager
def on_sqlite(folder: Path) -> Iterator[Desk]:
    made = Desk(opening.create(folder / "outbox.sqlite3", host="here", simulated=NOON))
    try:
        yield made
    finally:
        made.outbox.close()


@contextmanager
def on_postgres(server: postgres.Server) -> Iterator[Desk]:
    with server.database() as url, at(url) as made:
        yield made


@contextmanager
def at(url: str) -> Iterator[Desk]:
    """At a PostgreSQL database's address."""
    opened = opening.open_postgres(url)
    opened.time = store.SimulatedTime()
    with opened.engine.connect() as connection, connection.begin():
        store.set_meta(connection, store.SIMULATED, str(micros(NOON)))
    try:
        yield Desk(opened)
    finally:
        opened.close()
