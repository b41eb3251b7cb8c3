"""`clarion accounts add` and `login`: an account's place in config.toml, and the way into its network.

In: names and options, what a person types unseen, or secret values on stdin; never from the command line, which other users
of a machine can read. Out: `[accounts.NAME]` in config.toml; the secret in its store, verified before it is kept.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from clarion.cli import rewriting
from clarion.cli.accounts.naming import changed, described, destination, require_own_names
from clarion.cli.terminal import offering, shell
from clarion.errors import ClarionError, PublishError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from clarion.accounts.joining import Joining
    from clarion.app import App
    from clarion.model import Profile
    from clarion.networks.logins import Ask, Login, LoginModule

#: So often a code may be typed; after that the page is opened anew.
_TRIES = 3


@click.command(
    epilog=shell.example(
        "clarion accounts add mastodon",
        "clarion accounts add news --network mastodon --handle eyes --server https://mastodon.example",
        "clarion accounts add bluesky --handle eyes.bsky.social --stdin < app-password.txt",
    ),
)
@click.argument("name", shell_complete=offering.accounts)
@click.option("--network", help="x, mastodon or bluesky.")
@click.option("--handle", help="The account's name there, without @.")
@click.option("--server", help="The account's server, https://…")
@click.option("--owner", help="Who owns the account.")
@click.option("--purpose", help="What it is for.")
@click.option("--disclosure", help="How it says that it is automated.")
@click.option("--browser", is_flag=True, help="Let the browser of this machine bring the code (Mastodon).")
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the secret values from stdin, one a line.")
@click.pass_obj
def add(app: App, /, name: str, *, browser: bool, from_stdin: bool, **given: str | None) -> None:
    """Add an account: say where it is, then log in to it.

    With --stdin no network is asked: the secret values are kept as they are, to be verified later.
    """
    from clarion.campaign import proper

    written = app.config.accounts.get(proper.account(name))
    writable = app.secrets.writable
    ask = shell.interactive() and not from_stdin
    new = destination(app, name, {key: value for key, value in given.items() if value}, ask=ask)
    new = described(new, ask=ask) if written is None else new
    changes = {key: value for key, value in new.items() if value != getattr(written, key, None)}
    text = changed(app.folder, name, changes)  # refused before a secret is asked for
    if writable and not ask:
        secret = _from_stdin(new["network"], given=from_stdin)
        rewriting.write(app, text)
        _keep_unverified(app, name, secret)
        return
    rewriting.write(app, text)
    if writable:
        log_in(app, name, browser=browser)
    else:
        _say_where(app, name, new["network"])


@click.command(
    epilog=shell.example(
        "clarion accounts login mastodon",
        "clarion accounts login mastodon --browser",
        "clarion accounts login bluesky --stdin < app-password.txt",
    ),
)
@click.argument("name", shell_complete=offering.accounts)
@click.option("--browser", is_flag=True, help="Let the browser of this machine bring the code (Mastodon).")
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the secret values from stdin, one a line.")
@click.pass_obj
def login(app: App, name: str, *, browser: bool, from_stdin: bool) -> None:
    """Log in to an account of config.toml, for the first time or again.

    Who the account is, is asked of its network before anything is kept; another account than the one of config.toml is
    refused.
    """
    if name not in app.config.accounts:
        raise shell.unknown("account", name, app.config.accounts, prefix="clarion accounts login ")
    require_own_names(app, name)
    log_in(app, name, browser=browser, from_stdin=from_stdin)


def log_in(app: App, name: str, *, browser: bool = False, from_stdin: bool = False) -> None:
    """Walk through the network's login, and keep what it gives."""
    from clarion import networks
    from clarion.app.joining import joining

    if app.rehearsing:
        shell.say_so("Rehearsing needs no login. This connects the real account, for when you go live.")
    with app.as_live() as live, _naming_the_way_back(app, name):
        way = joining(live, name)
        module = networks.login(way.account.network)
        way.require_room()
        if from_stdin:
            secret = _given(way, module, _from_stdin(way.account.network, given=True))
        else:
            secret = _walked(way, module, browser=browser)
        profile = way.finish(secret)
    _tell(name, profile)
    if app.rehearsing:
        shell.say_so("Next: clarion live")


# ── walking through ───────────────────────────────────────────────────────────────────────────────────────────


def _walked(way: Joining, module: LoginModule, *, browser: bool) -> Mapping[str, str]:
    """Ask, open a page, ask again; the secret."""
    if not shell.interactive():
        raise ClarionError(
            "nobody can be asked for the secret here", f"clarion accounts login {way.account.name} --stdin"
        )
    if browser and not module.BROWSER:
        raise ClarionError(
            f"no browser can bring the code from {way.account.server}", "the same command without --browser"
        )
    for sentence in module.BEFORE:
        shell.say_so(sentence)
    kept = way.known() if module.CODE else {}  # a password that is typed again is a new one
    given = {ask.key: _answered(module, ask, kept.get(ask.key)) for ask in module.ASKS}
    flow = way.begin()
    if browser:
        return _by_browser(flow, given)
    address = flow.open(given)
    if address is None or module.CODE is None:
        return flow.finish()
    shell.say_so(f"Open this page:\n\n  {address}\n")
    return _with_code(flow, module, module.CODE)


def _with_code(flow: Login, module: LoginModule, asked: Ask) -> Mapping[str, str]:
    """The secret for a code that a person types; one that is not taken is asked for again."""
    from clarion.networks.logins import WrongCode

    for _ in range(_TRIES - 1):
        try:
            return flow.finish(_answered(module, asked))
        except WrongCode as error:
            shell.complain(error.message, "type it again, as the page shows it; to leave: Ctrl-C")
    return flow.finish(_answered(module, asked))


@contextmanager
def _naming_the_way_back(app: App, name: str) -> Iterator[None]:
    """Where a network is away: what was asked for so far is written, and a login may begin again at any time."""
    from clarion.errors import Unavailable

    try:
        yield
    except PublishError as error:
        if error.hint is None:
            error.hint = f"try again later: clarion accounts login {name}"
            if isinstance(error, Unavailable) and app.config.accounts[name].network == "mastodon":
                error.hint += (
                    f"; is the name of the server wrong? clarion accounts add {name} --server https://…"
                )
        raise


def _by_browser(flow: Login, given: Mapping[str, str]) -> Mapping[str, str]:
    import webbrowser

    from clarion.accounts.redirect import Redirect

    with Redirect() as redirect:
        address = flow.open(given, redirect.back)
        shell.say_so(
            f"Your browser opens this page; if it does not, open it on this machine:\n\n  {address}\n"
        )
        webbrowser.open(str(address))
        return flow.finish(redirect.wait())


def _given(way: Joining, module: LoginModule, values: Mapping[str, str]) -> Mapping[str, str]:
    """The secret from values that somebody had; a password is tried, and opens the session that is kept."""
    if module.CODE is not None:
        return values
    flow = way.begin()
    flow.open(values)
    return flow.finish()


def _answered(module: LoginModule, ask: Ask, kept: str | None = None) -> str:
    """What a person types. What hardly is what was asked for is taken only when they say so; Enter keeps what is kept."""
    question = f"{ask.words}; Enter for the one that is kept" if kept else ask.words
    while True:
        typed = shell.ask(
            question, _token if not kept else _perhaps, usual="" if kept else None, unseen=ask.unseen
        )
        if not typed and kept:
            return kept
        why = module.doubt(ask.key, typed)
        if why is None:
            return typed
        shell.say_so(f"{why[0].upper()}{why[1:]}.")
        if shell.confirm("Go on with it all the same?", yes=False):
            return typed


def _tell(name: str, profile: Profile) -> None:
    shell.say_so(
        f"“{name}” is @{profile.handle} on {profile.identity.origin} ({profile.display_name}). "
        f"A post there has {profile.limits.text} characters."
    )
    if profile.automated is False:
        shell.say_so("It does not say that it is automated: set the bot flag in its profile there.")


# ── secret values ─────────────────────────────────────────────────────────────────────────────────────────────


def _from_stdin(network: str, *, given: bool) -> dict[str, str]:
    """The network's secret values, one a line."""
    from clarion import networks

    keys = networks.options(network).SECRETS
    words = ", ".join(key.replace("_", " ") for key in keys)
    if not given:
        raise ClarionError("nobody can be asked for the secret here", f"--stdin, one a line: {words}")
    lines = [line.strip() for line in sys.stdin.read().splitlines() if line.strip()]
    if len(lines) != len(keys):
        raise ClarionError(
            f"stdin gave {len(lines)} lines and {len(keys)} are needed", f"one a line: {words}"
        )
    found = dict(zip(keys, map(_token, lines), strict=True))
    for key, value in found.items():
        if (why := networks.login(network).doubt(key, value)) is not None:
            raise ClarionError(why, "at a terminal you are asked whether it is meant")
    return found


def _token(typed: str) -> str:
    """A secret value. The error does not repeat it."""
    if not typed or any(char.isspace() for char in typed):
        raise ClarionError("a secret value has no spaces in it", "copy it again, and nothing else with it")
    return typed


def _perhaps(typed: str) -> str:
    return _token(typed) if typed else ""


def _say_where(app: App, name: str, network: str) -> None:
    """A store that Clarion only reads: a person puts the values there."""
    from clarion import networks

    places = [app.secrets.place(name, key) for key in networks.options(network).SECRETS]
    shell.say_so(
        f"Clarion only reads this campaign's store of secrets. Put its values into {', '.join(places)}."
    )
    shell.say_so(f"Then: clarion accounts verify {name}")


def _keep_unverified(app: App, name: str, secret: Mapping[str, str]) -> None:
    from clarion.accounts.sessions import SessionFile

    app.secrets.set(name, secret)
    SessionFile(app.state / "sessions" / "live", name).forget()  # it was opened with the old secret
    shell.say_so(f"The secret of “{name}” is kept on this machine. Next: clarion accounts verify {name}")
