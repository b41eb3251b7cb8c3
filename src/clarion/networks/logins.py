"""What a network's login is: Protocols and the plain data they exchange. `networks/<name>/login.py` has one each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from clarion.errors import AccountBlocked
from clarion.networks.base import Connection


class WrongCode(AccountBlocked):
    """The network does not take the code that was typed; another may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One thing that a person types while an account is connected."""

    key: str  # its name in the account's secret
    words: str  # how it is asked for: "App password"
    unseen: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """Where a browser brings the code: an address of this machine, and a word that must come back with it."""

    address: str
    state: str


class Login(Protocol):
    """One account being connected. Keeps nothing; raises only `PublishError`s for what the server or the wire does."""

    def open(self, given: Mapping[str, str], back: Return | None = None) -> str | None:
        """Begin, with the answers to `ASKS`: the address to open in a browser; None where there is nothing to open.

        `back`: the browser brings the code there. None: the page shows the code.
        """
        ...

    def finish(self, code: str | None = None) -> Mapping[str, str]:
        """The secret to keep. `code` is what the page showed or the browser brought. Raises AccountBlocked for a wrong one."""
        ...


class LoginModule(Protocol):
    """`networks/<name>/login.py`. Here a connection's `secret` is what is known so far, perhaps nothing."""

    BEFORE: tuple[str, ...]  # what a person must know before they begin, a sentence each
    ASKS: tuple[Ask, ...]  # what is asked before anything is sent
    CODE: Ask | None  # what the person copies from the page; None: there is no page
    BROWSER: bool  # whether a browser may bring the code to this machine
    BY_HAND: str  # how a person ends on the network what Clarion may do, as a sentence
    SINGLE: bool  # whether each login has a token of its own, so that giving one back touches no other

    def begin(self, connection: Connection) -> Login: ...

    def doubt(self, key: str, typed: str) -> str | None:
        """Why what was typed is hardly what was asked for, as a sentence; nothing was sent yet."""
        ...

    def revoke(self, connection: Connection) -> bool:
        """Take back what the connection's secret allows; False where the rest is a person's to do, by `BY_HAND`."""
        ...
