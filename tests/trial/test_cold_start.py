"""Cron runs `clarion publish` every minute of every day: what an idle run must not import. `make bench` measures it."""

from __future__ import annotations

import json
import subprocess
import sys

from .conftest import Person

HEAVY = {
    "alembic",
    "babel",
    "hashlib",
    "importlib.metadata",
    "jinja2",
    "logging",
    "mastodon",
    "msgspec",
    "pathlib",
    "PIL",
    "platformdirs",
    "regex",
    "requests",
    "rich",
    "sqlalchemy",
    "starlette",
    "tenacity",
    "tweepy",
    "urllib.request",
    "zoneinfo",
}
RUN = """
import json, sys
from clarion.cli import main
sys.argv = ["clarion", *{words!r}]
try:
    main()
except SystemExit as end:
    print(json.dumps({{"code": end.code, "modules": sorted(sys.modules)}}))
"""


def modules_of(person: Person, *words: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", RUN.format(words=words)],
        cwd=person.folder,
        env=person.env,
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(done.stdout.splitlines()[-1])
    assert not answer["code"], done.stderr
    return set(answer["modules"])


def test_an_idle_publish_imports_next_to_nothing(person: Person) -> None:
    person.types("init", "--yes")
    person.types("say", "Tomorrow.", "--at", "tomorrow 9:00", "--yes")
    person.types("publish")  # reads config.toml in full, once
    assert "sqlite3" in (idle := modules_of(person, "publish"))
    assert idle & HEAVY == set()


def test_a_changed_configuration_is_read_in_full_again(person: Person) -> None:
    person.types("init", "--yes")
    person.types("publish")
    config = person.folder / "config.toml"
    config.write_text(config.read_text() + "\n[accounts.nobody]\nnetwrk = 'x'\n")
    person.types("publish", code=2)
    assert "netwrk" in person.said
    person.types("publish", code=2)


def test_a_publish_that_sends_imports_no_other_networks_sdk(person: Person) -> None:
    person.types("init", "--yes")
    person.types("say", "Only here.", "--to", "bluesky", "--yes")
    assert modules_of(person, "publish") & {"tweepy", "mastodon"} == set()
