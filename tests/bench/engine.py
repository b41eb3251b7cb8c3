"""What a claim and its settlement cost, held against a bare loop on the same database, in the same run.

The bare loop is the least that any outbox must do: mark a row as taken, commit; mark it as done, commit. Two one-row
updates by primary key, on connections as the outbox itself has them. Claim and settle do the whole of it: what time does to deliveries (once a second), looks, pauses, approvals, digests, three windows, the intent, the audit trail.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from clarion import networks
from clarion.clock import Deadline
from clarion.model import Receipt
from clarion.outbox import schema
from clarion.outbox.claiming import claims, looking, settle
from clarion.outbox.claiming.claims import Claim, Terms
from clarion.outbox.claiming.tending import tend
from clarion.outbox.hosting import opening
from clarion.outbox.store import DatabaseTime
from clarion.publishing.limits import windows
from clarion.publishing.worker import TEND_SECONDS
from tests import postgres
from tests.bench import filling
from tests.bench.ratio import Ratio
from tests.bench.turns import in_turn
from tests.desk import NOON, Desk, on_postgres

FEW, MANY = 1_000, 1_000_000
ACCOUNTS = 10
#: Deliveries a round: ten claims of one, one claim of ten, and as many in the bare loop.
BATCH = 10
ROUNDS = 40

_mine = schema.delivery.c.id == sa.bindparam("row")
_TAKEN = sa.update(schema.delivery).where(_mine).values(state="sending", fence=schema.delivery.c.fence + 1)
_DONE = sa.update(schema.delivery).where(_mine).values(state="sent")


@dataclass(kw_only=True)
class Bench:
    """An outbox with so many deliveries queued, some of them due."""

    desk: Desk
    spare: list[str]  # ids of rows that the bare loop may use
    terms: Terms
    untended: Deadline = field(default_factory=lambda: Deadline(0))

    def by_ones(self) -> None:
        for _ in range(BATCH):
            [claim] = self._claim(1)
            self._settle(claim)

    def by_tens(self) -> None:
        taken = self._claim(BATCH)
        assert len(taken) == BATCH
        for claim in taken:
            self._settle(claim)

    def bare(self) -> None:
        for _ in range(BATCH):
            row = {"row": self.spare.pop()}
            for statement in (_TAKEN, _DONE):
                connection = self.desk.outbox.engine.connect().execution_options(clarion_write=True)
                with connection, connection.begin():
                    assert connection.execute(statement, row).rowcount == 1

    def _claim(self, limit: int) -> list[Claim]:
        with self.desk.outbox.write() as tx:
            if self.untended.left <= 0:  # as often as the worker does
                self.untended = Deadline(TEND_SECONDS)
                if tend(tx, lambda _account, _after: None).look:
                    looking.claim(tx, self.terms, limit, timedelta(minutes=2))
            return claims.claim(tx, self.terms, limit)

    def _settle(self, claim: Claim) -> None:
        name = claim.delivery.id
        receipt = Receipt(remote_id=name, url=f"https://one.example/{name}", at=NOON)
        with self.desk.outbox.write() as tx:
            assert settle.sent(tx, claim, receipt)


def ratios() -> list[Ratio]:
    """Each ratio with its bar, on both databases."""
    rows: list[Ratio] = []
    with (
        tempfile.TemporaryDirectory(prefix="clarion-bench-") as made,
        postgres.server(durable=True) as server,
    ):
        for name in ("sqlite", "postgres"):
            with opened(name, Path(made), server, MANY) as many, opened(name, Path(made), server, FEW) as few:
                took = in_turn(
                    {"bare": many.bare, "ones": many.by_ones, "tens": many.by_tens, "few": few.by_ones},
                    rounds=ROUNDS,
                )
            bare = f"{name}: a bare loop ÷ claim and settle"
            rows += [
                Ratio(f"{bare}, one account at a time", took["bare"] / took["ones"], 0.35, at_least=True),
                Ratio(f"{bare}, ten accounts a claim", took["bare"] / took["tens"], 0.6, at_least=True),
                Ratio(
                    f"{name}: claim and settle at {MANY:,} queued ÷ at {FEW:,}",
                    took["ones"] / took["few"],
                    1.2,
                ),
            ]
    return rows


@contextmanager
def opened(name: str, folder: Path, server: postgres.Server, queued: int) -> Iterator[Bench]:
    if name == "sqlite":
        outbox = opening.create(folder / f"{queued}.sqlite3", host="bench")
        desk = Desk(outbox)
        try:
            yield _prepared(desk, queued)
        finally:
            outbox.close()
    else:
        with on_postgres(server) as desk:
            desk.outbox.time = DatabaseTime()
            yield _prepared(desk, queued)


def _prepared(desk: Desk, queued: int) -> Bench:
    due = (2 * ROUNDS + 8) * BATCH
    spare = filling.fill(
        desk,
        now=datetime.now(UTC),
        accounts=ACCOUNTS,
        due=due,
        future=queued - due if queued > due else queued,
    )
    limits = windows({"mastodon": networks.options("mastodon").WINDOWS})
    return Bench(desk=desk, spare=spare, terms=replace(desk.terms(), windows=limits))
