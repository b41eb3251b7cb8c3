"""A person at a browser, for tests of logins: reads the page that asks, and lets the app in or not."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlsplit

import requests

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
_CODE = re.compile(r"<code>([^<]+)</code>")


def page(address: str) -> requests.Response:
    """What the browser shows first."""
    return requests.get(address, timeout=10, headers={"Accept": "text/html"})


def authorise(address: str, account: str, *, allow: bool = True) -> requests.Response:
    """Log in as an account and press the button; the answer to it, where no redirect was followed."""
    shown = page(address)
    assert shown.status_code == 200, shown.text
    form = {name: unescape(value) for name, value in _HIDDEN.findall(shown.text)}
    parts = urlsplit(address)
    return requests.post(
        f"{parts.scheme}://{parts.netloc}{parts.path}",
        data={**form, "account": account, "allow": "yes" if allow else "no"},
        timeout=10,
        allow_redirects=False,
        headers={"Origin": f"{parts.scheme}://{parts.netloc}"},
    )


def code_on(answer: requests.Response) -> str:
    """The code that the page after that shows."""
    if answer.is_redirect:
        parts = urlsplit(answer.url)
        answer = page(f"{parts.scheme}://{parts.netloc}{answer.headers['Location']}")
    found = _CODE.search(answer.text)
    assert found, answer.text
    return found[1]
