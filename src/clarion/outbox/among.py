"""Whether a value is among those of a list: one parameter, however long the list is.

An IN is another statement for each length; on PostgreSQL each would be prepared and planned anew, while the list of the
accounts that are free changes with every claim.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class among(FunctionElement[bool]):  # noqa: N801  (SQL's functions are lower case)
    """`among(column, bindparam)`; bind what `listed` gives."""

    inherit_cache = True
    type = sa.Boolean()


def listed(connection: Connection, values: Iterable[str]) -> Any:
    """A list of texts as its database takes it in one parameter."""
    return list(values) if connection.dialect.name == "postgresql" else json.dumps(list(values))


@compiles(among, "postgresql")
def _of_postgres(element: among, compiler: Any, **kept: Any) -> str:
    value, several = (compiler.process(each, **kept) for each in element.clauses)
    return f"{value} = ANY({several})"


@compiles(among, "sqlite")
def _of_sqlite(element: among, compiler: Any, **kept: Any) -> str:
    value, several = (compiler.process(each, **kept) for each in element.clauses)
    return f"({value} IN (SELECT value FROM json_each({several})))"  # noqa: S608  (both are compiled)
