"""What does not fit: far too long, with a zero byte, or no Unicode. On both databases it is taken, or refused in words.

Never an error of the database's own, which nobody understands, and after which a worker would not know what became of a
delivery. Names are what people and servers can give; what Clarion itself writes into bounded columns is not tried.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from secrets import token_hex

import pytest
import sqlalchemy as sa

from clarion.accounts import me
from clarion.errors import CampaignError, ClarionError, OutboxError, Refused
from clarion.model import Receipt
from clarion.outbox import accounts, pauses, schema, store
from clarion.outbox.claiming import claims, handling, settle
from clarion.outbox.claiming.claims import Claim
from clarion.outbox.entries import posts
from clarion.outbox.hosting import moving, opening
from tests import postgres
from tests.desk import NOON, Desk
from tests.publishing.conftest import Stage, stage

__all__ = ["stage"]

#: No database can press it together: what is indexed is refused at a third of this.
LONG = token_hex(5000)
VALUES = {"10 kB": LONG, "a zero byte": "a\0b", "half a character": "a\ud800b"}


def pinned(desk: Desk, *, name: str = "other", handle: str = "other", remote_id: str = "other") -> None:
    whole = desk.account("voice")
    identity = replace(whole.identity, remote_id=remote_id)
    with desk.outbox.write() as tx:
        accounts.pin(tx, replace(whole, name=name, handle=handle, identity=identity), verified=True)


def added(desk: Desk, **said: object) -> None:
    plain = {"kind": "say", "text": "hello", "variables": {}, "author": "ann", "batch": store.new_id()}
    with desk.outbox.write() as tx:
        posts.add(tx, posts.NewEntry(**{**plain, **said}), [])  # type: ignore[arg-type]


def queued(desk: Desk, text: str = "hello") -> int:
    return desk.queue(desk.account("voice"), text)


def in_flight(desk: Desk) -> Claim:
    desk.approve(queued(desk))
    with desk.outbox.write() as tx:
        [claim] = claims.claim(tx, desk.terms(), 1)
    return claim


def receipt(**said: str) -> Receipt:
    return Receipt(**{"remote_id": "1", "url": "https://one.example/1", **said}, at=NOON)


def sent(desk: Desk, **said: str) -> None:
    claim = in_flight(desk)
    with desk.outbox.write() as tx:
        settle.sent(tx, claim, receipt(**said))


def resolved(desk: Desk, **said: str) -> None:
    claim = in_flight(desk)
    with desk.outbox.write() as tx:
        settle.doubted(tx, claim, look_at=None, reason="the answer was lost")
    with desk.outbox.write() as tx:
        [doubt] = handling.doubts(tx, claim.delivery.entry)
        handling.is_up(tx, doubt, receipt(**said), outbox_id=desk.outbox.id, who="ann")


def paused(desk: Desk, account: str | None = None, **said: str) -> None:
    queued(desk)
    with desk.outbox.write() as tx:
        pauses.pause(tx, account, breaking=True, **{"who": "ann", **said})  # type: ignore[arg-type]


def cancelled(desk: Desk, who: str) -> None:
    number = queued(desk)
    with desk.outbox.write() as tx:
        posts.cancel(tx, number, who=who)


PLACES: dict[str, Callable[[Desk, str], object]] = {
    "account's name": lambda desk, value: pinned(desk, name=value),
    "handle": lambda desk, value: pinned(desk, handle=value),
    "account's remote id": lambda desk, value: pinned(desk, remote_id=value),
    "author": lambda desk, value: added(desk, author=value),
    "slug": lambda desk, value: added(desk, slug=value),
    "reason to queue": lambda desk, value: added(desk, because=value),
    "text as typed": lambda desk, value: added(desk, text=value),
    "variable": lambda desk, value: added(desk, variables={value: value}),
    "approver": lambda desk, value: desk.approve(queued(desk), value),
    "who pauses": lambda desk, value: paused(desk, who=value),
    "reason to pause": lambda desk, value: paused(desk, reason=value),
    "paused account": paused,
    "who cancels": cancelled,
    "who adopts": lambda desk, value: moving.adopt(desk.outbox, host=None, who=value),
    "host": lambda desk, value: opening.check_in(desk.outbox, host=value, config="1:1"),
    "post's address": lambda desk, value: sent(desk, url=value),
    "post's id": lambda desk, value: sent(desk, remote_id=value),
    "address a person gives": lambda desk, value: resolved(desk, url=value),
    "id a person gives": lambda desk, value: resolved(desk, remote_id=value),
}


@pytest.mark.parametrize("value", VALUES)
def test_it_is_taken_or_refused_in_words(desk: Desk, value: str) -> None:
    raw = {}
    for place, put in PLACES.items():
        try:
            put(desk, VALUES[value])
        except ClarionError:
            pass
        except Exception as error:  # noqa: BLE001 - all of them are shown
            raw[place] = type(error).__name__
        with desk.outbox.write() as tx:  # out of the next one's way
            tx.execute(sa.delete(schema.pause))
            tx.execute(sa.update(schema.delivery).values(state="failed"))
    assert raw == {}


def test_an_account_with_a_name_too_long_for_any_database_is_refused_on_every(desk: Desk) -> None:
    pinned(desk, name="n" * accounts.LONGEST_NAME)
    with pytest.raises(OutboxError, match="at most 64 characters"):
        pinned(desk, name="n" * (accounts.LONGEST_NAME + 1))
    assert schema.account.c.name.type.length == accounts.LONGEST_NAME  # type: ignore[attr-defined]


def test_a_name_that_is_no_text_is_nobodys() -> None:
    with pytest.raises(CampaignError, match="visible characters"):
        me.proper("vera\udcff")


@pytest.mark.parametrize("said", VALUES.values(), ids=list(VALUES))
def test_a_servers_words_never_keep_a_delivery_from_being_settled(stage: Stage, said: str) -> None:
    number = queued(stage.desk)
    stage.desk.approve(number)
    stage.network.script = [Refused(f"refused: {said}")]
    stage.worker().drain()
    assert stage.desk.states(number) == ["failed"]


def test_what_does_not_fit_into_the_other_database_is_not_moved(
    sqlite_desk: Desk, postgres_server: postgres.Server
) -> None:
    """As an older outbox, or another hand, may have left it."""
    number = queued(sqlite_desk)
    with sqlite_desk.outbox.write() as tx:
        tx.execute(sa.update(schema.account).values(name="n" * 65))
    with postgres_server.database(template=None) as url:
        with pytest.raises(OutboxError, match=r"the table account does not fit .* nothing was moved"):
            moving.copy(sqlite_desk.outbox, url, who="ann")
        sqlite_desk.approve(number)
        opening.open_sqlite(Path(sqlite_desk.outbox.place), host="here").close()
