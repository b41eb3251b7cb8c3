"""mastodon_mock, a Mastodon server of other people's, on 127.0.0.1: installed once, read by its own books.

In: nothing; needs uv, which our own environment has. Out: a `Mock`, with accounts and every post it took. It is lenient
(what it does not check stands in stages.py): it proves the wire, not the rules.
"""

from __future__ import annotations

import base64
import hashlib
import json
import mimetypes
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

from clarion.networks.base import Shown, ShownImage, ShownPart
from clarion.networks.rehearsing import Accepted
from tests.networks_live import cache, process

HERE = Path(__file__).parent / "mastodon"
#: Accounts made beforehand; a test takes new ones.
ACCOUNTS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """One account of the server's."""

    name: str  # as the test calls it
    username: str
    id: str
    token: str


class Mock:
    """The server, up."""

    def __init__(self, said: Mapping[str, str], folder: Path) -> None:
        self.url, self.version, self.mocks = said["url"], said["version"], said["mocks"]
        self._folder = folder
        self._accounts = 0

    def account(self, name: str) -> Login:
        """An account that nobody used yet."""
        self._accounts += 1
        username = f"voice{self._accounts}"
        ((found,),) = self.rows("SELECT id FROM accounts WHERE username = ?", username)
        return Login(name=name, username=username, id=str(found), token=f"token of {username}")

    def rows(self, query: str, *what: object) -> list[tuple[object, ...]]:
        """What its database holds."""
        with closing(sqlite3.connect(f"file:{self._folder}/mock.sqlite?mode=ro", uri=True)) as books:
            return books.execute(query, what).fetchall()

    def image(self, filename: str) -> bytes:
        """The bytes it keeps of an upload."""
        return (self._folder / "media" / "attachments" / filename).read_bytes()


class MockBooks:
    """What the server took of these accounts. It forgets what is deleted; this does not. See `relay.Books`."""

    def __init__(self, mock: Mock, logins: dict[str, Login]) -> None:
        self._mock, self._logins = mock, logins
        self._seen: dict[str, Accepted] = {}

    def accepted(self) -> list[Accepted]:
        standing = {each.remote_id: each for login in self._logins.values() for each in self._of(login)}
        for remote_id, each in self._seen.items():
            if remote_id not in standing:
                self._seen[remote_id] = replace(each, deleted=True)
        self._seen |= standing
        return sorted(self._seen.values(), key=lambda each: int(each.remote_id))

    def timeline(self) -> list[Shown]:
        found = [each for login in self._logins.values() for each in self._shown(login)]
        return sorted(found, key=lambda each: int(each.parts[0].remote_id or 0), reverse=True)

    def _of(self, login: Login) -> Iterator[Accepted]:
        query = (
            "SELECT s.id, s.text, s.spoiler_text, s.language, s.in_reply_to_id, s.created_at, k.key FROM statuses s"
            " LEFT JOIN idempotency k ON k.status_id = s.id WHERE s.account_id = ?"
        )
        for number, text, warning, language, answers, at, key in self._mock.rows(query, int(login.id)):
            yield Accepted(
                account=login.name,
                remote_id=str(number),
                text=str(text),
                warning=str(warning or "") or None,
                language=language if isinstance(language, str) else None,
                answers=str(answers) if answers else None,
                images=tuple(
                    (hashlib.sha256(self._mock.image(name)).hexdigest(), alt)
                    for name, alt in self._images(str(number))
                ),
                at=datetime.fromisoformat(str(at)).replace(tzinfo=UTC).isoformat(),
                key=str(key) if key else None,
            )

    def _images(self, status: str) -> list[tuple[str, str]]:
        query = "SELECT filename, description FROM media_attachments WHERE status_id = ? ORDER BY id"
        return [(str(name), str(alt or "")) for name, alt in self._mock.rows(query, int(status))]

    def _shown(self, login: Login) -> Iterator[Shown]:
        """Each post as a reader sees it, by the HTML that the server made of it."""
        query = (
            "SELECT id, content, spoiler_text, language, in_reply_to_id FROM statuses WHERE account_id = ?"
        )
        for number, content, warning, language, answers in self._mock.rows(query, int(login.id)):
            part = ShownPart(
                spans=read(str(content)),
                images=tuple(self._image(*each) for each in self._images(str(number))),
                remote_id=str(number),
                answers=str(answers) if answers else None,
            )
            yield Shown(
                network="mastodon",
                account=login.name,
                handle=login.username,
                language=str(language or ""),
                parts=(part,),
                warning=str(warning or "") or None,
            )

    def _image(self, name: str, alt: str) -> ShownImage:
        mime = mimetypes.guess_type(name)[0]
        data = base64.b64encode(self._mock.image(name)).decode()
        return ShownImage(src=f"data:{mime};base64,{data}", alt=alt, width=0, height=0)


def read(html: str) -> tuple[tuple[str, str | None], ...]:
    """A status' HTML as (text, link or None): what a browser would show."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return tuple(_joined(reader.pieces))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[tuple[str, str | None]] = []
        self._link: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._link = dict(attrs).get("href")
        if tag == "br":
            self.pieces.append(("\n", None))
        if tag == "p" and self.pieces:
            self.pieces.append(("\n\n", None))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._link = None

    def handle_data(self, data: str) -> None:
        self.pieces.append((data, self._link))


def _joined(pieces: Sequence[tuple[str, str | None]]) -> list[tuple[str, str | None]]:
    """Neighbours of one kind as one."""
    joined: list[tuple[str, str | None]] = []
    for text, link in pieces:
        if joined and joined[-1][1] == link:
            joined[-1] = (joined[-1][0] + text, link)
        else:
            joined.append((text, link))
    return joined


@contextmanager
def running(folder: Path) -> Iterator[Mock]:
    """The server, up while the block runs; `folder` takes its log, its database and its images."""
    command: list[str | Path] = [
        installed() / "bin" / "python",
        "-P",
        HERE / "serve.py",
        folder,
        str(ACCOUNTS),
    ]
    with process.started(command, log=folder / "mastodon.log", environ={}) as said:
        yield Mock(json.loads(said), folder)


def installed() -> Path:
    """The environment that has it; made when it is not there. Raises cache.Missing where that fails."""
    lock = HERE / "requirements.lock"

    def make(made: Path) -> None:
        cache.say("Installing mastodon_mock into the cache, once …")
        uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or "uv"
        subprocess.run([uv, "venv", "--quiet", "--relocatable", "--python", sys.executable, made], check=True)
        packages: list[str | Path] = [
            "--requirement",
            lock,
            "--python",
            made / "bin" / "python",
            "--require-hashes",
        ]
        try:
            subprocess.run([uv, "pip", "install", "--quiet", *packages], check=True)
        except subprocess.CalledProcessError as error:
            raise cache.Missing(
                f"uv could not install mastodon_mock (exit {error.returncode}); it said why above"
            ) from error

    return cache.kept("mastodon", lock, make)


def version(folder: Path) -> str:
    """Of the mastodon_mock that is installed there."""
    (about,) = folder.glob("lib/python*/site-packages/mastodon_mock-*.dist-info")
    return about.name.removesuffix(".dist-info").rpartition("-")[2]
