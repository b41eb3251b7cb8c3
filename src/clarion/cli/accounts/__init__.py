"""`clarion accounts`: the destinations this campaign owns, and whether the networks know them.

In: names. Out: how each account stands; the verified identity and limits in the outbox. How one comes in stands in
`connecting.py`, how it goes in `leaving.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from clarion.cli.accounts import connecting, house_rules, leaving
from clarion.cli.accounts.naming import has_secret
from clarion.cli.terminal import offering, shell
from clarion.cli.terminal.tables import table
from clarion.errors import CampaignError, ClarionError, OutboxError, PublishError

if TYPE_CHECKING:
    from datetime import datetime

    from clarion.app import App
    from clarion.model import Profile
    from clarion.outbox.accounts import Standing


@click.group(epilog=shell.example("clarion accounts list", "clarion accounts add mastodon"))
def accounts() -> None:
    """The accounts this campaign speaks from."""


# ── list ──────────────────────────────────────────────────────────────────────────────────────────────────────


@accounts.command("list", epilog=shell.example("clarion accounts list --json"))
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_(app: App, *, as_json: bool) -> None:
    """The accounts of config.toml, and how each stands."""
    if app.rehearsing:
        shell.banner_of_rehearsal()
    known = _standings(app)
    rows = [_row(app, name, known.get(name)) for name in app.config.accounts]
    if as_json:
        shell.show_json(rows)
        return
    now = app.clock.now()
    table(
        [
            [
                *(row[key] for key in ("account", "network", "handle", "server")),
                ", ".join(row["languages"]),
                row["secret"],
                _age(row["verified_at"], now),
            ]
            for row in rows
        ],
        ["account", "network", "handle", "server", "languages", "secret", "verified, with its limits"],
    )
    for row in rows:
        if row["blocked"]:
            shell.say_so(f"“{row['account']}” is blocked: {row['blocked']}")
    if not rows:
        shell.say_so("There is none yet: clarion accounts add NAME")


def _row(app: App, name: str, standing: Standing | None) -> dict[str, Any]:
    account = app.config.accounts[name]
    return {
        "account": name,
        "network": account.network,
        "handle": account.handle,
        "server": str(account.server),
        "languages": list(app.config.languages(name)),
        "secret": "stored" if has_secret(app, name) else "missing",
        "verified_at": standing and standing.verified_at,
        "characters": standing and standing.account.limits.text,
        "blocked": standing and standing.blocked_reason,
    }


def _standings(app: App) -> dict[str, Standing]:
    """How the real accounts stand, as this machine knows; nothing is opened that is not there, nor asked of a network."""
    from clarion.outbox.accounts import standings

    with app.as_live() as live:
        if not (live.outbox_url or live.outbox_path.exists()):
            return {}
        try:
            with live.outbox.read() as tx:
                return {each.account.name: each for each in standings(tx)}
        except OutboxError as error:
            shell.complain(error.message, error.hint)
            return {}


def _age(at: datetime | None, now: datetime) -> str:
    """How long ago an account, and what its server takes, was asked for."""
    if at is None:
        return "not yet"
    days = (now - at).days
    return {0: "today", 1: "yesterday"}.get(days, f"{days} days ago")


# ── verify ────────────────────────────────────────────────────────────────────────────────────────────────────


@accounts.command(epilog=shell.example("clarion accounts verify", "clarion accounts verify mastodon"))
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=offering.accounts)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def verify(app: App, names: tuple[str, ...], *, as_json: bool) -> None:
    """Ask each network who the account is, and remember the answer.

    Posts are approved for exactly that account. Without a name: all of them.
    """
    if app.rehearsing:
        shell.say_so("Rehearsing needs no accounts. This asks the real networks, for when you go live.")
    for name in names:
        if name not in app.config.accounts:
            raise shell.unknown("account", name, app.config.accounts, prefix="clarion accounts verify ")
    verified: dict[str, Profile] = {}
    failed: list[ClarionError] = []
    for name in names or app.config.accounts:
        try:
            verified[name] = app.verify(name)
        except (CampaignError, PublishError) as error:  # one account's trouble is not another's
            failed.append(error)
            shell.complain(f"{name}: {error.message}", error.hint or f"clarion accounts verify {name}")
    _show(verified, as_json=as_json)
    for name, profile in verified.items():
        _warn_of_another_name(app, name, profile)
    if failed:
        shell.finish(max(map(shell.code_of, failed)))


def _show(verified: dict[str, Profile], *, as_json: bool) -> None:
    if as_json:
        shell.show_json([{"account": name, **_profile(profile)} for name, profile in verified.items()])
        return
    rows = [[name, *_profile(profile).values()] for name, profile in verified.items()]
    if rows:
        table(rows, ["account", "network", "handle", "name", "server", "characters", "says it is automated"])
    for name, profile in verified.items():
        if profile.automated is False:
            shell.say_so(
                f"“{name}” does not say that it is automated: set the bot flag in its profile there."
            )


def _warn_of_another_name(app: App, name: str, profile: Profile) -> None:
    """A token made in the wrong browser would speak for somebody else."""
    from clarion.accounts.joining import plain

    said = app.config.accounts[name].handle
    if plain(said) != plain(profile.handle):
        shell.say_so(
            f"config.toml says @{said} for “{name}”, and the network says @{profile.handle}: is it the right one?"
        )


def _profile(profile: Profile) -> dict[str, object]:
    return {
        "network": profile.identity.network,
        "handle": profile.handle,
        "name": profile.display_name,
        "server": profile.identity.origin,
        "characters": profile.limits.text,
        "automated": {True: "yes", False: "no", None: "cannot be told"}[profile.automated],
    }


accounts.add_command(connecting.add)
accounts.add_command(connecting.login)
accounts.add_command(leaving.remove)
accounts.add_command(house_rules.rules)
