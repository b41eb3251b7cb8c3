"""A link's card from a page on loopback to readers on the stand-in: what was approved is what arrives."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from PIL import Image

from clarion.app import App
from clarion.networks.public import Reach
from clarion.trial.demo import make_campaign
from tests.composing.test_linkcard import IMAGE, Site, a_site, here, jpeg
from tests.networks.conftest import Networks
from tests.trial.test_live import Organiser


class Reader(Organiser):
    """An organiser whose machine may read pages on loopback."""

    reach: Reach | None = None

    def app(self) -> App:
        return App(
            campaign=str(self.folder),
            state=self.folder / "state",
            live_bases=self.networks.urls,
            reach=self.reach,
        )


@pytest.fixture
def reader(tmp_path: Path, networks: Networks) -> Reader:
    make_campaign(tmp_path)
    (tmp_path / "posts/links.toml").write_text('allowed = ["page.example"]\n')
    made = Reader(tmp_path, networks)
    made.reach = here()
    return made


def say(reader: Reader, site: Site, *, code: int = 0) -> str:
    text = f"They have found it. Read what it says: {site.url}"
    return reader.types("say", text, "--to", "bluesky", "--yes", code=code).output


def test_a_page_read_live_stands_below_its_link_as_it_was_approved(reader: Reader) -> None:
    reader.give_secrets("bluesky")
    with a_site() as site:
        site.says("The judgment", "What the Court found", IMAGE, card_jpg=("image/jpeg", jpeg()))
        reader.types("live", "--yes")
        shown = say(reader, site)
        assert "Reading the page at page.example, for the link's card" in shown
        assert "[Link card] [Image 200 x 200] The judgment" in shown
        site.says("Changed after it was approved")
        reader.types("publish")
        assert site.asked == ["/a", "/card.jpg"]
    [post] = reader.networks.timeline("bluesky")
    [part] = post.parts
    assert part.card is not None
    assert (part.card.url, part.card.title, part.card.description) == (
        site.url,
        "The judgment",
        "What the Court found",
    )
    assert part.card_image is not None
    arrived = base64.b64decode(part.card_image.src.partition("base64,")[2])
    assert Image.open(io.BytesIO(arrived)).size == (200, 200)
    assert b"MARK" not in arrived
    assert "The judgment" in reader.types("preview", "1").output


def test_a_page_that_names_somebody_in_danger_stops_the_post(reader: Reader) -> None:
    reader.give_secrets("bluesky")
    reader.types("live", "--yes")
    names = reader.folder / "names.txt"
    names.write_text("Anzor Maskhadov\n")
    reader.types("people", "deny", "--file", str(names))
    with a_site() as site:
        site.says("Anzor Maskhadov was seen in Grozny")
        said = say(reader, site, code=3)
    assert "the card that page.example gives its link" in said
    assert reader.accepted() == []


def test_a_site_that_is_down_stops_nothing(reader: Reader) -> None:
    reader.give_secrets("bluesky")
    reader.types("live", "--yes")
    with a_site() as site:
        assert "A link has no card (page.example): it answers 404." in say(reader, site)
    reader.types("publish")
    assert len(reader.accepted()) == 1


def test_a_rehearsal_reads_no_page(reader: Reader) -> None:
    with a_site() as site:
        site.says("The judgment")
        assert "[Link card] Made only when this is queued live" in say(reader, site)
        assert site.asked == []
