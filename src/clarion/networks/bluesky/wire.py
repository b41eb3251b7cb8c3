"""Read a request as a PDS does, and answer as it does, for the rehearsal. Pure.

In: a `Request`, or what to say. Out: the token it carries, a value of its body, answers as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from clarion.networks.rehearsing import Request, Response


class Failure(Exception):
    """An answer that is not a success."""

    def __init__(
        self, status: int, error: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.response = as_json(status, {"error": error, "message": message}, headers)


def bearer(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token if kind == "Bearer" else ""


def field_of(request: Request, name: str) -> str | None:
    try:
        value = json.loads(request.body)[name]
    except (ValueError, KeyError, TypeError):
        return None
    return value if isinstance(value, str) else None


def as_json(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    plain = {"content-type": "application/json; charset=utf-8", **(headers or {})}
    return Response(status=status, headers=plain, body=json.dumps(body, ensure_ascii=False).encode())
