"""A campaign folder with one template, which each test spoils in its own way."""

from __future__ import annotations

from pathlib import Path

import pytest

CONFIG = """\
[campaign]
id = "abc123"
name = "Eyes on Chechnya"
zone = "Europe/Berlin"
languages = ["en", "ru"]

[accounts.masto]
network = "mastodon"
handle = "@campaign"
server = "https://mastodon.example/"
"""

FACTS = """\
[facts.learned]
wording = { en = "the Network learned of it on 29 March 2017", ru = "сеть узнала об этом 29 марта 2017 года" }
source = "The Network"
date = 2017-03-29
as_of = 2017-03-29
checked_on = 2026-11-01

[facts.english-only]
wording = { en = "said in English" }
source = "Somebody"
date = 2020-01-01
as_of = 2020-01-01
checked_on = 2026-11-01
review_by = 2027-11-01

[facts.wrong]
wording = { en = "never say this", ru = "никогда" }
source = "Nobody"
date = 2020-01-01
status = "blocked"
why = "it is false"
as_of = 2020-01-01
checked_on = 2026-11-01
"""

POST = """\
title = "One"
purpose = "A test"
languages = ["en", "ru"]
"""


class Folder:
    """A campaign on disk; `write` changes one file of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.write("config.toml", CONFIG)
        self.write("posts/facts.toml", FACTS)
        self.write("posts/one/post.toml", POST)
        self.write("posts/one/en.md", "Hello.\n")
        self.write("posts/one/ru.md", "Привет.\n")

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def configured(self, old: str, new: str) -> None:
        """`config.toml` with one thing changed."""
        assert old in CONFIG
        self.write("config.toml", CONFIG.replace(old, new))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)
