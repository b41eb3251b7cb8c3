"""A post as composing hands it to the outbox, without a campaign behind it.

In: an account and a text. Out: a `Composed` that nothing was found wrong with.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from clarion.composing.compose import Composed
from clarion.digest import digest
from clarion.model import Account, Part, Payload
from tests.desk import LATE, NOON


def post(
    account: Account,
    text: str,
    *,
    due: datetime = NOON,
    late: timedelta = LATE,
    language: str = "en",
    answers: str | None = None,
    evergreen: bool = False,
) -> Composed:
    """Of one part. `answers`: the delivery that it corrects."""
    payload = Payload(account=account.identity, language=language, parts=(Part(text=text),), answers=answers)
    return Composed(
        account=account,
        payload=payload,
        digest=digest(payload),
        due=due,
        late=late,
        evergreen=evergreen,
        used=(),
        findings=(),
        images={},
    )
