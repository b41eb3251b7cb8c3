"""A thread whose first part a person found: its address has no hash, and what answers it must name one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clarion.errors import Refused
from clarion.networks.base import DraftPart

from .conftest import Connected, Networks
from .test_bluesky_publisher import delivery, later, publish


def test_the_hash_is_asked_of_the_server(networks: Networks, connect: Connected) -> None:
    publisher = connect("bluesky")
    first = delivery(DraftPart(text="one"), DraftPart(text="two"))
    found_by_hand = replace(publish(publisher, first), cid=None)
    publish(publisher, later(first, found_by_hand, 2))
    assert [taken.answers for taken in networks.accepted("bluesky")] == [None, found_by_hand.remote_id]


def test_an_address_where_nothing_is_is_refused_before_anything_is_sent(
    networks: Networks, connect: Connected
) -> None:
    publisher = connect("bluesky")
    first = delivery(DraftPart(text="one"), DraftPart(text="two"))
    one = publish(publisher, first)
    nowhere = replace(one, remote_id=one.remote_id[:-3] + "222", cid=None)
    with pytest.raises(Refused, match="not there"):
        publish(publisher, later(first, nowhere, 2))
    assert len(networks.accepted("bluesky")) == 1
