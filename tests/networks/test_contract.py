"""The publisher contract, for each network."""

from __future__ import annotations

from tests.networks.contract import PublisherContract


class TestX(PublisherContract):
    network = "x"
    tells_language = False
    has_key = False
    drops_silently = False


class TestMastodon(PublisherContract):
    network = "mastodon"


class TestBluesky(PublisherContract):
    network = "bluesky"
    can_double = False  # a put names its record: there is nothing to double
