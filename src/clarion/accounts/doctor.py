"""What a doctor finds at one account: a line for each question, with a verdict and what mends it. Pure; changes nothing.

In: what is known here of an account, and what its network said or how it failed to. Out: lines, in words for people.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from clarion import networks
from clarion.accounts.joining import plain
from clarion.errors import AccountBlocked, ClarionError, PublishError, RateLimited, Unavailable

if TYPE_CHECKING:
    from clarion.campaign.config import Account
    from clarion.model import Examination, Limits
    from clarion.outbox.accepting import Accepted
    from clarion.outbox.accounts import Standing

#: So far a server's clock and ours may differ without a word; X takes no signature that is five minutes off.
SKEW = timedelta(seconds=60)
#: A login that ends sooner than that is told of.
SOON = timedelta(days=14)
#: Limits that nobody asked for in so long are told of, as when composing.
STALE = timedelta(days=30)


class Verdict(StrEnum):
    """Whether a line needs somebody."""

    OK = "ok"
    LOOK = "look"  # publishing goes on; somebody should see to it
    STOPS = "stops"  # nothing goes out, or soon nothing will


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One question and its answer. `mend`: what to do; there is something where the verdict is not OK."""

    about: str  # an account's name, or what of Clarion's
    what: str
    verdict: Verdict
    says: str
    mend: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known here of an account before its network is asked."""

    name: str
    written: Account
    standing: Standing | None = None
    closed: str | None = None  # why publishing closed it
    accepted: Accepted | None = None
    rehearsed: bool = False
    joining: bool = False  # it is being verified just now

    @property
    def verified_at(self) -> datetime | None:
        return None if self.standing is None else self.standing.verified_at

    def ok(self, what: str, says: str) -> Line:
        return Line(about=self.name, what=what, verdict=Verdict.OK, says=says)

    def look(self, what: str, says: str, mend: str) -> Line:
        return Line(about=self.name, what=what, verdict=Verdict.LOOK, says=says, mend=mend)

    def stops(self, what: str, says: str, mend: str) -> Line:
        return Line(about=self.name, what=what, verdict=Verdict.STOPS, says=says, mend=mend)


def lines(known: Known, found: Examination | ClarionError, now: datetime) -> list[Line]:
    """Everything about one account. `found`: what its network said, or what was raised instead.

    An account that was never verified stops nothing: nothing is queued for it.
    """
    said = _lines(known, found, now)
    if known.rehearsed or known.joining or known.verified_at:
        return said
    return [replace(line, verdict=Verdict.LOOK) if stopped([line]) else line for line in said]


def stopped(found: list[Line]) -> bool:
    """Whether one of these lines will stop publishing."""
    return any(line.verdict is Verdict.STOPS for line in found)


def hash_of(rules: tuple[str, ...]) -> str:
    """What an acceptance of a server's rules is bound to: another wording is another hash."""
    return sha256("\n".join(rules).encode()).hexdigest()


def _lines(known: Known, found: Examination | ClarionError, now: datetime) -> list[Line]:
    if isinstance(found, ClarionError):
        return [_of_failure(known, found), *_of_outbox(known), *_of_words(known)]
    return [
        _of_reach(known),
        known.ok("authorised", f"as @{found.profile.handle}"),
        *_of_login(known, found, now),
        *_of_identity(known, found),
        *_of_outbox(known),
        *_of_limits(known, found, now),
        _of_disclosure(known, found),
        *_of_words(known),
        *_of_server(known, found, now),
    ]


# ── the network and the login ─────────────────────────────────────────────────────────────────────────────────


def _of_reach(known: Known) -> Line:
    if known.rehearsed:
        return known.ok("reachable", "its stand-in on this machine answers")
    proxy = f", through {_without_secrets(known.written.proxy)}" if known.written.proxy else ""
    return known.ok("reachable", f"{known.written.server} answers{proxy}")


def _of_failure(known: Known, error: ClarionError) -> Line:
    name = known.name
    if isinstance(error, RateLimited):
        return known.look("reachable", error.message, "wait a while, then: clarion doctor")
    if isinstance(error, Unavailable):
        through = f"is {_without_secrets(known.written.proxy)} running? then: " if known.written.proxy else ""
        return known.stops(
            "reachable",
            f"{known.written.server}: {error.message}",
            error.hint or f"{through}clarion doctor, in a while; its posts wait",
        )
    if not isinstance(error, PublishError):
        return known.stops("secret", error.message, error.hint or f"clarion accounts login {name}")
    hint = error.hint
    if hint is None or hint == "clarion accounts verify":  # that is what was just done
        verify = f"clarion accounts verify {name}"
        hint = f"log in to {known.written.server} and look what it says there, then: {verify}"
    what = "authorised" if isinstance(error, AccountBlocked) else "reachable"
    return known.stops(what, error.message, hint)


def _of_login(known: Known, found: Examination, now: datetime) -> Iterator[Line]:
    again = f"clarion accounts login {known.name}"
    scopes = found.scopes
    if scopes is None:
        yield known.ok("may do", "the network does not say what this login may do")
    elif scopes.lacks:
        yield known.stops("may do", f"too little: not {', '.join(scopes.lacks)}", again)
    elif scopes.exceeds:
        yield known.look("may do", f"more than publishing takes: {', '.join(scopes.exceeds)}", again)
    else:
        yield known.ok("may do", "what publishing takes, and no more")
    if found.ends_at is None:
        yield known.ok("login", "does not end by itself")
        return
    until = f"until {found.ends_at:%Y-%m-%d}, {_days(found.ends_at - now)} ahead"
    if found.ends_at - now < SOON:
        yield known.look("login", f"{until}, and it was not renewed", again)
    else:
        yield known.ok("login", f"{until}; Clarion renews it")


# ── who it is, as it stands here ──────────────────────────────────────────────────────────────────────────────


def _of_identity(known: Known, found: Examination) -> Iterator[Line]:
    if known.rehearsed:
        return
    name, profile, standing = known.name, found.profile, known.standing
    if standing is None or standing.verified_at is None:
        if not known.joining:
            yield known.look(
                "verified", "never, so nothing is queued for it", f"clarion accounts verify {name}"
            )
    elif standing.account.identity != profile.identity:
        yield known.stops(
            "verified",
            f"as @{standing.account.handle}, and this login is @{profile.handle}'s: another account",
            f"log in as @{standing.account.handle}: clarion accounts login {name}",
        )
    if plain(known.written.handle) != plain(profile.handle):
        yield known.look(
            "handle",
            f"config.toml says @{known.written.handle}, and the network @{profile.handle}",
            f'if it is meant: handle = "{profile.handle}" below [accounts.{name}] in config.toml',
        )


def _of_outbox(known: Known) -> Iterator[Line]:
    if known.closed is not None:
        yield known.stops(
            "open", f"publishing closed it: {known.closed}", f"clarion accounts verify {known.name}"
        )


def _of_limits(known: Known, found: Examination, now: datetime) -> Iterator[Line]:
    takes, standing = found.profile.limits, known.standing
    if standing is None or known.rehearsed or standing.verified_at is None:
        yield known.ok("limits", _in_words(takes))
        return
    verify, age = f"clarion accounts verify {known.name}", now - standing.verified_at
    if standing.account.limits != takes:
        then = _in_words(standing.account.limits)
        yield known.look("limits", f"its server takes {_in_words(takes)}; posts are fitted to {then}", verify)
    elif age > STALE:
        yield known.look("limits", f"{_in_words(takes)}; noted {_ago(age)}", verify)
    else:
        yield known.ok("limits", f"{_in_words(takes)}; noted {_ago(age)}")


# ── honesty ───────────────────────────────────────────────────────────────────────────────────────────────────


def _of_disclosure(known: Known, found: Examination) -> Line:
    how = networks.options(known.written.network).DISCLOSE
    if found.profile.automated:
        return known.ok("disclosed", "its profile says that it is automated")
    if found.profile.automated is False:
        return known.look("disclosed", "its profile does not say that it is automated", how)
    said = known.written.disclosure
    if said:
        return known.ok("disclosed", f"the network does not tell; config.toml says: {said}")
    mend = f'{how} Then: disclosure = "…" below [accounts.{known.name}] in config.toml'
    return known.look("disclosed", "the network does not tell, and config.toml does not say", mend)


def _of_words(known: Known) -> Iterator[Line]:
    """What config.toml says of the account."""
    written, table = known.written, f"below [accounts.{known.name}] in config.toml"
    missing = [key for key in ("owner", "purpose", "disclosure") if not getattr(written, key)]
    if missing:
        lines_to_add = ", ".join(f'{key} = "…"' for key in missing)
        yield known.look(
            "declared", f"config.toml does not say: {', '.join(missing)}", f"{lines_to_add} {table}"
        )
    else:
        yield known.ok("declared", f"{written.owner}: {written.purpose}")
    options = networks.options(written.network)
    if written.replies != "everyone" and not options.REPLIES:
        yield known.look(
            "replies",
            f'{options.TITLE} cannot limit replies: everyone may, though config.toml says "{written.replies}"',
            f'replies = "everyone" {table}; or leave it: it limits who may quote',
        )


# ── the server ────────────────────────────────────────────────────────────────────────────────────────────────


def _of_server(known: Known, found: Examination, now: datetime) -> Iterator[Line]:
    if known.rehearsed:
        return
    if found.rules:
        yield _of_rules(known, found.rules)
    if found.server_time is not None:
        yield _of_clock(known, now - found.server_time)
    if found.software:
        yield known.ok("server", found.peculiar or found.software)


def _of_rules(known: Known, rules: tuple[str, ...]) -> Line:
    read, accepted = f"clarion accounts rules {known.name}", known.accepted
    if accepted is None:
        count = "the rule" if len(rules) == 1 else f"the {len(rules)} rules"
        return known.look("rules", f"nobody has accepted {count} of its server yet", read)
    by = f"{accepted.who or 'somebody'} on {accepted.at:%Y-%m-%d}"
    if accepted.rules != hash_of(rules):
        return known.look("rules", f"its server changed them since they were accepted by {by}", read)
    return known.ok("rules", f"accepted by {by}")


def _of_clock(known: Known, ahead: timedelta) -> Line:
    seconds = int(abs(ahead).total_seconds())
    if abs(ahead) <= SKEW:
        return known.ok("clock", "this machine's and its server's agree")
    which = "ahead of" if ahead > timedelta() else "behind"
    return known.look(
        "clock",
        f"this machine's is {seconds} s {which} its server's",
        "set this machine's clock: timedatectl set-ntp true",
    )


# ── words ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _in_words(limits: Limits) -> str:
    return f"{limits.text} characters, {limits.images} images"


def _days(span: timedelta) -> str:
    return "1 day" if span.days == 1 else f"{span.days} days"


def _ago(span: timedelta) -> str:
    return {0: "today", 1: "yesterday"}.get(span.days, f"{span.days} days ago")


def _without_secrets(proxy: str | None) -> str:
    """A proxy's address may carry a password."""
    parts = urlsplit(proxy or "")
    return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
