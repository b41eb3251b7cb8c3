"""What posts cost, in words: before they are queued, before they are published, and what a month has cost so far.

In: posts, frozen; the campaign's budgets. Out: lines for people, sums for programs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from clarion import networks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clarion.app import App
    from clarion.model import Account, Payload


def price(account: Account, payload: Payload) -> int:
    """What a post costs, in millionths of a US dollar."""
    prices = networks.prices(account.network)
    return prices.price(payload) if prices else 0


def usd(micros: int) -> float:
    """For programs."""
    return micros / 1_000_000


def lines(app: App, posts: Iterable[tuple[Account, Payload]]) -> list[str]:
    """What posts cost on each account whose network charges, and where its month does not hold that."""
    from clarion.outbox.money import dollars

    asked: dict[str, int] = {}
    for account, payload in posts:
        if cost := price(account, payload):
            asked[account.name] = asked.get(account.name, 0) + cost
    said = []
    for name, cost in asked.items():
        title = networks.options(app.config.accounts[name].network).TITLE
        when = "Live, this costs" if app.rehearsing else "This costs"
        said.append(f"{when} {dollars(cost)} on {title} ({name}).{_of_its_month(app, name, cost)}")
    return said


def _of_its_month(app: App, name: str, cost: int) -> str:
    from clarion.app.budgets import budget
    from clarion.outbox.money import dollars, spent_this_month

    account = app.config.accounts[name]
    known = budget(account)
    if known is None or known.cap is None:
        return ""
    with app.outbox.read() as tx:
        spent = spent_this_month(tx, account.network, name)
    said = f" This month: {dollars(spent)} of {dollars(known.cap)} spent."
    if spent + cost > known.cap:
        said += (
            " That is more than its month holds: it waits for the next month (UTC),"
            f" or until monthly_cap_usd is raised below [accounts.{name}] in config.toml."
        )
    return said


def months(app: App) -> list[str]:
    """What each account that costs something has spent this month."""
    from clarion.app.budgets import budgets
    from clarion.outbox.money import dollars, spent_this_month

    said = []
    for name, each in budgets(app.config).items():
        with app.outbox.read() as tx:
            spent = spent_this_month(tx, app.config.accounts[name].network, name)
        if spent or each.cap is not None:
            most = "" if each.cap is None else f" of {dollars(each.cap)}"
            said.append(f"{name} this month: {dollars(spent)}{most}")
    return said
