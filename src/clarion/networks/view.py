"""Posts as their networks show them, in HTML: the previews' and the rehearsal timelines' one way to draw.

In: a `Shown`. Out: HTML that fetches nothing and needs no script. Each network draws in its own `view.html`, by two
macros: `style()` and `post(shown)`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from clarion import networks
from clarion.networks.base import CARD_LATER, Shown

if TYPE_CHECKING:
    from jinja2 import Environment

_HERE = Path(__file__).parent


def draw(shown: Shown) -> Markup:
    """One post, all its parts, as an HTML fragment; the page must carry `styles` of its network."""
    return Markup(_view(shown.network).post(shown))  # noqa: S704 - the template escaped it


def styles(names: Iterable[str] = networks.NAMES) -> Markup:
    """The CSS that posts of these networks need, without the `style` tag."""
    return Markup("\n").join(
        Markup(_view(name).style())  # noqa: S704 - a template without input
        for name in sorted(set(names))
    )


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["card_later"] = CARD_LATER
    return made


@cache
def _view(network: str) -> Any:
    if network not in networks.NAMES:
        raise KeyError(network)
    return _environment().get_template(f"{network}/view.html").module
