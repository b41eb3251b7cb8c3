"""Where a campaign is found, and what its configuration may say."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from clarion.campaign import bundled, config, proper, where
from clarion.errors import CampaignError
from tests.campaign.conftest import CONFIG, Folder

ACCOUNT = '[accounts.{name}]\nnetwork = "{network}"\nhandle = "{handle}"\n'


def refusal(folder: Folder) -> str:
    with pytest.raises(CampaignError) as caught:
        config.load(folder.path)
    return caught.value.message


def test_it_finds_the_campaign_from_a_folder_below(folder: Folder) -> None:
    assert where.find(folder.path / "posts" / "one", None) == folder.path


def test_it_passes_by_a_config_that_is_no_campaign(folder: Folder) -> None:
    folder.write("posts/config.toml", "[tool]\n")
    assert where.find(folder.path / "posts", None) == folder.path


def test_it_stops_at_a_broken_campaign_rather_than_taking_another(folder: Folder) -> None:
    folder.write("posts/config.toml", "[campaign]\nid = broken\n")
    assert where.find(folder.path / "posts", None) == folder.path / "posts"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        ("[campaign]\nid".encode("utf-16"), "line 1: this is not UTF-8 text"),
        (b"x = 1\nname = '\xe9'\n", "line 2: this is not UTF-8 text"),
        (b"campaign: yes\n", "this is not valid TOML"),
    ],
)
def test_a_config_that_cannot_be_read_ends_the_search_and_is_named(
    folder: Folder, content: bytes, why: str
) -> None:
    broken = folder.write("posts/config.toml", content)
    for start, told in ((folder.path / "posts" / "one", None), (None, str(folder.path / "posts"))):
        with pytest.raises(CampaignError) as caught:
            where.find(start, told)
        assert caught.value.message.startswith(str(broken))
        assert why in caught.value.message
        assert caught.value.hint


def test_a_folder_named_as_the_config_ends_the_search(folder: Folder) -> None:
    (folder.path / "posts" / "config.toml").mkdir()
    with pytest.raises(CampaignError, match=r"posts/config\.toml is a folder, not a file"):
        where.find(folder.path / "posts", None)


def test_a_config_that_links_to_nothing_ends_the_search(folder: Folder) -> None:
    (folder.path / "posts" / "config.toml").symlink_to("gone.toml")
    with pytest.raises(CampaignError, match=r"is a link to gone\.toml, which is not there"):
        where.find(folder.path / "posts", None)


@pytest.mark.parametrize("written", ['campaign.id = "a"\n', '\ufeff[campaign]\nid = "a"\n', '["campaign"]\n'])
def test_a_campaign_may_be_written_in_any_way_of_toml(folder: Folder, written: str) -> None:
    folder.write("posts/config.toml", written)
    assert where.find(folder.path / "posts", None) == folder.path / "posts"


def test_without_a_campaign_it_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(CampaignError) as caught:
        where.find(tmp_path, None)
    assert caught.value.message == "there is no campaign here, nor in a folder above"
    assert caught.value.hint == "clarion init"


def test_it_takes_the_folder_it_is_told_or_its_file(folder: Folder) -> None:
    assert where.find(None, str(folder.path)) == folder.path
    assert where.find(None, str(folder.path / "config.toml")) == folder.path


def test_it_refuses_a_told_folder_without_a_campaign(tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match="is not a campaign"):
        where.find(None, str(tmp_path / "nowhere"))


def test_the_example_is_valid_as_it_stands_and_has_three_accounts(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(bundled.example().read_bytes())
    example = config.load(tmp_path)
    assert not example.live
    assert sorted(account.network for account in example.accounts.values()) == ["bluesky", "mastodon", "x"]
    assert example.campaign.tags == ("#EyesOnChechnya", "#CloseTheCamps")


def test_what_is_not_written_has_its_default(folder: Folder) -> None:
    folder.write("config.toml", CONFIG + ACCOUNT.format(name="x", network="x", handle="@us"))
    loaded = config.load(folder.path)
    x, masto = loaded.accounts["x"], loaded.accounts["masto"]
    assert (x.handle, x.server, x.threads) == ("us", "https://x.com", False)
    assert (masto.server, masto.threads, masto.slots) == (
        "https://mastodon.example",
        True,
        ("Mon-Fri 09:00",),
    )
    assert loaded.cap("x") == 4
    assert loaded.languages("x") == ("en", "ru")


def test_late_is_the_templates_word_then_the_accounts_then_the_campaigns(folder: Folder) -> None:
    loaded = config.load(folder.path)
    assert loaded.late("masto") == timedelta(hours=2)
    assert loaded.late("masto", evergreen=True) == timedelta(hours=12)
    folder.write("config.toml", CONFIG + 'late = "1h30m"\n[publishing]\nlate = "3h"\n')
    loaded = config.load(folder.path)
    assert loaded.late("masto", evergreen=True) == timedelta(hours=1, minutes=30)
    assert loaded.late("masto", timedelta(minutes=5)) == timedelta(minutes=5)


@pytest.mark.parametrize("written", ['"12"', '"soon"', "12", '"-1h"', '""'])
def test_it_refuses_a_length_of_time_without_its_unit(folder: Folder, written: str) -> None:
    folder.write("config.toml", CONFIG + f"late = {written}\n")
    assert refusal(folder) == (
        'config.toml, line 11: accounts.masto.late is not right: write a length of time such as "30m", "12h" or "2d"'
    )


def test_it_refuses_a_cap_above_eight(folder: Folder) -> None:
    folder.write("config.toml", CONFIG + "[caps]\nx = 9\n")
    assert refusal(folder) == "config.toml, line 12: caps.x is 9, but never more than 8 a day"


def test_it_refuses_an_unknown_network_and_names_the_nearest(folder: Folder) -> None:
    folder.write("config.toml", CONFIG + ACCOUNT.format(name="b", network="blusky", handle="us"))
    with pytest.raises(CampaignError) as caught:
        config.load(folder.path)
    assert (
        caught.value.message
        == 'config.toml, line 12: accounts.b.network names no network Clarion knows: "blusky"'
    )
    assert caught.value.hint == 'did you mean "bluesky"?'


def test_it_refuses_a_mastodon_account_without_a_server(folder: Folder) -> None:
    folder.configured('server = "https://mastodon.example/"\n', "")
    assert refusal(folder) == "config.toml, line 7: accounts.masto.server is missing"


@pytest.mark.parametrize(
    "written", ["https://Mastodon.example", "https://mastodon.example:443/", "https://mastodon.example."]
)
def test_a_server_has_one_spelling(folder: Folder, written: str) -> None:
    folder.write("config.toml", CONFIG.replace("https://mastodon.example", written))
    assert config.load(folder.path).accounts["masto"].server == "https://mastodon.example"
    assert (
        proper.server(written)
        == proper.server(written.removeprefix("https://"))
        == "https://mastodon.example"
    )
    assert proper.server("https://mastodon.example:8443") == "https://mastodon.example:8443"


@pytest.mark.parametrize(
    ("network", "servers"),
    [
        ("mastodon", ("https://one.example", "https://One.example:443")),
        ("bluesky", ("https://bsky.social", "https://pds.example")),
    ],
)
def test_one_account_at_two_addresses_is_one(folder: Folder, network: str, servers: tuple[str, str]) -> None:
    both = [
        ACCOUNT.format(name=name, network=network, handle="eyes.example") + f'server = "{server}"\n'
        for name, server in zip(("one", "two"), servers, strict=True)
    ]
    folder.write("config.toml", CONFIG + "".join(both))
    assert "accounts.two is the same account as accounts.one" in refusal(folder)


@pytest.mark.parametrize(
    "server", ["http://mastodon.example", "https://a.example/path", "https://me@a.example", "a.example"]
)
def test_it_refuses_a_server_that_is_more_or_less_than_an_https_host(folder: Folder, server: str) -> None:
    folder.configured("https://mastodon.example/", server)
    assert "must be https:// and a host" in refusal(folder)


def test_it_refuses_one_account_under_two_names(folder: Folder) -> None:
    folder.write(
        "config.toml",
        CONFIG
        + '[accounts.twin]\nnetwork = "mastodon"\nhandle = "Campaign"\nserver = "https://mastodon.example"\n',
    )
    assert refusal(folder) == "config.toml, line 11: accounts.twin is the same account as accounts.masto"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[accounts.masto]", "[accounts.Masto]", "accounts.Masto may have small letters"),
        ('"abc123"', '"../../etc"', "campaign.id may have small letters"),
        ('["en", "ru"]', '["english"]', "which is not a language code"),
        ('zone = "Europe/Berlin"', 'tags = ["EyesOnChechnya"]', "which no network links"),
        ('handle = "@campaign"', 'handle = "@"', "accounts.masto.handle is empty"),
        ('handle = "@campaign"', 'handle = "a"\nslots = ["daily"]', "write a slot such as"),
        ('handle = "@campaign"', 'handle = "a"\nquiet = ["night"]', "write a quiet time such as"),
        ('handle = "@campaign"', 'handle = "a"\nproxy = "tor"', "must begin with socks5h://"),
    ],
)
def test_it_refuses_a_value_that_cannot_be_meant(folder: Folder, old: str, new: str, said: str) -> None:
    folder.configured(old, new)
    assert said in refusal(folder)


def test_a_zone_that_does_not_exist_is_refused_at_its_line(folder: Folder) -> None:
    folder.configured("Europe/Berlin", "Europe/Berln")
    with pytest.raises(CampaignError) as caught:
        config.load(folder.path)
    assert (
        caught.value.message == 'config.toml, line 4: campaign.zone is "Europe/Berln", which is no time zone'
    )
    assert caught.value.hint == 'did you mean "Europe/Berlin"?'


@pytest.mark.parametrize("name", ["../etc/passwd", "", "/etc/localtime", "Europe"])
def test_it_refuses_a_zone_that_is_a_path(name: str) -> None:
    with pytest.raises(CampaignError, match="there is no time zone"):
        proper.zone(name)


def test_a_new_id_is_valid_and_never_the_same() -> None:
    assert proper.new_id() != proper.new_id()
    assert proper.new_id().isalnum()


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ("approval", "signed = true"),
        ("approval", 'window = "1m"'),
        ("accounts.mastodon", 'quiet = ["22:00-07:00", "07:00-22:00"]'),
        ("accounts.mastodon", 'quiet = ["22:00-22:00"]'),
        ("accounts.mastodon", "resend_when_absent = true"),
        ("publishing", 'lease = "30s"'),
    ],
)
def test_a_promise_that_would_not_be_kept_is_refused(tmp_path: Path, table: str, line: str) -> None:
    key = line.partition(" ")[0]
    text = bundled.example().read_text(encoding="utf-8")
    kept = [each for each in text.splitlines() if not each.startswith(f"{key} =")]
    kept.insert(kept.index(f"[{table}]") + 1, line)
    (tmp_path / "config.toml").write_text("\n".join(kept), encoding="utf-8")
    with pytest.raises(CampaignError) as error:
        config.load(tmp_path)
    assert key in error.value.message


@pytest.mark.parametrize("amount", ["inf", "nan", "1e300", "1_000_001.0", "-0.01"])
def test_an_amount_that_no_month_has_is_refused(folder: Folder, amount: str) -> None:
    folder.write(
        "config.toml", f'{CONFIG}\n[accounts.x]\nnetwork = "x"\nhandle = "h"\nmonthly_cap_usd = {amount}\n'
    )
    with pytest.raises(CampaignError, match="monthly_cap_usd must be an amount in US dollars") as caught:
        config.load(folder.path)
    assert "monthly_cap_usd = 5; or remove the line" in (caught.value.hint or "")


def test_a_month_is_counted_in_millionths(folder: Folder) -> None:
    folder.write(
        "config.toml", f'{CONFIG}\n[accounts.x]\nnetwork = "x"\nhandle = "h"\nmonthly_cap_usd = 0.29\n'
    )
    assert config.load(folder.path).accounts["x"].monthly_cap == 290_000


def test_a_slot_in_the_quiet_time_is_refused_because_nothing_would_ever_go_out_then(tmp_path: Path) -> None:
    text = bundled.example().read_text(encoding="utf-8")
    line = '[accounts.mastodon]\nslots = ["Sat 11:30"]\nquiet = ["11:00-12:00"]'
    kept = [each for each in text.splitlines() if not each.startswith("slots")]
    (tmp_path / "config.toml").write_text(
        "\n".join(kept).replace("[accounts.mastodon]", line), encoding="utf-8"
    )
    with pytest.raises(CampaignError, match="Sat 11:30"):
        config.load(tmp_path)
