"""`clarion install-cron`: one line in the user's crontab that publishes what is due, every minute.

In: the campaign and the crontab as it stands. Out: the same crontab with one block, marked with the campaign's id,
so that doing it again changes nothing. The line depends neither on PATH nor on the folder cron starts in.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clarion.cli.terminal import options, shell
from clarion.errors import ClarionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clarion.app import App
    from clarion.app.doctor import Crontab

#: Cron starts with an empty environment: what decides where the outbox and the name are must go along.
_GO_ALONG = ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "CLARION_HOST", "CLARION_AS")


@click.command(epilog=shell.example("clarion install-cron", "clarion install-cron --print"))
@click.option("--print", "only_print", is_flag=True, help="Print the line and change nothing.")
@options.yes
@click.pass_obj
def install_cron(app: App, *, only_print: bool, yes: bool) -> None:
    """Let cron publish what is due, every minute.

    Adds one line to your crontab; the rest of it stays as it is. What cron says is kept in publish.log beside the
    outbox.
    """
    campaign = app.config.campaign
    line = cron_line(app.folder, app.state / "publish.log", os.environ)
    if only_print:
        shell.show(line)
        return
    crontab = _read(line)
    wanted = merged(crontab, campaign.id, line)
    if wanted == crontab:
        shell.say_so("cron does this already; nothing was changed.")
        return
    shell.say_so(line)
    if not shell.confirm("Add this line to your crontab?", yes=yes):
        shell.say_so("nothing was changed. To add it: clarion install-cron --yes")
        return
    app.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(wanted)
    shell.say_so(f"cron publishes “{campaign.name}” every minute from now on.")
    if app.rehearsing:
        shell.say_so("It is still in rehearsal: nothing leaves this machine before clarion live.")


def cron_line(folder: Path, log: Path, environ: Mapping[str, str]) -> str:
    """The crontab's line. Raises ClarionError for a path that no crontab can hold."""
    along = [f"{name}={value}" for name, value in going_along(environ).items()]
    words = [*(["/usr/bin/env", *along] if along else []), *clarion_at(folder), "publish"]
    command = f"{shlex.join(words)} >> {shlex.quote(str(log))} 2>&1"
    if "\n" in command or "\r" in command:
        raise ClarionError("a crontab cannot hold a path with a line break", "rename the folder")
    return "* * * * * " + command.replace("%", "\\%")  # to cron, a bare % ends the command


def going_along(environ: Mapping[str, str]) -> dict[str, str]:
    """What cron's line sets, because cron does not."""
    return {name: environ[name] for name in _GO_ALONG if environ.get(name)}


def clarion_at(folder: Path) -> list[str]:
    """The Clarion that runs now, by full path, for the campaign in a folder."""
    return [*_clarion(), "--campaign", str(folder)]


def installed(app: App) -> Crontab:
    """What the user's crontab has for this campaign: today's line, another one or none; None where it cannot be read."""
    try:
        answer = _crontab("-l")
    except FileNotFoundError:
        return None
    if answer.returncode != 0:
        return "none" if "no crontab" in answer.stderr else None
    line = cron_line(app.folder, app.state / "publish.log", os.environ)
    if merged(answer.stdout, app.config.campaign.id, line) == answer.stdout:
        return "ours"
    return "another" if f"# clarion {app.config.campaign.id}: begin\n" in answer.stdout else "none"


def merged(crontab: str, campaign_id: str, line: str) -> str:
    """The crontab with this campaign's block, once, and everything else untouched."""
    begin, end = f"# clarion {campaign_id}: begin", f"# clarion {campaign_id}: end"
    block = f"{begin}\n{line}\n{end}\n"
    ours = re.compile(rf"^{re.escape(begin)}\n.*?^{re.escape(end)}(?:\n|\Z)", re.MULTILINE | re.DOTALL)
    if crontab and not crontab.endswith("\n"):
        crontab += "\n"
    found = ours.search(crontab)
    if found is None:
        return crontab + block
    return crontab[: found.start()] + block + ours.sub("", crontab[found.end() :])


def _clarion() -> list[str]:
    """The Clarion that runs now, by full path."""
    beside = Path(sys.executable).with_name("clarion")
    return [str(beside)] if os.access(beside, os.X_OK) else [sys.executable, "-m", "clarion"]


def _read(line: str) -> str:
    try:
        answer = _crontab("-l")
    except FileNotFoundError:
        shell.show(line)
        raise ClarionError(
            "this machine has no crontab",
            "install cron, or let another scheduler run the line above every minute",
        ) from None
    if answer.returncode == 0:
        return answer.stdout
    # Any other failure is not an empty crontab: writing then would wipe what is there.
    if "no crontab" in answer.stderr:
        return ""
    raise _failed(answer, line)


def _write(crontab: str) -> None:
    answer = _crontab("-", text=crontab)
    if answer.returncode != 0:
        raise _failed(answer, None)


def _crontab(argument: str, *, text: str | None = None) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "LC_ALL": "C"}
    return subprocess.run(
        ["crontab", argument],
        input=text,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environ,
        check=False,
    )


def _failed(answer: subprocess.CompletedProcess[str], line: str | None) -> ClarionError:
    if line:
        shell.show(line)
    reason = " ".join(answer.stderr.split()) or f"exit code {answer.returncode}"
    return ClarionError(
        f"crontab refused: {reason}", "crontab -e, and add the line of clarion install-cron --print"
    )
