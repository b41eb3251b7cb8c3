"""The one page to which a browser brings a code: only this login's, only once."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import pytest
import requests

from clarion.accounts.redirect import Redirect
from clarion.errors import CampaignError


def visits(*addresses):
    """A browser that goes to these, one after another, in the background."""
    answers: list[int] = []

    def go():
        answers.extend(requests.get(address, timeout=10).status_code for address in addresses)

    browser = threading.Thread(target=go)
    browser.start()
    return browser, answers


@pytest.fixture
def redirect():
    with Redirect() as redirect:
        yield redirect


def test_the_code_comes_with_the_word_that_was_sent(redirect):
    browser, answers = visits(f"{redirect.back.address}?code=abc%2F1&state={redirect.back.state}")
    assert redirect.wait(10) == "abc/1"
    browser.join()
    assert answers == [200]


def test_what_comes_from_another_login_is_refused(redirect):
    browser, _ = visits(f"{redirect.back.address}?code=abc&state=another")
    with pytest.raises(CampaignError, match="from another login than this one"):
        redirect.wait(10)
    browser.join()


def test_a_page_that_says_no_is_told(redirect):
    browser, _ = visits(f"{redirect.back.address}?error=access_denied&state={redirect.back.state}")
    with pytest.raises(CampaignError, match="not allowed in"):
        redirect.wait(10)
    browser.join()


def test_a_browsers_wish_for_an_icon_is_not_the_visit(redirect):
    home = redirect.back.address.rpartition("/")[0]
    browser, answers = visits(
        f"{home}/favicon.ico", f"{redirect.back.address}?code=abc&state={redirect.back.state}"
    )
    assert redirect.wait(10) == "abc"
    browser.join()
    assert answers == [404, 200]


def place(redirect):
    parts = urlsplit(redirect.back.address)
    return parts.hostname, parts.port


@contextmanager
def dawdling(redirect, visitors=3):
    """Strangers of this machine who say a letter now and then, and never end."""
    stopping = threading.Event()

    def dawdle(stranger):
        with suppress(OSError), stranger:
            while not stopping.wait(0.05):
                stranger.send(b"G")

    there = [socket.create_connection(place(redirect)) for _ in range(visitors)]
    threads = [threading.Thread(target=dawdle, args=(each,)) for each in there]
    for each in threads:
        each.start()
    try:
        yield
    finally:
        stopping.set()
        for each in threads:
            each.join()


def test_a_stranger_who_never_ends_keeps_no_browser_out(redirect):
    with dawdling(redirect):
        browser, answers = visits(f"{redirect.back.address}?code=abc&state={redirect.back.state}")
        assert redirect.wait(30) == "abc"
        browser.join()
    assert answers == [200]


def test_a_stranger_who_never_ends_holds_nobody_longer_than_that(redirect):
    with dawdling(redirect), pytest.raises(CampaignError, match="never came back"):
        redirect.wait(0.3)


def test_a_stranger_who_never_ends_is_shown_out():
    with Redirect(visit=0.2) as redirect, socket.create_connection(place(redirect), timeout=0.05) as stranger:
        shown_out = False
        for _ in range(400):
            try:
                stranger.send(b"G")
                shown_out = stranger.recv(1) == b""
            except TimeoutError:
                continue
            except OSError:
                shown_out = True
            break
    assert shown_out


def test_nobody_comes(redirect):
    with pytest.raises(CampaignError, match="never came back") as caught:
        redirect.wait(0.05)
    assert caught.value.hint == "try again without --browser"


def test_it_listens_on_this_machine_alone_and_each_time_elsewhere(redirect):
    with Redirect() as another:
        assert redirect.back.address.startswith("http://127.0.0.1:")
        assert another.back.address != redirect.back.address
        assert another.back.state != redirect.back.state
