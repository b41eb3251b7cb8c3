"""The local Bluesky answers as the real server does, and refuses what readers would see broken."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from clarion.networks.bluesky import record, rehearsal
from clarion.networks.rehearsing import Request, Response

AT = datetime(2026, 9, 12, 9, 0, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n" + b"pixels"
KEY = "3n2ssuioyjxzp"
NONE: frozenset[str] = frozenset()


class Client:
    """Speaks to a rehearsal directly, as one account."""

    def __init__(self, server: rehearsal.Bluesky, account: str = "voice") -> None:
        self.server, self.account, self.now = server, account, AT
        self.tokens: dict[str, str] = {}
        self.did = rehearsal.remote_id(account)

    def login(self, **changes: str) -> Response:
        secret = rehearsal.secret(self.account)
        body = {"identifier": secret["identifier"], "password": secret["app_password"], **changes}
        answer = self.post("com.atproto.server.createSession", body, token="")
        if answer.status == 200:
            self.tokens = json.loads(answer.body)
        return answer

    def post(
        self,
        name: str,
        body: Any,
        *,
        token: str | None = None,
        quirks: frozenset[str] = NONE,
        mime: str | None = None,
    ) -> Response:
        token = self.tokens.get("accessJwt", "") if token is None else token
        headers = {"content-type": mime or "application/json"}
        if token:
            headers["authorization"] = f"Bearer {token}"
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        request = Request(method="POST", path=f"/xrpc/{name}", headers=headers, body=raw)
        return self.server.handle(request, self.now, quirks)

    def get(self, name: str, query: str = "", *, token: str = "", quirks: frozenset[str] = NONE) -> Response:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        request = Request(method="GET", path=f"/xrpc/{name}", query=query, headers=headers)
        return self.server.handle(request, self.now, quirks)

    def put(
        self, value: Any = None, key: str = KEY, quirks: frozenset[str] = NONE, **changes: Any
    ) -> Response:
        body = {
            "repo": self.did,
            "collection": record.POST,
            "rkey": key,
            "record": post() if value is None else value,
            "swapRecord": None,
            **changes,
        }
        return self.post("com.atproto.repo.putRecord", body, quirks=quirks)

    def record(self, key: str = KEY, quirks: frozenset[str] = NONE) -> Response:
        query = f"repo={self.did}&collection={record.POST}&rkey={key}"
        return self.get("com.atproto.repo.getRecord", query, quirks=quirks)

    def upload(self, content: bytes = PNG, mime: str = "image/png") -> Response:
        return self.post("com.atproto.repo.uploadBlob", content, mime=mime)


def post(**changes: Any) -> dict[str, Any]:
    plain = {"$type": record.POST, "text": "Hello", "createdAt": "2026-09-12T09:00:00.000Z", "langs": ["en"]}
    return {**plain, **changes}


def images(blob: dict[str, Any], **changes: Any) -> dict[str, Any]:
    image = {"image": blob, "alt": "A candle", "aspectRatio": {"width": 3, "height": 2}, **changes}
    return {"$type": "app.bsky.embed.images", "images": [image]}


def body(response: Response) -> dict[str, Any]:
    plain = json.loads(response.body)
    assert isinstance(plain, dict)
    return plain


@pytest.fixture
def client() -> Client:
    ready = Client(rehearsal.new())
    ready.login()
    return ready


def test_a_put_creates_repeats_and_refuses_as_the_real_server_does(client: Client) -> None:
    first, second, other = client.put(), client.put(), client.put(post(text="Other"))
    assert first.status == second.status == 200
    assert "commit" in body(first)
    assert "commit" not in body(second)
    assert body(first)["cid"] == body(second)["cid"] == record.cid(post())
    assert (other.status, body(other)["error"]) == (400, "InvalidSwap")
    assert [taken.key for taken in client.server.accepted()] == [KEY]


def test_a_put_without_swap_record_overwrites_so_null_matters(client: Client) -> None:
    client.put()
    request = {"repo": client.did, "collection": record.POST, "rkey": KEY, "record": post(text="Other")}
    assert client.post("com.atproto.repo.putRecord", request).status == 200
    assert body(client.record())["value"]["text"] == "Other"
    assert len(client.server.accepted()) == 1


def test_a_post_put_again_after_its_deletion_counts_as_a_second_create(client: Client) -> None:
    client.put()
    gone = {"repo": client.did, "collection": record.POST, "rkey": KEY}
    assert client.post("com.atproto.repo.deleteRecord", gone).status == 200
    assert client.post("com.atproto.repo.deleteRecord", gone).status == 200
    assert body(client.record())["error"] == "RecordNotFound"
    client.put()
    assert [taken.deleted for taken in client.server.accepted()] == [True, False]


def test_create_record_is_not_offered(client: Client) -> None:
    assert client.post("com.atproto.repo.createRecord", {}).status == 501


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"text": "a" * 301}, "graphemes"),
        ({"text": "👨‍👩‍👧‍👦" * 130}, "bytes"),
        ({"text": " "}, "empty"),
        ({"createdAt": "2026-09-12T09:00:00"}, "zone"),
        ({"createdAt": "2026-13-12T09:00:00Z"}, "not a time"),
        ({"langs": ["en", "ru", "de", "fr"]}, "langs"),
        ({"langs": ["English!"]}, "langs"),
        ({"langs": []}, "language"),
        ({"tags": ["t"] * 9}, "tags"),
        ({"mood": "grim"}, "unknown fields"),
        (
            {"labels": {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "sad"}]}},
            "unknown labels",
        ),
        ({"facets": [{"index": {"byteStart": 3, "byteEnd": 1}, "features": [{}]}]}, "inverted"),
        ({"facets": [{"index": {"byteStart": 0, "byteEnd": 9}, "features": [{}]}]}, "out of bounds"),
        ({"text": "Чечня", "facets": [{"index": {"byteStart": 0, "byteEnd": 1}, "features": [{}]}]}, "cuts"),
        ({"facets": "none"}, "list"),
        ({"facets": [1]}, "malformed"),
        ({"embed": {"$type": "app.bsky.embed.images", "images": []}}, "1 to 4"),
        ({"embed": {"$type": "app.bsky.embed.video"}}, "unknown embed"),
        ({"reply": {"root": {"uri": "at://x/y/z", "cid": "?"}}}, "hash"),
    ],
)
def test_a_record_is_refused(client: Client, changes: dict[str, Any], why: str) -> None:
    answer = client.put(post(**changes))
    assert answer.status == 400
    assert why in body(answer)["message"]
    assert client.server.accepted() == []


def test_a_key_that_is_no_tid_is_refused(client: Client) -> None:
    assert "TID" in body(client.put(key="hello"))["message"]


def test_an_image_must_be_uploaded_first_and_described_truly(client: Client) -> None:
    blob = body(client.upload())["blob"]
    unknown = {**blob, "ref": {"$link": record.blob_cid("0" * 64)}}
    assert body(client.put(post(embed=images(unknown))))["error"] == "BlobNotFound"
    assert "size" in body(client.put(post(embed=images({**blob, "size": 1}))))["message"]
    assert "alt" in body(client.put(post(embed=images(blob, alt=None))))["message"]
    assert client.put(post(embed=images(blob))).status == 200
    (taken,) = client.server.accepted()
    assert [alt for _, alt in taken.images] == ["A candle"]
    (shown,) = client.server.timeline()
    assert shown.parts[0].images[0].src.startswith("data:image/png;base64,")


def test_an_upload_must_be_the_image_it_says(client: Client) -> None:
    assert body(client.upload(PNG, "image/jpeg"))["error"] == "InvalidMimeType"
    assert body(client.upload(b"<svg/>", "image/svg+xml"))["error"] == "InvalidMimeType"
    assert client.upload(PNG + bytes(5_000_000)).status == 413
    large = body(client.upload(PNG + bytes(1_000_001)))["blob"]
    assert "too many bytes" in body(client.put(post(embed=images(large))))["message"]


def test_a_reply_must_answer_a_post_that_was_here(client: Client) -> None:
    parent = {"uri": f"at://{client.did}/{record.POST}/{KEY}", "cid": record.cid(post())}
    reply = post(text="two", reply={"root": parent, "parent": parent})
    assert client.put(reply, key="3n2ssuioyjxzq").status == 400
    client.put()
    assert client.put(reply, key="3n2ssuioyjxzq").status == 200
    assert client.server.accepted()[1].answers == parent["uri"]
    assert [shown.parts[0].spans[0][0] for shown in client.server.timeline()] == ["two", "Hello"]


def test_an_access_token_expires_after_two_hours_and_a_refresh_token_is_used_once(client: Client) -> None:
    client.now += timedelta(hours=2)
    assert (client.put().status, body(client.put())["error"]) == (400, "ExpiredToken")
    refresh = client.tokens["refreshJwt"]
    fresh = client.post("com.atproto.server.refreshSession", None, token=refresh)
    assert fresh.status == 200
    assert (
        body(client.post("com.atproto.server.refreshSession", None, token=refresh))["error"] == "ExpiredToken"
    )
    client.tokens = body(fresh)
    assert client.put().status == 200


def test_a_token_works_only_for_its_own_purpose_and_repository(client: Client) -> None:
    assert client.put(repo=rehearsal.remote_id("other")).status == 401
    access, refresh = client.tokens["accessJwt"], client.tokens["refreshJwt"]
    assert (
        body(client.post("com.atproto.server.refreshSession", None, token=access))["error"] == "InvalidToken"
    )
    assert body(client.get("com.atproto.server.getSession", token=refresh))["error"] == "InvalidToken"
    assert client.get("com.atproto.server.getSession").status == 401
    assert body(client.get("com.atproto.server.getSession", token=access))["did"] == client.did


def test_a_wrong_password_is_401_and_counts_as_a_login() -> None:
    client = Client(rehearsal.new())
    for _ in range(30):
        assert client.login(password="wrong").status == 401
    answer = client.login()
    assert answer.status == 429
    assert int(answer.headers["retry-after"]) == 300
    assert int(answer.headers["ratelimit-reset"]) == int(AT.timestamp()) + 300
    client.now += timedelta(minutes=5)
    assert client.login().status == 200


def test_writes_cost_points_and_end_in_429(client: Client) -> None:
    answer = client.put()
    assert answer.headers["ratelimit-limit"] == "5000"
    assert answer.headers["ratelimit-remaining"] == "4998"
    for _ in range(2499):
        answer = client.put()
    assert answer.headers["ratelimit-remaining"] == "0"
    assert client.put().status == 429


def test_stale_reads_hide_a_new_post_and_silent_drop_keeps_none(client: Client) -> None:
    client.put()
    assert client.record(quirks=frozenset({"stale_reads"})).status == 400
    assert client.record().status == 200
    dropped = client.put(post(text="Other"), key="3n2ssuioyjxzq", quirks=frozenset({"silent_drop"}))
    assert dropped.status == 200
    assert client.record("3n2ssuioyjxzq").status == 400
    assert len(client.server.accepted()) == 1


def test_list_records_pages_newest_first(client: Client) -> None:
    for last in "234":
        client.put(key=KEY[:-1] + last)
    query = f"repo={client.did}&collection={record.POST}&limit=2"
    page = body(client.get("com.atproto.repo.listRecords", query))
    assert [item["uri"][-1] for item in page["records"]] == ["4", "3"]
    rest = body(client.get("com.atproto.repo.listRecords", f"{query}&cursor={page['cursor']}"))
    assert [item["uri"][-1] for item in rest["records"]] == ["2"]
    done = body(client.get("com.atproto.repo.listRecords", f"{query}&cursor={rest['cursor']}"))
    assert done == {"records": []}
    assert client.get("com.atproto.repo.listRecords", query.replace("limit=2", "limit=101")).status == 400


def test_the_whole_state_survives_dump_and_load(client: Client) -> None:
    blob = body(client.upload())["blob"]
    client.put(post(embed=images(blob)))
    again = rehearsal.new()
    again.load(client.server.dump())
    assert again.accepted() == client.server.accepted()
    assert again.timeline() == client.server.timeline()
    client.server = again
    assert "commit" not in body(client.put(post(embed=images(blob))))


def test_faults_can_tell_whose_request_it_is_and_whether_it_creates(client: Client) -> None:
    headers = {"authorization": f"Bearer {client.tokens['accessJwt']}"}
    path = "/xrpc/com.atproto.repo.putRecord"
    create = Request(method="POST", path=path, headers=headers, body=b'{"collection": "app.bsky.feed.post"}')
    gate = Request(
        method="POST", path=path, headers=headers, body=b'{"collection": "app.bsky.feed.threadgate"}'
    )
    login = Request(
        method="POST", path="/xrpc/com.atproto.server.createSession", body=b'{"identifier": "voice"}'
    )
    look = Request(method="GET", path="/xrpc/com.atproto.repo.getRecord", query=f"repo={client.did}")
    assert [client.server.account_of(each) for each in (create, gate, login, look)] == ["voice"] * 4
    assert [client.server.is_create(each) for each in (create, gate, login, look)] == [
        True,
        False,
        False,
        False,
    ]
