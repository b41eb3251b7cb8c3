"""A request without an answer arrives after its post was taken down: it does not stay up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from clarion.model import Receipt, Staged
from clarion.publishing.recall import want
from tests.desk import Desk
from tests.networks.answering import Place


class _Kept:
    """A publisher; what it sent is kept, to be sent once more."""

    def __init__(self, publisher: Any) -> None:
        self._publisher = publisher
        self.sent: list[Staged] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._publisher, name)

    def send(self, staged: Staged) -> Receipt:
        self.sent.append(staged)
        receipt: Receipt = self._publisher.send(staged)
        return receipt


@pytest.mark.parametrize("again", ["by itself", "by a person"])
def test_what_comes_back_after_its_recall_is_taken_down_again(sqlite_desk: Desk, again: str) -> None:
    place = Place("bluesky", sqlite_desk)
    kept = _Kept(place.publisher)
    place.publisher = kept  # type: ignore[assignment]
    try:
        place.answer("drop_before", "create")
        for _ in range(4):  # lost, not found, sent, taken down
            if sqlite_desk.states(place.number) == ["sent"]:
                want(sqlite_desk.outbox, [place.number], who="mira", because=None)
            place.run()
        assert sqlite_desk.states(place.number) == ["recalled"]
        kept.send(kept.sent[0])  # now the first one arrives
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
