"""A small campaign in a temporary folder, with one account on each network."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from clarion import networks
from clarion.campaign import config
from clarion.campaign.config import Config
from clarion.campaign.denied import NOBODY, Denied
from clarion.composing.compose import Composed, Request, compose
from clarion.composing.linkcard import Pages
from clarion.model import Account, Identity
from tests import configs
from tests.ledgers import fact

DUE = datetime(2026, 9, 12, 6, 0, tzinfo=UTC)
CONFIG = configs.campaign(
    "test", languages=["en", "ru"], tags=["#EyesOnChechnya", "#CloseTheCamps"]
) + configs.one_each("example")
FACTS = fact(
    "judgment",
    wording={"en": "the European Court found torture", "ru": "Европейский суд установил пытки"},
    source="ECtHR, no. 28834/19",
    date=date(2023, 9, 12),
    as_of=date(2023, 9, 12),
    checked_on=date(2026, 1, 1),
)
POST = """
title = "The judgment"
purpose = "Remind"
source = "ECtHR, no. 28834/19"
languages = ["en", "ru"]
warning = { en = "CW: torture", ru = "Осторожно: пытки" }
evergreen = true

[[media]]
file = "card.png"
alt = { en = "White words on blue: The Court has ruled.", ru = "Белые слова на синем: Суд решил." }
"""
TEXTS = {
    "en.md": 'On {{ fact_date("judgment")|date }} {{ fact("judgment") }}.\n---\nRead it: https://hudoc.echr.coe.int/?i=001-226390\n',
    "ru.md": '{{ fact_date("judgment")|date }} года {{ fact("judgment") }}.\n---\nЧитайте: https://hudoc.echr.coe.int/?i=001-226390\n',
    "en.x.md": 'On {{ fact_date("judgment")|date }} {{ fact("judgment") }}. https://hudoc.echr.coe.int/?i=001-226390\n',
    "ru.x.md": '{{ fact("judgment") }}. https://hudoc.echr.coe.int/?i=001-226390\n',
}


def png(width: int = 320, height: int = 160) -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), (20, 60, 140)).save(out, "PNG")
    return out.getvalue()


def account(network: str, name: str | None = None) -> Account:
    return Account(
        name=name or network,
        network=network,
        handle="eyes.example" if network == "bluesky" else "eyes",
        server=f"https://{network}.example",
        identity=Identity(network=network, origin=f"rehearsal:https://{network}.example", remote_id="1"),
        limits=networks.options(network).LIMITS,
    )


class Desk:
    """A campaign folder, and short words for what tests do with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.accounts: Sequence[Account] = [account(name) for name in networks.NAMES]
        self.write("config.toml", CONFIG)
        self.write("posts/facts.toml", FACTS)
        self.write("posts/judgment/post.toml", POST)
        for name, text in TEXTS.items():
            self.write(f"posts/judgment/{name}", text)
        (folder / "posts/judgment/card.png").write_bytes(png())

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    @property
    def config(self) -> Config:
        return config.load(self.folder)

    def compose(self, now: datetime = DUE, **request: Any) -> list[Composed]:
        return self.composed(Request(**request), now=now)

    def composed(
        self,
        request: Request,
        *,
        now: datetime = DUE,
        denied: Denied = NOBODY,
        pages: Pages | None = None,
    ) -> list[Composed]:
        return compose(
            request,
            folder=self.folder,
            config=self.config,
            accounts=self.accounts,
            due=DUE,
            now=now,
            denied=denied,
            pages=pages,
        )


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)
