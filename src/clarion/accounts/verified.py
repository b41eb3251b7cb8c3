"""Which secret each account was verified with on this host: another one may be somebody else's.

In: a secret that a network has just accepted, and whom it belongs to there. Out: whether a secret is that one. Only a keyed
hash is kept, in a private file beside the secrets; each host verifies its own.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from clarion.accounts import files
from clarion.errors import OutboxBusy

_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Verified:
    """The record of one campaign's verified accounts. `key` is the outbox's id: the record is worth nothing elsewhere."""

    path: Path
    key: str

    def remember(self, account: str, remote_id: str, secret: Mapping[str, str]) -> None:
        try:
            with files.locked(self.path.with_suffix(".lock"), seconds=_PATIENCE):
                marks = self._read() | {account: self._mark(remote_id, secret)}
                files.write_private(self.path, json.dumps(marks, indent=1, sort_keys=True).encode())
        except files.StillLocked as error:
            raise OutboxBusy("another clarion is verifying an account", "try again in a moment") from error

    def knows(self, account: str, remote_id: str, secret: Mapping[str, str]) -> bool:
        """Whether this very secret was verified here as belonging to that remote id."""
        return hmac.compare_digest(self._read().get(account, ""), self._mark(remote_id, secret))

    def _mark(self, remote_id: str, secret: Mapping[str, str]) -> str:
        said = json.dumps([remote_id, sorted(secret.items())]).encode()
        return hmac.digest(self.key.encode(), said, "sha256").hex()

    def _read(self) -> dict[str, str]:
        content = files.read_private(self.path)
        try:
            marks = json.loads(content) if content else {}
        except ValueError:
            return {}  # then every account asks to be verified again
        return {str(name): str(mark) for name, mark in marks.items()} if isinstance(marks, dict) else {}
