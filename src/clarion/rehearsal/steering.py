"""The control port, pure: JSON requests that ask a rehearsed world for its counts, its faults and its time.

In: a request. Out: its answer. Who may ask, and stopping, are the server's.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from clarion.networks.rehearsing import Request, Response
from clarion.rehearsal.faults import Fault
from clarion.rehearsal.world import World


def steer(world: World, urls: Mapping[str, str], request: Request) -> Response:
    """Answer one request of the control port; what makes no sense is a 400 that says why."""
    try:
        if request.method == "GET" and "." in request.path:
            return _of_network(world, request.path)
        answer = _ANSWERS.get((request.method, request.path))
        if answer is not None:
            return _json(answer(world, urls, request))
    except ValueError as error:
        return _json({"error": str(error)}, 400)
    return _json({"error": f"nothing at {request.path}"}, 404)


def _health(world: World, urls: Mapping[str, str], request: Request) -> object:
    return {"pid": os.getpid(), "urls": dict(urls)}


def _accepted(world: World, urls: Mapping[str, str], request: Request) -> object:
    return {name: _taken(world, name) for name in world.names}


def _armed(world: World, urls: Mapping[str, str], request: Request) -> object:
    return [{**dataclasses.asdict(fault), "count": left} for fault, left in world.armed()]


def _arm(world: World, urls: Mapping[str, str], request: Request) -> object:
    try:
        world.arm(Fault(**_object(request)))
    except TypeError as error:
        raise ValueError(f"not a fault: {error}") from error
    return _armed(world, urls, request)


def _clear(world: World, urls: Mapping[str, str], request: Request) -> object:
    world.clear_faults()
    return []


def _now(world: World, urls: Mapping[str, str], request: Request) -> object:
    wanted = _object(request).get("at")
    world.set_now(None if wanted is None else _aware(wanted))
    return {"at": world.now().isoformat()}


def _stop(world: World, urls: Mapping[str, str], request: Request) -> object:
    _object(request)
    return {"stopping": True}


_ANSWERS: dict[tuple[str, str], Callable[[World, Mapping[str, str], Request], object]] = {
    ("GET", "/health"): _health,
    ("GET", "/accepted"): _accepted,
    ("GET", "/faults"): _armed,
    ("POST", "/faults"): _arm,
    ("DELETE", "/faults"): _clear,
    ("POST", "/now"): _now,
    ("POST", "/stop"): _stop,
}


def _of_network(world: World, path: str) -> Response:
    """`/accepted/<network>.json` and `/timeline/<network>.html`."""
    asked, _, network = path.rpartition(".")[0].rpartition("/")
    if network not in world.names:
        raise ValueError(f'no network "{network}"; there are: {", ".join(world.names)}')
    if asked == "/accepted":
        return _json(_taken(world, network))
    if asked == "/timeline":
        page = world.page(network).encode()
        return Response(status=200, headers={"content-type": "text/html; charset=utf-8"}, body=page)
    return _json({"error": f"nothing at {path}"}, 404)


def _taken(world: World, network: str) -> list[dict[str, Any]]:
    return [dataclasses.asdict(one) for one in world.accepted(network)]


def _object(request: Request) -> dict[str, Any]:
    """The body. Only what calls itself JSON is taken: no web form elsewhere can send that unasked."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise ValueError("send application/json")
    value = json.loads(request.body)
    if not isinstance(value, dict):
        raise ValueError("send a JSON object")  # noqa: TRY004 - answered as a 400
    return value


def _aware(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("give the moment with its zone, like 2026-03-29T12:00:00+00:00")
    return at.astimezone(UTC)


def _json(value: object, status: int = 200) -> Response:
    body = json.dumps(value, ensure_ascii=False).encode()
    return Response(status=status, headers={"content-type": "application/json"}, body=body)
