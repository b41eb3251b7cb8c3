"""An account's short-lived tokens on this host: one private file each, with a lock for whoever refreshes them.

In: the folder, an account's name and the tokens as plain text values. Out: the `SessionStore` that publishers are
given. A login on every run would meet Bluesky's limit of sessions a day, and a refresh token works once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from clarion.accounts import files
from clarion.accounts.secrets import Secret
from clarion.errors import CampaignError, Unavailable

#: A refresh takes at most as long as a request may: then the other process is stuck, not slow.
_PATIENCE = 45.0


class SessionFile:
    """A `SessionStore` for one account."""

    def __init__(self, folder: Path, account: str, *, patience: float = _PATIENCE) -> None:
        self._path = folder / f"{quote(account, safe='')}.json"
        self._account = account
        self._patience = patience

    def load(self) -> Secret | None:
        """The stored tokens; None when there are none, or what is there is not a set of tokens: log in anew.

        Raises Unavailable where others may read them, or put theirs in their place: nothing was created.
        """
        try:
            content = files.read_private(self._path)
            if content is None:
                return None
            files.refuse_open_folder(self._path.parent)
        except files.LeftOpen as error:
            # In the middle of a run: whoever reads why is shown the message alone.
            raise Unavailable(f"{error.message}: {error.hint}", error.hint) from error
        try:
            tokens = json.loads(content)
        except ValueError:
            return None
        return Secret(tokens) if _are_tokens(tokens) else None

    def refuse_open(self) -> None:
        """Raise LeftOpen where `load` would refuse what is there: asked before a run takes anything."""
        files.refuse_open(self._path)
        if self._path.exists():
            files.refuse_open_folder(self._path.parent)

    def save(self, tokens: Mapping[str, str]) -> None:
        """Store the tokens in one step. Refuses none and empty ones: a good token is never overwritten with nothing."""
        if not _are_tokens(dict(tokens)):
            raise CampaignError(
                f"the server gave no tokens for “{self._account}”; the old ones are kept",
                f"clarion accounts verify {self._account}",
            )
        files.write_private(self._path, json.dumps(Secret(tokens)).encode())

    def forget(self) -> None:
        """Drop the tokens: the account's secret has changed."""
        with suppress(FileNotFoundError):
            self._path.unlink()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Held while refreshing. Raises Unavailable when another process does not let go: nothing was created."""
        try:
            with files.locked(self._path.with_suffix(".lock"), seconds=self._patience):
                yield
        except files.StillLocked as error:
            raise Unavailable(
                f"another clarion has been refreshing the session of “{self._account}” for {self._patience:g} s"
            ) from error


def _are_tokens(tokens: object) -> bool:
    return (
        isinstance(tokens, dict)
        and bool(tokens)
        and all(isinstance(value, str) and value for value in tokens.values())
    )
