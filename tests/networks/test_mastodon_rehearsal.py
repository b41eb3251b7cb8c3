from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from PIL import Image

from clarion.networks.mastodon import rehearsal
from clarion.networks.rehearsing import Request

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


class Client:
    """Asks the state machine without a wire."""

    def __init__(self, account: str = "voice", server: rehearsal.Server | None = None) -> None:
        self.server = server or rehearsal.new()
        self.now = NOW
        self.token = rehearsal.secret(account)["access_token"]

    def ask(
        self,
        method,
        path,
        *,
        query="",
        quirks=(),
        key=None,
        body=b"",
        kind="application/x-www-form-urlencoded",
    ):
        headers = {"authorization": f"Bearer {self.token}", "host": "127.0.0.1:1", "content-type": kind}
        if key:
            headers["idempotency-key"] = key
        request = Request(method=method, path=path, query=query, headers=headers, body=body)
        return self.server.handle(request, self.now, frozenset(quirks))

    def post(self, words="Hello", *, quirks=(), key=None, **more):
        form = {"status": words, "visibility": "public", **more}
        body = urlencode({name: value for name, value in form.items() if value is not None}, doseq=True)
        return self.ask("POST", "/api/v1/statuses", quirks=quirks, key=key, body=body.encode())

    def upload(self, content, alt="A banner"):
        body = (
            b'--xx\r\nContent-Disposition: form-data; name="description"\r\n\r\n' + alt.encode() + b"\r\n"
            b'--xx\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n'
            b"Content-Type: image/png\r\n\r\n" + content + b"\r\n--xx--\r\n"
        )
        return self.ask("POST", "/api/v2/media", body=body, kind="multipart/form-data; boundary=xx")

    def ready(self, content):
        made = json.loads(self.upload(content).body)["id"]
        self.ask("GET", f"/api/v1/media/{made}")
        return made

    def own(self, *, query="", quirks=()):
        path = f"/api/v1/accounts/{rehearsal.remote_id('voice')}/statuses"
        return json.loads(self.ask("GET", path, query=query, quirks=quirks).body)


@pytest.fixture
def client():
    return Client()


def png(width=3, height=2):
    out = io.BytesIO()
    Image.new("RGB", (width, height), "purple").save(out, "PNG")
    return out.getvalue()


def body(response):
    return json.loads(response.body)


def test_it_takes_a_post_and_shows_it(client):
    made = body(client.post("Чечня & <b> https://example.org/x #Tag", language="ru", spoiler_text="насилие"))
    assert made["spoiler_text"] == "насилие"
    assert made["sensitive"] is True
    assert made["language"] == "ru"
    assert "&amp; &lt;b&gt; <a href=" in made["content"]
    assert body(client.ask("GET", f"/api/v1/statuses/{made['id']}"))["id"] == made["id"]
    assert body(client.ask("GET", f"/api/v1/statuses/{made['id']}/source"))["text"].startswith("Чечня & <b>")


def test_json_is_taken_like_a_form(client):
    sent = json.dumps(
        {"status": "Hello", "visibility": "unlisted", "sensitive": True, "language": None}
    ).encode()
    made = body(client.ask("POST", "/api/v1/statuses", body=sent, kind="application/json"))
    assert (made["visibility"], made["sensitive"], made["language"]) == ("unlisted", True, None)


def test_it_refuses_a_stranger(client):
    client.token = "rehearsal.dm9pY2U.0000000000000000"
    assert client.post().status == 401


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"words": "x" * 501}, 422),
        ({"words": "x" * 495, "spoiler_text": "secret"}, 422),
        ({"words": " "}, 422),
        ({"visibility": "everyone"}, 422),
        ({"visibility": None}, 422),
        ({"sensitive": "0"}, 422),
        ({"language": "russkij"}, 422),
        ({"in_reply_to_id": "123"}, 404),
        ({"media_ids[]": ["7"]}, 422),
        ({"media_ids[]": ["1", "2", "3", "4", "5"]}, 422),
        ({"scheduled_at": "2027-01-01T00:00:00Z"}, 422),
        ({"quote_approval_policy": "friends"}, 422),
    ],
)
def test_it_refuses(client, more, status):
    assert client.post(**more).status == status
    assert client.server.accepted() == []


def test_it_counts_a_link_as_23():
    assert Client().post("x" * 476 + " https://example.org/" + "y" * 100).status == 200


def test_an_upload_is_ready_when_asked_twice_and_works_once(client):
    made = client.upload(png())
    assert (made.status, body(made)["url"]) == (202, None)
    upload = body(made)["id"]
    assert client.post("Too early", **{"media_ids[]": [upload]}).status == 422
    assert client.ask("GET", f"/api/v1/media/{upload}").status == 206
    assert client.ask("GET", f"/api/v1/media/{upload}").status == 200
    assert client.post("Once", **{"media_ids[]": [upload]}).status == 200
    assert client.post("Twice", **{"media_ids[]": [upload]}).status == 422
    assert client.ask("GET", f"/api/v1/media/{upload}").status == 404


def test_an_upload_is_its_owners_alone(client):
    upload = client.ready(png())
    other = Client("other", client.server)
    assert other.post("Mine now", **{"media_ids[]": [upload]}).status == 422


@pytest.mark.parametrize("content", [b"GIF", b"%PDF-1.7", b"\x89PNG\r\n\x1a\n", png(40, 40)[:40]])
def test_it_refuses_what_is_no_image(client, content):
    assert client.upload(content).status == 422


def test_it_refuses_a_description_over_the_limit(client):
    assert client.upload(png(), alt="ы" * 1501).status == 422
    assert client.upload(png(), alt="ы" * 1500).status == 202


def test_an_image_arrives_byte_for_byte(client):
    content = png() + b"\r\n--x\r\n\x00\n\r"
    client.post("With", **{"media_ids[]": [client.ready(content)]})
    (shown,) = client.server.timeline()
    assert (shown.parts[0].images[0].width, shown.parts[0].images[0].alt) == (3, "A banner")
    assert next(iter(client.server._uploads.values())).content == content


def test_the_same_key_within_the_hour_is_the_same_post(client):
    first = body(client.post("One", key="k"))["id"]
    assert body(client.post("Other words", key="k"))["id"] == first
    assert body(Client("other", client.server).post("One", key="k"))["id"] != first
    client.now += timedelta(minutes=61)
    assert body(client.post("One", key="k"))["id"] != first
    assert [each.key for each in client.server.accepted()] == ["k", "k", "k"]


@pytest.mark.parametrize("quirk", ["key_ignored", "key_expired", "key_set_after"])
def test_a_server_may_forget_the_key(client, quirk):
    client.post(key="k")
    client.post(key="k", quirks=[quirk])
    assert len(client.server.accepted()) == 2


def test_a_key_set_after_the_commit_holds_once_it_is_set(client):
    client.post(key="k")
    client.now += timedelta(seconds=10)
    client.post(key="k", quirks=["key_set_after"])
    assert len(client.server.accepted()) == 1


def test_a_repeated_key_may_be_answered_500(client):
    client.post(key="k")
    assert client.post(key="k", quirks=["key_repeat_500"]).status == 500
    assert len(client.server.accepted()) == 1


def test_a_server_may_drop_a_post_and_say_nothing(client):
    made = body(client.post(quirks=["silent_drop"]))
    assert client.ask("GET", f"/api/v1/statuses/{made['id']}").status == 404
    assert client.server.accepted() == []


def test_a_server_may_take_a_post_twice(client):
    client.post(quirks=["accept_twice"])
    assert len({each.remote_id for each in client.server.accepted()}) == 2


def test_a_timeline_may_lag_a_minute_behind(client):
    made = body(client.post())["id"]
    assert client.own(quirks=["stale_reads"]) == []
    assert client.ask("GET", f"/api/v1/statuses/{made}", quirks=["stale_reads"]).status == 200
    client.now += timedelta(seconds=60)
    assert [each["id"] for each in client.own(quirks=["stale_reads"])] == [made]


def test_a_timeline_is_read_in_pages(client):
    ids = [body(client.post(f"Number {number}"))["id"] for number in range(5)][::-1]
    assert [each["id"] for each in client.own(query="limit=2")] == ids[:2]
    assert [each["id"] for each in client.own(query=f"limit=2&max_id={ids[1]}")] == ids[2:4]
    assert [each["id"] for each in client.own(query=f"since_id={ids[2]}")] == ids[:2]
    assert [each["id"] for each in client.own(query=f"limit=1&min_id={ids[2]}")] == [ids[1]]


def test_a_thread_is_linked_and_survives_a_deleted_parent(client):
    first = body(client.post("One"))["id"]
    second = body(client.post("Two", in_reply_to_id=first))
    assert second["in_reply_to_id"] == first
    assert client.ask("DELETE", f"/api/v1/statuses/{first}").status == 200
    assert client.ask("DELETE", f"/api/v1/statuses/{first}").status == 404
    assert body(client.ask("GET", f"/api/v1/statuses/{second['id']}"))["in_reply_to_id"] is None
    assert [each.deleted for each in client.server.accepted()] == [True, False]


def test_nobody_deletes_what_is_not_theirs(client):
    made = body(client.post())["id"]
    assert Client("other", client.server).ask("DELETE", f"/api/v1/statuses/{made}").status == 404


@pytest.mark.parametrize(
    ("one", "most", "seconds"),
    [
        (lambda client: client.ask("GET", "/api/v1/accounts/verify_credentials"), 300, 300),
        (lambda client: client.upload(png()), 30, 1800),
    ],
)
def test_it_limits_a_family(client, one, most, seconds):
    for left in reversed(range(most)):
        assert one(client).headers["x-ratelimit-remaining"] == str(left)
    refused = one(client)
    assert refused.status == 429
    reset = datetime.fromisoformat(refused.headers["x-ratelimit-reset"])
    assert reset == NOW + timedelta(seconds=seconds)
    assert refused.headers["x-ratelimit-reset"].endswith(".000000Z")
    client.now = reset
    assert one(client).status < 300


def test_it_takes_300_posts_in_three_hours(client):
    for _ in range(300):
        assert client.post().status == 200
        client.now += timedelta(seconds=30)
    assert client.post().status == 429
    client.now = NOW + timedelta(hours=3)
    assert client.post().status == 200


def test_it_remembers_all_after_a_restart(client):
    client.post("Тест", key="k", **{"media_ids[]": [client.ready(png())]})
    again = Client()
    again.server.load(client.server.dump())
    assert again.server.accepted() == client.server.accepted()
    assert again.server.timeline() == client.server.timeline()
    assert again.server.dump() == client.server.dump()
    assert body(again.post("Тест", key="k"))["id"] == client.server.accepted()[0].remote_id


def test_the_carrier_learns_whose_request_it_is(client):
    request = Request(
        method="POST", path="/api/v1/statuses", headers={"authorization": f"Bearer {client.token}"}
    )
    assert client.server.account_of(request) == "voice"
    assert client.server.is_create(request)
    assert client.server.account_of(Request(method="GET", path="/")) is None


@pytest.mark.parametrize("path", ["/api/v2/instance/", "/api/v1/instance", "/api/v1/instance/rules"])
def test_the_instance_is_public(path):
    assert rehearsal.new().handle(Request(method="GET", path=path), NOW).status == 200


def test_what_it_does_not_know_is_not_found(client):
    assert client.ask("GET", "/api/v1/timelines/home").status == 404
