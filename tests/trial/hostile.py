"""Networks that send back what they were sent, and clarion as a process that listens to itself.

In: what goes wrong, and words to type. Out: all that the process wrote, and the secrets that it must not have written.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qsl, quote

from clarion import networks as registry
from clarion.networks.rehearsing import Rehearsal, Request, Response
from clarion.rehearsal.world import World
from tests.networks.conftest import Networks
from tests.networks.fronts import Front

#: clarion, with live addresses on loopback, patience for seconds, an ear for every program it starts; and where a test
#: asks for it, a fault of ours in the middle with a secret in its words.
PROGRAM = """
import json, os, sys
told = json.loads(os.environ.pop("TOLD"))
def hear(event, args):
    if event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn"):
        with open(told["argv"], "a") as heard:
            heard.write(repr(args[:3]) + "\\n")
sys.addaudithook(hear)
from clarion import points
from clarion.app import App
from clarion.cli import clarion
class Hasty(App):
    @property
    def connections(self):
        made = super().connections
        made.seconds = told["seconds"]
        return made
    def as_live(self):
        return Hasty(campaign=str(self.folder), live_bases=told["urls"], live=True)
def break_down(name):
    if name == told["breaks_at"]:
        raise RuntimeError("ours, in the middle: " + told["words"])
points.hook = break_down
clarion.main(prog_name="clarion", obj=Hasty(live_bases=told["urls"]))
"""

Answer = Callable[[str], Response]


def _json(status: int, said: str) -> Response:
    """As each network words an error, all at once; what it was sent stands where a message is cut short."""
    body = {
        "error": said,
        "message": "m" * 130 + said,
        "detail": "d" * 170 + said,
        "title": said,
        "errors": [{"message": said, "code": 1}],
    }
    headers = {"content-type": "application/json", "x-said": said[:900].replace("\n", " ").strip()}
    return Response(status=status, headers=headers, body=json.dumps(body).encode())


#: What a network answers that has gone mad, from what it was sent.
ANSWERS: dict[str, Answer] = {
    "401": lambda said: _json(401, said),
    "403": lambda said: _json(403, said),
    "429": lambda said: _json(429, said),
    "500": lambda said: _json(500, said),
    "an odd 200": lambda said: _json(200, said),
    "a redirect": lambda said: Response(status=302, headers={"location": f"/?said={quote(said[:900])}"}),
    "HTML": lambda said: Response(
        status=200, headers={"content-type": "text/html"}, body=f"<h1>{said}</h1>".encode()
    ),
    "half of JSON": lambda said: Response(
        status=201,
        headers={"content-type": "application/json"},
        body=json.dumps({"data": said}).encode()[:-9],
    ),
    "a list": lambda said: Response(
        status=403, headers={"content-type": "application/json"}, body=json.dumps([said]).encode()
    ),
}


class Mad(Front):
    """A rehearsal network in front of which something sends back what arrives."""

    def __init__(self, network: Rehearsal) -> None:
        super().__init__(network)
        self.answer: Answer | None = None
        self.on = "any"
        self.heard: set[str] = set()  # every secret that a request carried

    def handle(self, request: Request, now: datetime, quirks: frozenset[str] = frozenset()) -> Response:
        said = _said(request)
        self.heard |= _secrets_in(request)
        struck = self.on == "any" or self.is_create(request) == (self.on == "create")
        if self.answer is not None and struck:
            return self.answer(said)
        return super().handle(request, now, quirks)


def _said(request: Request) -> str:
    """All of a request, what identifies us first: bare, so that nothing but its value can tell it; then as it came."""
    body = request.body[:600].decode(errors="replace")
    proof = request.headers.get("authorization", "")
    bare = " ".join(re.findall(r"[\w.~%+/-]{12,}", f"{proof} {body}"))
    words = [bare, proof, body, request.query, request.path]
    return " ".join([*words, *(f"{key}: {value}" for key, value in request.headers.items())])


def _secrets_in(request: Request) -> set[str]:
    """What a login or a session is opened with, here or there."""
    form = dict(parse_qsl(request.body.decode(errors="replace")))
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    found = {form.get(name, "") for name in ("code", "code_verifier", "client_secret", "token")}
    return {each for each in {*found, token} if len(each) > 6 and " " not in each}


class Place:
    """A campaign on this machine whose three live networks may go mad."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder / "campaign", folder / "home"
        self.folder.mkdir()
        self.home.mkdir()
        self.log, self.argv = folder / "clarion.log", folder / "argv"
        self.mad = {name: Mad(registry.rehearsal(name).new()) for name in registry.NAMES}
        self.networks = Networks(World(new={name: _giving(machine) for name, machine in self.mad.items()}))
        self.networks.start()
        self.secrets: set[str] = set()
        self.written: dict[str, bytes] = {}

    def close(self) -> None:
        self.networks.stop()

    # ── what goes wrong ──

    @contextmanager
    def madness(self, answer: str, on: str = "any") -> Iterator[None]:
        for machine in self.mad.values():
            machine.answer, machine.on = ANSWERS[answer], on
        yield
        for machine in self.mad.values():
            machine.answer = None

    @contextmanager
    def fault(self, kind: str, on: str = "any") -> Iterator[None]:
        for name in registry.NAMES:
            self.networks.fault(name, kind, on=on, count=None, seconds=30)
        yield
        self.networks.world.clear_faults()

    # ── typing ──

    def environ(self, *, seconds: float = 5, breaks_at: str | None = None) -> dict[str, str]:
        told = {
            "urls": dict(self.networks.urls),
            "argv": str(self.argv),
            "seconds": seconds,
            "breaks_at": breaks_at,
            "words": " ".join(sorted(self.secrets)),
        }
        return {
            **{name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ},
            "LANG": "C.UTF-8",
            "HOME": str(self.home),
            "CLARION_AS": "vera",
            "CLARION_LOG": "debug",
            "CLARION_LOG_FILE": str(self.log),
            "CLARION_DEBUG": "1",
            "COLUMNS": "400",  # nothing is wrapped
            "TOLD": json.dumps(told),
        }

    def types(self, *words: str, stdin: str = "", seconds: float = 5, breaks_at: str | None = None) -> int:
        """Type a command as a process of its own; its exit code. All that it writes is kept."""
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *words],
            cwd=self.folder,
            env=self.environ(seconds=seconds, breaks_at=breaks_at),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.note("argv of clarion", Path(f"/proc/{process.pid}/cmdline"))
        shown, complained = process.communicate(stdin.encode(), timeout=120)
        self.hear(f"{' '.join(words)}: stdout", shown)
        self.hear(f"{' '.join(words)}: stderr", complained)
        return process.returncode

    def hear(self, where: str, text: bytes) -> None:
        self.written[where] = self.written.get(where, b"") + text

    def note(self, where: str, path: Path) -> None:
        if path.exists():
            self.hear(where, path.read_bytes())

    # ── looking ──

    def everything(self) -> dict[str, bytes]:
        """All that was written: to streams, and to every file but the secrets' own stores."""
        found = dict(self.written)
        for path in [self.log, self.argv, *self.home.rglob("*"), *self.folder.rglob("*")]:
            if path.is_file() and not _keeps_secrets(path):
                found[str(path)] = path.read_bytes()
        return found

    def known(self) -> set[str]:
        """The secrets: those typed, those that servers made, those on this machine."""
        tokens = {value for machine in self.mad.values() for value in machine.heard}
        for path in self.home.rglob("sessions/*/*.json"):
            kept = json.loads(path.read_text())
            tokens |= {kept["access"], kept["refresh"]}
        return self.secrets | tokens

    def shown(self) -> list[str]:
        """Where which secret stands, in any spelling, whole or cut. Must be empty."""
        everything = self.everything()
        return [
            f"{secret} as {spelling!r} in {where}"
            for secret in self.known()
            for spelling in _spellings(secret)
            for where, text in everything.items()
            if _holds(text, spelling)
        ]


def _keeps_secrets(path: Path) -> bool:
    return path.name == "secrets.json" or "sessions" in path.parts


def _spellings(secret: str) -> set[str]:
    """Written here once more and otherwise: a proof that asks what it proves proves nothing."""
    whole = {secret, quote(secret, safe=""), quote(quote(secret, safe=""), safe=""), secret[::-1]}
    if len(secret) > 24:
        whole |= {secret[: 3 * len(secret) // 4], secret[-len(secret) // 2 :]}
    in_base64 = {base64.b64encode(b"." * before + secret.encode()).decode()[4:-4] for before in range(3)}
    return whole | {each for each in in_base64 if len(each) >= 8}


def _holds(text: bytes, spelling: str) -> bool:
    wanted = spelling.encode()
    if wanted not in text:
        return False
    # Seven digits, a PIN, may stand within any longer number.
    return not spelling.isdigit() or re.search(rb"(?<!\d)" + wanted + rb"(?!\d)", text) is not None


def _giving(machine: Mad) -> Callable[[], Rehearsal]:
    return lambda: machine


class Proxy(threading.Thread):
    """A proxy that lets nobody through, and says who asked."""

    def __init__(self) -> None:
        import http.server

        class Refusing(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                bare = self.headers.get("Proxy-Authorization", "").removeprefix("Basic ")
                words = [bare, base64.b64decode(bare).decode(), str(self.headers)]
                said = json.dumps({"error": "no: " + " ".join(words)}).encode()
                self.send_response(407)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            do_POST = do_GET  # noqa: N815 - so the library calls it

            def log_message(self, *_: object) -> None:
                """Nothing."""

        super().__init__(daemon=True)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
        self.port = self._server.server_address[1]

    def run(self) -> None:
        self._server.serve_forever(poll_interval=0.05)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self.join(10)


def secrets_of(name: str) -> Mapping[str, str]:
    """What a network takes for the campaign's account there."""
    return registry.rehearsal(name).secret("eyes")
