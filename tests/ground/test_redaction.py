"""No secret that this process knows is left in a text, however it is spelled there."""

from __future__ import annotations

import base64
import html
import json
import re
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Event
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.errors import ClarionError, Refused
from clarion.redaction import STANDS_FOR, clean, remember, remember_password, without_known

SECRET = 'Q7/w+"9 é<key>=Zx'
SECRETS = st.text(st.characters(min_codepoint=33, max_codepoint=0x24F), min_size=8).filter(
    lambda text: text.strip() == text and any(char.isdigit() for char in text) and len(set(text)) > 4
)


@pytest.mark.parametrize(
    "spelled",
    [
        SECRET,
        quote(SECRET, safe=""),
        quote(SECRET),
        quote_plus(SECRET),
        quote(quote(SECRET, safe=""), safe=""),
        re.sub("%..", lambda escape: escape[0].lower(), quote(SECRET, safe="")),
        urlencode({"code": SECRET}),
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False).replace('\\"', '"'),
        repr(SECRET),
        repr(SECRET.encode()),
        html.escape(SECRET),
        str({"value": SECRET}),
    ],
)
def test_it_is_known_in_every_spelling(spelled: str) -> None:
    remember(SECRET)
    assert "Zx" not in clean(f"the server said {spelled}!")
    assert STANDS_FOR in clean(f"the server said {spelled}!")


@given(SECRETS, st.text(max_size=4), st.text(max_size=4))
def test_it_is_known_within_what_was_encoded(secret: str, before: str, after: str) -> None:
    """As in Basic: base64 of "user:password"."""
    remember(secret)
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        encoded = encode(f"{before}{secret}{after}".encode()).decode()
        left = clean(f"x {encoded} x").replace(STANDS_FOR, "").split()[1:-1]
        assert sum(map(len, left)) <= len(encode(f"{before}{after}".encode())) + 8


def test_threads_may_remember_while_others_clean() -> None:
    """Accounts go side by side: no error of ours, and no moment in which a secret is not known."""
    remember("mark3d-all-the-time")
    ended = Event()

    def go_on() -> None:
        for number in count():
            remember(f"mark3d-another-{number % 40}", "mark3d-all-the-time")
            if ended.is_set():
                return

    with ThreadPoolExecutor(3) as pool:
        others = [pool.submit(go_on) for _ in range(2)]
        try:
            assert {clean("no: mark3d-all-the-time") for _ in range(3_000)} == {f"no: {STANDS_FOR}"}
        finally:
            ended.set()
        for other in others:
            other.result()


def test_half_of_it_at_the_end_of_a_text_that_was_cut_is_known() -> None:
    remember("0123-abcdefghijklmnopqrstuvwxyz")
    assert clean("it does not take 0123-abcdefghijklm…") == f"it does not take {STANDS_FOR}"


def test_a_number_with_which_a_secret_begins_is_public() -> None:
    remember("1004975077431620041-abcdefghijklmnopqrstuvwxyz")
    assert clean("this is not 1004975077431620041") == "this is not 1004975077431620041"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Authorization: Bearer abc.def", f"Authorization: {STANDS_FOR}"),
        ("{'Authorization': 'Bearer a b', 'x': 1}", f"{{'Authorization': {STANDS_FOR}, 'x': 1}}"),
        ("Proxy-Authorization: Basic dTpw\r\nHost: a", f"Proxy-Authorization: {STANDS_FOR}\nHost: a"),
        ("Set-Cookie: a=b; Path=/", f"Set-Cookie: {STANDS_FOR}"),
        ("it wants Bearer abcdefghijklmnop1", f"it wants Bearer {STANDS_FOR}"),
        ("POST /x?access_token=abcdefg&a=1", f"POST /x?access_token={STANDS_FOR}&a=1"),
        ('{"client_secret": "abcdefg"}', f'{{"client_secret": "{STANDS_FOR}"}}'),
        ("socks5h://us:pass@host:1", f"socks5h://us:{STANDS_FOR}@host:1"),
        ("expired: eyJhbGciOiJIUzI1NiJ9.e30.abc", f"expired: {STANDS_FOR}"),
        ('OAuth oauth_nonce="1", oauth_token="2"', f"OAuth {STANDS_FOR}"),
    ],
)
def test_what_has_a_secrets_shape_is_taken_out_though_nobody_knows_it(text: str, left: str) -> None:
    assert clean(text).replace("\r", "") == left


@pytest.mark.parametrize(
    "text",
    [
        "the token is missing",
        "Bearer token is missing",
        "https://mastodon.example/@eyes/1",
        "at://did:plc:abc/app.bsky.feed.post/3k",
        "exit code 5; password: no",
    ],
)
def test_words_about_secrets_stay(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize("value", ["", " ", None, "short1", "clarion"])
def test_what_may_be_an_ordinary_word_is_not_remembered(value: str | None) -> None:
    remember(value)
    assert clean("clarion says short1") == "clarion says short1"


def test_of_an_address_the_password_is_remembered() -> None:
    remember_password("http://us:mark%2Fed7%20x@127.0.0.1:1")
    assert without_known("mark%2Fed7%20x or mark/ed7 x") == f"{STANDS_FOR} or {STANDS_FOR}"
    remember_password("http://[")  # no address: nothing to remember


def test_the_address_that_a_person_opens_keeps_what_it_needs() -> None:
    address = "https://api.twitter.com/oauth/authorize?oauth_token=abcdefghijkl"
    assert without_known(address) == address


def test_an_error_has_no_secret_from_its_making_on() -> None:
    remember("mark3d-token-0")
    error = Refused("no: mark3d-token-0", "clarion --token mark3d-token-0")
    assert (error.message, str(error)) == (f"no: {STANDS_FOR}",) * 2
    assert error.hint == f"clarion --token {STANDS_FOR}"
    assert "mark3d" not in repr(ClarionError("mark3d-token-0"))
