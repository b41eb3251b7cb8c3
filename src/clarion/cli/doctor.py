"""`clarion doctor`: a line for each thing that publishing stands on, and what mends it.

In: the campaign, this machine's crontab. Out: lines on stdout; exit 1 where something stops publishing, or will. Nothing is
posted or changed.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from clarion.cli.terminal import shell

if TYPE_CHECKING:
    from clarion.accounts.doctor import Line
    from clarion.app import App

#: Longer than every account's requests at their slowest.
_SECONDS = 300
#: All that cron sets, besides HOME and LOGNAME (crontab(5)).
_CRON = {"SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}
_WIDEST = 100
#: Where the words begin: behind the verdict and the question.
_INDENT = 21


@click.command(epilog=shell.example("clarion doctor", "clarion doctor --as-cron"))
@click.option(
    "--as-cron", is_flag=True, help="Look with no more than what cron has: no login, few variables."
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def doctor(app: App, *, as_cron: bool, as_json: bool) -> None:
    """Look at everything that publishing stands on.

    The outbox, cron, and each account: whether its network takes our login, for how long, and whether readers are told
    what it is. ok: nothing to do. look: publishing goes on, and somebody should see to it. STOPS: it does not, or soon
    will not; then the exit code is 1. Posts nothing, changes nothing; on X it costs $0.001.
    """
    if app.rehearsing:
        shell.banner_of_rehearsal()
    if as_cron:
        shell.say_so("As cron sees it, which has nothing of what this shell has:")
    found = list(_told(_as_cron(app) if as_cron else _all(app), as_json=as_json))
    if as_json:
        shell.show_json(found)
    _sum_up(found)
    if any(each.verdict == "stops" for each in found):
        shell.finish(shell.Code.TROUBLE)


def _all(app: App) -> Iterator[Line]:
    from clarion.app.doctor import of_account, of_campaign
    from clarion.cli.install_cron import installed

    found = of_campaign(app, installed(app))
    yield from (line for line in found if line.about not in app.config.accounts)
    for name in app.config.accounts:
        yield from (line for line in found if line.about == name)
        yield from of_account(app, name)


def _told(found: Iterable[Line], *, as_json: bool) -> Iterator[Line]:
    """The lines, shown as they come: a network may take half a minute."""
    for about, lines in groupby(found, key=lambda line: line.about):
        if not as_json:
            shell.show(about)
        for line in lines:
            if not as_json:
                shell.show(drawn(line))
            yield line


def drawn(line: Line) -> str:
    """One line as a person reads it, and below it what mends it."""
    from clarion.accounts.doctor import Verdict

    verdict = "STOPS" if line.verdict is Verdict.STOPS else str(line.verdict)
    words = _wrapped(f"  {verdict:<6} {line.what:<11} ", line.says, _INDENT)
    if line.mend:
        words += _wrapped(f"{'':{_INDENT}}→ ", line.mend, _INDENT + 2)
    return "\n".join(words)


def _wrapped(begin: str, text: str, indent: int) -> list[str]:
    return wrap(
        shell.printable(" ".join(text.split())),
        max(min(shell.width(), _WIDEST), 50),
        initial_indent=begin,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _sum_up(found: list[Line]) -> None:
    stops, looks = (sum(each.verdict == which for each in found) for which in ("stops", "look"))
    if stops:
        shell.say_so(f"{stops} {'thing stops' if stops == 1 else 'things stop'} publishing.")
    else:
        shell.say_so("Nothing stops publishing." + (f" To look at: {looks}." if looks else ""))


# ── as cron ───────────────────────────────────────────────────────────────────────────────────────────────────


def _as_cron(app: App) -> list[Line]:
    """The same, by another process that has what cron has: neither this terminal's variables nor its keyring."""
    from clarion.cli.install_cron import clarion_at, going_along

    home = str(Path.home())
    login = os.environ.get("LOGNAME") or os.environ.get("USER") or Path.home().name
    environ = {"HOME": home, "LOGNAME": login, **_CRON, **going_along(os.environ)}
    try:
        answer = subprocess.run(
            [*clarion_at(app.folder), "doctor", "--json"],
            env=environ,
            cwd=home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return [_does_not_start(f"no answer in {_SECONDS} s")]
    return [_only_here(app, line) for line in _heard(answer)]


def _only_here(app: App, line: Line) -> Line:
    """A secret that cron lacks, and that this shell's variables hold: neither is it lost, nor will it help."""
    from dataclasses import replace

    from clarion import networks
    from clarion.accounts.doctor import Verdict
    from clarion.accounts.secrets import variable

    account = app.config.accounts.get(line.about)
    asked = line.verdict is not Verdict.OK and line.what in ("secret", "authorised", "for live")
    if account is None or not asked or app.config.secrets.store != "environment":
        return line
    keys = networks.options(account.network).SECRETS
    here = [name for name in (variable(line.about, key) for key in keys) if os.environ.get(name)]
    if not here:
        return line
    return replace(
        line,
        says=f"{line.says}: your shell has {', '.join(here)}, and cron does not",
        mend=f'store = "file" below [secrets] in config.toml, then: clarion accounts add {line.about}',
    )


def _heard(answer: subprocess.CompletedProcess[str]) -> list[Line]:
    from clarion.accounts.doctor import Line, Verdict

    try:
        return [Line(**{**each, "verdict": Verdict(each["verdict"])}) for each in json.loads(answer.stdout)]
    except (ValueError, TypeError, KeyError):
        return [_does_not_start(" ".join(answer.stderr.split()) or f"exit code {answer.returncode}")]


def _does_not_start(why: str) -> Line:
    from clarion.accounts.doctor import Line, Verdict

    return Line(
        about="cron",
        what="starts",
        verdict=Verdict.STOPS,
        says=f"with what cron has, Clarion does not start: {why}",
        mend="clarion install-cron --print, and look at its line",
    )
