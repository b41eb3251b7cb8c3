"""A stored post as a reader sees it. Pure.

In: the record as the rehearsal network keeps it. Out: networks.base.Shown, its links from the record's own facets,
so that a wrong byte offset is seen and not repaired.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from clarion.model import Card, Facet
from clarion.networks.base import Shown, ShownImage, ShownPart, spans

#: Gives a blob of an account, by CID, as an address a page can show.
Source = Callable[[str, str], str]


def shown(uri: str, there: dict[str, Any], *, name: str, handle: str, source: Source) -> Shown:
    """One post. `there` is {"account", "value", …}."""
    value = there["value"]
    did, _, key = uri.removeprefix("at://").split("/")
    external = value.get("embed", {}).get("external")
    part = ShownPart(
        spans=spans(value["text"], [_facet(facet) for facet in value.get("facets", [])]),
        images=tuple(
            _image(image, there["account"], source) for image in value.get("embed", {}).get("images", [])
        ),
        card=external
        and Card(url=external["uri"], title=external["title"], description=external["description"]),
        card_image=_thumb(external, there["account"], source),
        remote_id=uri,
        url=f"/profile/{did}/post/{key}",
        answers=value.get("reply", {}).get("parent", {}).get("uri"),
    )
    return Shown(
        network="bluesky",
        account=name,
        handle=handle,
        language=next(iter(value.get("langs", [])), "und"),
        parts=(part,),
        at=f"{datetime.fromisoformat(value['createdAt']).astimezone(UTC):%Y-%m-%d %H:%M} UTC",
    )


def counts(wanted: Sequence[str], records: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those of the wanted posts that are there, as an AppView shows their counts. Nobody here likes or reposts."""
    answered = [there["value"].get("reply", {}).get("parent", {}).get("uri") for there in records.values()]
    return [
        {"uri": uri, "likeCount": 0, "repostCount": 0, "replyCount": answered.count(uri), "quoteCount": 0}
        for uri in wanted
        if uri in records
    ]


def _facet(facet: dict[str, Any]) -> Facet:
    index, feature = facet["index"], facet["features"][0]
    kind = feature["$type"].rpartition("#")[2]
    value = feature.get("uri") or feature.get("tag") or feature.get("did")
    return Facet(start=index["byteStart"], end=index["byteEnd"], kind=kind, value=value)


def _image(image: dict[str, Any], account: str, source: Source) -> ShownImage:
    ratio = image.get("aspectRatio", {"width": 1, "height": 1})
    src = source(account, image["image"]["ref"]["$link"])
    return ShownImage(src=src, alt=image["alt"], width=ratio["width"], height=ratio["height"])


def _thumb(external: dict[str, Any] | None, account: str, source: Source) -> ShownImage | None:
    if external is None or "thumb" not in external:
        return None
    return ShownImage(src=source(account, external["thumb"]["ref"]["$link"]), alt="", width=1200, height=630)
