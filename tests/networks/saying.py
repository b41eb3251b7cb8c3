"""A rehearsal network that says some things differently: what a real server may say that ours never would.

In: a machine, and changes by the end of a path. Out: the same machine; where a path was named, its JSON answer and headers
as changed. What was asked of it is counted.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from clarion import networks as registry
from clarion.networks.rehearsing import Rehearsal, Request, Response
from clarion.rehearsal.world import World
from tests.networks.fronts import Front

Change = Callable[[dict[str, Any]], object]


@dataclass
class Said:
    """What a test wants said."""

    bodies: dict[str, Change] = field(default_factory=dict)  # the end of a path → what to do to its answer
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    answers: dict[str, Response] = field(default_factory=dict)  # instead of any answer of the machine
    heard: list[Request] = field(default_factory=list)

    def asked(self, ending: str = "") -> int:
        return sum(request.path.endswith(ending) for request in self.heard)


class Saying(Front):
    """The network, as `said` wants it."""

    def __init__(self, network: Rehearsal, said: Said) -> None:
        super().__init__(network)
        self._said = said

    def handle(self, request: Request, now: datetime, quirks: frozenset[str] = frozenset()) -> Response:
        self._said.heard.append(request)
        path = request.path.rstrip("/")
        for ending, answer in self._said.answers.items():
            if path.endswith(ending):
                return answer
        answer = super().handle(request, now, quirks)
        for ending, change in self._said.bodies.items():
            if path.endswith(ending) and answer.status == 200:
                body = json.loads(answer.body)
                change(body)
                answer = replace(answer, body=json.dumps(body).encode())
        for ending, headers in self._said.headers.items():
            if path.endswith(ending):
                answer = replace(answer, headers={**answer.headers, **headers})
        return answer


def world(said: Said) -> World:
    """All networks, each of which says what `said` wants."""

    def one(name: str) -> Callable[[], Rehearsal]:
        return lambda: Saying(registry.rehearsal(name).new(), said)

    return World(new={name: one(name) for name in registry.NAMES})
