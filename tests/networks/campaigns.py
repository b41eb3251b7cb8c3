"""A live campaign with one account on a stage, and a way to type commands: from the folder to the server, all of it real."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from clarion.app import App
from clarion.cli import clarion
from tests import configs
from tests.networks.stage import Stage


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
        written = configs.campaign(
            "tests",
            languages=["en", "ru"],
            tags=["#EyesOnChechnya", "#ЗакройтеЛагеря"],
            mode="live" if outbox else None,
            outbox=outbox or None,
        )
        written += configs.account(
            "voice",
            network=account.network,
            handle=account.handle,
            server=None if account.network == "x" else account.server,  # X has but one
        )
        (self.folder / "campaign" / "config.toml").write_text(f"{written}{self.more}\n", encoding="utf-8")


def opened(folder: Path, bases: dict[str, str], *, live: bool = False) -> App:
    """The campaign, as a command opens it; its networks are at `bases`."""
    return App(campaign=str(folder / "campaign"), state=folder / "state", live_bases=bases, live=live)
