"""From a template, or from a text said once, to the parts a post is made of.

In: a template, the ledger, language, network, variables, the due time. Out: `Rendered`, or a CampaignError with file
and line. What `say` gives is literal: it never passes Jinja.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from clarion.campaign import toml
from clarion.campaign.facts import Facts
from clarion.campaign.nearest import did_you_mean
from clarion.campaign.plain import parts_of, with_tags
from clarion.campaign.templates import PARTIALS, Template
from clarion.campaign.words import Words
from clarion.errors import CampaignError
from clarion.model import Used

if TYPE_CHECKING:
    from clarion.campaign.sandbox import Sandbox

_RESERVED = frozenset({"due", "language", "network"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A text in NFC with its tags, before any network's rules. The images belong to part 1."""

    parts: tuple[str, ...]
    warning: str | None = None
    images: tuple[tuple[Path, str], ...] = ()  # file, alt text
    used: tuple[Used, ...] = ()
    source: str | None = None
    where: str = "this text"  # what checks call it


def render(
    template: Template,
    *,
    facts: Facts,
    language: str,
    network: str,
    variables: Mapping[str, str],
    due: datetime,
    tags: Sequence[str],
    wording: int = 1,
) -> Rendered:
    """One wording of a template for one language and network. `due`, in the campaign's zone, is the template's now."""
    if network not in template.about.networks:
        raise CampaignError(
            f"posts/{template.slug} is not for {network}", f"add {network} to networks in its post.toml"
        )
    path = template.text(language, network, wording)
    words = Words(facts=facts, language=language, due=due, where=toml.shown(path))
    sandbox = _sandbox(template, words)
    _check_variables(template, sandbox, variables)
    text = sandbox.text(path, {**variables, "due": due, "language": language, "network": network})
    for id_ in template.about.facts:
        words.rely_on(id_)
    parts = parts_of(text, where=toml.shown(path))
    warning = template.about.warning.get(language)
    return Rendered(
        parts=(with_tags(parts[0], tags), *parts[1:]),
        warning=unicodedata.normalize("NFC", warning.strip()) if warning else None,
        images=tuple(
            (file, unicodedata.normalize("NFC", alt.strip())) for file, alt in template.images(language)
        ),
        used=words.used,
        source=template.about.source,
        where=toml.shown(path),
    )


def literal(
    text: str,
    *,
    tags: Sequence[str],
    warning: str | None = None,
    images: Sequence[tuple[Path, str]] = (),
    source: str | None = None,
) -> Rendered:
    """A text as somebody said it. As in a template, a line `---` starts the next part; nothing else is special."""
    parts = parts_of(text, where="this text")
    return Rendered(
        parts=(with_tags(parts[0], tags), *parts[1:]),
        warning=unicodedata.normalize("NFC", warning.strip()) if warning and warning.strip() else None,
        images=tuple((file, unicodedata.normalize("NFC", alt.strip())) for file, alt in images),
        source=source,
    )


def asked_by(template: Template) -> set[str]:
    """The names of the variables that some text of a template uses: what --set may give."""
    words = Words(facts=Facts({}), language="en", due=datetime.min.replace(tzinfo=UTC), where=template.slug)
    return _asked(template, _sandbox(template, words))


def _sandbox(template: Template, words: Words) -> Sandbox:
    from clarion.campaign.sandbox import Sandbox

    partials = template.folder.parent / PARTIALS
    return Sandbox(template.folder, partials, functions=words.functions, filters=words.filters)


def _asked(template: Template, sandbox: Sandbox) -> set[str]:
    return {name for path in template.texts.values() for name in sandbox.asks_for(path)} - _RESERVED


def _check_variables(template: Template, sandbox: Sandbox, variables: Mapping[str, str]) -> None:
    if not variables:
        return
    asked = _asked(template, sandbox)
    for name in variables:
        if name not in asked:
            known = f"it asks for: {', '.join(sorted(asked))}" if asked else "it asks for none"
            raise CampaignError(
                f'posts/{template.slug} does not ask for "{name}"', did_you_mean(name, asked, known)
            )
