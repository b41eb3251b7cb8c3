"""No secret shows, whatever goes wrong, with everything logged: real processes against networks that send back what
they are sent. Then every stream, log, database, traceback and argument is searched for every secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner

from clarion import networks as registry
from clarion.app import App
from clarion.cli import clarion
from clarion.trial.demo import make_campaign
from tests.cli.terminal import Terminal
from tests.configs import one_each, rewrite_accounts
from tests.networks.logging_in import authorise, code_on
from tests.trial.hostile import ANSWERS, PROGRAM, Place, Proxy, secrets_of

#: Kept with a secret, and none.
_PUBLIC = ("identifier", "client_id")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A live campaign with an account on each network, verified."""
    made = Place(tmp_path)
    for name, value in made.environ().items():
        if name not in ("TOLD", "CLARION_LOG", "CLARION_LOG_FILE", "CLARION_DEBUG"):
            monkeypatch.setenv(name, value)
    for kind in ("STATE", "CONFIG", "CACHE", "DATA"):
        monkeypatch.delenv(f"XDG_{kind}_HOME", raising=False)
    monkeypatch.chdir(made.folder)
    make_campaign(made.folder)
    rewrite_accounts(made.folder, one_each("test"))
    with App(live_bases=made.networks.urls) as app:
        for name in registry.NAMES:
            app.secrets.set(name, secrets_of(name))
            made.secrets |= {value for key, value in secrets_of(name).items() if key not in _PUBLIC}
    set_up(made, "live", "--yes")
    yield made
    made.close()


def set_up(place: Place, *words: str) -> None:
    """Type what is no part of the proof, in this process: quicker."""
    with App(live_bases=place.networks.urls) as app:
        answer = CliRunner().invoke(clarion, list(words), obj=app)
    assert answer.exit_code == 0, answer.output


def everything_typed(place: Place, *, seconds: float = 5) -> None:
    """Verify, doctor, a post and the look for it, the recall of another."""
    for words in (["accounts", "verify"], ["doctor"], ["publish"], ["recall", "--all", "--yes"]):
        place.types(*words, seconds=seconds)


def say(place: Place, text: str) -> None:
    set_up(place, "say", text, "--yes")


@pytest.mark.slow
@pytest.mark.parametrize("answer", sorted(ANSWERS))
def test_a_server_sends_back_what_it_was_sent(place: Place, answer: str) -> None:
    say(place, "One.")
    set_up(place, "publish")  # to be recalled under the madness
    say(place, "Two.")
    with place.madness(answer):
        everything_typed(place)
    assert place.shown() == []
    assert b'"level": "debug"' in place.everything()[str(place.log)], "it was not logged at all"
    if answer in ("401", "403"):
        [kept] = place.home.rglob("live.sqlite3")
        assert b"[secret]" in kept.read_bytes(), "what was sent back did not come so far"


@pytest.mark.slow
@pytest.mark.parametrize("answer", ["401", "429", "half of JSON"])
def test_the_post_is_taken_and_all_else_answered_so(place: Place, answer: str) -> None:
    """The read-back, and who may reply."""
    say(place, "Two.")
    with place.madness(answer, on="other"):
        place.types("publish")
    assert len(place.networks.accepted("mastodon")) == 1
    assert place.shown() == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["hang", "drop_before", "drop_after"])
def test_the_wire_fails(place: Place, kind: str) -> None:
    say(place, "Two.")
    with place.fault(kind):
        everything_typed(place, seconds=0.5)
    assert place.shown() == []


@pytest.mark.slow
@pytest.mark.parametrize("point", ["before_send", "after_send", "before_recall"])
def test_an_error_of_ours_with_a_secret_in_its_words(place: Place, point: str) -> None:
    say(place, "One.")
    if point == "before_recall":
        set_up(place, "publish")
    words = ["recall", "--all", "--yes"] if point == "before_recall" else ["publish"]
    assert place.types(*words, breaks_at=point) == 70
    place.types("status")
    told = place.written[f"{' '.join(words)}: stderr"]
    assert b"ours, in the middle: [secret] [secret]" in told, "its traceback was not shown"
    assert place.shown() == []


@pytest.mark.slow
@pytest.mark.parametrize("name", registry.NAMES)
def test_logging_in(place: Place, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A wrong answer to the last step, then another one, then the login: what is typed and what is minted stays unseen."""
    for variable, value in place.environ().items():
        monkeypatch.setenv(variable, value)
    with App(live_bases=place.networks.urls) as app:
        app.secrets.remove(name)
    for answer in ("403", "401", "HTML", None):
        code, shown = logged_in(place, name, answer)
        assert (code == 0) == (answer is None), shown
        place.hear("terminal", shown.encode())
    assert place.shown() == []


def logged_in(place: Place, name: str, answer: str | None) -> tuple[int, str]:
    """One login at a terminal; its last step is answered so. The exit code, and all that was shown."""
    with Terminal("accounts", "login", name, program=PROGRAM, columns=300) as terminal, ExitStack() as stack:
        if name == "x":
            terminal.answer("The app's API key", f"{secrets_of(name)['consumer_key']}\n")
            terminal.answer("Its secret", f"{secrets_of(name)['consumer_secret']}\n")
        if name == "bluesky":
            if answer:
                stack.enter_context(place.madness(answer))
            terminal.answer("App password: ", f"{secrets_of(name)['app_password']}\n")
        else:
            code = code_on(authorise(address_on(terminal), "eyes"))
            place.secrets.add(code)
            if answer:
                stack.enter_context(place.madness(answer))
            terminal.answer("from the page: ", f"{code}\n")
            if answer:
                terminal.leave("from the page: ")
        return terminal.end(), terminal.shown


def address_on(terminal: Terminal) -> str:
    terminal.answer("Open this page:", "")
    while not (found := re.search(r"http://127\.0\.0\.1:\d+/\S+(?=\s)", terminal.shown)):
        assert terminal._read()
    return found[0]


@pytest.mark.slow
def test_the_password_of_a_proxy(place: Place) -> None:
    proxy, password = Proxy(), "mark/ed+proxy=7 secret"
    proxy.start()
    place.secrets.add(password)
    spelled = quote(password, safe="")
    path = place.folder / "config.toml"
    before = path.read_text()
    try:
        for address in (f"http://us:{spelled}@127.0.0.1:{proxy.port}", f"socks5h://us:{spelled}@127.0.0.1:9"):
            path.write_text(re.sub(r"(\[accounts\.\w+\])", rf'\1\nproxy = "{address}"', before))
            assert place.types("accounts", "verify") != 0
            place.types("doctor")
    finally:
        proxy.stop()
    path.write_text(before)  # where it stands by right
    assert place.shown() == []


@pytest.mark.slow
def test_the_password_of_the_database(place: Place) -> None:
    password = "mark3d-database-secret"
    place.secrets.add(password)
    path = place.folder / "config.toml"
    before = path.read_text()
    path.write_text(f'{before}\n[outbox]\nurl = "postgresql+psycopg://us:{password}@127.0.0.1:9/outbox"\n')
    for words in (["publish"], ["status"], ["doctor"], ["queue", "list"], ["db", "check"]):
        assert place.types(*words) != 0
    path.write_text(before)
    assert place.shown() == []
