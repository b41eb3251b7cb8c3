"""Draw previews as one page for a phone: whole in itself, no script, nothing fetched.

In: previews. Out: HTML, or a file in a folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from clarion.review.preview import Preview
from clarion.review.remarks import Reason, in_words_of

#: The page's name says nothing about the campaign to whoever sees a list of files.
FILE_NAME = "index.html"
TITLE = "Preview"


def web(previews: Sequence[Preview], *, title: str = TITLE, because: Reason | None = None) -> str:
    """One page, whole in itself: no script, nothing fetched, readable on a small phone.

    `because` is the reason that was given for what the checks say.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from clarion.networks import view

    pages = Environment(
        loader=PackageLoader("clarion.review", "pages"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return pages.get_template("preview.html").render(
        title=title,
        previews=previews,
        blocked=sum(each.blocked for each in previews),
        remarks=[
            "\n".join(lines)
            for lines in in_words_of((each for one in previews for each in one.findings), because=because)
        ],
        styles=view.styles(preview.shown.network for preview in previews),
        draw=lambda shown: view.draw(replace(shown, at=None)),  # the page says when, above each post
    )


def write_web(
    folder: Path,
    previews: Sequence[Preview],
    *,
    title: str = TITLE,
    because: Reason | None = None,
) -> Path:
    """Write the page into a folder, made if need be; its path. `because` as for `web`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE_NAME
    path.write_text(web(previews, title=title, because=because), encoding="utf-8")
    return path
