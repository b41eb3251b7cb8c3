"""Where secrets may stand beside the private file, and what each store says when it cannot be used."""

from __future__ import annotations

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring

from clarion.accounts.files import LeftOpen
from clarion.accounts.stores import CredentialFiles, EnvironmentSecrets, KeyringSecrets, opened
from clarion.errors import CampaignError

TOKEN = "synthetic-token-4711"
KEYS = ("access_token",)


class Ring(KeyringBackend):
    """A keyring in memory, as the library takes any."""

    priority = 1

    def __init__(self):
        super().__init__()
        self.entries = {}

    def get_password(self, service, username):
        return self.entries.get((service, username))

    def set_password(self, service, username, password):
        self.entries[service, username] = password

    def delete_password(self, service, username):
        del self.entries[service, username]


@pytest.fixture
def ring():
    """The keyring of a desktop where somebody is logged in."""
    before = keyring.get_keyring()
    ring = Ring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


@pytest.fixture
def credentials(tmp_path):
    folder = tmp_path / "credentials"
    folder.mkdir(mode=0o700)
    path = folder / "eyes-on.access_token"
    path.write_text(f"{TOKEN}\n")
    path.chmod(0o400)
    return folder


def test_each_word_of_the_configuration_opens_its_store(tmp_path):
    kinds = {
        store: type(opened(store, folder=tmp_path, campaign="eyes", environ={})).__name__
        for store in ("file", "environment", "keyring", "credentials")
    }
    assert kinds == {
        "file": "SecretFile",
        "environment": "EnvironmentSecrets",
        "keyring": "KeyringSecrets",
        "credentials": "CredentialFiles",
    }


def test_the_environment_alone_is_read_and_no_file(tmp_path):
    opened("file", folder=tmp_path, campaign="eyes", environ={}).set("eyes-on", {"access_token": "filed"})
    store = opened("environment", folder=tmp_path, campaign="eyes", environ={})
    assert store.get("eyes-on", keys=KEYS) is None
    store = EnvironmentSecrets({"CLARION_SECRET_EYES_ON_ACCESS_TOKEN": TOKEN})
    assert store.require("eyes-on", keys=KEYS) == {"access_token": TOKEN}


def test_a_store_that_people_fill_says_what_belongs_where():
    with pytest.raises(CampaignError) as caught:
        EnvironmentSecrets({}).require("eyes-on", keys=KEYS)
    assert caught.value.hint == "put it into the variable CLARION_SECRET_EYES_ON_ACCESS_TOKEN"
    with pytest.raises(CampaignError) as caught:
        EnvironmentSecrets({}).set("eyes-on", {"access_token": TOKEN})
    assert TOKEN not in f"{caught.value.message} {caught.value.hint}"


def test_a_credential_is_a_file_of_its_own(credentials):
    store = CredentialFiles({"CREDENTIALS_DIRECTORY": str(credentials)})
    assert store.require("eyes-on", keys=KEYS) == {"access_token": TOKEN}
    assert store.get("another", keys=KEYS) is None
    with pytest.raises(CampaignError) as caught:
        store.require("another", keys=KEYS)
    assert caught.value.hint == "put it into the credential another.access_token"


def test_a_credential_that_everybody_may_read_is_refused(credentials):
    (credentials / "eyes-on.access_token").chmod(0o444)
    store = CredentialFiles({"CREDENTIALS_DIRECTORY": str(credentials)})
    store.refuse_open("another", keys=KEYS)
    for look in (store.get, store.refuse_open):
        with pytest.raises(LeftOpen, match="other users of this machine may read"):
            look("eyes-on", keys=KEYS)


def test_the_group_that_systemd_shows_is_no_other_user(credentials):
    """An access list for the service's own user shows as the group's bits."""
    (credentials / "eyes-on.access_token").chmod(0o440)
    store = CredentialFiles({"CREDENTIALS_DIRECTORY": str(credentials)})
    assert store.get("eyes-on", keys=KEYS) == {"access_token": TOKEN}


def test_outside_a_service_the_credentials_say_so():
    with pytest.raises(CampaignError) as caught:
        CredentialFiles({}).require("eyes-on", keys=KEYS)
    assert caught.value.hint is not None
    assert "CREDENTIALS_DIRECTORY is not set here" in caught.value.hint


def test_a_keyring_keeps_each_campaigns_accounts_apart(ring):
    KeyringSecrets("eyes").set("mastodon", {"access_token": TOKEN, "client_id": "7"})
    assert KeyringSecrets("eyes").get("mastodon") == {"access_token": TOKEN, "client_id": "7"}
    assert KeyringSecrets("other").get("mastodon") is None
    KeyringSecrets("eyes").remove("mastodon")
    KeyringSecrets("eyes").remove("mastodon")
    assert ring.entries == {}


def test_nothing_is_never_written_over_a_good_secret(ring):
    KeyringSecrets("eyes").set("mastodon", {"access_token": TOKEN})
    with pytest.raises(CampaignError, match="nothing is changed"):
        KeyringSecrets("eyes").set("mastodon", {"access_token": " "})
    assert KeyringSecrets("eyes").get("mastodon") == {"access_token": TOKEN}


def test_without_a_desktop_the_keyring_says_what_to_write_instead():
    """As under cron: the library's own answer where there is no keyring."""
    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    try:
        for use in (
            lambda: KeyringSecrets("eyes").get("mastodon"),
            lambda: KeyringSecrets("eyes").set("mastodon", {"access_token": TOKEN}),
        ):
            with pytest.raises(CampaignError) as caught:
                use()
            assert caught.value.hint is not None
            assert 'store = "file"' in caught.value.hint
            assert TOKEN not in str(caught.value)
    finally:
        keyring.set_keyring(before)


def test_a_damaged_entry_quotes_nothing(ring):
    ring.set_password("clarion/eyes", "mastodon", f"{{{TOKEN}")
    with pytest.raises(CampaignError) as caught:
        KeyringSecrets("eyes").get("mastodon")
    assert TOKEN not in str(caught.value)


def test_a_folder_that_others_may_open_is_refused(tmp_path):
    store = opened("file", folder=tmp_path / "state", campaign="eyes", environ={})
    store.set("mastodon", {"access_token": TOKEN})
    (tmp_path / "state").chmod(0o750)
    for look in (store.get, lambda name: store.refuse_open(name, keys=KEYS)):
        with pytest.raises(LeftOpen) as caught:
            look("mastodon")
        assert caught.value.hint == f"chmod 700 '{tmp_path / 'state'}'"


def test_a_link_to_a_file_that_others_may_read_is_refused(tmp_path):
    vault = tmp_path / "vault.json"
    vault.write_text("{}")
    vault.chmod(0o644)
    (tmp_path / "state").mkdir(mode=0o700)
    (tmp_path / "state" / "secrets.json").symlink_to(vault)
    with pytest.raises(CampaignError, match="may read"):
        opened("file", folder=tmp_path / "state", campaign="eyes", environ={}).get("mastodon")
