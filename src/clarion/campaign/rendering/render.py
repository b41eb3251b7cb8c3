"""From a template, or from a text said once, to the parts a post is made of.

In: a template, the ledger, language, network, variables, the due time. Out: `Rendered`, or a CampaignError with file
and line. Jinja runs in a forked child, one for all that is asked at once; see `child.py`. What `say` gives is literal: it
never passes Jinja.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from clarion.campaign import toml
from clarion.campaign.ledgers.calls import Audience
from clarion.campaign.ledgers.ledger import Ledger
from clarion.campaign.nearest import did_you_mean
from clarion.campaign.plain import parts_of, with_tags
from clarion.campaign.rendering import child, marks
from clarion.campaign.rendering.words import Words, read_up
from clarion.campaign.templates import ABOUT, MAX_WARNING, PARTIALS, RESERVED, Template
from clarion.errors import CampaignError
from clarion.model import Used

if TYPE_CHECKING:
    from clarion.campaign.rendering.sandbox import Compiled, Sandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A text in NFC with its tags, before any network's rules. The images belong to part 1."""

    parts: tuple[str, ...]
    #: Per part the spans, in its characters, that a ledger or a filter for dates stands behind. None of what was typed.
    vouched: tuple[tuple[marks.Span, ...], ...]
    warning: str | None = None
    images: tuple[tuple[Path, str], ...] = ()  # file, alt text
    used: tuple[Used, ...] = ()
    calls: tuple[str, ...] = ()  # the ids of the calls it makes, or rests on
    gives: bool = False  # whether one of them asks to give money
    audience: Audience = "everyone"
    #: The words of its image card, by the names that `cards.Card` has; and in each of them, what is vouched for.
    card: Mapping[str, str] = field(default_factory=dict)
    card_vouched: Mapping[str, tuple[marks.Span, ...]] = field(default_factory=dict)
    #: The same of its first link's card, "title" and "description", and that card's picture.
    link_card: Mapping[str, str] = field(default_factory=dict)
    link_vouched: Mapping[str, tuple[marks.Span, ...]] = field(default_factory=dict)
    link_image: Path | None = None
    source: str | None = None
    where: str = "this text"  # what checks call it


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One wording of a template for one language and network. `due`, in the campaign's zone, is the template's now."""

    template: Template
    ledger: Ledger
    language: str
    network: str
    variables: Mapping[str, str]
    due: datetime
    tags: Sequence[str]
    wording: int = 1
    examples: frozenset[str] = (
        frozenset()
    )  # those values that are only there to try it with: they may be over


def render(
    template: Template,
    *,
    ledger: Ledger,
    language: str,
    network: str,
    variables: Mapping[str, str],
    due: datetime,
    tags: Sequence[str],
    wording: int = 1,
) -> Rendered:
    """What `render_all` makes of one. CampaignError, with file and line, where it cannot be rendered."""
    asked = Asked(
        template=template,
        ledger=ledger,
        language=language,
        network=network,
        variables=variables,
        due=due,
        tags=tags,
        wording=wording,
    )
    (rendered,) = render_all([asked])
    if isinstance(rendered, CampaignError):
        raise rendered
    return rendered


def render_all(asked: Sequence[Asked]) -> list[Rendered | CampaignError]:
    """What each becomes, in order, or why it cannot. One child renders all of them: ask for a command's at once."""
    return list(map(_finished, asked, _written(asked))) if asked else []


def literal(
    text: str,
    *,
    tags: Sequence[str],
    warning: str | None = None,
    images: Sequence[tuple[Path, str]] = (),
    source: str | None = None,
    card: Mapping[str, str] | None = None,
) -> Rendered:
    """A text as somebody said it. As in a template, a line `---` starts the next part; nothing else is special."""
    parts = parts_of(text, where="this text")
    return Rendered(
        parts=(with_tags(parts[0], tags), *parts[1:]),
        warning=_warning(warning or ""),
        images=tuple((file, unicodedata.normalize("NFC", alt.strip())) for file, alt in images),
        source=source,
        card={name: unicodedata.normalize("NFC", words) for name, words in (card or {}).items()},
        vouched=((),) * len(parts),
    )


def asked_by(template: Template) -> set[str]:
    """The names of the variables that some text of a template uses: what --set may give."""
    now = datetime.min.replace(tzinfo=UTC)
    words = Words(ledger=Ledger.empty(), language="en", due=now, where=template.slug)
    sandbox = _sandbox(template, words)
    work = child.Work(where=f"posts/{template.slug}", do=lambda: sorted(_names(template, sandbox)))
    (names,) = child.answers([work], list[str])
    if isinstance(names, CampaignError):
        raise names
    return set(names)


class _Text(msgspec.Struct, frozen=True):
    """What comes back from the child: the text as Jinja left it, with its marks."""

    text: str
    used: tuple[Used, ...]
    card: dict[str, str]
    link_card: dict[str, str]


def _written(asked: Sequence[Asked]) -> list[_Text | CampaignError]:
    # Before the fork, so that no child has to read Jinja and Babel again.
    from clarion.campaign.rendering.sandbox import Compiled

    for language in {each.language for each in asked}:
        read_up(language)
    met = _Met(compiled=Compiled())
    return child.answers(
        [child.Work(where=_where(each), do=partial(_write, each, met)) for each in asked], _Text
    )


def _where(asked: Asked) -> str:
    try:
        return toml.shown(asked.template.text(asked.language, asked.network, asked.wording))
    except CampaignError:
        return f"posts/{asked.template.slug}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Met:
    """What one rendering leaves for the next in the same child: files as compiled, and what each template asks for."""

    compiled: Compiled
    names: dict[str, set[str]] = field(default_factory=dict)


def _write(asked: Asked, met: _Met) -> _Text:
    """In the child: the template's text, and what of the ledger it used."""
    template = asked.template
    if asked.network not in template.about.networks:
        raise CampaignError(
            f"posts/{template.slug} is not for {asked.network}",
            f"add {asked.network} to networks in its post.toml",
        )
    path = template.text(asked.language, asked.network, asked.wording)
    words = Words(
        ledger=asked.ledger,
        language=asked.language,
        due=asked.due,
        where=toml.shown(path),
        examples=asked.examples,
    )
    sandbox = _sandbox(template, words, met.compiled)
    if asked.variables:
        if template.slug not in met.names:
            met.names[template.slug] = _names(template, sandbox)
        _check_variables(template, met.names[template.slug], asked.variables)
    values = {**asked.variables, "due": asked.due, "language": asked.language, "network": asked.network}
    text = sandbox.text(path, values)
    about = template.folder / ABOUT
    card, link_card = (
        {
            name: sandbox.phrase(phrase, about, values)
            for name, phrase in phrases(template, asked.language).items()
        }
        for phrases in (_card, _link_card)
    )
    for id_ in template.about.facts:
        words.rely_on("fact", id_)
    for id_ in template.about.calls:
        words.rely_on("call", id_)
    return _Text(text, words.used, card, link_card)


def _finished(asked: Asked, written: _Text | CampaignError) -> Rendered | CampaignError:
    if isinstance(written, CampaignError):
        return written
    template, language, where = asked.template, asked.language, _where(asked)
    text, spans = marks.lift(written.text)
    card, link_card = (
        {name: marks.composed(*marks.lift(words)) for name, words in phrases.items()}
        for phrases in (written.card, written.link_card)
    )
    try:
        parts = parts_of(text, where=where)
    except CampaignError as error:
        return error
    warning = template.about.warning.get(language)
    return Rendered(
        parts=(with_tags(parts[0], asked.tags), *parts[1:]),
        vouched=marks.follow(text, spans, parts),
        warning=_warning(warning or ""),
        images=tuple(
            (file, unicodedata.normalize("NFC", alt.strip())) for file, alt in template.images(language)
        ),
        used=written.used,
        calls=tuple(used.id for used in written.used if used.kind == "call"),
        gives=asked.ledger.calls.ask_for_money(written.used),
        audience=template.about.audience,
        card={name: words for name, (words, _) in card.items()},
        card_vouched={name: spans for name, (_, spans) in card.items()},
        link_card={name: words for name, (words, _) in link_card.items()},
        link_vouched={name: spans for name, (_, spans) in link_card.items()},
        link_image=_link_image(template) if link_card else None,
        source=template.about.source,
        where=where,
    )


def _warning(text: str) -> str | None:
    """One line that stands before the text; None where there is none."""
    line = unicodedata.normalize("NFC", text.strip())
    if len(line) > MAX_WARNING:
        raise CampaignError(f"the warning is longer than {MAX_WARNING} characters", "say it in a few words")
    return line or None


def _sandbox(template: Template, words: Words, compiled: Compiled | None = None) -> Sandbox:
    from clarion.campaign.rendering.sandbox import Compiled, Sandbox

    partials = template.folder.parent / PARTIALS
    return Sandbox(
        template.folder,
        partials,
        functions=words.functions,
        filters=words.filters,
        compiled=compiled or Compiled(),
    )


def _names(template: Template, sandbox: Sandbox) -> set[str]:
    asked = {name for path in template.texts.values() for name in sandbox.asks_for(path)}
    phrases = [
        phrase
        for language in template.languages
        for written in (_card(template, language), _link_card(template, language))
        for phrase in written.values()
    ]
    return (asked | sandbox.asks_for(template.folder / ABOUT, phrases)) - RESERVED


def _card(template: Template, language: str) -> dict[str, str]:
    return template.about.card.words(language) if template.about.card else {}


def _link_card(template: Template, language: str) -> dict[str, str]:
    return template.about.link_card.words(language) if template.about.link_card else {}


def _link_image(template: Template) -> Path | None:
    card = template.about.link_card
    return toml.inside(template.folder, card.image) if card and card.image else None


def _check_variables(template: Template, asked: set[str], variables: Mapping[str, str]) -> None:
    for name, value in variables.items():
        if name not in asked:
            known = f"it asks for: {', '.join(sorted(asked))}" if asked else "it asks for none"
            raise CampaignError(
                f'posts/{template.slug} does not ask for "{name}"', did_you_mean(name, asked, known)
            )
        if not value.strip():
            raise CampaignError(f'the value of "{name}" is empty', f'say it: --set {name}="…"')
        if private := marks.carried(value):
            raise CampaignError(f'the value of "{name}": {private}', "type these words again")
