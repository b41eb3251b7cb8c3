from __future__ import annotations

import json
import stat
import subprocess
import sys

import pytest

from clarion.accounts.secrets import SecretFile
from clarion.errors import CampaignError

TOKEN = "synthetic-token-4711"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "deep" / "secrets.json"


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_what_was_set_can_be_got_and_removed(path):
    SecretFile(path).set("mastodon", {"access_token": TOKEN})
    SecretFile(path).set("bluesky", {"app_password": "other"})
    assert SecretFile(path).get("mastodon") == {"access_token": TOKEN}
    SecretFile(path).remove("mastodon")
    assert SecretFile(path).get("mastodon") is None
    assert SecretFile(path).get("bluesky") == {"app_password": "other"}


def test_the_file_and_every_folder_made_are_the_owners_alone(path):
    SecretFile(path).set("mastodon", {"access_token": TOKEN})
    assert mode(path) == 0o600
    assert [mode(folder) for folder in (path.parent, path.parent.parent)] == [0o700, 0o700]
    assert sorted(file.name for file in path.parent.iterdir()) == ["secrets.json", "secrets.lock"]


def test_it_refuses_a_file_that_others_may_read_and_says_what_to_type(path):
    SecretFile(path).set("mastodon", {"access_token": TOKEN})
    path.chmod(0o640)
    with pytest.raises(CampaignError) as caught:
        SecretFile(path).get("mastodon")
    assert caught.value.hint == f"chmod 600 '{path}'"


def test_a_folder_that_stood_open_is_closed_before_anything_is_written(path):
    path.parent.mkdir(parents=True)
    path.parent.chmod(0o755)
    SecretFile(path).set("mastodon", {"access_token": TOKEN})
    assert mode(path.parent) == 0o700


def test_the_environment_goes_before_the_file(path):
    SecretFile(path).set("eyes-on", {"access_token": "stored"})
    environ = {"CLARION_SECRET_EYES_ON_ACCESS_TOKEN": TOKEN}
    assert SecretFile(path, environ=environ).get("eyes-on") == {"access_token": TOKEN}


def test_the_environment_alone_is_enough(path):
    secrets = SecretFile(path, environ={"CLARION_SECRET_MAIN_APP_PASSWORD": TOKEN})
    assert secrets.require("main", keys=["app_password"]) == {"app_password": TOKEN}


def test_a_missing_secret_names_the_command_that_adds_it(path):
    for keys in (("access_token",), ("consumer_key", "consumer_secret")):
        with pytest.raises(CampaignError) as caught:
            SecretFile(path).require("mastodon", keys=keys)
        assert caught.value.message == "the account “mastodon” has no secret stored on this machine"
        assert caught.value.hint == "clarion accounts add mastodon"


def test_a_secret_half_stored_names_what_it_lacks(path):
    SecretFile(path).set("x", {"consumer_key": "a", "consumer_secret": " b"})
    with pytest.raises(CampaignError, match="has no access token and no access secret on this machine"):
        SecretFile(path).require("x", keys=("consumer_key", "access_token", "access_secret"))


def test_it_never_shows_a_value(path):
    secrets = SecretFile(path)
    secrets.set("mastodon", {"access_token": TOKEN})
    found = secrets.get("mastodon")
    for shown in (repr(found), str(found), f"{found}", f"{found!r}", repr(secrets), repr([found])):
        assert TOKEN not in shown
    assert json.loads(json.dumps(found)) == {"access_token": TOKEN}


@pytest.mark.parametrize("content", [TOKEN, f'{{"a": "{TOKEN}"', '["x"]', '{"a": {"b": 1}}', "\xff"])
def test_a_damaged_file_is_an_error_that_quotes_nothing_of_it(path, content):
    path.parent.mkdir(parents=True, mode=0o700)
    path.write_bytes(content.encode("latin-1"))
    path.chmod(0o600)
    with pytest.raises(CampaignError) as caught:
        SecretFile(path).get("a")
    assert TOKEN not in f"{caught.value!r} {caught.value.hint}"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_it_refuses_an_empty_value_and_keeps_the_old_one(path):
    SecretFile(path).set("mastodon", {"access_token": TOKEN})
    for nothing in ({}, {"access_token": " "}):
        with pytest.raises(CampaignError, match="nothing is changed"):
            SecretFile(path).set("mastodon", nothing)
    assert SecretFile(path).get("mastodon") == {"access_token": TOKEN}


def test_two_processes_that_add_at_once_lose_nothing(path):
    add = (
        "import sys; from pathlib import Path; from clarion.accounts.secrets import SecretFile\n"
        "for n in range(20): SecretFile(Path(sys.argv[1])).set(f'{sys.argv[2]}{n}', {'k': 'v'})"
    )
    running = [subprocess.Popen([sys.executable, "-c", add, str(path), name]) for name in "ab"]
    assert [process.wait(30) for process in running] == [0, 0]
    stored = SecretFile(path)
    assert all(stored.get(f"{name}{n}") for name in "ab" for n in range(20))


def test_a_link_to_the_file_stays_a_link(path, tmp_path):
    real = tmp_path / "vault.json"
    real.write_text("{}")
    real.chmod(0o600)
    path.parent.mkdir(parents=True, mode=0o700)
    path.symlink_to(real)
    SecretFile(path).set("mastodon", {"access_token": TOKEN})
    assert path.is_symlink()
    assert TOKEN in real.read_text()
