"""Faults on demand: what a rehearsal network does wrong, to whom and how often. Pure.

In: a fault as asked for, then each request that arrives. Out: the faults that strike that request.
"""

from __future__ import annotations

from dataclasses import dataclass

#: What the carrier itself does to a request; at most one of these strikes it.
CARRIER_KINDS = (
    "drop_before",  # the socket is closed; nothing was handled
    "drop_after",  # handled, then the socket is closed without an answer
    "hang",  # no answer for `seconds`; nothing was handled
    "hang_after",  # handled, then no answer for `seconds`
    "500_before",
    "500_after",
    "429",
    "429_bare",  # without the headers that say how long to wait
    "429_wrong",  # with headers that name a moment long past
    "429_shifted",  # from a server whose clock is off by `seconds`
    "slow",  # answered after `seconds`
    "accept_late",  # the socket is closed, and the request handled `seconds` later
    "clock_shifted",  # the Date header is off by `seconds`
)
#: What the network’s state machine must know of: handed to it as quirks; any number strike together.
QUIRKS = (
    "accept_twice",  # one create makes two posts
    "stale_reads",
    "key_ignored",
    "key_expired",
    "key_set_after",
    "key_repeat_500",
    "silent_drop",
    "recall_ignored",  # what is to be taken down is answered as if it were, and stays
    "forget_duplicates",  # X does not notice that a text was just posted
)
KINDS = CARRIER_KINDS + QUIRKS
#: Which requests a fault strikes: creates, any that is no create, all.
SCOPES = ("create", "other", "any")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One misbehaviour. `count` None: until it is cleared. Raises ValueError, in words, for what makes no sense."""

    network: str
    kind: str
    account: str | None = None  # None: everybody's
    on: str | None = None  # None: "other" for stale_reads, else "create"
    count: int | None = 1
    seconds: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f'no fault "{self.kind}"; there are: {", ".join(KINDS)}')
        if self.on is None:
            object.__setattr__(self, "on", "other" if self.kind == "stale_reads" else "create")
        if self.on not in SCOPES:
            raise ValueError(f'"on" is one of {", ".join(SCOPES)}, not "{self.on}"')
        if self.count is not None and self.count < 1:
            raise ValueError('"count" is at least 1, or null for "until cleared"')
        if self.seconds < 0 and not self.kind.endswith("_shifted"):
            raise ValueError('"seconds" is not negative')

    def strikes(self, network: str, account: str | None, *, create: bool) -> bool:
        return (
            self.network == network
            and self.account in (None, account)
            and self.on in ("any", "create" if create else "other")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Struck:
    """What befalls one request."""

    fault: Fault | None
    quirks: frozenset[str]


class Faults:
    """The faults that are armed, oldest first."""

    def __init__(self) -> None:
        self._armed: list[tuple[Fault, int | None]] = []

    def arm(self, fault: Fault) -> None:
        self._armed.append((fault, fault.count))

    def clear(self) -> None:
        self._armed.clear()

    def armed(self) -> list[tuple[Fault, int | None]]:
        """Each armed fault and how often it will still strike (None: always)."""
        return list(self._armed)

    def strike(self, network: str, account: str | None, *, create: bool) -> Struck:
        """Spend and return what strikes this request: the oldest carrier fault and every quirk."""
        chosen: Fault | None = None
        quirks: set[str] = set()
        kept: list[tuple[Fault, int | None]] = []
        for fault, left in self._armed:
            spent = False
            if fault.strikes(network, account, create=create):
                if fault.kind in QUIRKS:
                    spent = fault.kind not in quirks
                    quirks.add(fault.kind)
                elif chosen is None:
                    chosen, spent = fault, True
            remaining = left - 1 if left is not None and spent else left
            if remaining != 0:
                kept.append((fault, remaining))
        self._armed = kept
        return Struck(fault=chosen, quirks=frozenset(quirks))
