"""The accounts' secrets, wherever a campaign keeps them: `[secrets] store` in config.toml says where.

In: an account's name as the campaign has it. Out: a mapping such as {"access_token": "…"}, which never shows itself.
The default is one file, mode 0600, beside the outbox; a variable CLARION_SECRET_<ACCOUNT>_<KEY> (upper case, everything
but letters and digits as "_") replaces one value of it, for containers and tests on other machines. The other stores
stand in `stores.py`.
"""

from __future__ import annotations

import json
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path

from clarion.accounts import files
from clarion.errors import CampaignError, OutboxBusy
from clarion.redaction import remember

#: Kept with a secret, and no secret: what a network calls the app or the account. They stand in addresses.
PUBLIC = frozenset({"client_id", "did", "handle", "identifier"})
#: How long a second `accounts login` waits for the first, in seconds.
_PATIENCE = 10.0


class Secret(dict[str, str]):
    """One account's secret values. Its keys may be shown, its values not: from here on nothing that is written has them."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        super().__init__(values or {})
        remember(*(value for key, value in self.items() if key not in PUBLIC))

    def __setitem__(self, key: str, value: str) -> None:
        super().__setitem__(key, value)
        if key not in PUBLIC:
            remember(value)

    def __repr__(self) -> str:
        return f"<secret: {', '.join(sorted(self)) or 'empty'}>"

    __str__ = __repr__


class SecretStore(ABC):
    """All secrets of one campaign on this host."""

    #: Whether Clarion may write here; else a person puts the values where `place` says.
    writable = True

    @abstractmethod
    def get(self, account: str, *, keys: Iterable[str] = ()) -> Secret | None:
        """What is stored for an account, at least the `keys` asked for where they are; None when nothing is."""

    @abstractmethod
    def set(self, account: str, values: Mapping[str, str]) -> None:
        """Store an account's values in place of what was there. Raises CampaignError for empty ones."""

    @abstractmethod
    def remove(self, account: str) -> None:
        """Forget an account's values; harmless when there are none."""

    @abstractmethod
    def place(self, account: str, key: str) -> str:
        """Where one value stands, as a person would name the place."""

    @abstractmethod
    def refuse_open(self, account: str, *, keys: Iterable[str]) -> None:
        """Raise LeftOpen where other users of this machine may read an account's values. Harmless when there are none."""

    def require(self, account: str, *, keys: Iterable[str]) -> Secret:
        """Every one of the `keys`, none empty. Raises CampaignError naming what is missing."""
        wanted = tuple(keys)
        found = self.get(account, keys=wanted) or Secret()
        missing = [key for key in wanted if not found.get(key)]
        if missing:
            lacks = (
                " and no ".join(map(_in_words, missing)) if len(missing) < len(wanted) else "secret stored"
            )
            raise CampaignError(
                f"the account “{account}” has no {lacks} on this machine", self.hint(account, missing)
            )
        return found

    def hint(self, account: str, keys: Iterable[str]) -> str:
        """What to do so that these values are there."""
        if self.writable:
            return f"clarion accounts add {account}"
        return f"put it into {', '.join(self.place(account, key) for key in keys)}"


class SecretFile(SecretStore):
    """One private file; the environment goes before it."""

    def __init__(self, path: Path, *, environ: Mapping[str, str] = os.environ) -> None:
        self._path = path
        self._environ = environ

    def __repr__(self) -> str:
        return f"SecretFile({str(self._path)!r})"

    def get(self, account: str, *, keys: Iterable[str] = ()) -> Secret | None:
        stored = self._read().get(account, {})
        found = Secret(stored)
        for key in {*stored, *keys}:
            value = self._environ.get(variable(account, key))
            if value:
                found[key] = value
        return found or None

    def set(self, account: str, values: Mapping[str, str]) -> None:
        require_full(account, values)
        self._change(account, dict(values))

    def remove(self, account: str) -> None:
        self._change(account, None)

    def place(self, account: str, key: str) -> str:
        return str(self._path)

    def refuse_open(self, account: str, *, keys: Iterable[str]) -> None:
        files.refuse_open(self._path)
        if self._path.exists():
            files.refuse_open_folder(self._path.parent)

    def overriding(self, account: str, keys: Iterable[str]) -> list[str]:
        """The variables that stand before what is stored here."""
        return [name for name in (variable(account, key) for key in keys) if self._environ.get(name)]

    def _change(self, account: str, values: dict[str, str] | None) -> None:
        try:
            with files.locked(self._path.with_suffix(".lock"), seconds=_PATIENCE):
                stored = self._read()
                stored.pop(account, None)
                if values is not None:
                    stored[account] = values
                files.write_private(self._path, json.dumps(stored, ensure_ascii=False, indent=1).encode())
        except files.StillLocked as error:
            raise OutboxBusy("another clarion is changing the secrets", "try again in a moment") from error

    def _read(self) -> dict[str, dict[str, str]]:
        content = files.read_private(self._path)
        if content is None:
            return {}
        files.refuse_open_folder(self._path.parent)
        try:
            stored = json.loads(content)
        except ValueError:
            stored = None
        if not _well_formed(stored):
            # `from None`, and no excerpt: a parser's message may quote a secret.
            raise CampaignError(
                f"{self._path} is damaged and cannot be read",
                f"mv '{self._path}' '{self._path}.damaged', then clarion accounts login NAME for each account",
            ) from None
        return dict(stored)


def variable(account: str, key: str) -> str:
    """The environment variable that holds one value of an account's secret."""
    return "_".join(["CLARION_SECRET", *(re.sub(r"[^0-9A-Z]", "_", word.upper()) for word in (account, key))])


def require_full(account: str, values: Mapping[str, str]) -> None:
    """Refuse to store nothing: a good secret is never overwritten with it."""
    empty = sorted(key for key, value in values.items() if not value.strip())
    if empty or not values:
        raise CampaignError(
            f"nothing was given for {', '.join(map(_in_words, empty)) or 'the secret'}; nothing is changed",
            f"clarion accounts login {account}",
        )


def _well_formed(stored: object) -> bool:
    return isinstance(stored, dict) and all(
        isinstance(values, dict) and all(isinstance(value, str) for value in values.values())
        for values in stored.values()
    )


def _in_words(key: str) -> str:
    return key.replace("_", " ")
