"""What the template that answers a wrong post must be told, as it is given or as somebody says it at the terminal.

In: the posts that are up, and the values that were given. Out: a value for each of the template's variables.
"""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING

from clarion.cli.terminal import shell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from clarion.app import App
    from clarion.outbox.entries.views import PostView

#: What its variables ask for, where they have their usual names.
_QUESTIONS = {"about": "What was wrong? ", "holds": "What holds instead? A fact: "}
#: Of a fact so many letters are shown.
_SHORT = 70


def values(
    app: App, number: int, found: Sequence[PostView], given: dict[str, str], now: datetime
) -> Mapping[str, str]:
    """The template's variables: as given, the day it went out by itself, and the rest as somebody says it now."""
    from clarion.campaign import templates
    from clarion.campaign.rendering import render
    from clarion.composing.correcting import SLUG
    from clarion.errors import CampaignError

    template = templates.load(app.folder, SLUG)
    asked = render.asked_by(template)
    went_out = min(receipt.at for post in found if (receipt := post.deliveries[0].receipt))
    known = {"posted": went_out.astimezone(now.tzinfo).date().isoformat()} if "posted" in asked else {}
    known = {**known, **given}
    example = template.about.example
    lacking = [*(name for name in example if name in asked), *sorted(asked - set(example))]
    lacking = [name for name in lacking if name not in known]
    if lacking and not shell.interactive():
        options_ = " ".join(f'--set {name}="{example.get(name, "…")}"' for name in lacking)
        raise CampaignError(
            f"posts/{SLUG}: no value for {', '.join(lacking)}",
            f"as in: clarion correct {number} --answer {options_}",
        )
    if lacking:
        shell.say_so(template.about.purpose)
    return {**known, **{name: _asked(app, name, example.get(name)) for name in lacking}}


def _asked(app: App, name: str, example: str | None) -> str:
    """One value, as somebody says it; where the example is a fact of the ledger, one of the facts, which are shown."""
    from clarion.campaign.ledgers.facts import Facts
    from clarion.errors import CampaignError

    like = f", as in “{example}”" if example else ""
    question = f"{_QUESTIONS.get(name, '')}{name}{like}"
    facts = dict(Facts.load(app.folder).items())
    if example not in facts:
        return shell.ask(question, str)
    for id_, fact in facts.items():
        shell.say_so(f"  {id_:<20} {shorten(next(iter(fact.wording.values()), ''), _SHORT, placeholder='…')}")

    def one_of(typed: str) -> str:
        if typed not in facts:
            raise CampaignError(f"“{typed}” is none of the facts above")
        return typed

    return shell.ask(question, one_of)
