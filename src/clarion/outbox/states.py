"""The states of a delivery as SQL has them in statements that a partial index serves: literals.

Bound as a value, a state loses its partial index under PostgreSQL's plan for any value.
"""

from __future__ import annotations

import sqlalchemy as sa

from clarion.model import State


def _literal(state: State) -> sa.ColumnElement[str]:
    return sa.literal_column(f"'{state.value}'")


PENDING = _literal(State.PENDING)
SCHEDULED = _literal(State.SCHEDULED)
SENDING = _literal(State.SENDING)
IN_DOUBT = _literal(State.IN_DOUBT)
SENT = _literal(State.SENT)
RECALLING = _literal(State.RECALLING)
RECALLED = _literal(State.RECALLED)
