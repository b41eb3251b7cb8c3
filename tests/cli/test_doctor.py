"""`clarion doctor`, `clarion accounts rules` and `clarion live` past the doctor, with networks that are local servers."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from clarion import networks as registry
from clarion.app import App
from clarion.app.doctor import of_cron, of_disk
from clarion.model import State
from clarion.outbox.limits import stops
from clarion.reporting.status import Status
from clarion.trial.demo import make_campaign
from tests.cli.local import Local
from tests.networks.conftest import Networks
from tests.networks.saying import Said, world

CRONTAB = '#!/bin/sh\ncase "$1" in -l) cat "{kept}" ;; -) cat > "{kept}" ;; esac\n'

#: A campaign in which nothing is wrong, as the doctor tells it; where lines break depends on the terminal.
SOUND = """
machine ok disk N GB free
outbox
ok sound at PLACE N questions, each answered well: clarion db check
ok deliveries none yet
cron
ok last run clarion publish ran less than a minute ago
ok crontab has the line, for every minute
x
ok reachable https://x.com answers
ok authorised as @x
ok may do what publishing takes, and no more
ok login does not end by itself
ok limits 280 characters, 4 images; noted today
ok disclosed the network does not tell; config.toml says: Automated label, and a line in the bio
ok declared The campaign: News and asks of the campaign
ok clock this machine's and its server's agree
mastodon
ok reachable https://m.test answers
ok authorised as @mastodon
ok may do what publishing takes, and no more
ok login does not end by itself
ok limits 500 characters, 4 images; noted today
ok disclosed its profile says that it is automated
ok declared The campaign: News and asks of the campaign
ok rules accepted by vera on DAY
ok clock this machine's and its server's agree
ok server Mastodon 4.5.0
bluesky
ok reachable https://bsky.social answers
ok authorised as @bluesky.test
ok may do what publishing takes, and no more
ok login until DAY, 89 days ahead; Clarion renews it
ok limits 300 characters, 4 images; noted today
ok disclosed its profile says that it is automated
ok declared The campaign: News and asks of the campaign
ok clock this machine's and its server's agree
"""


@pytest.fixture(autouse=True)
def campaign(here, tmp_path, monkeypatch):
    """A campaign with three accounts under names of its own, on a machine with a crontab that is empty."""
    monkeypatch.setenv("CLARION_AS", "vera")
    make_campaign(here)
    config = here / "config.toml"
    named = config.read_text().replace("your_campaign", "eyes").replace("mastodon.example", "m.test")
    for network, handle in (("x", "x"), ("mastodon", "mastodon"), ("bluesky", "bluesky.test")):
        begin, table, rest = named.partition(f"[accounts.{network}]")
        named = begin + table + re.sub(r'handle = ".*"', f'handle = "{handle}"', rest, count=1)
    config.write_text(named)
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "crontab"
    (tmp_path / "crontab").touch()
    program.write_text(CRONTAB.format(kept=tmp_path / "crontab"))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return here


@pytest.fixture
def said():
    return Said()


@pytest.fixture
def networks(said):
    running = Local(world(said))
    running.start()
    yield running
    running.stop()


def give_secrets(networks: Networks, *names: str) -> None:
    with App(live_bases=networks.urls) as app:
        for name in names:
            app.secrets.set(name, registry.rehearsal(name).secret(name))


@pytest.fixture
def live(networks):
    """The campaign, live, with its three accounts connected, their rules read, and cron at work."""
    give_secrets(networks, *registry.NAMES)
    networks.types("live", "--yes")
    networks.types("accounts", "rules", "mastodon", "--accept")
    networks.types("install-cron", "--yes")
    networks.types("publish")
    return networks


def outbox(networks: Networks) -> Path:
    with App(live_bases=networks.urls) as app:
        return app.outbox_path


def told(networks, *words, code=0) -> dict[tuple[str, str], tuple[str, str, str | None]]:
    """The doctor's lines by what they are about."""
    lines = json.loads(networks.types("doctor", "--json", *words, code=code).stdout)
    return {(line["about"], line["what"]): (line["verdict"], line["says"], line["mend"]) for line in lines}


def test_a_mode_that_somebody_wrote_by_hand_is_told_with_what_makes_a_campaign_live(run, campaign):
    path = campaign / "config.toml"
    written = path.read_text()
    assert written.count('mode = "rehearsal"') == 1
    path.write_text(written.replace('mode = "rehearsal"', 'mode = "live"'))
    what = 'config.toml says mode = "live", but clarion live was never run for this campaign'
    mend = 'write mode = "rehearsal" in config.toml, then: clarion live'
    lines = json.loads(run("doctor", "--json", code=1).stdout)
    assert [(each["says"], each["mend"]) for each in lines if each["verdict"] == "stops"][:1] == [
        (what, mend)
    ]
    assert not any("restore" in (each["mend"] or "") for each in lines)
    for words in (("status",), ("db", "check")):
        said = run(*words, code=2).stderr
        assert what in said
        assert mend in said
    path.write_text(written.replace('mode = "rehearsal"', 'mode = "lve"'))
    said = run("doctor", code=2).stderr
    assert 'write mode = "rehearsal"; what makes it live is: clarion live' in said
    assert 'did you mean "live"' not in said


# ── doctor ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_campaign_in_which_nothing_is_wrong_looks_so(live):
    answer = live.types("doctor")
    shown = re.sub(r"at /\S+", "at PLACE", " ".join(answer.stdout.replace("→ ", "").split()))
    shown = re.sub(r"[\d.]+ (GB|questions)", r"N \1", re.sub(r"\d{4}-\d\d-\d\d", "DAY", shown))
    assert shown == " ".join(SOUND.split())
    assert answer.stderr == "Nothing stops publishing.\n"


def test_it_changes_nothing_and_asks_x_for_one_paid_answer(live, said):
    with closing(sqlite3.connect(outbox(live))) as database:
        before = list(database.iterdump())
    said.heard.clear()
    live.types("doctor")
    assert said.asked("/2/users/me") == 1
    assert {request.method for request in said.heard} == {"GET"}
    with closing(sqlite3.connect(outbox(live))) as database:
        assert list(database.iterdump()) == before


def test_a_token_that_was_taken_back_stops_publishing(live):
    give = {"access_token": "token-that-was-revoked"}
    with App(live_bases=live.urls) as app:
        app.secrets.set("mastodon", give)
    verdict, says, mend = told(live, code=1)["mastodon", "authorised"]
    assert (verdict, mend) == ("stops", "clarion accounts verify mastodon")
    assert "not the one that was verified" in says


@pytest.mark.parametrize("name", registry.NAMES)
def test_a_login_that_the_network_refuses_stops_publishing(live, said, name):
    from clarion.networks.rehearsing import Response

    asked = {"x": "/2/users/me", "mastodon": "verify_credentials", "bluesky": "getSession"}[name]
    said.answers[asked] = Response(status=401, body=b'{"error": "AuthenticationRequired"}')
    assert told(live, code=1)[name, "authorised"][0] == "stops"


def test_a_network_that_is_away_stops_its_account_and_no_other(live):
    live.fault("bluesky", "drop_before", on="any", count=None)
    found = told(live, code=1)
    assert found["bluesky", "reachable"][::2] == ("stops", "clarion doctor, in a while; its posts wait")
    assert found["mastodon", "reachable"][0] == found["x", "reachable"][0] == "ok"


def test_what_a_server_says_differently_is_a_look_and_no_stop(live, said):
    said.bodies["verify_credentials"] = lambda me: me.update(bot=False)
    said.bodies["/api/v2/instance"] = lambda server: server.update(
        rules=[{"id": "1", "text": "New."}],
        version="0.17.0",
        source_url="https://codeberg.org/superseriousbusiness/gotosocial",
        configuration={"statuses": {"max_characters": 5000}},
    )
    said.headers["/2/users/me"] = {
        "x-access-level": "read-write-directmessages",
        "date": format_datetime(datetime.now(UTC) + timedelta(minutes=2), usegmt=True),
    }
    found = told(live)
    looks = {key: says for key, (verdict, says, _) in found.items() if verdict == "look"}
    seconds = re.search(r"(\d+) s behind", looks["x", "clock"])
    assert seconds
    assert 110 <= int(seconds[1]) <= 121
    assert set(looks) == {
        ("x", "may do"),
        ("x", "clock"),
        ("mastodon", "disclosed"),
        ("mastodon", "limits"),
        ("mastodon", "rules"),
    }
    assert found["mastodon", "server"][1].startswith("GoToSocial 0.17.0 does not know a repeated post")


def test_an_account_of_somebody_else_stops(live, said):
    said.bodies["/api/v1/accounts/verify_credentials"] = lambda me: me.update(id="77", username="ann")
    verdict, says, _ = told(live, code=1)["mastodon", "verified"]
    assert (verdict, says) == ("stops", "as @mastodon, and this login is @ann's: another account")


def test_an_account_that_publishing_closed_stops_until_it_is_verified(live, said):
    from clarion.networks.rehearsing import Response

    live.types("say", "Too late.", "--to", "mastodon", "--yes")
    said.answers["/api/v1/statuses"] = Response(status=401, body=b"{}")
    live.types("publish")
    said.answers.clear()
    found = told(live, code=1)
    assert found["mastodon", "open"][::2] == ("stops", "clarion accounts verify mastodon")
    assert found["mastodon", "authorised"][0] == "ok"
    live.types("accounts", "verify", "mastodon")
    assert ("mastodon", "open") not in told(live)


def test_a_new_account_of_config_stops_nothing(networks):
    give_secrets(networks, "mastodon")
    networks.types("live", "--yes")
    networks.types("publish")
    found = told(networks)
    assert found["x", "secret"][::2] == ("look", "clarion accounts add x")


def test_a_campaign_without_an_account_stops(run, campaign):
    config = campaign / "config.toml"
    config.write_text(config.read_text().partition("[accounts.")[0])
    [line] = [
        each for each in json.loads(run("doctor", "--json", code=1).stdout) if each["verdict"] == "stops"
    ]
    assert (line["what"], line["mend"]) == ("accounts", "clarion accounts add NAME")


def test_what_mends_a_line_stands_below_it(networks):
    give_secrets(networks, "mastodon")
    networks.types("live", "--yes")
    shown = networks.types("doctor").stdout
    assert (
        "  look   rules       nobody has accepted the 2 rules of its server yet\n"
        "                     → clarion accounts rules mastodon\n"
    ) in shown


# ── outbox, machine, cron ─────────────────────────────────────────────────────────────────────────────────────


def test_an_outbox_that_others_may_read_is_a_look_and_one_of_another_machine_a_stop(live, campaign):
    outbox(live).chmod(0o644)
    assert told(live)["outbox", "file mode"] == (
        "look",
        "other users of this machine may read it",
        f"chmod 600 '{outbox(live)}'",
    )
    config = campaign / "config.toml"
    config.write_text(re.sub(r'^outbox = ".*"', 'outbox = "another"', config.read_text(), flags=re.MULTILINE))
    found = told(live, code=1)
    assert found["outbox", "identity"][0] == "stops"
    assert found["mastodon", "authorised"][0] == "ok"


def test_a_damaged_outbox_stops(live):
    outbox(live).write_bytes(b"not a database")
    verdict, _, mend = told(live, code=1)["outbox", "file"]
    assert verdict == "stops"
    assert mend is not None
    assert "clarion db restore" in mend


def test_a_database_is_looked_at_too_and_one_that_is_away_stops(networks, campaign, postgres_server):
    config = campaign / "config.toml"
    give_secrets(networks, "mastodon")
    with postgres_server.database(template=None) as url:
        config.write_text(config.read_text().replace("\n[outbox]\n", f'\n[outbox]\nurl = "{url}"\n'))
        networks.types("db", "upgrade")
        networks.types("live", "--yes")
        networks.types("publish")
        found = told(networks)
        assert found["outbox", "sound"][0] == "ok"
        assert ("machine", "disk") not in found
    found = told(networks, code=1)
    assert found["outbox", "database"][0] == "stops"
    assert found["mastodon", "authorised"][0] == "ok"


def test_stop_and_pauses_stop_and_say_how_to_go_on(live, campaign):
    (campaign / "STOP").touch()
    live.types("pause", "--reason", "bad news")
    live.types("pause", "--account", "x")
    found = told(live, code=1)
    assert found["machine", "STOP"][::2] == ("stops", f"to go on: rm '{campaign / 'STOP'}'")
    assert found["outbox", "paused"] == ("stops", "everything, by vera: bad news", "clarion resume")
    assert found["x", "paused"] == ("stops", "this account, by vera", "clarion resume --account x")


def test_a_post_that_is_late_though_nothing_holds_it_stops(live):
    live.types("say", "Late.", "--to", "mastodon", "--yes")
    with closing(sqlite3.connect(outbox(live))) as database, database:
        database.execute("UPDATE delivery SET due_at = due_at - 1500000000")
    verdict, says, mend = told(live, code=1)["outbox", "overdue"]
    assert (verdict, mend) == ("stops", "clarion publish")
    assert says == "the oldest should have gone out 25 minutes ago, and nothing holds it"


def test_a_spent_month_is_told_with_what_it_means_for_what_is_due(live):
    with App(live_bases=live.urls) as app, app.outbox.write() as tx:
        reason = "$1.00 of the $1.00 a month that monthly_cap_usd allows are spent"
        stops.stop(tx, "x", tx.at + timedelta(days=9), reason)
    told_by = [told(live)["x", "waits"][2], live.types("status").stdout]
    assert all(
        "below [accounts.x] in config.toml, or what is due by then expires" in each for each in told_by
    )


def test_what_needs_a_person_is_told_as_status_tells_it(live):
    live.types("say", "Nobody read this.")
    one = ("look", "1 entry waiting for approval", "clarion approve 1")
    assert told(live)["outbox", "needs you"] == one
    assert told(live)["outbox", "deliveries"][1] == "3 pending"


def test_a_cron_that_does_not_come_stops(live):
    with closing(sqlite3.connect(outbox(live))) as database, database:
        database.execute("UPDATE meta SET value = value - 7200000000 WHERE key = 'heartbeat'")
    verdict, says, mend = told(live, code=1)["cron", "last run"]
    assert (verdict, says) == ("stops", "clarion publish ran 2 hours ago")
    assert mend is not None
    assert mend.startswith("what it said: tail '")


def test_a_crontab_with_an_older_line_is_a_look(live, tmp_path):
    kept = tmp_path / "crontab"
    kept.write_text(kept.read_text().replace("* * * * *", "*/5 * * * *"))
    assert told(live)["cron", "crontab"][::2] == ("look", "clarion install-cron")


@pytest.mark.parametrize(
    ("minutes", "deliveries", "crontab", "rehearsing", "verdict"),
    [
        (9, {}, "none", False, "ok"),
        (11, {}, "none", False, "look"),
        (11, {"scheduled": 1}, "none", False, "stops"),
        (11, {"scheduled": 1}, "none", True, "look"),
        (11, {}, "ours", False, "stops"),
        (None, {}, None, False, "look"),
        (None, {"scheduled": 2}, None, False, "stops"),
    ],
)
def test_without_cron_only_what_is_scheduled_is_stopped(minutes, deliveries, crontab, rehearsing, verdict):
    now = datetime(2026, 12, 1, tzinfo=UTC)
    beat = None if minutes is None else now - timedelta(minutes=minutes)
    status = Status(
        now=now,
        stopped=False,
        paused=(),
        deliveries=deliveries,
        next_due=None,
        heartbeat=beat,
        waiting=(),
        needs=(),
    )
    assert of_cron(status, crontab, log=Path("log"), rehearsing=rehearsing)[0].verdict == verdict


@pytest.mark.parametrize(("crontab", "command"), [(None, "install-cron --print"), ("none", "install-cron")])
def test_a_run_that_no_crontab_began_is_no_sign_that_cron_is_well(crontab, command):
    now = datetime(2026, 12, 1, tzinfo=UTC)
    status = Status(
        now=now,
        stopped=False,
        paused=(),
        deliveries={},
        next_due=None,
        heartbeat=now,
        waiting=(),
        needs=(),
    )
    ran, line = of_cron(status, crontab, log=Path("log"), rehearsing=True)
    assert ran.verdict == "ok"
    assert line.verdict == "look"
    assert line.mend == f"unless something else runs it every minute: clarion {command}"


def test_without_a_crontab_one_line_says_what_to_do():
    status = Status(
        now=datetime(2026, 12, 1, tzinfo=UTC),
        stopped=False,
        paused=(),
        deliveries={State.SCHEDULED: 1},
        next_due=None,
        heartbeat=None,
        waiting=(),
        needs=(),
    )
    [line] = of_cron(status, None, log=Path("log"), rehearsing=False)
    assert line.says == "clarion publish never ran, and this machine has no crontab to read"
    assert line.mend == "let another scheduler run this line every minute: clarion install-cron --print"


@pytest.mark.parametrize(
    ("folder", "open_", "mended", "words"),
    [(False, 0o644, 0o600, "read"), (True, 0o750, 0o700, "open")],
    ids=["file", "folder"],
)
def test_what_others_may_read_stops_a_run_and_nothing_after_it_is_mended(
    live, home, folder, open_, mended, words
):
    live.types("say", "Hello.", "--to", "mastodon", "--yes")
    [kept] = home.rglob("secrets.json")
    kept = kept.parent if folder else kept
    kept.chmod(open_)
    for _ in range(2):
        answer = live.types("publish", code=2)
        assert f"other users of this machine may {words} {kept}" in answer.stderr
        assert f"chmod {mended:o} '{kept}'" in answer.stderr
    said = live.types("status").stdout
    what = f"nothing goes out on x, mastodon, bluesky: other users of this machine may {words} {kept}"
    assert f"Needs you: {what}. chmod {mended:o} '{kept}'" in said
    assert "is closed" not in said
    assert told(live, code=1)["mastodon", "secret"][2] == f"chmod {mended:o} '{kept}'"
    kept.chmod(mended)
    assert "sent" in live.types("publish").stdout
    assert "Needs you" not in live.types("status").stdout


def test_tokens_that_others_may_read_leave_one_account_out_and_the_others_go_on(live, home, caplog):
    live.types("say", "Hello.", "--yes")
    [kept] = home.rglob("sessions/live/bluesky.json")
    kept.chmod(0o644)
    assert "bluesky" not in live.types("publish").stdout
    assert caplog.messages == [
        f"bluesky cannot be opened: other users of this machine may read {kept}: chmod 600 '{kept}'"
    ]
    kept.chmod(0o600)
    assert [line.split()[1] for line in live.types("publish").stdout.splitlines()] == ["bluesky"]
    assert [len(live.accepted(network)) for network in registry.NAMES] == [1, 1, 1]


def test_a_recall_is_noted_while_the_secret_lies_open_and_done_once_it_does_not(live, home):
    live.types("say", "Hello.", "--to", "mastodon", "--yes")
    live.types("publish")
    [kept] = home.rglob("secrets.json")
    kept.chmod(0o644)
    assert "1 post not down yet" in live.types("recall", "1", "--yes", code=75).stderr
    assert not live.accepted("mastodon")[0].deleted
    kept.chmod(0o600)
    live.types("publish")
    assert live.accepted("mastodon")[0].deleted


def test_the_question_says_that_it_is_for_real(live):
    with live.terminal("say", "Hello.", "--to", "mastodon", columns=120) as terminal:
        terminal.answer("1 post, FOR REAL, ", "n\n")
        assert terminal.end() == 0


@pytest.mark.parametrize(("free", "verdict"), [(10**10, "ok"), (499_999_999, "look"), (19_999_999, "stops")])
def test_a_disk_that_fills_up_is_told_of(free, verdict):
    assert of_disk(free).verdict == verdict


# ── rehearsal, cron ───────────────────────────────────────────────────────────────────────────────────────────


def test_in_rehearsal_the_stand_ins_are_asked_and_what_live_needs_is_said(networks):
    give_secrets(networks, "mastodon")
    answer = networks.types("doctor")
    assert answer.stderr.startswith("REHEARSAL")
    found = told(networks)
    assert found["x", "for live"][::2] == ("look", "clarion accounts add x")
    assert found["mastodon", "for live"][::2] == ("look", "clarion accounts verify mastodon")
    assert found["mastodon", "reachable"][1] == "its stand-in on this machine answers"
    networks.types("accounts", "verify", "mastodon")
    assert told(networks)["mastodon", "for live"] == (
        "ok",
        "the real account is connected, and verified as @mastodon",
        None,
    )


def test_as_cron_a_secret_that_only_this_terminal_has_is_missing(run, campaign, monkeypatch):
    config = campaign / "config.toml"
    config.write_text(config.read_text().replace('store = "file"', 'store = "environment"'))
    monkeypatch.setenv("CLARION_SECRET_MASTODON_ACCESS_TOKEN", "only here")

    def for_live(*words):
        lines = json.loads(run("doctor", "--json", *words).stdout)
        [line] = [each for each in lines if (each["about"], each["what"]) == ("mastodon", "for live")]
        return line["says"]

    assert for_live() == "the real account is connected, and was not verified yet"
    assert for_live("--as-cron") == (
        "the real account is not connected yet: your shell has CLARION_SECRET_MASTODON_ACCESS_TOKEN, and cron does not"
    )
    assert "As cron sees it" in run("doctor", "--as-cron").stderr


def test_as_cron_what_keeps_clarion_from_starting_stops(run, campaign):
    run("doctor")
    (campaign / "config.toml").write_text("[campaign]\n")
    answer = run("doctor", "--as-cron", code=2)
    assert "config.toml" in answer.stderr


def test_a_damaged_rehearsal_is_told_line_by_line_too(networks):
    networks.types("say", "Rehearsed.", "--yes")
    outbox(networks).write_bytes(b"not a database")
    found = told(networks, code=1)
    assert found["outbox", "file"][0] == "stops"
    assert found["mastodon", "reachable"][0] == "ok"


# ── rules ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_rules_are_shown_and_accepted_by_somebody(networks):
    give_secrets(networks, "mastodon")
    networks.types("live", "--yes")
    answer = networks.types("accounts", "rules", "mastodon")
    assert answer.stdout == "1. Speak as yourself.\n2. Say so when a post is automated.\n"
    assert "clarion accounts rules mastodon --accept" in answer.stderr
    assert told(networks)["mastodon", "rules"][0] == "look"
    assert "Accepted by vera." in networks.types("accounts", "rules", "mastodon", "--accept").stderr
    assert told(networks)["mastodon", "rules"][0] == "ok"


def test_rules_are_accepted_at_a_terminal_with_a_yes(networks):
    give_secrets(networks, "mastodon")
    with networks.terminal("accounts", "rules", "mastodon") as terminal:
        terminal.answer("keep to them? [y/N]", "y\n")
        assert terminal.end() == 0
        assert "Accepted by vera." in terminal.shown


def test_a_network_without_rules_says_so(networks):
    give_secrets(networks, "bluesky")
    assert "shows no rules" in networks.types("accounts", "rules", "bluesky").stderr
    assert "did you mean" in networks.types("accounts", "rules", "blusky", code=2).stderr


# ── live ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_good_account_goes_live_with_one_answer(networks, campaign):
    give_secrets(networks, "mastodon")
    with networks.terminal("live") as terminal:
        terminal.answer("for real from now on? [y/N]", "y\n")
        assert terminal.end() == 0
    shown = terminal.shown.replace("\r\n", "\n")
    assert "mastodon: mastodon · @mastodon · https://m.test\n" in shown
    assert "look   rules       nobody has accepted the 2 rules of its server yet\n" in shown
    assert "x: the account “x” has no secret stored on this machine: clarion accounts add x\n" in shown
    assert "Left out until they are verified: x, bluesky\n" in shown
    assert 'mode = "live"' in (campaign / "config.toml").read_text()


def test_owner_and_purpose_are_no_wall(networks, campaign):
    config = campaign / "config.toml"
    config.write_text(
        re.sub(r'^(owner|purpose|disclosure) = ".*"\n', "", config.read_text(), flags=re.MULTILINE)
    )
    give_secrets(networks, "mastodon")
    answer = networks.types("live", "--yes")
    words = " ".join(answer.stderr.split())
    assert "look declared config.toml does not say: owner, purpose, disclosure" in words


def test_what_stops_every_account_keeps_the_campaign_in_rehearsal(networks, said, campaign):
    give_secrets(networks, "x")
    said.headers["/2/users/me"] = {"x-access-level": "read"}
    answer = networks.types("live", "--yes", code=2)
    assert "STOPS  may do      too little: not write" in answer.stderr
    assert "→ clarion accounts login x" in answer.stderr
    assert 'mode = "rehearsal"' in (campaign / "config.toml").read_text()


def test_what_stops_one_account_leaves_it_out(networks, said):
    give_secrets(networks, "x", "mastodon")
    said.headers["/2/users/me"] = {"x-access-level": "read"}
    answer = networks.types("live", "--yes")
    assert "Left out until they are verified: x, bluesky" in answer.stderr
    networks.types("say", "For real.", "--yes")
    networks.types("publish")
    assert [len(networks.accepted(name)) for name in registry.NAMES] == [0, 1, 0]


def test_live_asks_x_once(networks, said):
    give_secrets(networks, "x")
    networks.types("live", "--yes")
    assert said.asked("/2/users/me") == 1
