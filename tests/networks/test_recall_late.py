"""A request without an answer arrives after its post was taken down: it does not stay up."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clarion.publishing.recall import want
from tests.desk import Desk
from tests.networks.answering import Place


@pytest.mark.parametrize("again", ["by itself", "by a person"])
def test_what_comes_back_after_its_recall_is_taken_down_again(sqlite_desk: Desk, again: str) -> None:
    place = Place("bluesky", sqlite_desk)
    try:
        place.answer("drop_before", "create")
        for _ in range(4):  # lost, not found, sent, taken down
            if sqlite_desk.states(place.number) == ["sent"]:
                want(sqlite_desk.outbox, [place.number], who="mira", because=None)
            place.run()
        assert sqlite_desk.states(place.number) == ["recalled"]
        place.publisher.send(place.publisher.sent[0])  # now the first one arrives
        assert len(place.networks.world.timeline("bluesky")) == 1
        if again == "by itself":
            place.later(timedelta(minutes=1))
        else:
            want(sqlite_desk.outbox, [place.number], who="mira", because=None)
        place.run()
        assert place.networks.world.timeline("bluesky") == []
        assert sqlite_desk.states(place.number) == ["recalled"]
    finally:
        place.close()
