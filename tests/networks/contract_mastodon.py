"""What Mastodon keeps besides: a key that makes a repeat the same post, fields for the warning and for who sees it."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.networks.contract import RUSSIAN, TEXT, PublisherContract
from tests.networks.deliveries import delivery_on, one, publish
from tests.networks.stage import Stage


class MastodonContract(PublisherContract):
    network = "mastodon"

    def test_a_warning_has_a_field_of_its_own_and_hides_images(self, stage: Stage) -> None:
        _, receipt = publish(stage.connect(), delivery_on(stage, TEXT, warning="torture"))
        status = status_of(stage, receipt.remote_id)
        assert (status["spoiler_text"], status["sensitive"]) == ("torture", True)
        assert one(stage).text == TEXT

    def test_without_a_warning_nothing_is_hidden(self, stage: Stage) -> None:
        _, receipt = publish(stage.connect(), delivery_on(stage, TEXT))
        status = status_of(stage, receipt.remote_id)
        assert (status["spoiler_text"], status["sensitive"]) == ("", False)

    @pytest.mark.parametrize("visibility", ["public", "unlisted"])
    def test_who_sees_it_is_told(self, stage: Stage, visibility: str) -> None:
        _, receipt = publish(stage.connect(), delivery_on(stage, TEXT, visibility=visibility))
        assert status_of(stage, receipt.remote_id)["visibility"] == visibility

    def test_the_language_is_told(self, stage: Stage) -> None:
        _, receipt = publish(stage.connect(), delivery_on(stage, RUSSIAN, language="ru"))
        assert status_of(stage, receipt.remote_id)["language"] == "ru"

    def test_the_tags_are_named_beside_the_text(self, stage: Stage) -> None:
        _, receipt = publish(stage.connect(), delivery_on(stage, RUSSIAN, language="ru"))
        tags = {tag["name"].lower() for tag in status_of(stage, receipt.remote_id)["tags"]}
        assert tags == {"eyesonchechnya", "closethecamps"}


def status_of(stage: Stage, remote_id: str) -> dict[str, Any]:
    """The post as the account may read it."""
    headers = {"Authorization": f"Bearer {stage.secret()['access_token']}"}
    answer = requests.get(f"{stage.url}/api/v1/statuses/{remote_id}", headers=headers, timeout=20)
    answer.raise_for_status()
    return dict(answer.json())
