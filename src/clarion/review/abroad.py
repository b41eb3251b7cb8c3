"""Which posts ask, in Russian, for what only readers outside Russia may safely do: to share, to write, to sign.

In: the campaign's ledger, a post's language, what it used and whom its template is for. Out: whether a page shows it
behind a fold. Russian-speaking is not in Russia, so such posts are written; but nobody in Russia meets one unasked.
"""

from __future__ import annotations

from collections.abc import Iterable

from clarion.campaign.ledgers.ledger import Ledger

_AT_RISK = "ru"
_OUTSIDE = "outside-russia"


def asks_abroad(ledger: Ledger, language: str, calls: Iterable[str], audience: str | None) -> bool:
    """Whether a post stands behind the fold. A call that is no longer in the ledger is taken for such an ask.

    `calls`: the ids of those it makes. `audience`: its template's; None: it has none, or it is gone.
    """
    if language.partition("-")[0] != _AT_RISK:
        return False
    known = {id_: call.audience for id_, call in ledger.calls.items()}
    return audience == _OUTSIDE or any(known.get(each, _OUTSIDE) == _OUTSIDE for each in calls)
