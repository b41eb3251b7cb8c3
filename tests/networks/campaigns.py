"""A live campaign with one account on a stage, and a way to type commands: from the folder to the server, all of it real."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from clarion.app import App
from clarion.cli import clarion
from tests.networks.stage import Stage

_CONFIG = """
[campaign]
id = "{id}"
name = "A campaign of the tests"
mode = "live"
outbox = "{outbox}"
zone = "Europe/Berlin"
languages = ["en", "ru"]
tags = ["#EyesOnChechnya", "#ЗакройтеЛагеря"]

[accounts.voice]
network = "{network}"
handle = "{handle}"
{more}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """Its folder is `folder/campaign`, its outbox and secrets are in `folder/state`."""

    folder: Path
    stage: Stage
    more: str = ""  # further lines of the account's

    def go_live(self) -> None:
        """As `clarion init`, `accounts add` and `live` leave it."""
        (self.folder / "campaign" / "posts").mkdir(parents=True, exist_ok=True)
        self._write(outbox="")
        with self.app(live=True) as app:
            app.secrets.set("voice", self.stage.secret())
            app.verify("voice")
            self._write(outbox=app.outbox.id)

    def app(self, *, live: bool = False) -> App:
        """To be used in a `with`. `live`: whatever config.toml says."""
        return opened(self.folder, {self.stage.network: self.stage.url}, live=live)

    def types(self, *words: str) -> str:
        """Type a command; what it said."""
        with self.app() as app:
            result = CliRunner().invoke(clarion, list(words), obj=app, env={"CLARION_AS": "vera"})
        assert result.exit_code == 0, result.output
        return result.output

    def _write(self, *, outbox: str) -> None:
        account = self.stage.account()
        # X has but one server.
        server = "" if account.network == "x" else f'server = "{account.server}"'
        written = _CONFIG.format(
            id="tests",
            outbox=outbox,
            network=account.network,
            handle=account.handle,
            more=f"{server}\n{self.more}",
        )
        if not outbox:
            written = written.replace('mode = "live"\noutbox = ""\n', "")
        (self.folder / "campaign" / "config.toml").write_text(written, encoding="utf-8")


def opened(folder: Path, bases: dict[str, str], *, live: bool = False) -> App:
    """The campaign, as a command opens it; its networks are at `bases`."""
    return App(campaign=str(folder / "campaign"), state=folder / "state", live_bases=bases, live=live)
