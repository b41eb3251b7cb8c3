"""Bluesky takes few logins a day: the session that one process opened is every other's, and refreshed by one of them."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from clarion import networks as registry
from clarion.accounts.sessions import SessionFile
from clarion.app import App
from clarion.errors import AccountBlocked
from clarion.networks.bluesky import passwords
from clarion.networks.rehearsing import Request, Response
from clarion.rehearsal.world import World
from clarion.trial.demo import make_campaign
from tests.networks.conftest import Networks

_ONE_RUN = """
import json, sys
from pathlib import Path
from clarion.app import App
folder, urls = sys.argv[1], json.loads(sys.argv[2])
with App(campaign=folder, state=Path(folder) / "state", live_bases=urls, live=True) as app:
    account, = [each for each in app.accounts() if each.name == "bluesky"]
    print("ready", flush=True)
    sys.stdin.readline()
    with app.connections.of(account) as publisher:
        print(publisher.verify().identity.remote_id, flush=True)
"""


class Counting(World):
    """Counts the calls that open or renew a session, and those that were not taken."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, int]] = []

    def handle(self, network: str, request: Request, quirks: frozenset[str] = frozenset()) -> Response:
        answer = super().handle(network, request, quirks)
        if request.path.endswith(("createSession", "refreshSession")):
            self.asked.append((request.path.rpartition(".")[2], answer.status))
        return answer


class Host:
    """A live campaign with one account, whose Bluesky is a local server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.world = Counting()
        self.networks = Networks(self.world)

    def app(self) -> App:
        return App(
            campaign=str(self.folder),
            state=self.folder / "state",
            live_bases=self.networks.urls,
            live=True,
        )

    def run(self) -> None:
        """What each publish run does that has something to do on Bluesky: open the account anew, and ask."""
        with self.app() as app:
            [account] = [each for each in app.accounts() if each.name == "bluesky"]
            with app.connections.of(account) as publisher:
                publisher.verify()

    def tokens(self) -> dict[str, str] | None:
        with self.app() as app:
            return SessionFile(app.state / "sessions" / "live", "bluesky").load()

    def password(self, typed: str) -> None:
        """What somebody stored by hand, as verified: the session stays."""
        with self.app() as app:
            secret = {"app_password": typed, "identifier": "bluesky"}
            app.secrets.set("bluesky", secret)
            [account] = [each for each in app.accounts() if each.name == "bluesky"]
            app._live._verified.remember("bluesky", account.identity.remote_id, secret)


@pytest.fixture
def host(tmp_path):
    make_campaign(tmp_path)
    host = Host(tmp_path)
    host.networks.start()
    with host.app() as app:
        app.secrets.set("bluesky", registry.rehearsal("bluesky").secret("bluesky"))
        app.verify("bluesky")
    yield host
    host.networks.stop()


def test_a_hundred_runs_log_in_once(host):
    for _ in range(100):
        host.run()
    assert host.world.asked == [("createSession", 200)]


def test_two_runs_at_once_refresh_once(host):
    import json

    host.networks.now = host.networks.now + timedelta(hours=3)  # the access token is two hours old at most
    host.networks.fault("bluesky", "slow", on="any", count=None, seconds=0.2)
    command = [sys.executable, "-c", _ONE_RUN, str(host.folder), json.dumps(dict(host.networks.urls))]
    runs = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    for run in runs:
        assert run.stdout is not None
        assert run.stdout.readline() == "ready\n"
    for run in runs:
        assert run.stdin is not None
        run.stdin.write("go\n")
        run.stdin.flush()
    answers = [run.communicate(timeout=60)[0] for run in runs]
    assert answers == [f"{registry.rehearsal('bluesky').remote_id('bluesky')}\n"] * 2
    assert host.world.asked == [("createSession", 200), ("refreshSession", 200)]


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "500_before", "500_after", "429"])
def test_a_blip_while_refreshing_is_no_dead_token(host, fault):
    before = host.tokens()
    host.networks.now = host.networks.now + timedelta(hours=3)
    host.networks.fault("bluesky", "slow", on="any", count=1, seconds=0)  # the first call, with the old token
    host.networks.fault("bluesky", fault, on="any", count=1)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which one differs, that it is not "blocked" does not
        host.run()
    assert not isinstance(caught.value, AccountBlocked)
    assert host.tokens() == before
    host.run()
    assert host.tokens() != before


def test_a_password_that_was_taken_back_blocks_with_what_to_type_and_keeps_the_tokens(host):
    host.networks.now = host.networks.now + timedelta(days=91)  # the refresh token is over too
    before = host.tokens()
    host.password("abcd-efgh-2345-mnop")
    with pytest.raises(AccountBlocked, match="does not take this app password") as caught:
        host.run()
    assert caught.value.hint == "clarion accounts login bluesky"
    assert host.tokens() == before
    host.password(passwords.app_password("bluesky"))
    host.run()
