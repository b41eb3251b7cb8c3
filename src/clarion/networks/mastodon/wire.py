"""Read a request as a Mastodon server does, for the rehearsal. Pure.

In: a `Request` with a form, JSON or multipart body. Out: its parameters, an uploaded file, answers as JSON.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl

from clarion.networks.rehearsing import Request, Response


class Refusal(Exception):
    """An answer that is not a success: status and the words of its error."""

    def __init__(self, status: int, error: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.headers = headers

    def response(self) -> Response:
        return answer({"error": self.error}, status=self.status, headers=self.headers)


@dataclass(frozen=True, slots=True)
class Params:
    """A request's parameters: form, JSON or query alike; and its file, if one was sent."""

    values: dict[str, list[str]] = field(default_factory=dict)
    file: bytes | None = None

    def one(self, name: str) -> str | None:
        values = self.values.get(name)
        return values[-1] if values else None

    def many(self, name: str) -> list[str]:
        return self.values.get(f"{name}[]") or self.values.get(name, [])

    def objects(self, name: str) -> list[dict[str, Any]]:
        """A list of objects, which only JSON carries."""
        return [found for each in self.many(name) if isinstance(found := json.loads(each), dict)]

    def flag(self, name: str) -> bool:
        return self.one(name) in ("1", "true", "on")

    def number(self, name: str, default: int) -> int:
        value = self.one(name) or ""
        return int(value) if value.isdecimal() else default


def answer(body: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(
        status=status,
        headers={"content-type": "application/json; charset=utf-8", **(headers or {})},
        body=json.dumps(body).encode(),
    )


def params(request: Request) -> Params:
    """Raises Refusal 400 for a body that is not what it says."""
    content_type = request.headers.get("content-type", "")
    query = _pairs(parse_qsl(request.query, keep_blank_values=True))
    try:
        if content_type.startswith("multipart/form-data"):
            return _multipart(request.body, content_type)
        if content_type.startswith("application/json"):
            return Params(query | _json(request.body))
        return Params(query | _pairs(parse_qsl(request.body.decode(), keep_blank_values=True)))
    except ValueError as error:
        raise Refusal(400, "The request's body cannot be read") from error


def _pairs(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _json(body: bytes) -> dict[str, list[str]]:
    plain = json.loads(body or b"{}")
    if not isinstance(plain, dict):
        raise ValueError("not an object")  # noqa: TRY004 - a body that cannot be read, whatever the reason
    return {
        name: [_word(item) for item in (value if isinstance(value, list) else [value])]
        for name, value in plain.items()
        if value is not None
    }


def _word(value: Any) -> str:
    if isinstance(value, dict):
        return json.dumps(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _multipart(body: bytes, content_type: str) -> Params:
    head = Message()
    head["content-type"] = content_type
    boundary = head.get_boundary()
    if not boundary:
        raise ValueError("no boundary")
    values: dict[str, list[str]] = {}
    file = None
    for piece in (b"\r\n" + body).split(b"\r\n--" + boundary.encode())[1:-1]:
        lines, _, content = piece.partition(b"\r\n\r\n")
        name, is_file = _disposition(lines.decode())
        if is_file:
            file = content
        else:
            values.setdefault(name, []).append(content.decode())
    return Params(values, file)


def _disposition(lines: str) -> tuple[str, bool]:
    for line in lines.split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            head = Message()
            head["content-disposition"] = value.strip()
            found = {key: str(word) for key, word in head.get_params(header="content-disposition") or []}
            return found.get("name", ""), "filename" in found
    raise ValueError("a part without a name")
