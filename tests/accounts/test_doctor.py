"""Each line of a doctor about an account, broken once; pure. With real networks: tests/cli/test_doctor.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from clarion.accounts.doctor import Known, Verdict, hash_of, lines
from clarion.campaign.config import Account as Written
from clarion.errors import (
    AccountBlocked,
    CampaignError,
    ClarionError,
    OutcomeUnknown,
    RateLimited,
    Refused,
    Unavailable,
)
from clarion.model import Account, Examination, Identity, Limits, Profile, Scopes
from clarion.outbox.accepting import Accepted
from clarion.outbox.accounts import Standing

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
RULES = ("Be kind.", "Say so when a post is automated.")
IDENTITY = Identity(network="mastodon", origin="https://m.test", remote_id="7")
LIMITS = Limits(text=500, alt=1500)
WRITTEN = {
    "network": "mastodon",
    "handle": "eyes",
    "server": "https://m.test",
    "owner": "The campaign",
    "purpose": "News",
    "disclosure": "The bot flag",
}


def known(days: float = 3, /, written: dict[str, object] | None = None, **more) -> Known:
    """An account that was verified so many days ago, with nothing wrong."""
    account = Account(
        name="m", network="mastodon", handle="eyes", server="https://m.test", identity=IDENTITY, limits=LIMITS
    )
    standing = Standing(
        account=account, verified_at=NOW - timedelta(days=days), blocked_until=None, blocked_reason=None
    )
    accepted = Accepted(rules=hash_of(RULES), who="vera", at=NOW - timedelta(days=9))
    fields = {"standing": standing, "accepted": accepted, **more}
    return Known(name="m", written=Written(**{**WRITTEN, **(written or {})}), **fields)  # type: ignore[arg-type]


def found(*, profile: dict[str, object] | None = None, **more) -> Examination:
    """What a network says at which nothing is wrong."""
    about = {
        "identity": IDENTITY,
        "handle": "eyes",
        "display_name": "Eyes",
        "limits": LIMITS,
        "automated": True,
    } | (profile or {})
    fields = {"scopes": Scopes(), "server_time": NOW, "software": "Mastodon 4.5.0", "rules": RULES} | more
    return Examination(profile=Profile(**about), **fields)  # type: ignore[arg-type]


def told(here: Known, there: Examination | ClarionError) -> dict[str, tuple[str, str, str | None]]:
    """The lines by their question: verdict, words, what mends it."""
    return {line.what: (str(line.verdict), line.says, line.mend) for line in lines(here, there, NOW)}


def test_where_nothing_is_wrong_every_line_is_ok_and_says_what_was_seen():
    assert [f"{line.verdict} {line.what}: {line.says}" for line in lines(known(), found(), NOW)] == [
        "ok reachable: https://m.test answers",
        "ok authorised: as @eyes",
        "ok may do: what publishing takes, and no more",
        "ok login: does not end by itself",
        "ok limits: 500 characters, 4 images; noted 3 days ago",
        "ok disclosed: its profile says that it is automated",
        "ok declared: The campaign: News",
        "ok rules: accepted by vera on 2026-11-22",
        "ok clock: this machine's and its server's agree",
        "ok server: Mastodon 4.5.0",
    ]


LOGIN, VERIFY, READ = (f"clarion accounts {what} m" for what in ("login", "verify", "rules"))
TABLE = "below [accounts.m] in config.toml"


@pytest.mark.parametrize(
    ("what", "line", "here", "there"),
    [
        (
            "may do",
            ("stops", "too little: not write:statuses", LOGIN),
            {},
            {"scopes": Scopes(lacks=("write:statuses",))},
        ),
        (
            "may do",
            ("look", "more than publishing takes: follow, read", LOGIN),
            {},
            {"scopes": Scopes(exceeds=("follow", "read"))},
        ),
        ("may do", ("ok", "the network does not say what this login may do", None), {}, {"scopes": None}),
        (
            "login",
            ("ok", "until 2027-03-01, 90 days ahead; Clarion renews it", None),
            {},
            {"ends_at": NOW + timedelta(days=90)},
        ),
        (
            "login",
            ("look", "until 2026-12-14, 13 days ahead, and it was not renewed", LOGIN),
            {},
            {"ends_at": NOW + timedelta(days=13)},
        ),
        (
            "verified",
            (
                "stops",
                "as @eyes, and this login is @ann's: another account",
                "log in as @eyes: clarion accounts login m",
            ),
            {},
            {"profile": {"identity": replace(IDENTITY, remote_id="8"), "handle": "ann"}},
        ),
        (
            "verified",
            ("look", "never, so nothing is queued for it", VERIFY),
            {"standing": None},
            {},
        ),
        (
            "handle",
            (
                "look",
                "config.toml says @eyes, and the network @eyes2",
                f'if it is meant: handle = "eyes2" {TABLE}',
            ),
            {},
            {"profile": {"handle": "eyes2"}},
        ),
        ("open", ("stops", "publishing closed it: 401", VERIFY), {"closed": "401"}, {}),
        (
            "limits",
            (
                "look",
                "its server takes 300 characters, 4 images; posts are fitted to 500 characters, 4 images",
                VERIFY,
            ),
            {},
            {"profile": {"limits": replace(LIMITS, text=300)}},
        ),
        (
            "disclosed",
            (
                "look",
                "its profile does not say that it is automated",
                "On its server: Edit profile, tick “This is an automated account”.",
            ),
            {},
            {"profile": {"automated": False}},
        ),
        (
            "disclosed",
            ("ok", "the network does not tell; config.toml says: The bot flag", None),
            {},
            {"profile": {"automated": None}},
        ),
        (
            "declared",
            (
                "look",
                "config.toml does not say: owner, purpose",
                f'owner = "…", purpose = "…" {TABLE}',
            ),
            {"written": {"owner": None, "purpose": ""}},
            {},
        ),
        (
            "replies",
            (
                "look",
                'Mastodon cannot limit replies: everyone may, though config.toml says "followed"',
                f'replies = "everyone" {TABLE}; or leave it: it limits who may quote',
            ),
            {"written": {"replies": "followed"}},
            {},
        ),
        (
            "rules",
            ("look", "nobody has accepted the 2 rules of its server yet", READ),
            {"accepted": None},
            {},
        ),
        (
            "rules",
            ("look", "its server changed them since they were accepted by vera on 2026-11-22", READ),
            {},
            {"rules": ("Be kind.",)},
        ),
        (
            "clock",
            (
                "look",
                "this machine's is 61 s ahead of its server's",
                "set this machine's clock: timedatectl set-ntp true",
            ),
            {},
            {"server_time": NOW - timedelta(seconds=61)},
        ),
        (
            "clock",
            (
                "look",
                "this machine's is 3600 s behind its server's",
                "set this machine's clock: timedatectl set-ntp true",
            ),
            {},
            {"server_time": NOW + timedelta(hours=1)},
        ),
        (
            "server",
            ("ok", "Hollo 1 may make two posts", None),
            {},
            {"software": "Hollo 1", "peculiar": "Hollo 1 may make two posts"},
        ),
    ],
)
def test_what_is_wrong_is_said_with_what_mends_it(what, line, here, there):
    assert told(known(**here), found(**there))[what] == line


def test_limits_that_nobody_asked_for_in_a_month_are_a_look():
    assert told(known(31), found())["limits"] == (
        "look",
        "500 characters, 4 images; noted 31 days ago",
        VERIFY,
    )


def test_where_the_network_does_not_tell_and_config_does_not_either():
    verdict, says, mend = told(known(written={"disclosure": None}), found(profile={"automated": None}))[
        "disclosed"
    ]
    assert (verdict, says) == ("look", "the network does not tell, and config.toml does not say")
    assert mend is not None
    assert mend.endswith(f'disclosure = "…" {TABLE}')


@pytest.mark.parametrize("missing", [{"rules": ()}, {"server_time": None}, {"software": None}])
def test_what_a_server_does_not_say_is_no_line(missing):
    absent = {"rules": "rules", "server_time": "clock", "software": "server"}[next(iter(missing))]
    assert absent not in told(known(), found(**missing))


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            Unavailable("could not be reached: refused"),
            (
                "reachable",
                "stops",
                "https://m.test: could not be reached: refused",
                "clarion doctor, in a while; its posts wait",
            ),
        ),
        (
            RateLimited("too many", wait=60.0),
            ("reachable", "look", "too many", "wait a while, then: clarion doctor"),
        ),
        (
            Refused("no"),
            (
                "reachable",
                "stops",
                "no",
                f"log in to https://m.test and look what it says there, then: {VERIFY}",
            ),
        ),
        (
            OutcomeUnknown("odd"),
            (
                "reachable",
                "stops",
                "odd",
                f"log in to https://m.test and look what it says there, then: {VERIFY}",
            ),
        ),
        (AccountBlocked("401", LOGIN), ("authorised", "stops", "401", LOGIN)),
        (
            AccountBlocked("disabled", "clarion accounts verify"),
            (
                "authorised",
                "stops",
                "disabled",
                f"log in to https://m.test and look what it says there, then: {VERIFY}",
            ),
        ),
        (
            CampaignError("no secret", "clarion accounts add m"),
            ("secret", "stops", "no secret", "clarion accounts add m"),
        ),
    ],
)
def test_where_the_network_does_not_let_us_in_the_rest_is_said_all_the_same(error, line):
    what, *rest = line
    said = told(known(closed="401"), error)
    assert said[what] == tuple(rest)
    assert {"open", "declared"} < set(said)


def test_an_account_that_was_never_verified_stops_nothing():
    for trouble in (
        CampaignError("no secret"),
        AccountBlocked("401"),
        found(scopes=Scopes(lacks=("write",))),
    ):
        assert Verdict.STOPS not in {line.verdict for line in lines(known(standing=None), trouble, NOW)}
        joining = known(standing=None, joining=True)
        assert Verdict.STOPS in {line.verdict for line in lines(joining, trouble, NOW)}


def test_a_proxy_is_named_without_its_password():
    proxied = known(written={"proxy": "socks5h://vera:hidden@127.0.0.1:9050"})
    assert (
        told(proxied, found())["reachable"][1] == "https://m.test answers, through socks5h://127.0.0.1:9050"
    )
    _, says, mend = told(proxied, Unavailable("refused"))["reachable"]
    assert mend == "is socks5h://127.0.0.1:9050 running? then: clarion doctor, in a while; its posts wait"
    assert "hidden" not in f"{told(proxied, found())}{says}{mend}"


def test_every_line_that_is_not_ok_says_what_to_do():
    worst = found(
        profile={"identity": replace(IDENTITY, remote_id="8"), "handle": "ann", "automated": False},
        scopes=Scopes(exceeds=("read",)),
        ends_at=NOW,
        server_time=NOW - timedelta(days=1),
        rules=("New.",),
    )
    poor = known(31, written={"owner": None, "purpose": None, "replies": "mentioned"}, closed="401")
    for line in lines(poor, worst, NOW):
        assert (line.mend is None) == (line.verdict is Verdict.OK), line
