"""A post as composing hands it to the outbox, without a campaign behind it.

In: an account, and a text or none. Out: a `Composed` that nothing was found wrong with.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import count

from clarion.composing.compose import Composed
from clarion.digest import digest
from clarion.model import Account, Part, Payload
from tests.desk import LATE, NOON

_times = count(1)


def composed(
    account: Account,
    due: datetime = NOON,
    *,
    text: str | None = None,
    late: timedelta = LATE,
    language: str = "en",
    answers: str | None = None,
    evergreen: bool = False,
) -> Composed:
    """A post of one part; without a text it has words that no other has. `answers`: the delivery that it corrects."""
    parts = (Part(text=_other_words() if text is None else text),)
    payload = Payload(account=account.identity, language=language, parts=parts, answers=answers)
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


def _other_words() -> str:
    """Letters in which nothing is alike: two posts of one account may not repeat each other."""
    return "".join(chr(ord("a") + byte % 26) for byte in blake2b(str(next(_times)).encode()).digest())
