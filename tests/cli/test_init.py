from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from clarion.accounts import me
from clarion.campaign import bundled, config
from clarion.cli.init import SOMEBODY, price_of_x, zone_here
from clarion.model import Part
from clarion.networks import login
from clarion.networks.x import prices
from clarion.outbox.limits.money import dollars
from tests.cli.terminal import Terminal


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def written(folder):
    return tomllib.loads((folder / "config.toml").read_text())


def shipped():
    posts = bundled.posts()
    return {f"posts/{path.relative_to(posts)}" for path in posts.rglob("*") if path.is_file()}


def test_one_command_makes_a_campaign_that_loads(run, here):
    answer = run("init", "--yes")
    made = config.load(here)
    assert made.campaign.mode == "rehearsal"
    assert made.campaign.id != "example"
    assert {account.network for account in made.accounts.values()} == {"x", "mastodon", "bluesky"}
    assert files(here).keys() == {"config.toml", ".gitignore", *shipped()}
    assert answer.stdout == ""
    assert answer.stderr.endswith('Next:\n  clarion say "…"\n')


def test_every_campaign_has_an_id_of_its_own(run, here):
    ids = set()
    for name in ("a", "b"):
        run("init", name, "--yes")
        ids.add(written(here / name)["campaign"]["id"])
    assert len(ids) == 2


def test_the_example_stays_as_it_is_but_for_the_answers(run, here):
    run("init", "--zone", "Asia/Tokyo", "--name", "Глаза", "--languages", "en ru")
    before = bundled.example().read_text().splitlines()
    changed = [line for line in (here / "config.toml").read_text().splitlines() if line not in before]
    assert [line.partition("#")[0].strip() for line in changed] == [
        f'id = "{written(here)["campaign"]["id"]}"',
        'name = "Глаза"',
        'zone = "Asia/Tokyo"',
    ]


def test_accounts_speak_only_languages_of_the_campaign(run, here):
    run("init", "--languages", "ru", "--yes")
    assert all(account["languages"] == ["ru"] for account in written(here)["accounts"].values())


def test_only_the_networks_that_were_chosen_are_written(run, here):
    run("init", "--networks", "mastodon, bluesky", "--yes")
    assert config.load(here).accounts.keys() == {"mastodon", "bluesky"}
    said = run("say", "They are not alone.", "--yes")
    assert "$" not in said.stderr
    assert "2 posts queued" in said.stdout


def test_who_you_are_is_kept_for_this_user_and_not_in_the_campaign(run, here):
    run("init", "--yes", "--as", "Вера")
    assert me.who() == "Вера"
    assert "Вера" not in (here / "config.toml").read_text()


def test_a_name_that_nobody_chose_gives_way_to_the_first_that_somebody_says(run):
    run("init", "first", "--yes")
    assert me.who() == SOMEBODY
    assert "you are “Vera”" in run("init", "second", "--yes", "--as", "Vera").stderr
    assert me.who() == "Vera"
    run("init", "third", "--yes")
    assert me.who() == "Vera"


def test_a_name_once_remembered_is_kept_and_another_is_for_one_command(run):
    run("init", "first", "--yes", "--as", "Vera")
    said = run("init", "second", "--yes", "--as", "Mira Z").stderr
    assert me.who() == "Vera"
    assert "you are “Vera”" in said
    assert "CLARION_AS='Mira Z' clarion …" in said
    assert "stays" not in run("init", "third", "--yes", "--as", "Vera").stderr


def test_without_an_answer_somebody_can_approve_all_the_same(run):
    run("init", "first", "--yes")
    assert me.who() == "organiser"
    me.remember("Vera")
    run("init", "second", "--yes")
    assert me.who() == "Vera"


def test_it_names_the_folder_to_go_to(run):
    assert "  cd 'my campaign'\n" in run("init", "my campaign", "--yes").stderr


def test_the_price_of_x_is_the_same_wherever_somebody_reads_it():
    """As `say` counts it, with reading it back: one figure, whoever says it."""
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "accounts.md").read_text()
    for text, price in (("Hello.", "$0.016"), ("https://example.org", "$0.201")):
        cost = prices.part_price(Part(text=text))
        assert dollars(cost) == price
        assert all(f"{price} " in said for said in (price_of_x(), page, " ".join(login("x").BEFORE)))


# ── nothing is overwritten ────────────────────────────────────────────────────────────────────────────────────


def test_a_campaign_that_is_there_is_left_alone(run, here):
    run("init", "--yes")
    before = files(here)
    answer = run("init", "--yes", code=2)
    assert "config.toml is there already" in answer.stderr
    assert "hint: clarion init DIR" in answer.stderr
    assert files(here) == before


def test_a_folder_inside_a_campaign_is_refused(run, here):
    run("init", "--yes")
    assert "lies inside the campaign" in run("init", "posts/deeper/still", "--yes", code=2).stderr
    assert not (here / "posts" / "deeper").exists()


def test_a_link_to_nothing_is_refused_with_what_to_make(run, here):
    (here / "eyes").symlink_to("gone")
    said = run("init", "eyes", "--yes", code=2).stderr
    assert "error: eyes is a link to gone, which is not there" in said
    assert f"hint: make that folder first: mkdir -p {here / 'gone'}" in said


def test_a_broken_configuration_above_is_named_and_nothing_is_made(run, here):
    (here / "config.toml").write_text("")
    assert "config.toml is empty" in run("init", "below", "--yes", code=2).stderr
    assert not (here / "below").exists()


def test_files_that_are_there_are_kept_and_named(run, here):
    mine = here / "posts" / "facts.toml"
    mine.parent.mkdir()
    mine.write_text("# mine\n")
    (here / ".gitignore").write_text("mine\n")
    answer = run("init", "--yes")
    assert "kept as it was: posts/facts.toml" in answer.stderr
    assert mine.read_text() == "# mine\n"
    assert (here / ".gitignore").read_text() == "mine\n"


def test_what_a_crash_left_half_done_is_finished(run, here):
    run("init", "--yes")
    whole = files(here)
    (here / "config.toml").unlink()  # written last: a crash leaves a campaign without it
    some = here / min(shipped())
    some.unlink()
    assert "kept" not in run("init", "--yes").stderr
    assert files(here).keys() == whole.keys()
    assert config.load(here)


@pytest.mark.parametrize(
    ("option", "wrong", "says"),
    [
        ("--zone", "berlni", "did you mean: Europe/Berlin"),
        ("--zone", "", "write it like this: Europe/Berlin"),
        ("--languages", "russian", "not a language code"),
        ("--languages", "klingon", "“klingon” is not a language code"),
        ("--languages", "europe/berlin", "“europe/berlin” is not a language code"),
        ("--languages", "", "one language or more"),
        ("--name", " ", "one line of text"),
        ("--name", "Eyes\non", "one line of text"),
        ("--as", "a\nb", "pseudonym"),
        ("--networks", "mastodn", "did you mean: mastodon"),
        ("--networks", "", "one network or more"),
    ],
)
def test_a_wrong_answer_says_what_to_type_and_makes_nothing(run, here, option, wrong, says):
    said = run("init", option, wrong, "--yes", code=2).stderr
    assert says in said
    assert "config.toml" not in said
    assert files(here) == {}
    assert me.who() is None


def test_a_city_is_zone_enough(run, here):
    run("init", "--zone", "new york")
    assert written(here)["campaign"]["zone"] == "America/New_York"


@pytest.mark.parametrize(
    ("variable", "zone"), [("Asia/Tokyo", "Asia/Tokyo"), (":Etc/UTC", "UTC"), ("CET-1CEST", None)]
)
def test_the_machine_tells_its_zone_where_it_has_a_name(monkeypatch, variable, zone):
    monkeypatch.setenv("TZ", variable)
    assert zone_here() == zone


# ── at a terminal ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_person_is_asked_a_handful_of_questions(here):
    with Terminal("init", "eyes") as terminal:
        terminal.answer("called", "Eyes on us\n")
        terminal.answer("pseudonym", "Vera\n")
        terminal.answer("time zone", "Europe/Berlin\n")
        terminal.answer("languages", "\n")
        terminal.answer("$0.201 one with a link", "")
        terminal.answer("speak", "bluesky\n")
        assert terminal.end() == 0
    assert written(here / "eyes")["campaign"]["name"] == "Eyes on us"
    assert me.who() == "Vera"
    assert "clarion accounts add bluesky" in terminal.shown
    assert "clarion accounts add mastodon" not in terminal.shown
    assert written(here / "eyes")["accounts"].keys() == {"bluesky"}


def test_a_wrong_answer_is_asked_again_and_the_others_stay(here):
    with Terminal("init") as terminal:
        terminal.answer("called", " \n")
        terminal.answer("one line of text", "")
        terminal.answer("called", "Eyes\n")
        terminal.answer("pseudonym", "Vera\n")
        terminal.answer("time zone", "berlni\n")
        terminal.answer("did you mean: Europe/Berlin", "")
        terminal.answer("time zone", "berlin\n")
        terminal.answer("languages", "europe/berlin\n")
        terminal.answer("is not a language code", "")
        terminal.answer("languages", "en\n")
        terminal.answer("speak", "mastodn\n")
        terminal.answer("did you mean: mastodon", "")
        terminal.answer("speak", "mastodon\n")
        assert terminal.end() == 0
    campaign = written(here)["campaign"]
    assert (campaign["name"], campaign["zone"], campaign["languages"]) == ("Eyes", "Europe/Berlin", ["en"])


def test_a_stop_while_asked_leaves_nothing(here):
    with Terminal("init") as terminal:
        terminal.answer("called", "Eyes\n")
        terminal.interrupt("pseudonym")
        assert terminal.end() == 130
    assert files(here) == {}
    assert not Path(me.place()).exists()
