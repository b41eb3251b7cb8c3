"""`clarion db`, typed in a campaign that is live on loopback networks: what they accepted is the judge."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from clarion.cli import clarion
from tests import postgres
from tests.networks.conftest import networks  # noqa: F401 - a fixture
from tests.trial.test_live import Organiser, organiser  # noqa: F401 - a fixture

IDLE = """
import sys
from clarion.app import App
print(App(campaign=sys.argv[1]).rest(), *sorted({"psycopg", "sqlalchemy"} & set(sys.modules)))
"""


class House(Organiser):
    """A live campaign, and where its outbox is."""

    @property
    def outbox(self) -> Path:
        with self.app() as app:
            return app.outbox_path

    def publishes_what_it_can(self) -> None:
        """0, or 1 while something is left in doubt for a person."""
        with self.app() as app:
            result = CliRunner().invoke(clarion, ["publish"], obj=app)
        assert result.exit_code in (0, 1), result.output

    def accepted_once(self) -> int:
        texts = self.accepted()
        said = {text.split(".")[0] for text in texts}
        assert len(texts) == 3 * len(said), texts
        return len(said)


@pytest.fixture
def house(organiser: Organiser) -> House:  # noqa: F811
    made = House(organiser.folder, organiser.networks)
    made.give_secrets("x", "mastodon", "bluesky")
    made.types("live", "--yes")
    return made


@pytest.fixture
def database(postgres_server: postgres.Server) -> Iterator[str]:
    with postgres_server.database(template=None) as url:
        yield url


# ── check ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_check_says_ok_line_by_line(house: House) -> None:
    house.types("publish")
    shown = house.types("db", "check").stdout
    assert "WRONG" not in shown
    for what in ("file", "schema", "identity", "host", "clock", "journal", "audit", "posts", "images"):
        assert what in shown
    readings = json.loads(house.types("db", "check", "--json").stdout)
    assert all(each["good"] for each in readings)


def test_check_says_what_is_wrong_and_what_mends_it(house: House) -> None:
    house.outbox.chmod(0o644)
    result = house.types("db", "check", code=2)
    assert "WRONG" in result.stdout
    assert f"chmod 600 '{house.outbox}'" in result.stderr


def test_a_clock_that_was_ahead_is_accepted(house: House) -> None:
    house.types("publish")
    with closing(sqlite3.connect(house.outbox)) as database, database:
        database.execute("UPDATE meta SET value = value + 3600000000 WHERE key = 'heartbeat'")
    for words in (("publish",), ("say", "Now.", "--yes"), ("db", "check")):
        assert "--accept-clock" in house.types(*words, code=2).stderr
    assert "Nothing was changed" in house.types("db", "check", "--accept-clock", code=2).stderr
    house.types("db", "check", "--accept-clock", "--yes")
    house.types("publish")


def test_a_synced_folder_is_refused_when_it_would_matter(organiser: Organiser) -> None:  # noqa: F811
    (organiser.folder / "state" / ".stfolder").mkdir(parents=True)
    organiser.types("say", "A rehearsal may stand anywhere.", "--yes")
    organiser.give_secrets("mastodon")
    refused = organiser.types("live", "--yes", code=2)
    assert "synced to other machines" in refused.stderr
    assert "PostgreSQL" in refused.stderr


# ── backup, restore ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_backup_that_cannot_be_made_names_the_file_that_was_asked_for(house: House, tmp_path: Path) -> None:
    house.types("say", "Once.", "--yes")
    copy = tmp_path / "gone" / "copy"
    said = house.types("db", "backup", str(copy), code=2).stderr
    assert f"no backup can be made at {copy}: No such file or directory" in said
    assert f"mkdir -p {copy.parent}" in said
    (tmp_path / "file").touch()
    said = house.types("db", "backup", str(tmp_path / "file" / "copy"), code=2).stderr
    assert f"no backup can be made at {tmp_path / 'file' / 'copy'}: Not a directory" in said
    assert not list(tmp_path.rglob(".copy.*"))


def test_a_restored_campaign_sends_nothing_twice(house: House) -> None:
    house.types("say", "Once.", "--yes")
    copy = Path(house.types("db", "backup").stdout.strip())
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    house.types("publish")
    assert house.accepted_once() == 1
    dry = house.types("db", "restore", str(copy), "--dry-run")
    assert "3 deliveries may have gone out since" in dry.stderr
    asked = house.types("db", "restore", str(copy), code=2)
    assert "nothing was changed: it is not done unasked" in asked.stderr
    assert f"clarion db restore {copy} --yes" in asked.stderr
    house.types("db", "restore", str(copy), "--yes")
    house.publishes_what_it_can()
    house.types("db", "check")
    assert house.accepted_once() == 1
    house.types("say", "Something new.", "--yes")
    house.publishes_what_it_can()
    assert house.accepted_once() == 2


def test_where_nobody_knows_what_was_stopped_a_restore_says_how_to_look_again(house: House) -> None:
    house.types("say", "Later.", "--at", "2031-03-29 12:00", "--yes")
    copy = Path(house.types("db", "backup").stdout.strip())
    stays = house.types("db", "restore", str(copy), "--dry-run").stderr
    assert "What people stopped since stays stopped; 0 entries would wait for a new look." in stays
    house.outbox.write_bytes(b"damaged")
    dry = house.types("db", "restore", str(copy), "--dry-run").stderr
    assert "There is no outbox that says what people stopped since: 1 entry would wait" in dry
    done = house.types("db", "restore", str(copy), "--yes")
    assert "1 entry waits for a new look. To read and approve again: clarion approve" in done.stderr
    assert json.loads(house.types("queue", "list", "--state", "pending", "--json").stdout)
    house.types("approve", "--yes")
    assert not json.loads(house.types("queue", "list", "--state", "pending", "--json").stdout)


def test_a_backup_does_not_go_over_a_file_and_a_wrong_file_is_no_backup(house: House, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious")
    house.types("db", "backup", str(precious), code=2)
    house.types("db", "restore", str(precious), "--yes", code=2)
    assert precious.read_text() == "precious"


def test_the_rehearsals_backup_is_not_the_campaigns(organiser: Organiser, tmp_path: Path) -> None:  # noqa: F811
    organiser.types("say", "Only rehearsed.", "--yes")
    organiser.types("db", "backup", str(tmp_path / "rehearsal"))
    organiser.give_secrets("mastodon")
    organiser.types("live", "--yes")
    result = organiser.types("db", "restore", str(tmp_path / "rehearsal"), "--yes", code=2)
    assert "another campaign's outbox, or of a rehearsal's" in result.stderr


# ── adopt ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_second_host_adopts_and_sends_nothing_twice(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.types("say", "Once.", "--yes")
    copied = tmp_path / "copied"
    shutil.copytree(house.folder / "state", copied)
    house.types("publish")
    shutil.rmtree(house.folder / "state")
    copied.rename(house.folder / "state")
    monkeypatch.setenv("CLARION_HOST", "the new one")
    refused = house.types("publish", code=2)
    assert "another host" in refused.stderr
    assert "clarion db adopt" in refused.stderr
    dry = house.types("db", "adopt", "--dry-run").stderr
    assert "3 deliveries were due" in dry
    assert "What people stopped elsewhere is not known here: 0 entries would wait for a new look" in dry
    house.types("publish", code=2)
    assert "3 deliveries are in doubt" in house.types("db", "adopt", "--yes").stdout
    house.publishes_what_it_can()
    assert house.accepted_once() == 1
    assert "already" in house.types("db", "adopt", "--yes").stderr


def test_there_is_nothing_to_adopt_where_no_outbox_is(house: House) -> None:
    shutil.rmtree(house.outbox.parent)
    assert "db restore" in house.types("db", "adopt", "--yes", code=2).stderr


# ── PostgreSQL ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_live_campaign_moves_to_a_database_and_goes_on(house: House, database: str) -> None:
    house.types("say", "Before.", "--yes")
    house.types("publish")
    house.types("say", "After.", "--yes")
    assert "can take it" in house.types("db", "copy", "--to", database, "--dry-run").stderr
    moved = house.types("db", "copy", "--to", database, "--yes")
    assert '[outbox]\nurl = "postgresql+psycopg://' in moved.stdout
    refused = house.types("publish", code=2)
    assert "moved to a database" in refused.stderr
    assert house.accepted_once() == 1
    house.types("db", "copy", "--to", database, "--write")
    assert "url =" in (house.folder / "config.toml").read_text()
    house.types("publish")
    assert house.accepted_once() == 2
    assert "WRONG" not in house.types("db", "check").stdout
    house.types("publish")
    looked = subprocess.run(
        [sys.executable, "-c", IDLE, house.folder], capture_output=True, text=True, check=True
    )
    assert looked.stdout.split() == ["idle", "psycopg"], "asked plainly, at psycopg's price"
    pointed = house.types("db", "backup", code=2).stderr
    assert "pg_dump --format=custom --file=outbox.dump --dbname=" in pointed
    assert "pg_restore" in house.types("db", "restore", "x", code=2).stderr


def test_a_password_is_never_shown_nor_written(house: House, postgres_server: postgres.Server) -> None:
    with postgres_server.database(template=None) as url:
        secret = postgres_server.url.set(
            drivername="postgresql+psycopg",
            password="hunter2",
            database=url.partition("?")[0].rpartition("/")[2],
        ).render_as_string(hide_password=False)
        said = [
            house.types("db", "copy", "--to", secret, *more)
            for more in (["--dry-run"], [], ["--yes", "--write"], ["--yes"])
        ]
        config = (house.folder / "config.toml").read_text()
        (house.folder / "config.toml").write_text(config.replace("clarion@", "clarion:hunter2@"))
        said += [
            house.types("db", "check"),
            house.types("db", "backup", code=2),
            house.types("db", "upgrade"),
        ]
    assert "url =" in config
    assert "hunter2" not in config
    assert all("hunter2" not in each.output for each in said)
    dead = house.types("db", "check", code=2)
    assert "hunter2" not in dead.output
    assert "WRONG" in dead.stdout


def test_a_campaign_begins_with_a_database(organiser: Organiser, database: str) -> None:  # noqa: F811
    config = organiser.folder / "config.toml"
    config.write_text(config.read_text().replace("\n[outbox]\n", f'\n[outbox]\nurl = "{database}"\n'))
    organiser.give_secrets("x", "mastodon", "bluesky")
    assert "db upgrade" in organiser.types("live", "--yes", code=2).stderr
    assert "Nothing was changed" in organiser.types("db", "upgrade", "--dry-run").stderr
    organiser.types("db", "upgrade")
    assert "already" in organiser.types("db", "upgrade").stderr
    organiser.types("live", "--yes")
    organiser.types("say", "From a database.", "--yes")
    organiser.types("publish")
    assert len(organiser.accepted()) == 3


def test_a_preview_shows_the_accounts_as_a_database_has_them_and_says_when_it_does_not_answer(
    organiser: Organiser,  # noqa: F811
    postgres_server: postgres.Server,
) -> None:
    config = organiser.folder / "config.toml"
    with postgres_server.database(template=None) as url:
        config.write_text(config.read_text().replace("\n[outbox]\n", f'\n[outbox]\nurl = "{url}"\n'))
        organiser.give_secrets("mastodon")
        organiser.types("db", "upgrade")
        organiser.types("live", "--yes")
        with organiser.app() as app, app.outbox.write() as tx:
            tx.connection.exec_driver_sql("UPDATE account SET handle = 'pinned-there'")
        assert "pinned-there" in organiser.types("preview", "court-found").stdout
        before = config.read_text()
        config.write_text(re.sub(r'(?m)^outbox = "\w+"', 'outbox = "another"', before))
        elsewhere = organiser.types("preview", "court-found").stdout
        assert "your_campaign" in elsewhere, "a volunteer's copy of the folder"
        config.write_text(before)
    for words in (("preview", "court-found"), ("posts", "check")):
        assert "the database does not answer" in organiser.types(*words, code=2).stderr
