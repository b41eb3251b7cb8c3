"""The page that shows a rehearsal network's timeline in a browser.

In: the posts as shown, newest first. Out: one self-contained HTML page: no script, nothing fetched.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from clarion import networks
from clarion.networks.base import Shown
from clarion.networks.view import draw, styles

if TYPE_CHECKING:
    from jinja2 import Template


def page(network: str, shown: Sequence[Shown]) -> str:
    """The timeline, in the order given."""
    return _template().render(
        title=networks.options(network).TITLE,
        shown=shown,
        styles=styles([network]),
        draw=draw,
        anchor=anchor,
    )


def anchor(remote_id: object) -> str:
    """Where on the page a post stands: an id without white space."""
    return f"post-{remote_id}".replace(" ", "_")


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("timeline.html")
