"""Where the words of a post come from: a template, rendered for each network, or a text somebody typed.

In: a request and the campaign. Out: a `Source`, which gives a `Rendered` per language and network.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from clarion.campaign import domains, proper, templates, toml
from clarion.campaign.checks import found
from clarion.campaign.checks.alphabet import CYRILLIC
from clarion.campaign.checks.money import asks
from clarion.campaign.ledgers.calls import Call
from clarion.campaign.ledgers.ledger import Ledger
from clarion.campaign.plain import parts_of
from clarion.campaign.rendering import render
from clarion.campaign.rendering.marks import CallSpan
from clarion.campaign.rendering.render import Asked, Rendered
from clarion.campaign.templates import Template
from clarion.composing.linkcard import Own
from clarion.errors import CampaignError
from clarion.model import Finding, Used
from clarion.networks import NAMES as NETWORKS
from clarion.networks.splitting import without_tags


class Source(Protocol):
    """What is written once and shown on many accounts."""

    @property
    def name(self) -> str: ...

    @property
    def languages(self) -> tuple[str, ...]: ...

    @property
    def networks(self) -> tuple[str, ...]: ...

    @property
    def evergreen(self) -> bool: ...

    @property
    def late(self) -> timedelta | None: ...

    @property
    def typed(self) -> bool:
        """Whether it is somebody's own words, which need name no source."""
        ...

    def prepare(self, wanted: Sequence[tuple[str, str]]) -> None:
        """Make ready what will be asked for, as (language, network): together it costs one child."""
        ...

    def words(self, language: str, network: str) -> Rendered:
        """The text for one language and network. CampaignError when it is not written, or does not render."""
        ...

    def shorter(self, language: str, network: str) -> str:
        """What a person does when the text is too long for one network."""
        ...

    def single(self, language: str, network: str, threading: Sequence[str]) -> str:
        """What a person does where a network takes no thread; `threading` are the accounts asked that take one."""
        ...

    def link_cards(self, rendered: Rendered, language: str) -> dict[str, Own]:
        """The cards that the ledger has for links of the text, by their addresses."""
        ...

    def call_links(self, rendered: Rendered, language: str) -> list[str]:
        """The pages of the calls that the text makes or rests on."""
        ...

    def standing(self, rendered: Rendered, language: str) -> list[Finding]:
        """What the ledger says, today, of the facts the text used."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FromTemplate:
    """A template of the campaign with its variables filled. `now` is when its facts are judged."""

    template: Template
    ledger: Ledger
    variables: Mapping[str, str]
    wording: int
    tags: Sequence[str]
    due: datetime
    now: datetime
    example: bool = False  # its variables are those of [example]: nobody will read it
    examples: frozenset[str] = frozenset()  # or those of its values that are
    _ready: dict[tuple[str, str], Rendered | CampaignError] = field(default_factory=dict, init=False)

    typed = False

    @property
    def name(self) -> str:
        return f"posts/{self.template.slug}"

    @property
    def languages(self) -> tuple[str, ...]:
        return self.template.languages

    @property
    def networks(self) -> tuple[str, ...]:
        return self.template.about.networks

    @property
    def evergreen(self) -> bool:
        return self.template.about.evergreen

    @property
    def late(self) -> timedelta | None:
        return self.template.about.late

    def prepare(self, wanted: Sequence[tuple[str, str]]) -> None:
        prepare([(self, wanted)])

    def words(self, language: str, network: str) -> Rendered:
        self.prepare([(language, network)])
        rendered = self._ready[language, network]
        if isinstance(rendered, CampaignError):
            raise rendered
        return rendered

    def lacking(self, wanted: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """Those of the (language, network) wanted that are not rendered yet, each once."""
        return [pair for pair in dict.fromkeys(wanted) if pair not in self._ready]

    def keep(self, language: str, network: str, rendered: Rendered | CampaignError) -> None:
        """Remember what was rendered for these, or why it cannot be."""
        self._ready[language, network] = rendered

    def asked(self, language: str, network: str) -> Asked:
        """What to render for these."""
        return Asked(
            template=self.template,
            ledger=self.ledger,
            language=language,
            network=network,
            variables=self.variables,
            due=self.due,
            tags=self.tags,
            wording=self.wording,
            examples=frozenset(self.variables.values()) if self.example else self.examples,
        )

    def shorter(self, language: str, network: str) -> str:
        written = self.template.text(language, network, self.wording).name
        own = self._own(language, network)
        edit = f"shorten {self.name}/{written}"
        return f"{edit}." if written == own else f"{edit}, or write {self.name}/{own} for this network."

    def single(self, language: str, network: str, threading: Sequence[str]) -> str:
        return f"Write {self.name}/{self._own(language, network)}"

    def _own(self, language: str, network: str) -> str:
        return f"{language}{f'.{self.wording}' if self.wording > 1 else ''}.{network}.md"

    def link_cards(self, rendered: Rendered, language: str) -> dict[str, Own]:
        made: dict[str, Own] = {}
        for call, page in self._made(rendered, language):
            if call.link_card and (words := call.link_card.words(language)):
                image = call.link_card.image
                made[page] = Own(
                    words=words,
                    vouched={name: (CallSpan(0, len(said)),) for name, said in words.items()},
                    image=toml.inside(self.template.folder.parent, image) if image else None,
                )
        return made

    def call_links(self, rendered: Rendered, language: str) -> list[str]:
        return [page for _, page in self._made(rendered, language)]

    def _made(self, rendered: Rendered, language: str) -> list[tuple[Call, str]]:
        """The calls that the text makes, each with its page."""
        calls = dict(self.ledger.calls.items())
        pages = [(calls[id_], calls[id_].page(language)) for id_ in rendered.calls]
        return [(call, page) for call, page in pages if page]

    def standing(self, rendered: Rendered, language: str) -> list[Finding]:
        findings = [
            found(
                "people-in-photo",
                where=self.name,
                why=f"{picture.file} shows people, says post.toml: does everybody on it know that it is posted?",
                mend="Ask them, or take a picture without people.",
            )
            for picture in self.template.about.media
            if picture.people
        ]
        for used in rendered.used:
            findings += self._objections(used, rendered.where, language)
        return findings + self._unverified(rendered, language)

    def _unverified(self, rendered: Rendered, language: str) -> list[Finding]:
        """A post that asks for money for somebody whom the campaign did not verify. An example asks nobody."""
        text = "\n".join(rendered.parts)
        pages = {link.address for link in domains.links(text)}
        asking = rendered.gives or self._asked_in_other_calls(rendered, language)
        if self.example or not asking or not self.ledger.calls.unverified(text, pages):
            return []
        return [
            found(
                "recipient",
                where=rendered.where,
                why="It asks for money, and does not name a recipient of the verified list and their page alone.",
                mend="Name one as posts/calls.toml has them. Whoever has verified another adds it there: [recipients.ID]",
            )
        ]

    def _asked_in_other_calls(self, rendered: Rendered, language: str) -> bool:
        """Whether a call that is of another kind asks for money all the same: no kind hides it."""
        calls = dict(self.ledger.calls.items())
        return any(asks(calls[id_].wording.get(language, "")) for id_ in rendered.calls)

    def _objections(self, used: Used, where: str, language: str) -> list[Finding]:
        """What speaks against something of the ledger that the text used. A call must still be open when it goes out."""
        today = self.now.date()
        broken = self.ledger.broken(
            used, language, max(today, self.due.date()) if used.kind == "call" else today
        )
        late = self.ledger.unreviewed(used, today)
        mend = f"Read its source again, then: clarion posts confirm {late[0]} --kind fact" if late else None
        if broken:
            mend = mend or f"Take it out of {where}."
            return [found("ledger", where=where, why=_sentence(broken), mend=mend)]
        if late:
            why = f'The fact "{late[0]}" should have been reviewed by {late[1]}.'
            return [found("review", where=where, why=why, mend=mend)]
        return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A text as somebody typed it: literal, in one language, for every network. A source is shown below it."""

    text: str
    language: str
    tags: Sequence[str]
    warning: str | None
    images: Sequence[tuple[Path, str]]
    source: str | None
    card: bool = False

    name = "this text"
    networks = NETWORKS
    evergreen = False
    late = None
    typed = True

    @property
    def languages(self) -> tuple[str, ...]:
        return (self.language,)

    def prepare(self, wanted: Sequence[tuple[str, str]]) -> None:
        pass  # what is typed needs no rendering

    def words(self, language: str, network: str) -> Rendered:
        text = self.text.rstrip()
        if self.source and self.source not in text:
            text = f"{text}\n\n{self.source}"
        return render.literal(
            text,
            tags=self.tags,
            warning=self.warning,
            images=self.images,
            source=self.source,
            card=self._card() if self.card else None,
        )

    def _card(self) -> dict[str, str]:
        """What stands on its card: part 1, without tags at its end, for a card has its own place for them."""
        text, _ = without_tags(parts_of(self.text, where=self.name)[0])
        return {"text": text, "source": self.source or ""}

    def shorter(self, language: str, network: str) -> str:
        return "shorten the text."

    def single(self, language: str, network: str, threading: Sequence[str]) -> str:
        if threading:
            return f"Say it where threads are taken: {' '.join(f'--to {name}' for name in threading)}"
        return "Say it in one post, without a line ---"

    def link_cards(self, rendered: Rendered, language: str) -> dict[str, Own]:
        return {}

    def call_links(self, rendered: Rendered, language: str) -> list[str]:
        return []

    def standing(self, rendered: Rendered, language: str) -> list[Finding]:
        return []


def prepare(wanted: Sequence[tuple[FromTemplate, Sequence[tuple[str, str]]]]) -> None:
    """Make several templates ready, each for what it will be asked as (language, network): together they cost one child."""
    new = [(source, *pair) for source, pairs in wanted for pair in source.lacking(pairs)]
    rendered = render.render_all([source.asked(language, network) for source, language, network in new])
    for (source, language, network), made in zip(new, rendered, strict=True):
        source.keep(language, network, made)


def template(
    folder: Path,
    slug: str,
    *,
    variables: Mapping[str, str],
    wording: int,
    tags: Sequence[str],
    due: datetime,
    now: datetime,
    examples: frozenset[str] = frozenset(),
) -> FromTemplate:
    """The template `slug` of the campaign in `folder`; `due` and `now` in the campaign's zone."""
    return FromTemplate(
        template=templates.load(folder, slug),
        ledger=Ledger.load(folder),
        variables=variables,
        wording=wording,
        tags=tags,
        due=due,
        now=now,
        examples=examples,
    )


def typed(
    text: str,
    *,
    asked: Sequence[str] | None,
    known: Sequence[str],
    tags: Sequence[str],
    warning: str | None,
    images: Sequence[tuple[Path, str]],
    source: str | None,
    card: bool = False,
) -> Typed:
    """A typed text in the language asked for, else in the first of the campaign's that its letters allow."""
    if asked and len(asked) > 1:
        raise CampaignError("a text you type is in one language", f"name one: --lang {asked[0]}")
    language = proper.language(asked[0]) if asked else _guess(text, known)
    return Typed(
        text=text, language=language, tags=tags, warning=warning, images=images, source=source, card=card
    )


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


def _guess(text: str, known: Sequence[str]) -> str:
    letters = [unicodedata.name(char, "") for char in text if char.isalpha()]
    cyrillic = 2 * sum(name.startswith("CYRILLIC") for name in letters) > len(letters)
    fitting = [language for language in known if (language.partition("-")[0] in CYRILLIC) == cyrillic]
    return (fitting or list(known))[0]
