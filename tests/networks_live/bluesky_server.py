"""A real Bluesky server (PDS) on 127.0.0.1: installed once from npm, run for a test session, read by its own books.

In: nothing; needs Node 20 or newer, npm, and what builds better-sqlite3 (make, g++, Node's headers). Out: a `Pds`, with
accounts, rate limits that can be made small, and every commit it took.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import libipld
import requests

from clarion.networks.base import Shown
from clarion.networks.bluesky import record
from clarion.networks.bluesky.timeline import shown
from clarion.networks.rehearsing import Accepted
from tests.networks_live import cache, node, process

HERE = Path(__file__).parent / "pds"
PASSWORD = "the account's own, which Clarion never sees"


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """One account of the server's."""

    name: str  # as the test calls it
    handle: str
    did: str
    app_password: str


class Pds:
    """The server, up."""

    def __init__(self, said: Mapping[str, str]) -> None:
        self.url, self.version, self.node = said["url"], said["version"], said["node"]
        self._control, self._data, self._jwt_secret = said["control"], Path(said["data"]), said["jwtSecret"]
        self._http = requests.Session()
        self._http.trust_env = False
        self._accounts = 0

    def close(self) -> None:
        self._http.close()

    def account(self, name: str) -> Login:
        """A new account with an app password; no two share anything."""
        self._accounts += 1
        handle = f"{name}{self._accounts}.test"
        made = self.call(
            "com.atproto.server.createAccount",
            handle=handle,
            email=f"{handle}@example.test",
            password=PASSWORD,
        )
        app = self.call("com.atproto.server.createAppPassword", made["accessJwt"], name="clarion")
        return Login(name=name, handle=handle, did=made["did"], app_password=app["password"])

    def call(self, method: str, token: str | None = None, **body: Any) -> dict[str, Any]:
        """A procedure that answers with JSON. Raises requests.HTTPError."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = self._http.post(f"{self.url}/xrpc/{method}", json=body, headers=headers, timeout=30)
        answer.raise_for_status()
        return dict(answer.json())

    def health(self) -> str:
        """The version it says it is."""
        return str(self._http.get(f"{self.url}/xrpc/_health", timeout=30).json()["version"])

    def limit(self, **limits: Mapping[str, int]) -> None:
        """Make rate limits small, by parts of their names with `_` for `-`; `{}` puts one back. Forgets what was spent."""
        wanted = {name.replace("_", "-"): dict(each) for name, each in limits.items()}
        self._http.post(f"{self._control}/limits", json=wanted, timeout=30).raise_for_status()

    def deactivate(self, login: Login) -> None:
        """As its owner does who pauses it, or moves to another server."""
        self._owned(login, "com.atproto.server.deactivateAccount")

    def revoke(self, login: Login) -> None:
        """Take back the app password, as its owner may at any time."""
        self._owned(login, "com.atproto.server.revokeAppPassword", name="clarion")

    def take_down(self, login: Login) -> None:
        """As the server's moderators do."""
        body = {
            "subject": {"$type": "com.atproto.admin.defs#repoRef", "did": login.did},
            "takedown": {"applied": True},
        }
        address = f"{self.url}/xrpc/com.atproto.admin.updateSubjectStatus"
        self._http.post(address, json=body, auth=("admin", "tests"), timeout=30).raise_for_status()

    def _owned(self, login: Login, method: str, **body: Any) -> None:
        session = self.call("com.atproto.server.createSession", identifier=login.handle, password=PASSWORD)
        headers = {"Authorization": f"Bearer {session['accessJwt']}"}
        self._http.post(
            f"{self.url}/xrpc/{method}", json=body, headers=headers, timeout=30
        ).raise_for_status()

    def expired(self, token: str) -> str:
        """The same token, as it would be after its time: signed by the server's own key."""
        head, body, _ = token.split(".")
        claims = json.loads(base64.urlsafe_b64decode(f"{body}{'=' * (-len(body) % 4)}"))
        claims["exp"] = claims["iat"] - 1
        signed = f"{head}.{_base64(json.dumps(claims).encode())}"
        key = hmac.digest(self._jwt_secret.encode(), signed.encode(), "sha256")
        return f"{signed}.{_base64(key)}"

    # ── its books ──

    def records(self, login: Login, collection: str) -> list[dict[str, Any]]:
        """What readers see of a collection, newest first: {"uri", "cid", "value"}. Nothing, of a closed account."""
        query = {"repo": login.did, "collection": collection, "limit": "100"}
        answer = self._http.get(f"{self.url}/xrpc/com.atproto.repo.listRecords", params=query, timeout=30)
        return list(answer.json().get("records", []))

    def blob(self, did: str, cid: str) -> tuple[str, bytes] | None:
        """(mime, bytes) of a stored blob; None when nothing refers to it any more."""
        query = {"did": did, "cid": cid}
        answer = self._http.get(f"{self.url}/xrpc/com.atproto.sync.getBlob", params=query, timeout=30)
        return (answer.headers["Content-Type"], answer.content) if answer.ok else None

    def commits(self, did: str) -> list[tuple[str, str, dict[str, Any]]]:
        """Every change of a record of this account, oldest first: (action, path, record), from the log that others sync by."""
        with closing(sqlite3.connect(f"file:{self._data}/sequencer.sqlite?mode=ro", uri=True)) as books:
            rows = books.execute(
                "SELECT event FROM repo_seq WHERE did = ? AND eventType = 'append' ORDER BY seq", (did,)
            ).fetchall()
        changes: list[tuple[str, str, dict[str, Any]]] = []
        for (event,) in rows:
            told = libipld.decode_dag_cbor(event)
            blocks = libipld.decode_car(told["blocks"])[1]
            changes += [(each["action"], each["path"], blocks.get(each["cid"], {})) for each in told["ops"]]
        return changes


class PdsBooks:
    """What the server took of these accounts. See `relay.Books`."""

    def __init__(self, pds: Pds, logins: dict[str, Login]) -> None:
        self._pds, self._logins = pds, logins
        self._blobs: dict[str, str] = {}

    def accepted(self) -> list[Accepted]:
        taken = [each for login in self._logins.values() for each in self._of(login)]
        return sorted(taken, key=lambda each: each.key or "")

    def timeline(self) -> list[Shown]:
        there = [
            (each["uri"], login, each["value"])
            for login in self._logins.values()
            for each in self._pds.records(login, record.POST)
        ]
        there.sort(key=lambda each: each[0].rpartition("/")[2], reverse=True)
        return [
            shown(
                uri,
                {"account": login.name, "value": value},
                name=login.name,
                handle=login.handle,
                source=self._source,
            )
            for uri, login, value in there
        ]

    def _of(self, login: Login) -> list[Accepted]:
        """A create and every change of a post; a second would be a double. A delete marks them."""
        changes = [each for each in self._pds.commits(login.did) if each[1].startswith(f"{record.POST}/")]
        gone = {path for action, path, _ in changes if action == "delete"}
        return [
            Accepted(
                account=login.name,
                remote_id=f"at://{login.did}/{path}",
                text=value["text"],
                warning=None,
                language=next(iter(value.get("langs", [])), None),
                answers=value.get("reply", {}).get("parent", {}).get("uri"),
                images=tuple(self._images(login, value)),
                at=value["createdAt"],
                key=path.rpartition("/")[2],
                deleted=path in gone,
            )
            for action, path, value in changes
            if action != "delete"
        ]

    def _images(self, login: Login, value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """(sha256 of the bytes that the server gives back, alt) of each image."""
        for image in value.get("embed", {}).get("images", []):
            found = self._pds.blob(login.did, libipld.encode_cid(image["image"]["ref"]))
            yield (hashlib.sha256(found[1]).hexdigest() if found else "gone", image["alt"])

    def _source(self, account: str, cid: str) -> str:
        """A blob as a data: address, from the bytes that the server gives back."""
        if cid not in self._blobs:
            found = self._pds.blob(self._logins[account].did, cid)
            assert found is not None, f"the server does not give back the blob {cid}"
            self._blobs[cid] = f"data:{found[0]};base64,{base64.b64encode(found[1]).decode()}"
        return self._blobs[cid]


@contextmanager
def running(folder: Path) -> Iterator[Pds]:
    """The server, up while the block runs; `folder` takes its log. Raises cache.Missing, with what installs it."""
    folder_of_npm = installed()
    flags = ["--harmony-iterator-helpers"] if _node() < 22 else []
    shutil.copy(HERE / "pds.mjs", script := folder / "pds.mjs")
    command: list[str | Path] = ["node", *flags, script, folder_of_npm]
    with process.started(command, log=folder / "pds.log", environ={"LOG_ENABLED": "false"}) as said:
        pds = Pds(json.loads(said))
        # A whole session's accounts come from one address within five minutes.
        pds.limit(createAccount={"points": 100_000}, global_ip={"points": 100_000})
        try:
            yield pds
        finally:
            pds.close()


def installed() -> Path:
    """The folder that has the server; installed when it is not there. Raises cache.Missing, with what it lacks."""
    _node()

    def make(made: Path) -> None:
        _require_builders()
        cache.say(
            "Installing the real Bluesky server (@atproto/pds) into the cache, once: about three minutes, 340 MB …"
        )
        try:
            node.install(HERE, made, "--loglevel=error")
        except subprocess.CalledProcessError as error:
            raise cache.Missing(
                f"npm could not install @atproto/pds (exit {error.returncode}); it said why above"
            ) from error
        cache.say("Installed.")

    return cache.kept("pds", HERE / "package-lock.json", make)


def version(folder: Path) -> str:
    """Of the server that is installed there."""
    about = folder / "node_modules" / "@atproto" / "pds" / "package.json"
    return str(json.loads(about.read_text(encoding="utf-8"))["version"])


def _node() -> int:
    """Node's major version. Raises NoNode where it is too old."""
    major = int(node.version().removeprefix("v").split(".")[0])
    if major < node.OLDEST:
        raise node.NoNode(f"the Bluesky server needs Node {node.OLDEST} or newer; this is {node.version()}")
    return major


def _require_builders() -> None:
    """better-sqlite3 is built here: name what it needs before npm says it in a hundred lines."""
    missing = [tool for tool in ("make", "g++", "python3") if not shutil.which(tool)]
    if not node.headers():
        missing.append("libnode-dev")
    if missing:
        raise cache.Missing(f"the Bluesky server is built with: apt-get install {' '.join(missing)}")


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
