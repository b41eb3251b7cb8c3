"""What the networks allow, as windows; and that reads are spent, and waits kept, like everything else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from clarion import networks as registry
from clarion.clock import micros
from clarion.errors import RateLimited
from clarion.networks.base import Rate, Unsure
from clarion.outbox import schema
from clarion.outbox.limits.spending import Window
from clarion.publishing.limits import LAG, windows
from tests.desk import NOON

from .conftest import Stage

A_LOOK = {"mastodon": (Window(family="reads", limit=1, length=timedelta(minutes=5), post=0, look=1),)}


def queued(stage: Stage, *, picture: bool = False) -> int:
    number = stage.desk.queue(stage.desk.account("voice"), "hello", picture=picture)
    stage.desk.approve(number)
    return number


def test_a_window_holds_all_that_may_arrive_within_the_servers() -> None:
    [window] = windows({"one": [Rate(family="posts", limit=3, seconds=60, post=1, image=2, look=4)]})["one"]
    assert window.length == timedelta(seconds=60) + LAG
    assert (window.limit, window.cost(0), window.cost(4), window.look) == (3, 1, 9, 4)


@pytest.mark.parametrize("network", registry.NAMES)
def test_a_post_with_every_image_fits_into_every_window(network: str) -> None:
    options = registry.options(network)
    for window in windows({network: options.WINDOWS})[network]:
        assert 0 < max(window.cost(options.LIMITS.images), window.look, window.recall) <= window.limit


@pytest.mark.parametrize("network", registry.NAMES)
def test_taking_down_is_counted(network: str) -> None:
    assert any(window.recall for window in windows({network: registry.options(network).WINDOWS})[network])


def test_looks_are_spent_and_wait_for_room(stage: Stage) -> None:
    number = queued(stage)
    stage.network.script = ["lose"]
    stage.network.looks = [Unsure(look_again_in=1)]
    worker = stage.worker()
    worker.terms = replace(worker.terms, windows=A_LOOK)
    worker.drain()
    assert stage.network.looks == []
    assert stage.desk.states(number) == ["in_doubt"], "the second look had to wait for room"
    stage.desk.later(minutes=5)
    stage.worker().drain()
    assert stage.desk.states(number) == ["sent"]


def test_a_look_that_was_one_too_many_makes_the_account_wait(stage: Stage) -> None:
    queued(stage)
    stage.network.script = ["lose"]
    stage.network.looks = [RateLimited("429", wait=300)]
    stage.worker().drain()
    with stage.desk.outbox.read() as tx:
        assert tx.execute(sa.select(schema.account.c.blocked_until)).scalar() == micros(
            stage.desk.now + timedelta(seconds=300)
        )


@pytest.mark.parametrize("picture", [False, True])
def test_an_account_told_to_wait_after_the_claim_is_asked_for_nothing(stage: Stage, *, picture: bool) -> None:
    number = queued(stage, picture=picture)
    stage.network.stage_script = [AssertionError("it was asked to take an image")]

    def told_to_wait() -> None:
        with stage.desk.outbox.write() as tx:
            tx.execute(sa.update(schema.account).values(blocked_until=micros(NOON + timedelta(minutes=5))))

    stage.network.before_opening = told_to_wait
    stage.worker().drain()
    assert stage.network.taken == []
    assert stage.desk.states(number) == ["scheduled"]
