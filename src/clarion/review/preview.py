"""What will appear, before anybody confirms it.

In: composed posts, or payloads from the outbox. Out: a `Preview` of each. `lines.py` draws it for a terminal and `page.py`
for a phone: one thing, so that what people approve here and there is the same.
"""

from __future__ import annotations

import unicodedata
from base64 import b64encode
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from io import BytesIO

from clarion import networks
from clarion.composing.compose import Composed
from clarion.composing.freeze import folds_warning, weight
from clarion.model import Account, Card, Finding, Media, Part, Payload
from clarion.networks.base import Shown, ShownImage, ShownPart, spans
from clarion.review.abroad import asks_in_words

_ZWNJ, _ZWJ = "\u200c", "\u200d"
_FLAG_TAGS = range(0xE0020, 0xE0080)  # the flags of England, Scotland and Wales are spelt with these


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """One post as its network will show it, and what the checks say about it."""

    shown: Shown
    findings: tuple[Finding, ...] = ()
    abroad: bool = False  # it asks, in Russian, for what only those outside Russia may safely do

    @property
    def title(self) -> str:
        """What the network calls itself: "Mastodon"."""
        return networks.options(self.shown.network).TITLE

    @property
    def blocked(self) -> bool:
        """Whether a check says that it is never posted as it is."""
        return any(each.level == "never" for each in self.findings)

    @property
    def heading(self) -> str:
        """Which post this is, in one line."""
        handle = self.shown.handle
        at = handle if handle.startswith("@") else f"@{handle}"
        count = len(self.shown.parts)
        thread = f" · a thread of {count} posts" if count > 1 else ""
        return f"{self.title} · {at} · {self.shown.language}{thread}"


def of_composed(composed: Composed, *, zone: tzinfo, scheduled: bool = True, abroad: bool = False) -> Preview:
    """What a composed post will look like; one that nobody queues is due at no time. `abroad`: see `Preview`."""
    return of_payload(
        composed.payload,
        account=composed.account,
        image=lambda sha256: composed.images[sha256][1],
        due=composed.due if scheduled else None,
        zone=zone,
        findings=composed.findings,
        later=composed.later,
        abroad=abroad,
    )


def of_payload(
    payload: Payload,
    *,
    account: Account,
    image: Callable[[str], bytes],
    due: datetime | None,
    zone: tzinfo,
    findings: Sequence[Finding] = (),
    later: Collection[int] = (),
    abroad: bool = False,
) -> Preview:
    """What a frozen payload will look like. `image` gives the bytes of an image by its SHA-256. `abroad`: see `Preview`;
    where its words ask for it, it is so anyway.

    `later`: the parts, from 1, whose link gets a card when the post is queued live.
    """
    shown = Shown(
        network=account.network,
        account=account.name,
        handle=account.handle,
        language=payload.language,
        parts=tuple(
            replace(_part(part, payload, account, image), card_later=number in later)
            for number, part in enumerate(payload.parts, 1)
        ),
        warning=visible(payload.warning) if payload.warning and folds_warning(account) else None,
        at=in_words(due, zone) if due else None,
    )
    said = (payload.warning, *(words for part in payload.parts for words in _words(part)))
    return Preview(
        shown=shown,
        findings=tuple(findings),
        abroad=abroad or any(asks_in_words(words) for words in said if words),
    )


def in_words(moment: datetime, zone: tzinfo) -> str:
    """A moment in the campaign's zone, with its offset: "Tue 1 Dec 2026, 18:00 +03:00 (Europe/Moscow)"."""
    local = moment.astimezone(zone)
    offset = local.isoformat(timespec="minutes")[16:]
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M} {offset} ({zone})"


def visible(text: str) -> str:
    """A text whose hidden characters can be seen: a preview must not be fooled by what it shows."""
    return "".join(f"⟨U+{ord(char):04X}⟩" if _hidden(char) else char for char in text)


def _hidden(char: str) -> bool:
    if char in {"\n", _ZWJ, _ZWNJ} or ord(char) in _FLAG_TAGS:
        return False
    return unicodedata.category(char) in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}


def _part(part: Part, payload: Payload, account: Account, image: Callable[[str], bytes]) -> ShownPart:
    facets = part.facets or networks.text(account.network).facets(
        part.text
    )  # frozen ones are what will be linked, whatever we detect now
    return ShownPart(
        spans=tuple((visible(words), link) for words, link in spans(part.text, facets)),
        images=tuple(_image(media, image) for media in part.media),
        card=part.card and _card(part.card),
        card_image=_thumb(part.card.thumb, image) if part.card and part.card.thumb else None,
        weight=weight(part, payload, account),
        limit=account.limits.text,
    )


def _words(part: Part) -> tuple[str, ...]:
    """All that readers of a part read."""
    card = (part.card.title, part.card.description) if part.card else ()
    return part.text, *(media.alt for media in part.media), *card


def _image(media: Media, image: Callable[[str], bytes]) -> ShownImage:
    data = b64encode(image(media.sha256)).decode()
    return ShownImage(
        src=f"data:{media.mime};base64,{data}",
        alt=visible(media.alt),
        width=media.width,
        height=media.height,
    )


def _card(card: Card) -> Card:
    return replace(card, title=visible(card.title), description=visible(card.description))


def _thumb(sha256: str, image: Callable[[str], bytes]) -> ShownImage:
    """A card's picture. The payload says nothing of it but its hash: kind and size are read from its bytes."""
    import PIL.Image

    raw = image(sha256)
    with PIL.Image.open(BytesIO(raw), formats=("PNG", "JPEG")) as picture:
        (width, height), mime = picture.size, picture.get_format_mimetype()
    return ShownImage(src=f"data:{mime};base64,{b64encode(raw).decode()}", alt="", width=width, height=height)
