"""Templates: `posts/<slug>/`, a `post.toml` that says what it is and plain text per language.

In: the campaign folder and a slug. Out: a frozen `Template` that knows its files; `render.py` turns it into text.
File names: `en.md`, further wordings `en.2.md`, for one network `en.x.md`, and both `en.2.x.md`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from clarion.campaign import toml
from clarion.campaign.config import Duration
from clarion.campaign.keys import Key
from clarion.campaign.ledgers.calls import Audience
from clarion.campaign.ledgers.linkcard import LinkCard
from clarion.campaign.nearest import did_you_mean
from clarion.campaign.pictures import cards
from clarion.campaign.toml import Document, Table
from clarion.errors import CampaignError
from clarion.networks import NAMES as NETWORKS

FOLDER = "posts"
PARTIALS = "_partials"
ABOUT = "post.toml"
#: What every template knows without being given it.
RESERVED = frozenset({"due", "language", "network"})
#: Characters of a warning: one line, which stands before the text.
MAX_WARNING = 300

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
_TEXT = re.compile(r"(?P<language>[a-z]{2,3}(-[A-Z]\w+)?)(\.(?P<wording>\d+))?(\.(?P<network>[a-z]+))?\.md")


class Picture(Table, frozen=True, kw_only=True):
    """An image of part 1, and what it shows in each language, for those who do not see it."""

    file: str
    alt: dict[str, str]
    people: bool = False  # whether people can be seen on it: then somebody looks again before it goes out


class About(Table, frozen=True, kw_only=True):
    """`post.toml`."""

    title: str
    purpose: str
    languages: tuple[str, ...]
    networks: tuple[str, ...] = NETWORKS
    warning: dict[str, str] = msgspec.field(default_factory=dict)
    media: tuple[Picture, ...] = ()
    facts: tuple[str, ...] = ()  # what the text relies on without printing it by fact()
    calls: tuple[str, ...] = ()  # what it asks for without printing it by call()
    #: What its variables are filled with where nothing is queued: in `posts check`, in golden files.
    example: dict[str, str] = msgspec.field(default_factory=dict)
    card: cards.Asked | None = None
    link_card: LinkCard | None = None  # of the post's first link
    late: Duration | None = None
    evergreen: bool = False
    audience: Audience = "everyone"
    source: str | None = None
    author: str | None = None


#: Which text file: language, wording from 1, and the network it is for, or None for all.
Which = tuple[str, int, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One template as its folder has it now. Nothing of it is rendered yet."""

    slug: str
    folder: Path  # posts/<slug>
    about: About
    texts: Mapping[Which, Path]

    @property
    def languages(self) -> tuple[str, ...]:
        return self.about.languages

    def wordings(self, language: str) -> int:
        """How many wordings there are to rotate."""
        return sum(1 for which in self.texts if which[0] == language and which[2] is None)

    def text(self, language: str, network: str, wording: int = 1) -> Path:
        """The file to render: the network's own where there is one. CampaignError when there is none."""
        self._require_language(language)
        for which in ((language, wording, network), (language, wording, None)):
            if which in self.texts:
                return self.texts[which]
        raise CampaignError(
            f"posts/{self.slug} has no wording {wording} in {language}; it has {self.wordings(language)}",
            f"write posts/{self.slug}/{language}.{wording}.md",
        )

    def images(self, language: str) -> tuple[tuple[Path, str], ...]:
        """The files of its pictures with their alt text in a language."""
        self._require_language(language)
        return tuple((self.folder / picture.file, picture.alt[language]) for picture in self.about.media)

    def _require_language(self, language: str) -> None:
        if language not in self.about.languages:
            raise CampaignError(
                f"posts/{self.slug} is not written in {language}; it is in {', '.join(self.about.languages)}",
                f"to begin it: clarion posts edit {self.slug} --lang {language}",
            )


def names(folder: Path) -> list[str]:
    """The slugs of the campaign in `folder`, sorted."""
    posts = folder / FOLDER
    if not posts.is_dir():
        return []
    return sorted(
        entry.name for entry in posts.iterdir() if _SLUG.fullmatch(entry.name) and (entry / ABOUT).is_file()
    )


def load(folder: Path, slug: str) -> Template:
    """The template `slug` of the campaign in `folder`. Everything that can be told without rendering is checked."""
    home = folder / FOLDER / slug
    if not _SLUG.fullmatch(slug) or not (home / ABOUT).is_file():
        raise CampaignError(
            f'there is no template "{slug}"',
            did_you_mean(slug, names(folder), "clarion posts list shows what there is"),
        )
    if home.resolve().parent != (folder / FOLDER).resolve():
        raise CampaignError(
            f"{toml.shown(home)} is a link to another folder", "put the folder itself into posts"
        )
    document = toml.read(home / ABOUT)
    about = document.typed(About)
    template = Template(slug=slug, folder=home, about=about, texts=_texts(home, about))
    _check(document, template)
    return template


def require_slug(typed: str) -> None:
    """Raise CampaignError where this cannot name a template. Digits alone mean an entry of the queue."""
    if not _SLUG.fullmatch(typed) or typed.isdigit():
        raise CampaignError(
            f"“{typed}” cannot name a post",
            "use small letters a-z, with digits and hyphens, as in court-found",
        )


def _texts(home: Path, about: About) -> dict[Which, Path]:
    texts: dict[Which, Path] = {}
    for path in sorted(home.glob("*.md")):
        if path.name.startswith("_"):
            continue  # a piece for {% include %}
        texts[_which(path, about)] = toml.inside(home, path.name)
    return texts


def _which(path: Path, about: About) -> Which:
    name = _TEXT.fullmatch(path.name)
    if not name or name["language"] not in about.languages:
        raise CampaignError(
            f"{toml.shown(path)}: no language of {ABOUT} has a file of this name",
            f"name it {about.languages[0] if about.languages else 'en'}.md or en.2.md, or add its language to {ABOUT}",
        )
    network = name["network"]
    if network and network not in NETWORKS:
        raise CampaignError(
            f'{toml.shown(path)}: "{network}" is no network',
            did_you_mean(network, NETWORKS, f"Clarion knows: {', '.join(NETWORKS)}"),
        )
    return name["language"], int(name["wording"] or 1), network


def _check(document: Document, template: Template) -> None:
    about = template.about
    if not about.languages:
        raise document.error(("languages",), "is empty", 'languages = ["en"]')
    for network in about.networks:
        if network not in NETWORKS:
            known = did_you_mean(network, NETWORKS, f"Clarion knows: {', '.join(NETWORKS)}")
            raise document.error(("networks",), f'names "{network}", which is no network', known)
    for name in about.example:
        if name in RESERVED:
            raise document.error(("example", name), "is there, but every template knows it", "remove it")
    for language in about.languages:
        _check_language(document, template, language)
    for place, picture in enumerate(about.media):
        _require_there(document, template, ("media", place, "file"), picture.file)
    if about.link_card and about.link_card.image:
        _require_there(document, template, ("link_card", "image"), about.link_card.image)


def _require_there(document: Document, template: Template, key: Key, file: str) -> None:
    if not toml.inside(template.folder, file).is_file():
        raise document.error(key, f"names {file}, which is not there", f"put it into posts/{template.slug}")


def _check_language(document: Document, template: Template, language: str) -> None:
    about = template.about
    count = template.wordings(language)
    for wording in range(1, max(count, 1) + 1):
        if (language, wording, None) not in template.texts:
            missing = f"{language}.md" if wording == 1 else f"{language}.{wording}.md"
            raise document.error(
                ("languages",),
                f"names {language}, but there is no {missing}",
                f"write posts/{template.slug}/{missing}",
            )
    if about.warning and not about.warning.get(language, "").strip():
        raise document.error(("warning", language), "is missing", f'add {language} = "…" under [warning]')
    if len(about.warning.get(language, "")) > MAX_WARNING:
        raise document.error(
            ("warning", language), f"is longer than {MAX_WARNING} characters", f'{language} = "CW: torture"'
        )
    if about.card and (part := about.card.lacks(language)):
        raise document.error(
            ("card", part, language), "is missing", f'add {language} = "…" to {part} under [card]'
        )
    if about.link_card and not about.link_card.title.get(language, "").strip():
        raise document.error(
            ("link_card", "title", language), "is missing", f'add {language} = "…" to title under [link_card]'
        )
    for place, picture in enumerate(about.media):
        if not picture.alt.get(language, "").strip():
            raise document.error(
                ("media", place, "alt", language),
                "is missing",
                f"say in {language} what {picture.file} shows",
            )
