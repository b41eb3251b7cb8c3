"""A campaign on a file, a backup of it, and its restore: what the network took is the judge."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from clarion.model import Used
from clarion.outbox.claiming import handling
from clarion.outbox.claiming.living import Standing
from clarion.outbox.entries import posts
from clarion.outbox.hosting import backup, opening
from clarion.publishing.worker import Worker
from tests.desk import NOON, Desk
from tests.publishing.conftest import Stage

LATER = NOON + timedelta(hours=3)
FACT = Used(kind="fact", id="f1", hash="h")


class House:
    """A campaign on a file, and a backup of it."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self.stage, self.path, self.copy = stage, Path(stage.desk.outbox.place), folder / "backup"

    @property
    def desk(self) -> Desk:
        return self.stage.desk

    def queued(self, *texts: str, account: str = "voice", due: datetime | None = None) -> int:
        number = self.desk.queue(self.desk.account(account), *(texts or ("hello",)), used=(FACT,), due=due)
        self.desk.approve(number)
        return number

    def worker(self) -> Worker:
        made = self.stage.worker()
        made.terms = replace(made.terms, standings={("fact", "f1", "en"): Standing(hash="h")})
        return made

    def runs(self) -> None:
        self.worker().drain()

    def backs_up(self) -> None:
        backup.make(self.path, self.copy)
        self.desk.later(minutes=1)

    def restores(self, *, damaged: bool = False) -> backup.Restored:
        names, now = self.desk.names, self.desk.now
        self.desk.outbox.close()
        if damaged:
            self.path.write_bytes(b"damaged")
        done = backup.restore(self.path, self.copy, host="here", expected=None, who="mira")
        self.stage.desk = Desk(opening.open_sqlite(self.path, host="here"))
        self.desk.names, self.desk.now = names, now
        self.desk.outbox.simulate(now)
        return done

    def tells(self, number: int) -> list[str | None]:
        with self.desk.outbox.read() as tx:
            return [each.reason for post in posts.show(tx, number).posts for each in post.deliveries]

    def retries(self, number: int) -> None:
        with self.desk.outbox.write() as tx:
            handling.retry(tx, number, handling.retriable(tx, number)[1], tx.at, who="mira")
        self.desk.approve(number)
