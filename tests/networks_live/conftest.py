"""The real servers of one session: started when first asked for, named in the log, ended by their ids."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.networks_live import bluesky_server, mastodon_server

_SERVERS = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def pds(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[bluesky_server.Pds]:
    with bluesky_server.running(tmp_path_factory.mktemp("pds")) as up:
        assert up.health() == up.version, "another server answers there than the one that was installed"
        _name(request.config, f"Bluesky PDS {up.version} (@atproto/pds, on Node {up.node})")
        yield up


@pytest.fixture(scope="session")
def mock(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[mastodon_server.Mock]:
    with mastodon_server.running(tmp_path_factory.mktemp("mastodon")) as up:
        _name(request.config, f"mastodon_mock {up.version} (as Mastodon {up.mocks})")
        yield up


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    for each in config.stash.get(_SERVERS, []):
        terminalreporter.write_line(f"asked: {each}")


def _name(config: pytest.Config, server: str) -> None:
    config.stash.setdefault(_SERVERS, []).append(server)
