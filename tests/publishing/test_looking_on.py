"""A look decides nothing by failing, never waits for ever, and keeps no run alive."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clarion.errors import OutcomeUnknown
from clarion.networks.base import Unsure
from clarion.outbox import accounts, audit
from clarion.outbox.claiming import looking, settle
from clarion.outbox.hosting import lost
from clarion.publishing import reconcile
from clarion.publishing.worker import SOON, WAITS
from tests.desk import Desk

from .conftest import Stage


def in_doubt(stage: Stage) -> int:
    """One post whose answer was lost, due for a look in a minute."""
    number = stage.desk.queue(stage.desk.account("voice"), "hello")
    stage.desk.approve(number)
    stage.network.script = [OutcomeUnknown("lost")]
    stage.network.looks = [Unsure(look_again_in=60)]
    stage.worker().drain()
    assert stage.desk.states(number) == ["in_doubt"]
    stage.desk.later(minutes=1)
    return number


def test_what_is_looked_for_stays_in_doubt_when_its_account_cannot_be_opened(stage: Stage) -> None:
    number = in_doubt(stage)
    stage.network.cannot_open["voice"] = PermissionError("the secrets are root's")
    with pytest.raises(PermissionError):
        stage.worker().drain()
    assert stage.desk.states(number) == ["in_doubt"]
    assert stage.network.taken == []


def test_what_a_lost_outbox_may_have_sent_stays_in_doubt_too(stage: Stage) -> None:
    number = stage.desk.queue(stage.desk.account("voice"), "hello")
    stage.desk.approve(number)
    with stage.desk.outbox.write() as tx:
        assert lost.doubt(tx, "restored") == 1
    stage.network.cannot_open["voice"] = PermissionError("the secrets are root's")
    with pytest.raises(PermissionError):
        stage.worker().drain()
    stage.network.cannot_open.clear()
    stage.network.looks = [Unsure(look_again_in=None)]
    stage.desk.later(minutes=5)
    stage.worker().drain()
    assert stage.desk.states(number) == ["in_doubt"]
    assert stage.network.taken == []


def test_a_look_at_an_account_that_closed_meanwhile_comes_soon_after_it_is_verified(stage: Stage) -> None:
    in_doubt(stage)
    desk = stage.desk
    with desk.outbox.write() as tx:
        [look] = looking.claim(tx, desk.terms(), 1, timedelta(minutes=2))
    with desk.outbox.write() as tx:  # another worker hears 401
        settle.closed(tx, look, "401")
    reconcile.look(desk.outbox, stage.network, look, desk.terms())
    with desk.outbox.write() as tx:
        accounts.pin(tx, look.delivery.account, verified=True)
    desk.outbox.simulate(desk.now + reconcile.LATEST)
    with desk.outbox.write() as tx:
        assert len(looking.claim(tx, desk.terms(), 1, timedelta(minutes=2))) == 1


@pytest.mark.parametrize("soon", [0, 3])
def test_a_network_that_says_soon_again_and_again_does_not_keep_a_run(stage: Stage, soon: float) -> None:
    stage.desk.approve(stage.desk.queue(stage.desk.account("voice"), "hello"))
    stage.network.script = [OutcomeUnknown("lost")]
    stage.network.looks = [Unsure(look_again_in=soon)] * 500
    stage.worker().drain()
    assert 0 < sum(stage.slept) <= WAITS * SOON.total_seconds()


def test_what_a_failed_transaction_appended_is_forgotten(desk: Desk) -> None:
    """A chain's last row is what was committed, not what a transaction wrote that came to nothing."""

    def come_to_nothing() -> None:
        with desk.outbox.write() as tx:
            audit.record(tx, "paused", "all")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        come_to_nothing()
    with desk.outbox.write() as tx:
        audit.record(tx, "paused", "all")
        audit.record(tx, "resumed", "all")
    with desk.outbox.read() as tx:
        assert audit.broken(tx) == []
