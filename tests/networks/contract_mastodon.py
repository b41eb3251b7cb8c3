"""What Mastodon keeps besides: a key that makes a repeat the same post, fields for the warning and for who sees it, and
posts that can be edited.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
import requests
from PIL import Image

from clarion.errors import OutcomeUnknown, Refused
from clarion.model import Delivery, Receipt
from clarion.networks.base import Absent, Found, Publisher, Unsure
from tests.networks.contract import RUSSIAN, TEXT, PublisherContract
from tests.networks.deliveries import ALT, delivery_on, one, picture, publish
from tests.networks.stage import Stage, needs


def _png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (16, 9), "red").save(out, "PNG")
    return out.getvalue()


_PNG = {"file": ("image.png", _png(), "image/png")}


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

    # ── edits ──

    def test_an_edit_is_the_same_post_with_another_text(self, stage: Stage) -> None:
        publisher = stage.connect()
        _, receipt = publish(publisher, delivery_on(stage, TEXT, visibility="unlisted"))
        asked = edit_of(receipt, delivery_on(stage, RUSSIAN, visibility="unlisted"))
        assert not publisher.confirm(asked, receipt)
        for _ in range(2):
            assert edit(publisher, asked) == receipt
            assert publisher.confirm(asked, receipt)
        assert one(stage).remote_id == receipt.remote_id
        status = status_of(stage, receipt.remote_id)
        assert (status["visibility"], status["edited_at"] is None) == ("unlisted", False)
        (shown,) = stage.timeline()
        assert "".join(text for text, _ in shown.parts[0].spans) == RUSSIAN

    def test_a_warning_comes_with_an_edit(self, stage: Stage) -> None:
        publisher = stage.connect()
        _, receipt = publish(publisher, delivery_on(stage, TEXT))
        edit(publisher, edit_of(receipt, delivery_on(stage, TEXT, warning="torture")))
        status = status_of(stage, receipt.remote_id)
        assert (status["spoiler_text"], status["sensitive"]) == ("torture", True)

    def test_a_warning_goes_with_an_edit(self, stage: Stage) -> None:
        needs(stage, "left out is taken away")
        publisher = stage.connect()
        _, receipt = publish(publisher, delivery_on(stage, TEXT, warning="torture"))
        edit(publisher, edit_of(receipt, delivery_on(stage, TEXT)))
        status = status_of(stage, receipt.remote_id)
        assert (status["spoiler_text"], status["sensitive"]) == ("", False)

    def test_the_images_stay_with_their_words(self, stage: Stage) -> None:
        publisher, media = stage.connect(), [picture(stage, colour) for colour in ("red", "green")]
        _, receipt = publish(publisher, delivery_on(stage, TEXT, media=media))
        edit(publisher, edit_of(receipt, delivery_on(stage, RUSSIAN, media=media)))
        assert one(stage).images == tuple((each.sha256, ALT) for each in media)
        shown = status_of(stage, receipt.remote_id)["media_attachments"]
        assert [each["description"] for each in shown] == [ALT, ALT]

    @pytest.mark.parametrize(("fault", "sighting"), [("drop_after", Found), ("drop_before", Absent)])
    def test_a_lost_edit_is_found_or_safe_to_repeat(
        self, stage: Stage, fault: str, sighting: type[Found | Absent]
    ) -> None:
        publisher = stage.connect()
        _, receipt = publish(publisher, delivery_on(stage, TEXT))
        asked = edit_of(receipt, delivery_on(stage, RUSSIAN))
        staged = publisher.stage(asked)
        stage.fault(fault, on="other")
        with pytest.raises(OutcomeUnknown):
            publisher.edit(receipt, staged)
        assert isinstance(publisher.find(asked, 0, stage.now), sighting)
        assert edit(publisher, asked) == receipt
        assert publisher.find(asked, 0, stage.now) == Found(receipt=receipt)

    def test_what_is_gone_is_not_edited(self, stage: Stage) -> None:
        publisher = stage.connect()
        _, receipt = publish(publisher, delivery_on(stage, TEXT))
        publisher.recall(receipt)
        asked = edit_of(receipt, delivery_on(stage, RUSSIAN))
        with pytest.raises(Refused):
            edit(publisher, asked)
        assert publisher.find(asked, 0, stage.now) == Unsure(look_again_in=None)
        assert not publisher.confirm(asked, receipt)


class MastodonApiContract:
    """Raw calls, answered alike by status. Where only the rehearsal refuses, as real servers do, both answers stand here."""

    network = "mastodon"

    @pytest.fixture
    def api(self, stage: Stage) -> Api:
        return Api(stage)

    def test_who_is_asking(self, api: Api) -> None:
        assert api.create(token="").status_code == api.create(token="wrong").status_code == 401
        assert api.call("GET", "/api/v1/accounts/verify_credentials", token="").status_code == 401
        assert api.call("POST", "/api/v2/media", token="", files=_PNG).status_code == 401
        me = api.call("GET", "/api/v1/accounts/verify_credentials").json()
        assert (me["id"], me["bot"]) == (api.stage.account().identity.remote_id, True)

    def test_what_a_post_says_of_itself(self, api: Api) -> None:
        status = api.create(status=RUSSIAN, language="ru", spoiler_text="пытки").json()
        assert isinstance(status["id"], str)
        assert (status["language"], status["spoiler_text"]) == ("ru", "пытки")
        assert (status["in_reply_to_id"], status["reblog"], status["edited_at"]) == (None, None, None)
        assert datetime.fromisoformat(status["created_at"]).tzinfo is not None
        assert status["content"].startswith("<p>")
        answer = api.create(status="Another", in_reply_to_id=status["id"]).json()
        assert answer["in_reply_to_id"] == status["id"]
        source = api.call("GET", f"/api/v1/statuses/{status['id']}/source").json()
        assert (source["text"], source["spoiler_text"]) == (RUSSIAN, "пытки")

    def test_a_key_answers_with_the_first_post(self, api: Api, stage: Stage) -> None:
        first = api.create(status="One", headers={"Idempotency-Key": "a"})
        again = api.create(status="Two", headers={"Idempotency-Key": "a"})
        assert first.json()["id"] == again.json()["id"]
        other = api.create(status="Three", headers={"Idempotency-Key": "b"})
        assert other.json()["id"] != first.json()["id"]
        assert len(stage.accepted()) == 2

    @pytest.mark.parametrize(
        "said",
        [{"status": ""}, {"status": "a" * 501}, {"status": "a", "media_ids[]": list("12345")}],
        ids=["empty", "too long", "five images"],
    )
    def test_what_is_refused(self, api: Api, stage: Stage, said: dict[str, Any]) -> None:
        assert api.create(**said).status_code == 422
        assert stage.accepted() == []

    @pytest.mark.parametrize(
        ("said", "status"),
        [
            ({"status": "a" * 400, "spoiler_text": "b" * 101}, 422),
            ({"in_reply_to_id": "99999"}, 404),
            ({"media_ids[]": ["99999"]}, 422),
            ({"visibility": "everybody"}, 422),
            ({"language": "!!"}, 422),
            ({"quote_approval_policy": "nobody at all"}, 422),
        ],
        ids=["warning and text", "answer to nothing", "no such image", "visibility", "language", "quotes"],
    )
    def test_what_only_strict_servers_refuse(
        self, api: Api, stage: Stage, said: dict[str, Any], status: int
    ) -> None:
        assert api.create(**said).status_code == (200 if "strict" in stage.lacks else status)

    def test_an_image_stands_in_one_post(self, api: Api, stage: Stage) -> None:
        made = api.call("POST", "/api/v2/media", files=_PNG, data={"description": "A candle"})
        assert made.status_code in (200, 202)
        where = f"/api/v1/media/{made.json()['id']}"
        for _ in range(3):
            if (there := api.call("GET", where)).status_code == 200:
                break
        assert (there.json()["description"], bool(there.json()["url"])) == ("A candle", True)
        shows: dict[str, Any] = {"media_ids[]": [made.json()["id"]]}
        first, second = (api.create(**shows) for _ in range(2))
        assert [each["description"] for each in first.json()["media_attachments"]] == ["A candle"]
        assert second.status_code == (200 if "strict" in stage.lacks else 422)
        assert api.call("POST", "/api/v2/media", data={"description": "nothing"}).status_code == 422
        assert api.call("GET", "/api/v1/media/99999").status_code == 404

    def test_an_accounts_posts_are_paged_newest_first(self, api: Api) -> None:
        made = [api.create(status=f"Number {number}").json()["id"] for number in range(3)]
        where = f"/api/v1/accounts/{api.stage.account().identity.remote_id}/statuses"
        page = api.call("GET", where, params={"limit": 2}).json()
        rest = api.call("GET", where, params={"limit": 2, "max_id": page[-1]["id"]}).json()
        assert [each["id"] for each in (*page, *rest)] == made[::-1]
        assert api.call("GET", where, params={"limit": 2, "max_id": rest[-1]["id"]}).json() == []
        assert api.call("GET", "/api/v1/accounts/99999/statuses").status_code == 404

    def test_what_was_deleted_is_gone(self, api: Api, stage: Stage) -> None:
        where = f"/api/v1/statuses/{api.create().json()['id']}"
        other = str(stage.secret("other")["access_token"])
        assert api.call("DELETE", where, token=other).status_code in (403, 404)
        assert api.call("DELETE", where).status_code == 200
        assert api.call("DELETE", where).status_code == 404
        assert api.call("GET", where).status_code == 404
        assert [each.deleted for each in stage.accepted()] == [True]

    def test_what_an_edit_leaves_behind(self, api: Api) -> None:
        where = f"/api/v1/statuses/{api.create(status='One').json()['id']}"
        edited = api.call("PUT", where, json={"status": "Two"}).json()
        assert where.endswith(f"/{edited['id']}")
        assert datetime.fromisoformat(edited["edited_at"]).tzinfo is not None
        assert api.call("GET", f"{where}/source").json()["text"] == "Two"
        history = api.call("GET", f"{where}/history").json()
        assert [each["content"] for each in history] == ["<p>One</p>", "<p>Two</p>"]

    def test_who_may_edit(self, api: Api) -> None:
        where, said = f"/api/v1/statuses/{api.create(status='One').json()['id']}", {"status": "Two"}
        other = str(api.stage.secret("other")["access_token"])
        assert api.call("PUT", where, token=other, json=said).status_code in (403, 404)
        assert api.call("PUT", where, token="", json=said).status_code == 401
        assert api.call("PUT", "/api/v1/statuses/99999", json=said).status_code == 404
        assert api.call("GET", f"{where}/source").json()["text"] == "One"

    @pytest.mark.parametrize("text", ["", "a" * 501], ids=["empty", "too long"])
    def test_what_only_strict_servers_refuse_of_an_edit(self, api: Api, text: str) -> None:
        where = f"/api/v1/statuses/{api.create().json()['id']}"
        answer = api.call("PUT", where, json={"status": text})
        assert answer.status_code == (200 if "strict" in api.stage.lacks else 422)

    def test_what_the_server_takes(self, api: Api) -> None:
        told = api.call("GET", "/api/v2/instance", token="").json()["configuration"]
        limits = api.stage.account().limits
        assert told["statuses"]["max_characters"] == limits.text
        assert told["statuses"]["characters_reserved_per_url"] == limits.per_url
        assert told["statuses"]["max_media_attachments"] == limits.images


def edit_of(receipt: Receipt, instead: Delivery) -> Delivery:
    """The delivery that puts this in the place of what is up."""
    return replace(instead, edits=receipt, others=frozenset({receipt.remote_id}))


def edit(publisher: Publisher, asked: Delivery) -> Receipt:
    """Stage it and edit; the edited post's receipt."""
    assert asked.edits
    return publisher.edit(asked.edits, publisher.stage(asked))


class Api:
    """Speaks to a stage's server by hand, as its account."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> requests.Response:
        """`token` None: the account's; "": none."""
        token = self.stage.secret()["access_token"] if token is None else token
        sent = {**({"Authorization": f"Bearer {token}"} if token else {}), **(headers or {})}
        return requests.request(method, f"{self.stage.url}{path}", headers=sent, timeout=20, **more)

    def create(
        self, *, token: str | None = None, headers: Mapping[str, str] | None = None, **said: Any
    ) -> requests.Response:
        body = {"status": "Hello", "visibility": "public", "language": "en", **said}
        return self.call("POST", "/api/v1/statuses", token=token, headers=headers, data=body)


def status_of(stage: Stage, remote_id: str) -> dict[str, Any]:
    """The post as the account may read it."""
    headers = {"Authorization": f"Bearer {stage.secret()['access_token']}"}
    answer = requests.get(f"{stage.url}/api/v1/statuses/{remote_id}", headers=headers, timeout=20)
    answer.raise_for_status()
    return dict(answer.json())
