"""Logs: JSON lines, only where asked for, no secret in any of them, whatever a library logs."""

from __future__ import annotations

import json
import logging
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from requests_oauthlib import OAuth1

from clarion import logs
from clarion.redaction import STANDS_FOR, remember

SECRET = "mark3d-secret-of-these-tests"


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[Path]:
    """A log at DEBUG; what logged before logs as before afterwards."""
    root, factory = logging.getLogger(), logging.getLogRecordFactory()
    before = list(root.handlers), root.level
    path = tmp_path / "clarion.log"
    remember(SECRET)
    logs.begin("debug", str(path))
    yield path
    for handler in set(root.handlers) - set(before[0]):
        root.removeHandler(handler)
        handler.close()
        if isinstance(handler, logging.StreamHandler):
            handler.stream.close()
    root.setLevel(before[1])
    logging.setLogRecordFactory(factory)
    logging.captureWarnings(capture=False)


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_record_is_a_line_of_json(logged: Path) -> None:
    logging.getLogger("clarion.test").info("sent %s", "один", extra={"action": "delivery_sent", "part": 2})
    [line] = lines(logged)
    assert (line["level"], line["logger"], line["message"]) == ("info", "clarion.test", "sent один")
    assert (line["action"], line["part"]) == ("delivery_sent", 2)
    assert str(line["at"]).endswith("+00:00")


def test_no_part_of_a_record_holds_a_secret(logged: Path) -> None:
    log = logging.getLogger("clarion.test")
    log.warning("as %s and %s", SECRET, SECRET.encode())
    log.info("more", extra={"body": {"token": SECRET}})
    try:
        raise ValueError(SECRET)
    except ValueError:
        log.exception("it broke")
    log.warning("%d", SECRET)  # a library's own slip
    assert SECRET not in logged.read_text()
    assert [line["message"] for line in lines(logged)][:3] == [
        f"as {STANDS_FOR} and b'{STANDS_FOR}'",
        "more",
        "it broke",
    ]
    assert f"ValueError: {STANDS_FOR}" in str(lines(logged)[2]["traceback"])


def test_whoever_handles_it_gets_it_clean(logged: Path, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("elsewhere").warning("%s", SECRET)
    assert caplog.messages == [STANDS_FOR]


def test_the_library_that_signs_logs_what_it_signs_with(logged: Path) -> None:
    """oauthlib, as talkative as it can be: keys, base strings, headers."""
    keys = [f"mark3d-{name}-8f3a" for name in ("consumer-key", "consumer-secret", "token", "token-secret")]
    remember(*keys)
    for name in ("oauthlib", "requests_oauthlib"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    request = requests.Request("POST", "https://api.twitter.com/2/tweets", auth=OAuth1(*keys)).prepare()
    assert b"mark3d" in str(request.headers["Authorization"]).encode()
    assert "oauth_consumer_key" in logged.read_text(), "it logged nothing of it"
    assert "mark3d" not in logged.read_text()


def test_only_its_owner_may_read_it(logged: Path) -> None:
    assert stat.S_IMODE(logged.stat().st_mode) == 0o600


@pytest.mark.parametrize(("words", "said"), [([], b""), (["--log-level", "error"], b""), (["--plain"], b"")])
def test_nothing_is_logged_unasked(tmp_path: Path, words: list[str], said: bytes) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "clarion", *words, "completion", "--help"],
        capture_output=True,
        check=True,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
    )
    assert done.stderr == said


def test_what_ends_a_thread_is_printed_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    code = (
        "import threading; from clarion import logs, redaction; logs.guard();"
        f"redaction.remember({SECRET!r});"
        f"t = threading.Thread(target=lambda: {{}}[{SECRET!r}]); t.start(); t.join()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert f"KeyError: '{STANDS_FOR}'" in done.stderr
    assert SECRET not in done.stderr
