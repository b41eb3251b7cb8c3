"""Begin a post: the folder of a new template, with words on what each line of it is for.

In: the campaign folder, a name, the languages, or another template to begin from. Out: the folder, whole or not at all.
A new text is empty until somebody writes it: an empty one can be neither queued nor published.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree, rmtree
from typing import Any

from clarion.campaign import templates, toml
from clarion.campaign.templates import ABOUT, FOLDER
from clarion.errors import CampaignError

_TEXT = """\
{# Write the post here, and take these lines out. One ask, short sentences, whose word it is.
   Facts: {{ fact("ID") }}; clarion posts facts lists them. Asks: {{ call("ID") }}; clarion posts calls.
   A line --- starts the next post of a thread. The campaign's tags come at the end by themselves. #}
"""


def begin(folder: Path, slug: str, languages: Sequence[str]) -> Path:
    """Make posts/<slug> with post.toml and an empty text per language. CampaignError where the name is bad or taken."""
    with _draft(folder, slug) as draft:
        (draft / ABOUT).write_text(_about(slug, languages), encoding="utf-8")
        for language in languages:
            (draft / f"{language}.md").write_text(_TEXT, encoding="utf-8")
        return _settle(folder, draft, slug)


def begin_like(folder: Path, slug: str, other: str) -> Path:
    """Make posts/<slug> with all that posts/<other> has; its title says of which it is a copy."""
    import tomlkit

    like = templates.load(folder, other)
    with _draft(folder, slug) as draft:
        copytree(like.folder, draft, dirs_exist_ok=True)
        about = tomlkit.parse(toml.read_text(draft / ABOUT))
        about["title"] = f"{like.about.title} ({slug})"
        (draft / ABOUT).write_text(tomlkit.dumps(about), encoding="utf-8")
        return _settle(folder, draft, slug)


def begin_language(folder: Path, slug: str, language: str) -> Path:
    """Begin posts/<slug> in a further language: an empty text, and its name in post.toml.

    What else post.toml must then say in it, such as a warning, is what reading it asks for next.
    """
    import tomlkit

    home = templates.load(folder, slug).folder
    about = tomlkit.parse(toml.read_text(home / ABOUT))
    text = home / f"{language}.md"
    if os.path.lexists(text):
        raise CampaignError(
            f"posts/{slug}/{text.name} is there already; nothing was changed",
            f"name {language} under languages in posts/{slug}/{ABOUT}: clarion posts edit {slug} --about",
        )
    named: Any = about["languages"]
    named.append(language)
    if "warning" in about and language in _WARNING:
        warnings: Any = about["warning"]
        warnings[language] = _WARNING[language]
    text.write_text(_TEXT, encoding="utf-8")
    (home / ABOUT).write_text(tomlkit.dumps(about), encoding="utf-8")
    return text


@contextmanager
def _draft(folder: Path, slug: str) -> Iterator[Path]:
    """An empty folder beside the others, under a name that no template can have; gone at the end, unless it settled."""
    templates.require_slug(slug)
    _require_free(folder, slug)
    draft = folder / FOLDER / f".{slug}.tmp"
    rmtree(draft, ignore_errors=True)  # what a crash left
    draft.mkdir(parents=True)
    try:
        yield draft
    finally:
        rmtree(draft, ignore_errors=True)


def _settle(folder: Path, draft: Path, slug: str) -> Path:
    _require_free(folder, slug)
    return draft.rename(folder / FOLDER / slug)


def _require_free(folder: Path, slug: str) -> None:
    if os.path.lexists(folder / FOLDER / slug):
        raise CampaignError(
            f"posts/{slug} is there already; nothing was changed",
            f"clarion posts edit {slug}, or another name",
        )


def _title(slug: str) -> str:
    return slug.replace("-", " ").capitalize()


def _about(slug: str, languages: Sequence[str]) -> str:
    files = ", ".join(f"{language}.md" for language in languages)
    first = languages[0]
    named = ", ".join(f'"{language}"' for language in languages)
    warnings = "\n".join(f'# {language} = "{_WARNING.get(language, "…")}"' for language in languages)
    alts = "\n".join(f'# {language} = "What it shows, for those who cannot see it"' for language in languages)
    return f"""\
# What this post is. Its texts stand beside it: {files}.
# A further wording: {first}.2.md. What one network gets instead: {first}.x.md. To use a line below, take out its "# ".
title = "{_title(slug)}"
purpose = ""  # what it says and what it asks for, in one sentence, for whoever queues it
languages = [{named}]  # to leave one out: take it out here, and remove its file
# networks = ["x", "mastodon", "bluesky"]
source = ""  # whose word it is, and when; a check asks for it where no fact of the ledger stands in the text
# author = "The campaign"
# evergreen = true  # fits on any day; then write three wordings, so that none is said twice
# late = "2h"  # how late it may still go out
# audience = "everyone"  # "everyone", "outside-russia" or "in-russia"
# facts = ["ecthr"]  # facts it relies on without printing them by fact("…")
# calls = ["letter"]  # what it asks for without printing it by call("…")

# When it is about violence. Warn about what happened, never about who people are.
# [warning]
{warnings}

# A picture in this folder. people: whether people can be seen on it.
# [[media]]
# file = "picture.png"
# people = false
# [media.alt]
{alts}

# A value to try each variable with, as in: We meet in {{{{ city }}}}. Queueing asks for the true one: --set city=…
# [example]
# city = "Berlin"
"""


_WARNING = {"en": "CW: violence", "ru": "Осторожно: насилие"}
