"""Connecting an account for real: whose the new secret is, is asked before any of it is kept.

In: an account as config.toml names it. Out: the network's login to walk through; then the secret, the session, the pinned
identity and limits kept together, or nothing kept at all. A browser is easily logged in to somebody's private account:
a secret for another account than the one named is refused.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from clarion import networks
from clarion.accounts.secrets import Secret, SecretFile
from clarion.errors import CampaignError, OutboxError, PublishError

if TYPE_CHECKING:
    from clarion.accounts.connections import Connections
    from clarion.accounts.secrets import SecretStore
    from clarion.accounts.sessions import SessionFile
    from clarion.accounts.verified import Verified
    from clarion.model import Account, Profile
    from clarion.networks.logins import Login
    from clarion.outbox.accounts import Standing
    from clarion.outbox.store import Outbox


class Held:
    """A `SessionStore` in memory: tokens of a login that may still be refused."""

    def __init__(self, tokens: Mapping[str, str] | None = None) -> None:
        self._tokens = tokens
        self._lock = threading.Lock()

    def load(self) -> Mapping[str, str] | None:
        return self._tokens

    def save(self, tokens: Mapping[str, str]) -> None:
        self._tokens = Secret(tokens)

    @contextmanager
    def locked(self) -> Iterator[None]:
        with self._lock:
            yield


@dataclass(frozen=True, kw_only=True)
class Joining:
    """One account on its way in, or out. `account` has no remote id yet: it is a stranger."""

    account: Account
    connections: Connections
    store: SecretStore
    outbox: Callable[[], Outbox]
    verified: Callable[[], Verified]
    kept: SessionFile
    _held: Held = field(default_factory=Held, repr=False)

    def require_room(self) -> None:
        """Raise CampaignError where a login could not be kept, or would change nothing: said before anybody logs in."""
        name, keys = self.account.name, networks.options(self.account.network).SECRETS
        if not self.store.writable:
            raise CampaignError(
                "Clarion only reads this campaign's store of secrets ([secrets] store in config.toml)",
                f"{self.store.hint(name, keys)}; then clarion accounts verify {name}",
            )
        if isinstance(self.store, SecretFile) and (before := self.store.overriding(name, keys)):
            raise CampaignError(
                f"{' and '.join(before)} stands before whatever is stored for “{name}”",
                f"unset {' '.join(before)}, then: clarion accounts login {name}",
            )

    def known(self) -> Secret:
        """What of the account's secret is here already."""
        keys = networks.options(self.account.network).SECRETS
        return self.store.get(self.account.name, keys=keys) or Secret()

    def begin(self) -> Login:
        """The network's login; nothing is sent yet."""
        connection = self.connections.connection(self.account, self.known(), self._held)
        return networks.login(self.account.network).begin(connection)

    def finish(self, secret: Mapping[str, str]) -> Profile:
        """Ask the network whose secret this is, and keep all of it.

        Raises CampaignError, or OutboxError, where it is somebody else's; then nothing is kept, and it is given back.
        """
        connection = self.connections.connection(self.account, Secret(secret), self._held)
        profile = networks.publisher(self.account.network).connect(connection).verify()
        try:
            self._require_the_same(profile)
            self._pin(profile)
        except (CampaignError, OutboxError):
            self._give_back(secret, self._held)
            raise
        before, session = self.known(), Held(self.kept.load())
        same = self._is_the_same(before, secret)
        # A token that was pasted again comes without its app's two values, which can take it back.
        self.store.set(self.account.name, {**before, **secret} if same else secret)
        self._keep_session()
        self.verified().remember(self.account.name, profile.identity.remote_id, self.known())
        if (
            before
        ):  # of a token that came again, only the session: given back, what was kept just now would be dead
            self._give_back({} if same else before, session)
        return profile

    def revoke(self) -> bool:
        """Give the kept secret back to its network; False where a person must do the rest there."""
        connection = self.connections.connection(self.account, self.known(), Held(self.kept.load()))
        return networks.login(self.account.network).revoke(connection)

    def forget(self) -> None:
        """Secret and session are gone from this machine."""
        self.store.remove(self.account.name)
        self.kept.forget()

    def _is_the_same(self, before: Mapping[str, str], secret: Mapping[str, str]) -> bool:
        keys = networks.options(self.account.network).SECRETS
        return bool(before) and all(before.get(key) == secret.get(key) for key in keys)

    def _give_back(self, secret: Mapping[str, str], session: Held) -> None:
        """A token that nobody will use. Best effort: that it stays good for a while is no reason to stop."""
        login = networks.login(self.account.network)
        if login.SINGLE:
            with suppress(PublishError):
                login.revoke(self.connections.connection(self.account, Secret(secret), session))

    def _standing(self) -> Standing | None:
        from clarion.outbox.accounts import standings

        with self.outbox().read() as tx:
            return next((each for each in standings(tx) if each.account.name == self.account.name), None)

    def _require_the_same(self, profile: Profile) -> None:
        from clarion.outbox.accounts import is_still, way_back

        standing, name = self._standing(), self.account.name
        if standing is not None:
            pinned, left = standing.account, standing.verified_at is None
            if not is_still(pinned.identity, profile.identity, left=left):
                moved = is_still(pinned.identity, profile.identity, left=True)
                raise CampaignError(
                    f"this login is for @{profile.handle} on {profile.identity.origin}, and “{name}” was verified as"
                    f" @{pinned.handle} on {pinned.identity.origin}: another {'address' if moved else 'account'}",
                    way_back(name, pinned.handle, pinned.identity, profile.identity),
                )
        elif plain(profile.handle) != plain(self.account.handle):
            raise CampaignError(
                f"this login is for @{profile.handle}, and config.toml says @{self.account.handle}; nothing is kept",
                f"log in there as @{self.account.handle}, then: clarion accounts login {name};"
                f" or, if it is meant: clarion accounts add {name} --handle {profile.handle}",
            )

    def _pin(self, profile: Profile) -> None:
        from clarion.outbox.accounts import pin

        known = replace(self.account, identity=profile.identity, handle=profile.handle, limits=profile.limits)
        with self.outbox().write() as tx:
            pin(tx, known, verified=True)

    def _keep_session(self) -> None:
        tokens = self._held.load()
        with self.kept.locked():
            if tokens:
                self.kept.save(tokens)
            else:
                self.kept.forget()


def plain(handle: str) -> str:
    """A handle without the server that people paste with it."""
    return handle.removeprefix("@").partition("@")[0].casefold()
