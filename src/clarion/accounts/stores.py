"""The stores beside the private file: the environment, the desktop's keyring, systemd's credentials.

In: what `[secrets] store` says. Out: the one store of a campaign on this host. Clarion writes to the file and the keyring;
the other two are filled by a person, who is told what belongs where.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clarion.accounts.files import LeftOpen
from clarion.accounts.secrets import Secret, SecretFile, SecretStore, require_full, variable
from clarion.errors import CampaignError

if TYPE_CHECKING:
    from collections.abc import Callable

#: Where systemd puts a service's credentials (systemd.exec(5), "Credentials").
DIRECTORY = "CREDENTIALS_DIRECTORY"
#: Longer than any token; a credential may be a file of any size.
_MOST_BYTES = 16_384


def opened(
    store: str, *, folder: Path, campaign: str, environ: Mapping[str, str] = os.environ
) -> SecretStore:
    """The store that config.toml names. `folder` is the campaign's on this machine, `campaign` its id."""
    makers: dict[str, Callable[[], SecretStore]] = {
        "file": lambda: SecretFile(folder / "secrets.json", environ=environ),
        "environment": lambda: EnvironmentSecrets(environ),
        "keyring": lambda: KeyringSecrets(campaign),
        "credentials": lambda: CredentialFiles(environ),
    }
    return makers[store]()


class _FilledByPeople(SecretStore):
    """A store that Clarion only reads."""

    writable = False

    def get(self, account: str, *, keys: Iterable[str] = ()) -> Secret | None:
        read = {key: self._value(account, key) for key in keys}
        return Secret({key: value for key, value in read.items() if value}) or None

    def set(self, account: str, values: Mapping[str, str]) -> None:
        raise CampaignError(
            "Clarion does not write to this store of secrets", self.hint(account, sorted(values))
        )

    def remove(self, account: str) -> None:
        """Nothing: a person takes it away."""

    def refuse_open(self, account: str, *, keys: Iterable[str]) -> None:
        """Nothing: the environment is this user's."""

    def _value(self, account: str, key: str) -> str | None:
        raise NotImplementedError


class EnvironmentSecrets(_FilledByPeople):
    """CLARION_SECRET_<ACCOUNT>_<KEY>, and nothing else."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ

    def place(self, account: str, key: str) -> str:
        return f"the variable {variable(account, key)}"

    def _value(self, account: str, key: str) -> str | None:
        return self._environ.get(variable(account, key))


class CredentialFiles(_FilledByPeople):
    """One file a value, `<account>.<key>`, in the folder that systemd names: `LoadCredential=mastodon.access_token:…`."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._folder = environ.get(DIRECTORY)

    def refuse_open(self, account: str, *, keys: Iterable[str]) -> None:
        self.get(account, keys=keys)

    def place(self, account: str, key: str) -> str:
        return f"the credential {account}.{key}"

    def hint(self, account: str, keys: Iterable[str]) -> str:
        if self._folder is None:
            return f"run it as a systemd service with LoadCredential=: {DIRECTORY} is not set here"
        return super().hint(account, keys)

    def _value(self, account: str, key: str) -> str | None:
        if not self._folder:
            return None
        path = Path(self._folder) / f"{account}.{key}"
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return None
        with file:
            # Not the group's bits: where systemd grants a user by an access list, they show that list's mask.
            if os.fstat(file.fileno()).st_mode & stat.S_IRWXO:
                raise LeftOpen(f"other users of this machine may read {path}", f"chmod o-rwx '{path}'")
            content = file.read(_MOST_BYTES)
        try:
            return content.decode().strip()
        except UnicodeDecodeError:
            raise CampaignError(f"{path} is not text", "write the value into it, and nothing else") from None


class KeyringSecrets(SecretStore):
    """The desktop's keyring, through the `keyring` library: one entry an account, locked and unlocked with the session."""

    def __init__(self, campaign: str) -> None:
        self._service = f"clarion/{campaign}"

    def get(self, account: str, *, keys: Iterable[str] = ()) -> Secret | None:
        with _Explaining() as keyring:
            stored = keyring.get_password(self._service, account)
        if not stored:
            return None
        try:
            values = json.loads(stored)
        except ValueError:
            values = None
        if not isinstance(values, dict):
            raise CampaignError(
                f"the keyring's entry for “{account}” cannot be read", f"clarion accounts login {account}"
            ) from None
        return Secret({str(key): str(value) for key, value in values.items()}) or None

    def set(self, account: str, values: Mapping[str, str]) -> None:
        require_full(account, values)
        with _Explaining() as keyring:
            keyring.set_password(self._service, account, json.dumps(dict(values)))

    def remove(self, account: str) -> None:
        with _Explaining() as keyring:
            if keyring.get_password(self._service, account):
                keyring.delete_password(self._service, account)

    def place(self, account: str, key: str) -> str:
        return "this user's keyring"

    def refuse_open(self, account: str, *, keys: Iterable[str]) -> None:
        """Nothing: it is locked for everybody else."""


class _Explaining:
    """The keyring library; what it raises becomes one sentence, without the keyring's own words."""

    def __enter__(self) -> Any:
        try:
            import keyring
        except ImportError as error:
            raise CampaignError(
                'config.toml says store = "keyring", and the keyring library is not installed',
                'pip install "clarion[keyring]", or write store = "file"',
            ) from error
        return keyring

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        from keyring.errors import KeyringError

        if isinstance(error, KeyringError):
            raise CampaignError(
                "no keyring opens here; cron and ssh have none, only a desktop where somebody is logged in",
                'write store = "file" below [secrets] in config.toml, then clarion accounts login NAME',
            ) from None
