"""From an account to its publisher: the secret, the one HTTP session, the kept tokens, the address to talk to.

In: where secrets and addresses come from (rehearsal or live, decided by the composition root). Out: `Connections`, which
gives each account's publisher to one thread at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from clarion import networks
from clarion.accounts.files import LeftOpen
from clarion.accounts.sessions import SessionFile
from clarion.errors import AccountBlocked, CampaignError
from clarion.model import Account
from clarion.networks.base import Connection, MediaLoader, Publisher, SessionStore


@dataclass(kw_only=True)
class Connections:
    """Publishers of a campaign's accounts, made when first asked for and closed together."""

    base: Callable[[Account], str]  # where requests to an account's network go
    secret: Callable[[Account], Mapping[str, str]]
    media: MediaLoader
    sessions: Path
    loopback_only: bool
    refuse_open: Callable[[Account], None] = lambda _account: None  # whose secret others may read
    proxy: Callable[[Account], str | None] = lambda _account: None
    resend: Callable[[Account], bool] = lambda _account: False  # what X certainly seems not to have
    seconds: float | None = None  # a request's absolute deadline, when not the session's own
    _made: dict[str, Publisher] = field(default_factory=dict, repr=False)
    _locks: dict[str, threading.Lock] = field(default_factory=dict, repr=False)
    _making: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _closing: list[Callable[[], None]] = field(default_factory=list, repr=False)

    @contextmanager
    def of(self, account: Account) -> Iterator[Publisher]:
        """The account's publisher, for this thread alone while it is used: one request in flight per account."""
        with self._making:
            lock = self._locks.setdefault(account.name, threading.Lock())
        with lock:  # each account connects on its own: a slow network holds up nobody else
            if account.name not in self._made:
                self._made[account.name] = self._connect(account)
            yield self._made[account.name]

    def left_open(self, accounts: Iterable[Account]) -> dict[str, LeftOpen]:
        """What is wrong, by the name of each account whose secret or tokens other users of this machine may read.

        One command mends it, with nothing to verify after it: it must not close an account.
        """
        found: dict[str, LeftOpen] = {}
        for account in accounts:
            try:
                self._refuse_open(account)
            except LeftOpen as error:
                found[account.name] = error
        return found

    def close(self) -> None:
        """Close every connection."""
        while self._closing:
            self._closing.pop()()
        self._made.clear()

    def connection(
        self, account: Account, secret: Mapping[str, str], sessions: SessionStore | None = None
    ) -> Connection:
        """What one account's network is talked to with: this secret, and the tokens this host keeps or `sessions` holds."""
        from clarion.networks.http import SECONDS, Session

        base = self.base(account)
        signed = getattr(networks.options(account.network), "BASE", base)
        http = Session(
            loopback_only=self.loopback_only,
            seconds=self.seconds or SECONDS,
            proxy=self.proxy(account),
            rewrite=None if signed == base else (signed, base),
        )
        self._closing.append(http.close)
        return Connection(
            account=account,
            secret=secret,
            base=base,
            http=http,
            sessions=sessions or SessionFile(self.sessions, account.name),
            media=self.media,
            resend_when_absent=self.resend(account),
        )

    def _connect(self, account: Account) -> Publisher:
        """Raises AccountBlocked where a verified account's secret is missing or no longer the verified one, and LeftOpen
        where others may read it.
        """
        self.base(account)  # a server that changed is said before a secret that is missing
        self._refuse_open(account)
        secret = self._required_secret(account)
        return networks.publisher(account.network).connect(self.connection(account, secret))

    def _required_secret(self, account: Account) -> Mapping[str, str]:
        try:
            return self.secret(account)
        except LeftOpen:
            raise
        except CampaignError as error:
            if account.identity.remote_id:
                raise AccountBlocked(error.message, error.hint) from error
            raise

    def _refuse_open(self, account: Account) -> None:
        self.refuse_open(account)
        SessionFile(self.sessions, account.name).refuse_open()
