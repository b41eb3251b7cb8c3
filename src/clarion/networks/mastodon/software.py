"""Which software a server runs that speaks Mastodon's API, how it differs where a post might appear twice, what it takes. Pure.

In: what /api/v2/instance says, and what it says of an app. Out: a name with its version, a sentence or none, limits,
scopes. Sources: networks.md; each project's own answers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from clarion.model import Limits, Scopes
from clarion.networks.mastodon import options

#: What those say who keep Mastodon's number for Mastodon's apps: "2.7.2 (compatible; Akkoma 3.13.2)".
_COMPATIBLE = re.compile(r"\(compatible; (?P<name>[A-Za-z]+)[ /]?(?P<version>[\w.]*)")
#: The others say it by where their source is.
_BY_SOURCE = {"gotosocial": "GoToSocial", "hollo": "Hollo", "glitch-soc": "Mastodon (glitch)"}
_NUMBER = re.compile(r"\d+(\.\d+)*")
_FAILS_REPEATS = re.compile(r"4\.6\.[0-5]$")

_LOOKS_FIRST = "Clarion looks for a post before it sends it again"
_PECULIAR = {
    "GoToSocial": f"does not know a repeated post by its key; {_LOOKS_FIRST}",
    "Hollo": "may make two posts of two requests at once; Clarion never has two on their way",
    "Pleroma": f"may answer a repeated post with an old error; {_LOOKS_FIRST}",
    "Akkoma": f"may answer a repeated post with an old error; {_LOOKS_FIRST}",
}


def named(instance: Mapping[str, Any]) -> str | None:
    """Name and version; None where the server says neither."""
    said, source = str(instance.get("version") or ""), str(instance.get("source_url") or "").lower()
    compatible = _COMPATIBLE.search(said)
    if compatible:
        return f"{compatible['name']} {compatible['version']}".strip()
    number = _NUMBER.search(said)
    if number is None:
        return None
    name = next((name for part, name in _BY_SOURCE.items() if part in source), "Mastodon")
    return f"{name} {number[0]}"


def peculiar(software: str | None) -> str | None:
    """How it differs, as a sentence that begins with its name; None where it does not."""
    name, _, version = (software or "").rpartition(" ")
    if name == "Mastodon" and _FAILS_REPEATS.match(version):
        return f"{software} answers a repeated post with an error though it is up; {_LOOKS_FIRST}"
    says = _PECULIAR.get(name) or _PECULIAR.get(software or "")
    return says and f"{software} {says}"


def limits(instance: Mapping[str, Any]) -> Limits:
    """What the server takes; upstream's numbers where it does not say."""
    told = _object(instance.get("configuration"))
    statuses, media = _object(told.get("statuses")), _object(told.get("media_attachments"))
    return Limits(
        text=_number(statuses, "max_characters", options.LIMITS.text),
        per_url=_number(statuses, "characters_reserved_per_url", options.LIMITS.per_url),
        images=_number(statuses, "max_media_attachments", options.LIMITS.images),
        alt=_number(media, "description_limit", options.LIMITS.alt),
        image_bytes=_number(media, "image_size_limit", options.LIMITS.image_bytes),
    )


def scopes(app: Mapping[str, Any]) -> Scopes | None:
    """What an app's token lacks and exceeds; None where that is no list of scopes."""
    said = app.get("scopes")
    given = {str(scope) for scope in said} if isinstance(said, list) else set()
    if not {scope.partition(":")[0] for scope in given} & {"read", "write"}:
        return None
    return Scopes(
        lacks=tuple(scope for scope in options.SCOPES if not {scope, scope.partition(":")[0]} & given),
        exceeds=tuple(sorted(given - {*options.SCOPES, "profile"})),
    )


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _number(told: Mapping[str, Any], key: str, default: int) -> int:
    value = told.get(key)
    return value if isinstance(value, int) and value > 0 else default
