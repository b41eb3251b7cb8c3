"""What the Tab key offers where a name is asked for: templates, accounts, languages of the campaign at hand.

In: what was typed so far. Out: names that begin like it; none where there is no campaign, or it is broken: a
completion must never complain. Imports the campaign only when a shell asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import click

    from clarion.app import App


def templates(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The slugs of posts/."""
    from clarion.campaign.templates import names

    return _offered(ctx, incomplete, lambda app: names(app.folder))


def accounts(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The accounts of config.toml."""
    return _offered(ctx, incomplete, lambda app: app.config.accounts)


def languages(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The languages of the campaign and of its accounts."""

    def spoken(app: App) -> Iterable[str]:
        yield from app.config.campaign.languages
        for name in app.config.accounts:
            yield from app.config.languages(name)

    return _offered(ctx, incomplete, spoken)


def ledger(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The ids of facts, calls and days."""
    from clarion.campaign.ledgers.ledger import Ledger

    def ids(app: App) -> Iterable[str]:
        found = Ledger.load(app.folder)
        return [*found.facts.ids(), *found.calls.ids(), *found.days.ids()]

    return _offered(ctx, incomplete, ids)


def _offered(ctx: click.Context, incomplete: str, known: Callable[[App], Iterable[str]]) -> list[str]:
    from clarion.app import App
    from clarion.errors import ClarionError

    try:
        with App(campaign=ctx.find_root().params.get("campaign")) as app:
            return [name for name in dict.fromkeys(known(app)) if name.startswith(incomplete)]
    except (ClarionError, OSError):
        return []
