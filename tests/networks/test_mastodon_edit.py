"""Editing on Mastodon: the real Mastodon.py against the rehearsal network, over HTTP; and how strict that is."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from clarion.errors import OutcomeUnknown, Refused
from clarion.model import Delivery, Part, Receipt
from clarion.networks.base import Absent, Found, Publisher, Unsure
from clarion.networks.mastodon import rehearsal
from clarion.networks.rehearsing import Request
from tests.networks.conftest import Connected, Networks
from tests.networks.test_mastodon_publisher import NOW, delivery, picture, send
from tests.networks.test_mastodon_rehearsal import Client, body, png


@pytest.fixture
def mastodon(networks: Networks) -> Networks:
    networks.now = NOW
    return networks


@pytest.fixture
def publisher(mastodon: Networks, connect: Connected) -> Publisher:
    return connect("mastodon")


def edit_of(receipt: Receipt, *parts: Part | str, **more: Any) -> Delivery:
    return replace(delivery(*parts, **({"id": "e" * 32} | more)), edits=receipt)


def edit(publisher: Publisher, asked: Delivery) -> Receipt:
    assert asked.edits
    return publisher.edit(asked.edits, publisher.stage(asked))


def kept(mastodon):
    (status,) = mastodon.world._machine("mastodon")._statuses.values()
    return status


# ── the publisher ─────────────────────────────────────────────────────────────────────────────────────────────


def test_an_edit_is_the_same_post_with_another_text_and_no_create(mastodon, publisher):
    receipt = send(publisher, delivery("Wrong", language="ru", visibility="unlisted"))
    assert edit(publisher, edit_of(receipt, "Right", language="ru", visibility="unlisted")) == receipt
    (taken,) = mastodon.accepted("mastodon")
    assert (taken.text, taken.remote_id) == ("Wrong", receipt.remote_id)
    assert (kept(mastodon).text, kept(mastodon).language) == ("Right", "ru")
    assert kept(mastodon).visibility == "unlisted"


def test_a_warning_comes_and_goes_with_the_edit(mastodon, publisher):
    receipt = send(publisher, delivery("Wrong"))
    edit(publisher, edit_of(receipt, "Right", warning="violence"))
    assert (kept(mastodon).warning, kept(mastodon).sensitive) == ("violence", True)
    edit(publisher, edit_of(receipt, "Right again"))
    assert (kept(mastodon).warning, kept(mastodon).sensitive) == ("", False)


def test_the_images_stay_with_their_words(mastodon, connect, publisher):
    media = picture(connect)
    receipt = send(publisher, delivery(Part(text="Wrong", media=(media,))))
    edit(publisher, edit_of(receipt, Part(text="Right", media=(media,))))
    (taken,) = mastodon.accepted("mastodon")
    assert taken.images == ((media.sha256, "Флаг"),)
    assert (kept(mastodon).text, len(kept(mastodon).media)) == ("Right", 1)


def test_images_that_are_not_there_any_more_refuse_it(mastodon, connect, publisher):
    receipt = send(publisher, delivery("Wrong"))
    with pytest.raises(Refused):
        edit(publisher, edit_of(receipt, Part(text="Right", media=(picture(connect),))))
    assert kept(mastodon).text == "Wrong"


def test_the_same_edit_twice_is_one(mastodon, publisher):
    receipt = send(publisher, delivery("Wrong"))
    asked = edit_of(receipt, "Right")
    assert edit(publisher, asked) == edit(publisher, asked)
    assert [each.text for each in kept(mastodon).before] == ["Wrong"]


@pytest.mark.parametrize(("fault", "sighting"), [("drop_after", Found), ("drop_before", Absent)])
def test_an_edit_whose_answer_was_lost_is_found_or_safe_to_repeat(mastodon, publisher, fault, sighting):
    receipt = send(publisher, delivery("Wrong"))
    asked = edit_of(receipt, "Right")
    staged = publisher.stage(asked)
    mastodon.fault("mastodon", fault, on="other")
    with pytest.raises(OutcomeUnknown):
        publisher.edit(receipt, staged)
    # The edited post is another delivery's still: that does not hide it.
    asked = replace(asked, others=frozenset({receipt.remote_id}))
    assert isinstance(publisher.find(asked, 0, NOW), sighting)
    assert publisher.confirm(asked, receipt) is (sighting is Found)


def test_an_edit_of_what_is_gone_is_for_people(mastodon, publisher):
    receipt = send(publisher, delivery("Wrong"))
    publisher.recall(receipt)
    asked = edit_of(receipt, "Right")
    assert publisher.find(asked, 0, NOW) == Unsure(look_again_in=None)
    assert not publisher.confirm(asked, receipt)
    with pytest.raises(Refused):
        edit(publisher, asked)


@pytest.mark.parametrize("network", ["x", "bluesky"])
def test_where_nobody_edits_it_is_refused(networks, connect, network):
    asked = delivery("Right")
    receipt = Receipt(remote_id="1", url="https://one.example/1", at=NOW)
    from clarion.model import Staged

    with pytest.raises(Refused, match="cannot be edited"):
        connect(network).edit(receipt, Staged(delivery=asked))


# ── the rehearsal ─────────────────────────────────────────────────────────────────────────────────────────────


def put(client, id_, /, **said):
    raw = json.dumps(said).encode()
    return client.ask("PUT", f"/api/v1/statuses/{id_}", body=raw, kind="application/json")


@pytest.fixture
def client():
    return Client()


def test_the_rehearsal_keeps_what_it_was(client):
    made = body(client.post("One", language="ru"))
    edited = body(put(client, made["id"], status="Two"))
    assert (edited["id"], edited["language"], edited["edited_at"]) == (
        made["id"],
        "ru",
        "2026-12-01T12:00:00.000Z",
    )
    history = body(client.ask("GET", f"/api/v1/statuses/{made['id']}/history"))
    assert [each["content"] for each in history] == ["<p>One</p>", "<p>Two</p>"]
    again = rehearsal.new()
    again.load(client.server.dump())
    assert body(Client(server=again).ask("GET", f"/api/v1/statuses/{made['id']}/history")) == history


def test_an_edit_is_no_create(client):
    request = Request(method="PUT", path="/api/v1/statuses/1")
    assert not client.server.is_create(request)


def test_as_upstream_an_edit_that_names_no_images_loses_them(client):
    made = body(client.post("One", **{"media_ids[]": client.ready(png())}))
    assert len(made["media_attachments"]) == 1
    assert body(put(client, made["id"], status="Two"))["media_attachments"] == []


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"status": "x" * 501}, 422),
        ({"status": ""}, 422),
        ({"status": "Two", "visibility": "public"}, 422),
        ({"status": "Two", "in_reply_to_id": "1"}, 422),
        ({"status": "Two", "sensitive": False}, 422),
        ({"status": "Two", "media_ids": ["77"]}, 422),
        ({"status": "Two", "media_attributes": [{"id": "77", "description": "A"}]}, 422),
    ],
)
def test_it_refuses_what_no_edit_may(client, said, status):
    made = body(client.post("One"))
    assert put(client, made["id"], **said).status == status
    assert body(client.ask("GET", f"/api/v1/statuses/{made['id']}"))["edited_at"] is None


def test_nobody_edits_another_accounts_post(client):
    made = body(client.post("One"))
    other = Client("town", client.server)
    assert put(other, made["id"], status="Two").status == 404


def test_an_image_of_another_post_cannot_be_taken(client):
    media = client.ready(png())
    client.post("One", **{"media_ids[]": media})
    other = body(client.post("Two"))
    assert put(client, other["id"], status="Three", media_ids=[media]).status == 422
