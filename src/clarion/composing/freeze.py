"""Freeze what will appear: the payload people approve, and its digest.

In: fitted parts and how the account shows them. Out: `model.Payload` and the hexadecimal digest.
"""

from __future__ import annotations

from collections.abc import Sequence

from clarion.digest import digest
from clarion.model import Account, Part, Payload
from clarion.networks import text
from clarion.networks.base import Draft, DraftPart


def freeze(
    account: Account,
    *,
    language: str,
    parts: Sequence[Part],
    warning: str | None,
    visibility: str,
    replies: str,
    labels: Sequence[str] = (),
) -> tuple[Payload, str]:
    """The payload and its digest. `labels` are declared, never guessed (Bluesky `graphic-media` for violent images).

    Raises ValueError for a text that is not in NFC.
    """
    payload = Payload(
        account=account.identity,
        language=language,
        visibility=visibility,
        replies=replies,
        warning=warning,
        labels=tuple(sorted(set(labels))),  # sets have no order, canonical forms must
        parts=tuple(parts),
    )
    return payload, digest(payload)


def folds_warning(account: Account) -> bool:
    """Whether the account's network hides a text behind its warning; elsewhere part 1 begins with the warning."""
    draft = Draft(parts=(DraftPart(text="-"),), warning="CW")
    return text(account.network).fit(draft, account.limits)[0].text == "-"


def weight(part: Part, payload: Payload, account: Account) -> int:
    """How much of the account's `limits.text` a fitted part takes, its warning counted once."""
    warning = payload.warning if folds_warning(account) else None
    return text(account.network).weigh(part.text, warning=warning, limits=account.limits)
