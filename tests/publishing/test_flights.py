"""One flight per account: what is claimed can go at once, and takes no other account's place."""

from __future__ import annotations

import threading
from datetime import timedelta

from clarion.model import Delivery, Receipt
from tests.desk import NOON

from .conftest import Stage


def test_an_account_whose_post_is_read_back_is_not_claimed_for_again(stage: Stage) -> None:
    numbers = {
        (name, each): stage.desk.queue(account, f"{name} {each}", due=NOON - timedelta(minutes=9 - each))
        for name in ("slow", "quick")
        for account in [stage.desk.account(name)]
        for each in (1, 2)
    }
    for number in numbers.values():
        stage.desk.approve(number)
    quick_is_done = threading.Event()
    seen: list[list[str]] = []

    def read_back(delivery: Delivery, _receipt: Receipt) -> bool:
        if delivery.content.text == "slow 1":
            assert quick_is_done.wait(10)
            seen.append(stage.desk.states(numbers["slow", 2]))
        if delivery.content.text == "quick 2":
            quick_is_done.set()
        return True

    stage.network.read_back = read_back
    stage.worker().drain()
    assert seen == [["scheduled"]]
    assert len(stage.network.taken) == 4
