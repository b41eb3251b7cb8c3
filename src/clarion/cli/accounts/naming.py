"""Which account is meant: its network, its name and its server, as config.toml shall have them.

In: what was typed on the command line, what config.toml says, and answers. Out: values for `[accounts.NAME]`, or the new
text of config.toml. The names of the example are no answers, and no account is written down twice.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from clarion.cli.terminal import shell
from clarion.errors import CampaignError, ClarionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from clarion.app import App

_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")


def destination(app: App, name: str, given: dict[str, str], *, ask: bool) -> dict[str, str]:
    """What config.toml shall say of the account. What is not given is asked for; what it says now is the usual answer.

    Where that is another account of config.toml, what tells the two apart is asked again, as often as it takes.
    """
    from clarion import networks

    written, usual = app.config.accounts.get(name), dict[str, str]()
    if written:
        usual = {"network": written.network, "handle": written.handle, "server": str(written.server)}
        if given.setdefault("network", written.network) != written.network:
            raise CampaignError(
                f"this account is on {written.network}", "choose another name for the new one"
            )
    elif name in networks.NAMES:
        given.setdefault("network", name)  # the name says it
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


def described(new: dict[str, str], *, ask: bool) -> dict[str, Any]:
    """What config.toml shall say of an account that it does not have yet: what is known of it, then as the example has it.

    Among the latter is the most that an account on X may spend. Who owns it and what it is for is asked for.
    """
    shown = next(each for each in _shown().values() if each["network"] == new["network"])
    usual = {key: value for key, value in shown.items() if key not in ("handle", "server", "languages")}
    for key, question in (("owner", "Who owns it"), ("purpose", "What it is for")):
        if ask and key not in new:
            usual[key] = shell.ask(question, str, usual=usual[key])
    return new | {key: value for key, value in usual.items() if key not in new}


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
    proper_handle = _bluesky_handle if new["network"] == "bluesky" else _handle
    if "handle" not in new:
        new["handle"] = _answer("handle", "Its name there", usual.get("handle"), proper_handle, ask=ask)
    new["handle"] = proper_handle(new["handle"])
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
    return {
        str(account[key]) for account in _shown().values() for key in ("handle", "server") if key in account
    }


def _shown() -> dict[str, dict[str, Any]]:
    """The accounts of the example."""
    import tomllib

    from clarion.campaign import bundled

    found: dict[str, dict[str, Any]] = tomllib.loads(bundled.example().read_text(encoding="utf-8"))[
        "accounts"
    ]
    return found


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


def _bluesky_handle(typed: str) -> str:
    """A host's name (atproto, "Handle"): letters, digits, hyphens, and a dot."""
    handle = _handle(typed)
    if not _HOST.fullmatch(handle):
        raise ClarionError(
            "a name on Bluesky has letters, digits, hyphens and a dot, and nothing else",
            "as its profile shows it: eyes-on.bsky.social",
        )
    return handle


def require_own_names(app: App, name: str) -> None:
    """Raise CampaignError where config.toml still has the example's handle or server for an account."""
    account = app.config.accounts[name]
    if {account.handle, str(account.server)} & _examples():
        raise CampaignError(
            f"config.toml does not say yet which account “{name}” is", f"clarion accounts add {name}"
        )


def has_secret(app: App, name: str) -> bool:
    """Whether all the secret values of an account of config.toml are in their store."""
    from clarion import networks

    keys = networks.options(app.config.accounts[name].network).SECRETS
    found = app.secrets.get(name, keys=keys)
    return found is not None and all(found.get(key) for key in keys)


def way_in(app: App, name: str) -> str:
    """The command that brings in an account of config.toml which is not verified."""
    try:
        kept = has_secret(app, name)
    except ClarionError:  # a store that cannot be read: verifying says what mends it
        kept = True
    return f"clarion accounts {'verify' if kept else 'add'} {name}"


def changed(folder: Path, name: str, changes: dict[str, Any]) -> str | None:
    """config.toml with the account's new values; None when it has them."""
    import tomlkit

    from clarion.campaign.editing import edited

    def change(document: Any) -> None:
        everything = document.setdefault("accounts", tomlkit.table(is_super_table=True))
        everything.setdefault(name, tomlkit.table()).update(changes)

    return edited(folder, change)
