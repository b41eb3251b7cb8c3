"""`clarion accounts`: the destinations this campaign owns, their secrets, and whether the networks know them.

In: names, options, and secrets typed unseen or read from stdin, never from the command line. Out: `[accounts.NAME]`
in config.toml, the secret in its private file, the verified identity in the outbox.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from clarion.cli import offering, rewriting, shell
from clarion.cli.tables import table
from clarion.errors import CampaignError, ClarionError, PublishError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from clarion.app import App
    from clarion.model import Profile


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
    rows = [_row(app, name) for name in app.config.accounts]
    if as_json:
        shell.show_json(rows)
        return
    table(
        [list((row | {"languages": ", ".join(row["languages"])}).values()) for row in rows],
        ["account", "network", "handle", "server", "languages", "secret"],
    )
    if not rows:
        shell.say_so("There is none yet: clarion accounts add NAME")


def _row(app: App, name: str) -> dict[str, Any]:
    account = app.config.accounts[name]
    return {
        "account": name,
        "network": account.network,
        "handle": account.handle,
        "server": str(account.server),
        "languages": list(app.config.languages(name)),
        "secret": "stored" if _has_secret(app, name, account.network) else "missing",
    }


def _has_secret(app: App, name: str, network: str) -> bool:
    from clarion import networks

    keys = networks.options(network).SECRETS
    found = app.secrets.get(name, keys=keys)
    return found is not None and all(found.get(key) for key in keys)


# ── add ───────────────────────────────────────────────────────────────────────────────────────────────────────


@accounts.command(
    epilog=shell.example(
        "clarion accounts add mastodon",
        "clarion accounts add news --network mastodon --handle eyes --server https://mastodon.example",
        "clarion accounts add bluesky --stdin < app-password.txt",
    ),
)
@click.argument("name", shell_complete=offering.accounts)
@click.option("--network", help="x, mastodon or bluesky.")
@click.option("--handle", help="The account's name there, without @.")
@click.option("--server", help="The account's server, https://…")
@click.option("--owner", help="Who owns the account.")
@click.option("--purpose", help="What it is for.")
@click.option("--disclosure", help="How it says that it is automated.")
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the secret values from stdin, one a line.")
@click.pass_obj
def add(app: App, /, name: str, *, from_stdin: bool, **given: str | None) -> None:
    """Add an account, or give one of config.toml its secret.

    The secret is asked for unseen and kept in a file of this machine that only you may read.
    """
    from clarion.campaign import proper

    written = app.config.accounts.get(proper.account(name))
    ask = shell.interactive() and not from_stdin
    new = _destination(app, name, {key: value for key, value in given.items() if value}, ask=ask)
    changes = {key: value for key, value in new.items() if value != getattr(written, key, None)}
    text = _changed(app.folder, name, changes)  # refused before a secret is asked for
    secret = _secret(new["network"], ask=ask, from_stdin=from_stdin)
    rewriting.write(app, text)
    _keep(app, name, secret)
    shell.say_so(f"The secret of “{name}” is kept on this machine. Next: clarion accounts verify {name}")


def _destination(app: App, name: str, given: dict[str, str], *, ask: bool) -> dict[str, str]:
    """What config.toml shall say of the account. What is not given is asked for; what it says now is the usual answer.

    Where that is another account of config.toml, what tells the two apart is asked again, as often as it takes.
    """
    written, usual = app.config.accounts.get(name), dict[str, str]()
    if written:
        usual = {"network": written.network, "handle": written.handle, "server": str(written.server)}
        if given.setdefault("network", written.network) != written.network:
            raise CampaignError(
                f"this account is on {written.network}", "choose another name for the new one"
            )
    new = _answered(given, usual, ask=ask)
    while twin := _twin(app, name, new):
        same = CampaignError(
            f"{new['handle']} on {new['network']} is the same account as “{twin}”",
            f"give another name there; or, for the secret of that one: clarion accounts add {twin}",
        )
        if not ask:
            raise same
        shell.complain(same.message, same.hint)
        again = {key: value for key, value in given.items() if key not in ("handle", "server")}
        new = _answered(again, new, ask=ask)
    return new


def _answered(given: dict[str, str], usual: dict[str, str], *, ask: bool) -> dict[str, str]:
    """`given`, and an answer for each of network, handle and server that is not."""
    from clarion import networks
    from clarion.campaign import proper

    new = dict(given)
    if "server" in new:
        new["server"] = proper.server(new["server"])
    if "network" not in new:
        question = f"Network ({', '.join(networks.NAMES)})"
        new["network"] = _answer("network", question, usual.get("network"), _known_network, ask=ask)
    new["network"] = _known_network(new["network"])
    server = usual.get("server") if usual.get("network") == new["network"] else None
    if "handle" not in new:
        new["handle"] = _answer("handle", "Its name there", usual.get("handle"), _handle, ask=ask)
    new["handle"] = _handle(new["handle"])
    if new["network"] == "mastodon" and "server" not in given:
        new["handle"], _, host = new["handle"].partition("@")  # people paste eyes@mastodon.example
        new["server"] = (
            proper.server(host) if host else _answer("server", "Its server", server, proper.server, ask=ask)
        )
    elif server:
        new.setdefault("server", server)
    return new


def _twin(app: App, name: str, new: dict[str, str]) -> str | None:
    """The other name under which config.toml has this account."""
    from clarion.campaign.config import Account

    whom = Account(network=new["network"], handle=new["handle"], server=new.get("server")).whom
    return next(
        (other for other, each in app.config.accounts.items() if other != name and each.whom == whom), None
    )


def _answer(key: str, question: str, usual: str | None, proper: Callable[[str], str], *, ask: bool) -> str:
    """What a person answers, or without one the usual answer; a name that only the example has is no answer."""
    example = usual is not None and usual in _examples()
    if ask:
        return shell.ask(question, proper, usual=None if example else usual)
    if usual is None:
        raise ClarionError(f"--{key} is missing, and nobody can be asked here", f"add --{key} to the command")
    if example:
        raise ClarionError(f"the {key} is still the example's, {usual}", f"add --{key} to the command")
    return proper(usual)


def _examples() -> set[str]:
    """The handles and servers that stand in config.toml only until somebody writes the real ones."""
    import tomllib

    from clarion.campaign import bundled

    accounts = tomllib.loads(bundled.example().read_text(encoding="utf-8"))["accounts"].values()
    return {str(account[key]) for account in accounts for key in ("handle", "server") if key in account}


def _known_network(typed: str) -> str:
    from clarion import networks

    if typed.lower() not in networks.NAMES:
        raise shell.unknown("network", typed, networks.NAMES)
    return typed.lower()


def _handle(typed: str) -> str:
    handle = typed.strip().removeprefix("@")
    if not handle or any(char.isspace() for char in handle):
        raise ClarionError("a name on a network is one word", "type it as it stands in the profile there")
    return handle


def _changed(folder: Path, name: str, changes: dict[str, str]) -> str | None:
    """config.toml with the account's new values; None when it has them."""
    import tomlkit

    from clarion.campaign.editing import edited

    def change(document: Any) -> None:
        everything = document.setdefault("accounts", tomlkit.table(is_super_table=True))
        everything.setdefault(name, tomlkit.table()).update(changes)

    return edited(folder, change)


def _secret(network: str, *, ask: bool, from_stdin: bool) -> dict[str, str]:
    """The network's secret values. Never an argument: other users of a machine can read those."""
    from clarion import networks

    keys: Sequence[str] = networks.options(network).SECRETS
    words = [key.replace("_", " ") for key in keys]
    if from_stdin:
        lines = [line.strip() for line in sys.stdin.read().splitlines() if line.strip()]
        if len(lines) != len(keys):
            raise ClarionError(
                f"stdin gave {len(lines)} lines and {len(keys)} are needed", f"one a line: {', '.join(words)}"
            )
        return dict(zip(keys, map(_token, lines), strict=True))
    if not ask:
        raise ClarionError(
            "nobody can be asked for the secret here", f"--stdin, one a line: {', '.join(words)}"
        )
    return {
        key: shell.ask(word.capitalize(), _token, unseen=True) for key, word in zip(keys, words, strict=True)
    }


def _token(typed: str) -> str:
    """A secret value. The error does not repeat it."""
    if not typed or any(char.isspace() for char in typed):
        raise ClarionError("a secret value has no spaces in it", "copy it again, and nothing else with it")
    return typed


def _keep(app: App, name: str, secret: dict[str, str]) -> None:
    from clarion.accounts.sessions import SessionFile

    app.secrets.set(name, secret)
    SessionFile(app.state / "sessions" / "live", name).forget()  # it was opened with the old secret


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
        shell.banner_of_rehearsal()
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
            shell.complain(f"{name}: {error.message}", error.hint or f"clarion accounts add {name}")
    _show(verified, as_json=as_json)
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


def _profile(profile: Profile) -> dict[str, object]:
    return {
        "network": profile.identity.network,
        "handle": profile.handle,
        "name": profile.display_name,
        "server": profile.identity.origin,
        "characters": profile.limits.text,
        "automated": {True: "yes", False: "no", None: "cannot be told"}[profile.automated],
    }
