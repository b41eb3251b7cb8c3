"""A post with everything, from a campaign's folder to a server and back: what readers see is what the preview showed.

In: a stage. Out: the same post twice, as `clarion preview` shows it and as its server gives it back, in one form.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from PIL import Image

from clarion.app import App
from clarion.networks.base import Shown, ShownImage, ShownPart
from clarion.outbox.entries import posts
from clarion.review.preview import of_payload
from tests.networks.campaigns import Campaign
from tests.networks.stage import Stage

SLUG = "everything"
LINK = "https://hudoc.echr.coe.int/?i=001-226390"
ABOUT = """
title = "Everything"
purpose = "All that a post may have."
source = "ECtHR, no. 28834/19"
languages = ["ru"]
warning = { ru = "пытки" }
evergreen = true

[link_card]
title = { ru = "Решение суда — «Лапунов против России»" }
description = { ru = "Что установил суд, и чьими словами & почему" }
image = "thumb.png"

[[media]]
file = "one.png"
alt = { ru = "Свеча 🕯️ на подоконнике <вечером>" }

[[media]]
file = "two.png"
alt = { ru = "Рука рядом с ней" }
"""
PARTS = (
    "Суд признал: людей держали в тайной тюрьме 🕯️ и пытали.\n\nИх семьи 👩‍👩‍👧 ждут ответа.",
    f"Решение стоит прочитать целиком: {LINK}\nОно открыто & на двух языках.",
    "Расскажите об этом одному человеку. 🏳️‍🌈 #Чечня",
)
SINGLE = f"Суд признал: людей держали в тайной тюрьме 🕯️ и пытали. Прочитайте: {LINK}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One part as a reader has it; images by the SHA-256 of their bytes."""

    text: str
    spans: tuple[tuple[str, str | None], ...]
    images: tuple[tuple[str, str], ...]
    card: tuple[str, str, str] | None
    card_image: str | None
    warning: str | None
    language: str


def played(stage: Stage, folder: Path, *, threads: bool) -> tuple[list[Seen], list[Seen]]:
    """Queue, approve and publish at the command line: (as the preview showed it, as the server gives it back)."""
    campaign = Campaign(folder=folder, stage=stage, more=f"threads = {str(threads).lower()}")
    campaign.go_live()
    _write(folder / "campaign" / "posts" / SLUG, threads=threads)
    campaign.types(
        "queue", "add", SLUG, "--at", "now", "--because", "Everything that a post may have", "--yes"
    )
    with campaign.app() as app:
        shown = _previewed(app)
    said = campaign.types("publish")
    assert said.count("  sent  ") == len(shown.parts), said
    came_back = stage.timeline()[::-1]
    _require_chain(came_back)
    return seen([shown]), seen(came_back)


def taken_down(stage: Stage, folder: Path, *, parts: int) -> None:
    """Recall at the command line what `played` published there: nothing of it is seen, by the server's own books."""
    Campaign(folder=folder, stage=stage).types("recall", "1", "--yes")
    assert stage.timeline() == []
    assert [each.deleted for each in stage.accepted()] == [True] * parts


def seen(posts: Sequence[Shown]) -> list[Seen]:
    """Every part of these posts, in order."""
    return [_part(part, post) for post in posts for part in post.parts]


def without_tags(parts: Sequence[Seen]) -> list[Seen]:
    """The same, links to tags taken for plain text: for a server that does not link them."""
    return [replace(each, spans=tuple(_plain(each.spans))) for each in parts]


# ── below ──


def _write(post: Path, *, threads: bool) -> None:
    post.mkdir()
    (post / "post.toml").write_text(ABOUT, encoding="utf-8")
    (post / "ru.md").write_text("\n---\n".join(PARTS) if threads else SINGLE, encoding="utf-8")
    for name, colour in (("one", "red"), ("two", "green"), ("thumb", "blue")):
        out = BytesIO()
        Image.new("RGB", (320, 180), colour).save(out, "PNG")
        (post / f"{name}.png").write_bytes(out.getvalue())


def _previewed(app: App) -> Shown:
    """What `clarion queue show` and `preview` show of it: from the payload that the outbox keeps."""
    with app.outbox.read() as tx:
        (entry,) = posts.entries(tx)
        (post,) = entry.posts
        return of_payload(
            post.payload,
            account=post.account,
            image=lambda digest: posts.image(tx, digest),
            due=post.due,
            zone=app.config.zone(),
        ).shown


def _require_chain(came_back: Sequence[Shown]) -> None:
    """Each part answers the one before it."""
    parts = [each.parts[0] for each in came_back]
    assert [part.answers for part in parts] == [None, *(part.remote_id for part in parts[:-1])]


def _part(part: ShownPart, post: Shown) -> Seen:
    card = part.card
    return Seen(
        text="".join(text for text, _ in part.spans),
        spans=part.spans,
        images=tuple((_digest(image), image.alt) for image in part.images),
        card=(card.url, card.title, card.description) if card else None,
        card_image=_digest(part.card_image) if part.card_image else None,
        warning=post.warning,
        language=post.language,
    )


def _digest(image: ShownImage) -> str:
    return sha256(b64decode(image.src.partition("base64,")[2])).hexdigest()


def _plain(spans: Sequence[tuple[str, str | None]]) -> list[tuple[str, str | None]]:
    joined: list[tuple[str, str | None]] = []
    for text, link in spans:
        target = None if link and link.startswith("#") else link
        if joined and joined[-1][1] is None and target is None:
            joined[-1] = (joined[-1][0] + text, None)
        else:
            joined.append((text, target))
    return joined
