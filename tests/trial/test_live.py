"""Live, against servers on loopback that only a constructor can name: no setting and no variable redirects live."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from clarion import networks as registry
from clarion.app import App
from clarion.cli import clarion
from clarion.errors import PublishError
from clarion.model import Identity
from tests.networks.conftest import Networks

MARK = b"GPS-51.4934N-0.0098W-secret-place"


class Organiser:
    """Types commands in a campaign whose live networks are local."""

    def __init__(self, folder: Path, networks: Networks) -> None:
        self.folder = folder
        self.networks = networks

    def app(self) -> App:
        return App(campaign=str(self.folder), state=self.folder / "state", live_bases=self.networks.urls)

    def types(self, *words: str, code: int = 0) -> Result:
        with self.app() as app:
            result = CliRunner().invoke(clarion, list(words), obj=app, env={"CLARION_AS": "vera"})
        assert result.exit_code == code, result.output
        return result

    def give_secrets(self, *names: str) -> None:
        with self.app() as app:
            for name in names:
                network = app.config.accounts[name].network
                app.secrets.set(name, registry.rehearsal(network).secret(name))

    def accepted(self) -> list[str]:
        return [one.text for network in registry.NAMES for one in self.networks.accepted(network)]


@pytest.fixture
def organiser(tmp_path: Path, networks: Networks) -> Organiser:
    from clarion.trial.demo import make_campaign

    make_campaign(tmp_path)
    return Organiser(tmp_path, networks)


def photo_with_gps(path: Path) -> Path:
    """A JPEG whose EXIF says where it was taken and by whom."""
    exif = Image.Exif()
    exif[0x010E] = MARK.decode()
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (51.0, 29.0, 36.0)
    raw = io.BytesIO()
    Image.new("RGB", (640, 480), "darkred").save(raw, "JPEG", exif=exif, comment=MARK)
    assert raw.getvalue().count(MARK) >= 2
    path.write_bytes(raw.getvalue())
    return path


def test_live_sends_only_what_was_queued_live(organiser: Organiser) -> None:
    organiser.types("say", "Only rehearsed.", "--yes")
    organiser.give_secrets("x", "mastodon", "bluesky")
    organiser.types("live", "--yes")
    organiser.types("publish")
    assert organiser.accepted() == []
    organiser.types("say", "This is for real.", "--yes")
    organiser.types("publish")
    assert len(organiser.accepted()) == 3
    assert all("This is for real." in text for text in organiser.accepted())


def test_a_photos_place_does_not_arrive(organiser: Organiser) -> None:
    photo = photo_with_gps(organiser.folder / "photo.jpg")
    organiser.give_secrets("x", "mastodon", "bluesky")
    organiser.types("live", "--yes")
    organiser.types("say", "A wall.", "--image", str(photo), "--alt", "A dark red wall", "--yes")
    organiser.types("publish")
    for network in registry.NAMES:
        [one] = organiser.networks.accepted(network)
        assert [alt for _, alt in one.images] == ["A dark red wall"]
        [shown] = organiser.networks.timeline(network)
        arrived = base64.b64decode(shown.parts[0].images[0].src.partition("base64,")[2])
        assert MARK not in arrived
        assert not Image.open(io.BytesIO(arrived)).getexif()
        assert not re.search(rb"Exif|GPS|http://ns.adobe|Photoshop|ICC_PROFILE|iTXt|tEXt", arrived)


def test_no_variable_redirects_live(organiser: Organiser, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "ALL_PROXY",
        "CLARION_BASE",
        "CLARION_LIVE_BASES",
        "CLARION_SERVER",
    ):
        monkeypatch.setenv(name, organiser.networks.urls["mastodon"])
    with App(campaign=str(organiser.folder), state=organiser.folder / "state", live=True) as app:
        for name in app.config.accounts:
            account = replace(app.rehearsed(name), identity=Identity(network="", origin="", remote_id=""))
            assert app.base(account).startswith("https://")
            assert "127.0.0.1" not in app.base(account)


def test_accounts_that_no_network_knows_keep_the_campaign_in_rehearsal(organiser: Organiser) -> None:
    with organiser.app() as app:
        app.secrets.set("mastodon", {"access_token": "wrong"})
    result = organiser.types("live", "--yes", code=2)
    assert "no account is verified" in result.output
    assert 'mode = "rehearsal"' in (organiser.folder / "config.toml").read_text()


def test_a_secret_that_was_not_verified_sends_nothing(organiser: Organiser) -> None:
    """Posts were approved for the verified account; another token may be somebody else's."""
    organiser.give_secrets("mastodon")
    organiser.types("live", "--yes")
    organiser.types("say", "For the verified account.", "--to", "mastodon", "--yes")
    with organiser.app() as app:
        app.secrets.set("mastodon", registry.rehearsal("mastodon").secret("somebody-else"))
    result = organiser.types("publish")
    assert "not the one that was verified" in result.output
    assert organiser.accepted() == []


def test_a_server_changed_in_the_configuration_gets_no_token(organiser: Organiser) -> None:
    organiser.give_secrets("mastodon")
    organiser.types("live", "--yes")
    organiser.types("say", "For the verified server.", "--to", "mastodon", "--yes")
    config = organiser.folder / "config.toml"
    config.write_text(config.read_text().replace("https://mastodon.example", "https://evil.example"))
    result = organiser.types("publish")
    assert "was verified at https://mastodon.example" in result.output
    assert organiser.accepted() == []


def test_a_rehearsal_never_leaves_the_machine(organiser: Organiser) -> None:
    with organiser.app() as app:
        account = app.rehearsed("mastodon")
        app.connections.base = lambda _account: "https://mastodon.example"
        with (
            app.connections.of(account) as publisher,
            pytest.raises(PublishError, match="never leaves this machine"),
        ):
            publisher.verify()


def test_a_second_machine_may_preview_but_not_queue(organiser: Organiser, tmp_path: Path) -> None:
    organiser.give_secrets("mastodon")
    organiser.types("live", "--yes")
    elsewhere = App(
        campaign=str(organiser.folder), state=tmp_path / "other", live_bases=organiser.networks.urls
    )
    with elsewhere:
        shown = CliRunner().invoke(clarion, ["preview", "court-found"], obj=elsewhere)
        assert shown.exit_code == 0, shown.output
        said = CliRunner().invoke(
            clarion, ["say", "Twice?", "--yes"], obj=elsewhere, env={"CLARION_AS": "ben"}
        )
    assert said.exit_code == 2
    assert "another machine" in said.output
