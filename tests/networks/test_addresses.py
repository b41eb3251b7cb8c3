"""What a person pastes after looking: each network reads its own addresses, and only this account's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clarion import networks
from clarion.model import Account, Identity, Limits

DID = "did:plc:abcdefghijklmnopqrstuvwx"
ORIGINS = {"x": "https://x.com", "mastodon": "https://one.example", "bluesky": "https://bsky.social"}
HANDLES = {"x": "Eyes", "mastodon": "eyes", "bluesky": "eyes.one.example"}


def account(network: str) -> Account:
    remote_id = DID if network == "bluesky" else "7"
    return Account(
        name="voice",
        network=network,
        handle=HANDLES[network],
        server=ORIGINS[network],
        identity=Identity(network=network, origin=ORIGINS[network], remote_id=remote_id),
        limits=Limits(text=500, alt=1500),
    )


@pytest.mark.parametrize(
    ("network", "url", "meant"),
    [
        ("x", "https://x.com/eyes/status/1234567890", "1234567890"),
        ("x", "https://mobile.twitter.com/Eyes/status/1234567890?s=20", "1234567890"),
        ("x", "https://x.com/Eyes/status/1234567890/photo/1", "1234567890"),
        ("x", "https://x.com/i/web/status/1234567890", "1234567890"),
        ("mastodon", "https://one.example/@eyes/114000000000000000", "114000000000000000"),
        ("mastodon", "https://one.example/users/Eyes/statuses/114", "114"),
        ("mastodon", "https://one.example/deck/@eyes/114", "114"),
        (
            "bluesky",
            "https://bsky.app/profile/eyes.one.example/post/3kabc",
            f"at://{DID}/app.bsky.feed.post/3kabc",
        ),
        ("bluesky", f"https://bsky.app/profile/{DID}/post/3kabc", f"at://{DID}/app.bsky.feed.post/3kabc"),
        ("bluesky", f"at://{DID}/app.bsky.feed.post/3kabc", f"at://{DID}/app.bsky.feed.post/3kabc"),
    ],
)
def test_it_reads_what_people_copy(network: str, url: str, meant: str) -> None:
    assert networks.address(network).remote_id(url, account(network)) == meant


@pytest.mark.parametrize(
    ("network", "url"),
    [
        ("x", "https://x.com/eyes"),
        ("x", "https://x.com/somebody/status/1234567890"),
        ("x", "https://x.example/eyes/status/1234567890"),
        ("x", "javascript://x.com/eyes/status/1234567890"),
        ("mastodon", "https://one.example/@eyes"),
        ("mastodon", "https://one.example/@somebody/114"),
        ("mastodon", "https://other.example/@eyes/114"),
        ("bluesky", "https://bsky.app/profile/somebody.example/post/3kabc"),
        ("bluesky", "https://bsky.app/profile/eyes.one.example"),
        ("bluesky", "at://did:plc:other/app.bsky.feed.post/3kabc"),
        *((network, "http://127.0.0.1:8001/@eyes/114") for network in networks.NAMES),
        *((network, "") for network in networks.NAMES),
    ],
)
def test_it_refuses_what_is_not_this_accounts_post(network: str, url: str) -> None:
    assert networks.address(network).remote_id(url, account(network)) is None


@pytest.mark.parametrize("network", networks.NAMES)
def test_its_example_is_one(network: str) -> None:
    address = networks.address(network)
    identity = replace(account(network).identity, origin="https://mastodon.example")
    named = replace(account(network), handle="NAME", identity=identity)
    assert address.remote_id(address.SHAPE, named)


@pytest.mark.parametrize(
    ("network", "url"),
    [
        ("x", "http://127.0.0.1:8001/i/web/status/12"),
        ("mastodon", "http://127.0.0.1:8002/@voice/12"),
        ("bluesky", f"http://127.0.0.1:8003/profile/{DID}/post/3kabc"),
    ],
)
def test_in_rehearsal_it_reads_this_machines_addresses_only(network: str, url: str) -> None:
    identity = replace(account(network).identity, origin=f"rehearsal:{network}")
    rehearsed = replace(account(network), identity=identity)
    address = networks.address(network)
    assert address.remote_id(url, rehearsed)
    assert address.remote_id(address.SHAPE.replace("NAME", "voice"), rehearsed) is None
