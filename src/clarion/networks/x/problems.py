"""How the rehearsal's X says no (RFC 7807, as in docs.x.com, "Response codes"), and how it answers at all. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any

from clarion.networks.rehearsing import Request, Response


class Problem(Exception):
    """An answer that is a refusal."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = headers or {}
        self.body = {
            "title": HTTPStatus(status).phrase,
            "detail": detail,
            "type": "about:blank",
            "status": status,
        }


def answer(status: int, body: Mapping[str, Any], *, now: datetime, headers: Mapping[str, str]) -> Response:
    """An answer dated by the rehearsal's clock, which the limits' reset times refer to."""
    return Response(
        status=status,
        headers={
            "content-type": "application/json; charset=utf-8",
            "date": format_datetime(now, usegmt=True),
            **headers,
        },
        body=json.dumps(body, ensure_ascii=False).encode(),
    )


def json_of(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except ValueError:
        body = None
    if not request.headers.get("content-type", "").startswith("application/json") or not isinstance(
        body, dict
    ):
        raise Problem(400, "Request body is not a JSON object.")
    return body
