"""Deliveries for the contract, made as composing makes them, and the steps a worker takes with them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Protocol
from uuid import uuid4

import pytest
from PIL import Image

from clarion import networks as registry
from clarion.errors import OutcomeUnknown
from clarion.model import Account, Delivery, Media, Payload, Receipt
from clarion.networks.base import Draft, DraftPart, Publisher
from clarion.networks.rehearsing import Accepted
from tests.networks.stage import Stage

ALT = "A candle on a window sill, and a hand beside it"


class Voiced(Protocol):
    """What a delivery needs to know of where it goes; a `Stage` is one."""

    network: str
    media: dict[str, bytes]  # what publishers may load, by SHA-256

    def account(self, name: str = "voice") -> Account: ...


def delivery_on(
    stage: Voiced,
    text: str,
    *,
    language: str = "en",
    warning: str | None = None,
    media: Sequence[Media] = (),
    account: str = "voice",
    **more: Any,
) -> Delivery:
    """A post of one part. `more` is of the payload: labels, replies, visibility."""
    draft = Draft(parts=(DraftPart(text=text, media=tuple(media)),), warning=warning)
    (delivery,) = _deliveries(stage, draft, language, account, **more)
    return delivery


def chain(stage: Stage, texts: Sequence[str]) -> list[Delivery]:
    """The parts of a thread."""
    return _deliveries(stage, Draft(parts=tuple(DraftPart(text=text) for text in texts)), "en", "voice")


def publish(publisher: Publisher, delivery: Delivery) -> tuple[Delivery, Receipt]:
    """Stage, intent, send; the delivery with its intent."""
    staged = publisher.stage(delivery)
    delivery = intended(None, delivery)
    return delivery, publisher.send(replace(staged, delivery=delivery))


def thread(stage: Stage, publisher: Publisher, texts: Sequence[str]) -> list[Receipt]:
    """Publish a thread, each part in answer to the one before."""
    receipts: list[Receipt] = []
    for delivery in chain(stage, texts):
        chained = replace(delivery, root=receipts[0], parent=receipts[-1]) if receipts else delivery
        receipts.append(publish(publisher, chained)[1])
    return receipts


def in_doubt(stage: Stage, publisher: Publisher, delivery: Delivery, fault: str) -> Delivery:
    """Send with a fault that hides the outcome; the delivery with its intent."""
    staged = publisher.stage(delivery)
    delivery = intended(stage, delivery)
    stage.fault(fault)
    with pytest.raises(OutcomeUnknown):
        publisher.send(replace(staged, delivery=delivery))
    return delivery


def intended(stage: Stage | None, delivery: Delivery) -> Delivery:
    """A delivery whose intent is written: its first stays."""
    now = stage.now if stage else datetime.now(UTC)
    return replace(delivery, first_intent_at=delivery.first_intent_at or now)


def one(stage: Stage) -> Accepted:
    """The one post that the server took."""
    (taken,) = stage.accepted()
    return taken


def picture(stage: Voiced, colour: str) -> Media:
    """A small PNG that the publisher may load."""
    written = io.BytesIO()
    Image.new("RGB", (16, 9), colour).save(written, "PNG")
    return kept(stage, written.getvalue())


def kept(stage: Voiced, content: bytes) -> Media:
    """These bytes, as an image that the publisher may load."""
    name = sha256(content).hexdigest()
    stage.media[name] = content
    return Media(sha256=name, mime="image/png", alt=ALT, width=16, height=9)


def _deliveries(stage: Voiced, draft: Draft, language: str, name: str, **more: Any) -> list[Delivery]:
    account = stage.account(name)
    payload = Payload(
        account=account.identity,
        language=language,
        warning=draft.warning,
        parts=registry.text(stage.network).fit(draft, account.limits),
        **more,
    )
    post, outbox = uuid4().hex, uuid4().hex
    return [
        Delivery(
            id=uuid4().hex,
            outbox_id=outbox,
            post_id=post,
            part=number,
            account=account,
            payload=payload,
        )
        for number in range(1, len(payload.parts) + 1)
    ]
