"""The publisher contract on the rehearsal networks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.networks.contract import PublisherContract
from tests.networks.contract_bluesky import BlueskyContract
from tests.networks.contract_logins import LoginsContract
from tests.networks.contract_mastodon import MastodonApiContract, MastodonContract
from tests.networks.contract_xrpc import XrpcContract
from tests.networks.stage import RehearsalStage, Stage


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    made = RehearsalStage(request.cls.network)
    yield made
    made.close()


class TestX(PublisherContract):
    network = "x"
    tells_language = False
    has_key = False
    drops_silently = False


class TestMastodon(MastodonContract):
    pass


class TestMastodonApi(MastodonApiContract):
    pass


class TestBluesky(BlueskyContract):
    pass


class TestBlueskyXrpc(XrpcContract):
    network = "bluesky"


class TestBlueskyLogins(LoginsContract):
    network = "bluesky"
