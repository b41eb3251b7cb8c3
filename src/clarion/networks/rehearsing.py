"""What a stand-in for a network is: Protocols and the plain data they exchange. `networks/<name>/rehearsal.py` has one each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from clarion.networks.base import Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An HTTP request as a rehearsal network sees it. Header names are lower case."""

    method: str
    path: str  # without the query
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """Its answer."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """One create that a rehearsal network took: the oracle of every once-only proof. Never forgotten."""

    account: str  # the account's name in the campaign
    remote_id: str
    text: str
    warning: str | None
    language: str | None
    answers: str | None  # remote id replied to
    images: tuple[tuple[str, str], ...]  # (sha256 of the bytes received, alt)
    at: str  # ISO 8601
    key: str | None = None  # idempotency key or rkey, where the network has one
    deleted: bool = False


class Rehearsal(Protocol):
    """A local stand-in for a network: a pure state machine, as strict as the real one."""

    def handle(self, request: Request, now: datetime, quirks: frozenset[str] = frozenset()) -> Response:
        """Answer one request. `quirks` are misbehaviours asked for by a fault (see `rehearsal/faults.py`)."""
        ...

    def account_of(self, request: Request) -> str | None:
        """The account (its name in the campaign) whose credentials a request carries."""
        ...

    def is_create(self, request: Request) -> bool:
        """Whether a request would create a post."""
        ...

    def accepted(self) -> list[Accepted]:
        """Every create taken since the beginning, oldest first, deleted ones marked."""
        ...

    def timeline(self, account: str | None = None) -> list[Shown]:
        """What readers see, newest first, each part a Shown of its own."""
        ...

    def dump(self) -> bytes:
        """The whole state, for `load`."""
        ...

    def load(self, state: bytes) -> None: ...


class RehearsalModule(Protocol):
    """`networks/<name>/rehearsal.py`."""

    def new(self) -> Rehearsal: ...

    def secret(self, account: str) -> dict[str, str]:
        """The credentials the stand-in takes for an account of this name: derived, so that nothing is set up."""
        ...

    def remote_id(self, account: str) -> str:
        """The remote id the stand-in gives that account."""
        ...
