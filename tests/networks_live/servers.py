"""`make test-networks`: the publishers' contract on real servers, a Bluesky PDS and mastodon_mock.

The same contract that `make test` plays on the rehearsal networks; what a server cannot show is skipped, and the log says
which server, what and why (stages.py). Below it, what only a real server shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from clarion.errors import AccountBlocked, RateLimited
from clarion.networks.bluesky import options
from tests.networks.conftest import MemorySessions
from tests.networks.contract import TEXT
from tests.networks.contract_bluesky import BlueskyContract
from tests.networks.contract_logins import LoginsContract
from tests.networks.contract_mastodon import MastodonApiContract, MastodonContract, status_of
from tests.networks.contract_xrpc import XrpcContract
from tests.networks.deliveries import delivery_on, publish
from tests.networks.roundtrip import played, taken_down, without_tags
from tests.networks.stage import Stage
from tests.networks_live.bluesky_server import Pds
from tests.networks_live.mastodon_server import Mock
from tests.networks_live.stages import MockStage, PdsStage


class TestBlueskyPds(BlueskyContract, LoginsContract, XrpcContract):
    @pytest.fixture
    def stage(self, pds: Pds) -> Iterator[Stage]:
        with closing(PdsStage(pds)) as made:
            yield made

    def test_what_comes_back_is_what_the_preview_showed_until_it_is_recalled(
        self, stage: Stage, tmp_path: Path
    ) -> None:
        shown, came_back = played(stage, tmp_path, threads=True)
        assert came_back == shown
        assert [part.card_image is not None for part in shown] == [False, True, False]
        taken_down(stage, tmp_path, parts=3)

    def test_its_own_rate_limit_is_a_wait_until_its_window_ends(self, stage: Stage, pds: Pds) -> None:
        publisher = stage.connect()
        publish(publisher, delivery_on(stage, TEXT))
        pds.limit(repo_write_hour={"points": options.POINTS["put"], "duration": 600})
        try:
            publish(publisher, delivery_on(stage, f"{TEXT} 2"))
            with pytest.raises(RateLimited) as caught:
                publish(publisher, delivery_on(stage, f"{TEXT} 3"))
        finally:
            pds.limit(repo_write_hour={})
        assert 500 <= caught.value.wait <= 600
        assert len(stage.accepted()) == 2

    @pytest.mark.parametrize("closed", ["deactivate", "take_down"])
    def test_a_closed_account_is_blocked_whatever_is_asked(self, pds: Pds, closed: str) -> None:
        """Nothing is refused for good, nothing is taken for absent: its posts may be there when it opens again."""
        with closing(PdsStage(pds)) as stage:
            publisher = stage.connect()
            sent, receipt = publish(publisher, delivery_on(stage, TEXT))
            next_one = delivery_on(stage, f"{TEXT} 2")
            getattr(pds, closed)(stage.login("voice"))
            for ask in (
                lambda: publish(publisher, next_one),
                lambda: publisher.find(sent, 0, stage.now),
                lambda: publisher.find(replace(sent, intent_lost=True), 0, stage.now),
                lambda: publisher.confirm(sent, receipt),
                lambda: publisher.recall(receipt),
                publisher.verify,
            ):
                with pytest.raises(AccountBlocked):
                    ask()
            assert len(stage.accepted()) == 1

    def test_an_app_password_that_was_taken_back_blocks_the_account(self, pds: Pds) -> None:
        sessions = MemorySessions()
        with closing(PdsStage(pds)) as stage:
            stage.connect(sessions=sessions).verify()
            pds.revoke(stage.login("voice"))
            stage.expire(sessions)
            with pytest.raises(AccountBlocked):
                publish(stage.connect(sessions=sessions), delivery_on(stage, TEXT))
            assert stage.accepted() == []

    def test_its_own_limit_of_logins_is_a_wait(self, stage: Stage, pds: Pds) -> None:
        pds.limit(createSession_1={"points": 1, "duration": 300})
        try:
            stage.connect().verify()
            with pytest.raises(RateLimited) as caught:
                stage.connect().verify()
        finally:
            pds.limit(createSession={})
        assert 200 <= caught.value.wait <= 300


class TestMastodonMock(MastodonApiContract, MastodonContract):
    can_double = False  # it keeps the key of a create, and answers a second with the first

    @pytest.fixture
    def stage(self, mock: Mock) -> Iterator[Stage]:
        with closing(MockStage(mock)) as made:
            yield made

    def test_what_comes_back_is_what_the_preview_showed_until_it_is_recalled(
        self, stage: Stage, tmp_path: Path
    ) -> None:
        """But for links to tags, which this server does not make: it names them beside the text."""
        shown, came_back = played(stage, tmp_path, threads=True)
        assert came_back == without_tags(shown)
        first, _, last = [post.parts[0].remote_id for post in reversed(stage.timeline())]
        assert _tags(stage, first) == ["eyesonchechnya", "закройтелагеря"]
        assert _tags(stage, last) == ["чечня"]
        taken_down(stage, tmp_path, parts=3)

    @pytest.mark.parametrize(
        ("replies", "policy"), [("everyone", "public"), ("followed", "followers"), ("mentioned", "nobody")]
    )
    def test_who_may_quote_is_told(self, stage: Stage, replies: str, policy: str) -> None:
        _, receipt = publish(stage.connect(), delivery_on(stage, TEXT, replies=replies))
        assert status_of(stage, receipt.remote_id)["quote_approval_policy"] == policy

    def test_it_takes_any_bytes_for_an_image(self, stage: Stage) -> None:
        """Once it is strict, “not an image” is to be taken out of what the stage lacks."""
        headers = {"Authorization": f"Bearer {stage.secret()['access_token']}"}
        file = {"file": ("image.png", b"#!/bin/sh", "image/png")}
        answer = requests.post(f"{stage.url}/api/v2/media", files=file, headers=headers, timeout=20)
        assert answer.status_code == 200


def _tags(stage: Stage, remote_id: str | None) -> list[str]:
    return sorted(tag["name"].lower() for tag in status_of(stage, str(remote_id))["tags"])
