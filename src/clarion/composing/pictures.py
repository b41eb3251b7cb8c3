"""The images of one command: read once, re-encoded from pixels once, known by the hash of their final bytes.

In: paths, of a template's folder or as somebody typed them. Out: `media.Image`s and `model.Media`.
"""

from __future__ import annotations

from pathlib import Path

from clarion.campaign import media, toml
from clarion.campaign.media import Image
from clarion.model import Media


class Pictures:
    """Reads and re-encodes each path once."""

    def __init__(self) -> None:
        self._images: dict[Path, Image] = {}

    def read(self, path: Path) -> Image:
        """The re-encoded image. CampaignError when it cannot be read or is no image."""
        image = self._images.get(path)
        if image is None:
            image = self._images[path] = media.reencode(toml.read_bytes(path, media.MAX_RAW), name=path.name)
        return image

    def media(self, path: Path, alt: str) -> Media:
        """The image as a part shows it."""
        image = self.read(path)
        return Media(sha256=image.sha256, mime=image.mime, alt=alt, width=image.width, height=image.height)
