"""The values that a template's variables need: all that are missing at once, and those to try it with.

In: what rendering complained of. Out: an error that names every missing value, or the request with values of [example].
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from clarion.errors import CampaignError

if TYPE_CHECKING:
    from clarion.app import App
    from clarion.composing.compose import Request


def lacks_one(request: Request, error: CampaignError) -> bool:
    """Whether it is a missing value of a template that rendering complained of."""
    from clarion.campaign.rendering.sandbox import NO_VALUE

    return request.slug is not None and (error.hint or "").startswith(NO_VALUE)


def all_missing(app: App, request: Request, error: CampaignError) -> CampaignError:
    """The error for every value that is missing, so that one more command is enough."""
    from clarion.campaign import templates
    from clarion.campaign.rendering import render

    assert request.slug is not None
    template = templates.load(app.folder, request.slug)
    asked = render.asked_by(template) - set(request.variables)
    known = [name for name in template.about.example if name in asked]
    missing = [*known, *sorted(asked - set(known))]
    if len(missing) < 2:
        return error
    options = " ".join(f'--set {name}="…"' for name in missing)
    return CampaignError(
        f"posts/{request.slug}: {len(missing)} variables have no value: {', '.join(missing)}",
        f"give them all: clarion queue add {request.slug} {options}",
    )


def with_examples(app: App, request: Request) -> tuple[Request, list[str]]:
    """The request with values of [example] where none is given, and the names of those."""
    from clarion.campaign import templates

    assert request.slug is not None
    example = templates.load(app.folder, request.slug).about.example
    names = [name for name in example if name not in request.variables]
    tried = frozenset(example[name] for name in names)
    return replace(request, variables={**example, **request.variables}, examples=tried), names
