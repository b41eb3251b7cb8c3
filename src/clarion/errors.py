"""The error tree. Imports only what takes secrets out of its words, so that every layer may raise from it.

Each error says what is wrong in one sentence and, where there is one, the `hint`: the command or the line
that mends it. Only `cli/` turns errors into exit codes.
"""

from __future__ import annotations

from clarion.redaction import clean


class ClarionError(Exception):
    """Something Clarion can explain. Its words are without our secrets from here on, wherever they go."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        self.message = clean(message)
        self.hint = hint and clean(hint)
        super().__init__(self.message)


class CampaignError(ClarionError):
    """The campaign folder is wrong: its configuration, a template, a ledger."""


class CheckFailed(ClarionError):
    """Checks found something that blocks."""


class OutboxError(ClarionError):
    """The outbox cannot be used: storage, schema version, file system, or another host's."""


class OutboxBusy(OutboxError):
    """Another process holds the outbox; trying again later is enough."""


class ApprovalError(ClarionError):
    """An approval is missing, stale, or not this person's to give."""


class PublishError(ClarionError):
    """A network did not take a request. The subclasses are all the worker needs to know.

    The message may hold a server's words, and becomes a reason in the outbox: what no database stores is replaced.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message.replace("\0", "\ufffd").encode(errors="replace").decode(), hint)


class Refused(PublishError):
    """The network will never take this payload."""


class AccountBlocked(PublishError):
    """Not created: the account's credentials, permission or credit do not allow it."""


class RateLimited(PublishError):
    """Not created: too many requests. `wait` is in seconds from the server's answer."""

    def __init__(self, message: str, *, wait: float, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.wait = wait


class Unavailable(PublishError):
    """Certainly not created: the server could not be reached, or said so before taking anything."""


class OutcomeUnknown(PublishError):
    """The request went out and no trustworthy answer came back: the post may exist."""
