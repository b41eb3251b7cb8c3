"""What posts cost, in words: before they are queued, before they are published, and what a month has cost so far.

In: posts, frozen; the campaign's budgets. Out: lines for people, sums for programs.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from clarion import networks

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from clarion.app import App
    from clarion.model import Account, Payload


def price(account: Account, payload: Payload) -> int:
    """What a post costs, in millionths of a US dollar."""
    prices = networks.prices(account.network)
    return prices.price(payload) if prices else 0


def usd(micros: int) -> float:
    """For programs."""
    return micros / 1_000_000


def lines(
    app: App, posts: Iterable[tuple[Account, Payload]], *, due: datetime | None = None, waiting: bool = True
) -> list[str]:
    """What posts cost on each account whose network charges, and where its month does not hold that.

    `due`: when, unless now: its month is another. `waiting`: whether what is queued already costs something beside them.
    """
    from clarion.outbox.limits.money import dollars

    posts = list(posts)
    asked: dict[str, int] = {}
    for account, payload in posts:
        if cost := price(account, payload):
            asked[account.name] = asked.get(account.name, 0) + cost
    said = []
    for name, cost in asked.items():
        title = networks.options(app.config.accounts[name].network).TITLE
        when = "Live, this costs" if app.rehearsing else "This costs"
        said.append(
            f"{when} {dollars(cost)} on {title} ({name}).{_of_its_month(app, name, cost, due, waiting=waiting)}"
        )
    return said


def _of_its_month(app: App, name: str, cost: int, due: datetime | None, *, waiting: bool) -> str:
    from clarion.app.budgets import budget
    from clarion.outbox.limits.money import dollars, month, queued, spent_this_month

    account = app.config.accounts[name]
    known = budget(account)
    if known is None or known.cap is None:
        return ""
    with app.outbox.read() as tx:
        begins, ends = month(max(due.astimezone(UTC) if due else tx.at, tx.at))
        spent = spent_this_month(tx, account.network, name) if begins <= tx.at else 0
        there = queued(tx, name, known, begins, ends) if waiting else 0
    pretended = "pretended, " if app.rehearsing else ""
    which = "This month" if begins <= app.clock.now() else f"In {begins:%Y-%m}"
    said = f" {which}: {pretended}{dollars(spent)} of {dollars(known.cap)} spent"
    said += f", and {dollars(there)} for what is queued already." if there else "."
    if spent + there + cost > known.cap:
        said += (
            " That is more than its month holds: what goes out last does not go, and expires when it is too late,"
            f" unless monthly_cap_usd is raised below [accounts.{name}] in config.toml."
        )
    return said


def months(app: App) -> list[str]:
    """What each account that costs something has spent this month."""
    from clarion.app.budgets import budgets
    from clarion.outbox.limits.money import dollars, spent_this_month

    said = []
    for name, each in budgets(app.config).items():
        with app.outbox.read() as tx:
            spent = spent_this_month(tx, app.config.accounts[name].network, name)
        if spent or each.cap is not None:
            most = "" if each.cap is None else f" of {dollars(each.cap)}"
            pretended = ", pretended" if app.rehearsing else ""
            said.append(f"{name} this month: {dollars(spent)}{most}{pretended}")
    return said
