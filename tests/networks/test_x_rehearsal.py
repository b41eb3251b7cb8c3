"""The rehearsal's X by itself: as strict as networks.md, and nothing it took is forgotten."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
from PIL import Image
from requests_oauthlib import OAuth1

from clarion.networks.base import Shown, ShownPart
from clarion.networks.rehearsing import Request, Response
from clarion.networks.view import draw, styles
from clarion.networks.x import rehearsal
from clarion.networks.x.options import BASE

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)


def request(method: str, path: str, account: str = "voice", **content: Any) -> Request:
    """A request signed as a client would."""
    keys = rehearsal.secret(account)
    signer = OAuth1(
        keys["consumer_key"],
        keys["consumer_secret"],
        keys["access_token"],
        keys["access_secret"],
        decoding=None,
    )
    prepared = requests.Request(method, BASE + path, auth=signer, **content).prepare()
    parts = urlsplit(prepared.url or "")
    body = prepared.body or b""
    return Request(
        method=method,
        path=str(parts.path),
        query=str(parts.query),
        headers={name.lower(): value for name, value in prepared.headers.items()},
        body=body.encode() if isinstance(body, str) else body,
    )


def create(text: str, account: str = "voice", **more: Any) -> Request:
    return request("POST", "/2/tweets", account, json={"text": text, **more})


def body(response: Response) -> Any:
    return json.loads(response.body)


def test_it_takes_a_signed_create_and_shows_it():
    x = rehearsal.new()
    answer = x.handle(create("Hello example.org #EyesOnChechnya"), NOW)
    assert answer.status == 201
    assert body(answer)["data"]["text"].startswith("Hello https://t.co/")
    assert answer.headers["x-rate-limit-remaining"] == "99"
    (shown,) = x.timeline()
    assert shown.parts[0].spans == (
        ("Hello ", None),
        ("example.org", "https://example.org"),
        (" ", None),
        ("#EyesOnChechnya", "#EyesOnChechnya"),
    )


def test_it_refuses_a_signature_of_another_body_query_or_account():
    x = rehearsal.new()
    good = request("GET", "/2/users/me", params={"user.fields": "name"})
    assert x.handle(good, NOW).status == 200
    changes: tuple[dict[str, Any], ...] = (
        {"query": "user.fields=id"},
        {"path": "/2/tweets/1"},
        {"headers": {}},
        {"headers": {"authorization": "Bearer x"}},
        {
            "headers": {
                "authorization": good.headers["authorization"].replace('oauth_nonce="', 'oauth_nonce="1')
            }
        },
    )
    for changed in changes:
        odd = Request(
            **{"method": "GET", "path": good.path, "query": good.query, "headers": good.headers} | changed
        )
        assert x.handle(odd, NOW).status == 401
    assert x.account_of(good) == "voice"
    assert x.account_of(Request(method="GET", path="/")) is None


def test_it_knows_creates():
    x = rehearsal.new()
    assert x.is_create(create("a"))
    assert not x.is_create(request("DELETE", "/2/tweets/1"))


def test_it_refuses_what_x_refuses():
    x = rehearsal.new()
    mine = body(x.handle(create("a"), NOW))["data"]["id"]
    theirs = body(x.handle(create("b", "other"), NOW))["data"]["id"]
    for odd, status in (
        (create("a"), 403),
        (create(""), 400),
        (create("я" * 281), 403),
        (create("c", reply={"in_reply_to_tweet_id": "1"}), 403),
        (create("c", reply={"in_reply_to_tweet_id": theirs}), 403),
        (create("c", media={"media_ids": ["1"]}), 400),
        (create("c", quote_tweet_id=mine), 400),
        (create("c", reply="no"), 400),
        (request("POST", "/2/tweets", data="text=c"), 400),
        (request("DELETE", f"/2/tweets/{theirs}"), 403),
        (request("DELETE", "/2/tweets/1"), 404),
        (request("GET", f"/2/users/{rehearsal.remote_id('voice')}/tweets?max_results=4"), 400),
        (request("GET", f"/2/users/{rehearsal.remote_id('voice')}/tweets?since_id=x"), 400),
        (request("GET", "/2/unknown"), 404),
    ):
        assert x.handle(odd, NOW).status == status, odd
    assert len(x.accepted()) == 2


def test_the_same_text_is_taken_when_asked_or_after_a_day():
    x = rehearsal.new()
    assert x.handle(create("a"), NOW).status == 201
    assert x.handle(create("a"), NOW, frozenset({"forget_duplicates"})).status == 201
    assert x.handle(create("a"), NOW + timedelta(hours=25)).status == 201
    assert len(x.accepted()) == 3


def test_accept_twice_makes_two_posts_of_one_create():
    x = rehearsal.new()
    assert x.handle(create("a"), NOW, frozenset({"accept_twice"})).status == 201
    assert len({each.remote_id for each in x.accepted()}) == 2


def test_the_window_of_its_limit_slides_per_account():
    x = rehearsal.new()
    for index in range(100):
        at = NOW if index else NOW - timedelta(minutes=10)
        assert x.handle(create(f"{index}"), at).status == 201
    refused = x.handle(create("more"), NOW)
    assert (refused.status, refused.headers["x-rate-limit-remaining"]) == (429, "0")
    assert int(refused.headers["x-rate-limit-reset"]) == (NOW + timedelta(minutes=5)).timestamp()
    assert x.handle(create("more", "other"), NOW).status == 201
    assert x.handle(create("more"), NOW + timedelta(minutes=5)).status == 201


def image(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (2, 2)).save(buffer, kind)
    return buffer.getvalue()


def upload(x: rehearsal.XRehearsal, content: bytes, account: str = "voice") -> tuple[str, int]:
    """The media id of an uploaded "PNG", and how its finalize was answered."""
    wanted = {"media_type": "image/png", "media_category": "tweet_image", "total_bytes": len(content)}
    answer = x.handle(request("POST", "/2/media/upload/initialize", account, json=wanted), NOW)
    path = f"/2/media/upload/{body(answer)['data']['id']}"
    files = {"media": ("m", content, "application/octet-stream")}
    x.handle(request("POST", f"{path}/append", account, data={"segment_index": "0"}, files=files), NOW)
    status = x.handle(request("POST", f"{path}/finalize", account), NOW).status
    return body(answer)["data"]["id"], status


def test_an_image_must_be_what_it_says():
    x = rehearsal.new()
    for content in (b"not a png", image("JPEG")):
        handle, status = upload(x, content)
        assert status == 400
        assert x.handle(create("a", media={"media_ids": [handle]}), NOW).status == 400
    big = {"media_type": "image/png", "media_category": "tweet_image", "total_bytes": 5_000_001}
    assert x.handle(request("POST", "/2/media/upload/initialize", json=big), NOW).status == 400


def test_an_image_is_its_owners_and_used_once():
    x = rehearsal.new()
    mine, status = upload(x, image("PNG"))
    theirs, _ = upload(x, image("PNG"), "other")
    old, _ = upload(x, image("PNG"))
    assert status == 200
    assert x.handle(create("a", media={"media_ids": [mine]}), NOW).status == 201
    for bad in ([mine], [theirs], [old] * 2):
        assert x.handle(create("b", media={"media_ids": bad}), NOW).status == 400
    expired = x.handle(create("b", media={"media_ids": [old]}), NOW + timedelta(days=1, seconds=1))
    assert expired.status == 400


def test_an_alt_text_has_a_limit():
    x = rehearsal.new()
    handle, _ = upload(x, image("PNG"))
    for size, status in ((1000, 200), (1001, 400), (0, 400)):
        alt = {"id": handle, "metadata": {"alt_text": {"text": "x" * size}}}
        assert x.handle(request("POST", "/2/media/metadata", json=alt), NOW).status == status


def test_it_remembers_what_it_took_through_a_dump():
    x = rehearsal.new()
    first = body(x.handle(create("a"), NOW))["data"]["id"]
    x.handle(create("b", reply={"in_reply_to_tweet_id": first}), NOW)
    x.handle(request("DELETE", f"/2/tweets/{first}"), NOW)
    again = rehearsal.new()
    again.load(x.dump())
    assert again.accepted() == x.accepted()
    assert [each.deleted for each in again.accepted()] == [True, False]
    assert again.timeline() == x.timeline()
    assert again.handle(create("c"), NOW).headers["x-rate-limit-remaining"] == "97"


def test_its_posts_are_drawn_escaped_and_without_scripts():
    x = rehearsal.new()
    x.handle(create("<script>alert(1)</script> #Чечня https://example.org"), NOW)
    drawn = draw(x.timeline()[0])
    assert "<script>" not in drawn
    assert "&lt;script&gt;" in drawn
    assert 'rel="noopener noreferrer nofollow"' in drawn
    assert f'id="{x.accepted()[0].remote_id}"' in drawn


def test_a_preview_says_in_words_what_is_too_long():
    part = ShownPart(spans=(("Hello", None),), weight=300, limit=280)
    shown = Shown(network="x", account="Voice", handle="@voice", language="ru", parts=(part, part))
    drawn = draw(shown)
    assert "300 / 280 (20 too long)" in drawn
    assert 'lang="ru"' in drawn
    assert "@voice" in drawn
    assert "@@voice" not in drawn
    assert drawn.count("x-line") == 1


def test_its_styles_touch_only_its_own():
    for line in str(styles(["x"])).split("}"):
        selectors = line.partition("{")[0].strip()
        assert all(each.strip().startswith(".x-") for each in selectors.split(",") if each.strip())
